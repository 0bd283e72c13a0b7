"""Times as notices write them."""

from datetime import UTC, datetime

import pytest

from listeners.times import from_fermi_met, from_mjd, from_tjd, from_unix_ms, parse_time, tdb_to_utc


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-04-23T13:52:02.77", datetime(2026, 4, 23, 13, 52, 2, 770000, tzinfo=UTC)),
        ("2026-04-23T13:52:02.77Z", datetime(2026, 4, 23, 13, 52, 2, 770000, tzinfo=UTC)),
        ("2026-05-11T06:13:57+00:00", datetime(2026, 5, 11, 6, 13, 57, tzinfo=UTC)),
        ("2026-05-11T08:13:57+02:00", datetime(2026, 5, 11, 6, 13, 57, tzinfo=UTC)),
        ("2024-09-18 07:19:03.518831+00:00", datetime(2024, 9, 18, 7, 19, 3, 518831, tzinfo=UTC)),
        ("2023-04-16T05:42:00.0Z", datetime(2023, 4, 16, 5, 42, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2016-12-31T23:59:60.5Z", datetime(2017, 1, 1, 0, 0, 0, 500000, tzinfo=UTC)),
        (" 2026-05-11T06:13:57 ", datetime(2026, 5, 11, 6, 13, 57, tzinfo=UTC)),
        ("2022-01-00T07:00:30.49", None),
        ("2022-01--4918T11:09:20.47", None),
        ("2015-01--6168T00:-24:-54.-77", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59", None),
        ("1959-12-31T23:59:59", None),
        ("2026-05-11T06:13:57" + "0" * 1000, None),
    ],
)
def test_iso_times_of_all_dialects(text: str | None, expected: datetime | None) -> None:
    assert parse_time(text) == expected


def test_day_counts_of_gcn() -> None:
    assert from_tjd(21153, 49922.77) == datetime(2026, 4, 23, 13, 52, 2, 770000, tzinfo=UTC)
    assert from_tjd(10854, -1494.78) == datetime(1998, 2, 9, 23, 35, 5, 220000, tzinfo=UTC)
    assert from_tjd(1e30, 0.0) is None
    assert from_tjd(None, 0.0) is None
    assert from_tjd(20000, None) is None
    assert from_mjd(60000.5) == datetime(2023, 2, 25, 12, tzinfo=UTC)
    assert from_mjd(1e9) is None


def test_fermi_mission_time_counts_leap_seconds() -> None:
    assert from_fermi_met(793795104) == datetime(2026, 2, 26, 10, 38, 19, tzinfo=UTC)
    assert from_fermi_met(10**40) is None
    assert from_fermi_met(-1) is None
    assert from_fermi_met(0) == datetime(2001, 1, 1, tzinfo=UTC)
    assert from_fermi_met(336801278) == datetime(2011, 9, 4, 3, 54, 36, tzinfo=UTC)


def test_barycentric_time_is_behind_by_the_leap_seconds_and_tt() -> None:
    assert tdb_to_utc(datetime(2016, 1, 16, 7, 52, 27, tzinfo=UTC)) == datetime(
        2016, 1, 16, 7, 51, 18, 816000, tzinfo=UTC
    )


def test_milliseconds_since_1970() -> None:
    assert from_unix_ms(1718212589034) == datetime(2024, 6, 12, 17, 16, 29, 34000, tzinfo=UTC)
    assert from_unix_ms(-1) is None
    assert from_unix_ms(None) is None
