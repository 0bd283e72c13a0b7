"""The service follows a stream: it loses and doubles nothing, and what it finds in it becomes an event."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from integration.followed_service import FollowedService, PacedClock, settings_for
from integration.follower_faults import KINDS, FaultyIsdc
from integration.test_follower_faults import HALF_HOUR_S, INTEGRAL, ORBIT, T0, assert_whole, plan

from acs_stream.archive.rate_archive import RateArchive
from tocsin.demo.stand_ins import IsdcStandIn
from tocsin.domain.clock import to_utc
from tocsin.simulate.bursts import Burst, Pulse
from tocsin.simulate.instruments import SPI_ACS
from tocsin.simulate.integral import Integral


@pytest.fixture(autouse=True)
def quiet() -> Iterator[Any]:
    with structlog.testing.capture_logs() as entries:
        yield entries


def test_half_an_hour_of_faults_and_restarts_of_the_service_loses_no_bin_and_doubles_none(tmp_path: Path) -> None:
    clock = PacedClock(T0)
    isdc = FaultyIsdc(INTEGRAL, clock=clock)
    faults = [fault for fault in plan(1) if fault.kind != "killed"]
    isdc.begin(clock, faults)
    isdc.started = T0
    done = set()
    with isdc:
        settings = settings_for(tmp_path, isdc.url)
        service = FollowedService(settings, clock).__enter__()
        try:
            while (at_s := (clock.true_now() - T0).total_seconds()) < HALF_HOUR_S + 400.0:
                active = [fault for fault in faults if fault.start_s <= at_s < fault.stop_s]
                steps = {"clock ahead": 200.0, "clock behind": -150.0}
                clock.error_s = sum(steps.get(fault.kind, 0.0) for fault in active)
                if any(fault.kind == "restart" and fault not in done for fault in active):
                    done |= set(active)
                    service.__exit__()
                    service = FollowedService(settings, clock).__enter__()
                clock.tick(2.0)
            health = service.get("/readyz")["parts"]["rates SPI-ACS-stream"]
        finally:
            isdc.released.set()
            service.__exit__()
    assert len([f for f in faults if f in isdc.happened or f.kind not in KINDS]) >= 20
    assert_whole(RateArchive(settings.archive_url), T0 - timedelta(seconds=29), T0 + timedelta(seconds=HALF_HOUR_S))
    assert health["is_ok"], health
    assert health["words"].startswith("following")


BURST_UTC = T0 + timedelta(seconds=240.0)
BURST = Burst(pulses=(Pulse(start_s=0.0, rise_s=0.3, decay_s=0.8),), fluence_erg_cm2=1.5e-6)


def craft_with(*bursts: Any) -> Integral:
    arrivals = tuple(SPI_ACS.arrival(burst, at_utc) for burst, at_utc in bursts)
    return Integral(orbit=ORBIT, acs=SPI_ACS.stream(arrivals, seed=5))


def until(service: FollowedService, clock: PacedClock, seconds: float) -> None:
    stop = clock.true_now() + timedelta(seconds=seconds)
    while clock.true_now() < stop:
        clock.tick(5.0)
        service.settle()


def test_what_the_search_of_the_stream_finds_becomes_an_event_with_its_light_curve_and_is_told_once(
    tmp_path: Path,
) -> None:
    clock = PacedClock(T0)
    with IsdcStandIn(craft_with((BURST, BURST_UTC)), clock=clock) as isdc:
        settings = settings_for(tmp_path, isdc.url)
        with FollowedService(settings, clock) as service:
            until(service, clock, 230.0)
            assert service.events() == []
            until(service, clock, 800.0)
            (event,) = service.events()
            notices = service.get(f"/api/v1/events/{event['id']}/notices")["notices"]
            curves = service.get(f"/api/v1/events/{event['id']}/lightcurves")["lightcurves"]
            products = service.get(f"/api/v1/events/{event['id']}/products")["products"]
            text = service.get(f"/api/v1/archive/SPI-ACS/ipn?t0_utc={event['t0_utc']}&window_s=10")
            given_out = service.get("/api/v1/archive")
        with FollowedService(settings, clock) as service:
            until(service, clock, 60.0)
            assert [one["id"] for one in service.events()] == [event["id"]]
            assert len(service.get(f"/api/v1/events/{event['id']}/notices")["notices"]) == len(notices)
    t0 = to_utc(event["t0_utc"])
    assert abs((t0 - BURST_UTC).total_seconds()) < 1.5
    assert event["kind"] == "gamma_ray_burst"
    assert notices[0]["notice_type"] == "tocsin/SPIACS_TRIGGER"
    assert notices[0]["signal_to_noise"] > 12.0
    latency_s = (to_utc(notices[0]["issued_utc"]) - BURST_UTC).total_seconds()
    assert latency_s < 60.0
    assert curves[0]["instrument"] == "SPI-ACS"
    assert text.startswith("'INTEGRAL  ' '17/10/24'")
    assert text.count("\n") in {401, 402}
    assert given_out["instruments"][0]["instrument"] == "SPI-ACS"
    assert (given_out["usage"]["requests"], given_out["usage"]["bytes"]) == (1, len(text))
    (found,) = [one for one in products if one["kind"] == "search"]
    assert abs(found["content"]["excesses"][0]["t_s"]) < 2.0


def test_a_quiet_stream_makes_no_event_of_noise_rarer_than_asked(tmp_path: Path) -> None:
    clock = PacedClock(T0)
    with IsdcStandIn(craft_with(), clock=clock) as isdc:
        settings = settings_for(
            tmp_path,
            isdc.url,
            archive={
                "follow": {"instruments": ["SPI-ACS-stream"], "first_look_back_s": 1500},
                "watch": {"far_per_day": 0.1},
            },
        )
        with FollowedService(settings, clock) as service:
            until(service, clock, 300.0)
            assert service.events() == []
            health = service.get("/readyz")["parts"]
    assert health["rates SPI-ACS-stream"]["words"].startswith("following")


def test_an_ended_instrument_is_neither_followed_nor_called_live(tmp_path: Path) -> None:
    clock = PacedClock(T0)
    with IsdcStandIn(craft_with(), clock=clock) as isdc:
        settings = settings_for(tmp_path, isdc.url)
        table = (tmp_path / "config" / "instruments.toml").read_text()
        ended = '"start_utc" = "2002-10-17T00:00:00Z", "end_utc" = "2024-10-16T00:00:00Z", "end_reason" = "it is over"'
        (tmp_path / "config" / "instruments.toml").write_text(
            table.replace('"start_utc" = "2002-10-17T00:00:00Z"', ended)
        )
        with FollowedService(settings, clock) as service:
            clock.advance(60.0)
            service.settle()
            words = service.get("/readyz")["parts"]["rates SPI-ACS-stream"]["words"]
        assert words == "not followed: it is over"
        assert isdc.requests == []
