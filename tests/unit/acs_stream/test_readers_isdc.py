"""Readers of ISDC's forms, with everything that servers do to them."""

import json
from typing import Any

import numpy as np
import pytest

from acs_stream.readers import ServerWordError, guess_format, read_light_curve, spi_acs
from acs_stream.time_systems import utc_to_ijd
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError

HEAD = (
    "# please take care! the UTC reference times are computed assuming no leap seconds\n"
    "# (which is a very infrequent occasion, of course)\n"
    "# reference (start) UTC is: 2008-03-19T05:35:00 20100\n"
)
COLUMNS = "# columns are:\n# [IJD] [seconds since reference] [counts in bin] [seconds since midnight]\n"
REFERENCE = "2008-03-19T05:35:00"


def genlc(n: int = 10, *, counts: Any = None, shift_s: Any = 0.0, first_s: Any = 0.0369) -> Any:
    counts = [5000 + 2 * k for k in range(n)] if counts is None else counts
    rows = []
    for k, value in enumerate(counts):
        s = first_s + 0.05 * k
        rows.append(f"{utc_to_ijd(REFERENCE) + (s + shift_s) / 86400:.20g} {s:.10g} {value} {20100 + s:.15g}")
    return HEAD + HEAD + COLUMNS + "\n".join(rows) + "\n"


def read(text: str, form: str = "genlc", **options: Any) -> Any:
    return read_light_curve(text.encode() if isinstance(text, str) else text, format=form, **options)


def test_genlc_times_are_centres_and_the_curve_has_starts() -> None:
    curve = read(genlc())
    assert curve.instrument == "SPI-ACS"
    assert curve.t0_utc == to_utc(REFERENCE)
    assert curve.start_s[0] == pytest.approx(0.0119, abs=1e-6)
    assert curve.width_s == pytest.approx(0.05)
    assert curve.timing.product == "consolidated"


@pytest.mark.parametrize("form", ["quoted", "breaks", "crlf"])
def test_what_servers_put_around_the_rows_is_undone(form: str) -> None:
    text = genlc()
    text = {"quoted": json.dumps(text), "breaks": text.replace("\n", "<br>\n"), "crlf": text.replace("\n", "\r\n")}[
        form
    ]
    assert np.array_equal(read(text).counts, read(genlc()).counts)


def test_a_header_repeated_among_the_rows_is_skipped() -> None:
    lines = genlc().splitlines()
    assert len(read("\n".join([*lines[:12], *HEAD.splitlines(), *lines[12:]]))) == 10


def test_rows_without_a_number_are_dropped_never_filled() -> None:
    curve = read(genlc(counts=[5000, "nan", 5004, "NaN", 5008]))
    assert curve.counts.tolist() == [5000, 5004, 5008]
    assert np.diff(curve.start_s) == pytest.approx([0.1, 0.1], abs=1e-6)
    assert curve.width_s == pytest.approx(0.05) or len(set(curve.width_s)) == 1


def test_counts_in_exponent_form_are_read_and_saturated_bins_masked() -> None:
    curve = read(genlc(counts=["5000", "1.0235e+05", "5004", "8.9e+04"]))
    assert curve.counts[1] == 102350
    assert curve.mask.tolist() == [False, True, False, False]


def test_bins_sent_as_zero_are_lost_telemetry_and_masked_in_every_form() -> None:
    for text, form in ((genlc(counts=[5000, 0, 5004]), "genlc"), (rtlc([5000, 0, 5004]), "rtlc-json")):
        curve = read(text, form)
        assert curve.mask.tolist() == [False, True, False]


def test_where_the_background_was_subtracted_zero_is_a_value_like_others() -> None:
    assert spi_acs.unusable(np.array([12.0, 0.0, -8.0]), np.full(3, 0.05)) is None


def test_late_and_repeated_rows_of_a_real_time_reply_are_put_in_order() -> None:
    reply = json.loads(rtlc([5000, 5002, 5004]))
    rows = reply["lc"]["data"] if "lc" in reply else reply["data"]
    rows[:] = [rows[2], rows[0], rows[1], rows[0]]
    assert read(json.dumps(reply), "rtlc-json").counts.tolist() == [5000, 5002, 5004]


@pytest.mark.parametrize("word", ["NoData", "ZeroData", "NoAuxData", "Over revolution"])
def test_error_words_with_http_200_are_no_data(word: str) -> None:
    for text in (word, json.dumps(f"error: {word}\n"), f"<br>{word}<br>"):
        with pytest.raises(ServerWordError) as caught:
            read(text)
        assert caught.value.word == word


@pytest.mark.parametrize(
    "text", ["<html><body>502 Bad Gateway</body></html>", "<!DOCTYPE html>\n<p>", "\x00\x01", "   ", '"cut']
)
def test_what_is_no_data_is_refused(text: str) -> None:
    for form in ("genlc", "ipnlc", "rtlc-json", "csv"):
        with pytest.raises(ScienceError):
            read(text, form)


def test_ijd_counted_in_utc_is_found_and_refused() -> None:
    with pytest.raises(ScienceError, match="UTC, not TT"):
        read(genlc(shift_s=-65.184))


def test_time_columns_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ScienceError, match="disagree"):
        read(genlc(shift_s=0.01))


def test_a_file_cut_off_within_a_row_is_refused() -> None:
    text = genlc().rstrip().rsplit(" ", 2)[0]
    with pytest.raises(ScienceError, match="cut off"):
        read(text)


@pytest.mark.parametrize("order", [[0, 1, 1, 2], [0, 2, 1, 3]])
def test_repeated_or_unsorted_rows_are_refused(order: Any) -> None:
    lines = genlc().splitlines()
    rows = [lines[8 + k] for k in order]
    with pytest.raises(ScienceError, match="backwards or repeats"):
        read("\n".join([*lines[:8], *rows]))


IPNLC = (
    "'INTEGRAL  ' '19/03/08' 20100.00000 100.000  10000.000<br>\n5780.0 0.05000000<br>\n"
    "     0.012 5894.00000<br>\n     0.062 5644.00000<br>\n     0.112        nan<br>\n     0.162 5830.00000<br>\n"
)


def test_ipnlc_times_are_bin_starts() -> None:
    curve = read(IPNLC, "ipnlc")
    assert curve.instrument == "SPI-ACS"
    assert curve.t0_utc == to_utc(REFERENCE)
    assert curve.start_s.tolist() == [0.012, 0.062, 0.162]
    assert curve.counts.tolist() == [5894, 5644, 5830]
    assert curve.energy_kev == (100.0, 10000.0)


def test_ipnlc_and_genlc_of_the_same_bins_agree() -> None:
    a, b = read(IPNLC, "ipnlc"), read(genlc(counts=[5894, 5644, "nan", 5830], first_s=0.037))
    assert b.start_s == pytest.approx(a.start_s, abs=6e-4)


def rtlc(counts: Any, *, start: Any = "2023-05-25T12:00:00", **more: Any) -> Any:
    data = [[c, utc_to_ijd(start) + 0.05 * k / 86400] for k, c in enumerate(counts)]
    return json.dumps({"lc": {"index": [], "columns": ["counts", "ijd"], "data": data}, "prophecy": ["x", {}], **more})


def test_rtlc_is_real_time_and_its_times_are_absolute() -> None:
    curve = read(rtlc([4500, 4502, None, 4506]), "rtlc-json")
    assert curve.t0_utc == to_utc("2023-05-25T12:00:00")
    assert curve.start_s == pytest.approx([-0.025, 0.025, 0.125], abs=1e-6)
    assert curve.timing.product == "realtime"
    assert curve.timing.is_approximate


def test_a_stated_t0_only_moves_the_origin_of_absolute_times() -> None:
    curve = read(rtlc([4500, 4502, 4504]), "rtlc-json", t0_utc="2023-05-25T12:00:10")
    assert curve.start_s[0] == pytest.approx(-10.025, abs=1e-6)


def test_real_time_data_before_april_2004_get_their_clock_correction() -> None:
    early = read(rtlc([4500, 4502, 4504], start="2004-04-02T10:59:00"), "rtlc-json")
    late = read(rtlc([4500, 4502, 4504], start="2004-04-02T11:01:00"), "rtlc-json")
    assert early.start_s[0] == pytest.approx(-0.150, abs=1e-6)
    assert "0.125 s subtracted" in early.timing.note
    assert late.start_s[0] == pytest.approx(-0.025, abs=1e-6)
    assert "subtracted" not in late.timing.note


def test_archival_data_before_april_2004_are_right_already() -> None:
    text = genlc().replace("2008-03-19", "2003-03-19")
    shift_days = utc_to_ijd(REFERENCE) - utc_to_ijd("2003-03-19T05:35:00")
    rows = [line if line.startswith("#") else _earlier(line, shift_days) for line in text.splitlines()]
    assert "subtracted" not in read("\n".join(rows)).timing.note


def _earlier(line: str, days: Any) -> Any:
    ijd, *rest = line.split()
    return " ".join([f"{float(ijd) - days:.20g}", *rest])


@pytest.mark.parametrize("text", ['{"data": []}', '{"lc": {"columns": ["a"], "data": [[1]]}}', "[]", "{", '{"lc": 3}'])
def test_rtlc_without_rows_is_no_data(text: str) -> None:
    with pytest.raises(ScienceError):
        read(text, "rtlc-json")


def test_formats_are_told_from_the_content() -> None:
    assert guess_format(genlc().encode()) == "genlc"
    assert guess_format(json.dumps(genlc()).encode()) == "genlc"
    assert guess_format(IPNLC.encode()) == "ipnlc"
    assert guess_format(rtlc([1, 2]).encode()) == "rtlc-json"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"NoData", "NoData"),
        (b"NoAuxData", "NoAuxData"),
        (b"Over revolution", "Over revolution"),
        (b"<!DOCTYPE html><html><title>502 Bad Gateway</title></html>", "HTML or XML page came instead of data"),
    ],
)
def test_what_a_server_says_instead_of_data_is_told_where_no_format_is_named(content: bytes, words: str) -> None:
    with pytest.raises(ScienceError, match=words):
        guess_format(content)
