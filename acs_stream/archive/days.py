"""UTC days of times in TT: the partitions of the archive. A leap second belongs to the day it ends. Pure."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from acs_stream.archive.rows import RateRows
from acs_stream.time_systems import tt_us_to_utc, utc_to_tt_us


def midnight_tt_us(day: date) -> int:
    """Beginning of a UTC day, microseconds of TT since 2000-01-01T00:00:00 TT."""
    return utc_to_tt_us(datetime.combine(day, time(), tzinfo=UTC))


def day_of(tt_us: int) -> date:
    """UTC day of a moment."""
    day = tt_us_to_utc(tt_us).date()
    return day if tt_us >= midnight_tt_us(day) else day - timedelta(days=1)


def days_between(start_tt_us: int, stop_tt_us: int) -> list[date]:
    """UTC days that have a part of [start, stop), in order."""
    first, last = day_of(start_tt_us), day_of(max(start_tt_us, stop_tt_us - 1))
    return [first + timedelta(days=k) for k in range((last - first).days + 1)]


def split_by_day(rows: RateRows) -> Iterator[tuple[date, RateRows]]:
    """Rows of each UTC day; a bin belongs to the day in which it starts."""
    if not len(rows):
        return
    first, last = int(rows.start_tt_us.min()), int(rows.start_tt_us.max())
    days = days_between(first, last + 1)
    number = np.searchsorted([midnight_tt_us(day) for day in days], rows.start_tt_us, side="right") - 1
    for k, day in enumerate(days):
        if (mine := number == k).any():
            yield day, rows.take(mine)
