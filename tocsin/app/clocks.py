"""Clocks of the real world; the only place that asks the machine for the time."""

import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The wall's clock."""

    def now(self) -> datetime:
        """Time now, UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Seconds that only grow."""
        return time.monotonic()

    def wall_s(self, clock_s: float) -> float:
        """Seconds of real waiting: the same."""
        return clock_s


class FastClock:
    """A clock that stands at a given time until begun, then runs faster than the wall's: for simulated nights.

    Parameters
    ----------
    start_utc
        Time it shows at first, aware.
    speed
        Its seconds per second of the wall.
    """

    def __init__(self, start_utc: datetime, *, speed: float) -> None:
        self._start_utc = start_utc
        self._speed = speed
        self._begun_s: float | None = None

    def begin(self) -> None:
        """Let it run."""
        self._begun_s = time.monotonic()

    def now(self) -> datetime:
        """Time shown, UTC."""
        if self._begun_s is None:
            return self._start_utc
        return self._start_utc + timedelta(seconds=(time.monotonic() - self._begun_s) * self._speed)

    def monotonic_s(self) -> float:
        """Seconds of the wall that only grow: latencies are real even in a fast night."""
        return time.monotonic()

    def wall_s(self, clock_s: float) -> float:
        """Seconds of real waiting for `clock_s` seconds of this clock."""
        return clock_s / self._speed
