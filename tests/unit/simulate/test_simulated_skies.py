"""Simulated gravitational-wave maps: they tile the sky, and cover honestly."""

from datetime import UTC, datetime
from pathlib import Path

import healpix
import numpy as np
import pytest

from tocsin.simulate.skies import draw_gravitational_wave_map
from triangulation.skymap import SkyMap

T0 = datetime(2024, 10, 17, 2, 4, tzinfo=UTC)


def test_pixels_tile_the_sky_once_and_hold_all_probability() -> None:
    skymap = draw_gravitational_wave_map(np.random.default_rng(1))
    order = ((np.log2(skymap.uniq / 4)) // 2).astype(int)
    assert (1.0 / (12.0 * 4.0**order)).sum() == pytest.approx(1.0)
    assert skymap.probability.sum() == pytest.approx(1.0)
    assert 30.0 < skymap.area_deg2(0.5) < skymap.area_deg2(0.9) < 6000.0


def test_truths_drawn_from_a_map_fall_into_its_regions_as_often_as_they_say() -> None:
    rng = np.random.default_rng(2)
    levels = []
    for _ in range(300):
        skymap = draw_gravitational_wave_map(rng)
        ra, dec = skymap.draw_direction(rng)
        ranked = np.argsort(-skymap.density_sr)
        order = ((np.log2(skymap.uniq[ranked] / 4)) // 2).astype(int)
        parents = [healpix.ang2pix(2 ** int(o), ra, dec, nest=True, lonlat=True) + 4 ** (int(o) + 1) for o in range(10)]
        at = int(np.flatnonzero(skymap.uniq[ranked] == np.array(parents)[order])[0])
        levels.append(float(np.cumsum(skymap.probability[ranked])[at]))
    assert np.mean(np.array(levels) < 0.5) == pytest.approx(0.5, abs=0.09)
    assert np.mean(np.array(levels) < 0.9) == pytest.approx(0.9, abs=0.055)


def test_the_file_reads_back_as_a_sky_map(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    skymap = draw_gravitational_wave_map(rng)
    ra, dec = skymap.draw_direction(rng)
    path = tmp_path / "map.fits"
    path.write_bytes(skymap.to_fits(superevent_id="S241017ab", t0_utc=T0, made_utc=T0, detectors="H1,L1"))
    read = SkyMap.read(path)
    assert read.credible_area_deg2(0.9) == pytest.approx(skymap.area_deg2(0.9), rel=0.05)
    assert 0.0 <= read.containment(ra, dec) <= 1.0
