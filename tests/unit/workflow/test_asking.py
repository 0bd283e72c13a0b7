"""Asking: more people now, the same person later, and who has an event but does nothing; all of it ends."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from workflow_desk import MOCK, Desk, PaperSource, at, burst_alert, counts, merger, retraction, sources

from notifier.recorder import RecorderChannel
from tocsin.domain.errors import ConflictError, NotAllowedError
from tocsin.domain.events import EventState
from tocsin.domain.jobs import JobKind
from tocsin.domain.people import MessagePurpose
from tocsin.workflow.acknowledging import acknowledge, press
from tocsin.workflow.approving import edit
from tocsin.workflow.context import Door

S = "s241017ab"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts()))) as made:
        made.take(merger())
        made.wait(5.0)
        yield made


def actions(desk: Desk) -> list[str]:
    return [row.action for row in desk.read(lambda work: work.audit_rows(S))]


def told_s(desk: Desk, purpose: MessagePurpose) -> list[float]:
    """Seconds after T0 at which messages of a purpose went out."""
    rows = [row for row in desk.read(lambda work: work.messages(S)) if row.message.purpose is purpose]
    return sorted({round((row.sent_utc - at(0.0)).total_seconds(), 1) for row in rows})


def test_escalate_takes_the_next_step_now_and_the_ones_after_it_keep_their_times(desk: Desk) -> None:
    words = press(desk.context, "escalate", S, "lindqvist", "slack")
    assert words == "Escalated by M. Lindqvist: the next people are told now."
    desk.work()
    assert told_s(desk, MessagePurpose.ESCALATION) == [35.0]
    desk.wait(620.0)
    assert told_s(desk, MessagePurpose.ESCALATION) == [35.0, 630.0]
    (row,) = [row for row in desk.read(lambda work: work.audit_rows(S)) if row.action == "escalate_now"]
    assert (row.actor, row.detail) == ("lindqvist", {"via": "slack"})


def test_a_trembling_thumb_is_one_press(desk: Desk) -> None:
    press(desk.context, "escalate", S, "vance", "page")
    desk.work()
    assert press(desk.context, "escalate", S, "vance", "page") == "Escalated at 03:00:35 UTC already."
    desk.work()
    assert actions(desk).count("escalate_now") == 1
    assert told_s(desk, MessagePurpose.ESCALATION) == [35.0]


def test_who_has_an_event_can_ask_for_more_people_and_nobody_else_is_woken_after_them(desk: Desk) -> None:
    acknowledge(desk.context, S, "okafor", "page")
    desk.work()
    press(desk.context, "escalate", S, "okafor", "page")
    desk.wait(1500.0)
    told = desk.sent(MessagePurpose.ESCALATION)
    assert told
    assert set(told) != {"okafor"}
    assert told_s(desk, MessagePurpose.ESCALATION) == [35.0]
    (message,) = [one for one in desk.recorder.sent if one.purpose is MessagePurpose.ESCALATION][:1]
    assert message.card.reasons == ("C. Okafor asks for more people",)


def test_at_the_end_of_the_plan_everybody_is_told_once_more(desk: Desk) -> None:
    desk.wait(86_400.0)
    assert desk.open_jobs(S, JobKind.ESCALATE) == []
    before = len(desk.named(MessagePurpose.ESCALATION))
    press(desk.context, "escalate", S, "vance", "page")
    desk.wait(86_400.0)
    assert set(desk.named(MessagePurpose.ESCALATION)[before:]) >= {"vance", "okafor", "lindqvist", "tanaka"}
    assert desk.open_jobs(S, JobKind.ESCALATE) == []


def test_an_event_that_woke_nobody_can_be_escalated_through_every_door_that_may_know_of_it(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        desk.take(burst_alert())
        desk.work()
        (event_id,) = desk.event_ids()
        assert desk.recorder.sent == []
        press(desk.context, "escalate", event_id, "vance", "page")
        desk.wait(86_400.0)
        assert set(desk.named(MessagePurpose.ESCALATION)) >= {"vance", "okafor", "lindqvist", "tanaka"}


def test_snooze_puts_the_next_step_off_and_asks_again_who_pressed_it(desk: Desk) -> None:
    words = press(desk.context, "snooze", S, "vance", "slack")
    assert words == "Put off by B. Vance until 03:10:35 UTC."
    desk.wait(599.0)
    assert told_s(desk, MessagePurpose.ESCALATION) == []
    desk.wait(2.0)
    assert told_s(desk, MessagePurpose.ESCALATION) == [635.0]
    assert desk.sent(MessagePurpose.REMINDER) == ["vance"]
    desk.wait(86_400.0)
    assert set(desk.named(MessagePurpose.ESCALATION)) >= {"vance", "okafor", "lindqvist", "tanaka"}


def test_snoozes_come_to_an_end_and_never_lose_a_step(desk: Desk) -> None:
    steps = len(desk.context.plan.steps) - 1
    for _ in range(desk.context.plan.asking.most_snoozes):
        press(desk.context, "snooze", S, "vance", "page")
        desk.wait(300.0)
    with pytest.raises(ConflictError, match="put off 3 times already"):
        press(desk.context, "snooze", S, "okafor", "page")
    desk.wait(86_400.0)
    assert actions(desk).count("escalation") == steps
    assert desk.open_jobs(S, JobKind.REMIND) == []


def test_a_reminder_of_a_snooze_is_not_sent_once_somebody_has_the_event(desk: Desk) -> None:
    press(desk.context, "snooze", S, "vance", "page")
    acknowledge(desk.context, S, "okafor", "page")
    desk.wait(900.0)
    assert desk.sent(MessagePurpose.REMINDER) == []


def test_who_has_an_event_and_does_nothing_about_its_draft_is_asked_again_so_often(desk: Desk) -> None:
    acknowledge(desk.context, S, "okafor", "page")
    desk.wait(86_400.0)
    assert desk.sent(MessagePurpose.REMINDER) == ["okafor", "okafor"]
    assert told_s(desk, MessagePurpose.REMINDER) == [1835.0, 3635.0]
    message = next(one for one in desk.recorder.sent if one.purpose is MessagePurpose.REMINDER)
    assert message.card.reasons == ("you have it, and its spiacs upper limit draft, revision 1, waits for you",)
    assert actions(desk).count("asked_again") == 2
    assert desk.next_due() is None


def test_an_edit_is_a_draft_action(desk: Desk) -> None:
    acknowledge(desk.context, S, "okafor", "page")
    draft = desk.read(lambda work: work.drafts(S))[-1]
    edit(desk.context, S, draft.kind, 1, "okafor", subject=draft.subject, body=draft.body + "\nMore.", via="page")
    desk.wait(86_400.0)
    assert desk.sent(MessagePurpose.REMINDER) == []


def test_a_snooze_of_who_has_the_event_moves_the_question(desk: Desk) -> None:
    acknowledge(desk.context, S, "okafor", "page")
    press(desk.context, "snooze", S, "okafor", "page")
    desk.wait(86_400.0)
    assert told_s(desk, MessagePurpose.REMINDER) == [635.0, 2435.0]
    assert desk.sent(MessagePurpose.ESCALATION) == []


@pytest.mark.parametrize("how", ["retraction", "not_astrophysical"])
def test_what_is_over_asks_nobody_again(desk: Desk, how: str) -> None:
    acknowledge(desk.context, S, "okafor", "page")
    if how == "retraction":
        desk.take(retraction())
    else:
        press(desk.context, how, S, "okafor", "page")
    desk.wait(86_400.0)
    assert desk.sent(MessagePurpose.REMINDER) == []
    for action in ("escalate", "snooze"):
        with pytest.raises(ConflictError):
            press(desk.context, action, S, "okafor", "page")


def test_a_replayed_night_asks_nobody_about_drafts(tmp_path: Path) -> None:
    with Desk(tmp_path, is_replay=True) as desk:
        desk.take(merger())
        desk.work()
        acknowledge(desk.context, S, "okafor", "page")
        desk.wait(86_400.0)
        assert desk.sent(MessagePurpose.REMINDER) == []


def test_a_test_wakes_nobody_whoever_presses(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        desk.take(merger(of=MOCK))
        desk.work()
        (event_id,) = desk.event_ids()
        for action in ("escalate", "snooze"):
            with pytest.raises(ConflictError, match="is a test"):
                press(desk.context, action, event_id, "vance", "page")
        assert desk.read(lambda work: work.message_counts()).pages_for_tests == 0


def test_only_advocates_press_and_opening_a_draft_is_kept(desk: Desk) -> None:
    for action in ("escalate", "snooze"):
        with pytest.raises(NotAllowedError):
            press(desk.context, action, S, "mallory", "page")
    assert press(desk.context, "open_draft", S, "vance", "slack") == ""
    assert "open_draft" in actions(desk)


def test_buttons_are_there_for_what_can_be_done_and_go_when_it_is_over(desk: Desk) -> None:
    def shown() -> list[str]:
        return [one.action_id for one in desk.recorder.sent[-1].card.actions]

    assert shown() == ["acknowledge", "escalate", "snooze", "not_astrophysical", "open_draft"]
    link = desk.recorder.sent[-1].card.actions[-1].url
    assert link == f"{desk.context.page_url}/events/{S}/drafts/spiacs_upper_limit"
    acknowledge(desk.context, S, "vance", "page")
    desk.work()
    assert shown() == ["escalate", "snooze", "not_astrophysical", "open_draft"]
    press(desk.context, "not_astrophysical", S, "vance", "page")
    desk.work()
    assert shown() == []
    assert desk.read(lambda work: work.event_row(S)).state is EventState.NOT_ASTROPHYSICAL


def test_a_reminder_by_mail_says_first_why_it_comes(tmp_path: Path) -> None:
    mail = RecorderChannel(name="email")
    with Desk(tmp_path) as desk:
        desk.context = replace(desk.context, doors=(Door(channel=desk.recorder), Door(channel=mail, is_shared=False)))
        desk.take(merger())
        desk.work()
        acknowledge(desk.context, S, "okafor", "page")
        desk.wait(2000.0)
        reminders = [one for one in mail.sent if one.purpose is MessagePurpose.REMINDER]
        assert [one.recipient for one in reminders] == ["okafor"]
        assert reminders[0].card.verdict.startswith("ASKED AGAIN: S241017ab")
