"""Acknowledging by the page: a plain form, first one wins, nothing else changes anything."""

import pytest
from api_night import Night, fill_gw, fill_night
from asgi_browser import Browser

from tocsin.api import Viewer, build_app

URL = "/events/s261122a/acknowledge"


def test_the_form_on_the_page_takes_the_event_and_leads_back_to_it(night: Night, client: Browser) -> None:
    fill_gw(night)
    page = client.get("/events/s261122a").text
    assert f'<form class="acknowledge" method="post" action="{URL}">' in page
    answer = client.post(URL, data={"person": "ada"}, headers={"origin": "http://testserver"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/events/s261122a")
    assert night.acknowledged == [("s261122a", "ada", "page")]
    after = client.get("/events/s261122a").text
    assert "Acknowledged by Ada Brandt at 03:16:45 UTC" in after
    assert 'class="acknowledge"' not in after
    assert "Escalates at" not in after


def test_only_advocates_are_offered_and_who_is_on_call_is_offered_first(night: Night, client: Browser) -> None:
    fill_gw(night)
    page = client.get("/events/s261122a").text
    assert '<option value="ada" selected>Ada Brandt</option>' in page
    assert "Ben O&#39;Neil &lt;ops&gt;" in page
    assert "Olga Operator" not in page


def test_whoever_acknowledged_last_in_this_browser_is_offered_first(night: Night, client: Browser) -> None:
    fill_night(night)
    client.post("/events/grb-1/acknowledge", data={"person": "ben"})
    assert '<option value="ben" selected>' in client.get("/events/s261122a").text


def test_a_late_one_is_told_who_was_first(night: Night, client: Browser) -> None:
    fill_gw(night)
    client.post(URL, data={"person": "ada"})
    answer = client.post("/api/v1/events/s261122a/acknowledge", data={"person": "ben"})
    assert answer.json()["is_first"] is False
    assert answer.json()["first_person"] == "Ada Brandt"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_no_other_method_acknowledges(night: Night, client: Browser, method: str) -> None:
    fill_gw(night)
    assert client.request(method, URL).status_code == 405
    client.request(method, "/events/s261122a")
    assert night.acknowledged == []


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://testserver.evil.example"},
        {"referer": "https://evil.example/events/s261122a"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://testserver"},
    ],
)
def test_a_form_sent_by_another_site_is_refused(night: Night, client: Browser, headers: dict[str, str]) -> None:
    fill_gw(night)
    assert client.post(URL, data={"person": "ada"}, headers=headers).status_code == 403
    assert client.post("/theme", data={"theme": "red"}, headers=headers).status_code == 403
    assert night.acknowledged == []


@pytest.mark.parametrize("person", ["", "mallory", "ada' OR 1=1"])
def test_somebody_unknown_cannot_take_an_event(night: Night, client: Browser, person: str) -> None:
    fill_gw(night)
    assert client.post(URL, data={"person": person}).status_code == 403
    assert night.acknowledged == []


def test_with_sign_in_the_form_does_not_choose_and_cannot_forge_the_person(night: Night) -> None:
    fill_gw(night)
    services = night.services(may_choose_person=False, identify=lambda _headers: Viewer(person_id="ben"))
    client = Browser(build_app(services))
    page = client.get("/events/s261122a").text
    assert "<select" not in page
    assert "Signed in as Ben O&#39;Neil" in page
    client.post(URL, data={"person": "ada"})
    assert night.acknowledged == [("s261122a", "ben", "page")]


def test_without_sign_in_where_it_is_required_nobody_can_acknowledge(night: Night) -> None:
    fill_gw(night)
    client = Browser(build_app(night.services(may_choose_person=False)))
    assert "Acknowledge</button>" not in client.get("/events/s261122a").text
    assert client.post(URL, data={"person": "ada"}).status_code == 403


def test_a_retracted_event_offers_no_button_and_answers_409(night: Night, client: Browser) -> None:
    fill_night(night)
    assert "Acknowledge</button>" not in client.get("/events/s261121z").text
    assert client.post("/events/s261121z/acknowledge", data={"person": "ada"}).status_code == 409


def test_a_huge_form_is_refused(night: Night, client: Browser) -> None:
    fill_gw(night)
    assert client.post(URL, content=b"person=" + b"a" * 20_000).status_code == 413


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", ""])
def test_the_appearance_form_never_leads_elsewhere(client: Browser, back: str) -> None:
    answer = client.post("/theme", data={"theme": "red", "back": back})
    assert answer.headers["location"] == "/"
    assert 'data-theme="red"' in client.get("/").text


def test_a_host_name_not_ours_is_refused(night: Night) -> None:
    client = Browser(build_app(night.services(allowed_hosts=frozenset({"tocsin.example"}))))
    assert client.get("/healthz").status_code == 400
    assert client.get("/healthz", headers={"host": "tocsin.example"}).status_code == 200
