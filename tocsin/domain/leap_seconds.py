"""Leap seconds: how much time passes between two readings of UTC.

From the table built into ERFA, so that nothing is ever downloaded.
"""

from datetime import UTC, datetime
from functools import cache

import erfa  # type: ignore[import-untyped]

#: First year for which UTC has whole leap seconds.
FIRST_YEAR = 1972


@cache
def leap_seconds() -> tuple[tuple[datetime, int], ...]:
    """Moments from which TAI - UTC has a new value, and that value in whole s, ascending."""
    table = [row for row in erfa.leap_seconds.get() if row["year"] >= FIRST_YEAR]
    return tuple((datetime(int(r["year"]), int(r["month"]), 1, tzinfo=UTC), round(float(r["tai_utc"]))) for r in table)


def elapsed_s(since_utc: datetime, until_utc: datetime) -> float:
    """SI seconds from one moment to another, the leap seconds between them counted; negative backwards.

    Parameters
    ----------
    since_utc, until_utc
        Aware. Before 1972 no leap second is counted.

    Examples
    --------
    >>> elapsed_s(datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2017, 1, 1, tzinfo=UTC))
    2.0
    """
    leaps = sum(since_utc < moment <= until_utc for moment, _ in leap_seconds()[1:])
    leaps -= sum(until_utc < moment <= since_utc for moment, _ in leap_seconds()[1:])
    return (until_utc - since_utc).total_seconds() + leaps
