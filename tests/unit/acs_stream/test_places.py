"""Places: tables, axes, units, and what a far craft's UTC means; each wrong one is named."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from acs_stream.positions import read_horizons, read_positions
from acs_stream.spacecraft import check_at_planet, check_distance, simultaneity_of
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError
from triangulation.annulus import annulus_from_delay
from triangulation.delay import DelayPosterior
from triangulation.ephemeris_file import SolarSystem, interpolated, packaged_de421
from triangulation.geometry import Simultaneity, SpacecraftPosition, baseline, unit_vector

T0 = to_utc("2022-10-09T13:16:59.988")
SOURCE = unit_vector(288.2643, 19.7712)
HORIZONS = """\
Target body name: BepiColombo (spacecraft) (-121)
Center body name: Earth (399)
Center-site name: BODY CENTER
Output units    : KM-S
Reference frame : ICRF
$$SOE
2459862.000000000 = A.D. 2022-Oct-09 12:00:00.0000 TDB
 X =-9.920000000000000E+07 Y =-8.120000000000000E+07 Z =-4.430000000000000E+07
 VX= 1.0E+01 VY= 1.0E+01 VZ= 1.0E+01
2459862.041666667 = A.D. 2022-Oct-09 13:00:00.0000 TDB
 X =-9.916400000000000E+07 Y =-8.116400000000000E+07 Z =-4.426400000000000E+07
 VX= 1.0E+01 VY= 1.0E+01 VZ= 1.0E+01
$$EOE
"""


def mars_craft(simultaneity: Simultaneity = Simultaneity.GEOCENTRIC) -> SpacecraftPosition:
    with SolarSystem(packaged_de421()) as sun:
        return SpacecraftPosition(
            spacecraft="Odyssey",
            epoch_utc=T0 + timedelta(seconds=236.5),
            vector_km=sun.planet_km("Mars", T0 + timedelta(seconds=236.5)) + np.array([3000.0, 2000.0, 1000.0]),
            simultaneity=simultaneity,
        )


def near_earth() -> SpacecraftPosition:
    return SpacecraftPosition.from_radec("Fermi", T0, ra_deg=298.61316, dec_deg=-4.57939, distance_km=6910.4)


def test_what_utc_means_at_mars_is_worth_tens_of_milliseconds_and_unknown_lies_between() -> None:
    with SolarSystem(packaged_de421()) as sun:
        pairs = {kind: baseline(near_earth(), mars_craft(kind), earth=sun) for kind in Simultaneity}
    geocentric, unknown = pairs[Simultaneity.GEOCENTRIC], pairs[Simultaneity.UNKNOWN]
    assert abs(pairs[Simultaneity.BARYCENTRIC].clock_offset_s) < 1e-5
    assert 1e-3 < abs(geocentric.clock_offset_s) < 0.126
    assert unknown.clock_offset_s == pytest.approx(geocentric.clock_offset_s / 2, abs=1e-5)
    assert unknown.clock_error_s == pytest.approx(abs(geocentric.clock_offset_s) / 2, abs=1e-5)
    assert unknown.error_s >= unknown.clock_error_s > 0
    assert geocentric.clock_error_s == 0.0


def test_an_unknown_meaning_of_utc_widens_the_annulus_so_that_both_meanings_lie_within() -> None:
    with SolarSystem(packaged_de421()) as sun:
        for kind in (Simultaneity.GEOCENTRIC, Simultaneity.BARYCENTRIC):
            true_delay = float(baseline(near_earth(), mars_craft(kind), earth=sun).delay_s(SOURCE))
            posterior = DelayPosterior.gaussian(true_delay, 0.001)
            ring = annulus_from_delay(near_earth(), mars_craft(Simultaneity.UNKNOWN), posterior, earth=sun)
            assert ring.contains(288.2643, 19.7712)


def test_only_far_craft_have_an_unknown_utc() -> None:
    assert simultaneity_of("Odyssey") is Simultaneity.UNKNOWN
    assert {simultaneity_of(name) for name in ("Wind", "INTEGRAL", "Fermi")} == {Simultaneity.GEOCENTRIC}


@pytest.mark.parametrize(
    ("spacecraft", "distance_km"),
    [("Fermi", 6.91e6), ("Wind", 1.4289e9), ("INTEGRAL", 1.37e8), ("Odyssey", 1.1e5), ("Wind", 1.5e8)],
)
def test_a_distance_that_is_not_the_crafts_is_refused(spacecraft: str, distance_km: float) -> None:
    place = SpacecraftPosition.from_radec(spacecraft, T0, ra_deg=10.0, dec_deg=5.0, distance_km=distance_km)
    with pytest.raises(ScienceError, match="km from the geocentre, never"):
        check_distance(place)


def test_a_mars_craft_on_ecliptic_axes_is_refused() -> None:
    place = mars_craft()
    tilt = np.radians(23.4393)
    turn = np.array([[1, 0, 0], [0, np.cos(tilt), np.sin(tilt)], [0, -np.sin(tilt), np.cos(tilt)]])
    with SolarSystem(packaged_de421()) as sun:
        mars = replace(place, spacecraft="Mars", vector_km=sun.planet_km("Mars", place.epoch_utc))
    check_at_planet(place, mars)
    with pytest.raises(ScienceError, match="orbits Mars, but its position is"):
        check_at_planet(replace(place, vector_km=turn @ place.vector_km), mars)


def test_a_horizons_table_reads_as_geocentric_vectors_in_utc(tmp_path: Path) -> None:
    (tmp_path / "bepi.vec").write_text(HORIZONS)
    first, second = read_positions(tmp_path / "bepi.vec", spacecraft="BepiColombo")
    assert abs((first.epoch_utc - to_utc("2022-10-09T11:58:50.816")).total_seconds()) < 1e-3
    assert second.vector_km.tolist() == [-9.9164e7, -8.1164e7, -4.4264e7]
    middle = interpolated((first, second), "2022-10-09T12:28:50")
    # A straight line between hourly vectors: off by the Sun's pull over half an hour, and it says so.
    assert 10.0 < middle.error_km < 60.0


def test_a_comma_separated_horizons_table_reads_too() -> None:
    rows = "2459862.000000000, A.D. 2022-Oct-09 12:00:00.0000, -9.92E+07, -8.12E+07, -4.43E+07, 1.0E+01,"
    (place,) = read_horizons(f"$$SOE\n{rows}\n$$EOE".encode(), spacecraft="BepiColombo")
    assert place.vector_km.tolist() == [-9.92e7, -8.12e7, -4.43e7]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ICRF", "Ecliptic of J2000.0"),
        ("KM-S", "AU-D"),
        ("Earth (399)", "Solar System Barycenter (0)"),
        ("BODY CENTER", "Greenwich"),
        ("$$SOE\n", "$$SOE\n$$EOE"),
    ],
)
def test_a_horizons_table_of_other_axes_units_or_centre_is_refused(old: str, new: str) -> None:
    with pytest.raises(ScienceError, match="Horizons"):
        read_horizons(HORIZONS.replace(old, new).encode(), spacecraft="BepiColombo")


def test_a_table_too_coarse_for_the_orbit_says_so_in_its_error() -> None:
    def table(step_s: float) -> tuple[SpacecraftPosition, ...]:
        times = [T0 + timedelta(seconds=step_s * k) for k in range(-3, 4)]
        angle = [2 * np.pi * step_s * k / 5700.0 for k in range(-3, 4)]
        return tuple(
            SpacecraftPosition(
                spacecraft="Fermi", epoch_utc=t, vector_km=6900.0 * np.array([np.cos(a), np.sin(a), 0.0])
            )
            for t, a in zip(times, angle, strict=True)
        )

    moment = T0 + timedelta(seconds=0.5)
    fine, coarse = interpolated(table(1.0), moment), interpolated(table(900.0), moment + timedelta(seconds=449.5))
    truth = 6900.0 * np.array([np.cos(2 * np.pi * 450 / 5700), np.sin(2 * np.pi * 450 / 5700), 0.0])
    assert fine.error_km < 1e-3
    assert 0.3 * float(np.linalg.norm(coarse.vector_km - truth)) < coarse.error_km
    assert coarse.error_km > 100.0


@pytest.mark.parametrize("offset_s", [-1000.0, 1000.0])
def test_a_table_is_never_extrapolated(offset_s: float) -> None:
    table = tuple(replace(near_earth(), epoch_utc=T0 + timedelta(seconds=k)) for k in range(5))
    with pytest.raises(ScienceError, match="does not cover"):
        interpolated(table, T0 + timedelta(seconds=offset_s))
