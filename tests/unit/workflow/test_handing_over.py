"""Handing over: whoever comes on call is told so once, with the events still open, as far as they may see them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from workflow_desk import SECRET_TOPIC, Desk, merger, track

from notifier.recorder import RecorderChannel
from tocsin.domain.people import MessagePurpose
from tocsin.workflow.acknowledging import acknowledge
from tocsin.workflow.context import Door
from tocsin.workflow.handing_over import check_rota, hand_over

#: A Monday: 09:00 in Paris is 07:00 UTC.
MONDAY = datetime(2024, 10, 14, 6, 59, 50, tzinfo=UTC)


@pytest.fixture
def mail() -> RecorderChannel:
    return RecorderChannel("email")


@pytest.fixture
def desk(tmp_path: Path, mail: RecorderChannel) -> Iterator[Desk]:
    recorder = RecorderChannel()
    doors = (Door(channel=recorder), Door(channel=mail, is_shared=False))
    with Desk(tmp_path, doors=doors, now=MONDAY) as made:
        made.recorder = recorder
        hand_over(made.context)
        yield made


def test_the_week_changes_hands_and_everybody_concerned_is_told_once(desk: Desk, mail: RecorderChannel) -> None:
    desk.clock.advance(20.0)
    assert hand_over(desk.context) == 1
    assert hand_over(desk.context) == 0
    desk.work()
    (message,) = desk.recorder.sent
    assert message.purpose is MessagePurpose.HANDOVER
    assert message.card.verdict.startswith("Handover 07:00 UTC: on call now B. Vance")
    assert message.card.fields["Off"] == "M. Lindqvist, R. Tanaka"
    assert message.card.fields["Next"].endswith("UTC")
    assert message.card.fields["Open events"] == "none"
    assert {one.recipient for one in mail.sent} >= {"vance", "lindqvist"}


def test_open_events_are_listed_and_restricted_ones_to_nobody_else(desk: Desk) -> None:
    desk.take(track(), topic=SECRET_TOPIC)
    desk.take(replace(merger(), payload=merger().payload))
    desk.work()
    desk.recorder.sent.clear()
    acknowledge(desk.context, "s241017ab", "okafor", "page")
    desk.work()
    desk.clock.advance(20.0)
    hand_over(desk.context)
    desk.work()
    (told,) = [one for one in desk.recorder.sent if one.purpose is MessagePurpose.HANDOVER]
    assert told.card.fields["Open events"] == "S241017ab (tier 1, taken by C. Okafor)"


def test_after_a_long_stop_old_handovers_are_nobodys_news(desk: Desk) -> None:
    desk.clock.advance(30 * 86400.0)
    assert hand_over(desk.context) <= 2


def test_a_replay_hands_nothing_over(desk: Desk) -> None:
    desk.context = replace(desk.context, is_replay=True)
    desk.clock.advance(20.0)
    assert hand_over(desk.context) == 0


def test_a_shift_with_nobody_is_said_and_the_operator_told(desk: Desk) -> None:
    desk.context = replace(
        desk.context,
        rota=replace(
            desk.context.rota,
            layers=(
                replace(
                    desk.context.rota.layers[0],
                    rotations=(replace(desk.context.rota.layers[0].rotations[0], last_day=MONDAY.date()),),
                ),
            ),
        ),
    )
    desk.clock.advance(20.0)
    hand_over(desk.context)
    desk.work()
    said = {one.purpose: one.card.verdict for one in desk.recorder.sent}
    assert said[MessagePurpose.HANDOVER] == "Handover 07:00 UTC: on call now NOBODY: pages go to B. Vance, C. Okafor"
    assert said[MessagePurpose.OPERATOR] == "Nobody is on call from 07:00 UTC"
    desk.take(merger())
    desk.work()
    told = [one.card.verdict for one in desk.recorder.sent if one.purpose is MessagePurpose.OPERATOR]
    assert told[-1] == "Nobody was on call for a page: B. Vance, C. Okafor told"


def test_the_operator_is_told_of_gaps_ahead_once_a_day(desk: Desk) -> None:
    layer = desk.context.rota.layers[0]
    ending = replace(layer, rotations=(replace(layer.rotations[0], last_day=(MONDAY + timedelta(days=3)).date()),))
    desk.context = replace(desk.context, rota=replace(desk.context.rota, layers=(ending,)))
    assert check_rota(desk.context)
    check_rota(desk.context)
    desk.work()
    told = [one for one in desk.recorder.sent if one.purpose is MessagePurpose.OPERATOR]
    assert len(told) == 1
    assert told[0].recipient == "vance"
