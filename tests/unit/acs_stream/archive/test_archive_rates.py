"""The archive of rates: what is stored is read, once, in any bins."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from unit.acs_stream.archive.archive_values import CONSOLIDATED, REALTIME, T0, after, curve

from acs_stream.archive.rate_archive import RateArchive
from acs_stream.archive.regrid import regrid
from acs_stream.archive.rows import from_light_curve
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import LightCurve, Timing


@pytest.fixture(params=["folder", "memory"])
def archive(request: Any, tmp_path: Path) -> RateArchive:
    return RateArchive(tmp_path / "rates" if request.param == "folder" else f"memory://{tmp_path}/rates")


def same(a: Any, b: Any) -> bool:
    return np.array_equal(np.round((a.start_s + (a.t0_utc - b.t0_utc).total_seconds()) * 1e6),
                          np.round(b.start_s * 1e6)) and np.array_equal(a.counts, b.counts)  # fmt: skip


def test_what_is_stored_is_read_back_with_its_timing_and_band(archive: RateArchive) -> None:
    stored = curve()
    assert archive.add(stored).new == 1200
    found = archive.read("SPI-ACS", T0, after(60))
    assert same(found, stored)
    assert found.timing == CONSOLIDATED
    assert found.energy_kev == (75.0, 10_000.0)
    assert found.mask is None
    assert found.variance_counts is None
    assert archive.instruments() == ("SPI-ACS",)
    assert archive.days("SPI-ACS") == (date(2023, 5, 25),)
    assert archive.last_utc("SPI-ACS") == after(60)


def test_repeated_rows_are_stored_once(archive: RateArchive) -> None:
    archive.add(curve())
    again = archive.add(curve().select(np.arange(1200) >= 400))
    assert (again.new, again.repeated) == (0, 800)
    assert len(archive.read("SPI-ACS", T0, after(60))) == 1200


def test_late_packets_fill_their_place(archive: RateArchive) -> None:
    whole = curve()
    order = np.random.default_rng(1).permutation(12)
    for k in order:
        archive.add(whole.select(np.arange(1200) // 100 == k))
    assert same(archive.read("SPI-ACS", T0, after(60)), whole)


def test_consolidated_data_replace_real_time_ones_on_a_shifted_grid_and_never_the_other_way(
    archive: RateArchive,
) -> None:
    early = curve(seed=1, timing=REALTIME)
    late = curve(30.0, t0=after(15.025), seed=2)
    archive.add(early)
    archive.add(late)
    assert archive.add(early).new == 0
    found = archive.read("SPI-ACS", T0, after(60))
    rows = archive.rows("SPI-ACS", T0, after(60))
    products = np.array([kind.product for kind in rows.kinds])[rows.kind]
    assert int((products == "consolidated").sum()) == 600
    assert float(np.max(found.start_s[1:] - found.stop_s[:-1])) < 0.05
    inside = found.between(15.025, 45.025)
    assert same(inside, late)
    assert found.timing is not None
    assert found.timing.is_approximate
    assert found.timing.product == "realtime"
    assert "consolidated: 600 bins from 12:00:15" in found.timing.note


def test_a_newer_version_of_the_same_product_replaces_the_older(archive: RateArchive) -> None:
    archive.add(curve(seed=1))
    assert archive.add(curve(seed=2)).new >= 1100
    assert same(archive.read("SPI-ACS", T0, after(60)), curve(seed=2))


def test_coarser_data_do_not_replace_finer_ones_but_fill_their_gaps(archive: RateArchive) -> None:
    fine = curve()
    archive.add(fine.select((fine.start_s < 20) | (fine.start_s >= 40)))
    archive.add(curve(width_s=0.1, seed=9))
    found = archive.read("SPI-ACS", T0, after(60))
    assert float(found.width_s.sum()) == pytest.approx(60.0)
    assert int((found.width_s > 0.075).sum()) == 200


def test_a_day_boundary_and_a_leap_second_are_crossed_without_hole_or_double(archive: RateArchive) -> None:
    before = to_utc("2016-12-31T23:59:50")
    archive.add(curve(21.0, t0=before))
    found = archive.read("SPI-ACS", before, "2017-01-01T00:00:10")
    assert archive.days("SPI-ACS") == (date(2016, 12, 31), date(2017, 1, 1))
    assert len(found) == 420
    np.testing.assert_allclose(np.diff(found.start_s), 0.05, atol=1e-9)
    assert len(archive.read("SPI-ACS", "2016-12-31T23:59:59", "2017-01-01T00:00:00")) == 40


def test_gaps_stay_absent_and_saturated_bins_masked_in_any_bins(archive: RateArchive) -> None:
    whole = curve()
    mask = np.zeros(1200, dtype=bool)
    mask[100] = True
    archive.add(whole.replace(mask=mask).select((whole.start_s < 20.0) | (whole.start_s >= 25.02)))
    found = archive.read("SPI-ACS", T0, after(60), bin_s=1.0)
    assert set(np.round(np.arange(60), 6)) - set(np.round(found.start_s, 6)) == {20.0, 21.0, 22.0, 23.0, 24.0, 25.0}
    assert found.mask is not None
    assert float(found.start_s[found.mask][0]) == 5.0
    assert int(found.mask.sum()) == 1
    np.testing.assert_allclose(found.width_s, 1.0)
    assert found.counts[3] == whole.counts[60:80].sum()


@pytest.mark.parametrize("bin_s", [0.05, 0.07, 0.1, 0.33, 1.0, 7.77])
def test_any_rebinning_keeps_every_count_of_what_it_covers(archive: RateArchive, bin_s: float) -> None:
    whole = curve()
    archive.add(whole)
    found = archive.read("SPI-ACS", T0, after(60), bin_s=bin_s, t0_utc=after(30))
    first, last = found.start_s[0] + 30, found.stop_s[-1] + 30
    assert found.counts.sum() == whole.between(first, last).counts.sum()
    assert float(found.width_s.sum()) == pytest.approx(last - first)
    assert last - first > 60 - 2 * bin_s
    assert np.abs(found.width_s - bin_s).max() < 0.05


def test_finer_bins_than_the_data_and_empty_times_are_refused_with_words(archive: RateArchive) -> None:
    archive.add(curve())
    with pytest.raises(ScienceError, match=r"cannot be made into bins of 0\.01 s"):
        archive.read("SPI-ACS", T0, after(60), bin_s=0.01)
    with pytest.raises(ScienceError, match="holds no SPI-ACS data for this time"):
        archive.read("SPI-ACS", after(-600), after(-300))
    with pytest.raises(ScienceError, match="no known product kind"):
        archive.add(curve().replace(timing=None))
    with pytest.raises(ScienceError, match="is no name of an instrument"):
        archive.append("..", from_light_curve(curve()))


def test_variances_live_times_and_strange_names_survive(archive: RateArchive) -> None:
    n = 40
    stored = LightCurve(
        "Konus/Wind é",
        T0,
        np.arange(n) * 2.944,
        2.944,
        np.linspace(-3, 9, n),
        exposure_s=np.full(n, 2.9),
        variance_counts=np.linspace(1, 4, n),
        dead_time_s=5e-6,
        timing=Timing(product="ipn", clock_error_s=0.005, note="dead-time corrected"),
    )
    archive.add(stored)
    found = archive.read("Konus/Wind é", T0, after(200))
    assert archive.instruments() == ("Konus/Wind é",)
    np.testing.assert_allclose(found.variance_counts, stored.variance_counts)
    np.testing.assert_allclose(found.live_s, 2.9)
    assert found.dead_time_s == 5e-6
    assert found.timing == stored.timing


def test_many_small_appends_are_compacted_and_read_the_same(archive: RateArchive) -> None:
    whole = curve(200.0, t0=to_utc("2023-05-25T23:58:20"))
    for k in range(100):
        archive.add(whole.select(np.arange(4000) // 40 == k))
    found = archive.read("SPI-ACS", whole.t0_utc, whole.t0_utc + timedelta(seconds=200))
    assert same(found, whole)
    first, second = archive.days("SPI-ACS")
    assert archive.compact("SPI-ACS", first) == 0
    assert 2 <= archive.compact("SPI-ACS", second) <= 16
    assert same(archive.read("SPI-ACS", whole.t0_utc, whole.t0_utc + timedelta(seconds=200)), whole)


def test_a_damaged_file_is_named_and_keeps_nothing_new_from_being_stored(tmp_path: Path) -> None:
    archive = RateArchive(tmp_path)
    archive.add(curve())
    (part,) = tmp_path.rglob("*.parquet")
    part.write_bytes(part.read_bytes()[:-50])
    with pytest.raises(ScienceError, match=r"part-00000001.* is damaged"):
        archive.read("SPI-ACS", T0, after(60))
    for _ in range(20):
        assert archive.add(curve(60.0, t0=after(60))).new == 1200
    with pytest.raises(ScienceError, match=r"part-00000001.* is damaged"):
        archive.read("SPI-ACS", T0, after(120))
    part.unlink()
    assert same(archive.read("SPI-ACS", T0, after(120)), curve(60.0, t0=after(60)))


def test_a_file_that_is_no_part_and_one_half_written_are_passed_over(tmp_path: Path) -> None:
    archive = RateArchive(f"file://{tmp_path}")
    archive.add(curve())
    folder = next(tmp_path.rglob("*.parquet")).parent
    (folder / "README").write_text("hello", encoding="utf-8")
    (folder / ".part-00000002-1-2-3-aaaaaaaa.parquet.ffff").write_bytes(b"PAR1 half")
    assert len(archive.read("SPI-ACS", T0, after(60))) == 1200


@pytest.mark.parametrize("bin_s", [8.0, 7.3, 100_000.0])
def test_wide_bins_of_many_days_are_made_piece_by_piece_without_hole_or_double(tmp_path: Path, bin_s: float) -> None:
    archive = RateArchive(tmp_path)
    whole = curve(300_000.0, width_s=1.0)
    archive.add(whole.select((whole.start_s < 130_000) | (whole.start_s >= 130_500)))
    found = archive.read("SPI-ACS", T0, after(300_000), bin_s=bin_s)
    np.testing.assert_array_equal(found.counts, regrid(archive.read("SPI-ACS", T0, after(300_000)), bin_s).counts)
    lost = 300_000 - float(found.width_s.sum())
    assert lost <= (500 + 3 * bin_s if bin_s < 1000 else 100_000)
    assert found.timing == CONSOLIDATED
    with pytest.raises(ScienceError, match="no data in the whole interval"):
        archive.read("SPI-ACS", after(-900_000), after(-300_000), bin_s=bin_s)
