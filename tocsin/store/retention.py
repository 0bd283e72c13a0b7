"""Forgetting what nothing rests on: notices that are nobody's business, what rehearsals of test events made.

Whatever belongs to an event, was decided on, or stands in the lineage of a product is not found here, however old.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, or_, select

from tocsin.store.lineage import NOTICE_INPUT
from tocsin.store.rows import NoticeStatus
from tocsin.store.tables import (
    decisions,
    events,
    notices,
    product_blobs,
    product_inputs,
    products,
    raw_blobs,
    receptions,
)
from tocsin.store.topic import Topic

#: Notices that are done with, or can never be.
_DONE = (NoticeStatus.DECODED, NoticeStatus.QUARANTINED)


class Retention(Topic):
    """What may be forgotten, and forgetting it."""

    def forgettable_notices(self, before_utc: datetime, *, limit: int) -> list[int]:
        """Keys of notices received before a time that no event, decision or product rests on; oldest first."""
        statement = select(notices.c.key).where(notices.c.received_utc < before_utc, _rests_on_nothing())
        return list(self._connection.execute(statement.order_by(notices.c.key).limit(limit)).scalars())

    def forgettable_bytes(self, before_utc: datetime) -> tuple[int, int]:
        """How many notices that are, and the size of their bytes."""
        statement = (
            select(func.count(), func.coalesce(func.sum(raw_blobs.c.size_bytes), 0))
            .select_from(notices.join(raw_blobs, raw_blobs.c.sha256 == notices.c.raw_sha256))
            .where(notices.c.received_utc < before_utc, _rests_on_nothing())
        )
        number, size = self._connection.execute(statement).one()
        return int(number), int(size)

    def forget_notices(self, keys: Sequence[int]) -> int:
        """Delete notices with their receptions and bytes, if still nothing rests on them; how many that were."""
        found = select(notices.c.key, notices.c.raw_sha256).where(notices.c.key.in_(keys), _rests_on_nothing())
        rows = list(self._connection.execute(found))
        gone = [row.key for row in rows]
        self._connection.execute(delete(receptions).where(receptions.c.notice_key.in_(gone)))
        self._connection.execute(delete(notices).where(notices.c.key.in_(gone)))
        self._connection.execute(delete(raw_blobs).where(raw_blobs.c.sha256.in_([row.raw_sha256 for row in rows])))
        return len(gone)

    def forgettable_products(self, before_utc: datetime, *, limit: int) -> list[str]:
        """Ids of products of test events, made before a time, that no product of another event rests on."""
        statement = select(products.c.id).where(_is_of_rehearsal(before_utc)).order_by(products.c.id).limit(limit)
        return list(self._connection.execute(statement).scalars())

    def forgettable_products_bytes(self, before_utc: datetime) -> tuple[int, int]:
        """How many products that are, and the size of their blobs."""
        size = func.coalesce(func.sum(product_blobs.c.size_bytes), 0)
        made = products.outerjoin(product_blobs, product_blobs.c.sha256 == products.c.blob_sha256)
        statement = select(func.count(), size).select_from(made).where(_is_of_rehearsal(before_utc))
        number, total = self._connection.execute(statement).one()
        return int(number), int(total)

    def forget_products(self, ids: Sequence[str], before_utc: datetime) -> int:
        """Delete products with their lineage, and blobs that no other product has; how many products that were."""
        found = select(products.c.id, products.c.blob_sha256).where(products.c.id.in_(ids))
        rows = list(self._connection.execute(found.where(_is_of_rehearsal(before_utc))))
        gone, blobs = [row.id for row in rows], [row.blob_sha256 for row in rows if row.blob_sha256]
        self._connection.execute(delete(product_inputs).where(product_inputs.c.product_id.in_(gone)))
        self._connection.execute(delete(products).where(products.c.id.in_(gone)))
        in_use = exists().where(products.c.blob_sha256 == product_blobs.c.sha256)
        self._connection.execute(delete(product_blobs).where(product_blobs.c.sha256.in_(blobs), ~in_use))
        return len(gone)


def _rests_on_nothing() -> ColumnElement[bool]:
    """Condition on notices: done with, of no event, and named by no decision and no product."""
    decided = exists().where(decisions.c.notice_key == notices.c.key)
    used = exists().where(product_inputs.c.input_id == NOTICE_INPUT + notices.c.raw_sha256)
    return notices.c.event_id.is_(None) & notices.c.status.in_(_DONE) & ~decided & ~used


def _is_of_rehearsal(before_utc: datetime) -> ColumnElement[bool]:
    """Condition on products: of a test event, made before a time, and no product of another event rests on them."""
    of_test = exists().where(events.c.id == products.c.event_id, events.c.is_test)
    above, inputs = products.alias("above"), product_inputs.alias("inputs")
    elsewhere = exists().where(
        inputs.c.input_id == products.c.id,
        above.c.id == inputs.c.product_id,
        or_(above.c.event_id != products.c.event_id, above.c.made_utc >= before_utc),
    )
    return (products.c.made_utc < before_utc) & of_test & ~elsewhere
