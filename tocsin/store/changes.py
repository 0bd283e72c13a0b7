"""The log of changes: what happened to which event, under numbers that only rise, for streams that go on from one."""

from functools import cache
from typing import Any

from sqlalchemy import Select, delete, func, select

from tocsin.domain.changes import EventChange
from tocsin.store.columns import to_micros
from tocsin.store.prepared import kept
from tocsin.store.tables import event_changes, events
from tocsin.store.topic import Topic, any_of, numbered, rounded

_ADD = kept(event_changes.insert())
_LAST = kept(select(func.max(event_changes.c.id)))


@cache
def _labels_of(number: int) -> Select[*tuple[Any, ...]]:
    """Labels of so many events."""
    return kept(select(events.c.id, events.c.labels).where(any_of(events.c.id, "event_", number)))


class Changes(Topic):
    """Changes of events, written once per transaction at its end."""

    def tell_changes(self) -> None:
        """Write down what this transaction changed; nothing may be locked after it.

        Numbers rise in the order of commits: on PostgreSQL one transaction at a time writes them.
        """
        if not self._touched:
            return
        self.lock("event_changes")
        last = self._statements.execute(_LAST).scalar_one() or 0
        now = self._clock.now()
        first = max(last + 1, to_micros(now))
        rows = [
            {"id": first + n, "event_id": event_id, "labels": labels, "at_utc": now}
            for n, (event_id, labels) in enumerate(self._resolved())
        ]
        self._touched.clear()
        if rows:
            self._statements.execute(_ADD, rows)

    def _resolved(self) -> list[tuple[str, frozenset[str]]]:
        """Each event with the labels of what changed; what people did carries those of the whole event.

        The least restricted come first: their numbers are those they would have alone.
        """
        of_events = rounded(event_id for event_id, labels in self._touched if labels is None)
        rows = self._all(_labels_of(len(of_events)), **numbered("event_", of_events)) if of_events else []
        known = {row.id: row.labels for row in rows}
        told = ((event_id, known.get(event_id) if labels is None else labels) for event_id, labels in self._touched)
        found = dict.fromkeys((event_id, labels) for event_id, labels in told if labels is not None)
        return sorted(found, key=lambda one: len(one[1]))

    def changes_after(
        self, change_id: int, *, clearance: frozenset[str] | None = None, limit: int = 1000
    ) -> list[EventChange]:
        """Changes with a higher number of what `clearance` (None: all) may see, in order."""
        statement = select(event_changes).where(event_changes.c.id > change_id)
        if clearance is not None:
            statement = statement.where(event_changes.c.labels.in_(self._visible_labels(clearance)))
        rows = self._all(statement.order_by(event_changes.c.id).limit(limit))
        return [EventChange(id=row.id, event_id=row.event_id, labels=row.labels, at_utc=row.at_utc) for row in rows]

    def last_change_id(self, *, clearance: frozenset[str] | None = None) -> int:
        """Number of the newest change of what `clearance` (None: all) may see; 0 without any."""
        statement = select(func.max(event_changes.c.id))
        if clearance is not None:
            statement = statement.where(event_changes.c.labels.in_(self._visible_labels(clearance)))
        return int(self._connection.execute(statement).scalar_one() or 0)

    def forget_changes(self, before_id: int) -> int:
        """Remove changes with a lower number; how many. Who asks to go on from one of them is sent the present."""
        return self._connection.execute(delete(event_changes).where(event_changes.c.id < before_id)).rowcount
