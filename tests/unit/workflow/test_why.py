"""Why was I woken: the rule and how often it wakes, as data, for whoever may know."""

import json

import pytest
from workflow_desk import FAINT, Desk, merger, settings

from tocsin.domain.errors import ConfigurationError
from tocsin.store import UnitOfWork
from tocsin.workflow.queries import event_view
from tocsin.workflow.why import WhyWoken, why_json, why_woken
from triggers.wakings import Wakings, read_wakings

S = "s241017ab"
COUNTED = Wakings(source="a month", days=60.0, by_rule={"lvk-significant-neutron-star": 4})


def why(desk: Desk, event_id: str) -> WhyWoken | None:
    def ask(work: UnitOfWork) -> WhyWoken | None:
        view = event_view(work, event_id)
        assert view is not None
        return why_woken(work, view, COUNTED, clearance=frozenset())

    found = desk.read(ask)
    assert found is None or isinstance(found, WhyWoken)
    return found


def test_a_waking_says_its_rule_how_often_it_wakes_and_how_rare_the_event_is(desk: Desk) -> None:
    desk.take(merger())
    desk.work()
    found = why(desk, S)
    assert found is not None
    assert found.rule == "lvk-significant-neutron-star"
    assert found.far_per_year == pytest.approx(1e-12 * 365.25 * 86400.0)
    assert found.expected is not None
    assert found.expected.per_month == 2.0
    assert found.expected.low == pytest.approx(0.683, abs=0.002)  # 90 % of a Poisson count of 4, over two months
    assert found.expected.high == pytest.approx(4.577, abs=0.002)
    assert json.loads(json.dumps(why_json(found)))["expected_per_30_days"] == 2.0
    card = desk.recorder.sent[0].card
    assert card.fields["Woken by"].startswith("lvk-significant-neutron-star")


def test_who_was_not_woken_has_no_why(desk: Desk) -> None:
    desk.take(merger(of=FAINT))
    assert why(desk, "s241017qq") is None
    assert why_json(None) is None


def test_a_rule_that_woke_nobody_is_bounded_and_without_a_replay_nothing_is_said() -> None:
    never = COUNTED.expected("by-hand")
    assert never is not None
    assert (never.per_month, never.low) == (0.0, 0.0)
    assert never.high == pytest.approx(1.498, abs=0.002)
    assert Wakings().expected("by-hand") is None


def test_the_shipped_file_names_rules_that_exist_and_is_read_strictly(desk: Desk) -> None:
    values = settings().document("wakings").values
    read = read_wakings(values, file="wakings.toml")
    assert read.days > 20.0
    known = {rule.name for rule in desk.context.rules.book.rules} | {"counterpart"}
    assert read.by_rule
    assert set(read.by_rule) <= known
    with pytest.raises(ConfigurationError, match="woken"):
        read_wakings({**values, "woken": {"a": -1}}, file="wakings.toml")
