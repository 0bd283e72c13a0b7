"""Covering: a burst raised by its association alone is in the hands of whoever took the event that was paged."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from asgi_browser import Browser
from workflow_desk import MERGER, Desk, at, burst_by_hand, retraction, settings, spot

from tocsin.api import Health, build_app
from tocsin.app.web import api_services
from tocsin.domain.events import Tier
from tocsin.domain.people import Card
from tocsin.simulate.notices import lvk_alert
from tocsin.workflow.acknowledging import acknowledge
from tocsin.workflow.open_events import open_events
from tocsin.workflow.queries import EventListItem, event_item
from tocsin.workflow.tonight import tonight

S = "s241017ab"
PUBLIC: frozenset[str] = frozenset()


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Desk, str]]:
    """A merger that paged, and a burst at its place and time that would not have."""
    with Desk(tmp_path) as desk:
        desk.take(lvk_alert(MERGER, "PRELIMINARY", at(30.0), skymap=spot(120.0, 12.0).to_bytes()))
        desk.wait(30.0)
        found = burst_by_hand(desk, at(1.7))
        desk.wait(120.0)
        yield desk, found


def item_of(desk: Desk, event_id: str) -> EventListItem:
    found = desk.read(lambda work: event_item(work, event_id))
    assert isinstance(found, EventListItem)
    return found


def waiting(desk: Desk) -> list[str]:
    now = desk.clock.now()
    return [one.item.event.id for one in desk.read(lambda work: tonight(work, clearance=PUBLIC, now=now)).waiting]


def test_until_the_partner_is_taken_both_wait(pair: tuple[Desk, str]) -> None:
    desk, other = pair
    assert item_of(desk, other).tier is Tier.WAKE
    assert item_of(desk, other).cover is None
    assert waiting(desk) == [other, S]


def test_taking_the_event_that_was_paged_covers_its_partner_everywhere(pair: tuple[Desk, str]) -> None:
    desk, other = pair
    acknowledge(desk.context, S, "vance", "slack")
    desk.wait(2.0)
    cover = item_of(desk, other).cover
    assert cover is not None
    assert (cover.event_id, cover.event_name, cover.person_id) == (S, "S241017ab", "vance")
    assert waiting(desk) == []
    lines = desk.read(lambda work: open_events(desk.context, work, PUBLIC))
    assert any("GRB 241017Z (tier 1, covered by S241017ab, taken by B. Vance at" in line for line in lines)
    services = api_services(desk.context, settings(), health=Health, labels_of_streams={})
    browser = Browser(build_app(replace(services, allowed_hosts=frozenset({"testserver"}))))
    page = browser.get(f"/events/{other}").text
    assert "Covered by S241017ab" in page
    assert "taken by B. Vance" in page
    assert "Acknowledge this one too</button>" in page, "somebody may still take it for itself"
    told = browser.get(f"/api/v1/events/{other}").json()["covered_by"]
    assert (told["event_id"], told["acknowledged_by"]) == (S, "B. Vance")
    assert browser.get(f"/api/v1/events/{S}").json()["covered_by"] is None


def test_the_message_of_the_partner_says_who_has_it(pair: tuple[Desk, str]) -> None:
    desk, other = pair
    cards: list[Card] = [one.card for one in desk.recorder.sent if one.event_id == other]
    assert cards, "the channel was told of the burst"
    assert "Covered" not in cards[-1].fields
    acknowledge(desk.context, S, "vance", "slack")
    desk.wait(2.0)
    cards = [one.card for one in desk.recorder.sent if one.event_id == other]
    assert cards[-1].fields["Covered"].startswith("by S241017ab, taken by B. Vance at")


def test_one_who_takes_it_for_itself_has_it(pair: tuple[Desk, str]) -> None:
    desk, other = pair
    acknowledge(desk.context, S, "vance", "slack")
    acknowledge(desk.context, other, "okafor", "page")
    assert item_of(desk, other).cover is None
    taken = item_of(desk, other).acknowledgement
    assert taken is not None
    assert taken.person_id == "okafor"


def test_a_partner_that_is_withdrawn_covers_nothing(pair: tuple[Desk, str]) -> None:
    desk, other = pair
    acknowledge(desk.context, S, "vance", "slack")
    desk.take(retraction())
    desk.wait(5.0)
    assert item_of(desk, other).cover is None
