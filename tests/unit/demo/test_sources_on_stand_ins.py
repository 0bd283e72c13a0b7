"""The service's own light-curve sources, fed by a simulated night: the stand-in data centre and the inbox."""

import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acs_stream.sources import AvailabilityState, LightCurveSource, Places, build_sources
from tocsin.demo.stand_ins import IsdcStandIn
from tocsin.domain.clock import ManualClock
from tocsin.domain.errors import DataNotYetError
from tocsin.simulate.night import Night
from tocsin.simulate.spacecraft import Ephemeris, arrival_utc, direction
from tocsin.simulate.timeline import EventTruth

TABLE = Path(__file__).resolve().parents[3] / "config" / "instruments.toml"
WINDOW_S = 300.0


@pytest.fixture(scope="module")
def night() -> Night:
    return Night(1)


def config(base_url: str) -> Mapping[str, Any]:
    """The shipped table, with SPI-ACS asked of `base_url`."""
    table = tomllib.loads(TABLE.read_text())
    for instrument in table["instrument"]:
        if instrument["name"] == "SPI-ACS":
            instrument |= {"kind": "isdc-rtlc", "base_url": base_url}
    return table


def passes(truth: EventTruth, ephemeris: Ephemeris) -> datetime:
    assert truth.ra_deg is not None
    assert truth.dec_deg is not None
    assert truth.burst_utc is not None
    return arrival_utc(ephemeris, direction(truth.ra_deg, truth.dec_deg), truth.burst_utc)


def test_spi_acs_counts_come_once_the_window_has_come_down(night: Night, tmp_path: Path) -> None:
    burst = list(night.truth.events.values())[1]
    clock = ManualClock(burst.t0_utc + timedelta(seconds=40.0))
    with IsdcStandIn(night.integral, clock=clock) as isdc:
        source = build_sources(config(isdc.url), file="t", places=Places(folder=tmp_path), clock=clock)["SPI-ACS"]
        assert source.availability(burst.t0_utc, WINDOW_S, clock.now()).state is AvailabilityState.EXPECTED
        with pytest.raises(DataNotYetError):
            source.fetch(burst.t0_utc, WINDOW_S)
        clock.advance(300.0)
        assert source.availability(burst.t0_utc, WINDOW_S, clock.now()).state is AvailabilityState.AVAILABLE
        fetched = source.fetch(burst.t0_utc, WINDOW_S)
    assert len(fetched.total) == pytest.approx(2 * WINDOW_S / 0.05, abs=2)
    assert fetched.position is not None
    true_place = night.integral.position(burst.t0_utc)
    assert np.linalg.norm(fetched.position.vector_km - true_place.vector_km) < 30.0
    peak_s = float(fetched.total.start_s[np.argmax(fetched.total.counts)])
    due_s = (passes(burst, night.network.integral) - burst.t0_utc).total_seconds()
    assert -0.1 < peak_s - due_s < 0.5


def test_a_perigee_passage_is_told_from_a_fault(night: Night, tmp_path: Path) -> None:
    gap = night.integral.revolution(night.start_utc).stop_utc + timedelta(hours=3)
    clock = ManualClock(gap + timedelta(minutes=20))
    with IsdcStandIn(night.integral, clock=clock) as isdc:
        source = build_sources(config(isdc.url), file="t", places=Places(folder=tmp_path), clock=clock)["SPI-ACS"]
        verdict = source.availability(gap, WINDOW_S, clock.now())
    assert verdict.state is AvailabilityState.NEVER
    assert "perigee" in verdict.reason


def put(night: Night, inbox: Path, until: datetime) -> None:
    for item in night.deliveries:
        if item.at_utc <= until:
            path = inbox / item.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(item.content)


def test_files_in_the_inbox_come_out_with_their_places_and_the_burst_in_them(night: Night, tmp_path: Path) -> None:
    burst = list(night.truth.events.values())[1]
    clock = ManualClock(night.stop_utc)
    put(night, tmp_path, night.stop_utc)
    sources = build_sources(config(""), file="t", places=Places(folder=tmp_path), clock=clock)
    crafts = {
        "Fermi-GBM": night.network.fermi,
        "Konus-Wind": night.network.wind,
        "Mars-Odyssey-HEND": night.network.odyssey,
    }
    for name, ephemeris in crafts.items():
        fetched = sources[name].fetch(burst.t0_utc, WINDOW_S)
        at = passes(burst, ephemeris)
        assert fetched.position is not None
        there = ephemeris(fetched.position.epoch_utc)
        assert np.linalg.norm(fetched.position.vector_km - there) < 2e-6 * np.linalg.norm(there) + 2.0
        width = max(0.064, float(fetched.total.width_s[0]))
        since = fetched.total.start_s - (at - fetched.total.t0_utc).total_seconds()
        inside = (since > -width) & (since < 0.5)
        rate = fetched.total.counts[inside].sum() / inside.sum()
        assert rate > 1.3 * np.median(fetched.total.counts[~inside])


def test_nothing_is_in_the_inbox_before_it_was_delivered(night: Night, tmp_path: Path) -> None:
    burst = list(night.truth.events.values())[1]
    clock = ManualClock(burst.t0_utc + timedelta(minutes=12))
    put(night, tmp_path, clock.now())
    sources: dict[str, LightCurveSource] = build_sources(
        config(""), file="t", places=Places(folder=tmp_path), clock=clock
    )
    states = {name: sources[name].availability(burst.t0_utc, WINDOW_S, clock.now()).state for name in sources}
    assert states["Fermi-GBM"] is AvailabilityState.AVAILABLE
    assert states["Konus-Wind"] is AvailabilityState.EXPECTED
    assert states["Mars-Odyssey-HEND"] is AvailabilityState.EXPECTED
