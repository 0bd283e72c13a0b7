"""Energy that limits allow, over the joint posterior of place and distance within a region."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acs_stream.attitude import Attitude
from acs_stream.energetics import CM_PER_MPC, LAYERS, MEAN, redshift_of
from acs_stream.limits import limits_from_counts
from acs_stream.region_energy import Distance, energies_over_regions, isotropic_over_region
from acs_stream.response import ResponseTable
from acs_stream.sky_limits import region_cells
from triangulation import pixels
from triangulation.geometry import radec_deg
from triangulation.skymap import SkyMap

CONFIG = Path(__file__).resolve().parents[3] / "config"
TABLE = ResponseTable.from_config(tomllib.loads((CONFIG / "response.toml").read_text()), file="response.toml")
DISC = SkyMap.from_position(75.0, 0.0, error_radius_deg=8.0, max_order=5)


def with_distances(skymap: SkyMap, mu: Any, sigma: Any) -> SkyMap:
    n = len(skymap)
    layers = {"DISTMU": np.broadcast_to(mu, n), "DISTSIGMA": np.broadcast_to(sigma, n), "DISTNORM": np.ones(n)}
    return replace(skymap, distance=layers)


def right_ascensions(skymap: SkyMap) -> Any:
    return radec_deg(pixels.centres_mixed(skymap.order, skymap.pixel))[0]


def over(skymap: SkyMap, values: Any, **options: Any) -> Any:
    cells, _, _ = region_cells(skymap, 0.9)
    return isotropic_over_region(
        np.broadcast_to(np.asarray(values, dtype=float), cells.size),
        skymap,
        cells,
        TABLE.hard,
        band_kev=TABLE.band_kev,
        **options,
    )


def test_quantiles_are_those_of_the_distances_drawn_from_the_map() -> None:
    found = over(with_distances(DISC, 100.0, 30.0), 3.3e-7)
    rng = np.random.default_rng(1)
    d = rng.normal(100.0, 30.0, 400_000)
    d = d[d > 0]
    d = rng.choice(d, 200_000, p=d**2 / (d**2).sum())
    z = redshift_of(d)
    k = np.interp(z, [0.0, 0.05], [TABLE.hard.k_correction(TABLE.band_kev, each) for each in (0.0, 0.05)])
    drawn = np.quantile(4 * np.pi * (d * CM_PER_MPC) ** 2 * k * 3.3e-7 / (1 + z), [0.05, 0.5, 0.95])
    assert [found.low, found.median, found.high] == pytest.approx(drawn, rel=0.01)
    assert found.distance_from == LAYERS
    assert found.simple == pytest.approx(4 * np.pi * (found.distance_mpc * CM_PER_MPC) ** 2 * 3.3e-7)
    assert found.distance_mpc == pytest.approx(116.5, abs=0.5)


def test_a_near_edge_and_a_far_edge_are_weighed_with_their_own_limits() -> None:
    ra = right_ascensions(DISC)
    east = ra > 75.0
    split = with_distances(DISC, np.where(east, 40.0, 400.0), 1.0)
    cells, _, _ = region_cells(split, 0.9)
    values = np.where(east[cells], 1e-7, 4e-7)
    found = isotropic_over_region(values, split, cells, TABLE.hard, band_kev=TABLE.band_kev)
    assert found is not None
    near, far = (over(with_distances(DISC, mpc, 1.0), limit) for mpc, limit in ((40.0, 1e-7), (400.0, 4e-7)))
    assert found.low == pytest.approx(near.median, rel=0.1)
    assert found.high == pytest.approx(far.median, rel=0.05)


def test_a_map_of_many_cells_is_followed_in_some_of_them_to_the_same_end() -> None:
    fine = SkyMap.from_position(75.0, 0.0, error_radius_deg=20.0, max_order=7)
    ra = right_ascensions(fine)
    found = over(with_distances(fine, 100.0 + 2.0 * ((ra - 75.0 + 180) % 360 - 180).clip(-25, 25), 10.0), 1e-7)
    coarse = SkyMap.from_position(75.0, 0.0, error_radius_deg=20.0, max_order=5)
    ra = right_ascensions(coarse)
    other = over(with_distances(coarse, 100.0 + 2.0 * ((ra - 75.0 + 180) % 360 - 180).clip(-25, 25), 10.0), 1e-7)
    assert [found.low, found.median, found.high] == pytest.approx([other.low, other.median, other.high], rel=0.03)


def test_without_layers_two_numbers_serve_and_without_those_there_is_no_energy() -> None:
    plain = over(DISC, 3.3e-7, distance=Distance(mean_mpc=108.0, error_mpc=20.0))
    assert plain.distance_from == MEAN
    assert f"{plain.simple:.1e}" == "4.6e+47"
    assert over(DISC, 3.3e-7) is None
    holes = with_distances(DISC, np.inf, 1.0)
    assert over(holes, 3.3e-7, distance=Distance(mean_mpc=108.0)).distance_from == MEAN


def test_limits_of_the_turned_craft_go_into_the_energy_of_each_region() -> None:
    attitude = Attitude.from_radec("2023-03-07", x_deg=(0.0, 0.0), z_deg=(0.0, 90.0), spacecraft="INTEGRAL")
    near = with_distances(DISC, 100.0, 5.0)
    limits = limits_from_counts(1000.0, 2900.0, response=TABLE.at(75.0))
    turned = energies_over_regions(limits, TABLE, near, attitude=attitude, distance=None)
    still = energies_over_regions(limits, TABLE, near, attitude=None, distance=None)
    assert [one.level for one in turned] == [0.5, 0.9]
    assert turned[1].energy.simple >= turned[0].energy.simple > 0
    assert still[0].energy.simple == pytest.approx(still[1].energy.simple)
    assert still[0].energy.simple / still[0].luminosity.simple == pytest.approx(1 / 0.86, rel=0.02)
    counts_only = limits_from_counts(1000.0, 2900.0, response=None)
    assert energies_over_regions(counts_only, TABLE, near, attitude=attitude, distance=None) == ()
