"""Repeats of a calendar entry, on the wall clock of its zone. Pure."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import Any

from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # it has no annotations

from tocsin.domain.late import icalendar

#: Frequencies a rota may have; finer ones are no shifts, and would never end.
FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
#: Occurrences looked at, from the first on: over a century of days.
MAX_OCCURRENCES = 40_000


class TooManyRepeatsError(Exception):
    """An entry repeats more often than any rota does."""


def repeats(entry: "icalendar.Event", first: datetime, zone: Any, low: datetime, high: datetime) -> Iterator[datetime]:
    """Wall-clock starts of an entry in [low, high), without those that were taken out (EXDATE).

    Parameters
    ----------
    entry
        A VEVENT.
    first
        Its first start, on the wall clock.
    zone
        Its zone.
    low, high
        Window on the same wall clock.

    Raises
    ------
    TooManyRepeatsError
        It repeats by hours or minutes, or has run for longer than a century of days.
    """
    if "RECURRENCE-ID" in entry:
        found = {first}
    else:
        rules = entry.get("RRULE", [])
        listed = rules if isinstance(rules, list) else [rules]
        found = {first} | {moment for rule in listed for moment in _of_rule(rule, first, zone, high)}
        found |= set(_listed(entry, "RDATE", zone))
    taken_out = set(_listed(entry, "EXDATE", zone))
    yield from sorted(moment for moment in found - taken_out if low <= moment < high)


def _of_rule(rule: Any, first: datetime, zone: Any, high: datetime) -> Iterator[datetime]:
    frequency = str(rule.get("FREQ", [""])[0]).upper()
    if frequency not in FREQUENCIES:
        raise TooManyRepeatsError(f"repeats {frequency.lower() or 'in no way that is known'}: no rota does")
    stated = {name.upper(): value for name, value in rule.items()}
    until = [_wall_clock(moment, zone, first) for moment in stated.pop("UNTIL", [])]
    text = type(rule)(stated).to_ical().decode()
    made = rrulestr(f"RRULE:{text}", dtstart=first)
    count = 0
    for moment in islice(made, MAX_OCCURRENCES + 1):
        count += 1
        if moment >= high or any(moment > last for last in until):
            return
        yield moment
    if count > MAX_OCCURRENCES:
        raise TooManyRepeatsError(f"repeats more than {MAX_OCCURRENCES} times before the days asked about")


def _listed(entry: "icalendar.Event", name: str, zone: Any) -> Iterator[datetime]:
    """Moments of EXDATE or RDATE, on the wall clock of the entry."""
    value = entry.get(name, [])
    for block in value if isinstance(value, list) else [value]:
        for one in block.dts:
            moment = one.dt[0] if isinstance(one.dt, tuple) else one.dt
            yield _wall_clock(moment, zone, None)


def _wall_clock(moment: date, zone: Any, like: datetime | None) -> datetime:
    """Wall-clock time in `zone`; the last day of a rule (a date) holds all of that day."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time(0) if like is None else time(23, 59, 59))
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
