"""Auditing: every page of the last hour is proven complete; what is missing is said, and only then is all well."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from workflow_desk import SECRET_TOPIC, Desk, merger, retraction, track

from notifier.recorder import RecorderChannel
from tocsin.domain.errors import RemoteError
from tocsin.domain.jobs import JobKind
from tocsin.domain.people import OutgoingMessage
from tocsin.workflow.acknowledging import acknowledge
from tocsin.workflow.auditing import audit_pages, audit_sign
from tocsin.workflow.context import Door
from tocsin.workflow.maintenance import Window, begin_window
from tocsin.workflow.roads import road_signs, road_states

S = "s241017ab"
LATE_S = 60.0


class Broken(RecorderChannel):
    """A channel that refuses while it is told to."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.refusal: RemoteError | None = None

    def send(self, message: OutgoingMessage) -> str:
        if self.refusal is not None:
            raise self.refusal
        return super().send(message)


@pytest.fixture
def mail() -> Broken:
    return Broken("email")


@pytest.fixture
def desk(tmp_path: Path, mail: Broken) -> Iterator[Desk]:
    doors = (Door(channel=RecorderChannel("slack")), Door(channel=mail, is_shared=False))
    with Desk(tmp_path, doors=doors) as made:
        yield made


def missing(desk: Desk) -> tuple[str, ...]:
    return desk.read(lambda work: audit_pages(desk.context, work, late_s=LATE_S)).missing


def test_a_page_that_went_out_by_both_roads_is_complete(desk: Desk) -> None:
    desk.take(merger())
    desk.wait(61.0)
    found = desk.read(lambda work: audit_pages(desk.context, work, late_s=LATE_S))
    assert (found.decided, found.delivered, found.slowest_s, found.missing) == (1, 3, 0.0, ())
    assert audit_sign(desk.context, late_s=LATE_S).is_ok


def test_a_road_that_did_not_take_its_page_is_named_and_no_event_is(desk: Desk, mail: Broken) -> None:
    mail.refusal = RemoteError("the mail server is away")
    desk.take(merger())
    desk.wait(30.0)
    assert missing(desk) == ()  # still in its time
    desk.wait(31.0)
    assert missing(desk) == ("a page has not gone out by email",)
    sign = audit_sign(desk.context, late_s=LATE_S)
    assert not sign.is_ok
    assert S not in sign.words.lower()
    mail.refusal = None
    desk.wait(300.0)
    (late,) = [words for words in missing(desk) if "email" in words]
    assert "s after its decision" in late


def test_a_page_whose_job_was_lost_is_found_although_the_queue_is_empty(desk: Desk) -> None:
    desk.take(merger())
    with desk.store.begin() as work:
        work.cancel_jobs(S, (JobKind.SEND, JobKind.ESCALATE))
    desk.wait(61.0)
    assert set(missing(desk)) == {"a page has not gone out by slack", "a page has not gone out by email"}


def test_an_escalation_that_stands_still_is_found_and_one_that_was_answered_is_not(desk: Desk) -> None:
    desk.take(merger())
    desk.wait(5.0)
    desk.clock.advance(400.0)  # nobody works: the step at 300 s is overdue
    assert missing(desk) == ("a step of an escalation is overdue",)
    acknowledge(desk.context, S, "vance", "page")
    assert missing(desk) == ()


def test_what_was_retracted_held_by_maintenance_or_is_older_needs_no_proof(desk: Desk) -> None:
    now = desk.clock.now()
    window = Window(scope="*", begun_utc=now, until_utc=now + timedelta(minutes=10), person_id="vance")
    with desk.store.begin() as work:
        begin_window(work, window)
    desk.take(merger())
    desk.wait(120.0)
    assert missing(desk) == ()
    desk.wait(540.0)
    assert missing(desk) == ()
    desk.take(retraction(after_s=700.0))
    with desk.store.begin() as work:
        work.cancel_jobs(S, (JobKind.SEND,))
    assert missing(desk) == ()


def test_a_road_is_not_blamed_for_what_it_may_not_know_of(desk: Desk) -> None:
    secret = Door(channel=RecorderChannel("secret"), clearance=frozenset({"antares", "icecube", "private"}))
    desk.context = replace(desk.context, doors=(*desk.context.doors, secret))
    desk.take(track(), topic=SECRET_TOPIC)
    desk.wait(61.0)
    found = desk.read(lambda work: audit_pages(desk.context, work, late_s=LATE_S))
    assert (found.decided, found.delivered, found.missing) == (1, 1, ())


def test_what_waits_for_a_channel_is_shown_with_the_time_of_the_next_try(desk: Desk, mail: Broken) -> None:
    mail.refusal = RemoteError("Slack asks us to wait 90 s", retry_after_s=90.0)
    desk.take(merger())
    desk.wait(70.0)
    states = {state.name: state for state in desk.read(lambda work: road_states(desk.context, work))}
    assert states["slack"].waiting == 0
    assert states["email"].waiting == 2
    assert states["email"].reason.startswith("Slack asks us to wait 90 s")
    assert states["email"].next_try_utc == states["email"].since_utc + timedelta(seconds=90.0)
    signs = {sign.name: sign for sign in road_signs(desk.context)}
    assert signs["road slack"].is_ok
    assert not signs["road email"].is_ok
    assert "wait 90 s" in signs["road email"].words
