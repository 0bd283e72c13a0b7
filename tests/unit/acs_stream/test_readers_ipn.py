"""Readers of the IPN text family, CSV and the choice of channels."""

from typing import Any

import numpy as np
import pytest

from acs_stream.readers import FORMATS, guess_format, read_channels, read_light_curve
from acs_stream.readers.ipn import dead_time_corrected_variance, pooled_mean
from acs_stream.readers.table import bins_from_starts, rebin
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import LightCurve

T0 = "2020-04-15T08:48:01.403392"
HEND = "'MS01 HEND '  '15/04/20'  30325.011\n50.00  3000.00\n0.0 0.25\n0.000\t38\n0.250\t42\n0.500\t48\n"
GBM = (
    "SrcName: GRB200415367\nT0 = 608633290.564 MET\nEmin (keV):  21.1  85.0 360.4\nEmax (keV):  85.0 360.4 983.3\n"
    "-0.002          2     1     2\n-0.001          5     3     0\n0.000          5     5     0\n"
)


def konus(rate: Any = 6.0, n: int = 400, tau: Any = 0.0016, seed: int = 3) -> Any:
    """Konus-like rows: counts per channel multiplied by their dead-time factor, printed to 0.01."""
    rng = np.random.default_rng(seed)
    whole = rng.poisson(np.broadcast_to(rate, (3, n)).T)
    value = whole / (1 - tau * whole)
    rows = [
        f"{-0.4 + 0.002 * k:.3f}\t" + "\t".join(f"{v:.2f}" for v in (*row, row.sum())) for k, row in enumerate(value)
    ]
    return "\n".join(rows), whole


def read(text: str, form: str = "ipn-thr", **options: Any) -> Any:
    return read_light_curve(text.encode(), format=form, **options)


def test_hend_file_gives_its_own_time_zero_band_and_bin() -> None:
    curve = read(HEND)
    assert curve.instrument == "Mars-Odyssey-HEND"
    assert curve.t0_utc == to_utc("2020-04-15T08:25:25.011")
    assert (curve.width_s[0], curve.energy_kev) == (0.25, (50.0, 3000.0))


@pytest.mark.parametrize("lines", [1, 2])
def test_header_tokens_may_stand_on_other_lines(lines: Any) -> None:
    text = HEND.replace("\n", " ", 1) if lines == 2 else HEND.replace("\n", " ", 2)
    assert np.array_equal(read(text).counts, [38, 42, 48])


@pytest.mark.parametrize(
    "bad", [HEND.replace("15/04/20", "2020-04-15"), HEND.replace("0.25\n", "\n", 1), HEND.replace("0.0 0.25", "0.0 0")]
)
def test_a_broken_header_is_refused(bad: Any) -> None:
    with pytest.raises(ScienceError):
        read(bad)


def test_gbm_text_has_three_bands_that_energies_choose() -> None:
    assert read(GBM).counts.tolist() == [5, 8, 10]
    assert read(GBM, energy_kev=(50, 300)).counts.tolist() == [1, 3, 5]
    assert read(GBM, columns=["C1", 3]).counts.tolist() == [4, 5, 5]
    assert read(GBM).t0_utc == to_utc("2020-04-15T08:48:05.564")


def test_konus_sum_column_is_not_counted_twice() -> None:
    text, _ = konus()
    total, summed = read(text, t0_utc=T0), read(text, t0_utc=T0, columns=["sum"])
    assert total.instrument == "Konus-Wind"
    assert total.counts == pytest.approx(summed.counts, abs=0.05)
    assert [c.energy_kev for c in read_channels(text.encode(), format="ipn-thr", t0_utc=T0)][1] == (90.0, 380.0)


def test_konus_counts_are_not_integers_and_their_variance_is_stated() -> None:
    text, whole = konus(rate=np.where(np.arange(800) < 400, 4.0, 60.0), n=800)
    curve = read(text, t0_utc=T0, columns=["G2"])
    bright = slice(400, 800)
    factor = 1 / (1 - 0.0016 * 60)
    assert np.mean(curve.variance_counts[bright]) == pytest.approx(factor**2 * whole[bright, 1].mean(), rel=0.08)


def test_empty_bins_have_no_zero_variance() -> None:
    text, _ = konus(rate=0.3)
    assert (read(text, t0_utc=T0).variance_counts > 0).all()


def test_a_file_without_time_zero_needs_one() -> None:
    text, _ = konus()
    with pytest.raises(ScienceError, match="time zero"):
        read(text)


def test_a_stated_t0_wins_and_a_difference_over_a_millisecond_is_noted() -> None:
    near = read(GBM, t0_utc="2020-04-15T08:48:05.563746")
    far = read(GBM, t0_utc="2020-04-15T08:48:05.571")
    assert near.t0_utc == to_utc("2020-04-15T08:48:05.563746")
    assert "stated T0" not in near.timing.note
    assert far.t0_utc == to_utc("2020-04-15T08:48:05.571")
    assert "+0.007000 s" in far.timing.note
    assert far.start_s.tolist() == near.start_s.tolist()


@pytest.mark.parametrize("columns", [["G9"], ["sum", "nope"], []])
def test_a_column_that_does_not_exist_is_refused(columns: Any) -> None:
    text, _ = konus()
    with pytest.raises(ScienceError, match=r"column|channel"):
        read(text, t0_utc=T0, columns=columns)


def test_a_band_without_channels_is_refused() -> None:
    with pytest.raises(ScienceError, match="no channel"):
        read(GBM, energy_kev=(2000, 3000))


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ScienceError, match="no light-curve format"):
        read(GBM, "doc")
    assert "gbm-tte" in FORMATS


def test_bins_from_starts_see_gaps_and_changes_of_resolution() -> None:
    assert bins_from_starts([0, 1, 2, 5, 6, 7]) == pytest.approx([1, 1, 1, 1, 1, 1])
    assert bins_from_starts([0, 2, 4, 20, 36, 52]) == pytest.approx([2, 2, 16, 16, 16, 16])
    with pytest.raises(ScienceError, match="fewer than two"):
        bins_from_starts([0.0])


def test_rebinning_drops_what_a_gap_or_a_mask_cuts() -> None:
    start = np.array([0, 1, 2, 3, 6, 7, 8, 9], dtype=float)
    mask = np.array([0, 0, 0, 0, 0, 1, 0, 0], dtype=bool)
    curve = rebin(LightCurve("x", T0, start, 1.0, np.arange(8.0), mask=mask), 2.0)
    assert curve.start_s.tolist() == [0, 2, 8]
    assert curve.counts.tolist() == [1, 5, 13]
    with pytest.raises(ScienceError, match="multiple"):
        rebin(LightCurve("x", T0, start, 1.0, np.arange(8.0)), 1.5)


def test_rebinning_on_reading() -> None:
    assert read(HEND + "0.750\t40\n", bin_s=0.5).counts.tolist() == [80, 88]


def test_pooled_mean_is_local() -> None:
    counts = np.array([0.0] * 50 + [100.0] + [0.0] * 50)
    mean = pooled_mean(counts)
    assert mean[50] == 100.0
    assert mean[0] < 2.0
    variance = dead_time_corrected_variance(counts[None, :], np.array([False]))
    assert (variance > 0).all()


CSV = (
    "# t0_utc: 2020-04-15T08:48:05\n# instrument: Demo\nstart_s,width_s,counts_20_90,counts_90_380,mask\n"
    "0,1,5,6,0\n1,1,7,8,1\n2,1,,8,0\n3,1,7,8,0\n"
)


def test_csv_with_named_columns() -> None:
    curve = read(CSV, "csv")
    assert curve.instrument == "Demo"
    assert curve.t0_utc == to_utc("2020-04-15T08:48:05")
    assert curve.counts.tolist() == [11, 15, 15]
    assert curve.mask.tolist() == [False, True, False]
    assert read(CSV, "csv", energy_kev=(100, 300)).counts.tolist() == [6, 8, 8]


def test_csv_of_rates_keeps_their_errors() -> None:
    curve = read("utc,width_s,rate_cts_s,error_cts_s\n2020-01-01T00:00:00,2,-1.5,3\n2020-01-01T00:00:02,2,4,3\n", "csv")
    assert curve.counts.tolist() == [-3.0, 8.0]
    assert curve.variance_counts.tolist() == [36.0, 36.0]
    assert curve.start_s == pytest.approx([0.0, 2.0], abs=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n",
        "start_s,counts\n1\n",
        "start_s,counts\n1,x\n2,3\n",
        "start_s\n1\n2\n",
        "1,2\n3,4\n",
        "start_s,counts,counts\n1,2,3\n",
    ],
)
def test_csv_that_says_too_little_is_refused(text: str) -> None:
    with pytest.raises(ScienceError):
        read(text, "csv", t0_utc=T0)


def test_csv_columns_nobody_knows_are_passed_over() -> None:
    assert read("start_s,counts,remark\n0,5,fine\n1,6,also\n", "csv", t0_utc=T0).counts.tolist() == [5, 6]


def test_formats_of_text_files() -> None:
    text, _ = konus()
    assert guess_format(HEND.encode()) == guess_format(GBM.encode()) == guess_format(text.encode()) == "ipn-thr"
    assert guess_format(CSV.encode()) == "csv"
    assert guess_format(b"20200415 31681.403392 08:48:01.403392 2.14708 1.94712 1428868.0\n") == "eph"
    with pytest.raises(ScienceError, match="not known"):
        guess_format(b"source=200415.lz\n")
