"""The one clock: everything that needs the time is handed a `Clock`; nothing else asks for it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Protocol, overload

#: The last second of a day that has one more.
LEAP_SECOND = re.compile(r"23:59:60(?![0-9])")


class Clock(Protocol):
    """What tells the time: the wall's clock in service, a movable one in tests and replays."""

    def now(self) -> datetime:
        """Time now, aware, UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that only grow, for latencies; the zero point means nothing."""
        ...

    def wall_s(self, clock_s: float) -> float:
        """Seconds of real waiting that `clock_s` seconds of this clock take (0 where a clock is moved by hand)."""
        ...


class ManualClock:
    """A clock that stands still until it is moved: for tests and for replays, which run on the notices' own times.

    Parameters
    ----------
    start_utc
        Time it shows at first, aware.
    """

    def __init__(self, start_utc: datetime) -> None:
        self._start = self._now = to_utc(start_utc)

    def now(self) -> datetime:
        """Time shown, aware, UTC."""
        return self._now

    def monotonic_s(self) -> float:
        """Seconds since the start of this clock."""
        return (self._now - self._start).total_seconds()

    def wall_s(self, clock_s: float) -> float:  # noqa: ARG002 - the protocol's signature
        """Nothing waits on a clock that is moved by hand."""
        return 0.0

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds`."""
        self._now += timedelta(seconds=seconds)

    def set_no_earlier(self, moment: datetime) -> None:
        """Move to `moment`, unless that would be backwards."""
        self._now = max(self._now, to_utc(moment))


def to_utc(moment: datetime | str) -> datetime:
    """Aware UTC datetime of a datetime or ISO 8601 string; times without a zone are taken as UTC.

    Within a leap second (``23:59:60.25``), which a datetime cannot hold, it is the second after.

    Raises
    ------
    ValueError
        The string is no ISO 8601 time, or one beyond the years 1 to 9999.
    """
    if isinstance(moment, str) and LEAP_SECOND.search(moment):
        return to_utc(moment.replace(":60", ":59", 1)) + timedelta(seconds=1)
    value = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    if value.tzinfo is UTC:
        return value
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{moment} is beyond the years 1 to 9999 in UTC") from error


@overload
def iso_utc(moment: datetime) -> str: ...
@overload
def iso_utc(moment: None) -> None: ...
@overload
def iso_utc(moment: datetime | None) -> str | None: ...
def iso_utc(moment: datetime | None) -> str | None:
    """ISO 8601 with microseconds where there are any, and a Z: ``2020-04-15T08:48:05.563746Z``."""
    return None if moment is None else to_utc(moment).isoformat().removesuffix("+00:00") + "Z"
