"""Attach: each audience's event, decision and messages come only from what that audience may see."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from workflow_desk import (
    FAINT,
    MOCK,
    SECRET,
    SECRET_TOPIC,
    Desk,
    PaperSource,
    burst_alert,
    counts,
    merger,
    retraction,
    sources,
    track,
)

from notifier.recorder import RecorderChannel
from tocsin.domain.events import EventState, Tier
from tocsin.domain.jobs import JobKind, JobState
from tocsin.domain.people import MessagePurpose
from tocsin.workflow.context import Door
from tocsin.workflow.queries import event_view

S = "s241017ab"


def test_a_new_event_of_tier_1_pages_who_is_on_call_once(desk: Desk) -> None:
    desk.take(merger())
    desk.work()
    (page,) = desk.recorder.sent
    on_call = desk.context.rota.on_call(desk.clock.now())
    assert page.purpose is MessagePurpose.PAGE
    assert page.recipient == on_call[0].id
    assert page.card.tier is Tier.WAKE
    assert page.card.next_step
    assert page.card.page_url.endswith(f"/events/{S}")


def test_an_update_of_a_paged_event_changes_its_message_and_wakes_nobody(desk: Desk) -> None:
    desk.take(merger())
    desk.work()
    desk.take(merger("INITIAL", after_s=60.0), merger("UPDATE", after_s=90.0))
    desk.work()
    assert len(desk.sent(MessagePurpose.PAGE)) == 1
    updates = [message for message in desk.recorder.sent if message.purpose is MessagePurpose.UPDATE]
    assert updates
    assert {message.replaces for message in updates} == {"recorder/1"}
    assert len(desk.open_jobs(S, JobKind.ESCALATE)) == 1


def test_an_event_of_tier_3_is_recorded_and_told_to_nobody(desk: Desk) -> None:
    desk.take(merger(of=FAINT))
    desk.work()
    assert desk.recorder.sent == []
    assert desk.read(lambda work: work.event_row("s241017qq")).tier is Tier.RECORD


def test_a_retracted_test_owes_nothing_and_no_test_owes_more_than_its_rehearsal(desk: Desk) -> None:
    context = sources(PaperSource("SPI-ACS", counts()))
    with_sources = Desk(desk.file.parent, sources=context)
    with_sources.take(merger(of=MOCK))
    (event_id,) = with_sources.event_ids()
    assert {job.kind for job in with_sources.read(lambda work: work.jobs(event_id))} == {JobKind.REHEARSE}
    with_sources.take(retraction(of=MOCK))
    assert with_sources.next_due() is None
    assert with_sources.read(lambda work: work.event_row(event_id)).is_test
    assert with_sources.read(lambda work: work.message_counts()).pages_for_tests == 0
    with_sources.store.close()


def test_a_retraction_of_an_event_never_seen_is_kept_and_told_to_nobody(desk: Desk) -> None:
    desk.take(retraction())
    desk.work()
    assert desk.recorder.sent == []
    row = desk.read(lambda work: work.event_row(S))
    assert row.state is EventState.RETRACTED
    assert row.is_retracted


def test_a_retraction_that_came_before_its_event_keeps_people_asleep(desk: Desk) -> None:
    desk.take(retraction(), merger())
    desk.work()
    assert desk.sent(MessagePurpose.PAGE) == []


def test_a_retraction_cancels_what_is_pending_and_tells_those_who_were_told(tmp_path: Path) -> None:
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts()))) as desk:
        desk.take(merger())
        desk.work()
        desk.clock.advance(10.0)
        desk.take(merger("UPDATE", after_s=60.0))
        made = desk.read(lambda work: work.products(S))
        assert made
        desk.take(retraction())
        for kind in (JobKind.ESCALATE, JobKind.FETCH, JobKind.TRIANGULATE, JobKind.DRAFT):
            assert desk.open_jobs(S, kind) == []
        assert JobState.CANCELLED in {job.state for job in desk.jobs(S, JobKind.ESCALATE)}
        assert desk.read(lambda work: work.products(S)) == []
        after = desk.read(lambda work: work.products(S, current_only=False))
        assert {product.superseded_by for product in after} == {"retracted"}
        desk.wait(7200.0)
        last = desk.recorder.sent[-1]
        assert last.purpose is MessagePurpose.RETRACTION
        assert last.replaces == "recorder/1"
        assert last.card.is_retracted
        assert last.card.actions == ()
        assert last.card.verdict.startswith("RETRACTED")
        assert desk.sent(MessagePurpose.ESCALATION) == []


def test_a_page_not_yet_sent_when_its_event_is_retracted_wakes_nobody(desk: Desk) -> None:
    desk.take(merger())
    desk.take(retraction())
    desk.wait(3600.0)
    assert desk.recorder.sent == []


def test_everybody_with_a_road_of_their_own_who_was_paged_hears_of_the_retraction(tmp_path: Path) -> None:
    chat, mail = RecorderChannel("chat"), RecorderChannel("mail")
    with Desk(tmp_path, doors=(Door(channel=chat), Door(channel=mail, is_shared=False))) as desk:
        desk.take(merger())
        desk.wait(301.0)
        paged = {message.recipient for message in mail.sent}
        desk.take(retraction())
        desk.work()
        told = {message.recipient for message in mail.sent if message.purpose is MessagePurpose.RETRACTION}
        assert told == paged
        assert len([message for message in chat.sent if message.purpose is MessagePurpose.RETRACTION]) == 1


def test_a_retracted_event_that_is_announced_again_stands_again(desk: Desk) -> None:
    desk.take(merger())
    desk.work()
    desk.take(retraction(after_s=100.0))
    desk.take(merger("UPDATE", after_s=200.0))
    row = desk.read(lambda work: work.event_row(S))
    assert row.is_retracted == (row.state is EventState.RETRACTED)


@pytest.fixture
def two(tmp_path: Path) -> Any:
    """A public channel and one for those who may know of restricted neutrinos."""
    public, cleared = RecorderChannel("public"), RecorderChannel("cleared")
    with Desk(tmp_path, doors=(Door(channel=public), Door(channel=cleared, clearance=SECRET))) as desk:
        yield desk, public, cleared


def test_a_restricted_event_is_told_at_cleared_doors_alone(two: Any) -> None:
    desk, public, cleared = two
    desk.take(track(), topic=SECRET_TOPIC)
    desk.wait(7200.0)
    assert public.sent == []
    assert cleared.sent[0].purpose is MessagePurpose.PAGE
    assert MessagePurpose.ESCALATION in {message.purpose for message in cleared.sent}


def test_a_restricted_notice_of_a_public_event_shows_only_where_it_may(two: Any) -> None:
    desk, public, cleared = two
    desk.take(track())
    desk.work()
    (event_id,) = desk.event_ids()
    before = len(public.sent)
    desk.take(track(revision=1, after_s=900.0), topic=SECRET_TOPIC)
    assert desk.event_ids() == [event_id]
    desk.work()
    assert "RA 120.000" in public.sent[-1].card.fields["Position"]
    assert "RA 120.100" in cleared.sent[-1].card.fields["Position"]
    assert len(public.sent) == before
    seen = desk.read(lambda work: event_view(work, event_id))
    assert seen.item.event.labels == frozenset()


def test_a_restricted_notice_that_makes_an_event_louder_wakes_only_the_cleared(two: Any) -> None:
    desk, public, cleared = two
    desk.take(merger(of=FAINT))
    desk.work()
    louder = merger("UPDATE", after_s=60.0, of=replace(FAINT, is_significant=True, far_hz=1e-12))
    desk.take(louder, topic=SECRET_TOPIC)
    desk.wait(7200.0)
    assert public.sent == []
    assert cleared.sent[0].purpose is MessagePurpose.PAGE
    assert cleared.sent[0].card.tier is Tier.WAKE
    public_row = desk.read(lambda work: work.event_row("s241017qq", clearance=frozenset()))
    assert public_row.tier is Tier.RECORD


def test_a_retraction_that_the_public_may_not_see_leaves_the_public_event_standing(two: Any) -> None:
    desk, public, _ = two
    desk.take(merger())
    desk.work()
    desk.take(retraction(), topic=SECRET_TOPIC)
    desk.work()
    assert desk.open_jobs(S, JobKind.ESCALATE)
    assert not public.sent[-1].card.is_retracted
    assert desk.read(lambda work: work.event_row(S)).state is not EventState.RETRACTED


def test_labels_reach_everything_made_from_a_restricted_notice(tmp_path: Path) -> None:
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts()))) as desk:
        desk.take(track(), topic=SECRET_TOPIC)
        desk.wait(60.0)
        (event_id,) = desk.event_ids()
        made = desk.read(lambda work: work.products(event_id))
        assert len({product.kind for product in made}) >= 4
        assert all("antares" in product.labels for product in made)
        assert desk.read(lambda work: work.products(event_id, clearance=frozenset())) == []
        assert desk.read(lambda work: work.drafts(event_id, clearance=frozenset())) == []


def test_a_door_cleared_for_more_is_paged_once_for_a_public_event(tmp_path: Path) -> None:
    cleared = RecorderChannel("cleared")
    with Desk(tmp_path, doors=(Door(channel=cleared, clearance=SECRET),)) as desk:
        desk.take(merger())
        desk.work()
        desk.clock.advance(40.0)
        desk.take(merger("INITIAL", after_s=70.0))
        desk.work()
        assert [message.purpose for message in cleared.sent].count(MessagePurpose.PAGE) == 1
        assert len(desk.open_jobs(S, JobKind.ESCALATE)) == 1
        desk.take(retraction())
        decisions = desk.read(lambda work: work.decisions(S))
        assert "stand down" in " ".join(decisions[-1].decision.reasons)
        assert desk.read(lambda work: work.event_row(S)).tier is Tier.WAKE


def test_a_restricted_event_that_no_door_may_show_owes_no_escalation(desk: Desk) -> None:
    desk.take(track(), topic=SECRET_TOPIC)
    (event_id,) = desk.event_ids()
    assert desk.jobs(event_id, JobKind.SEND) == []
    assert desk.jobs(event_id, JobKind.ESCALATE) == []


def test_two_bursts_hours_apart_are_two_events(desk: Desk) -> None:
    desk.take(burst_alert(), burst_alert(t_s=7200.0))
    assert len(desk.event_ids()) == 2
