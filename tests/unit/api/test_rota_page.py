"""The Rota page: shifts offered, taken and withdrawn by forms that need no script, and by programs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asgi_browser import Browser
from workflow_desk import Desk, settings

from tocsin.api import Health, build_app
from tocsin.api.services import ApiServices, Viewer
from tocsin.app.web import api_services
from tocsin.workflow.rota_in_force import rota_now

#: A Thursday of the week of C. Okafor.
NOW = datetime(2024, 10, 17, 10, 0, tzinfo=UTC)
JSON = {"accept": "application/json"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(tmp_path, now=NOW) as made:
        yield made


def services(desk: Desk) -> ApiServices:
    made = api_services(desk.context, settings(), health=Health, labels_of_streams={})
    return replace(made, allowed_hosts=frozenset({"testserver"}))


@pytest.fixture
def browser(desk: Desk) -> Browser:
    return Browser(build_app(services(desk)))


def signed_in(desk: Desk, person_id: str | None) -> Browser:
    """A browser of somebody, or of nobody, where people sign in."""
    given = services(desk)
    viewer = Viewer(person_id=person_id)
    return Browser(build_app(replace(given, gate=None, may_choose_person=False, identify=lambda _headers: viewer)))


def holder(desk: Desk) -> str:
    (person,) = rota_now(desk.context).on_call(desk.clock.now())
    return person.id


def shift_of(page: str, person_id: str) -> str:
    """Value of the person's first shift in the list to choose from."""
    return page.split(f'<option value="{person_id}|', 1)[1].split('"', 1)[0]


def test_a_shift_is_offered_taken_and_taken_back_on_the_page(desk: Desk, browser: Browser) -> None:
    giver = holder(desk)
    page = browser.get("/rota").text
    assert "No shift is offered" in page
    value = f"{giver}|{shift_of(page, giver)}"
    given = {"shift": value, "start_utc": "", "stop_utc": "2024-10-18T10:00Z", "reason": "a <b>wedding</b>"}
    answer = browser.post("/rota/offers", data=given)
    assert (answer.status_code, answer.headers["location"]) == (303, "/rota#swaps")
    page = browser.get("/rota").text
    assert "offers a shift" in page
    assert "a &lt;b&gt;wedding&lt;/b&gt;" in page
    taker = next(one for one in ("vance", "lindqvist", "okafor") if one != giver)
    assert browser.post("/rota/offers/1/take", data={"person": taker}).status_code == 303
    assert holder(desk) == taker
    page = browser.get("/rota").text
    assert "stands in for" in page
    assert "Take it back" in page
    twin = browser.get("/rota.json").json()
    assert [one["state"] for one in twin["offers"]] == ["taken"]
    assert twin["on_call"][0]["id"] == taker
    assert browser.get("/api/v1/oncall", headers=JSON).json()["on_call"][0]["id"] == taker
    assert browser.post("/rota/offers/1/withdraw", data={"person": giver}).status_code == 303
    assert holder(desk) == giver


def test_programs_offer_take_and_withdraw_and_are_told_why_not(desk: Desk, browser: Browser) -> None:
    giver = holder(desk)
    taker = next(one for one in ("vance", "lindqvist", "okafor") if one != giver)
    path, when = "/api/v1/rota/offers", {"start_utc": "2024-10-17T12:00Z", "stop_utc": "2024-10-17T18:00Z"}
    made = browser.post(path, data={"person": giver, **when}, headers=JSON).json()
    assert (made["id"], made["state"], made["start_utc"]) == (1, "open", "2024-10-17T12:00:00Z")
    again = browser.post(path, data={"person": giver, **when}, headers=JSON)
    assert again.status_code == 409
    assert "offers" in again.json()["detail"]
    assert browser.post(path, data={"person": taker, **when}, headers=JSON).status_code == 409
    assert browser.post(path, data={"person": giver, "start_utc": "soon"}, headers=JSON).status_code == 422
    assert browser.post(f"{path}/1/keep", data={"person": taker}, headers=JSON).status_code == 404
    assert browser.post(f"{path}/7/take", data={"person": taker}, headers=JSON).status_code == 409
    assert browser.post(f"{path}/1/take", data={"person": taker}, headers=JSON).json()["taker"]
    assert browser.get(path, headers=JSON).json()["offers"][0]["state"] == "taken"
    desk.clock.advance(timedelta(hours=3).total_seconds())
    assert holder(desk) == taker


def test_who_is_signed_in_offers_their_own_shift_alone_and_acts_as_nobody_else(desk: Desk) -> None:
    giver = holder(desk)
    taker = next(one for one in ("vance", "lindqvist", "okafor") if one != giver)
    own, page = signed_in(desk, giver), signed_in(desk, giver).get("/rota").text
    assert f'value="{giver}|' in page
    assert f'value="{taker}|' not in page
    value = f"{giver}|{shift_of(page, giver)}"
    assert signed_in(desk, taker).post("/rota/offers", data={"shift": value}).status_code == 422
    assert own.post("/rota/offers", data={"shift": value, "reason": "ill"}).status_code == 303
    assert "Take this shift" not in own.get("/rota").text
    others = signed_in(desk, taker)
    assert "Take this shift" in others.get("/rota").text
    assert others.post("/rota/offers/1/withdraw", data={"person": giver}).status_code == (
        303 if taker == "vance" else 403
    )


def test_a_stranger_sees_who_is_on_call_and_may_neither_act_nor_read_why(desk: Desk, browser: Browser) -> None:
    giver = holder(desk)
    value = f"{giver}|{shift_of(browser.get('/rota').text, giver)}"
    browser.post("/rota/offers", data={"shift": value, "reason": "an operation"})
    stranger = signed_in(desk, None)
    page = stranger.get("/rota").text
    assert "offers a shift" in page
    assert "<form" not in page.split("<main", 1)[1].split("</main>", 1)[0]
    assert "an operation" not in page
    assert "an operation" not in stranger.get("/rota.json").text
    assert "an operation" not in stranger.get("/api/v1/rota/offers").text
    assert stranger.post("/rota/offers/1/take", data={"person": "vance"}).status_code == 403
    assert stranger.post("/rota/offers", data={"shift": value}).status_code == 403


def test_a_form_sent_from_another_site_is_refused(desk: Desk, browser: Browser) -> None:
    elsewhere = {"origin": "https://evil.example.org"}
    assert browser.post("/rota/offers/1/take", data={"person": "vance"}, headers=elsewhere).status_code == 403
    assert holder(desk)
