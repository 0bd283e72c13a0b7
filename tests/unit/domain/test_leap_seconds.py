"""Seconds that pass between two readings of UTC."""

import pytest

from tocsin.domain.clock import to_utc
from tocsin.domain.leap_seconds import elapsed_s


@pytest.mark.parametrize(
    ("since", "until", "passed"),
    [
        ("2016-12-31T23:59:59", "2017-01-01T00:00:00", 2.0),
        ("2017-01-01T00:00:00", "2016-12-31T23:59:59", -2.0),
        ("2017-01-01T00:00:00", "2017-01-01T00:00:01", 1.0),
        ("2005-12-31T00:00:00", "2017-01-02T00:00:00", 4020.0 * 86400.0 + 5.0),
        ("2020-01-01T00:00:00", "2020-01-01T00:00:00.25", 0.25),
    ],
)
def test_leap_seconds_between_are_counted(since: str, until: str, passed: float) -> None:
    assert elapsed_s(to_utc(since), to_utc(until)) == passed


@pytest.mark.parametrize("text", ["2016-12-31T23:59:60.25", "2016-12-31T23:59:60.25Z", "2016-12-31 23:59:60.25+00:00"])
def test_a_moment_within_a_leap_second_can_be_written(text: str) -> None:
    assert to_utc(text) == to_utc("2017-01-01T00:00:00.25")


@pytest.mark.parametrize("text", ["2016-12-31T23:58:60", "2016-12-31T23:59:61", "2016-12-31T23:59:600"])
def test_other_seconds_beyond_59_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"second|format"):
        to_utc(text)
