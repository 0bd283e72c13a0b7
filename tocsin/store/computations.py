"""Computations that somebody asked for: kept under the hash of what was asked, answered from here the next time."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from tocsin.store.tables import computations
from tocsin.store.topic import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Computation:
    """What was computed on request.

    Parameters
    ----------
    id
        Hash of inputs, parameters and code version.
    kind
        ``triangulation`` or ``overlap``.
    labels
        Of what went into it.
    made_utc
        When.
    content
        JSON-able result.
    blob
        Sky map (FITS), if there is one.
    """

    id: str
    kind: str
    labels: frozenset[str]
    made_utc: datetime
    content: dict[str, Any]
    blob: bytes | None = field(default=None, repr=False)


class Computations(Topic):
    """Computations of those outside."""

    def add_computation(self, made: Computation) -> bool:
        """Keep a computation; False if it is there."""
        self._note_labels(made.labels)
        row = {
            "id": made.id,
            "kind": made.kind,
            "labels": made.labels,
            "made_utc": made.made_utc,
            "content": made.content,
            "blob": made.blob,
        }
        return self._inserted(computations, row)

    def computation(self, computation_id: str, *, clearance: frozenset[str]) -> Computation | None:
        """One computation; None if there is none that `clearance` may see."""
        visible = computations.c.labels.in_(self._visible_labels(clearance))
        row = self._one(select(computations).where(computations.c.id == computation_id, visible))
        if row is None:
            return None
        return Computation(
            id=row.id,
            kind=row.kind,
            labels=row.labels,
            made_utc=row.made_utc,
            content=row.content,
            blob=None if row.blob is None else bytes(row.blob),
        )
