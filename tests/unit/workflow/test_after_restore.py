"""A store restored from a backup owes again what went out since: the channel is read before anybody is told twice."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from workflow_desk import Desk, at, merger

from notifier.slack import SlackChannel
from tocsin.demo.stand_ins import Fault, SlackStandIn
from tocsin.domain.clock import ManualClock
from tocsin.workflow.after_restore import LOOKS_FOR, note_restored
from tocsin.workflow.context import Door

S = "s241017ab"


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    """A channel in which a service of before has shown the merger."""
    with SlackStandIn(clock=ManualClock(at(30.0))) as stand_in:
        yield stand_in


def desk_in(folder: Path, slack: SlackStandIn) -> Desk:
    folder.mkdir()
    desk = Desk(folder)
    channel = SlackChannel(slack.token, "C1", base_url=slack.base_url, timeout_s=0.3, mentions={})
    desk.context = replace(desk.context, doors=(Door(channel=channel),))
    return desk


def roots(slack: SlackStandIn) -> list[str]:
    return [message.ts for message in slack.messages if message.thread_ts is None]


def lines(slack: SlackStandIn) -> int:
    return sum(message.thread_ts is not None for message in slack.messages)


def test_an_event_that_is_shown_already_is_not_shown_again(tmp_path: Path, slack: SlackStandIn) -> None:
    with desk_in(tmp_path / "before", slack) as before:
        before.take(merger(), merger("INITIAL", after_s=60.0))
        before.work()
    (shown,), told = roots(slack), lines(slack)
    with desk_in(tmp_path / "restored", slack) as restored:
        with restored.store.begin() as work:
            note_restored(work, restored.clock.now())
        slack.fail_next(Fault.SERVER_ERROR)
        restored.take(merger(), merger("INITIAL", after_s=60.0))
        restored.wait(5.0)
        assert roots(slack) == [shown]
        assert lines(slack) == told
        (row, *_) = restored.read(lambda work: work.messages(S))
        assert row.reference == f"C1/{shown}"


def test_a_store_that_was_not_restored_lately_does_not_read_first(tmp_path: Path, slack: SlackStandIn) -> None:
    with desk_in(tmp_path / "first", slack) as first:
        with first.store.begin() as work:
            note_restored(work, first.clock.now() - LOOKS_FOR)
        first.take(merger())
        first.work()
    assert "conversations.history" not in slack.calls
    assert len(roots(slack)) == 1


def test_what_nobody_has_shown_is_shown_after_a_restore_too(tmp_path: Path, slack: SlackStandIn) -> None:
    with desk_in(tmp_path / "restored", slack) as restored:
        with restored.store.begin() as work:
            note_restored(work, restored.clock.now())
        restored.take(merger())
        restored.work()
        assert len(roots(slack)) == 1
