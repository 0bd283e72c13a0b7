"""Events that may be of one source with another: a burst after a merger, a neutrino near either.

They stay events of their own (see `triggers.association`); what joins them is an `Association` with a joint
false-alarm rate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.domain.events import Event, EventKind
from triggers.coincidence import CoincidenceWindow, chance_probability, joint_far_hz
from triggers.families import TRAITS, family_of_alias
from triggers.trigger_groups import trigger_times


@dataclass(frozen=True, slots=True, kw_only=True)
class PairWindow:
    """Which pairs of events are looked at, and within which time.

    Parameters
    ----------
    name
        Name of the window.
    first, second
        Kinds; the difference is time of the second minus time of the first.
    window
        See `CoincidenceWindow`.
    groups
        LVK groups (CBC, Burst) of the first that it holds for; empty: any.
    """

    name: str
    first: EventKind
    second: EventKind
    window: CoincidenceWindow
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """Two events that may be of one source.

    Parameters
    ----------
    event_id, other_id
        The events; the difference of times is that of the second kind of the window minus that of the first.
    other_name
        Name of the other event, for people.
    window
        Name of the window, or ``cited`` where LVK names the other and no window holds.
    difference_s
        See above; None where a time is unknown.
    joint_far_hz
        False-alarm rate of the pair, by time, and by sky where the overlap is known; None where a rate is unknown.
    chance_probability
        Probability of such another event within the window by chance, given this one.
    overlap
        Overlap integral of the two skies, if known.
    is_cited
        A notice of one names the other.
    labels
        Of both events: an association with an embargoed event is itself embargoed.
    """

    event_id: str
    other_id: str
    other_name: str
    window: str
    difference_s: float | None
    joint_far_hz: float | None
    chance_probability: float | None
    overlap: float | None
    is_cited: bool
    labels: frozenset[str]


def companions(
    event: Event,
    others: Sequence[Event],
    *,
    windows: Sequence[PairWindow],
    rates_hz: Mapping[str, float],
    overlaps: Mapping[str, float] | None = None,
) -> tuple[Association, ...]:
    """Events of other kinds that coincide with an event, or that it names; the rarest pair first.

    Parameters
    ----------
    event
        The event looked at.
    others
        Any events; those of the same kind, retracted ones, and tests beside real ones are left out.
    windows
        The first that fits a pair counts.
    rates_hz
        Rate of each family's real triggers, Hz, by the head of its alias keys; used where an event states no FAR.
    overlaps
        Overlap integral of the skies, by the other's identifier, where it is known already.
    """
    found = [_associate(event, other, windows, rates_hz, overlaps or {}) for other in others if _may_pair(event, other)]
    kept = [association for association in found if association is not None]
    return tuple(sorted(kept, key=lambda a: (a.joint_far_hz is None, a.joint_far_hz or 0.0, a.other_id)))


def companion_interval(event: Event, windows: Sequence[PairWindow]) -> tuple[datetime, datetime] | None:
    """Interval in which the T0 of an event must lie to be a companion by time, UTC; None where there can be none."""
    reaches = [max(abs(w.window.start_s), abs(w.window.stop_s)) for w in windows if event.kind in {w.first, w.second}]
    if event.t0_utc is None or not reaches:
        return None
    light_s = 2.0 * max(traits.light_travel_s for traits in TRAITS.values())
    reach = timedelta(seconds=max(reaches) + light_s)
    return event.t0_utc - reach, event.t0_utc + reach


def event_rate_hz(event: Event, rates_hz: Mapping[str, float]) -> float | None:
    """Rate of events at least as significant, Hz: the event's own FAR, else the lowest rate of its families."""
    if event.far_hz is not None:
        return event.far_hz
    families = {family for alias in event.aliases if (family := family_of_alias(alias)) is not None}
    return min((rates_hz[family] for family in families if family in rates_hz), default=None)


def _may_pair(event: Event, other: Event) -> bool:
    return (
        event.id != other.id
        and event.kind is not other.kind
        and event.is_test == other.is_test
        and event.is_stale == other.is_stale
        and not (event.is_retracted or other.is_retracted)
    )


def _associate(
    event: Event,
    other: Event,
    windows: Sequence[PairWindow],
    rates_hz: Mapping[str, float],
    overlaps: Mapping[str, float],
) -> Association | None:
    is_cited = _cites(event, other) or _cites(other, event)
    fitting = next((w for w in windows if _fits(w, event, other)), None)
    if fitting is None and not is_cited:
        return None
    overlap = overlaps.get(other.id)
    rate_hz, other_rate_hz = event_rate_hz(event, rates_hz), event_rate_hz(other, rates_hz)
    far_hz = chance = None
    if fitting is not None and other_rate_hz is not None:
        length_s = fitting.window.length_s
        chance = chance_probability(other_rate_hz, length_s)
        if rate_hz is not None:
            far_hz = joint_far_hz(rate_hz, other_rate_hz, length_s, overlap=1.0 if overlap is None else overlap)
    return Association(
        event_id=event.id,
        other_id=other.id,
        other_name=other.name,
        window="cited" if fitting is None else fitting.name,
        difference_s=None if fitting is None else _difference_s(fitting, event, other),
        joint_far_hz=far_hz,
        chance_probability=chance,
        overlap=overlap,
        is_cited=is_cited,
        labels=event.labels | other.labels,
    )


def _fits(window: PairWindow, event: Event, other: Event) -> bool:
    pair = _ordered(window, event, other)
    difference_s = _difference_s(window, event, other)
    if pair is None or difference_s is None:
        return False
    if window.groups and pair[0].details.get("group") not in window.groups:
        return False
    return window.window.contains(difference_s, margin_s=_light_travel_s(event) + _light_travel_s(other))


def _ordered(window: PairWindow, event: Event, other: Event) -> tuple[Event, Event] | None:
    if (event.kind, other.kind) == (window.first, window.second):
        return event, other
    if (other.kind, event.kind) == (window.first, window.second):
        return other, event
    return None


def _difference_s(window: PairWindow, event: Event, other: Event) -> float | None:
    pair = _ordered(window, event, other)
    if pair is None or pair[0].t0_utc is None or pair[1].t0_utc is None:
        return None
    return (pair[1].t0_utc - pair[0].t0_utc).total_seconds()


def _light_travel_s(event: Event) -> float:
    """How far the event's T0 may be from the time at the Earth, s."""
    families = (family_of_alias(alias) for alias, time in trigger_times(event).items() if time == event.t0_utc)
    return min((TRAITS[family].light_travel_s for family in families if family is not None), default=0.0)


def _cites(event: Event, other: Event) -> bool:
    named = str(event.details.get("cites", "")).split()
    return not frozenset(named).isdisjoint(other.aliases)
