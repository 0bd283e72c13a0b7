"""Products: kept under the hash of what they were made from, with their lineage and its labels."""

import hashlib
from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, select, update

from tocsin.domain.products import Product, ProductKind
from tocsin.store.event_index import EventIndex
from tocsin.store.lineage import Lineage
from tocsin.store.prepared import kept
from tocsin.store.tables import product_blobs, product_inputs, products
from tocsin.store.topic import any_of, numbered, one_of, rounded

_SUPERSEDE = kept(
    update(products)
    .where(products.c.id == bindparam("of_id"), products.c.superseded_by.is_distinct_from(bindparam("by")))
    .values(superseded_by=bindparam("by"))
    .returning(products.c.event_id, products.c.labels)
)

#: What an instrument gives: an event is found by it.
OF_INSTRUMENTS = frozenset({ProductKind.LIGHT_CURVE, ProductKind.SEARCH, ProductKind.LIMIT})


class Products(EventIndex, Lineage):
    """Products, their blobs and their lineage."""

    def add_product(self, product: Product) -> bool:
        """Keep a product; False if it exists: what is made twice is kept once.

        Its labels are kept together with those of the products and notices it was made from, whatever it says itself:
        what was made from an embargoed stream is embargoed.
        """
        labels = product.labels | self._input_labels(product.input_ids)
        self._note_labels(labels)
        row = {
            "id": product.id,
            "kind": product.kind,
            "event_id": product.event_id,
            "subject": product.subject,
            "parameters": product.parameters,
            "code_version": product.code_version,
            "labels": labels,
            "made_utc": product.made_utc,
            "content": product.content,
            "blob_sha256": self._keep_blob(product.blob),
            "blob_type": product.blob_type,
            "superseded_by": product.superseded_by,
        }
        if not self._inserted(products, row):
            return False
        self._touch(product.event_id, labels)
        if product.kind in OF_INSTRUMENTS:
            self._index_instrument(product.event_id, product.subject)
        inputs = enumerate(product.input_ids)
        self._insert_if_absent(
            product_inputs, [{"product_id": product.id, "position": n, "input_id": one} for n, one in inputs]
        )
        return True

    def product(
        self, product_id: str, *, with_blob: bool = True, clearance: frozenset[str] | None = None
    ) -> Product | None:
        """One product; None if there is none that `clearance` (None: all) may see."""
        statement = self._visible(_select(with_blob=with_blob).where(products.c.id == product_id), clearance)
        return next(iter(self._products(statement)), None)

    def products(
        self,
        event_id: str,
        kind: ProductKind | None = None,
        *,
        with_blob: bool = False,
        current_only: bool = True,
        clearance: frozenset[str] | None = None,
    ) -> list[Product]:
        """Products of an event that `clearance` (None: all) may see, oldest first.

        Parameters
        ----------
        event_id
            The event.
        kind
            Only of this kind.
        with_blob
            With the content of files; without, `Product.blob` is None.
        current_only
            Without those that were superseded or retracted.
        clearance
            Labels the asker is cleared for.
        """
        visible = None if clearance is None else self._visible_labels(clearance)
        statement = _of_event(
            with_blob=with_blob,
            of_kind=kind is not None,
            current_only=current_only,
            n_visible=None if visible is None else len(visible),
        )
        values = {"event_id": event_id} if kind is None else {"event_id": event_id, "kind": kind}
        return self._products(statement, **values, **numbered("visible_", visible or ()))

    def products_of_events(self, event_ids: Iterable[str], *, clearance: frozenset[str]) -> dict[str, list[Product]]:
        """Current products of several events, oldest first, for lists: without files, and without their inputs."""
        visible = self._visible_labels(clearance)
        statement = select(products).where(
            one_of(products.c.event_id, event_ids),
            products.c.superseded_by.is_(None),
            products.c.labels.in_(visible),
        )
        found: dict[str, list[Product]] = {}
        for row in self._all(statement.order_by(products.c.made_utc, products.c.id)):
            found.setdefault(row.event_id, []).append(_product(row, ()))
        return found

    def supersede(self, product_id: str, by: str | None) -> bool:
        """Mark a product as replaced by product `by`, or as ``"retracted"``; None makes it current again.

        Marked so before, nothing changes, and nobody is told: the answer is False, as for a product there is not.
        """
        changed = self._statements.execute(_SUPERSEDE, {"of_id": product_id, "by": by}).first()
        if changed is not None:
            self._touch(changed.event_id, changed.labels)
        return changed is not None

    def _keep_blob(self, blob: bytes | None) -> str | None:
        """Keep the content of a file once; its digest."""
        if blob is None:
            return None
        digest = hashlib.sha256(blob).hexdigest()
        self._insert_if_absent(product_blobs, [{"sha256": digest, "size_bytes": len(blob), "content": blob}])
        return digest

    def _visible(
        self, statement: Select[*tuple[Any, ...]], clearance: frozenset[str] | None
    ) -> Select[*tuple[Any, ...]]:
        """Only what `clearance` may see."""
        if clearance is None:
            return statement
        return statement.where(products.c.labels.in_(self._visible_labels(clearance)))

    def _products(self, statement: Select[*tuple[Any, ...]], **values: object) -> list[Product]:
        """Products of an answer, with their inputs in order."""
        rows = self._all(statement, **values)
        if not rows:
            return []
        inputs: dict[str, list[str]] = {row.id: [] for row in rows}
        asked = rounded(inputs)
        for product_id, input_id in self._all(_inputs_of(len(asked)), **numbered("product_", asked)):
            inputs[product_id].append(input_id)
        return [_product(row, tuple(inputs[row.id])) for row in rows]


@cache
def _of_event(*, with_blob: bool, of_kind: bool, current_only: bool, n_visible: int | None) -> Select[*tuple[Any, ...]]:
    """Products of an event (of a kind, current, of one of so many sets of labels), oldest first."""
    statement = _select(with_blob=with_blob).where(products.c.event_id == bindparam("event_id"))
    if of_kind:
        statement = statement.where(products.c.kind == bindparam("kind"))
    if current_only:
        statement = statement.where(products.c.superseded_by.is_(None))
    if n_visible is not None:
        statement = statement.where(any_of(products.c.labels, "visible_", n_visible))
    return kept(statement.order_by(products.c.made_utc, products.c.id))


@cache
def _inputs_of(number: int) -> Select[*tuple[Any, ...]]:
    """Inputs of so many products, in order."""
    return kept(
        select(product_inputs.c.product_id, product_inputs.c.input_id)
        .where(any_of(product_inputs.c.product_id, "product_", number))
        .order_by(product_inputs.c.product_id, product_inputs.c.position)
    )


def _select(*, with_blob: bool) -> Select[*tuple[Any, ...]]:
    """Products, with or without the content of their files."""
    if not with_blob:
        return select(products)
    blob = product_blobs.c.sha256 == products.c.blob_sha256
    return select(products, product_blobs.c.content.label("blob")).outerjoin(product_blobs, blob)


def _product(row: Row[*tuple[Any, ...]], input_ids: tuple[str, ...]) -> Product:
    """Product of a row."""
    blob = getattr(row, "blob", None)
    return Product(
        id=row.id,
        kind=row.kind,
        event_id=row.event_id,
        subject=row.subject,
        input_ids=input_ids,
        parameters=row.parameters,
        code_version=row.code_version,
        labels=row.labels,
        made_utc=row.made_utc,
        content=row.content,
        blob=None if blob is None else bytes(blob),
        blob_type=row.blob_type,
        superseded_by=row.superseded_by,
    )
