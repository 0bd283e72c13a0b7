"""Where the craft are, and when a burst passes them."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tocsin.domain.errors import ScienceError
from tocsin.simulate.network import draw_network, draw_well_placed
from tocsin.simulate.spacecraft import (
    KeplerOrbit,
    LagrangeOrbit,
    angle_deg,
    arrival_utc,
    direction,
    mars_km,
    near,
    position,
    ra_dec_deg,
    sees,
    sun,
)
from triangulation.ephemeris_file import SolarSystem, packaged_de421
from triangulation.geometry import arrival_minus_geocentre_s, baseline

T0 = datetime(2024, 10, 17, 2, 15, tzinfo=UTC)


def test_a_kepler_orbit_keeps_its_distances_and_comes_back_after_a_period() -> None:
    orbit = KeplerOrbit(
        epoch_utc=T0, semi_major_km=80_700.0, eccentricity=0.87, inclination_deg=60.0,
        node_deg=10.0, argument_deg=280.0, mean_anomaly_deg=0.0,
    )  # fmt: skip
    assert np.linalg.norm(orbit(T0)) == pytest.approx(80_700 * 0.13)
    half = T0 + timedelta(seconds=orbit.period_s / 2)
    assert np.linalg.norm(orbit(half)) == pytest.approx(80_700 * 1.87)
    assert orbit(T0 + timedelta(seconds=orbit.period_s)) == pytest.approx(orbit(T0), abs=1.0)
    assert orbit.period_s / 86400 == pytest.approx(2.64, abs=0.02)


def test_wind_is_sunward_at_a_percent_of_the_way() -> None:
    place = LagrangeOrbit(epoch_utc=T0)(T0)
    assert 1.3e6 < np.linalg.norm(place) < 1.6e6
    assert angle_deg(place, sun(T0)) < 20.0


def test_a_craft_near_the_earth_is_passed_as_the_plain_plane_wave_says() -> None:
    orbit = KeplerOrbit(
        epoch_utc=T0, semi_major_km=6905.0, eccentricity=0.001, inclination_deg=25.6,
        node_deg=0.0, argument_deg=0.0, mean_anomaly_deg=30.0,
    )  # fmt: skip
    late_s = (arrival_utc(orbit, direction(40.0, 20.0), T0) - T0).total_seconds()
    assert late_s == pytest.approx(arrival_minus_geocentre_s(orbit(T0), 40.0, 20.0), abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_delays_agree_with_the_baselines_that_triangulation_makes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    source = draw_well_placed(rng, T0)
    network = draw_network(rng, T0, seen=[(source, T0)])
    with SolarSystem(packaged_de421()) as earth:
        places = {}
        for name in ("integral", "fermi", "wind", "odyssey"):
            ephemeris = getattr(network, name)
            at = arrival_utc(ephemeris, source, T0)
            places[name] = (at, position(name, ephemeris, at))
        for name in ("integral", "wind", "odyssey"):
            pair = baseline(places["fermi"][1], places[name][1], earth=earth)
            delay = (places[name][0] - places["fermi"][0]).total_seconds()
            assert delay == pytest.approx(float(pair.delay_s(source)), abs=5e-6)
    assert 60.0 < abs((places["odyssey"][0] - T0).total_seconds()) < 1300.0


def test_a_network_sees_what_it_must() -> None:
    rng = np.random.default_rng(5)
    sources = [direction(10.0, 20.0), direction(100.0, -30.0)]
    network = draw_network(rng, T0, seen=[(source, T0) for source in sources])
    assert all(sees(network.fermi, source, T0) for source in sources)
    assert all(network.acs_response(source) > 0.5 for source in sources)
    assert 60_000 < np.linalg.norm(network.integral(T0)) < 160_000


def test_no_low_orbit_sees_two_opposite_sources_at_once_for_long() -> None:
    earth_blocked = KeplerOrbit(
        epoch_utc=T0, semi_major_km=6905.0, eccentricity=0.0, inclination_deg=0.0,
        node_deg=0.0, argument_deg=0.0, mean_anomaly_deg=0.0,
    )  # fmt: skip
    assert sees(earth_blocked, direction(0.0, 0.0), T0)
    assert not sees(earth_blocked, direction(180.0, 0.0), T0)


def test_a_date_with_mars_behind_the_sun_is_refused() -> None:
    conjunction = datetime(2023, 11, 18, 5, 0, tzinfo=UTC)
    assert angle_deg(mars_km(conjunction), sun(conjunction)) < 1.0
    with pytest.raises(ScienceError, match="one direction"):
        draw_well_placed(np.random.default_rng(1), conjunction)


def test_places_near_another_lie_within_the_radius_in_68_of_100_cases() -> None:
    rng = np.random.default_rng(8)
    centre = direction(200.0, -60.0)
    angles = np.array([angle_deg(direction(*near(200.0, -60.0, 8.0, rng)), centre) for _ in range(2000)])
    assert (angles < 8.0).mean() == pytest.approx(0.683, abs=0.03)
    assert ra_dec_deg(direction(200.0, -60.0)) == pytest.approx((200.0, -60.0))
