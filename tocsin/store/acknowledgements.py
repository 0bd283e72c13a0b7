"""Acknowledgements: who took an event first; whoever comes later is told."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select

from tocsin.domain.clock import to_utc
from tocsin.domain.people import Acknowledgement
from tocsin.store.prepared import kept
from tocsin.store.tables import acknowledgements, events
from tocsin.store.topic import Topic, one_of

_OF_EVENT = kept(
    select(acknowledgements)
    .where(acknowledgements.c.event_id == bindparam("event_id"))
    .order_by(acknowledgements.c.is_first.desc(), acknowledgements.c.id)
)


class Acknowledgements(Topic):
    """Acknowledgements by any door: the first writer wins."""

    def acknowledge(self, event_id: str, person_id: str, via: str, at_utc: datetime) -> Acknowledgement:
        """Take an event, or learn who has it; every attempt is kept.

        Raises
        ------
        LookupError
            There is no such event.
        """
        if self._one(select(events.c.id).where(events.c.id == event_id)) is None:
            raise LookupError(f"there is no event {event_id}")
        row = {"event_id": event_id, "person_id": person_id, "via": via, "at_utc": at_utc}
        is_first = self._inserted(acknowledgements, {**row, "is_first": True})
        if not is_first:
            self._statements.execute(acknowledgements.insert(), {**row, "is_first": False})
        self._touch(event_id)
        first = self.acknowledgements(event_id)[0]
        return Acknowledgement(
            event_id=event_id,
            person_id=person_id,
            via=via,
            at_utc=to_utc(at_utc),
            is_first=is_first,
            first_person_id=first.person_id,
            first_at_utc=first.at_utc,
        )

    def acknowledgements(self, event_id: str) -> list[Acknowledgement]:
        """Acknowledgements of an event, the first one first."""
        rows = self._all(_OF_EVENT, event_id=event_id)
        return [_acknowledgement(row, first=rows[0]) for row in rows]

    def acknowledgements_of_events(self, event_ids: Iterable[str]) -> dict[str, list[Acknowledgement]]:
        """Acknowledgements of several events, the first one of each first."""
        statement = select(acknowledgements).where(one_of(acknowledgements.c.event_id, event_ids))
        rows = self._all(statement.order_by(acknowledgements.c.is_first.desc(), acknowledgements.c.id))
        first: dict[str, Row[*tuple[Any, ...]]] = {}
        found: dict[str, list[Acknowledgement]] = {}
        for row in rows:
            first.setdefault(row.event_id, row)
            found.setdefault(row.event_id, []).append(_acknowledgement(row, first=first[row.event_id]))
        return found


def _acknowledgement(row: Row[*tuple[Any, ...]], *, first: Row[*tuple[Any, ...]]) -> Acknowledgement:
    """Acknowledgement of a row."""
    return Acknowledgement(
        event_id=row.event_id,
        person_id=row.person_id,
        via=row.via,
        at_utc=row.at_utc,
        is_first=row.is_first,
        first_person_id=first.person_id,
        first_at_utc=first.at_utc,
    )
