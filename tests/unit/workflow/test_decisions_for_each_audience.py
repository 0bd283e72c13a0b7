"""Decisions are kept for each audience: what the public reads of why and when was decided from public notices alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asgi_browser import Browser
from workflow_desk import SECRET, SECRET_TOPIC, Desk, at, settings, track

from notifier.recorder import RecorderChannel
from tocsin.api import Health, build_app
from tocsin.app.web import api_services
from tocsin.domain.events import EventState
from tocsin.domain.people import MessagePurpose
from tocsin.workflow.acknowledging import acknowledge
from tocsin.workflow.auditing import audit_pages
from tocsin.workflow.context import Door
from tocsin.workflow.parts import find_part
from tocsin.workflow.queries import EventView, event_view
from tocsin.workflow.why import WhyWoken, why_woken

PUBLIC: frozenset[str] = frozenset()
RULE = "icecube-likely-astrophysical"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A service with a door for everybody and one for those who may see restricted notices; each counts as a road."""
    doors = (Door(channel=RecorderChannel("chat")), Door(channel=RecorderChannel("inner chat"), clearance=SECRET))
    with Desk(tmp_path, doors=doors) as made:
        yield made


def hear_secret_first(desk: Desk) -> str:
    """A neutrino that those cleared heard of twenty seconds before everybody; the better place is restricted."""
    desk.take(track(revision=1), topic=SECRET_TOPIC)
    desk.wait(20.0)
    desk.take(track(revision=0, after_s=60.0))
    desk.wait(2.0)
    (event_id,) = desk.event_ids()
    return event_id


def seen(desk: Desk, event_id: str, clearance: frozenset[str]) -> tuple[EventView, WhyWoken | None]:
    def ask(work: Any) -> tuple[EventView, WhyWoken | None]:
        view = event_view(work, event_id, clearance=clearance)
        assert view is not None
        return view, why_woken(work, view, desk.context.wakings, clearance=clearance)

    found: tuple[EventView, WhyWoken | None] = desk.read(ask)
    return found


def page(desk: Desk, event_id: str) -> str:
    services = api_services(desk.context, settings(), health=Health, labels_of_streams={})
    browser = Browser(build_app(replace(services, allowed_hosts=frozenset({"testserver"}))))
    return browser.get(f"/events/{event_id}").text + browser.get(f"/api/v1/events/{event_id}").text


def test_the_public_is_told_why_people_were_woken_by_its_own_notice(desk: Desk) -> None:
    event_id = hear_secret_first(desk)
    view, why = seen(desk, event_id, PUBLIC)
    assert view.item.state is EventState.NOTIFIED
    assert why is not None
    assert (why.rule, why.at_utc) == (RULE, at(50.0))
    assert not any("woken again" in reason or "woken before" in reason for reason in view.reasons)
    assert RULE in page(desk, event_id)
    chat = desk.context.doors[0].channel
    assert isinstance(chat, RecorderChannel)
    (paged,) = [one for one in chat.sent if one.purpose is MessagePurpose.PAGE]
    assert paged.card.fields["Woken by"].startswith(RULE)


def test_no_reason_given_to_the_public_states_what_the_restricted_notice_said(desk: Desk) -> None:
    event_id = hear_secret_first(desk)
    public, _ = seen(desk, event_id, PUBLIC)
    cleared, _ = seen(desk, event_id, SECRET)
    assert any("RA 120.10" in reason for reason in cleared.reasons), "else nothing is hidden here"
    assert any("RA 120.00" in reason for reason in public.reasons)
    assert "120.1" not in page(desk, event_id)


def test_times_of_the_alarm_are_those_of_the_public_notice(desk: Desk) -> None:
    event_id = hear_secret_first(desk)
    public, _ = seen(desk, event_id, PUBLIC)
    cleared, _ = seen(desk, event_id, SECRET)
    assert (public.next_escalation_utc, public.first_page_ms) == (at(350.0), 0.0)
    assert cleared.next_escalation_utc == at(350.0), "the alarm goes on"
    assert min(row.at_utc for row in public.timeline) == at(50.0)
    assert [row.kind for row in public.timeline][:3] == ["notice", "event", "decision"]


def test_who_took_it_before_the_public_could_know_of_it_took_it_then_for_the_public(desk: Desk) -> None:
    desk.take(track(revision=1), topic=SECRET_TOPIC)
    desk.wait(10.0)
    (event_id,) = desk.event_ids()
    acknowledge(desk.context, event_id, "vance", "page")
    desk.wait(10.0)
    desk.take(track(revision=0, after_s=60.0))
    desk.wait(2.0)
    (event_id,) = desk.event_ids()
    public, _ = seen(desk, event_id, PUBLIC)
    cleared, _ = seen(desk, event_id, SECRET)
    assert [one.at_utc for one in public.acknowledgements] == [at(50.0)]
    assert [one.at_utc for one in cleared.acknowledgements] == [at(40.0)]
    assert public.item.state is EventState.ACKNOWLEDGED
    early: list[datetime] = [row.at_utc for row in public.timeline if row.at_utc < at(50.0)]
    assert early == []


def test_a_public_event_that_a_restricted_notice_joins_later_keeps_its_alarm(desk: Desk) -> None:
    desk.take(track())
    desk.wait(20.0)
    desk.take(track(revision=1, after_s=60.0), topic=SECRET_TOPIC)
    desk.wait(2.0)
    (event_id,) = desk.event_ids()
    public, why = seen(desk, event_id, PUBLIC)
    assert why is not None
    assert public.first_page_ms is not None
    assert public.next_escalation_utc == at(330.0)
    part = desk.read(lambda work: find_part(work, event_id, PUBLIC))
    assert part is not None
    assert not part.is_whole


def test_the_audit_asks_each_road_for_the_page_of_its_own_decision(desk: Desk) -> None:
    event_id = hear_secret_first(desk)
    desk.clock.advance(61.0)
    found = desk.read(lambda work: audit_pages(desk.context, work, late_s=60.0))
    assert (found.decided, found.delivered) == (2, 2)
    assert found.missing == ()
    with desk.store.begin() as work:
        rows = work.decisions_since(at(0.0) - timedelta(hours=1))
        told = [(row.variant, row.decision.pages, bool(row.labels), len(row.wider)) for row in rows]
        woken = work.waking_rules()
    assert told == [(0, True, True, 0), (0, True, False, 1), (1, False, True, 0)]
    assert [len(times) for times in woken.values()] == [2], "two wakings by one rule, one for each notice"
    assert desk.read(lambda work: len(work.decisions(event_id))) == 1, "the first is the opaque event's"
