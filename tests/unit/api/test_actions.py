"""The buttons of the page do what those in chat do, through the same handler."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from asgi_browser import Browser
from workflow_desk import Desk, merger, retraction, settings

from tocsin.api import Health, build_app
from tocsin.app.web import api_services
from tocsin.domain.events import EventState
from tocsin.domain.people import MessagePurpose

S = "s241017ab"
JSON = {"accept": "application/json"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(tmp_path) as made:
        made.take(merger())
        made.work()
        yield made


@pytest.fixture
def browser(desk: Desk) -> Browser:
    services = api_services(desk.context, settings(), health=Health, labels_of_streams={})
    return Browser(build_app(replace(services, allowed_hosts=frozenset({"testserver"}))))


def test_escalate_on_the_page_tells_the_next_people(desk: Desk, browser: Browser) -> None:
    assert f'formaction="/events/{S}/actions/escalate"' in browser.get(f"/events/{S}").text
    answer = browser.post(f"/events/{S}/actions/escalate", data={"person": "vance"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/events/{S}")
    desk.work()
    assert desk.sent(MessagePurpose.ESCALATION)


def test_the_route_for_programs_answers_in_words(desk: Desk, browser: Browser) -> None:
    answer = browser.post(f"/api/v1/events/{S}/actions/snooze", data={"person": "okafor"}, headers=JSON)
    assert answer.json() == {"words": "Put off by C. Okafor until 03:10:30 UTC."}
    (row,) = [row for row in desk.read(lambda work: work.audit_rows(S)) if row.action == "snooze"]
    assert (row.actor, row.detail["via"]) == ("okafor", "api")


def test_an_event_found_to_be_nothing_offers_no_buttons(desk: Desk, browser: Browser) -> None:
    browser.post(f"/events/{S}/actions/not_astrophysical", data={"person": "okafor"})
    assert desk.read(lambda work: work.event_row(S)).state is EventState.NOT_ASTROPHYSICAL
    assert "/actions/" not in browser.get(f"/events/{S}").text


def test_what_is_no_button_and_what_is_no_event_are_not_found(browser: Browser) -> None:
    for path in (f"/events/{S}/actions/open_draft", f"/events/{S}/actions/launch", "/events/s000000zz/actions/snooze"):
        assert browser.post(path, data={"person": "vance"}).status_code == 404
        assert browser.get(path).status_code == 405


def test_strangers_other_sites_and_late_ones_are_refused(desk: Desk, browser: Browser) -> None:
    path = f"/events/{S}/actions/escalate"
    assert browser.post(path, data={"person": "mallory"}).status_code == 403
    headers = {"origin": "https://evil.example"}
    assert browser.post(path, data={"person": "vance"}, headers=headers).status_code == 403
    desk.take(retraction())
    assert browser.post(path, data={"person": "vance"}).status_code == 409
