"""GCN text notices, which come in three epochs and several units."""

from datetime import UTC, datetime

import pytest

from listeners.decode import decode

TEXT = """TITLE:            GCN/SPECIMEN NOTICE
NOTICE_DATE:      Tue 06 May 31 07:08:09 UT
NOTICE_TYPE:      Made-up Position
RECORD_NUM:       1
TRIGGER_NUM:      957423970,   Seg_Num: 0
GRB_RA:           201.500d {+13h 26m 00s} (J2000),
                  201.902d {+13h 27m 36s} (current),
                  200.851d {+13h 23m 24s} (1950)
GRB_DEC:          -12.250d {-12d 15' 00"} (J2000),
                  -12.412d {-12d 24' 43"} (current),
                  -11.990d {-11d 59' 24"} (1950)
GRB_ERROR:        8.40 [deg radius, statistical only]
GRB_DATE:         22992 TJD;   126 DOY;   31/05/06
GRB_TIME:         25565.25 SOD {07:06:05.25} UT
2nd_MOST_LIKELY:  12% solar flare
COMMENTS:         The time: 10:00, the place: here.
COMMENTS:         Another comment.
"""


def test_identifier_times_position_and_error_are_read() -> None:
    notice = decode(TEXT.encode(), topic="gcn.classic.text.FERMI_GBM_FLT_POS")
    assert (notice.stream, notice.notice_type) == ("fermi_gbm", "FERMI_GBM_FLT_POS")
    assert notice.event_ids == ("957423970",)
    assert notice.t0_utc == datetime(2031, 5, 6, 7, 6, 5, 250000, tzinfo=UTC)
    assert notice.issued_utc == datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert (notice.ra_deg, notice.dec_deg, notice.error_radius_deg) == (201.5, -12.25, 8.4)
    assert notice.labels == frozenset()


@pytest.mark.parametrize(
    ("error", "radius_deg"), [("3.0 [arcmin", 0.05), ("5.0 [arcsec", 5 / 3600), ("0.00 [deg", None)]
)
def test_errors_are_in_the_unit_they_are_written_in(error: str, radius_deg: float | None) -> None:
    assert decode(TEXT.replace("8.40 [deg", error).encode()).error_radius_deg == radius_deg


def test_without_a_topic_the_type_is_unknown_and_the_rest_read() -> None:
    notice = decode(TEXT.encode())
    assert notice.is_unknown
    assert notice.event_ids == ("957423970",)
    assert not notice.is_test


def test_hard_spaces_do_no_harm() -> None:
    assert decode(TEXT.replace("DATE:      Tue", "DATE: \u00a0 Tue").encode()).issued_utc is not None


def test_a_test_says_so_in_its_type() -> None:
    assert decode(TEXT.replace("Made-up Position", "Fermi-GBM Test Position").encode()).is_test
    assert decode(TEXT.encode(), topic="gcn.classic.text.FERMI_GBM_POS_TEST").is_test
