"""The "prophecy" of ISDC's real-time service: when the next data come, and which stretches of time have data at all.

INTEGRAL is switched off around each perigee for about ten hours: that is a normal state with a reason in words, not a
fault.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.domain.clock import to_utc

REVOLUTIONS = ("prevrev", "thisrev", "nextrev")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revolution:
    """One revolution's stretch of data."""

    number: int
    start_utc: datetime
    stop_utc: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Prophecy:
    """What the service expects.

    Parameters
    ----------
    text
        In the service's words.
    is_online
        Data are flowing; None: not said.
    last_data_utc, next_data_utc
        Latest data it has, and when the next are due.
    revolutions
        In order of time.
    """

    text: str = ""
    is_online: bool | None = None
    last_data_utc: datetime | None = None
    next_data_utc: datetime | None = None
    revolutions: tuple[Revolution, ...] = ()

    def revolution_at(self, moment_utc: datetime) -> Revolution | None:
        """Revolution whose data cover a moment."""
        return next((r for r in self.revolutions if r.start_utc <= moment_utc <= r.stop_utc), None)

    def gap_at(self, moment_utc: datetime) -> tuple[datetime, datetime] | None:
        """Perigee gap around a moment, (start, stop), None if it is in none that is known."""
        for before, after in zip(self.revolutions, self.revolutions[1:], strict=False):
            if before.stop_utc < moment_utc < after.start_utc:
                return before.stop_utc, after.start_utc
        return None


def read_prophecy(value: Any) -> Prophecy:
    """Prophecy of an rtlc reply: ``[text, {...}]``; what it does not hold, or holds in another form, is None."""
    items = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    text = next((item for item in items if isinstance(item, str)), "")
    facts: Mapping[str, Any] = next((item for item in items if isinstance(item, Mapping)), {})
    status = str(facts.get("expected_data_status", "")).upper()
    found = [r for name in REVOLUTIONS if (r := _revolution(facts.get(name))) is not None]
    return Prophecy(
        text=text,
        is_online={"ONLINE": True, "OFFLINE": False}.get(status),
        last_data_utc=_time(facts.get("last_data_utc")),
        next_data_utc=_time(facts.get("next_data_utc")),
        revolutions=tuple(sorted(found, key=lambda r: r.start_utc)),
    )


def _revolution(value: Any) -> Revolution | None:
    if not isinstance(value, Mapping):
        return None
    start, stop = _time(value.get("start")), _time(value.get("stop"))
    number = value.get("num")
    if start is None or stop is None:
        return None
    return Revolution(number=int(number) if isinstance(number, int | float) else 0, start_utc=start, stop_utc=stop)


def _time(value: Any) -> datetime | None:
    try:
        return to_utc(value) if isinstance(value, str) and value else None
    except ValueError:
        return None
