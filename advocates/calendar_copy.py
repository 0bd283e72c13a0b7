"""The last good copy of a calendar: what the rota stands on while the calendar cannot be read, and how old it is.

It is kept in a file beside the store, so that a restart without network has a rota. A copy is replaced only by one
that could be read; a calendar that fails is said so, and changes nobody's shifts.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from advocates.calendar_reading import CalendarShifts, read_calendar
from advocates.people import People
from tocsin.domain.clock import Clock
from tocsin.domain.errors import RemoteError
from tocsin.domain.people import Person

#: Shifts are read from so long before now to so long after it, days: the rota looks 400 days ahead.
PAST_DAYS, FUTURE_DAYS = 62, 430


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyState:
    """How a copy stands.

    Parameters
    ----------
    name
        Of the layer.
    fetched_utc
        When the copy in use was fetched; None without any.
    problem
        Why the last try failed; empty if it did not.
    warnings
        What of the copy was not understood.
    """

    name: str
    fetched_utc: datetime | None
    problem: str
    warnings: tuple[str, ...]

    def words(self, now: datetime) -> tuple[str, ...]:
        """What people must know of it: a calendar that fails with the age of its copy, and every warning."""
        found = [f"calendar of {self.name}: {one}" for one in self.warnings]
        if self.problem:
            age = "there is no earlier copy"
            if self.fetched_utc is not None:
                hours = (now - self.fetched_utc) / timedelta(hours=1)
                age = f"the copy of {self.fetched_utc:%Y-%m-%d %H:%M} UTC is used, {hours:.1f} h old"
            found.insert(0, f"calendar of {self.name}: {self.problem}; {age}")
        return tuple(found)


class CalendarCopy:
    """Turns of a rota from a calendar, as last read well.

    Parameters
    ----------
    name
        Of the layer, and of the file.
    folder
        Where the copy is kept.
    people, zone
        As for `advocates.calendar_reading.read_calendar`.
    fetch
        Bytes of the calendar as it is now.
    clock
        Tells when.
    """

    def __init__(
        self,
        name: str,
        *,
        folder: Path,
        people: People,
        zone: ZoneInfo,
        fetch: Callable[[], bytes],
        clock: Clock,
    ) -> None:
        self._name = name
        self._file = folder / f"{''.join(c if c.isalnum() else '-' for c in name)}.ics"
        self._people = people
        self._zone = zone
        self._fetch = fetch
        self._clock = clock
        # One reference, replaced as a whole: readers in other threads see the old shifts or the new ones.
        self._shifts = CalendarShifts()
        self._fetched_utc: datetime | None = None
        self._problem = "not fetched yet"
        self._load()

    @property
    def state(self) -> CopyState:
        """How the copy stands."""
        return CopyState(
            name=self._name, fetched_utc=self._fetched_utc, problem=self._problem, warnings=self._shifts.warnings
        )

    def crew(self, now: datetime) -> tuple[Person, ...]:
        """People whose shift holds at `now`."""
        return self._shifts.crew(now)

    def cuts(self, start: datetime, stop: datetime) -> Iterator[datetime]:
        """Moments in [start, stop) at which the answer of `crew` may change."""
        return self._shifts.cuts(start, stop)

    def refresh(self) -> CopyState:
        """Fetch the calendar again; whatever fails leaves the copy in use as it is."""
        now = self._clock.now()
        try:
            content = self._fetch()
            self._shifts = self._read(content, now)
        except RemoteError as error:
            self._problem = str(error)
            return self.state
        self._fetched_utc, self._problem = now, ""
        try:
            self._keep(content, now)
        except OSError as error:
            self._problem = f"its copy cannot be kept: {error.strerror}"
        return self.state

    def _read(self, content: bytes, now: datetime) -> CalendarShifts:
        start, stop = now - timedelta(days=PAST_DAYS), now + timedelta(days=FUTURE_DAYS)
        return read_calendar(content, self._people, self._zone, start, stop)

    def _keep(self, content: bytes, now: datetime) -> None:
        """Keep a copy whole or not at all; its time of change is when it was fetched."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        new = self._file.with_suffix(".new")
        new.write_bytes(content)
        os.utime(new, (now.timestamp(), now.timestamp()))
        new.replace(self._file)

    def _load(self) -> None:
        try:
            content = self._file.read_bytes()
            fetched = datetime.fromtimestamp(self._file.stat().st_mtime, tz=UTC)
            self._shifts = self._read(content, self._clock.now())
        except (OSError, RemoteError):
            return
        self._fetched_utc = fetched
