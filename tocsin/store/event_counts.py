"""Counts over all events that an asker may see whole; of others, whoever asks looks at the part that may be seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, func, select, type_coerce

from tocsin.store.columns import from_micros
from tocsin.store.tables import acknowledgements, event_index, events
from tocsin.store.topic import Topic

#: Microseconds of a day: months are counted from days, on either database.
DAY_US = 86_400_000_000
#: Latencies of so many of the newest events.
NEWEST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCounts:
    """Events that are no tests, by kind, tier (as text) and month; and the number of tests."""

    by_kind: dict[str, int]
    by_tier: dict[str, int]
    by_month: dict[str, int]
    tests: int


class EventCounting(Topic):
    """Counts of events."""

    def event_counts(self, clearance: frozenset[str]) -> EventCounts:
        """Counts of the events that `clearance` may see whole."""
        visible = self._visible_labels(clearance)
        day = type_coerce(event_index.c.sort_utc, BigInteger).op("/", return_type=BigInteger())(DAY_US).label("day")
        columns = event_index.c.kind, event_index.c.tier, event_index.c.is_test, day
        statement = select(*columns, func.count().label("n")).where(event_index.c.labels.in_(visible))
        kinds: dict[str, int] = {}
        tiers: dict[str, int] = {}
        months: dict[str, int] = {}
        tests = 0
        for row in self._all(statement.group_by(*columns)):
            if row.is_test:
                tests += row.n
                continue
            month = from_micros(int(row.day) * DAY_US).strftime("%Y-%m")
            for counted, key in ((kinds, row.kind), (tiers, str(row.tier)), (months, month)):
                counted[key] = counted.get(key, 0) + row.n
        return EventCounts(by_kind=kinds, by_tier=tiers, by_month=months, tests=tests)

    def partly_seen_ids(self, clearance: frozenset[str]) -> Sequence[str]:
        """Events that are not to be seen whole."""
        visible = self._visible_labels(clearance)
        statement = select(event_index.c.event_id).where(event_index.c.labels.not_in(visible))
        return list(self._connection.execute(statement).scalars())

    def events_since(self, start_utc: datetime, clearance: frozenset[str]) -> int:
        """Number of events that are no tests, to be seen whole, from a time on."""
        index = event_index.c
        visible = index.labels.in_(self._visible_labels(clearance))
        statement = select(func.count()).where(visible, index.is_test.is_(False), index.sort_utc >= start_utc)
        return int(self._connection.execute(statement).scalar_one())

    def first_page_times_s(self, clearance: frozenset[str]) -> list[float]:
        """Times from bytes to first page of the newest events, s."""
        visible = events.c.labels.in_(self._visible_labels(clearance))
        statement = select(events.c.first_page_ms).where(visible, events.c.first_page_ms.is_not(None))
        found = self._connection.execute(statement.order_by(events.c.sort_utc.desc()).limit(NEWEST)).scalars()
        return [value / 1000.0 for value in found if value is not None]

    def acknowledgement_times_s(self, clearance: frozenset[str]) -> list[float]:
        """Times from an event being made to its first acknowledgement, of the newest, s."""
        visible = events.c.labels.in_(self._visible_labels(clearance))
        statement = (
            select(acknowledgements.c.at_utc, events.c.created_utc)
            .join(events, events.c.id == acknowledgements.c.event_id)
            .where(visible, acknowledgements.c.is_first)
            .order_by(acknowledgements.c.id.desc())
            .limit(NEWEST)
        )
        return [(row.at_utc - row.created_utc).total_seconds() for row in self._all(statement)]
