"""Whatever goes wrong with Slack or the mail server, the right people are told in time, once, and nobody else."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from workflow_desk import T0, Desk, merger, retraction

from notifier.email import EmailChannel, Security
from notifier.slack import SlackChannel
from tocsin.demo.stand_ins import Fault, MailStandIn, SlackStandIn, StoredMessage
from tocsin.domain.clock import ManualClock
from tocsin.domain.people import MessagePurpose
from tocsin.workflow.acknowledging import acknowledge
from tocsin.workflow.context import Door

S = "s241017ab"
#: What the issue of a fault may cost beyond the times of the plan, s.
MARGIN_S = 5.0
START_S = 30.0
ON_CALL = {"b.vance@example.org", "r.tanaka@example.org"}


@dataclass(kw_only=True)
class Night:
    """A desk with a chat and a mail server on loopback, on a clock moved by hand."""

    desk: Desk
    slack: SlackStandIn
    mail: MailStandIn

    def after_s(self, moment: datetime) -> float:
        """Seconds after the alert."""
        return (moment - T0).total_seconds() - START_S

    def mailed(self) -> list[tuple[float, str, str]]:
        """Time, purpose and address of each mail, repetitions too."""
        return [
            (
                self.after_s(parsedate_to_datetime(mail.letter["Date"])),
                str(mail.letter["X-Tocsin-Purpose"]),
                mail.recipients[0],
            )
            for mail in self.mail.mails
        ]

    def shown(self) -> list[tuple[float, str]]:
        """Time and purpose of each line in chat: the messages themselves, which say last what they say, are pages."""
        return [(self._time(one), _purpose(one) if one.thread_ts else "page") for one in self.slack.messages]

    def roots(self) -> list[StoredMessage]:
        """Messages that stand in the channel itself."""
        return [one for one in self.slack.messages if one.thread_ts is None]

    def _time(self, message: StoredMessage) -> float:
        return float(message.ts) - T0.timestamp() - START_S

    def check_nothing_else(self, *, mails: Counter[tuple[str, str]], chat: Counter[str]) -> None:
        """Fail for a message that nobody expected, or a doubled one."""
        assert Counter((purpose, address) for _, purpose, address in self.mailed()) == mails
        keys = Counter(str(_payload(one).get("key")) for one in self.slack.messages if one.thread_ts)
        assert max(keys.values(), default=1) == 1
        assert Counter(purpose for _, purpose in self.shown()) == chat


def _payload(message: StoredMessage) -> dict[str, str]:
    return dict((message.metadata or {}).get("event_payload") or {})


def _purpose(message: StoredMessage) -> str:
    return str(_payload(message).get("purpose", ""))


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    clock = ManualClock(T0)
    clock.advance(START_S)
    with SlackStandIn(clock=clock, retry_after_s=4) as slack, MailStandIn() as mail:
        chat = SlackChannel(slack.token, "C1", base_url=slack.base_url, timeout_s=0.3)
        with Desk(tmp_path) as made:
            addresses = {person.id: person.email for person in made.context.people if person.email}
        letters = EmailChannel(
            "127.0.0.1",
            mail.port,
            sender="tocsin@example.org",
            addresses=addresses,
            clock=clock,
            security=Security.NONE,
            timeout_s=5,
        )
        doors = (Door(channel=chat), Door(channel=letters, is_shared=False))
        with Desk(tmp_path, doors=doors, clock=clock) as desk:
            desk.clock = clock
            yield Night(desk=desk, slack=slack, mail=mail)


PAGES = Counter({("page", address): 1 for address in ON_CALL})
FAULTS = [
    [],
    [Fault.RATE_LIMITED],
    [Fault.SERVER_ERROR],
    [Fault.SERVER_ERROR, Fault.SERVER_ERROR],
    [Fault.SILENT_SUCCESS],
    [Fault.RATE_LIMITED, Fault.SILENT_SUCCESS],
    [Fault.SILENT_SUCCESS, Fault.SERVER_ERROR],
]


@pytest.mark.parametrize("faults", FAULTS, ids=lambda faults: "-".join(faults) or "none")
def test_a_page_is_shown_once_and_mailed_at_once_whatever_slack_does(night: Night, faults: list[Fault]) -> None:
    for fault in faults:
        night.slack.fail_next(fault)
    night.desk.take(merger())
    night.desk.wait(60.0)
    assert all(after_s <= MARGIN_S for after_s, _, _ in night.mailed())
    (root,) = night.roots()
    asked_for_s = 4.0 * faults.count(Fault.RATE_LIMITED)
    assert float(root.ts) - T0.timestamp() - START_S <= MARGIN_S + asked_for_s
    night.check_nothing_else(mails=PAGES, chat=Counter({"page": 1}))


@pytest.mark.parametrize("how", ["token revoked", "entirely dead", "every call an error"])
def test_without_slack_people_wake_by_mail_and_it_escalates_at_the_times_of_the_plan(night: Night, how: str) -> None:
    match how:
        case "token revoked":
            night.slack.token = "xoxb-another"
        case "entirely dead":
            night.slack.stop()
        case _:
            night.slack.fail_next(Fault.SERVER_ERROR, count=10_000)
    night.desk.take(merger())
    night.desk.wait(4000.0)
    steps = night.desk.context.plan.steps
    told: dict[float, set[str]] = {}
    for after_s, _, address in night.mailed():
        due_s = max(step.delay_s for step in steps if step.delay_s <= after_s + 1.0)
        assert after_s - due_s <= MARGIN_S
        told.setdefault(due_s, set()).add(address)
    assert sorted(told) == sorted({step.delay_s for step in steps if step.delay_s <= 4000.0})
    assert told[0.0] == ON_CALL
    everybody = {person.email for person in night.desk.context.people}
    assert told[max(told)] == everybody
    assert night.slack.messages == ()


@pytest.mark.parametrize(("command", "answer"), [("RCPT", "550 no"), ("MAIL", "451 later"), ("END", None)])
def test_without_mail_slack_still_wakes_and_what_was_taken_repeats_with_the_same_name(
    night: Night, command: str, answer: str | None
) -> None:
    night.mail.wrong[command] = answer
    night.desk.take(merger())
    night.desk.wait(10.0)
    (root,) = night.roots()
    assert float(root.ts) - T0.timestamp() - START_S <= MARGIN_S
    night.mail.wrong.clear()
    night.desk.wait(20.0)
    names = {address: {mail.message_id for mail in night.mail.to(address)} for address in ON_CALL}
    assert all(len(found) == 1 for found in names.values())


def test_an_acknowledgement_is_seen_everywhere_and_a_retraction_reaches_all_who_were_paged(night: Night) -> None:
    night.desk.take(merger())
    night.desk.wait(5.0)
    acknowledge(night.desk.context, S, "vance", "email")
    night.desk.wait(5.0)
    (root,) = night.roots()
    assert "Acknowledged by B. Vance" in root.text
    night.desk.take(retraction())
    night.desk.wait(5.0)
    assert "RETRACTED" in night.roots()[0].text
    retracted = Counter({("retraction", address): 1 for address in ON_CALL})
    night.check_nothing_else(mails=PAGES + retracted, chat=Counter({"page": 1, "update": 1, "retraction": 1}))


def test_the_waits_that_slack_asks_for_hold_up_no_mail_of_an_escalation(night: Night) -> None:
    night.desk.take(merger())
    night.desk.wait(299.0)
    night.slack.fail_next(Fault.RATE_LIMITED, count=2)
    night.desk.wait(30.0)
    late = [after_s for after_s, purpose, _ in night.mailed() if purpose == MessagePurpose.ESCALATION]
    assert late
    assert all(300.0 <= after_s <= 300.0 + MARGIN_S for after_s in late)
    escalated = [after_s for after_s, purpose in night.shown() if purpose == MessagePurpose.ESCALATION]
    assert len(escalated) == 1
    assert 300.0 <= escalated[0] <= 300.0 + 2 * 4 + MARGIN_S
