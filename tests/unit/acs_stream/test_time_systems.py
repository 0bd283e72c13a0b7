"""Time systems, against the definitions and against astropy."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from acs_stream import time_systems as ts
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError

MOMENTS = st.datetimes(datetime(1973, 1, 1), datetime(2025, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants bounds without zone


@pytest.mark.parametrize(
    ("ijd", "utc"),
    [
        (0.0, "1999-12-31T23:58:55.816"),
        (2000.0, "2005-06-22T23:58:55.816"),
        (3000.2333937608077576, "2008-03-19T05:35:00.036934"),
    ],
)
def test_ijd_is_mjd_minus_51544_in_tt(ijd: float, utc: str) -> None:
    assert abs((ts.ijd_to_utc(ijd) - to_utc(utc)).total_seconds()) < 2e-6


def test_integral_mission_time_counts_from_2000_in_tt() -> None:
    assert ts.integral_met_to_utc(761461614.0) + timedelta(seconds=69.184) == to_utc("2024-02-17T05:06:54")


@pytest.mark.parametrize(
    ("met", "utc"),
    [
        (608633290.563746, "2020-04-15T08:48:05.563746"),
        (524666471.474598, "2017-08-17T12:41:06.474598"),
        (243216766.613542, "2008-09-16T00:12:45.613542"),
        (0.0, "2001-01-01T00:00:00"),
    ],
)
def test_fermi_mission_time_counts_si_seconds_from_2001_utc(met: float, utc: str) -> None:
    assert abs((ts.fermi_met_to_utc(met) - to_utc(utc)).total_seconds()) < 2e-6


def test_seconds_of_day_are_utc() -> None:
    assert ts.seconds_of_day_to_utc(date(2020, 4, 15), 31681.403392) == to_utc("2020-04-15T08:48:01.403392")
    assert ts.seconds_of_day(to_utc("2020-04-15T08:48:01.403392")) == pytest.approx(31681.403392, abs=1e-9)


@pytest.mark.parametrize(
    ("utc", "offset"),
    [
        ("1999-01-01", 64.184),
        ("2006-01-01", 65.184),
        ("2009-01-01", 66.184),
        ("2012-07-01", 67.184),
        ("2015-07-01", 68.184),
        ("2016-12-31T23:59:59", 68.184),
        ("2017-01-01", 69.184),
        ("2026-11-22", 69.184),
    ],
)
def test_tt_minus_utc_grows_with_each_leap_second(utc: str, offset: float) -> None:
    assert ts.tt_minus_utc_s(to_utc(utc)) == pytest.approx(offset, abs=1e-12)


@given(MOMENTS)
def test_every_conversion_comes_back_to_the_microsecond(moment: datetime) -> None:
    assert ts.tt_us_to_utc(ts.utc_to_tt_us(moment)) == moment
    for there, back in (
        (ts.utc_to_ijd, ts.ijd_to_utc),
        (ts.utc_to_fermi_met, ts.fermi_met_to_utc),
        (ts.utc_to_integral_met, ts.integral_met_to_utc),
    ):
        assert abs(back(there(moment)) - moment) <= timedelta(microseconds=1)


@given(MOMENTS)
def test_ijd_agrees_with_astropy(moment: datetime) -> None:
    expected = Time(moment, scale="utc").tt
    days = (expected.jd1 - 2451544.5) + expected.jd2
    assert abs(ts.utc_to_ijd(moment) - days) * 86400 < 1e-5


def test_seconds_since_t0_keep_their_digits() -> None:
    t0 = to_utc("2023-03-07T15:44:06.67")
    assert ts.ijd_seconds_since(ts.utc_to_ijd(t0), t0) == pytest.approx(0.0, abs=1e-7)
    met = ts.utc_to_fermi_met(t0) + np.array([-1.0, 0.0, 0.0001])
    assert ts.fermi_met_seconds_since(met, t0) == pytest.approx([-1.0, 0.0, 0.0001], abs=3e-7)
    zero = ts.utc_to_integral_met(t0)
    assert ts.integral_met_seconds_since([0.05, 0.1], t0, zero_s=zero) == pytest.approx([0.05, 0.1], abs=3e-7)
    assert ts.mjd_utc_seconds_since(60010.0, to_utc("2023-03-07T00:00:01")) == pytest.approx(-1.0, abs=1e-6)


def test_seconds_since_t0_are_elapsed_seconds_over_a_leap_second() -> None:
    t0 = to_utc("2016-12-31T23:59:59")
    assert ts.fermi_met_seconds_since(ts.utc_to_fermi_met("2017-01-01T00:00:01"), t0) == pytest.approx(3.0, abs=1e-6)


def test_a_moment_inside_a_leap_second_is_shown_on_the_next_day() -> None:
    last = ts.utc_to_tt_us("2016-12-31T23:59:59.500000")
    assert ts.tt_us_to_utc(last + 1_000_000) == to_utc("2017-01-01T00:00:00.500000")
    assert ts.tt_us_to_utc(last + 2_000_000) == to_utc("2017-01-01T00:00:00.500000")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e12, -1e12])
def test_times_that_cannot_be_are_refused(value: Any) -> None:
    for convert in (ts.ijd_to_utc, ts.mjd_utc_to_utc):
        with pytest.raises((ScienceError, ValueError, OverflowError)):
            convert(value)


def test_utc_before_1972_is_refused() -> None:
    with pytest.raises(ScienceError, match="1972"):
        ts.utc_to_ijd("1971-12-31")


def test_mjd_of_utc_days() -> None:
    assert ts.mjd_utc_to_utc(59861.5) == to_utc("2022-10-09T12:00:00")
