"""Escalation: never late, never silent."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from advocate_values import ANNA, BERT, CLEO, PEOPLE

from advocates.escalation import Asking, Plan, described
from advocates.rota import Rota
from tocsin.domain.errors import ConfigurationError

START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
CONFIG: dict[str, Any] = {
    "name": "wake",
    "repeats": 1,
    "pause_s": 60,
    "step": [{"after_s": 0, "target": "on_call"}, {"after_s": 300, "target": "next_on_call"}],
    "safety_net": {"after_s": 120, "times": 2, "every_s": 600},
}
ROTA = Rota.from_config(
    {
        "name": "r",
        "time_zone": "UTC",
        "fallback": ["cleo"],
        "layer": [{"rotation": [{"people": ["anna", "bert"], "handover": "09:00", "first_day": "2026-11-23"}]}],
    },
    PEOPLE,
)


def plan(**changes: Any) -> Plan:
    return Plan.from_config({**CONFIG, **changes}, PEOPLE, file="config/escalation.toml")


def test_steps_are_repeated_and_end_with_everybody() -> None:
    assert [(step.delay_s, step.target) for step in plan().steps] == [
        (0, "on_call"),
        (300, "next_on_call"),
        (360, "on_call"),
        (660, "next_on_call"),
        (780, "everybody"),
        (1380, "everybody"),
    ]


def test_the_next_step_follows_until_somebody_acknowledges() -> None:
    item = plan()
    steps = [item.next_step(taken=taken) for taken in range(7)]
    assert [step.index if step else None for step in steps] == [0, 1, 2, 3, 4, 5, None]
    assert item.next_step(taken=1, acknowledgements=1) is None


def test_several_must_acknowledge_where_the_plan_says_so() -> None:
    item = plan(acknowledgements_needed=2)
    assert item.next_step(taken=1, acknowledgements=1) is not None
    assert item.next_step(taken=1, acknowledgements=2) is None


def test_after_a_stop_all_overdue_steps_are_due_at_once_and_in_order() -> None:
    due = plan().due_steps(started_utc=START, now=START + timedelta(seconds=700), taken=1)
    assert [step.index for step in due] == [1, 2, 3]
    assert plan().due_steps(started_utc=START, now=START + timedelta(seconds=700), taken=1, acknowledgements=1) == ()
    assert plan().due_steps(started_utc=START, now=START - timedelta(seconds=1)) == ()
    assert len(plan().due_steps(started_utc=START, now=START)) == 1


def test_recipients_are_those_on_call_at_that_moment() -> None:
    first, second, *_, last = plan().steps
    item = plan()
    assert item.recipients(first, ROTA, PEOPLE, START) == (ANNA,)
    assert item.recipients(first, ROTA, PEOPLE, START + timedelta(days=7)) == (BERT,)
    assert item.recipients(second, ROTA, PEOPLE, START) == (BERT,)
    assert item.recipients(last, ROTA, PEOPLE, START) == (ANNA, BERT, CLEO)


def test_in_a_gap_of_the_rota_the_fallback_is_told() -> None:
    before = START - timedelta(days=30)
    assert plan().recipients(plan().steps[0], ROTA, PEOPLE, before) == (CLEO,)


def test_a_single_person_can_be_named() -> None:
    item = plan(step=[{"after_s": 0, "target": "bert"}])
    assert item.recipients(item.steps[0], ROTA, PEOPLE, START) == (BERT,)


def test_a_running_escalation_is_not_altered_by_an_edit() -> None:
    kept = json.loads(json.dumps(plan().to_record()))
    assert Plan.from_record(kept) == plan()


def test_a_step_is_described_for_the_card() -> None:
    item = plan()
    assert described(item.steps[1], (BERT,), START) == "escalates to B. Bert at 01:05:00 UTC"
    assert described(item.steps[-1], (ANNA, BERT), START) == "escalates to everybody at 01:23:00 UTC"


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"step": []}, "step"),
        ({"step": [{"after_s": 0, "target": "zoe"}]}, "step[1].target"),
        ({"step": [{"after_s": -1, "target": "anna"}]}, "step[1].after_s"),
        ({"step": [{"after_s": True, "target": "anna"}]}, "step[1].after_s"),
        ({"repeats": 1.5}, "repeats"),
        ({"safety_net": {}}, "safety_net.after_s"),
        ({"safety_net": {"after_s": 1, "times": 0}}, "safety_net.times"),
        ({"safety_net": None}, "safety_net"),
        ({"snooze": 3}, "snooze"),
    ],
)
def test_a_wrong_plan_is_refused_with_its_file_and_key(change: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        plan(**change)
    assert (caught.value.file, caught.value.key) == ("config/escalation.toml", key)


def test_how_people_are_asked_again_is_part_of_the_plan_and_of_its_record() -> None:
    made = plan(snooze={"for_s": 300, "most": 1}, draft_action={"within_s": 900, "times": 0})
    assert made.asking == Asking(snooze_s=300.0, most_snoozes=1, draft_within_s=900.0, draft_times=0)
    assert Plan.from_record(json.loads(json.dumps(made.to_record()))) == made
    old = {name: value for name, value in made.to_record().items() if name != "asking"}
    assert Plan.from_record(old).asking == Asking()


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"snooze": {"for_s": 0}}, "snooze.for_s"),
        ({"snooze": {"for_h": 1}}, "snooze.for_h"),
        ({"draft_action": {"times": 99}}, "draft_action.times"),
    ],
)
def test_what_would_never_end_is_refused(change: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        plan(**change)
    assert caught.value.key == key


@pytest.mark.parametrize(
    "step",
    [
        {"after_s": 0, "target": "on_call", "only_from": "08:00", "only_to": "20:00"},
        {"after_s": 0, "target": "on_call", "only_from": "08:00"},
    ],
)
def test_the_first_step_has_no_hours_and_hours_have_two_ends(step: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"only_from|first step"):
        plan(step=[step])


def test_hours_go_over_midnight_and_travel_with_the_plan() -> None:
    late = {"after_s": 300, "target": "bert", "only_from": "22:00", "only_to": "06:00"}
    made = Plan.from_record(json.loads(json.dumps(plan(step=[CONFIG["step"][0], late]).to_record())))
    taken = [made.steps[1].is_taken_at(START.replace(hour=hour), ROTA.zone) for hour in (5, 6, 21, 22)]
    assert taken == [True, False, False, True]
