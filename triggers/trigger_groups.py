"""Triggers within an event: its notices grouped by whose detection they report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from tocsin.domain.clock import to_utc
from tocsin.domain.events import Event, EventKind, StoredNotice
from tocsin.domain.notices import Notice, Phase
from triggers.aliases import alias_keys
from triggers.families import TRAITS, Family, Traits, family_of
from triggers.ordering import issue_order, refinement, refinement_order

#: Details of an event under which the time and the position of each of its triggers stand.
TRIGGER_TIME, TRIGGER_RA, TRIGGER_DEC = "trigger_utc.", "trigger_ra_deg.", "trigger_dec_deg."
#: Phases that people have looked at: a notice of one, issued after a retraction, takes it back. IceCube's first
#: notice is automatic.
_HUMAN_PHASES = {
    EventKind.GRAVITATIONAL_WAVE: frozenset({Phase.INITIAL, Phase.UPDATE, Phase.FINAL}),
    EventKind.NEUTRINO: frozenset({Phase.UPDATE, Phase.FINAL}),
}


@dataclass(frozen=True, kw_only=True)  # no slots: what it works out is kept
class Trigger:
    """One instrument's detection: all its notices.

    Parameters
    ----------
    alias
        First of its alias keys by the alphabet (IceCube's run and event come before its name).
    family
        Whose it is.
    notices
        In order of issue, never empty.
    """

    alias: str
    family: Family
    notices: tuple[StoredNotice, ...]

    @property
    def traits(self) -> Traits:
        """What holds for its family."""
        return TRAITS[self.family]

    @cached_property
    def standing(self) -> tuple[StoredNotice, ...]:
        """Its notices but for retractions, in order of issue."""
        return tuple(stored for stored in self.notices if not stored.notice.is_retraction)

    @cached_property
    def refined(self) -> tuple[StoredNotice, ...]:
        """Its notices but for retractions, the least refined first."""
        return tuple(sorted(self.standing, key=refinement_order))

    @property
    def newest(self) -> list[Notice]:
        """Its notices but for retractions, the most refined first; retractions where there is nothing else."""
        return [stored.notice for stored in reversed(self.refined or self.notices)]

    @cached_property
    def is_retracted(self) -> bool:
        """Whether the sender has withdrawn it, and not taken the withdrawal back.

        A retraction stands against everything issued before it, in whatever order the notices arrived, and against
        automatic notices issued after it. It is taken back only by a later notice that people have looked at: an LVK
        initial or update, a neutrino's revision, another INTEGRAL offline analysis. Others never take one back.
        """
        last = max((s for s in self.notices if s.notice.is_retraction), key=issue_order, default=None)
        if last is None:
            return False
        later = (s.notice for s in self.standing if issue_order(s) > issue_order(last))
        return not any(_takes_back(self.traits.kind, notice, last.notice) for notice in later)

    @cached_property
    def t0_utc(self) -> datetime | None:
        """Time of the trigger.

        Gravitational waves and neutrinos: of the most refined notice, since analyses improve it. Photons: the
        earliest time any notice gives, since later ones tell when the position was measured, not when the burst
        began. Exposures of telescopes count only where nothing else gives a time, and after them retractions; LVK's
        JSON ones have none.
        """
        refined, notices = self.refined, self.notices
        for group in ([s for s in refined if not is_exposure(s.notice)], refined, notices):
            times = [s.notice.t0_utc for s in group if s.notice.t0_utc is not None]
            if times:
                return min(times) if self.traits.joins_by_time else times[-1]
        return None

    @cached_property
    def place(self) -> Notice | None:
        """Notice with its best position: the most refined that has any, a retraction only where no other has."""
        notices = (*reversed(self.refined), *(s for s in reversed(self.notices) if s.notice.is_retraction))
        return next((s.notice for s in notices if s.notice.has_position), None)


def triggers_of(notices: Sequence[StoredNotice]) -> tuple[Trigger, ...]:
    """Triggers that notices report, by the identifiers they share; those issued first come first."""
    groups: list[tuple[set[str], list[StoredNotice]]] = []
    for stored in sorted(notices, key=issue_order):
        keys, members = set(own_keys(stored.notice)), [stored]
        for group in [g for g in groups if g[0] & keys]:
            groups.remove(group)
            keys |= group[0]
            members += group[1]
        groups.append((keys, members))
    made = (_trigger(members) for _, members in groups)
    return tuple(sorted(made, key=lambda trigger: issue_order(trigger.notices[0])))


def own_keys(notice: Notice) -> tuple[str, ...]:
    """Alias keys of a notice's own trigger, never empty: those of its family, else made from the identifier."""
    head = f"{family_of(notice)}:"
    keys = alias_keys(notice)
    return tuple(k for k in keys if k.startswith(head)) or keys or (f"{notice.stream}:{notice.notice_id}",)


def _trigger(members: Sequence[StoredNotice]) -> Trigger:
    notices = tuple(sorted(members, key=issue_order))
    alias = min(key for stored in notices for key in own_keys(stored.notice))
    return Trigger(alias=alias, family=family_of(notices[0].notice), notices=notices)


def trigger_times(event: Event) -> Mapping[str, datetime]:
    """Time of each trigger of an event, by alias key; the event's own T0 where it lists none."""
    times = {
        name.removeprefix(TRIGGER_TIME): to_utc(value)
        for name, value in event.details.items()
        if name.startswith(TRIGGER_TIME) and isinstance(value, str)
    }
    if times or event.t0_utc is None:
        return times
    return dict.fromkeys(event.aliases[:1] or (event.id,), event.t0_utc)


def trigger_place(event: Event, alias: str) -> tuple[float, float] | None:
    """Position of one trigger of an event, right ascension and declination, deg; None where it has none."""
    ra_deg, dec_deg = event.details.get(TRIGGER_RA + alias), event.details.get(TRIGGER_DEC + alias)
    return (ra_deg, dec_deg) if isinstance(ra_deg, float) and isinstance(dec_deg, float) else None


def is_exposure(notice: Notice) -> bool:
    """Whether a notice's time is the start of a telescope's exposure, not of the burst (Swift XRT, UVOT, SVOM MXT)."""
    return notice.details.get("t0_is") == "exposure"


def _takes_back(kind: EventKind, later: Notice, retraction: Notice) -> bool:
    if kind in _HUMAN_PHASES:
        return later.phase in _HUMAN_PHASES[kind]
    return refinement(later) >= refinement(retraction) > 0
