"""Standing down: whoever was woken for more than it is now is told so; nothing signed of it holds."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from workflow_desk import MERGER, SECRET_TOPIC, Desk, PaperSource, counts, merger, sources, track

from advocates.approval import text_sha256
from notifier.recorder import RecorderChannel
from tocsin.domain.drafts import DraftKind
from tocsin.domain.events import Event, EventKind, EventState
from tocsin.domain.jobs import JobKind
from tocsin.domain.people import MessagePurpose
from tocsin.workflow.acknowledging import acknowledge
from tocsin.workflow.approving import approve
from tocsin.workflow.context import Door
from tocsin.workflow.standing_down import downgrade

S = "s241017ab"
NOISE = replace(MERGER, is_significant=False, far_hz=1e-6, classification={"BNS": 0.05, "Terrestrial": 0.95})
DOUBTFUL = replace(MERGER, classification={"BNS": 0.3, "Terrestrial": 0.7})


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A chat and a mail server; one person acknowledged after an escalation."""
    mail = RecorderChannel(name="email")
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts()))) as made:
        made.context = replace(made.context, doors=(Door(channel=made.recorder), Door(channel=mail, is_shared=False)))
        made.take(merger())
        made.wait(650.0)
        yield made


def mail_of(desk: Desk) -> RecorderChannel:
    channel = desk.context.doors[1].channel
    assert isinstance(channel, RecorderChannel)
    return channel


def stood_down(channel: RecorderChannel) -> list[str]:
    return [one.recipient for one in channel.sent if one.purpose is MessagePurpose.STAND_DOWN]


def test_everybody_who_was_paged_is_told_once_by_the_road_they_were_paged_on(desk: Desk) -> None:
    woken = {one.recipient for one in mail_of(desk).sent}
    assert len(woken) >= 2
    desk.take(merger("UPDATE", after_s=700.0, of=NOISE))
    desk.wait(86_400.0)
    assert sorted(stood_down(mail_of(desk))) == sorted(woken)
    assert stood_down(desk.recorder) == ["#everybody"]
    last = next(one for one in desk.recorder.sent if one.purpose is MessagePurpose.STAND_DOWN)
    assert last.replaces == "recorder/1"
    assert last.card.verdict.startswith("STAND DOWN: S241017ab")
    assert last.card.reasons[0] == "Stand down: Lowered from 'wake the advocate' to 'record only'."


def test_escalation_and_questions_end_and_what_was_signed_is_void(desk: Desk) -> None:
    draft = desk.read(lambda work: work.drafts(S))[-1]
    digest = text_sha256(draft.subject, draft.body)
    approve(desk.context, S, DraftKind.SPIACS_UPPER_LIMIT, draft.revision, "vance", sha256=digest, via="page")
    desk.take(merger("UPDATE", after_s=700.0, of=NOISE))
    for kind in (JobKind.ESCALATE, JobKind.REMIND):
        assert desk.open_jobs(S, kind) == []
    assert all(one.voided_utc is not None for one in desk.read(lambda work: work.approvals(S)))
    assert desk.read(lambda work: work.event_row(S)).state is EventState.DRAFTING
    (row,) = [row for row in desk.read(lambda work: work.audit_rows(S)) if row.action == "stand_down"]
    assert row.detail["voided"] == 1


def test_what_rises_again_wakes_again(desk: Desk) -> None:
    desk.take(merger("UPDATE", after_s=700.0, of=NOISE))
    desk.work()
    pages = len(desk.sent(MessagePurpose.PAGE))
    desk.clock.advance(60.0)
    desk.take(merger("UPDATE", after_s=800.0))
    desk.work()
    assert len(desk.sent(MessagePurpose.PAGE)) == pages + 1
    assert desk.open_jobs(S, JobKind.ESCALATE)


def test_the_same_update_again_tells_nobody_twice(desk: Desk) -> None:
    acknowledge(desk.context, S, "okafor", "page")
    desk.take(merger("UPDATE", after_s=700.0, of=NOISE))
    desk.work()
    desk.take(merger("UPDATE", after_s=760.0, of=NOISE))
    desk.wait(3600.0)
    assert stood_down(desk.recorder) == ["#everybody"]


def test_nobody_is_stood_down_who_was_not_woken(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        desk.take(merger(of=replace(MERGER, is_significant=False, far_hz=1e-6)))
        desk.work()
        desk.take(merger("UPDATE", after_s=100.0, of=NOISE))
        desk.wait(600.0)
        assert stood_down(desk.recorder) == []


def test_a_restricted_companion_takes_nothing_from_the_public(desk: Desk) -> None:
    escalations = desk.open_jobs(S, JobKind.ESCALATE)
    desk.take(track(), topic=SECRET_TOPIC)
    desk.work()
    assert desk.open_jobs(S, JobKind.ESCALATE) == escalations
    assert stood_down(desk.recorder) == []


def event(**changes: object) -> Event:
    given: dict[str, object] = {"id": "x", "name": "x", "kind": EventKind.GAMMA_RAY_BURST, "t0_utc": None}
    return Event(**(given | changes))


def test_a_burst_that_is_none_and_a_source_that_is_noise_are_less_whatever_the_tier(desk: Desk) -> None:
    rules = desk.context.rules
    burst, flare = event(classification={"GRB": 0.9}), event(classification={"SFLARE": 0.8, "GRB": 0.1})
    assert any("no gamma-ray burst any more but SFLARE" in one for one in downgrade(rules, burst, flare))
    assert downgrade(rules, burst, event()) == ()
    real, noise = event(classification={"BNS": 0.7, "Terrestrial": 0.3}), event(classification={"Terrestrial": 0.6})
    assert "The probability of an astrophysical source fell from 70% to 40%." in downgrade(rules, real, noise)
    assert downgrade(rules, noise, noise) == ()
    assert downgrade(rules, None, noise) == ()
    assert downgrade(rules, real, replace(noise, is_retracted=True)) == ()


def test_a_collapse_of_the_probability_alone_stands_people_down_too(desk: Desk) -> None:
    desk.take(merger("UPDATE", after_s=700.0, of=DOUBTFUL))
    desk.work()
    assert stood_down(desk.recorder) == ["#everybody"]
    assert desk.open_jobs(S, JobKind.ESCALATE) == []
