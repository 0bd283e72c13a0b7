"""Drilling: a marked event wakes people through the real chain and is timed; no draft is made of it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from workflow_desk import Desk, PaperSource, counts, sources

from notifier.cards import headline
from notifier.recorder import RecorderChannel
from tocsin.domain.errors import ConflictError
from tocsin.domain.jobs import JobKind
from tocsin.domain.people import MessagePurpose
from tocsin.workflow.acknowledging import press
from tocsin.workflow.context import Door
from tocsin.workflow.drilling import begin_drill, last_slot, report, weekly_drill


def test_a_drill_wakes_by_every_road_escalates_and_is_timed(tmp_path: Path) -> None:
    mail = RecorderChannel("email")
    slack = RecorderChannel("slack")
    doors = (Door(channel=slack), Door(channel=mail, is_shared=False))
    source = PaperSource("SPI-ACS", counts())
    with Desk(tmp_path, doors=doors, sources=sources(source)) as desk:
        event_id = begin_drill(desk.context, "vance")
        desk.wait(301.0)
        assert {one.purpose for one in slack.sent} == {MessagePurpose.PAGE, MessagePurpose.ESCALATION}
        assert {one.recipient for one in mail.sent} == {"vance", "tanaka"}
        assert headline(slack.sent[0].card).startswith("DRILL | MS241017")
        assert press(desk.context, "acknowledge", event_id, "okafor", "slack") == "Acknowledged by C. Okafor."
        desk.wait(7200.0)
        found = desk.read(lambda work: report(desk.context, work, event_id))
        assert found.told_after_s == {"slack vance": 0.0, "email vance": 0.0, "email tanaka": 0.0}
        assert (found.acknowledged_after_s, found.acknowledged_by, found.via) == (301.0, "C. Okafor", "slack")
        assert found.escalation_steps == 1
        assert source.asked == []
        assert desk.read(lambda work: work.drafts(event_id)) == []
        assert desk.read(lambda work: work.message_counts()).pages_for_tests == 0
        assert desk.jobs(event_id, JobKind.REMIND) == []


def test_a_drill_is_begun_once_a_second_and_only_a_drill_is_reported(desk: Desk) -> None:
    first = begin_drill(desk.context, "vance")
    with pytest.raises(ConflictError, match="just now"):
        begin_drill(desk.context, "vance")
    desk.clock.advance(1.0)
    assert begin_drill(desk.context, "vance") != first
    with pytest.raises(ConflictError, match="no drill"):
        desk.read(lambda work: report(desk.context, work, "s241017ab"))


def test_the_weekly_drill_comes_once_at_its_hour_on_the_wall_and_never_late(tmp_path: Path) -> None:
    with Desk(tmp_path, now=datetime(2024, 10, 17, 3, 0, tzinfo=UTC)) as desk:
        context = desk.context

        def tick() -> str | None:
            return weekly_drill(context, weekday="mon", at="10:00")

        assert tick() is None
        desk.clock.set_no_earlier(datetime(2024, 10, 21, 7, 59, tzinfo=UTC))
        assert tick() is None
        desk.clock.advance(90.0)
        assert tick() is not None
        assert tick() is None
        # After the change of clocks 10:00 in Paris is 09:00 UTC; and a drill that was missed by hours is left out.
        desk.clock.set_no_earlier(datetime(2024, 10, 28, 8, 59, tzinfo=UTC))
        assert tick() is None
        desk.clock.set_no_earlier(datetime(2024, 10, 28, 13, 0, tzinfo=UTC))
        assert tick() is None
        slot = last_slot(context, desk.clock.now(), weekday="mon", at="10:00")
        assert slot == datetime(2024, 10, 28, 9, 0, tzinfo=UTC)
