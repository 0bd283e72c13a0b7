"""Plane-wave geometry and annuli: signs, edges, refusals."""

import numpy as np
import pytest

from tocsin.domain.errors import ScienceError
from triangulation.annulus import annulus_from_delay, crossings
from triangulation.delay import DelayPosterior
from triangulation.ephemeris_file import SolarSystem, packaged_de421
from triangulation.geometry import (
    SPEED_OF_LIGHT_KM_S,
    SpacecraftPosition,
    arrival_minus_geocentre_s,
    baseline,
    separation_deg,
    unit_vector,
)


def position(ra_deg: float, dec_deg: float, altitude_km: float) -> np.ndarray:
    return (6371.0 + altitude_km) * unit_vector(ra_deg, dec_deg)


def test_arrivals_of_a_published_simulated_network_of_three_craft_are_exact() -> None:
    craft = [position(10, 0, 500), position(170, -10, 3000), position(20, 40, 15000)]
    arrivals = [arrival_minus_geocentre_s(each, 80, -30) for each in craft]
    assert arrivals == pytest.approx([-0.006789, -0.002714, -0.000735], abs=1e-6)


def test_arrivals_of_a_published_simulated_pair_with_a_high_orbit_are_exact() -> None:
    arrivals = [
        arrival_minus_geocentre_s(each, 180, 30) for each in (position(300, -45, 153000), position(60, 10, 500))
    ]
    assert arrivals == pytest.approx([0.350721, 0.007784], abs=1e-6)


def test_the_true_direction_lies_on_the_centre_line_for_two_thousand_random_pairs() -> None:
    rng = np.random.default_rng(11)
    worst = 0.0
    for _ in range(2000):
        high = rng.uniform(60_000, 150_000) * random_direction(rng)
        low = rng.uniform(6800, 7000) * random_direction(rng)
        source = random_direction(rng)
        delay = float(baseline(high, low).delay_s(source))
        annulus = annulus_from_delay(high, low, DelayPosterior.gaussian(delay, 0.001))
        worst = max(worst, abs(float(separation_deg(annulus.pair.axis, source)) - annulus.radius_deg))
    assert worst < 1e-6


def random_direction(rng: np.random.Generator) -> np.ndarray:
    vector = rng.normal(size=3)
    return vector / np.linalg.norm(vector)


def test_a_delay_longer_than_the_baseline_by_more_than_four_sigma_is_inconsistent() -> None:
    with pytest.raises(ScienceError, match="inconsistent"):
        annulus_from_delay([SPEED_OF_LIGHT_KM_S, 0, 0], [0, 0, 0], DelayPosterior.gaussian(1.05, 0.01))


def test_a_delay_near_the_length_of_the_baseline_gives_a_disc_with_exact_edge() -> None:
    disc = annulus_from_delay([SPEED_OF_LIGHT_KM_S, 0, 0], [0, 0, 0], DelayPosterior.gaussian(0.999, 0.001))
    assert "disc" in disc.flags
    assert disc.inner_deg == 0.0
    assert disc.outer_deg == pytest.approx(np.degrees(np.arccos(0.999 - 0.003)), abs=1e-3)


def test_position_errors_widen_the_annulus() -> None:
    where = [
        SpacecraftPosition.from_radec("x", "2020-01-01", ra_deg=10, dec_deg=5, distance_km=3e5, error_km=error)
        for error in (0.0, 3000.0)
    ]
    low = SpacecraftPosition.from_radec("y", "2020-01-01", ra_deg=200, dec_deg=5, distance_km=7000)
    sharp, wide = (annulus_from_delay(each, low, DelayPosterior.gaussian(0.1, 0.001)) for each in where)
    expected = np.hypot(0.001, 3000 / SPEED_OF_LIGHT_KM_S) / 0.001
    assert wide.half_width_3sigma_deg / sharp.half_width_3sigma_deg == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("distance_km", [6.9, 5000.0, 7.0e12])
def test_a_position_inside_the_earth_or_in_metres_is_refused(distance_km: float) -> None:
    with pytest.raises(ScienceError, match="cannot be"):
        SpacecraftPosition.from_radec("x", "2020-01-01", ra_deg=0, dec_deg=0, distance_km=distance_km)


def test_craft_at_the_same_place_have_no_annulus() -> None:
    with pytest.raises(ScienceError, match="same place"):
        annulus_from_delay([7000.0, 0, 0], [7000.0, 0, 0], DelayPosterior.gaussian(0.0, 0.001))


def test_parallel_baselines_do_not_cross() -> None:
    rings = [annulus_from_delay([x, 0, 0], [0, 0, 0], DelayPosterior.gaussian(0.1, 0.001)) for x in (3e5, 6e5)]
    assert crossings(*rings) == ()


def test_barycentric_positions_agree_with_the_aberrated_direction_to_a_microsecond() -> None:
    wind = SpacecraftPosition.from_radec(
        "Wind", "2020-04-15T08:48:01.403392", ra_deg=2.14708, dec_deg=1.94712, distance_km=1428868.0
    )
    fermi = SpacecraftPosition.from_radec(
        "Fermi", "2020-04-15T08:48:05.564", ra_deg=58.14031, dec_deg=-23.94317, distance_km=6913.6
    )
    source = unit_vector(11.888, -25.288)
    with SolarSystem(packaged_de421()) as sun:
        velocity = sun.earth_km(wind.epoch_utc)[1] / SPEED_OF_LIGHT_KM_S
        lifted = baseline(wind, fermi, earth=sun)
    gamma = 1.0 / np.sqrt(1.0 - velocity @ velocity)
    along = source @ velocity
    seen = (source / gamma + velocity + gamma / (1 + gamma) * along * velocity) / (1 + along)
    plain = baseline(wind, fermi)
    assert np.linalg.norm(seen) == pytest.approx(1.0, abs=1e-12)
    assert float(lifted.delay_s(source)) == pytest.approx(float(plain.delay_s(seen)), abs=1e-6)
    assert lifted.clock_offset_s == pytest.approx(-0.18e-3, abs=0.01e-3)
