"""Lineage: what stands on what, and the labels that pass along it."""

from collections.abc import Collection, Iterable

from sqlalchemy import select

from tocsin.store.tables import notices, product_inputs, products
from tocsin.store.topic import Topic

#: What begins the input id of a notice; the digest of its bytes follows.
NOTICE_INPUT = "notice:"


class Lineage(Topic):
    """The graph of products and what they were made from."""

    def lineage(self, product_id: str) -> list[str]:
        """Products that a product stands on, nearest first; the notices under them are in `lineage_roots`."""
        above = self._walk(product_id, upward=True)
        return [one for one in above if one in self._existing(above)]

    def lineage_roots(self, product_id: str) -> list[str]:
        """What a product stands on in the end: ``notice:<sha256>``, ``config:<file>``, and the like; nearest first."""
        above = self._walk(product_id, upward=True)
        return [one for one in above if one not in self._existing(above)]

    def dependents(self, input_id: str) -> list[str]:
        """Products made from a product or a notice (``notice:<sha256>``), directly or not; nearest first."""
        return self._walk(input_id, upward=False)

    def _walk(self, start: str, *, upward: bool) -> list[str]:
        """Ids reached from `start` against (upward) or along the making, nearest first, each once."""
        source, target = product_inputs.c.product_id, product_inputs.c.input_id
        if not upward:
            source, target = target, source
        seen, edge = {start: None}, [start]
        while edge:
            statement = select(target).where(source.in_(edge)).order_by(source, product_inputs.c.position)
            edge = list(dict.fromkeys(one for one in self._connection.execute(statement).scalars() if one not in seen))
            seen |= dict.fromkeys(edge)
        return [one for one in seen if one != start]

    def _existing(self, ids: Collection[str]) -> set[str]:
        """Those of `ids` that are products."""
        return set(self._connection.execute(select(products.c.id).where(products.c.id.in_(ids))).scalars())

    def _input_labels(self, input_ids: Iterable[str]) -> frozenset[str]:
        """Labels of the products and notices among `input_ids`."""
        ids = list(input_ids)
        digests = [one.removeprefix(NOTICE_INPUT) for one in ids if one.startswith(NOTICE_INPUT)]
        of_products = select(products.c.labels).where(products.c.id.in_(ids))
        of_notices = select(notices.c.labels).where(notices.c.raw_sha256.in_(digests))
        found = [labels for statement in (of_products, of_notices) for (labels,) in self._all(statement)]
        return frozenset().union(*found)
