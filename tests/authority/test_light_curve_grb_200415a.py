"""GRB 200415A, the giant flare in NGC 253: real Konus-Wind and GBM light curves put their annulus over the galaxy."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from acs_stream.burst_file import load_burst, result_to_json, triangulate_burst
from acs_stream.sources import AvailabilityState, Places, build_sources
from tocsin.domain.clock import ManualClock, to_utc
from tocsin.domain.events import Event, EventKind
from triggers.identity import identify
from triggers.source_book import read_source_book

NGC_253 = (11.888, -25.288)
CONFIG = Path(__file__).resolve().parents[2] / "config" / "instruments.toml"


def burst_toml(folder: Path, *, konus: Any, gbm: Any, energies: Any) -> str:
    data = folder / "data/ipn/GRB20200415_T31685"
    return f"""
name = "GRB 200415A"
[[observation]]
instrument = "Konus-Wind"
lightcurve = "{data / "kw20200415_31681_rc2.thr"}"
format = "ipn-thr"
columns = ["{konus}"]
t0_utc = "2020-04-15T08:48:01.403392"
position = {{ ra_deg = 2.14708, dec_deg = 1.94712, distance_km = 1428868.0 }}
clock_error_s = 0.001
[[observation]]
instrument = "Fermi-GBM"
lightcurve = "{data / gbm}"
format = "ipn-thr"
{energies}
t0_utc = "2020-04-15T08:48:05.563746"
ephemeris = "{data / "GBM/20200415_Fermi.eph"}"
"""


@pytest.mark.parametrize(
    ("konus", "gbm", "energies"),
    [
        ("G2", "GBM/GRB200415_GBM_1ms.thr", "energy_kev = [85, 360.4]"),
        ("sum", "GBM/GRB200415_GBM_1ms.thr", ""),
        ("G2", "GBM/GRB200415_GBM_01ms.thr", 'columns = ["C2"]'),
    ],
)
def test_the_annulus_holds_ngc_253(samples: Path, tmp_path: Path, konus: Any, gbm: Any, energies: Any) -> None:
    path = tmp_path / "grb.toml"
    path.write_text(burst_toml(samples, konus=konus, gbm=gbm, energies=energies))
    record = result_to_json(triangulate_burst(load_burst(path), check=NGC_253))
    (delay,), (annulus,) = record["delays"], record["annuli"]
    assert delay["delay_s"] == pytest.approx(4.1585, abs=0.003)
    assert (annulus["ra_deg"], annulus["dec_deg"]) == pytest.approx((1.9364, 2.0646), abs=0.02)
    assert annulus["radius_deg"] == pytest.approx(29.0, abs=0.1)
    assert abs(record["containment"]["offsets"][0]["half_widths"]) < 1.0
    assert record["containment"]["level"] < 0.9973
    assert annulus["plus_3sigma_deg"] < 0.3


def test_what_grb_200415a_may_be_lists_ngc_253(samples: Path, tmp_path: Path) -> None:
    path = tmp_path / "grb.toml"
    path.write_text(burst_toml(samples, konus="G2", gbm="GBM/GRB200415_GBM_1ms.thr", energies=""))
    region = triangulate_burst(load_burst(path)).skymap
    assert region is not None
    file = CONFIG.parent / "sources.toml"
    book = read_source_book(tomllib.loads(file.read_text()), file=file.name)
    t0_utc = to_utc("2020-04-15T08:48:05.56")
    event = Event(id="e", name="GRB 200415A", kind=EventKind.GAMMA_RAY_BURST, t0_utc=t0_utc)
    found = {one.name: one for one in identify(event, book, region=region) if one.is_found}
    assert "NGC 253" in found
    assert "Sun" not in found
    # One ring of two craft: a few dozen square degrees, where chance alone puts a galaxy once in ten such rings.
    assert found["NGC 253"].expected_by_chance == pytest.approx(0.1, abs=0.1)


def test_the_inbox_finds_both_craft_at_their_places(samples: Path) -> None:
    config = tomllib.loads(CONFIG.read_text())
    clock = ManualClock(to_utc("2020-04-15T20:00:00"))
    sources = build_sources(config, file=CONFIG.name, places=Places(folder=samples / "data/ipn"), clock=clock)
    t0 = to_utc("2020-04-15T08:48:05.56")
    for name, distance_km in (("Konus-Wind", 1428868.0), ("Fermi-GBM", 6913.6)):
        assert sources[name].availability(t0, 300.0, clock.now()).state is AvailabilityState.AVAILABLE
        assert sources[name].fetch(t0, 300.0).position.distance_km == pytest.approx(distance_km)
