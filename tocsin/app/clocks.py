"""Clocks of the real world; the only place that asks the machine for the time."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path


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


class RehearsedClock(SystemClock):
    """The wall's clock as it would be after a step, or in a night that passes faster: the same in every process.

    Parameters
    ----------
    file
        Holds the step in s and, where time is to pass faster, how many times and since when (UNIX time, s); written
        while the service runs. Missing or empty: the wall's clock.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> datetime:
        """Time shown, UTC."""
        step_s, speed, since_s = self._read()
        true = super().now()
        ahead_s = step_s if speed == 1.0 else step_s + (speed - 1.0) * max(0.0, true.timestamp() - since_s)
        return true + timedelta(seconds=ahead_s)

    def wall_s(self, clock_s: float) -> float:
        """Seconds of real waiting for `clock_s` seconds of this clock."""
        return clock_s / self._read()[1]

    def _read(self) -> tuple[float, float, float]:
        try:
            step_s, *faster = (float(word) for word in self._file.read_text(encoding="ascii").split())
            speed, since_s = faster or (1.0, 0.0)
        except (OSError, ValueError):
            return 0.0, 1.0, 0.0
        return step_s, speed, since_s


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
