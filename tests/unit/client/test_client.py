"""The notebook client against the real application: tables with units, plain JSON, errors in words, the stream."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import astropy.units as u
import httpx
import numpy as np
import pytest
from api_night import ANTARES, BURST, SECRET, T0, Night, fill_gw, fill_night, light_curve, sky_map
from astropy.coordinates import SkyCoord
from astropy.table import QTable
from astropy.time import Time
from burst_values import burst_csv
from served_app import served

from tocsin.api import build_app
from tocsin.client import StreamedEvent, Tocsin
from tocsin.client.stream import messages
from tocsin.domain.errors import BusyError, NotAllowedError, RemoteError, ScienceError
from tocsin.domain.products import ProductKind
from tocsin.domain.tokens import Scope, Token, digest
from tocsin.workflow.access import Gate


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def service(night: Night) -> Iterator[str]:
    gate = Gate(night.store, night.clock, tuple, anonymous_scopes=frozenset(Scope))
    with served(build_app(night.services(gate=gate))) as url:
        yield url


@pytest.fixture
def tocsin(service: str) -> Iterator[Tocsin]:
    client = Tocsin(service)
    yield client
    client.close()


def test_events_are_a_table_with_times_and_units(night: Night, tocsin: Tocsin) -> None:
    fill_night(night)
    found = tocsin.events()
    assert isinstance(found, QTable)
    assert list(found["name"][:2]) == ["S261122a", "Fermi-GBM 261122.045"]
    assert isinstance(found["t0"], Time)
    assert abs((found["t0"][0] - Time(T0.replace(tzinfo=None), scale="utc")).to_value("us")) < 0.5
    assert found["ra_deg"].unit == u.deg
    assert np.isnan(found["ra_deg"][0])
    assert found["ra_deg"][1] == 50.2 * u.deg
    assert found["far_hz"][0].to_value(1 / u.yr) == pytest.approx(3.2e-10 * 365.25 * 86400)
    assert found["tier"].tolist() == [1, 2, 3, 1, 1]


def test_filters_regions_and_pages_reach_the_service(night: Night, tocsin: Tocsin) -> None:
    fill_night(night)
    near = tocsin.events(region=(SkyCoord(50, 21, unit="deg"), 2 * u.deg), is_test=False)
    assert set(near["id"]) == {"grb-1", "icecube-261121a"}
    assert len(tocsin.events(limit=2)) == 2
    assert list(tocsin.events(start=Time("2026-11-22T02:00:00"))["id"]) == ["s261122a"]
    assert [one["id"] for one in tocsin.events(kind="neutrino", raw=True)] == ["icecube-261121a"]


def test_an_event_has_times_quantities_and_a_position(night: Night, tocsin: Tocsin) -> None:
    fill_night(night)
    found = tocsin.event("grb-1")
    assert found["t0"].isot.startswith("2026-11-22T01:04:05")
    assert found["error_radius_deg"] == 4.1 * u.deg
    assert found["position"].separation(SkyCoord(50.2, 21.04, unit="deg")) < 1e-6 * u.deg
    assert tocsin.event("grb-1", raw=True)["ra_deg"] == 50.2


def test_a_light_curve_is_a_table_and_a_value_for_the_search(night: Night, tocsin: Tocsin) -> None:
    fill_gw(night)
    found = tocsin.light_curve("s261122a", "SPI-ACS", start_s=0.0, stop_s=4.0, bin_s=0.5)
    assert (len(found), found["width"][0].to_value("s")) == (8, pytest.approx(0.5))
    assert found["counts"].unit == u.ct
    assert found.meta["instrument"] == "SPI-ACS"
    whole = tocsin.counts("s261122a", "SPI-ACS")
    assert np.array_equal(whole.counts, light_curve().counts)
    assert np.allclose(whole.start_s, light_curve().start_s, atol=1e-9)
    assert tocsin.light_curve("s261122a", "SPI-ACS", raw=True)["even"]["bins"] == 12000


def test_sky_maps_and_overlaps_come_as_values(night: Night, tocsin: Tocsin) -> None:
    fill_gw(night)
    found = tocsin.skymap("s261122a")
    assert found.credible_area_deg2(0.9) == pytest.approx(sky_map().credible_area_deg2(0.9))
    assert tocsin.skymap("s261122a", raw=True).startswith(b"SIMPLE")
    assert tocsin.overlap("s261122a", found) > 50


def test_limits_of_a_region_are_one_table(night: Night, tocsin: Tocsin) -> None:
    sha256 = night.notice("grb-1", BURST)
    night.product("grb-1", ProductKind.LIMIT, "SPI-ACS", {"hard_1s_erg_cm2": 2e-7}, inputs=[f"notice:{sha256}"])
    found = tocsin.limits(region=(SkyCoord(50, 21, unit="deg"), 5 * u.deg))
    assert found["hard_1s_erg_cm2"][0] == 2e-7 * u.erg / u.cm**2
    assert found["instrument"][0] == "SPI-ACS"
    assert len(tocsin.limits(region=(SkyCoord(150, 21, unit="deg"), 5 * u.deg), raw=True)) == 0


def test_a_burst_file_is_uploaded_and_triangulated(tocsin: Tocsin, tmp_path: Path) -> None:
    rows = []
    for name, delay_s, ra_deg, distance_km in (("Near-A", 0.0, 100.0, 7000.0), ("Far-B", 1.5, 190.0, 1.4e6)):
        (tmp_path / f"{name}.csv").write_text(burst_csv(name, delay_s))
        place = f"position = {{ ra_deg = {ra_deg}, dec_deg = 20.0, distance_km = {distance_km} }}"
        rows.append(f'[[observation]]\ninstrument = "{name}"\nlightcurve = "{name}.csv"\nformat = "csv"\n{place}\n')
    file = tmp_path / "burst.toml"
    file.write_text('name = "GRB X"\n' + "\n".join(rows))
    found = tocsin.triangulate(file, check=SkyCoord(10, 10, unit="deg"))
    assert abs(found.delays["delay_s"][0] - 1.5 * u.s) < 0.2 * u.s
    assert found.annuli["radius_deg"].unit == u.deg
    assert found.area_90 > found.area_50
    assert found.raw["containment"]["ra_deg"] == pytest.approx(10.0)
    assert tocsin.triangulate(file, raw=True)["name"] == "GRB X"


def test_refusals_come_as_errors_in_the_words_of_the_service(night: Night, service: str) -> None:
    with Tocsin(service) as client:
        with pytest.raises(LookupError, match="nothing that you may see"):
            client.event("never/was")
        with pytest.raises(ScienceError, match="2 items"):
            client.triangulate({"observations": []})
    with Tocsin(service, "tocsin_wrong") as wrong, pytest.raises(NotAllowedError, match="opens nothing"):
        wrong.events()
    with Tocsin("http://127.0.0.1:9", timeout_s=2) as nowhere, pytest.raises(RemoteError, match="cannot be asked"):
        nowhere.events()
    now = night.clock.now()
    token = Token(
        id="t", name="n", secret_sha256=digest("tocsin_x"), scopes=frozenset({Scope.READ}), clearance=ANTARES,
        person_id=None, per_minute=1, created_utc=now, expires_utc=now.replace(year=2030),
    )  # fmt: skip
    night.notice("hush-1", SECRET)
    with night.store.begin() as work:
        work.add_token(token)
    night.clock.advance(2)
    with Tocsin(service, "tocsin_x") as cleared:
        assert list(cleared.events()["id"]) == ["hush-1"]
        with pytest.raises(BusyError, match="1 requests a minute"):
            cleared.events()


def test_the_stream_goes_on_after_a_break(night: Night, service: str) -> None:
    fill_gw(night)
    pauses: list[float] = []
    client = Tocsin(service, pause=pauses.append)
    stream = client.stream(last_id=0)
    first = next(stream)
    assert first.event["id"] == "s261122a"
    stream.close()
    again = client.stream(last_id=first.id)
    found: list[StreamedEvent] = []
    reader = threading.Thread(target=lambda: found.append(next(again)))
    reader.start()
    night.notice("grb-1", replace(BURST, notice_id="new"))
    reader.join(20)
    again.close()
    assert [one.event["id"] for one in found] == ["grb-1"]
    client.close()


def test_a_broken_line_is_taken_up_again_from_the_last_number() -> None:
    seen: list[str | None] = []
    bodies = [
        b'event: tick\ndata: {}\nid: 5\n\nevent: event\ndata: {"id": "a"}\nid: 7\n\n',
        b'event: event\ndata: {"id":\ndata: "b"}\nid: 9\n\n',
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("last-event-id"))
        if len(seen) > len(bodies):
            raise httpx.ConnectError("gone")
        return httpx.Response(200, content=bodies[len(seen) - 1], headers={"content-type": "text/event-stream"})

    pauses: list[float] = []
    stream = Tocsin("http://x", transport=httpx.MockTransport(answer), pause=pauses.append).stream()
    assert [next(stream).event["id"] for _ in range(2)] == ["a", "b"]
    assert seen == [None, "7"]
    assert pauses == [0.5]


def test_messages_are_read_as_the_standard_says() -> None:
    lines = [": ping", "", "data: one", "data:two", "", "event: x", "", "id: 3", "data", "", ""]
    assert list(messages(lines)) == [(None, "message", "one\ntwo"), (3, "message", "")]
