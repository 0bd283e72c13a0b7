"""The stand-in data centre answers on the real paths, and only with data that have come down."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from acs_stream.readers import guess_format, read_light_curve
from tocsin.demo.stand_ins import IsdcStandIn
from tocsin.domain.clock import ManualClock
from tocsin.simulate.instruments import SPI_ACS
from tocsin.simulate.integral import Integral
from tocsin.simulate.spacecraft import KeplerOrbit

T0 = datetime(2024, 10, 17, 2, 4, tzinfo=UTC)
ORBIT = KeplerOrbit(
    epoch_utc=T0,
    semi_major_km=80_700.0,
    eccentricity=0.86,
    inclination_deg=65.0,
    node_deg=40.0,
    argument_deg=280.0,
    mean_anomaly_deg=180.0,
)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(T0)


@pytest.fixture
def isdc(clock: ManualClock) -> Iterator[IsdcStandIn]:
    with IsdcStandIn(Integral(orbit=ORBIT, acs=SPI_ACS.stream((), seed=1)), clock=clock) as server:
        yield server


def get(isdc: IsdcStandIn, path: str) -> httpx.Response:
    return httpx.get(f"{isdc.url}/gw/integralhk/api/v1.0/{path}", trust_env=False)


def realtime(isdc: IsdcStandIn, half_span_s: float, at: str = "2024-10-17T02:04:00") -> Any:
    return get(isdc, f"rtlc/{at}/{half_span_s}?json&prophecy").json()


def test_data_end_20_seconds_before_now_and_grow_with_time(isdc: IsdcStandIn, clock: ManualClock) -> None:
    for later_s, expected_s in ((0.0, 280.0), (100.0, 380.0), (1000.0, 600.0)):
        clock.set_no_earlier(T0 + timedelta(seconds=later_s))
        reply = realtime(isdc, 300.0)
        curve = read_light_curve(json.dumps(reply).encode(), format="rtlc-json")
        assert len(curve) == pytest.approx(expected_s / 0.05, abs=2)
        assert (curve.t0_utc + timedelta(seconds=float(curve.start_s[0])) - T0).total_seconds() == pytest.approx(
            -300.0, abs=0.06
        )
    assert reply["lc"]["columns"] == ["counts", "ijd"]
    assert reply["lc"]["index"][-1] == len(reply["lc"]["data"]) - 1


def test_counts_and_times_are_those_of_the_stream(isdc: IsdcStandIn, clock: ManualClock) -> None:
    clock.advance(400.0)
    made = isdc.integral.acs.light_curve(T0 - timedelta(seconds=60), T0 + timedelta(seconds=60))
    json_curve = read_light_curve(json.dumps(realtime(isdc, 60.0)).encode(), format="rtlc-json")
    text_curve = read_light_curve(get(isdc, "genlc/ACS/2024-10-17T02:04:00/60").content, format="genlc")
    for curve in (json_curve, text_curve):
        assert (curve.counts == made.counts).all()
        shift_s = (curve.t0_utc - made.t0_utc).total_seconds()
        assert curve.start_s + shift_s == pytest.approx(made.start_s, abs=1e-5)


def test_times_may_be_given_as_ijd(isdc: IsdcStandIn, clock: ManualClock) -> None:
    clock.advance(400.0)
    ijd = 9056.0 + (2 * 3600 + 4 * 60 + 69.184) / 86400.0
    assert realtime(isdc, 1.0, at=f"{ijd:.12f}")["lc"] == realtime(isdc, 1.0)["lc"]


def test_there_is_an_empty_table_before_any_data(isdc: IsdcStandIn) -> None:
    assert realtime(isdc, 10.0)["lc"] == {"data": []}
    assert get(isdc, "rtlc/2024-10-17T02:04:00/10?json").json() == {"data": []}
    assert get(isdc, "genlc/ACS/2024-10-17T02:04:00/10").text == "NoData"


def test_the_prophecy_tells_when_data_are_to_be_expected(isdc: IsdcStandIn, clock: ManualClock) -> None:
    text, state = realtime(isdc, 10.0)["prophecy"]
    assert text.startswith("data until now")
    assert state["expected_data_status"] == "ONLINE"
    assert state["last_data_utc"] == state["next_data_utc"] == "2024-10-17T02:03:40"
    revolutions = [state[name] for name in ("prevrev", "thisrev", "nextrev")]
    assert [one["num"] - revolutions[0]["num"] for one in revolutions] == [0, 1, 2]
    assert revolutions[1]["start"] < "2024-10-17T02:04:00" < revolutions[1]["stop"]
    gap = isdc.integral.revolution(T0).stop_utc + timedelta(hours=1)
    clock.set_no_earlier(gap)
    text, state = realtime(isdc, 10.0, at=f"{gap:%Y-%m-%dT%H:%M:%S}")["prophecy"]
    assert text.startswith("break since")
    assert state["expected_data_status"] == "OFFLINE"
    assert state["last_data_utc"] == revolutions[1]["stop"]
    assert state["next_data_utc"] > f"{gap:%Y-%m-%dT%H:%M:%S}"


def test_a_gap_within_the_window_leaves_the_rest(clock: ManualClock) -> None:
    hole = (T0 - timedelta(seconds=20), T0 - timedelta(seconds=10))
    broken = Integral(orbit=ORBIT, acs=SPI_ACS.stream((), seed=1), outages=(hole,))
    clock.advance(400.0)
    with IsdcStandIn(broken, clock=clock) as server:
        content = json.dumps(realtime(server, 60.0)).encode()
        text = get(server, "genlc/ACS/2024-10-17T02:04:00/60").content
    for reply, kind in ((content, "rtlc-json"), (text, "genlc")):
        assert guess_format(reply) == kind
        assert len(read_light_curve(reply, format=kind)) == pytest.approx(110 / 0.05, abs=3)


def test_the_place_of_integral_is_told(isdc: IsdcStandIn) -> None:
    first, second = get(isdc, "ephs/2024-10-17T02:04:00").text.splitlines()
    ra, dec, distance_km = map(float, first.split())
    assert distance_km == pytest.approx(isdc.integral.position(T0).distance_km, abs=0.06)
    assert 0.0 <= ra < 360.0
    assert -90.0 <= dec <= 90.0
    assert second.split()[2] == "30.0"


def test_wrong_requests_are_refused_and_faults_pass(isdc: IsdcStandIn) -> None:
    assert get(isdc, "rtlc/yesterday/10?json").status_code == 400
    assert get(isdc, "rtlc/2024-10-17T02:04:00/-1?json").status_code == 400
    assert get(isdc, "genlc/ACS/2024-10-17T02:04:00/1e6").status_code == 400
    assert get(isdc, "genlc/FEE1/2024-10-17T02:04:00/10").status_code == 404
    assert httpx.get(f"{isdc.url}/else", trust_env=False).status_code == 404
    isdc.fail_next()
    assert get(isdc, "ephs/2024-10-17T02:04:00").status_code == 502
    assert get(isdc, "ephs/2024-10-17T02:04:00").status_code == 200
    assert len(isdc.requests) == 7
