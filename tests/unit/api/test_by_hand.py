"""Events by hand from the page and by programs: through the same handlers, refused the same way."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from asgi_browser import Browser
from workflow_desk import Desk, at, burst_alert, merger, settings

from tocsin.api import Health, build_app
from tocsin.app.web import api_services

S = "s241017ab"
JSON = {"accept": "application/json"}
WHO = {"person": "vance", "reason": "because"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(tmp_path) as made:
        made.take(merger(), burst_alert(t_s=0.0), burst_alert(t_s=15.0, serial=2))
        made.work()
        yield made


@pytest.fixture
def browser(desk: Desk) -> Browser:
    services = api_services(desk.context, settings(), health=Health, labels_of_streams={})
    return Browser(build_app(replace(services, allowed_hosts=frozenset({"testserver"}))))


def test_an_event_is_made_on_the_page(browser: Browser) -> None:
    form = browser.get("/new")
    assert form.status_code == 200
    assert "T0, UTC" in form.text
    given = {**WHO, "kind": "gamma_ray_burst", "t0_utc": "2024-10-17T02:00:00Z", "name": "GRB 241017X"}
    answer = browser.post("/new", data={**given, "ra_deg": "10", "dec_deg": "-5", "error_radius_deg": "3"})
    assert answer.status_code == 303
    page = browser.get(answer.headers["location"]).text
    assert "GRB 241017X" in page
    assert "Made by a person: searched and told, nobody is woken." in page


def test_programs_make_put_right_split_and_merge(desk: Desk, browser: Browser) -> None:
    made = browser.post("/api/v1/events", data={**WHO, "t0_utc": "2024-10-17T02:00:00Z"}, headers=JSON).json()
    path = f"/api/v1/events/{made['id']}/by-hand"
    right = browser.post(f"{path}/correct", data={**WHO, "t0_utc": "2024-10-17T02:00:04Z"}, headers=JSON).json()
    assert right["t0_utc"].startswith("2024-10-17T02:00:04")
    burst = next(one for one in desk.event_ids() if "gbm" in one)
    aliases = browser.get(f"/api/v1/events/{burst}", headers=JSON).json()["aliases"]
    new = browser.post(
        f"/api/v1/events/{burst}/by-hand/split", data={**WHO, "triggers": aliases[1]}, headers=JSON
    ).json()
    assert new["aliases"] == [aliases[1]]
    merged = browser.post(
        f"/api/v1/events/{burst}/by-hand/merge", data={**WHO, "other": new["id"]}, headers=JSON
    ).json()
    assert merged["id"] == burst
    assert set(merged["aliases"]) == set(aliases)
    assert browser.get(f"/api/v1/events/{new['id']}", headers=JSON).json()["id"] == burst


def test_the_page_of_an_event_offers_what_can_be_done_by_hand(desk: Desk, browser: Browser) -> None:
    page = browser.get(f"/events/{S}").text
    for way in ("correct", "merge", "split"):
        assert f'action="/events/{S}/by-hand/{way}"' in page
    answer = browser.post(f"/events/{S}/by-hand/correct", data={**WHO, "t0_utc": at(3.0).isoformat()})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/events/{S}")
    (row,) = [row for row in desk.read(lambda work: work.audit_rows(S)) if row.action == "correct_event"]
    assert row.detail["via"] == "page"


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        ("/api/v1/events", {**WHO, "t0_utc": "soon"}, 422),
        ("/api/v1/events", {**WHO}, 422),
        ("/api/v1/events", {**WHO, "t0_utc": "2024-10-17T02:00:00Z", "kind": "comet"}, 422),
        ("/api/v1/events", {**WHO, "t0_utc": "2024-10-17T02:00:00Z", "ra_deg": "x"}, 422),
        ("/api/v1/events", {"person": "vance", "t0_utc": "2024-10-17T02:00:00Z"}, 409),
        ("/api/v1/events", {"person": "mallory", "reason": "x", "t0_utc": "2024-10-17T02:00:00Z"}, 403),
        (f"/api/v1/events/{S}/by-hand/launch", WHO, 404),
        (f"/api/v1/events/{S}/by-hand/merge", {**WHO, "other": "unheard-of"}, 404),
        (f"/api/v1/events/{S}/by-hand/correct", WHO, 409),
        (f"/api/v1/events/{S}/by-hand/split", {**WHO, "triggers": "gbm:1"}, 409),
        ("/api/v1/events/unheard-of/by-hand/correct", WHO, 404),
    ],
)
def test_what_cannot_be_done_is_refused(browser: Browser, path: str, data: dict[str, str], status: int) -> None:
    assert browser.post(path, data=data, headers=JSON).status_code == status


def test_other_sites_are_refused(browser: Browser) -> None:
    headers = {"origin": "https://evil.example"}
    assert browser.post(f"/events/{S}/by-hand/correct", data=WHO, headers=headers).status_code == 403


def test_a_product_can_be_fetched_as_a_file_and_the_trial_ledger_read(desk: Desk, browser: Browser) -> None:
    given = {**WHO, "t0_utc": at(2.0).isoformat(), "ra_deg": "11.9", "dec_deg": "-25.3", "error_radius_deg": "3"}
    made = browser.post("/api/v1/events", data=given, headers=JSON).json()
    desk.wait(60.0)
    page = browser.get(f"/events/{made['id']}").text
    assert "NGC 253 at 3.5 Mpc" in page
    assert "At the Earth" in page
    products = browser.get(f"/api/v1/events/{made['id']}/products", headers=JSON).json()["products"]
    skymap = next(one for one in products if one["kind"] == "skymap")
    answer = browser.get(f"/api/v1/events/{made['id']}/products/{skymap['id']}/file")
    assert answer.content.startswith(b"SIMPLE")
    assert browser.get(f"/api/v1/events/{S}/products/{skymap['id']}/file").status_code == 404
    trials = browser.get(f"/api/v1/trials?event={made['id']}", headers=JSON).json()["trials"]
    assert {"grb-cbc", "neutrino-grb"} <= {one["subject"] for one in trials if one["kind"] == "coincidence"}
    narrow = next(one for one in trials if one["subject"] == "grb-cbc")
    assert narrow["declaration"]["window_s"] == [-1.0, 5.0]
    assert narrow["outcome"]["companions"] == 1
