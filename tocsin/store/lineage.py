"""Lineage: what stands on what, and the labels that pass along it."""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, Select, select

from tocsin.store.prepared import kept
from tocsin.store.tables import notices, product_inputs, products
from tocsin.store.topic import Topic, any_of, numbered, one_of, rounded

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
            statement = select(target).where(one_of(source, edge)).order_by(source, product_inputs.c.position)
            edge = list(dict.fromkeys(one for one in self._statements.execute(statement).scalars() if one not in seen))
            seen |= dict.fromkeys(edge)
        return [one for one in seen if one != start]

    def _existing(self, ids: Collection[str]) -> set[str]:
        """Those of `ids` that are products."""
        return set(self._statements.execute(select(products.c.id).where(one_of(products.c.id, ids))).scalars())

    def _input_labels(self, input_ids: Iterable[str]) -> frozenset[str]:
        """Labels of the products and notices among `input_ids`."""
        ids = list(input_ids)
        digests = [one.removeprefix(NOTICE_INPUT) for one in ids if one.startswith(NOTICE_INPUT)]
        found = [*self._labels_of(products.c.id, ids), *self._labels_of(notices.c.raw_sha256, digests)]
        return frozenset().union(*found)

    def _labels_of(self, column: Column[Any], values: Sequence[str]) -> list[frozenset[str]]:
        """Labels of the rows that have one of `values` in `column`."""
        if not values:
            return []
        asked = rounded(values)
        return [labels for (labels,) in self._all(_labels_by(column, len(asked)), **numbered("value_", asked))]


@cache
def _labels_by(column: Column[Any], number: int) -> Select[*tuple[Any, ...]]:
    """Labels of rows by one of so many values of a column."""
    return kept(select(column.table.c.labels).where(any_of(column, "value_", number)))
