"""Sending where nobody knows what came of an earlier try: the place is read, and shows each event once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from workflow_desk import Desk, merger

from notifier.recorder import RecorderChannel
from notifier.slack import SlackChannel
from tocsin.demo.stand_ins import Fault, SlackStandIn
from tocsin.domain.jobs import Job, JobKind, JobState
from tocsin.domain.people import MessagePurpose, OutgoingMessage
from tocsin.store import UnitOfWork
from tocsin.workflow import sending
from tocsin.workflow.context import Context, Door
from tocsin.workflow.owing import owe_update
from tocsin.workflow.sending import _compose, send

S = "s241017ab"


def test_an_escalation_joins_a_page_that_arrived_although_slack_never_said_so(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk, SlackStandIn(clock=desk.clock) as stand_in:
        channel = SlackChannel(stand_in.token, "C1", base_url=stand_in.base_url, timeout_s=0.3)
        desk.context = replace(desk.context, doors=(Door(channel=channel),))
        stand_in.fail_next(Fault.SILENT_SUCCESS, method="chat.postMessage")
        stand_in.fail_next(Fault.SERVER_ERROR, count=5, method="conversations.history")
        desk.take(merger())
        desk.wait(310.0)
        (page,) = [job for job in desk.jobs(S, JobKind.SEND) if job.payload["purpose"] == MessagePurpose.PAGE]
        assert (page.state, page.attempts) == (JobState.WAITING, 6)
        desk.wait(600.0)
        roots = [message for message in stand_in.messages if message.thread_ts is None]
        keys = [message.metadata["event_payload"]["key"] for message in stand_in.messages if message.metadata]
        assert len(roots) == 1
        assert sorted({key.split("/")[1] for key in keys}) == ["escalation", "page"]
        assert desk.jobs(S, JobKind.SEND)[0].state is JobState.DONE


class SlowlyReadChannel(RecorderChannel):
    """A channel in which something happens while it is being read."""

    def __init__(self) -> None:
        super().__init__("chat")
        self.meanwhile: Any = lambda: None

    def find_sent(self, message: OutgoingMessage) -> str | None:
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        found = super().find_sent(message)
        meanwhile()
        return found


def test_a_worker_whose_lease_ended_while_it_read_the_channel_sends_nothing(tmp_path: Path) -> None:
    chat = SlowlyReadChannel()
    with Desk(tmp_path, doors=(Door(channel=chat),)) as desk:
        desk.take(merger())
        claims = []
        for worker in ("died", "reads slowly"):
            with desk.store.begin() as work:
                claims += work.claim([JobKind.SEND], now=desk.clock.now(), lease_s=30.0, worker=worker)
            desk.clock.advance(31.0 if worker == "died" else 1.0)

        def meanwhile() -> None:
            desk.clock.advance(60.0)
            desk.work()

        chat.meanwhile = meanwhile
        send(desk.context, claims[1])
        assert [message.purpose for message in chat.sent] == [MessagePurpose.PAGE]


def test_a_message_that_was_just_waited_for_is_joined_not_followed_by_a_second_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL another worker's answer may come between two looks of one transaction: each sees its own moment."""
    chat = RecorderChannel("chat")
    with Desk(tmp_path, doors=(Door(channel=chat),)) as desk:
        desk.take(merger())
        with desk.store.begin() as work:
            (page,) = work.claim([JobKind.SEND], now=desk.clock.now(), lease_s=30.0, worker="another")
            owe_update(desk.context, work, S, cause="meanwhile")
        composed = _compose(desk.context, page, desk.context.doors[0], S)[0]
        assert composed is not None
        reference = chat.send(composed)
        look = sending._wait_for_first

        def look_late(context: Context, work: UnitOfWork, job: Job, door: Door) -> None:
            work.mark_sent(page.key, reference, desk.clock.now())
            look(context, work, job, door)

        monkeypatch.setattr(sending, "_wait_for_first", look_late)
        desk.work()
        assert [message.replaces for message in chat.sent] == [None, reference]
