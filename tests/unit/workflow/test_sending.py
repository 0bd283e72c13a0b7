"""Sending: at least once, shown once; one message per event and shared place; a channel's trouble costs time alone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from workflow_desk import Desk, PaperSource, counts, merger, retraction, sources, track

from notifier.recorder import RecorderChannel
from notifier.slack import SlackChannel
from tocsin.demo.stand_ins import Fault, SlackStandIn
from tocsin.domain.clock import ManualClock
from tocsin.domain.errors import RemoteError
from tocsin.domain.events import EventState
from tocsin.domain.jobs import JobKind, JobState
from tocsin.domain.people import MessagePurpose, OutgoingMessage
from tocsin.workflow.context import Door
from tocsin.workflow.handlers import NOTIFYING
from tocsin.workflow.runner import Runner
from tocsin.workflow.sending import send

S = "s241017ab"


@pytest.fixture
def slack(tmp_path: Path) -> Iterator[tuple[Desk, SlackStandIn]]:
    """A desk that pages through a stand-in Slack."""
    with Desk(tmp_path) as desk, SlackStandIn(clock=desk.clock, retry_after_s=7) as stand_in:
        people = {person.id: person.slack_id for person in desk.context.people if person.slack_id}
        channel = SlackChannel(stand_in.token, "C1", base_url=stand_in.base_url, timeout_s=0.3, mentions=people)
        desk.context = replace(desk.context, doors=(Door(channel=channel),))
        yield desk, stand_in


def roots(slack: SlackStandIn) -> list[Any]:
    return [message for message in slack.messages if message.thread_ts is None]


def test_one_message_stands_in_slack_and_is_kept_up_to_date(slack: tuple[Desk, SlackStandIn]) -> None:
    desk, stand_in = slack
    desk.take(merger())
    desk.work()
    desk.take(merger("INITIAL", after_s=60.0))
    desk.take(retraction())
    desk.work()
    (message,) = roots(stand_in)
    assert "RETRACTED" in message.text
    assert "acknowledge" not in {button["action_id"] for button in message.buttons}
    assert len(message.revisions) >= 1


def test_a_wait_that_slack_asks_for_moves_the_due_time(slack: tuple[Desk, SlackStandIn]) -> None:
    desk, stand_in = slack
    stand_in.fail_next(Fault.RATE_LIMITED)
    desk.take(merger())
    began = desk.clock.now()
    desk.work()
    (job,) = desk.jobs(S, JobKind.SEND)
    assert job.state is JobState.WAITING
    assert (job.due_utc - began).total_seconds() == pytest.approx(7.0)
    assert stand_in.messages == ()
    desk.wait(7.0)
    assert len(roots(stand_in)) == 1


def test_a_message_that_arrived_although_nobody_said_so_is_not_sent_again(slack: tuple[Desk, SlackStandIn]) -> None:
    desk, stand_in = slack
    stand_in.fail_next(Fault.SILENT_SUCCESS, method="chat.postMessage")
    desk.take(merger())
    desk.work()
    (row,) = desk.read(lambda work: work.messages(S))
    assert row.sent_utc is None
    desk.wait(2.0)
    assert len(roots(stand_in)) == 1
    (row,) = desk.read(lambda work: work.messages(S))
    assert row.reference.endswith(roots(stand_in)[0].ts)


def test_a_worker_that_stood_still_does_not_send_what_another_is_sending(slack: tuple[Desk, SlackStandIn]) -> None:
    desk, stand_in = slack
    desk.take(merger())
    claims = []
    for worker in ("stood still", "took over"):
        with desk.store.begin() as work:
            claims += work.claim([JobKind.SEND], now=desk.clock.now(), lease_s=30.0, worker=worker)
        desk.clock.advance(31.0)
    late, mine = claims
    assert late.id == mine.id
    send(desk.context, late)
    assert stand_in.messages == ()
    send(desk.context, mine)
    assert len(roots(stand_in)) == 1


def test_a_server_error_is_tried_again_until_it_works(slack: tuple[Desk, SlackStandIn]) -> None:
    desk, stand_in = slack
    stand_in.fail_next(Fault.SERVER_ERROR, count=4)
    desk.take(merger())
    desk.wait(60.0)
    assert len(roots(stand_in)) == 1


class DyingChannel:
    """A channel whose worker dies right after the message has gone out, before anything is recorded."""

    def __init__(self, channel: SlackChannel) -> None:
        self._channel = channel
        self.deaths = 1

    @property
    def name(self) -> str:
        return self._channel.name

    def send(self, message: OutgoingMessage) -> str:
        reference = self._channel.send(message)
        if self.deaths:
            self.deaths -= 1
            raise KeyboardInterrupt
        return reference

    def find_sent(self, message: OutgoingMessage) -> str | None:
        return self._channel.find_sent(message)


def test_a_worker_killed_between_sending_and_recording_shows_no_second_message(
    slack: tuple[Desk, SlackStandIn],
) -> None:
    desk, stand_in = slack
    (door,) = desk.context.doors
    assert isinstance(door.channel, SlackChannel)
    desk.context = replace(desk.context, doors=(Door(channel=DyingChannel(door.channel)),))
    desk.take(merger())
    with pytest.raises(KeyboardInterrupt):
        desk.work()
    assert desk.work() == 0
    desk.clock.advance(119.0)
    assert desk.work() == 0
    desk.clock.advance(1.0)
    assert desk.work() == 1
    assert len(roots(stand_in)) == 1
    assert desk.jobs(S, JobKind.SEND)[0].state is JobState.DONE
    assert desk.read(lambda work: work.event_row(S)).state is EventState.NOTIFIED


class SlowChannel(RecorderChannel):
    """A channel in which something happens while the first message is on its way."""

    def __init__(self) -> None:
        super().__init__("chat")
        self.meanwhile: Any = lambda: None

    def send(self, message: OutgoingMessage) -> str:
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return super().send(message)


def test_two_workers_at_once_make_one_message(tmp_path: Path) -> None:
    chat = SlowChannel()
    with Desk(tmp_path, doors=(Door(channel=chat),)) as desk:

        def meanwhile() -> None:
            desk.take(merger("INITIAL", after_s=60.0))
            Runner(desk.context, NOTIFYING, name="other", lease_s=60.0).run_due()

        chat.meanwhile = meanwhile
        desk.take(merger())
        desk.work()
        assert [message.purpose for message in chat.sent] == [MessagePurpose.PAGE]
        desk.wait(5.0)
        assert [message.replaces for message in chat.sent] == [None, "chat/1"]


class BrokenChannel(RecorderChannel):
    """A channel that refuses pages for ever."""

    def send(self, message: OutgoingMessage) -> str:
        if message.purpose is MessagePurpose.PAGE:
            raise RemoteError("invalid_blocks")
        return super().send(message)


def test_a_page_that_is_refused_for_ever_does_not_hold_up_the_escalation(tmp_path: Path) -> None:
    chat = BrokenChannel("chat")
    with Desk(tmp_path, doors=(Door(channel=chat),)) as desk:
        desk.take(merger())
        desk.wait(1200.0)
        assert MessagePurpose.ESCALATION in {message.purpose for message in chat.sent}


def test_one_broken_channel_does_not_hold_up_the_other(tmp_path: Path) -> None:
    chat, mail = BrokenChannel("chat"), RecorderChannel("mail")
    with Desk(tmp_path, doors=(Door(channel=chat), Door(channel=mail, is_shared=False))) as desk:
        desk.take(merger())
        desk.work()
        assert {message.purpose for message in mail.sent} == {MessagePurpose.PAGE}


def test_the_time_to_the_first_page_is_recorded_once(tmp_path: Path) -> None:
    chat = SlowChannel()
    with Desk(tmp_path, doors=(Door(channel=chat), Door(channel=RecorderChannel("other")))) as desk:
        chat.meanwhile = lambda: desk.clock.advance(0.25)
        desk.take(merger())
        desk.work()
        assert desk.read(lambda work: work.event_row(S)).first_page_ms == pytest.approx(250.0)
        chat.meanwhile = lambda: desk.clock.advance(9.0)
        desk.take(track())
        desk.work()
        assert desk.read(lambda work: work.event_row(S)).first_page_ms == pytest.approx(250.0)


def test_a_page_sent_after_a_new_start_of_the_machine_has_no_negative_latency(desk: Desk) -> None:
    desk.clock.advance(1000.0)
    desk.take(merger())
    desk.context = replace(desk.context, clock=ManualClock(desk.clock.now()))
    desk.work()
    assert desk.read(lambda work: work.event_row(S)).first_page_ms == 0.0


def test_what_products_bring_is_told_in_one_update_not_one_each(tmp_path: Path) -> None:
    instruments = [PaperSource(name, counts(name, seed=seed)) for seed, name in enumerate(("SPI-ACS", "X", "Y"))]
    with Desk(tmp_path, sources=sources(*instruments)) as desk:
        desk.take(merger())
        desk.work()
        texts = [message.card.fields for message in desk.recorder.sent]
        assert desk.recorder.sent[0].purpose is MessagePurpose.PAGE
        assert len(texts) <= 5
        assert "3-sigma limit" in desk.recorder.sent[-1].card.verdict


def test_a_message_to_a_channel_that_is_no_longer_configured_is_given_up(desk: Desk) -> None:
    desk.take(merger())
    desk.context = replace(desk.context, doors=())
    desk.work()
    assert desk.jobs(S, JobKind.SEND)[0].state is JobState.DONE
