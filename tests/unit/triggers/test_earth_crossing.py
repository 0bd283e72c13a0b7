"""When a burst crossed the Earth: moved from the craft along the direction of the source, or honestly not."""

import copy
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trigger_notices import T0, event_of, gbm, integral, konus, lvk

from tocsin.domain.errors import ConfigurationError
from tocsin.domain.events import EventKind
from tocsin.domain.notices import Notice
from triangulation.geometry import SPEED_OF_LIGHT_KM_S, SpacecraftPosition, unit_vector
from triangulation.skymap import SkyMap
from triggers.coincidence_config import read_coincidence_book
from triggers.earth_crossing import earth_crossing
from triggers.families import Family

CONFIG = Path(__file__).resolve().parents[3] / "config" / "coincidence.toml"
PARSED = tomllib.loads(CONFIG.read_text())
BOOK = read_coincidence_book(PARSED, file="coincidence.toml")
#: GRB 200415A at Konus-Wind, whose place then is known; the burst is of NGC 253.
AT_WIND = datetime(2020, 4, 15, 8, 48, 1, 403000, tzinfo=UTC)
WIND = SpacecraftPosition(
    spacecraft="Wind", epoch_utc=AT_WIND, vector_km=unit_vector(2.14708, 1.94712) * 1_428_868.0, error_km=10.0
)
NGC_253 = SkyMap.from_position(11.888, -25.288, error_radius_deg=0.2, containment=0.9)
BURST = event_of(konus(t0_utc=AT_WIND))


def test_a_burst_at_wind_is_moved_to_the_earth_by_the_measured_delay() -> None:
    found = earth_crossing(BURST, BOOK, region=NGC_253, craft=WIND)
    assert found is not None
    # Fermi, within 0.023 light seconds of the geocentre, saw it 4.159 s later.
    assert found.offset_s == pytest.approx(4.159, abs=0.024)
    assert found.half_width_s < 0.03
    assert (found.crossing_utc - AT_WIND).total_seconds() == pytest.approx(found.offset_s, abs=1e-6)
    assert found.trigger_spread_s == 0.5
    assert "own position" in found.method


def test_without_its_place_the_line_to_the_sun_serves_and_the_halo_is_the_error() -> None:
    found = earth_crossing(BURST, BOOK, region=NGC_253)
    assert found is not None
    assert abs(found.offset_s - 4.159) <= found.half_width_s
    assert 2.5 <= found.half_width_s < 2.6
    assert "from the Sun" in found.method


def test_without_a_direction_nothing_is_moved_and_the_light_time_is_the_error() -> None:
    wind, shield, low = (earth_crossing(one, BOOK) for one in (BURST, event_of(integral("SPIACS")), event_of(gbm())))
    assert wind is not None
    assert shield is not None
    assert low is not None
    assert (wind.offset_s, wind.half_width_s) == (0.0, 6.7)
    assert (shield.offset_s, shield.half_width_s, shield.margin_s) == (0.0, 0.51, 1.01)
    assert (low.offset_s, low.margin_s) == (0.0, 0.0233)
    known = earth_crossing(BURST, BOOK, craft=WIND)
    assert known is not None
    assert known.half_width_s == pytest.approx(1_428_868.0 / SPEED_OF_LIGHT_KM_S, abs=1e-3)


def test_gravitational_waves_are_timed_at_the_geocentre_already() -> None:
    found = earth_crossing(event_of(lvk()), BOOK, region=NGC_253)
    assert found is not None
    assert (found.offset_s, found.margin_s, found.place) == (0.0, 0.0, "geocentre")


def test_the_time_nearest_the_earth_counts_where_several_craft_saw_it() -> None:
    both = event_of(konus(t0_utc=AT_WIND), gbm(t0_utc=AT_WIND))
    found = earth_crossing(both, BOOK)
    assert found is not None
    assert found.place == "earth"


def test_the_direction_moves_the_crossing_as_the_plane_wave_says() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        ra_deg, dec_deg = rng.uniform(0.0, 360.0), np.degrees(np.arcsin(rng.uniform(-1.0, 1.0)))
        region = SkyMap.from_position(ra_deg, dec_deg, error_radius_deg=0.5, containment=0.9)
        found = earth_crossing(BURST, BOOK, region=region, craft=WIND)
        assert found is not None
        expected = float(WIND.vector_km @ unit_vector(ra_deg, dec_deg)) / SPEED_OF_LIGHT_KM_S
        assert abs(found.offset_s - expected) <= found.half_width_s + 1e-3


def test_an_event_without_a_time_never_crossed() -> None:
    assert earth_crossing(event_of(lvk(is_retraction=True, t0_utc=None)), BOOK) is None


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ("stream.bursts.per_year", 0, "stream.bursts.per_year"),
        ("stream.bursts.families", ["hubble"], "stream.bursts.families"),
        ("stream.fermi-subthreshold.families", ["gbm"], "stream.fermi-subthreshold.families"),
        ("stream.bursts.surprise", 1, "stream.bursts.surprise"),
        ("window.0.window_s", [5.0, 5.0], "window[1].window_s"),
        ("window.0.second", "gravitational-waves", "window[1].second"),
        ("window.0.second", "radio", "window[1].second"),
        ("window.0.targeted", True, "window[1].targeted"),
        ("window.0.by_far", "third", "window[1].by_far"),
        ("place.wind.within_s", -1.0, "place.wind.within_s"),
        ("place.wind.families", ["gecam"], "place.wind.families"),
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
        read_coincidence_book(config, file="coincidence.toml")
    assert error.value.key == key


def test_a_book_without_the_earth_is_refused() -> None:
    config = copy.deepcopy(PARSED)
    del config["place"]["earth"]
    with pytest.raises(ConfigurationError) as error:
        read_coincidence_book(config, file="coincidence.toml")
    assert error.value.key == "place.earth"


def test_every_family_of_bursts_and_neutrinos_is_in_a_stream() -> None:
    in_streams = {family for stream in BOOK.streams.values() for family in stream.families}
    assert {family for family in Family if family not in in_streams} == {
        Family.EINSTEIN_PROBE,
        Family.MAXI,
        Family.OTHER,
    }
    assert {stream.kind for stream in BOOK.streams.values()} == set(EventKind)


def test_a_fast_radio_burst_crossed_when_its_waves_would_have_without_electrons_on_the_way() -> None:
    burst = Notice(
        stream="chime",
        notice_type="chime/frb",
        notice_id="chime/frb/1",
        event_ids=("427325191",),
        t0_utc=T0,
        details={"dispersion_delay_s": 7.246437},
    )
    found = earth_crossing(event_of(burst), BOOK)
    assert found is not None
    assert found.offset_s == pytest.approx(-7.246437)
    assert found.method.endswith("at infinite frequency")
    assert found.half_width_s < 0.03
