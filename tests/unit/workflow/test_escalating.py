"""Escalating: while nobody acknowledges, ever more people hear of it; the last step tells everybody."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from workflow_desk import Desk, merger, retraction

from advocates.escalation import EVERYBODY, Plan, Step, everybody
from tocsin.domain.jobs import JobKind
from tocsin.domain.people import MessagePurpose
from tocsin.workflow.acknowledging import acknowledge, mark_not_astrophysical

S = "s241017ab"
PLAN = Plan(
    name="short",
    steps=tuple(
        Step(index=index, delay_s=delay_s, target=target)
        for index, (delay_s, target) in enumerate(
            [(0.0, "on_call"), (120.0, "on_call"), (300.0, "next_on_call"), (600.0, EVERYBODY)]
        )
    ),
)


@pytest.fixture
def desk(tmp_path: Path) -> object:
    with Desk(tmp_path, plan=PLAN) as made:
        yield made


def escalations(desk: Desk) -> list[tuple[float, set[str]]]:
    """Seconds since the page, and whom the step told."""
    rows = desk.read(lambda work: [row for row in work.audit_rows(S) if row.action == "escalation"])
    return [(seconds_since_page(desk, row.at_utc), set(row.detail["people"])) for row in rows]


def seconds_since_page(desk: Desk, moment: datetime) -> float:
    first = desk.read(lambda work: work.messages(S))[0]
    return round((moment - first.sent_utc).total_seconds(), 1)


def test_steps_come_at_the_times_of_the_plan_and_the_last_tells_everybody(desk: Desk) -> None:
    desk.take(merger())
    desk.wait(3600.0)
    assert [seconds for seconds, _ in escalations(desk)] == [120.0, 300.0, 600.0]
    all_people = {person.id for person in everybody(desk.context.people, desk.context.rota)}
    assert escalations(desk)[-1][1] == all_people
    assert set(desk.named(MessagePurpose.ESCALATION)) == all_people
    assert desk.next_due() is None


def test_the_plan_that_travels_with_tocsin_ends_with_everybody(tmp_path: Path) -> None:
    with Desk(tmp_path) as shipped:
        shipped.take(merger())
        shipped.wait(86400.0)
        times = [seconds for seconds, _ in escalations(shipped)]
        assert times == [step.delay_s for step in shipped.context.plan.steps[1:]]
        assert escalations(shipped)[-1][1] >= {"vance", "okafor", "lindqvist", "tanaka"}


def test_an_acknowledgement_ends_it(desk: Desk) -> None:
    desk.take(merger())
    desk.wait(121.0)
    acknowledge(desk.context, S, "okafor", "page")
    desk.wait(3600.0)
    assert [seconds for seconds, _ in escalations(desk)] == [120.0]
    assert desk.open_jobs(S, JobKind.ESCALATE) == []


def test_an_escalation_already_on_its_way_wakes_nobody_after_an_acknowledgement(desk: Desk) -> None:
    desk.take(merger())
    desk.work()
    desk.clock.advance(120.0)
    runner = desk.runner()
    runner.run_once()
    assert desk.open_jobs(S, JobKind.SEND)
    acknowledge(desk.context, S, "okafor", "page")
    desk.work()
    assert desk.sent(MessagePurpose.ESCALATION) == []


def test_not_astrophysical_ends_it_too(desk: Desk) -> None:
    desk.take(merger())
    desk.work()
    mark_not_astrophysical(desk.context, S, "okafor", "slack")
    desk.wait(3600.0)
    assert escalations(desk) == []


def test_steps_missed_while_the_service_was_down_are_done_and_said_to_be_late(desk: Desk) -> None:
    desk.take(merger())
    desk.work()
    desk.clock.advance(450.0)
    desk.work()
    rows = desk.read(lambda work: [row for row in work.audit_rows(S) if row.action == "escalation"])
    assert [row.detail["late_by_s"] for row in rows] == [330.0, 150.0]


def test_a_running_escalation_keeps_the_plan_it_began_with(desk: Desk) -> None:
    desk.take(merger())
    desk.work()
    desk.context = replace(desk.context, plan=replace(PLAN, steps=PLAN.steps[:1]))
    desk.wait(3600.0)
    assert [seconds for seconds, _ in escalations(desk)] == [120.0, 300.0, 600.0]


def test_a_second_wake_up_while_one_escalation_runs_begins_no_other(desk: Desk) -> None:
    desk.take(merger())
    desk.wait(60.0)
    desk.take(retraction(after_s=90.0))
    desk.take(merger("UPDATE", after_s=100.0))
    desk.work()
    assert len(desk.open_jobs(S, JobKind.ESCALATE)) <= 1


def test_where_two_must_acknowledge_one_alone_does_not_end_it(tmp_path: Path) -> None:
    with Desk(tmp_path, plan=replace(PLAN, acknowledgements_needed=2)) as desk:
        desk.take(merger())
        desk.work()
        acknowledge(desk.context, S, "okafor", "page")
        acknowledge(desk.context, S, "okafor", "slack")
        desk.wait(130.0)
        assert [seconds for seconds, _ in escalations(desk)] == [120.0]
        acknowledge(desk.context, S, "vance", "page")
        assert desk.open_jobs(S, JobKind.ESCALATE) == []


def test_nobody_is_asked_about_a_retracted_event(desk: Desk) -> None:
    desk.take(merger())
    desk.work()
    desk.take(retraction())
    desk.wait(3600.0)
    assert escalations(desk) == []


def test_a_step_outside_its_hours_is_passed_over_and_the_next_keeps_its_time(tmp_path: Path) -> None:
    # 03:00 UTC is 05:00 in Paris.
    hours = {1: ("08:00", "20:00"), 2: ("22:00", "06:00")}
    steps = tuple(replace(step, hours=hours.get(step.index)) for step in PLAN.steps)
    with Desk(tmp_path, plan=replace(PLAN, steps=steps)) as desk:
        desk.take(merger())
        desk.wait(3600.0)
        assert [seconds for seconds, _ in escalations(desk)] == [300.0, 600.0]
        actions = [row.action for row in desk.read(lambda work: work.audit_rows(S))]
        assert actions.count("escalation_passed_over") == 1
