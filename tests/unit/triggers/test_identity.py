"""What is it: the Sun, a class, particles, a flash, a magnetar, a galaxy; each with what chance alone would give."""

import copy
import doctest
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trigger_notices import at, event_of, gbm

from tocsin.domain.errors import ConfigurationError
from tocsin.domain.events import Event
from triangulation.geometry import SpacecraftPosition
from triangulation.skymap import SkyMap
from triggers import geomagnetic, sun
from triggers.geomagnetic import geomagnetic_latitude_deg, share_beyond
from triggers.identity import Check, Suspicion, identify, verdict
from triggers.source_book import read_source_book

CONFIG = Path(__file__).resolve().parents[3] / "config" / "sources.toml"
PARSED = tomllib.loads(CONFIG.read_text())
BOOK = read_source_book(PARSED, file="sources.toml")


def spot(ra_deg: float, dec_deg: float, radius_deg: float = 3.0) -> SkyMap:
    return SkyMap.from_position(ra_deg, dec_deg, error_radius_deg=radius_deg, containment=0.9)


def names(checks: tuple[Check, ...], suspicion: Suspicion) -> list[str]:
    return [one.name for one in checks if one.suspicion is suspicion and one.is_found]


def burst(t0_utc: datetime | None = None, **changes: Any) -> Event:
    return event_of(gbm("FLT_POS", t0_utc=t0_utc or at(0.0), **changes))


def test_the_sun_stands_where_the_almanac_has_it() -> None:
    assert doctest.testmod(sun).failed == 0
    # The solstices and an equinox of 2024, less the precession since 2000 (0.341 deg in longitude).
    for when, ra_deg, dec_deg in (
        ((2024, 6, 20, 20, 51), 89.63, 23.44),
        ((2024, 9, 22, 12, 44), 179.69, 0.14),
        ((2024, 12, 21, 9, 20), 269.63, -23.44),
    ):
        found = sun.sun_radec_deg(datetime(*when, tzinfo=UTC))
        assert found == pytest.approx((ra_deg, dec_deg), abs=0.03)


def test_a_localization_on_the_sun_says_so_with_the_number_expected_by_chance() -> None:
    t0 = datetime(2023, 5, 18, 12, tzinfo=UTC)
    ra_deg, dec_deg = sun.sun_radec_deg(t0)
    checks = identify(burst(t0), BOOK, region=spot(ra_deg + 2.0, dec_deg))
    (found,) = [one for one in checks if one.name == "Sun"]
    assert found.is_found
    assert found.expected_by_chance == pytest.approx(78.5 / 41253.0, rel=0.05)  # 3 deg and the 2 deg the Sun counts as
    away = identify(burst(t0), BOOK, region=spot(ra_deg + 90.0, 0.0))
    assert not next(one for one in away if one.name == "Sun").is_found


def test_the_class_that_the_sender_states_is_said_with_how_usual_it_is() -> None:
    flare = identify(burst(classification={"solar_flare": 0.8, "GRB": 0.1}), BOOK)
    assert flare[0].suspicion is Suspicion.SUN
    assert flare[0].expected_by_chance == BOOK.class_shares["solar_flare"] == 0.23
    assert "80%" in flare[0].words
    assert names(identify(burst(), BOOK), Suspicion.CLASS) == []
    particles = identify(burst(classification={"local_particles": 0.9}), BOOK)
    assert names(particles, Suspicion.CLASS) == ["local_particles"]


def test_a_trigger_of_milliseconds_by_fermi_alone_may_be_a_flash_of_the_earth() -> None:
    short = {"time_scale_s": 0.016}
    assert names(identify(burst(details=short, classification={"TGF": 0.9}), BOOK), Suspicion.TGF) == ["TGF"]
    assert names(identify(burst(details={"time_scale_s": 1.024}), BOOK), Suspicion.TGF) == []
    assert names(identify(burst(details=short), BOOK), Suspicion.TGF) == []  # the flight software says burst


def test_geomagnetic_latitude_follows_the_dipole() -> None:
    assert doctest.testmod(geomagnetic).failed == 0
    day = datetime(2020, 1, 1, tzinfo=UTC)
    over = [geomagnetic_latitude_deg(np.array([np.cos(a), np.sin(a), 0.0]) * 6900.0, day) for a in (0.0, 1.0, 2.0)]
    assert max(abs(one) for one in over) <= 90.0 - geomagnetic.POLE_LATITUDE_DEG + 0.01
    assert share_beyond(0.0, inclination_deg=25.6) == 1.0
    assert share_beyond(25.6 + 9.36, inclination_deg=25.6) < 2e-3
    assert 0.2 < share_beyond(20.0, inclination_deg=25.6) < 0.5


def test_a_craft_at_high_geomagnetic_latitude_is_suspected_of_particles() -> None:
    def craft(z: float) -> SpacecraftPosition:
        vector = np.array([np.sqrt(6900.0**2 - z**2), 0.0, z])
        return SpacecraftPosition(spacecraft="Fermi", epoch_utc=at(0.0), vector_km=vector, error_km=1.0)

    assert names(identify(burst(), BOOK, craft=craft(6000.0)), Suspicion.PARTICLES) == ["Fermi"]
    low = identify(burst(), BOOK, craft=craft(0.0))
    (checked,) = [one for one in low if one.suspicion is Suspicion.PARTICLES]
    assert not checked.is_found
    assert checked.expected_by_chance is not None
    assert 0.0 < checked.expected_by_chance <= 1.0


def test_a_magnetar_in_its_active_episode_is_named_as_active() -> None:
    region = spot(293.0, 22.5, 3.0)
    then = identify(burst(datetime(2022, 10, 12, tzinfo=UTC)), BOOK, region=region)
    assert names(then, Suspicion.MAGNETAR) == ["SGR 1935+2154"]
    (found,) = [one for one in then if one.suspicion is Suspicion.MAGNETAR]
    assert "active then" in found.words
    assert found.expected_by_chance == pytest.approx(len(BOOK.magnetars) * 28.3 / 41253.0, rel=0.05)
    quiet = identify(burst(datetime(2023, 3, 1, tzinfo=UTC)), BOOK, region=region)
    assert "active" not in next(one for one in quiet if one.suspicion is Suspicion.MAGNETAR).words


def test_a_nearby_galaxy_in_the_region_is_listed_with_its_distance() -> None:
    checks = identify(burst(), BOOK, region=spot(12.5, -25.0, 2.0))
    assert names(checks, Suspicion.GALAXY) == ["NGC 253"]
    assert "NGC 253 at 3.5 Mpc" in verdict(checks)
    assert verdict(identify(burst(), BOOK, region=spot(200.0, 80.0, 1.0))) == (
        "nothing known found (Sun, magnetars, galaxies)"
    )
    assert verdict(identify(burst(), BOOK)) == "nothing known found (class only: no position)"


def test_in_a_large_region_sources_are_counted_and_not_named_in_one_line() -> None:
    wide = identify(burst(), BOOK, region=spot(270.0, -20.0, 25.0))
    line = verdict(wide)
    assert "magnetars in the localization, where chance gives" in line
    assert "SGR 1806-20" not in line
    assert "SGR 1806-20" in {one.name for one in wide if one.is_found}


def test_the_number_expected_by_chance_is_what_random_localizations_find() -> None:
    rng = np.random.default_rng(9)
    hits = 0
    tries = 400
    expected = 0.0
    for _ in range(tries):
        ra_deg, dec_deg = rng.uniform(0.0, 360.0), np.degrees(np.arcsin(rng.uniform(-1.0, 1.0)))
        checks = identify(burst(), BOOK, region=spot(ra_deg, dec_deg, 6.0))
        hits += len(names(checks, Suspicion.GALAXY))
        area = spot(ra_deg, dec_deg, 6.0).credible_area_deg2(0.9)
        expected += sum(area + 2 * np.sqrt(np.pi * area) * g.radius_deg for g in BOOK.galaxies) / 41253.0
    assert abs(hits - expected) < 4.0 * np.sqrt(expected)


def test_the_book_says_how_large_it_is_and_every_position_is_on_the_sky() -> None:
    assert (len(BOOK.magnetars), len(BOOK.galaxies)) == (34, 52)
    assert all(one.distance_mpc <= 50.0 for one in BOOK.galaxies)
    wanted = {"NGC 253", "M82", "M81", "M31", "NGC 4945", "M83", "NGC 1068", "IC 342", "Circinus", "M51", "M101"}
    assert wanted <= {one.name for one in BOOK.galaxies}


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ("magnetar.0.ra_deg", 400.0, "magnetar[1].ra_deg"),
        ("magnetar.0.active", [["soon", "later"]], "magnetar[1].active"),
        ("magnetar.0.active", [["2022-10-10", "2022-10-01"]], "magnetar[1].active"),
        ("magnetar.0.active", ["2022-10-10"], "magnetar[1].active"),
        ("galaxy.0.distance_mpc", 0.0, "galaxy[1].distance_mpc"),
        ("galaxy.0.name", "M82", "name"),
        ("looked_at.level", 1.5, "looked_at.level"),
        ("storm.at_most", 0, "storm.at_most"),
        ("storm.surprise", 1, "storm.surprise"),
    ],
)
def test_what_is_wrong_in_the_book_is_named(path: str, value: Any, key: str) -> None:
    config = copy.deepcopy(PARSED)
    *parents, last = path.split(".")
    place: Any = config
    for name in parents:
        place = place[int(name)] if name.isdigit() else place[name]
    place[last] = value
    with pytest.raises(ConfigurationError) as error:
        read_source_book(config, file="sources.toml")
    assert error.value.key == key
