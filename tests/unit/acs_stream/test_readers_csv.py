"""CSV as people write it: their own column names, separators, headers behind a hash, a leap second inside."""

from typing import Any

import pytest

from acs_stream.readers import guess_format, read_light_curve
from tocsin.domain.errors import ScienceError

T0 = "2020-01-01T00:00:00"
OWN = "t,G1,G2,G3,sum\n0,1,2,3,6\n1,4,5,6,15\n2,7,8,9,24\n"


def counts(text: str, **options: Any) -> list[float]:
    curve = read_light_curve(text.encode(), format="csv", t0_utc=T0, **options)
    found: list[float] = curve.counts.tolist()
    return found


def test_columns_with_names_of_their_own_are_chosen_by_name() -> None:
    assert counts(OWN, columns=["G2"]) == [2, 5, 8]
    assert counts(OWN, columns=["g1", "G3"]) == [4, 10, 16]


def test_a_column_that_is_the_sum_of_the_others_is_left_out_by_default() -> None:
    assert counts(OWN) == [6, 15, 24]


def test_errors_beside_the_columns_become_their_variance() -> None:
    text = "t,G1,G1_err,G2,G2_err\n0,-1,3,2,4\n1,4,3,5,4\n"
    curve = read_light_curve(text.encode(), format="csv", t0_utc=T0)
    assert curve.counts.tolist() == [1, 9]
    assert curve.variance_counts is not None
    assert curve.variance_counts.tolist() == [25, 25]


@pytest.mark.parametrize("separator", [",", ";", "\t", ", "])
@pytest.mark.parametrize("hash_", ["", "# ", "#"])
def test_separators_and_a_header_behind_a_hash(separator: str, hash_: str) -> None:
    rows = [["start_s", "counts"], ["0", "5"], ["1", "6"]]
    text = hash_ + "\n".join(separator.join(row) for row in rows)
    assert counts(text) == [5, 6]
    if not (hash_ and separator == "\t"):  # without names, tabs are the text of the IPN as well
        assert guess_format(text.encode()) == "csv"


def test_columns_of_words_alone_are_no_counts() -> None:
    with pytest.raises(ScienceError, match="neither a column of counts"):
        counts("start_s,remark\n0,fine\n1,also\n")


@pytest.mark.parametrize("rows", ["0,5\n2,6\n1,7\n", "0,5\n1,6\n1,6\n2,7\n"])
def test_time_that_goes_backwards_or_repeats_is_called_so(rows: str) -> None:
    with pytest.raises(ScienceError, match="time goes backwards or repeats"):
        counts("start_s,counts\n" + rows)


def test_over_a_leap_second_times_are_moved_by_what_passed() -> None:
    text = "start_s,counts\n" + "".join(f"{t},{t}\n" for t in range(5))
    curve = read_light_curve(text.encode(), format="csv", t0_utc="2016-12-31T23:59:58")
    assert curve.with_t0("2017-01-01T00:00:00").start_s.tolist() == [-3, -2, -1, 0, 1]
