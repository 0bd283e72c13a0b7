"""The rules: what a notice changed, how loud the event is now, who is told, and why, in words for three in the morning.

`Rules.judge` says how loud an event is by itself; `Rules.decide` compares before and after and says whether people
are woken or told. In this order: a test is told to nobody; a retraction is told to whoever was told, and wakes
nobody; a stale notice wakes nobody; then tier 1 wakes once, and again only for a material change.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tocsin.domain.events import Change, Decision, Event, Tier
from tocsin.domain.notices import Notice
from triggers.changes import Comparison, compare
from triggers.coincidence_config import CoincidenceBook
from triggers.companions import Association, companion_interval, companions
from triggers.earth_crossing import EarthCrossing
from triggers.rules_config import Rule, RuleBook, read_rule_book
from triggers.storms import Storm
from triggers.wording import describe, describe_association

TEST_RULE, RETRACTION_RULE, STORM_RULE, COUNTERPART_RULE = "test", "retraction", "storm", "counterpart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How loud an event is by itself.

    Parameters
    ----------
    tier, search_window_s, rule
        As in `Decision`.
    reasons
        Why this tier.
    who
        As in `Decision`.
    """

    tier: Tier
    search_window_s: tuple[float, float] | None
    rule: str
    reasons: tuple[str, ...]
    who: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Rules made from ``config/rules.toml``.

    Parameters
    ----------
    book
        What the file says.
    """

    book: RuleBook

    @classmethod
    def from_config(
        cls,
        mapping: Mapping[str, Any],
        *,
        file: str = "rules.toml",
        coincidence: CoincidenceBook | None = None,
    ) -> "Rules":
        """Rules of a parsed configuration file, and of the book of coincidences (without one, nothing coincides).

        Raises
        ------
        ConfigurationError
            A key is missing, unknown or wrong: the message names the file and the key.
        """
        return cls(book=read_rule_book(mapping, file=file, coincidence=coincidence or CoincidenceBook()))

    def judge(self, event: Event, *, associations: Sequence[Association] = (), storm: Storm | None = None) -> Verdict:
        """How loud an event is, whatever was told before; retraction and staleness are not looked at here.

        Parameters
        ----------
        event
            The event.
        associations
            Events of other messengers that may be of one source with it, see `triggers.companions`.
        storm
            Storm it belongs to, see `triggers.storms`.
        """
        rule = self._rule_of(event)
        verdict = Verdict(
            tier=rule.tier,
            search_window_s=rule.search_window_s,
            rule=rule.name,
            reasons=(rule.reason, *describe(event)),
            who=rule.who,
        )
        verdict = _quieter_in_storm(verdict, storm)
        return self._louder_with_counterpart(verdict, associations)

    def tier_of(self, event: Event) -> Tier:
        """How loud the event is by itself, as `judge` finds it without associations and storms."""
        return self._rule_of(event).tier

    def _rule_of(self, event: Event) -> Rule:
        """The first rule that holds; the last one holds of every event."""
        return next(rule for rule in self.book.rules if rule.condition.holds(event))

    def decide(
        self,
        *,
        before: Event | None,
        after: Event,
        notice: Notice,
        was_paged: bool,
        was_told: bool | None = None,
        is_replay: bool = False,
        associations: Sequence[Association] = (),
        known_associations: Collection[str] = (),
        storm: Storm | None = None,
        areas_90_deg2: tuple[float, float] | None = None,
    ) -> Decision:
        """What is to be done about an event after a notice.

        Parameters
        ----------
        before, after
            The event without and with the notice, as one audience sees it; `before` is None for a new event.
        notice
            The notice.
        was_paged
            People have been woken for this event.
        was_told
            The channel has a message on it; None: taken from what the rules say of `before`.
        is_replay
            Stored or simulated notices are run through the service.
        associations
            Events that may be of one source with it.
        known_associations
            Identifiers of those that were known before.
        storm
            Storm it belongs to.
        areas_90_deg2
            90 % areas of the sky map before and after, deg2, where both are known.
        """
        verdict = self.judge(after, associations=associations, storm=storm)
        known = [a for a in associations if a.other_id in known_associations]
        earlier = None
        if before is not None:
            earlier = self.judge(before, associations=known, storm=storm)
        told = was_paged or (_would_be_told(before, earlier) if was_told is None else was_told)
        comparison = compare(
            before=before,
            after=after,
            tiers=(None if earlier is None else earlier.tier, verdict.tier),
            changes=self.book.changes,
            new_counterparts=[a for a in self._rare(associations) if a.other_id not in known_associations],
            areas_90_deg2=areas_90_deg2,
        )
        if after.is_test or notice.is_test:
            decision = _for_test(notice, after)
        elif after.is_retracted:
            decision = _for_retraction(earlier, told=told, comparison=comparison)
        else:
            decision = _for_event(
                verdict, comparison, was_paged=was_paged, told=told, is_stale=notice.is_stale or after.is_stale
            )
        replay = ("Replay: this is not happening now, and no person is to be called.",) if is_replay else ()
        return replace(decision, reasons=(*replay, *decision.reasons))

    def associate(
        self,
        event: Event,
        others: Sequence[Event],
        *,
        rates_hz: Mapping[str, float] | None = None,
        overlaps: Mapping[str, float] | None = None,
        crossings: Mapping[str, EarthCrossing] | None = None,
    ) -> tuple[Association, ...]:
        """Events of other messengers that may be of one source with an event; see `triggers.companions.companions`."""
        return companions(
            event, others, book=self.book.coincidence, rates_hz=rates_hz, overlaps=overlaps, crossings=crossings
        )

    def association_interval(self, event: Event) -> tuple[datetime, datetime] | None:
        """Interval in which the T0 of another event must lie for `associate` to find it by time, UTC."""
        return companion_interval(event, self.book.coincidence)

    def _rare(self, associations: Sequence[Association]) -> list[Association]:
        limit_hz = self.book.counterpart.joint_far_at_most_hz
        return [a for a in associations if a.joint_far_hz is not None and a.joint_far_hz <= limit_hz]

    def _louder_with_counterpart(self, verdict: Verdict, associations: Sequence[Association]) -> Verdict:
        rare = self._rare(associations)
        words = tuple(describe_association(a) for a in associations)
        tier = self.book.counterpart.tier
        if not rare or verdict.tier <= tier:
            return replace(verdict, reasons=(*verdict.reasons, *words))
        who = self.book.counterpart.who
        return replace(verdict, tier=tier, rule=COUNTERPART_RULE, who=who, reasons=(*words, *verdict.reasons))


def _quieter_in_storm(verdict: Verdict, storm: Storm | None) -> Verdict:
    if storm is None or not storm.is_on or verdict.tier is Tier.RECORD:
        return verdict
    reason = (
        f"Recorded only: event {storm.number} of a storm of {storm.source}, which has been on since "
        f"{storm.since_utc:%Y-%m-%d %H:%M} UTC."
    )
    return replace(verdict, tier=Tier.RECORD, rule=STORM_RULE, who=(), reasons=(reason, *verdict.reasons))


def change_of(*, before: Event | None, after: Event, notice: Notice) -> Change:
    """What a notice did to its event; a duplicate changed nothing but the list of notices."""
    if before is None:
        return Change.NEW
    if replace(after, notice_keys=before.notice_keys) == before:
        return Change.DUPLICATE
    return Change.RETRACTION if notice.is_retraction else Change.UPDATE


def _would_be_told(before: Event | None, earlier: Verdict | None) -> bool:
    """Whether the event as it was before is one that the channel is told of."""
    if before is None or earlier is None or before.is_test or before.is_stale:
        return False
    return earlier.tier < Tier.RECORD and not before.details.get("retraction_only")


def _for_test(notice: Notice, after: Event) -> Decision:
    why = notice.details.get("test_reason") or after.details.get("test_reason") or "the notice is marked as one"
    return Decision(
        tier=Tier.RECORD,
        pages=False,
        tells=False,
        is_material=False,
        search_window_s=None,
        rule=TEST_RULE,
        reasons=(f"Test: {why}. Nobody is told of tests.",),
    )


def _for_retraction(earlier: Verdict | None, *, told: bool, comparison: Comparison) -> Decision:
    if told:
        reasons = ["Retracted by its sender: stand down."] if comparison.is_retracted_now else []
        reasons.append("Told to those who were told of the event; nobody is woken for it.")
    else:
        reasons = ["Retracted by its sender. Nobody had been told of the event, so nobody is told now."]
    return Decision(
        tier=earlier.tier if told and earlier is not None else Tier.RECORD,
        pages=False,
        tells=told,
        is_material=told and comparison.is_retracted_now,
        search_window_s=None,
        rule=RETRACTION_RULE,
        reasons=tuple(reasons),
    )


def _for_event(verdict: Verdict, comparison: Comparison, *, was_paged: bool, told: bool, is_stale: bool) -> Decision:
    wakes = verdict.tier is Tier.WAKE
    is_material = bool(comparison.material) or (comparison.is_new and verdict.tier < Tier.RECORD)
    pages = wakes and not is_stale and (not was_paged or is_material)
    tells = told or (verdict.tier < Tier.RECORD and not is_stale)
    reasons = [*comparison.material, *comparison.stand_down, *verdict.reasons]
    if is_stale:
        reasons.append("Stale: the event is over 30 days older than the notice; nobody is woken.")
    elif wakes and not pages:
        reasons.append("Nobody is woken again: people were woken before, and nothing material has changed.")
    return Decision(
        tier=verdict.tier,
        pages=pages,
        tells=tells,
        is_material=is_material and not is_stale,
        search_window_s=verdict.search_window_s,
        rule=verdict.rule,
        reasons=tuple(reasons),
        who=verdict.who,
    )
