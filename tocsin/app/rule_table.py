"""The rules as people read them: tier, who, when, how often, why; and that everybody they name exists."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from advocates.escalation import Plan, is_target
from advocates.people import People
from advocates.rota import Rota
from tocsin.domain.errors import ConfigurationError
from tocsin.domain.events import Tier
from triggers.coincidence import YEAR_S
from triggers.conditions import Condition
from triggers.rules import COUNTERPART_RULE
from triggers.rules_config import RuleBook
from triggers.wakings import Wakings

#: Said of a tier whose rule names nobody.
_TOLD = {Tier.TELL: "the channel", Tier.RECORD: "nobody"}
_DOES = {Tier.WAKE: "wakes", Tier.TELL: "tells", Tier.RECORD: "records only"}


def check_who(book: RuleBook, people: People, *, file: str) -> None:
    """Refuse rules that wake somebody who is not there.

    Raises
    ------
    ConfigurationError
        A rule names neither a person nor a group: file and key are named.
    """
    asked = [(f"rule[{number}].who", rule.who) for number, rule in enumerate(book.rules, 1)]
    for key, who in (*asked, ("counterpart.who", book.counterpart.who)):
        for name in who:
            if not is_target(name, people):
                raise ConfigurationError(f"{name!r} is neither a person nor a group", file=file, key=key)


def rule_table(book: RuleBook, plan: Plan, wakings: Wakings) -> list[dict[str, Any]]:
    """Rows of the rules in the order in which they are asked, and that of counterparts: JSON-able."""
    rows: list[dict[str, Any]] = [
        {
            "rule": rule.name,
            "tier": int(rule.tier),
            "does": _DOES[rule.tier],
            "who": who_in_words(rule.tier, rule.who, plan),
            "when": condition_in_words(rule.condition),
            "search_window_s": rule.search_window_s,
            **_expected(wakings, rule.name, rule.tier),
            "why": rule.reason,
        }
        for rule in book.rules
    ]
    counterpart = book.counterpart
    limit = f"joint false-alarm rate at most {counterpart.joint_far_at_most_hz * YEAR_S:g} a year"
    rows.append(
        {
            "rule": COUNTERPART_RULE,
            "tier": int(counterpart.tier),
            "does": _DOES[counterpart.tier],
            "who": who_in_words(counterpart.tier, counterpart.who, plan),
            "when": f"an associated event of another messenger, {limit}",
            "search_window_s": None,
            **_expected(wakings, COUNTERPART_RULE, counterpart.tier),
            "why": "Raises an event of a lower tier.",
        }
    )
    return rows


def who_in_words(tier: Tier, who: tuple[str, ...], plan: Plan) -> list[str]:
    """Whom a rule wakes or tells: what it names, else the first step of the escalation, or the channel."""
    if tier is Tier.WAKE:
        return list(who or (plan.steps[0].target,))
    return [_TOLD[tier], *who]


def people_now(who: Iterable[str], plan: Plan, people: People, rota: Rota, now: datetime) -> list[str]:
    """Names of those that targets stand for."""
    targets = [one for one in who if is_target(one, people)]
    return [person.name for person in plan.asked(targets, rota, people, now)]


def condition_in_words(condition: Condition) -> str:
    """Everything that must hold, in the words of the file; ``always`` where nothing must."""
    given = [(f.name, getattr(condition, f.name)) for f in fields(condition)]
    said = [
        f"{name.replace('_', ' ')} {_value(value)}" for name, value in given if value not in (None, {}, frozenset())
    ]
    return "; ".join(said) or "always"


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_value(one)}" for key, one in value.items())
    if isinstance(value, frozenset):
        return " or ".join(sorted(str(one) for one in value))
    return str(value)


def _expected(wakings: Wakings, name: str, tier: Tier) -> dict[str, Any]:
    expected = wakings.expected(name) if tier is Tier.WAKE else None
    if expected is None:
        return {"expected_per_30_days": None, "expected_90_percent": None, "how_often": ""}
    interval = [expected.low, expected.high]
    return {
        "expected_per_30_days": expected.per_month,
        "expected_90_percent": interval,
        "how_often": f"{expected.words}, counted on {wakings.source}",
    }
