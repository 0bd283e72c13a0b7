"""Maintenance: pages wait for its end, which always comes; nothing is lost, and another stream wakes at once."""

from datetime import timedelta

import pytest
from workflow_desk import Desk, at, merger, retraction

from tocsin.domain.errors import ConflictError
from tocsin.domain.jobs import JobKind
from tocsin.domain.people import MessagePurpose
from tocsin.workflow.maintenance import ALL, Window, begin_window, end_window, held_until, windows
from tocsin.workflow.owing import release
from triggers.event_record import from_record

S = "s241017ab"
LVK = "igwn_gwalert"


def begin(desk: Desk, scope: str = LVK, minutes: float = 30.0) -> None:
    now = desk.clock.now()
    until = now + timedelta(minutes=minutes)
    with desk.store.begin() as work:
        begin_window(work, Window(scope=scope, begun_utc=now, until_utc=until, person_id="vance", reason="move"))


def stream_of(desk: Desk) -> str:
    return str(desk.read(lambda work: work.event_row(S)).summary_record["streams"][0])


@pytest.mark.parametrize("scope", [LVK, ALL])
def test_a_page_waits_for_the_end_and_escalates_from_there(desk: Desk, scope: str) -> None:
    begin(desk, scope)
    desk.take(merger())
    assert stream_of(desk) == LVK
    desk.wait(1799.0)
    assert desk.sent(MessagePurpose.PAGE) == []
    desk.wait(1.0)
    assert desk.sent(MessagePurpose.PAGE) == ["vance"]
    (step,) = desk.open_jobs(S, JobKind.ESCALATE)
    assert step.due_utc == at(30.0 + 1800.0 + 300.0)
    assert desk.read(lambda work: windows(work, desk.clock.now())) == ()


def test_what_is_retracted_meanwhile_wakes_nobody(desk: Desk) -> None:
    begin(desk)
    desk.take(merger())
    desk.wait(60.0)
    desk.take(retraction())
    desk.wait(7200.0)
    assert desk.sent(MessagePurpose.PAGE) == []
    assert desk.sent(MessagePurpose.ESCALATION) == []


def test_maintenance_of_another_stream_holds_nothing(desk: Desk) -> None:
    begin(desk, "fermi_gbm")
    desk.take(merger())
    desk.wait(1.0)
    assert desk.sent(MessagePurpose.PAGE) == ["vance"]


def test_ended_early_it_lets_go_at_once_what_it_held(desk: Desk) -> None:
    begin(desk)
    desk.take(merger())
    desk.wait(60.0)
    with desk.store.begin() as work:
        (held,) = end_window(work, LVK, "vance", desk.clock.now())
        assert release(desk.context, work, held)
    desk.wait(1.0)
    assert desk.sent(MessagePurpose.PAGE) == ["vance"]
    (step,) = desk.open_jobs(S, JobKind.ESCALATE)
    assert step.due_utc == at(30.0 + 60.0 + 300.0)
    actions = [row.action for row in desk.read(lambda work: work.audit_rows(LVK))]
    assert actions == ["maintenance_begun", "maintenance_ended"]


def test_no_window_lasts_longer_than_a_day_or_is_ended_that_is_not_there(desk: Desk) -> None:
    for minutes in (0.0, -5.0, 24 * 60 + 1.0):
        with pytest.raises(ConflictError, match="ends by itself"):
            begin(desk, minutes=minutes)
    with desk.store.begin() as work, pytest.raises(ConflictError, match="no maintenance"):
        end_window(work, LVK, "vance", desk.clock.now())


def test_a_notice_after_maintenance_lets_go_what_it_held(desk: Desk) -> None:
    begin(desk)
    desk.take(merger())
    desk.wait(60.0)
    with desk.store.begin() as work:
        work.set_meta("maintenance", "[]")
    desk.take(merger("INITIAL", after_s=120.0))
    desk.wait(1.0)
    assert desk.sent(MessagePurpose.PAGE) == ["vance"]


def test_an_event_of_two_streams_is_held_only_while_both_are_under_maintenance(desk: Desk) -> None:
    desk.take(merger())
    with desk.store.begin() as work:
        row = work.event_row(S)
        record = {**row.summary_record, "streams": [LVK, "other"]}
        work.save_event(from_record(row.summary_record), summary_record=record)
    begin(desk, minutes=30.0)
    assert desk.read(lambda work: held_until(work, S, desk.clock.now())) is None
    begin(desk, "other", minutes=20.0)
    assert desk.read(lambda work: held_until(work, S, desk.clock.now())) == at(30.0 + 1200.0)
