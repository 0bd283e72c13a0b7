"""The rules of ``config/rules.toml``, read strictly: what is wrong or unknown names the file and the key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields

from tocsin.domain.config_table import Table
from tocsin.domain.errors import ConfigurationError
from tocsin.domain.events import EventKind, Tier
from tocsin.domain.notices import Phase
from triggers.coincidence import YEAR_S
from triggers.coincidence_config import CoincidenceBook
from triggers.conditions import Condition
from triggers.families import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Parameters
    ----------
    name
        Unique name.
    condition
        When it decides.
    tier
        How loud.
    search_window_s
        Interval around T0 to search, s; None: no reaction.
    reason
        Why, in words.
    who
        Whom it wakes (tier 1) or tells by their own roads beside the channel (tier 2): persons, or groups as in
        ``escalation.toml``. Empty: the first step of the escalation, which is who is on call; the channel alone.
    """

    name: str
    condition: Condition
    tier: Tier
    search_window_s: tuple[float, float] | None
    reason: str
    who: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What makes people be woken again.

    Parameters
    ----------
    error_shrinks_by, error_from_deg
        The 90 % radius is smaller by this factor, and was at least this large, deg.
    area_shrinks_by
        The 90 % area of the sky map is smaller by this factor.
    """

    error_shrinks_by: float
    error_from_deg: float
    area_shrinks_by: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterpart:
    """What an associated event does: raises the event to `tier` if the pair is as rare as `joint_far_at_most_hz`.

    `who` is whom that wakes, as of a `Rule`.
    """

    tier: Tier
    joint_far_at_most_hz: float
    who: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """All of ``config/rules.toml``, and what coincidences are judged by.

    Parameters
    ----------
    rules
        In order; the last has no conditions.
    changes, counterpart
        See there.
    coincidence
        What is compared with what: ``config/coincidence.toml``.
    """

    rules: tuple[Rule, ...]
    changes: Changes
    counterpart: Counterpart
    coincidence: CoincidenceBook = field(default_factory=CoincidenceBook)


def read_rule_book(mapping: Mapping[str, object], *, file: str, coincidence: CoincidenceBook) -> RuleBook:
    """Rule book of a parsed file.

    Raises
    ------
    ConfigurationError
        A key is missing, unknown or wrong; two rules have one name; the last rule has conditions.
    """
    table = Table(mapping, file=file)
    book = RuleBook(
        rules=tuple(_rule(child) for child in table.children("rule")),
        changes=_changes(table.child("changes")),
        counterpart=_counterpart(table.child("counterpart")),
        coincidence=coincidence,
    )
    table.finish()
    _check_rules(book.rules, file)
    return book


def _check_rules(rules: tuple[Rule, ...], file: str) -> None:
    if not rules or rules[-1].condition != Condition():
        raise ConfigurationError(
            "the last rule must have no conditions: it decides what none else did", file=file, key="rule"
        )
    names = [rule.name for rule in rules]
    for count, name in enumerate(names, 1):
        if name in names[: count - 1]:
            raise ConfigurationError(f"a second rule is named {name!r}", file=file, key=f"rule[{count}].name")
    for count, rule in enumerate(rules[:-1], 1):
        if rule.condition == Condition():
            message = f"{rule.name!r} has no conditions, so no rule after it would ever decide"
            raise ConfigurationError(message, file=file, key=f"rule[{count}]")


def _rule(table: Table) -> Rule:
    rule = Rule(
        name=table.text("name"),
        condition=_condition(table),
        tier=_tier(table),
        search_window_s=table.interval("search_window_s") if "search_window_s" in table else None,
        reason=table.text("reason"),
        who=_who(table),
    )
    table.finish()
    return rule


def _who(table: Table) -> tuple[str, ...]:
    if "who" not in table:
        return ()
    if _tier(table) is Tier.RECORD:
        raise table.error("who", "tier 3 is recorded only: nobody is told")
    return tuple(sorted(table.texts("who")))


def _condition(table: Table) -> Condition:
    readers: dict[str, Callable[[str], object]] = {
        "kinds": lambda name: table.members(name, EventKind),
        "families": lambda name: table.members(name, Family),
        "phases": lambda name: table.members(name, Phase),
        "significant": table.flag,
        "named_burst": table.flag,
        "snr_at_least": lambda name: _by_family(table, name),
        "craft_at_least": lambda name: table.integer(name, least=1),
        "far_at_most_per_year": lambda name: table.number(name, above=0.0),
        "class_at_least": table.numbers,
        "detail_at_least": table.numbers,
        "detail_at_most": table.numbers,
        "detail_is": table.choices,
    }
    given = {f.name: readers.get(f.name, table.texts)(f.name) for f in fields(Condition) if f.name in table}
    return Condition(**given)  # type: ignore[arg-type]  # each reader gives its field's type


def _by_family(table: Table, name: str) -> dict[Family, float]:
    values = table.numbers(name)
    known = {family.value: family for family in Family}
    for key in values:
        if key not in known:
            raise table.error(f"{name}.{key}", f"is none of {', '.join(sorted(known))}")
    return {known[key]: value for key, value in values.items()}


def _tier(table: Table) -> Tier:
    value = table.integer("tier", least=1)
    if value not in list(Tier):
        raise table.error("tier", "1 (wake), 2 (tell) or 3 (record) is expected")
    return Tier(value)


def _changes(table: Table) -> Changes:
    changes = Changes(
        error_shrinks_by=table.number("error_shrinks_by", above=1.0),
        error_from_deg=table.number("error_from_deg", above=0.0),
        area_shrinks_by=table.number("area_shrinks_by", above=1.0),
    )
    table.finish()
    return changes


def _counterpart(table: Table) -> Counterpart:
    counterpart = Counterpart(
        tier=_tier(table),
        joint_far_at_most_hz=table.number("joint_far_at_most_per_year", above=0.0) / YEAR_S,
        who=_who(table),
    )
    table.finish()
    return counterpart
