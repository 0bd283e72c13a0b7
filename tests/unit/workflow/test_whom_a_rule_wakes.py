"""Rules say whom they wake or tell: persons and groups; who is on call where they say nothing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from workflow_desk import Desk, merger, settings, track

from notifier.recorder import RecorderChannel
from tocsin.app.build import build_people
from tocsin.app.rule_table import check_who, rule_table
from tocsin.domain.errors import ConfigurationError
from tocsin.domain.people import MessagePurpose
from tocsin.workflow.context import Door
from tocsin.workflow.queries import event_view
from tocsin.workflow.why import why_json, why_woken
from triggers.rules import Rules
from triggers.rules_config import Rule

MERGER_RULE = "lvk-significant-neutron-star"


def with_who(desk: Desk, who: tuple[str, ...], *, only: Callable[[Rule], bool]) -> None:
    """Let rules name whom they wake."""
    book = desk.context.rules.book
    rules = tuple(replace(rule, who=who) if only(rule) else rule for rule in book.rules)
    desk.context = replace(desk.context, rules=Rules(book=replace(book, rules=rules)))


def roads(folder: Path) -> Desk:
    """A desk with a shared place and a road to single persons."""
    doors = (Door(channel=RecorderChannel("chat")), Door(channel=RecorderChannel("mail"), is_shared=False))
    return Desk(folder, doors=doors)


def told(desk: Desk, door: str, purpose: MessagePurpose) -> set[str]:
    channel = next(one.channel for one in desk.context.doors if one.name == door)
    assert isinstance(channel, RecorderChannel)
    sent = [one for one in channel.sent if one.purpose is purpose]
    return {name for one in sent for name in (one.recipient, *one.also)}


def test_a_rule_that_names_nobody_wakes_who_is_on_call(desk: Desk) -> None:
    desk.take(merger())
    desk.work()
    on_call = {one.id for one in desk.context.rota.on_call(desk.clock.now())}
    assert set(desk.named(MessagePurpose.PAGE)) == on_call


def test_a_rule_wakes_whom_it_names_and_why_says_so(desk: Desk) -> None:
    with_who(desk, ("okafor", "vance"), only=lambda rule: rule.name == MERGER_RULE)
    desk.take(merger())
    desk.work()
    assert set(desk.named(MessagePurpose.PAGE)) == {"okafor", "vance"}
    view = desk.read(lambda work: event_view(work, "s241017ab"))
    why = desk.read(lambda work: why_woken(work, view, desk.context.wakings, clearance=frozenset()))
    found = why_json(why, lambda one: one.upper())
    assert found is not None
    assert found["who"] == ["okafor", "vance"]
    assert set(found["woken"]) == {"OKAFOR", "VANCE"}  # type: ignore[call-overload]


def test_another_rule_is_not_touched_by_it(desk: Desk) -> None:
    with_who(desk, ("okafor",), only=lambda rule: rule.name == MERGER_RULE)
    desk.take(track())
    desk.work()
    on_call = {one.id for one in desk.context.rota.on_call(desk.clock.now())}
    assert set(desk.named(MessagePurpose.PAGE)) == on_call != {"okafor"}


def test_whoever_is_woken_first_the_escalation_goes_on_as_it_is_planned(desk: Desk) -> None:
    with_who(desk, ("okafor",), only=lambda rule: rule.name == MERGER_RULE)
    desk.take(merger())
    desk.work()
    on_call = {one.id for one in desk.context.rota.on_call(desk.clock.now())}
    desk.wait(301.0)
    assert set(desk.named(MessagePurpose.ESCALATION)) == on_call


def test_a_rule_of_tier_2_tells_whom_it_names_by_their_own_road_and_wakes_nobody(tmp_path: Path) -> None:
    with roads(tmp_path) as desk:
        with_who(desk, ("tanaka",), only=lambda rule: rule.name == "neutrino")
        desk.context = replace(
            desk.context, rules=Rules(book=replace(desk.context.rules.book, rules=_without_tier_1(desk)))
        )
        desk.take(track())
        desk.work()
        assert told(desk, "mail", MessagePurpose.UPDATE) == {"tanaka"}
        assert told(desk, "mail", MessagePurpose.PAGE) == set()


def test_a_name_that_is_nobody_is_refused_with_file_and_key() -> None:
    values = settings().document("rules").values
    listed = [dict(rule) for rule in values["rule"]]
    listed[1]["who"] = ["on_call", "nobody"]
    book = Rules.from_config({**values, "rule": listed}).book
    with pytest.raises(ConfigurationError) as refused:
        check_who(book, build_people(settings())[0], file="rules.toml")
    assert (refused.value.file, refused.value.key) == ("rules.toml", "rule[2].who")


def test_tier_3_names_nobody() -> None:
    values = settings().document("rules").values
    listed = [dict(rule) for rule in values["rule"]]
    listed[0]["who"] = ["on_call"]
    with pytest.raises(ConfigurationError, match="recorded only"):
        Rules.from_config({**values, "rule": listed})


def test_the_table_of_rules_says_tier_who_when_how_often_and_why(desk: Desk) -> None:
    with_who(desk, ("okafor",), only=lambda rule: rule.name == MERGER_RULE)
    rows = {row["rule"]: row for row in rule_table(desk.context.rules.book, desk.context.plan, desk.context.wakings)}
    assert len(rows) == len(desk.context.rules.book.rules) + 1
    assert (rows[MERGER_RULE]["who"], rows[MERGER_RULE]["tier"]) == (["okafor"], 1)
    assert rows[MERGER_RULE]["when"] == "kinds gravitational_wave; significant True; class at least BNS 0.1, NSBH 0.1"
    assert rows[MERGER_RULE]["expected_per_30_days"] == pytest.approx(2 / 31 * 30)
    assert (rows["lvk-significant"]["who"], rows["neutrino"]["who"]) == (["on_call"], ["the channel"])
    assert (rows["recorded"]["when"], rows["recorded"]["who"]) == ("always", ["nobody"])
    assert rows["counterpart"]["tier"] == 1


def _without_tier_1(desk: Desk) -> tuple[Rule, ...]:
    return tuple(rule for rule in desk.context.rules.book.rules if rule.name != "icecube-likely-astrophysical")
