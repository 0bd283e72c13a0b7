"""Reading of a rota kept in somebody's calendar: from iCalendar bytes to shifts of known people. Pure.

Wall-clock times are repeated by the calendar and made UTC last, so a handover at 09:00 stays at 09:00 when the clocks
change. What cannot be understood is a warning that names the entry; nobody is ever made up.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from advocates.calendar_repeats import TooManyRepeatsError, repeats
from advocates.people import People
from tocsin.domain.errors import RemoteError
from tocsin.domain.late import icalendar
from tocsin.domain.people import Person

#: A larger calendar is refused unread.
MAX_BYTES = 5_000_000
#: More entries than this within the window are no rota.
MAX_SHIFTS = 5000
MAX_WARNINGS = 50
_BETWEEN_NAMES = re.compile(r"\s*(?:,|;|/|&|\+|\band\b)\s*", re.IGNORECASE)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarShift:
    """One stretch [start, stop) of one person, as a calendar has it."""

    start_utc: datetime
    stop_utc: datetime
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarShifts:
    """Shifts read from a calendar: turns of a rota, like a rotation.

    Parameters
    ----------
    shifts
        In order of time.
    warnings
        What was not understood, entry by entry.
    longest
        Length of the longest one: how far back a shift that holds now may have begun.
    """

    shifts: tuple[CalendarShift, ...] = ()
    warnings: tuple[str, ...] = ()
    longest: timedelta = timedelta(0)

    def crew(self, now: datetime) -> tuple[Person, ...]:
        """People whose shift holds at `now`."""
        found: dict[str, Person] = {}
        first = bisect_left(self.shifts, now - self.longest, key=_begin)
        for one in self.shifts[first : bisect_right(self.shifts, now, key=_begin)]:
            if now < one.stop_utc:
                found.setdefault(one.person.id, one.person)
        return tuple(found.values())

    def cuts(self, start: datetime, stop: datetime) -> Iterator[datetime]:
        """Moments in [start, stop) at which the answer of `crew` may change, in no order."""
        for one in self.shifts:
            yield from (moment for moment in (one.start_utc, one.stop_utc) if start <= moment < stop)


def read_calendar(content: bytes, people: People, zone: ZoneInfo, start: datetime, stop: datetime) -> CalendarShifts:
    """Shifts of a calendar that touch [start, stop).

    Parameters
    ----------
    content
        iCalendar bytes.
    people
        Who may be named: by an attendee's address, or by name, id or address in the summary.
    zone
        Of all-day and floating times, where the calendar states none (``X-WR-TIMEZONE``).
    start, stop
        Window, aware.

    Raises
    ------
    RemoteError
        It is too large, or no calendar.
    """
    if len(content) > MAX_BYTES:
        raise RemoteError(f"the calendar is larger than {MAX_BYTES:,} bytes", remedy="publish one with the rota alone")
    try:
        calendar = icalendar.Calendar.from_ical(content)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RemoteError(f"this is no calendar: {str(error)[:120]}") from error
    reading = _Reading(people, _zone(calendar, zone), (start, stop))
    for entries in _by_uid(one for one in calendar.walk("VEVENT") if isinstance(one, icalendar.Event)).values():
        reading.add(entries)
    return reading.result()


class _Reading:
    """One pass over a calendar."""

    def __init__(self, people: People, zone: ZoneInfo, window: tuple[datetime, datetime]) -> None:
        self._people = people
        self._zone = zone
        self._window = window
        self._shifts: set[tuple[datetime, datetime, str]] = set()
        self._warnings: dict[str, None] = {}

    def add(self, entries: "list[icalendar.Event]") -> None:
        """Add the entries of one UID: a master, and the occurrences that were edited one by one."""
        edited = [entry for entry in entries if "RECURRENCE-ID" in entry]
        masters = sorted((entry for entry in entries if "RECURRENCE-ID" not in entry), key=_sequence)
        moved = {self._local(entry.decoded("RECURRENCE-ID")) for entry in edited}
        for entry in edited:
            if "RANGE" in getattr(entry["RECURRENCE-ID"], "params", {}):
                self._warn(entry, "only the one occurrence is changed: THISANDFUTURE is not understood")
        for entry in [*masters[-1:], *edited]:
            try:
                self._add_entry(entry, frozenset() if "RECURRENCE-ID" in entry else moved)
            except TooManyRepeatsError as error:
                self._warn(entry, str(error))
            except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
                self._warn(entry, f"not understood: {str(error)[:80]}")

    def result(self) -> CalendarShifts:
        """What was read."""
        warnings = list(self._warnings)
        if len(warnings) > MAX_WARNINGS:
            warnings = [*warnings[:MAX_WARNINGS], f"and {len(warnings) - MAX_WARNINGS} more"]
        by_id = self._people.by_id
        shifts = [CalendarShift(start_utc=a, stop_utc=b, person=by_id[c]) for a, b, c in sorted(self._shifts)]
        longest = max((one.stop_utc - one.start_utc for one in shifts), default=timedelta(0))
        return CalendarShifts(shifts=tuple(shifts), warnings=tuple(warnings), longest=longest)

    def _add_entry(self, entry: "icalendar.Event", moved: frozenset[datetime] | set[datetime]) -> None:
        if str(entry.get("STATUS", "")).upper() == "CANCELLED":
            return
        first, length, zone = self._extent(entry)
        is_exact = "DTEND" not in entry
        if length <= timedelta(0):
            self._warn(entry, "has no length")
            return
        named: tuple[Person, ...] | None = None
        reach = length + 2 * _DAY
        low, high = (moment.astimezone(zone).replace(tzinfo=None) for moment in self._window)
        for local in repeats(entry, first, zone, low - reach, high + reach):
            begin, end = _utc(local, zone), _end_utc(local, length, zone, is_exact=is_exact)
            if local in self._as_seen_from(moved, zone) or end <= self._window[0] or begin >= self._window[1]:
                continue
            named = self._named(entry) if named is None else named
            self._shifts.update((begin, end, person.id) for person in named)
            if len(self._shifts) > MAX_SHIFTS:
                raise RemoteError(f"the calendar holds more than {MAX_SHIFTS} shifts", remedy="publish the rota alone")

    def _extent(self, entry: "icalendar.Event") -> tuple[datetime, timedelta, ZoneInfo]:
        """First wall-clock start, length on the wall clock, and the zone they are in."""
        begins = entry.decoded("DTSTART")
        zone = _zone_of(begins, self._zone)
        first = _wall(begins, zone)
        if "DTEND" in entry:
            return first, _wall(entry.decoded("DTEND"), zone) - first, zone
        if "DURATION" in entry:
            return first, entry.decoded("DURATION"), zone
        return first, timedelta(0) if isinstance(begins, datetime) else _DAY, zone

    def _local(self, moment: Any) -> datetime:
        """A recurrence's name as a moment that can be compared: aware UTC, of a date its local midnight."""
        zone = _zone_of(moment, self._zone)
        return _utc(_wall(moment, zone), zone)

    def _as_seen_from(self, moved: Iterable[datetime], zone: ZoneInfo) -> set[datetime]:
        return {moment.astimezone(zone).replace(tzinfo=None) for moment in moved}

    def _named(self, entry: "icalendar.Event") -> tuple[Person, ...]:
        """People of an entry: the attendees that are known, else the names in the summary."""
        attendees = entry.get("ATTENDEE", [])
        addresses = [str(one) for one in (attendees if isinstance(attendees, list) else [attendees])]
        found = [self._person(one.casefold().removeprefix("mailto:")) for one in addresses]
        if not any(found):
            summary = str(entry.get("SUMMARY", ""))
            names = _BETWEEN_NAMES.split(summary.rpartition(": ")[2].strip())
            found = [self._person(name.casefold()) for name in names]
            for name, person in zip(names, found, strict=True):
                if person is None:
                    self._warn(entry, f"{name[:60]!r} is nobody in the registry of people")
        return tuple(person for person in found if person is not None)

    def _person(self, name: str) -> Person | None:
        def fits(person: Person) -> bool:
            return name in {person.id.casefold(), person.name.casefold(), (person.email or "").casefold()} - {""}

        return next((person for person in self._people if fits(person)), None)

    def _warn(self, entry: "icalendar.Event", words: str) -> None:
        begins = entry.get("DTSTART")
        when = f" of {begins.dt:%Y-%m-%d}" if isinstance(getattr(begins, "dt", None), date) else ""
        self._warnings[f"entry {str(entry.get('SUMMARY', ''))[:60]!r}{when}: {words}"] = None


def _begin(shift: CalendarShift) -> datetime:
    return shift.start_utc


def _by_uid(entries: "Iterable[icalendar.Event]") -> "dict[str, list[icalendar.Event]]":
    found: dict[str, list[icalendar.Event]] = {}
    for number, entry in enumerate(entries):
        found.setdefault(str(entry.get("UID") or f"without uid {number}"), []).append(entry)
    return found


def _sequence(entry: "icalendar.Event") -> int:
    return int(entry.get("SEQUENCE", 0))


def _zone(calendar: Any, default: ZoneInfo) -> ZoneInfo:
    """Zone that a calendar states for times without one (Google's way), else the rota's."""
    try:
        return ZoneInfo(str(calendar["X-WR-TIMEZONE"])) if "X-WR-TIMEZONE" in calendar else default
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return default


def _zone_of(moment: Any, default: ZoneInfo) -> Any:
    zone = moment.tzinfo if isinstance(moment, datetime) else None
    return default if zone is None else zone


def _wall(moment: Any, zone: Any) -> datetime:
    """Wall-clock time in `zone`, without one; of a date its midnight."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time(0))
    return moment.replace(tzinfo=None) if moment.tzinfo is None else moment.astimezone(zone).replace(tzinfo=None)


def _utc(local: datetime, zone: Any) -> datetime:
    """Moment of a wall-clock time; one that does not exist is taken with the offset from before, RFC 5545."""
    return local.replace(tzinfo=zone).astimezone(UTC)


def _end_utc(local: datetime, length: timedelta, zone: Any, *, is_exact: bool) -> datetime:
    """End of a shift, counted on the wall clock; of a DURATION that is no number of whole days, in elapsed time.

    ``PT168H`` and ``P1W`` are one value once read: both are a week of the calendar here, which is what a rota means.
    """
    if is_exact and length % _DAY:
        return _utc(local, zone) + length
    return _utc(local + length, zone)
