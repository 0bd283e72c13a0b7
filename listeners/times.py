"""Times as notices write them: ISO 8601 in several dialects, GCN's truncated Julian days, Fermi mission time.

Nothing here knows the time of day: every function turns text or numbers of a notice into an aware UTC datetime, or
None.
"""

import math
from datetime import UTC, datetime, timedelta

#: Truncated Julian day 0 is MJD 40000.
_TJD_ZERO = datetime(1968, 5, 24, tzinfo=UTC)
_MJD_ZERO = datetime(1858, 11, 17, tzinfo=UTC)
_UNIX_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
#: Fermi's mission elapsed time counts SI seconds from here, so leap seconds since then are to be taken off.
_FERMI_ZERO = datetime(2001, 1, 1, tzinfo=UTC)
_LEAP_SECONDS_SINCE_2001 = tuple(
    datetime(year, month, 1, tzinfo=UTC) for year, month in ((2006, 1), (2009, 1), (2012, 7), (2015, 7), (2017, 1))
)
#: TDB (and TT) minus TAI, and TAI minus UTC at 2017-01-01 and since.
_TT_MINUS_TAI_S = 32.184
_TAI_MINUS_UTC_2001_S = 32.0
_LONGEST_ISO_TIME = 40
_DAY_S = 86400.0
_LONGEST_MISSION_S = 100 * 365.25 * _DAY_S
#: Years outside are garbage, whatever calendar accepts them.
_FIRST_YEAR, _LAST_YEAR = 1960, 2199


def parse_time(text: str | None) -> datetime | None:
    """Aware UTC datetime of an ISO 8601 text; times without a zone are UTC; None for what is no date.

    Parameters
    ----------
    text
        With or without ``Z`` or offset, with any number of decimals (microseconds are kept); a leap second
        (``:60``) is the second after it.
    """
    if not text or len(text) > _LONGEST_ISO_TIME:
        return None
    text = text.strip()
    leap_s = 0
    if len(text) > 18 and text[17:19] == "60":
        text, leap_s = f"{text[:17]}59{text[19:]}", 1
    try:
        value = datetime.fromisoformat(text)
        value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        return None
    return value + timedelta(seconds=leap_s) if leap_s else value


def from_tjd(day: float | None, second: float | None) -> datetime | None:
    """UTC datetime of a truncated Julian day and a second of that day; None for values out of range.

    Parameters
    ----------
    day
        Truncated Julian day (MJD - 40000).
    second
        Seconds of the day; GCN has sent slightly negative ones.
    """
    if day is None or second is None or not (0 < day < 60000 and abs(second) < 2 * _DAY_S):
        return None
    return _TJD_ZERO + timedelta(days=int(day), seconds=round(second, 6))


def from_mjd(mjd: float | None) -> datetime | None:
    """UTC datetime of a modified Julian day; None for values out of range."""
    if mjd is None or not 30000 < mjd < 110000:
        return None
    return _MJD_ZERO + timedelta(days=mjd)


def from_unix_ms(milliseconds: float | None) -> datetime | None:
    """UTC datetime of milliseconds since 1970; None for values out of range."""
    if milliseconds is None or not math.isfinite(milliseconds) or not 0 < milliseconds < 4.1e12:
        return None
    return _UNIX_ZERO + timedelta(milliseconds=milliseconds)


def from_fermi_met(met_s: float) -> datetime | None:
    """UTC datetime of a Fermi mission elapsed time in s (793795104: 2026-02-26T10:38:19); None where out of range."""
    if not 0 <= met_s < _LONGEST_MISSION_S:
        return None
    moment = _FERMI_ZERO + timedelta(seconds=met_s)
    for count, leap in enumerate(_LEAP_SECONDS_SINCE_2001):
        if moment - timedelta(seconds=count + 1) < leap:
            return moment - timedelta(seconds=count)
    return moment - timedelta(seconds=len(_LEAP_SECONDS_SINCE_2001))


def tdb_to_utc(moment: datetime) -> datetime:
    """UTC of a time given in TDB or TT: 64.184 to 69.184 s earlier; good to 2 ms, the light's way not corrected for."""
    leaps = sum(moment >= leap for leap in _LEAP_SECONDS_SINCE_2001)
    return moment - timedelta(seconds=_TT_MINUS_TAI_S + _TAI_MINUS_UTC_2001_S + leaps)
