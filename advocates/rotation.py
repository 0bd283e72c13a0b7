"""Rotations: crews that take turns at a wall-clock hour, by calendar arithmetic in a time zone. Pure.

A handover at 09:00 stays at 09:00 when the clocks change, so shifts last 23, 24 or 25 h a day. A wall-clock time that
does not exist (spring) is taken with the offset from before the change (02:30 becomes 03:30), one that occurs twice
(autumn) means its first occurrence, both as RFC 5545 reads them; so every handover happens exactly once.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from tocsin.domain.people import Person

Crew = tuple[Person, ...]


class Unit(StrEnum):
    """What the length of a shift counts."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Hours of the day, on days of the week, to which a rotation is limited (follow the sun).

    Parameters
    ----------
    opens, closes
        Wall-clock times; `closes` at or before `opens` is on the next day.
    weekdays
        On which days it opens, Monday is 0.
    """

    opens: time
    closes: time
    weekdays: frozenset[int] = frozenset(range(7))

    def interval_utc(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """Interval [start, stop) of the block that opens on `day`; None if it does not open or has no length."""
        if day.weekday() not in self.weekdays:
            return None
        last = day if self.closes > self.opens else day + timedelta(days=1)
        start, stop = wall_to_utc(day, self.opens, zone), wall_to_utc(last, self.closes, zone)
        return (start, stop) if stop > start else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """Crews that take turns.

    Parameters
    ----------
    crews
        In their order; each is one person or several on call together.
    first_day, handover
        Local day and wall-clock time of the first handover; nobody is on call before.
    unit, length
        How long a shift lasts.
    zone
        Time zone of all wall-clock times.
    block
        Hours it is limited to, None for all.
    last_day
        Local day of the last handover, to nobody; None for no end.
    """

    crews: tuple[Crew, ...]
    first_day: date
    handover: time
    unit: Unit
    length: int
    zone: ZoneInfo
    block: Block | None = None
    last_day: date | None = None

    def crew(self, now: datetime) -> Crew:
        """People on call at `now`, none outside the block, before the first day or after the last."""
        index = self._index(now)
        if index < 0 or not self._is_open(now) or (self.last_day is not None and now >= self._end_utc(self.last_day)):
            return ()
        return self.crews[index % len(self.crews)]

    def cuts(self, start: datetime, stop: datetime) -> Iterator[datetime]:
        """Moments in [start, stop) at which the answer of `crew` may change, UTC, in no order."""
        index = max(0, self._index(start))
        while (moment := self.handover_utc(index)) < stop:
            yield moment
            index += 1
        if self.last_day is not None:
            yield self._end_utc(self.last_day)
        for interval in self._blocks(start, stop):
            yield from interval

    def handover_utc(self, index: int) -> datetime:
        """Moment at which shift number `index` begins, counted from 0, UTC."""
        step = index * self.length
        match self.unit:
            case Unit.DAY:
                day = self.first_day + timedelta(days=step)
            case Unit.WEEK:
                day = self.first_day + timedelta(weeks=step)
            case Unit.MONTH:
                day = _months_later(self.first_day, step)
        return wall_to_utc(day, self.handover, self.zone)

    def _index(self, now: datetime) -> int:
        """Number of the shift that `now` falls in, negative before the first."""
        today = now.astimezone(self.zone).date()
        if self.unit is Unit.MONTH:
            units = 12 * (today.year - self.first_day.year) + today.month - self.first_day.month
        else:
            units = (today - self.first_day).days // (7 if self.unit is Unit.WEEK else 1)
        index = units // self.length + 1
        while index >= 0 and self.handover_utc(index) > now:
            index -= 1
        return index

    def _end_utc(self, last_day: date) -> datetime:
        return wall_to_utc(last_day, self.handover, self.zone)

    def _is_open(self, now: datetime) -> bool:
        return self.block is None or any(start <= now < stop for start, stop in self._blocks(now, now))

    def _blocks(self, start: datetime, stop: datetime) -> Iterator[tuple[datetime, datetime]]:
        if self.block is None:
            return
        day = start.astimezone(self.zone).date() - timedelta(days=2)
        last = stop.astimezone(self.zone).date() + timedelta(days=1)
        while day <= last:
            interval = self.block.interval_utc(day, self.zone)
            if interval is not None:
                yield interval
            day += timedelta(days=1)


def wall_to_utc(day: date, clock_time: time, zone: ZoneInfo) -> datetime:
    """UTC moment of a wall-clock time (see the module for times that do not exist or occur twice)."""
    return datetime.combine(day, clock_time, tzinfo=zone).astimezone(UTC)


def _months_later(day: date, months: int) -> date:
    """Same day of a later month, or the last day of a month that is too short."""
    year, month = divmod(12 * day.year + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
