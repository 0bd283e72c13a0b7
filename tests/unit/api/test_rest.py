"""REST: what is answered, in which form, and how errors look."""

import csv
import io
import warnings
from dataclasses import replace
from datetime import timedelta
from typing import Any, NoReturn, cast

import numpy as np
import pytest
import structlog
from api_night import T0, Night, fill_gw, fill_night
from asgi_browser import Browser

from tocsin.api import Health, HealthPart, Viewer, build_app
from tocsin.domain.errors import ConflictError, NotAllowedError, NoticeError, RemoteError, ScienceError
from tocsin.domain.products import ProductKind
from tocsin.domain.tokens import Scope
from triangulation.skymap import SkyMap

PARTS = ("notices", "products", "annuli", "drafts", "timeline", "lightcurves")


def ids(client: Browser, query: str = "") -> list[str]:
    answer = client.get(f"/api/v1/events{query}")
    assert answer.status_code == 200, answer.text
    return [event["id"] for event in answer.json()["events"]]


def test_events_come_newest_t0_first_with_what_a_list_needs(night: Night, client: Browser) -> None:
    fill_night(night)
    found = client.get("/api/v1/events").json()["events"]
    assert [event["id"] for event in found] == ["s261122a", "grb-1", "ms261122b", "icecube-261121a", "s261121z"]
    first = found[0]
    assert first["name"] == "S261122a"
    assert first["t0_utc"] == "2026-11-22T03:04:05.678901Z"
    assert first["tier"] == 1
    assert first["findings"][0]["instrument"] == "Fermi-GBM"
    assert first["findings"][0]["excess"]["snr"] == 31.3
    assert found[3]["acknowledged_by"] == "Ada Brandt"
    assert found[3]["findings"][0]["limit_erg_cm2"] == 1.84e-7
    assert found[4]["is_retracted"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?kind=neutrino", ["icecube-261121a"]),
        ("?kind=", ["s261122a", "grb-1", "ms261122b", "icecube-261121a", "s261121z"]),
        ("?stream=fermi_gbm", ["grb-1"]),
        ("?tier=2", ["grb-1"]),
        ("?is_test=true", ["ms261122b"]),
        ("?text=S2611", ["s261122a", "ms261122b", "s261121z"]),
        ("?text=707488534", ["grb-1"]),
        ("?start_utc=2026-11-22", ["s261122a", "grb-1"]),
        ("?start_utc=2026-11-21T12:00:00Z&stop_utc=2026-11-22T00:00:00Z", ["ms261122b", "icecube-261121a"]),
        ("?text=%25", []),
        ("?text=%27%20OR%201%3D1--", []),
    ],
)
def test_filters_choose_by_kind_stream_tier_text_and_time(
    night: Night, client: Browser, query: str, expected: list[str]
) -> None:
    fill_night(night)
    assert ids(client, query) == expected


def test_pages_of_the_list_join_without_gap_or_repeat(night: Night, client: Browser) -> None:
    fill_night(night)
    seen: list[str] = []
    cursor = ""
    for _ in range(10):
        answer = client.get("/api/v1/events", params={"limit": 2, "before": cursor}).json()
        seen += [event["id"] for event in answer["events"]]
        if answer["next"] is None:
            break
        cursor = answer["next"]
    assert seen == ["s261122a", "grb-1", "ms261122b", "icecube-261121a", "s261121z"]


@pytest.mark.parametrize(
    "query",
    [
        "?tier=9",
        "?kind=comet",
        "?limit=0",
        "?limit=9999",
        "?before=nonsense",
        "?start_utc=yesterday",
        "?text=" + 200 * "a",
    ],
)
def test_a_question_that_cannot_be_understood_is_a_problem_not_a_fault(client: Browser, query: str) -> None:
    answer = client.get(f"/api/v1/events{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 422


def test_an_event_tells_reasons_escalation_and_links_that_work(night: Night, client: Browser) -> None:
    event = client.get(f"/api/v1/events/{fill_gw(night)}").json()
    assert event["reasons"][0].startswith("Significant")
    assert event["awaited"] == ["Solar-Orbiter-STIX"]
    assert event["next_escalation_utc"] == "2026-11-22T03:21:05.678901Z"
    assert event["first_page_ms"] == 212.0
    assert event["associations"] == ["FERMI_GBM burst 12 s later, joint FAR 1 per 400 years"]
    assert all(client.get(link).status_code == 200 for link in event["links"].values())


def test_everything_below_an_event_is_there(night: Night, client: Browser) -> None:
    base = f"/api/v1/events/{fill_gw(night)}"
    (notice,) = client.get(f"{base}/notices").json()["notices"]
    assert notice["notice_id"] == "S261122a-1-Preliminary"
    assert notice["status"] == "decoded"
    products = {p["id"]: p for p in client.get(f"{base}/products").json()["products"]}
    assert all(one in products or one.startswith("notice:") for p in products.values() for one in p["input_ids"])
    (annulus,) = client.get(f"{base}/annuli").json()["annuli"]
    assert annulus["radius_deg"] == 143.2
    (draft,) = client.get(f"{base}/drafts").json()["drafts"]
    assert draft["lint_errors"] == 1
    assert draft["findings"][0]["rule"] == "slot.unfilled"
    assert {row["kind"] for row in client.get(f"{base}/timeline").json()["timeline"]} >= {
        "notice",
        "decision",
        "product",
    }


def test_light_curves_come_as_json_arrays_and_as_csv(night: Night, client: Browser) -> None:
    base = f"/api/v1/events/{fill_gw(night)}/lightcurves"
    curves = {one["instrument"]: one for one in client.get(base).json()["lightcurves"]}
    acs = curves["SPI-ACS"]
    assert len(acs["start_s"]) == len(acs["counts"]) == len(acs["is_usable"]) == 12000
    assert acs["energy_kev"] == [75.0, 2000.0]
    answer = client.get(base, headers={"accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = [row for row in csv.DictReader(io.StringIO(answer.text)) if row["instrument"] == "SPI-ACS"]
    assert [float(row["counts"]) for row in rows] == acs["counts"]
    assert float(rows[0]["start_s"]) == -300.0


def test_the_sky_map_is_the_fits_file_that_was_stored(night: Night, client: Browser) -> None:
    answer = client.get(f"/api/v1/events/{fill_gw(night)}/skymap")
    assert answer.headers["content-type"] == "application/fits"
    assert SkyMap.from_bytes(answer.content).credible_area_deg2(0.9) == pytest.approx(232, rel=0.02)


def test_light_curves_are_found_by_instrument_and_interval(night: Night, client: Browser) -> None:
    fill_gw(night)
    asked = {"start_utc": T0.isoformat(), "stop_utc": (T0 + timedelta(seconds=10)).isoformat(), "instrument": "SPI-ACS"}
    (curve,) = client.get("/api/v1/lightcurves", params=asked).json()["lightcurves"]
    assert curve["event_id"] == "s261122a"
    assert np.isclose(curve["start_s"][0], 0.0, atol=0.05)
    assert len(curve["counts"]) == pytest.approx(200, abs=1)
    backwards = client.get("/api/v1/lightcurves", params={"start_utc": T0.isoformat(), "stop_utc": T0.isoformat()})
    assert backwards.status_code == 422


def test_feeds_tell_counts_and_why_something_is_in_quarantine(night: Night, client: Browser) -> None:
    fill_night(night)
    feeds = client.get("/api/v1/feeds").json()
    assert feeds["totals"]["quarantined"] == 1
    assert feeds["quarantine"][0]["reason"].startswith("no VOEvent")
    assert feeds["totals"]["received"] == feeds["totals"]["stored"] + feeds["totals"]["duplicates"]


def test_who_is_on_call_is_told_without_addresses(client: Browser) -> None:
    answer = client.get("/api/v1/oncall")
    assert answer.json()["on_call"] == [{"id": "ada", "name": "Ada Brandt", "affiliation": "Observatory A"}]
    assert "@" not in answer.text


@pytest.mark.parametrize(
    ("page", "twin"),
    [
        ("/", "/tonight.json"),
        ("/transients", "/transients.json"),
        ("/events/s261122a", "/events/s261122a.json"),
        ("/feeds", "/feeds.json"),
        ("/rota", "/rota.json"),
    ],
)
def test_every_page_has_a_json_twin(night: Night, client: Browser, page: str, twin: str) -> None:
    fill_gw(night)
    assert client.get(page).headers["content-type"].startswith("text/html")
    assert client.get(twin).headers["content-type"] == "application/json"
    assert f'href="{twin}"' in client.get(page).text


def test_the_same_answer_is_not_sent_twice(night: Night, client: Browser) -> None:
    fill_gw(night)
    tag = client.get("/api/v1/events").headers["etag"]
    again = client.get("/api/v1/events", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    night.acknowledge("s261122a", "ada", "page")
    assert client.get("/api/v1/events", headers={"if-none-match": tag}).status_code == 200


def test_head_answers_as_get_without_a_body(night: Night, client: Browser) -> None:
    fill_gw(night)
    for path in ("/", "/healthz", "/events/s261122a", "/api/v1/events"):
        answer = client.head(path)
        assert (answer.status_code, answer.content) == (200, b"")


def test_health_ready_and_metrics(night: Night, client: Browser) -> None:
    assert client.get("/healthz").json()["status"] == "ok"
    assert client.get("/readyz").status_code == 200
    assert "python_info" in client.get("/metrics").text
    parts = (HealthPart(name="slack", is_ok=False, words="no answer since 03:00"),)
    ill = Browser(build_app(night.services(health=lambda: Health(parts=parts))))
    assert ill.get("/readyz").status_code == 503
    assert ill.get("/readyz").json()["parts"]["slack"]["words"] == "no answer since 03:00"
    assert ill.get("/healthz").status_code == 200


def test_a_stranger_hears_that_a_part_fails_but_not_which(night: Night) -> None:
    parts = (HealthPart(name="kafka secret.feed", is_ok=False, words="secret.feed at broker.example: no answer"),)
    stranger = Viewer(scopes=frozenset({Scope.READ}))
    services = night.services(health=lambda: Health(parts=parts), identify=lambda _headers: stranger)
    told = Browser(build_app(services))
    for path in ("/readyz", "/", "/tonight.json", "/feeds"):
        answer = told.get(path)
        assert "secret" not in answer.text
        assert "broker" not in answer.text
    assert told.get("/readyz").status_code == 503
    assert told.get("/readyz").json()["parts"]["service"]["is_ok"] is False
    assert "does not work" in told.get("/").text


def test_while_the_database_is_away_the_service_is_not_ready_and_that_is_no_fault_of_its_own(night: Night) -> None:
    class Away:
        def read(self) -> NoReturn:
            raise ConnectionRefusedError

    parts = (HealthPart(name="store", is_ok=False, words="OperationalError"),)
    ill = Browser(build_app(replace(night.services(health=lambda: Health(parts=parts)), store=cast("Any", Away()))))
    assert ill.get("/readyz").status_code == 503


def test_health_is_asked_once_and_the_store_not_again_beside_it(night: Night) -> None:
    class Asked:
        def read(self) -> NoReturn:
            raise AssertionError

    asked: list[str] = []

    def health() -> Health:
        asked.append("health")
        return Health(parts=(HealthPart(name="store", is_ok=True, words="schema 0009"),))

    well = Browser(build_app(replace(night.services(health=health), store=cast("Any", Asked()))))
    assert well.get("/readyz").status_code == 200
    assert asked == ["health"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NoticeError("nonsense"), 422),
        (ScienceError("a gap"), 422),
        (ConflictError("Ada was first"), 409),
        (NotAllowedError("the signature is wrong", remedy="check the secret"), 403),
        (RemoteError("Slack is down"), 502),
    ],
)
def test_errors_with_a_name_become_problems_with_their_status(night: Night, error: Exception, status: int) -> None:
    def refuse(_body: bytes, _headers: Any) -> str:
        raise error

    client = Browser(build_app(night.services(slack_interaction=refuse)))
    answer = client.post("/slack/interactions", content=b"payload=1")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert str(error).startswith(answer.json()["detail"])


def test_slack_gets_the_raw_body_and_lower_case_headers(night: Night) -> None:
    seen: list[tuple[bytes, str]] = []

    def take(body: bytes, headers: Any) -> str:
        seen.append((body, headers["x-slack-signature"]))
        return "Acknowledged by Ada Brandt."

    client = Browser(build_app(night.services(slack_interaction=take)))
    answer = client.post("/slack/interactions", content=b"payload=%7B%7D&x=+", headers={"X-Slack-Signature": "v0=ab"})
    assert seen == [(b"payload=%7B%7D&x=+", "v0=ab")]
    assert answer.json()["text"] == "Acknowledged by Ada Brandt."


def test_a_body_too_large_for_slack_is_refused(night: Night) -> None:
    client = Browser(build_app(night.services(slack_interaction=lambda _b, _h: "")))
    assert client.post("/slack/interactions", content=b"x" * 1_000_001).status_code == 413


def test_a_fault_of_ours_is_a_500_that_tells_nothing_of_the_inside(night: Night) -> None:
    def fail(_body: bytes, _headers: Any) -> str:
        raise KeyError("secret inside")

    client = Browser(build_app(night.services(slack_interaction=fail)))
    with structlog.testing.capture_logs() as logs:
        answer = client.post("/slack/interactions", content=b"")
    assert logs[0]["event"] == "request failed"
    assert answer.status_code == 500
    assert "secret" not in answer.text


def test_the_openapi_description_is_made_without_warnings(client: Browser) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        paths = client.get("/api/v1/openapi.json").json()["paths"]
    assert {f"/api/v1/events/{{event_id}}/{part}" for part in (*PARTS, "skymap")} <= set(paths)
    assert not any(path.endswith(".json") for path in paths)


def test_an_event_without_maps_or_curves_says_so_with_404_and_empty_lists(night: Night, client: Browser) -> None:
    fill_night(night)
    assert client.get("/api/v1/events/ms261122b/skymap").status_code == 404
    assert client.get("/events/ms261122b/skymap.svg").status_code == 404
    assert client.get("/api/v1/events/ms261122b/lightcurves").json() == {"lightcurves": []}


def test_files_that_are_broken_are_said_on_the_page_which_keeps_its_button(night: Night, client: Browser) -> None:
    fill_night(night)
    night.product("grb-1", ProductKind.SKYMAP, "sky map", {"area_90_deg2": 3.0}, blob=b"no fits")
    night.product("grb-1", ProductKind.LIGHT_CURVE, "SPI-ACS", {"bins": 3}, blob=b"no npz")
    page = client.get("/events/grb-1").text
    assert "The sky map cannot be drawn" in page
    assert "The light curves cannot be drawn" in page
    assert "Acknowledge</button>" in page
    assert client.get("/api/v1/events/grb-1/lightcurves").status_code == 422
