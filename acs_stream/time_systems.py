"""Time systems of the instruments: IJD, INTEGRAL and Fermi mission elapsed time, IPN seconds of day, against UTC.

All conversions go through whole microseconds of TT, so that nothing is lost to the 40 us steps of a float64 Julian
date, and through the leap-second table built into ERFA, so that nothing is ever downloaded. Seconds "since T0" are
elapsed SI seconds: over a leap second they differ from the difference of two UTC clock readings. This module must not
read a clock or a file.

References
----------
INTEGRAL Julian Date: MJD - 51544.0 in TT. Fermi MET: SI seconds since 2001-01-01T00:00:00 UTC (FITS: MJDREFI 51910,
MJDREFF 7.428703703703703e-4, TIMESYS TT).
"""

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import numpy.typing as npt

from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.leap_seconds import leap_seconds
from tocsin.domain.light_curves import FloatArray

MICROSECOND = timedelta(microseconds=1)
SECOND_US = 1_000_000
DAY_S = 86_400
DAY_US = DAY_S * SECOND_US
#: TT - TAI.
TT_MINUS_TAI_US = 32_184_000
#: Both IJD and INTEGRAL's MET count from MJD 51544.0 **in TT**: the calendar date 2000-01-01 read on a TT clock.
EPOCH_2000 = datetime(2000, 1, 1, tzinfo=UTC)
MJD_2000 = 51_544
FERMI_EPOCH_UTC = datetime(2001, 1, 1, tzinfo=UTC)
#: Times that a `datetime` can hold: the years 1972 to 9998 as days from 2000-01-01.
DAYS_RANGE = (-10_227, 2_921_000)


def tt_minus_utc_s(moment_utc: datetime) -> float:
    """TT - UTC at a UTC moment, s: 69.184 since 2017-01-01.

    Raises
    ------
    ScienceError
        Before 1972 UTC had no whole leap seconds.
    """
    return _tai_minus_utc_s(to_utc(moment_utc)) + TT_MINUS_TAI_US / SECOND_US


def _tai_minus_utc_s(moment_utc: datetime) -> int:
    for since, offset in reversed(leap_seconds()):
        if moment_utc >= since:
            return offset
    raise ScienceError(f"{moment_utc:%Y-%m-%d} is before 1972: UTC had no leap seconds yet")


def utc_to_tt_us(moment_utc: datetime | str) -> int:
    """Microseconds of TT since 2000-01-01T00:00:00 TT of a UTC moment: exact."""
    moment = to_utc(moment_utc)
    return (moment - EPOCH_2000) // MICROSECOND + _tai_minus_utc_s(moment) * SECOND_US + TT_MINUS_TAI_US


def tt_us_to_utc(tt_us: int) -> datetime:
    """UTC of microseconds of TT since 2000-01-01T00:00:00 TT.

    A moment inside a leap second (23:59:60.x), which a datetime cannot hold, comes back as 00:00:00.x of the next day.

    Raises
    ------
    ScienceError
        The moment is out of the range of years 1972 to 9998.
    """
    if not DAYS_RANGE[0] <= tt_us / DAY_US <= DAYS_RANGE[1]:
        raise ScienceError(f"time {tt_us / DAY_US:.1f} d from 2000-01-01 is outside the years 1972 to 9998")
    tai = EPOCH_2000 + timedelta(microseconds=tt_us - TT_MINUS_TAI_US)
    for since, offset in reversed(leap_seconds()):
        if tai - timedelta(seconds=offset) >= since:
            return tai - timedelta(seconds=offset)
        if tai - timedelta(seconds=offset - 1) >= since:  # within the leap second itself
            return tai - timedelta(seconds=offset - 1)
    raise ScienceError("time is before 1972: UTC had no leap seconds yet")


def _split_us(whole_s: float, rest_s: float) -> int:
    if not np.isfinite([whole_s, rest_s]).all():
        raise ScienceError("time is not a finite number")
    return round(whole_s) * SECOND_US + round(rest_s * SECOND_US)


def ijd_to_utc(ijd: float) -> datetime:
    """UTC of an INTEGRAL Julian Date (d, TT).

    Examples
    --------
    >>> ijd_to_utc(2000.0).isoformat()
    '2005-06-22T23:58:55.816000+00:00'
    """
    day = float(np.floor(ijd))
    return tt_us_to_utc(_split_us(day * DAY_S, (ijd - day) * DAY_S))


def utc_to_ijd(moment_utc: datetime | str) -> float:
    """INTEGRAL Julian Date (d, TT) of a UTC moment; a float64 steps by 0.08 us here."""
    return utc_to_tt_us(moment_utc) / DAY_US


def integral_met_to_utc(met_s: float) -> datetime:
    """UTC of INTEGRAL seconds since MJD 51544.0 TT, as in the FITS files of MMODA.

    Examples
    --------
    >>> integral_met_to_utc(761461614.0).isoformat()
    '2024-02-17T05:05:44.816000+00:00'
    """
    whole = float(np.floor(met_s))
    return tt_us_to_utc(_split_us(whole, met_s - whole))


def utc_to_integral_met(moment_utc: datetime | str) -> float:
    """INTEGRAL seconds since MJD 51544.0 TT of a UTC moment."""
    return utc_to_tt_us(moment_utc) / SECOND_US


def fermi_met_to_utc(met_s: float) -> datetime:
    """UTC of Fermi mission elapsed time, s.

    Examples
    --------
    >>> fermi_met_to_utc(608633290.563746).isoformat()
    '2020-04-15T08:48:05.563746+00:00'
    """
    whole = float(np.floor(met_s))
    return tt_us_to_utc(utc_to_tt_us(FERMI_EPOCH_UTC) + _split_us(whole, met_s - whole))


def utc_to_fermi_met(moment_utc: datetime | str) -> float:
    """Fermi mission elapsed time, s, of a UTC moment."""
    return (utc_to_tt_us(moment_utc) - utc_to_tt_us(FERMI_EPOCH_UTC)) / SECOND_US


def mjd_utc_to_utc(mjd: float) -> datetime:
    """UTC of a Modified Julian Date that counts UTC days (IBIS/PICsIT text files)."""
    day = float(np.floor(mjd))
    if not DAYS_RANGE[0] <= day - MJD_2000 <= DAYS_RANGE[1]:
        raise ScienceError(f"MJD {mjd} is outside the years 1972 to 9998")
    return EPOCH_2000 + timedelta(days=day - MJD_2000, microseconds=round((mjd - day) * DAY_US))


def seconds_of_day_to_utc(day: date, second_of_day: float) -> datetime:
    """UTC of a date and seconds of that UTC day, as the IPN writes times; negative or over 86400 rolls over.

    Examples
    --------
    >>> seconds_of_day_to_utc(date(2020, 4, 15), 31681.403392).isoformat()
    '2020-04-15T08:48:01.403392+00:00'
    """
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    return midnight + timedelta(microseconds=round(second_of_day * SECOND_US))


def seconds_of_day(moment_utc: datetime) -> float:
    """Seconds of the UTC day of a moment."""
    moment = to_utc(moment_utc)
    midnight = datetime.combine(moment.date(), time(), tzinfo=UTC)
    return (moment - midnight) // MICROSECOND / SECOND_US


def ijd_seconds_since(ijd: npt.ArrayLike, t0_utc: datetime | str) -> FloatArray:
    """Elapsed seconds since T0 of INTEGRAL Julian Dates, s, shape of `ijd`; good to 0.1 us."""
    day, rest_us = divmod(utc_to_tt_us(t0_utc), DAY_US)
    return np.asarray((np.asarray(ijd, dtype=np.float64) - day) * DAY_S - rest_us / SECOND_US)


def integral_met_seconds_since(met_s: npt.ArrayLike, t0_utc: datetime | str, *, zero_s: float = 0.0) -> FloatArray:
    """Elapsed seconds since T0 of INTEGRAL mission times `zero_s` + `met_s`, s, shape of `met_s`.

    Parameters
    ----------
    met_s
        Seconds relative to `zero_s`, any shape.
    t0_utc
        Time zero of the answer.
    zero_s
        TIMEZERO of the file, kept apart so that a small `met_s` keeps its digits.
    """
    whole, rest_us = divmod(utc_to_tt_us(t0_utc), SECOND_US)
    return np.asarray(np.asarray(met_s, dtype=np.float64) + ((zero_s - whole) - rest_us / SECOND_US))


def fermi_met_seconds_since(met_s: npt.ArrayLike, t0_utc: datetime | str) -> FloatArray:
    """Elapsed seconds since T0 of Fermi mission times, s, shape of `met_s`; good to 0.1 us."""
    whole, rest_us = divmod(utc_to_tt_us(t0_utc) - utc_to_tt_us(FERMI_EPOCH_UTC), SECOND_US)
    return np.asarray((np.asarray(met_s, dtype=np.float64) - whole) - rest_us / SECOND_US)


def mjd_utc_seconds_since(mjd: npt.ArrayLike, t0_utc: datetime | str) -> FloatArray:
    """Seconds since T0 of Modified Julian Dates that count UTC days, s; a float64 MJD steps by 0.6 us.

    Over a leap second such dates are ambiguous and the answer is off by one second.
    """
    day, rest_us = divmod((to_utc(t0_utc) - EPOCH_2000) // MICROSECOND, DAY_US)
    return np.asarray((np.asarray(mjd, dtype=np.float64) - (MJD_2000 + day)) * DAY_S - rest_us / SECOND_US)
