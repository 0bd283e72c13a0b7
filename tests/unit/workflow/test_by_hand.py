"""By hand: what a person puts right holds, is audited, and what was made from the old is made again."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from workflow_desk import SECRET, SECRET_TOPIC, Desk, PaperSource, at, burst_alert, counts, merger, sources, track

from advocates.people import People
from notifier.recorder import RecorderChannel
from tocsin.domain.errors import ConflictError, NotAllowedError
from tocsin.domain.events import EventKind, EventState, Tier
from tocsin.domain.jobs import JobKind
from tocsin.domain.people import MessagePurpose
from tocsin.domain.products import ProductKind
from tocsin.store import LinkKind
from tocsin.workflow.acknowledging import acknowledge, press
from tocsin.workflow.attach import visible_event
from tocsin.workflow.by_hand import Place, correct_event, create_event
from tocsin.workflow.context import Door
from tocsin.workflow.queries import event_view
from tocsin.workflow.regrouping import merge_events, split_event

PUBLIC: frozenset[str] = frozenset()
PLACE = Place(ra_deg=120.0, dec_deg=20.0, error_radius_deg=2.0)


def made(desk: Desk, **changes: Any) -> str:
    said = {"kind": EventKind.GAMMA_RAY_BURST, "t0_utc": at(0.0), "reason": "seen on the console"} | changes
    return create_event(desk.context, "vance", "page", **said)


def seen(desk: Desk, event_id: str) -> Any:
    return desk.read(lambda work: visible_event(work, event_id, PUBLIC))


def actions(desk: Desk, event_id: str) -> list[str]:
    return [row.action for row in desk.read(lambda work: work.audit_rows(event_id))]


def test_an_event_made_by_hand_is_told_searched_and_audited_and_wakes_nobody(tmp_path: Path) -> None:
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts()))) as desk:
        event_id = made(desk, name="GRB 241017X", place=PLACE)
        desk.work()
        event = seen(desk, event_id)
        assert (event.name, event.kind, event.t0_utc) == ("GRB 241017X", EventKind.GAMMA_RAY_BURST, at(0.0))
        assert (event.ra_deg, event.error_radius_deg) == (120.0, 2.0)
        assert desk.sent(MessagePurpose.PAGE) == []
        assert desk.recorder.sent[-1].card.tier is Tier.TELL
        assert "create_event" in actions(desk, event_id)
        kinds = {product.kind for product in desk.read(lambda work: work.products(event_id))}
        assert {ProductKind.LIGHT_CURVE, ProductKind.SEARCH, ProductKind.SKYMAP, ProductKind.EARTH_CROSSING} <= kinds


def test_a_notice_of_the_same_burst_joins_the_event_made_by_hand_and_gives_its_time(desk: Desk) -> None:
    event_id = made(desk, t0_utc=at(3.0))
    desk.take(burst_alert())
    assert desk.event_ids() == [event_id]
    assert seen(desk, event_id).t0_utc == at(0.0)


def test_events_of_every_kind_can_be_made(desk: Desk) -> None:
    for kind in EventKind:
        event_id = made(desk, kind=kind, t0_utc=at(-1e5 * (1 + list(EventKind).index(kind))))
        assert seen(desk, event_id).kind is kind


def test_a_corrected_t0_moves_the_search_and_remakes_what_was_made(tmp_path: Path) -> None:
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts()))) as desk:
        desk.take(burst_alert())
        (event_id,) = desk.event_ids()
        created = made(desk, t0_utc=at(-5000.0), place=PLACE)
        desk.work()
        old = {p.kind: p.id for p in desk.read(lambda work: work.products(created))}
        correct_event(desk.context, created, "vance", "page", t0_utc=at(2.5), reason="clock of the craft was off")
        desk.work()
        new = {p.kind: p.id for p in desk.read(lambda work: work.products(created))}
        assert seen(desk, created).t0_utc == at(2.5)
        assert seen(desk, created).t0_origin == "corrected by vance"
        for kind in (ProductKind.LIGHT_CURVE, ProductKind.SEARCH, ProductKind.EARTH_CROSSING):
            assert new[kind] != old[kind]
        gone = desk.read(lambda work: work.product(old[ProductKind.SEARCH]))
        assert gone.superseded_by == new[ProductKind.SEARCH]
        (row,) = [row for row in desk.read(lambda work: work.audit_rows(created)) if row.action == "correct_event"]
        assert row.actor == "vance"
        assert row.detail["t0_before_utc"].startswith("2024-10-17T01:36:40")
        assert seen(desk, event_id).t0_utc == at(0.0)


def test_a_correction_outlives_later_notices_and_is_undone_by_another(desk: Desk) -> None:
    desk.take(merger())
    correct_event(desk.context, "s241017ab", "vance", "page", t0_utc=at(7.0), reason="a test of the clock")
    desk.take(merger("UPDATE", after_s=90.0))
    assert seen(desk, "s241017ab").t0_utc == at(7.0)
    desk.clock.advance(60.0)
    correct_event(desk.context, "s241017ab", "vance", "page", t0_utc=at(0.0), place=PLACE, reason="it was right")
    assert seen(desk, "s241017ab").t0_utc == at(0.0)
    assert seen(desk, "s241017ab").ra_deg == 120.0


def test_two_events_merged_by_hand_are_one_and_those_told_of_either_learn_it(desk: Desk) -> None:
    desk.take(burst_alert(significance=5.0), burst_alert(t_s=200.0, significance=5.0, serial=2))
    desk.work()
    first, second = reversed(desk.event_ids())
    acknowledge(desk.context, second, "vance", "page")
    assert merge_events(desk.context, first, second, "vance", "page", reason="one long burst") == first
    desk.work()
    assert desk.event_ids() == [first]
    assert len(desk.read(lambda work: work.notice_rows(first))) == 2
    assert desk.read(lambda work: work.standing_id(second)) == first
    assert desk.read(lambda work: work.event_row(second)).state is EventState.MERGED
    assert "merge" in actions(desk, first)
    assert "merge" in actions(desk, second)
    assert [one.person_id for one in desk.read(lambda work: work.acknowledgements(first))] == ["vance"]


def test_the_message_of_a_merged_event_says_where_it_went_and_its_buttons_act_there(desk: Desk) -> None:
    desk.take(track(), track(t0_s=-300.0))
    one = made(desk, t0_utc=at(-3000.0))
    other = made(desk, t0_utc=at(-6000.0))
    desk.work()
    merge_events(desk.context, one, other, "vance", "page", reason="the same")
    desk.work()
    last = [message for message in desk.recorder.sent if message.event_id == other][-1]
    assert last.card.verdict.startswith("MERGED into ")
    assert last.card.actions == ()
    assert press(desk.context, "acknowledge", other, "vance", "slack").startswith("Acknowledged")
    assert desk.read(lambda work: work.acknowledgements(one))
    assert desk.read(lambda work: event_view(work, other)) is None


def test_what_may_never_be_one_event_is_refused(desk: Desk) -> None:
    desk.take(merger(), burst_alert())
    burst, gw = (next(e for e in desk.event_ids() if e.startswith(head)) for head in ("grb", "s2"))
    with pytest.raises(ConflictError, match="two kinds"):
        merge_events(desk.context, gw, burst, "vance", "page", reason="why not")
    with pytest.raises(ConflictError, match="one event already"):
        merge_events(desk.context, gw, gw, "vance", "page", reason="why not")
    with pytest.raises(ConflictError, match="no event"):
        merge_events(desk.context, gw, "unheard-of", "vance", "page", reason="why not")
    with pytest.raises(ConflictError, match="no reason"):
        merge_events(desk.context, gw, burst, "vance", "page", reason="  ")
    with pytest.raises(NotAllowedError):
        merge_events(desk.context, gw, burst, "nobody", "page", reason="why not")
    with pytest.raises(ConflictError, match="no place"):
        Place(ra_deg=400.0, dec_deg=0.0, error_radius_deg=1.0)
    with pytest.raises(ConflictError, match="not happened"):
        made(desk, t0_utc=at(90000.0))
    with pytest.raises(ConflictError, match="nothing is to be put right"):
        correct_event(desk.context, gw, "vance", "page", reason="hm")


def test_a_split_event_stays_split_whatever_comes_later_until_it_is_merged_again(desk: Desk) -> None:
    desk.take(burst_alert(t_s=0.0), burst_alert(t_s=15.0, serial=2))
    (event_id,) = desk.event_ids()
    aliases = sorted(seen(desk, event_id).aliases)
    assert len(aliases) == 2
    new_id = split_event(desk.context, event_id, [aliases[1]], "vance", "page", reason="two bursts")
    desk.work()
    assert set(desk.event_ids()) == {event_id, new_id}
    assert seen(desk, event_id).aliases == (aliases[0],)
    assert seen(desk, new_id).aliases == (aliases[1],)
    desk.clock.advance(30.0)
    desk.take(burst_alert(t_s=15.0, serial=2, significance=14.0))  # the same trigger, other bytes
    desk.take(burst_alert(t_s=7.5, serial=3))  # between both: joins one, bridges nothing
    assert set(desk.event_ids()) == {event_id, new_id}
    assert len(desk.read(lambda work: work.notice_rows(new_id))) >= 2
    merge_events(desk.context, event_id, new_id, "vance", "page", reason="one after all")
    assert desk.event_ids() == [event_id]
    kinds = [link.kind for link in desk.read(lambda work: work.links(event_id))]
    assert kinds == [LinkKind.APART, LinkKind.FREE, LinkKind.MERGED]


def test_a_split_that_leaves_nothing_or_names_nothing_is_refused(desk: Desk) -> None:
    desk.take(burst_alert())
    (event_id,) = desk.event_ids()
    with pytest.raises(ConflictError, match="nothing would be left"):
        split_event(desk.context, event_id, seen(desk, event_id).aliases, "vance", "page", reason="hm")
    with pytest.raises(ConflictError, match="has no trigger gbm:1"):
        split_event(desk.context, event_id, ["gbm:1"], "vance", "page", reason="hm")


def test_a_notice_between_two_events_makes_them_one(desk: Desk) -> None:
    desk.take(burst_alert(t_s=0.0), burst_alert(t_s=35.0, serial=2))
    assert len(desk.event_ids()) == 2
    desk.take(burst_alert(t_s=17.0, serial=3))
    (event_id,) = desk.event_ids()
    assert len(desk.read(lambda work: work.notice_rows(event_id))) == 3
    assert len(desk.jobs(event_id, JobKind.FETCH)) == len(desk.context.sources)


def test_a_correction_of_what_is_partly_restricted_changes_nothing_for_those_who_see_less(tmp_path: Path) -> None:
    public, cleared = RecorderChannel("public"), RecorderChannel("cleared")
    doors = (Door(channel=public), Door(channel=cleared, clearance=SECRET))
    with Desk(tmp_path, doors=doors) as desk:
        desk.take(track())
        desk.take(track(revision=1, after_s=900.0), topic=SECRET_TOPIC)
        (event_id,) = desk.event_ids()
        people = {one.id: replace(one, clearance=SECRET) for one in desk.context.people}
        context = replace(desk.context, people=People(by_id=people))
        correct_event(context, event_id, "vance", "page", t0_utc=at(5.0), reason="from the restricted analysis")
        assert seen(desk, event_id).t0_utc == at(0.0)
        whole = desk.read(lambda work: visible_event(work, event_id, SECRET))
        assert whole.t0_utc == at(5.0)
