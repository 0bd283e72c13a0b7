"""Links without sign-in: opening one changes nothing, its button acknowledges, and nobody can make one up."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from asgi_browser import Browser
from icalendar import Calendar
from workflow_desk import Desk, merger, retraction, settings

from notifier.cards import plain_text
from notifier.recorder import RecorderChannel
from tocsin.api.app import build_app
from tocsin.api.services import Health
from tocsin.app.web import api_services
from tocsin.domain.people import MessagePurpose
from tocsin.workflow.context import Door
from tocsin.workflow.links import acknowledge_token, calendar_token, draw_secret

S = "s241017ab"
ORIGIN = {"origin": "http://testserver"}


@pytest.fixture
def mail() -> RecorderChannel:
    return RecorderChannel("email")


@pytest.fixture
def desk(tmp_path: Path, mail: RecorderChannel) -> Iterator[Desk]:
    doors = (Door(channel=RecorderChannel()), Door(channel=mail, is_shared=False))
    with Desk(tmp_path, doors=doors) as made:
        made.take(merger())
        made.wait(1.0)
        yield made


@pytest.fixture
def browser(desk: Desk) -> Browser:
    services = api_services(desk.context, settings(), health=Health, labels_of_streams={})
    return Browser(build_app(replace(services, allowed_hosts=frozenset())))


def link_of(mail: RecorderChannel, person_id: str = "vance") -> str:
    """Path of the link that a mailed page brought."""
    (page,) = [one for one in mail.sent if one.recipient == person_id and one.purpose is MessagePurpose.PAGE]
    assert page.acknowledge_url in plain_text(page.card, acknowledge_url=page.acknowledge_url)
    return "/a/" + page.acknowledge_url.rpartition("/")[2]


def taken(desk: Desk) -> list[tuple[str, str]]:
    return [(one.person_id, one.via) for one in desk.read(lambda work: work.acknowledgements(S))]


Open = Callable[[Browser, str], httpx.Response]
WAYS: dict[str, Open] = {
    "a person": lambda browser, path: browser.get(path, headers={"accept": "text/html"}),
    "a mail scanner": lambda browser, path: browser.request("HEAD", path),
    "a preview of Slack": lambda browser, path: browser.get(
        path, headers={"user-agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"}
    ),
    "a search engine": lambda browser, path: browser.get(path, headers={"range": "bytes=0-32768"}),
}


@pytest.mark.parametrize("who", sorted(WAYS))
def test_opening_a_link_changes_nothing_whoever_opens_it(
    desk: Desk, mail: RecorderChannel, browser: Browser, who: str
) -> None:
    path = link_of(mail)
    for _ in range(3):
        answer = WAYS[who](browser, path)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert "noindex" in answer.headers["x-robots-tag"]
    assert taken(desk) == []
    assert desk.read(lambda work: [row for row in work.audit_rows(S) if row.action == "acknowledge"]) == []


def test_its_button_acknowledges_for_the_person_it_was_sent_to(
    desk: Desk, mail: RecorderChannel, browser: Browser
) -> None:
    assert 'method="post"' in browser.get(link_of(mail)).text
    answer = browser.post(link_of(mail), headers=ORIGIN)
    assert answer.status_code == 200
    assert "Acknowledged by B. Vance" in answer.text
    assert taken(desk) == [("vance", "email")]
    desk.work()
    assert desk.context.doors[0].channel.sent[-1].card.acknowledged_by == "B. Vance"


def test_a_late_one_is_told_who_was_first(desk: Desk, mail: RecorderChannel, browser: Browser) -> None:
    browser.post(link_of(mail), headers=ORIGIN)
    late = browser.post(link_of(mail, "tanaka"), headers=ORIGIN)
    assert "Acknowledged by B. Vance" in late.text
    assert "somebody else was first" in late.text
    assert taken(desk) == [("vance", "email"), ("tanaka", "email")]


def test_another_site_cannot_press_it(desk: Desk, mail: RecorderChannel, browser: Browser) -> None:
    assert browser.post(link_of(mail), headers={"origin": "https://evil.example"}).status_code == 403
    assert taken(desk) == []


def test_a_link_that_is_forged_changed_or_over_its_time_opens_nothing(
    desk: Desk, mail: RecorderChannel, browser: Browser
) -> None:
    path = link_of(mail)
    other = path.replace(path[5], "A" if path[5] != "A" else "B", 1)
    for wrong in (other, path[:-1], path + "x", "/a/nothing", "/a/e30.e30"):
        assert browser.get(wrong).status_code in {403, 404}, wrong
        assert browser.post(wrong, headers=ORIGIN).status_code in {403, 404}, wrong
    desk.clock.advance(timedelta(days=8).total_seconds())
    assert browser.post(path, headers=ORIGIN).status_code == 403
    assert taken(desk) == []


def test_a_calendar_address_is_no_acknowledgement_and_the_other_way_round(desk: Desk, browser: Browser) -> None:
    with desk.store.begin() as work:
        calendar, acknowledging = calendar_token(work), acknowledge_token(work, S, "vance", desk.clock.now())
    assert browser.get(f"/a/{calendar}").status_code == 403
    assert browser.get(f"/calendar/{acknowledging}.ics").status_code == 403


def test_a_retracted_event_offers_nothing_to_press(desk: Desk, mail: RecorderChannel, browser: Browser) -> None:
    desk.take(retraction())
    desk.work()
    assert "<button class" not in browser.get(link_of(mail)).text
    assert browser.post(link_of(mail), headers=ORIGIN).status_code == 409


def test_a_calendar_program_reads_the_rota_at_its_secret_address_and_entries_keep_their_names(
    desk: Desk, browser: Browser
) -> None:
    with desk.store.begin() as work:
        everybody, own = calendar_token(work), calendar_token(work, "vance")
        assert calendar_token(work) == everybody

    def entries(token: str) -> dict[str, str]:
        answer = browser.get(f"/calendar/{token}.ics")
        assert answer.headers["content-type"].startswith("text/calendar")
        return {str(one["uid"]): str(one["summary"]) for one in Calendar.from_ical(answer.text).walk("VEVENT")}

    before = entries(everybody)
    assert {summary.rpartition(": ")[2] for summary in entries(own).values()} == {"B. Vance"}
    assert set(entries(own)) < set(before)
    desk.clock.advance(3600.0)
    assert entries(everybody) == before
    with desk.store.begin() as work:
        draw_secret(work)
    assert browser.get(f"/calendar/{everybody}.ics").status_code == 403
