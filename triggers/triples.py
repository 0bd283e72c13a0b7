"""Three events that may be of one source: a merger, a burst and a neutrino."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from tocsin.domain.events import Event
from triggers.companions import Association
from triggers.joint_far import triple_chance, triple_far


@dataclass(frozen=True, slots=True, kw_only=True)
class Triple:
    """An event with two companions of different kinds.

    Parameters
    ----------
    event_id, other_ids, other_names
        The event, and its companions in the order of their identifiers.
    windows
        Names of their windows.
    joint_far_hz, joint_far_is_limit
        Rate of three unrelated ones as telling, Hz: FAR times the product of the two R dt over I_3, trials counted;
        None where the event states no FAR.
    association_chance
        Chance of two such neighbours, given all are real.
    overlap
        I_3; None without maps.
    labels
        Of all three.
    """

    event_id: str
    other_ids: tuple[str, str]
    other_names: tuple[str, str]
    windows: tuple[str, str]
    joint_far_hz: float | None
    joint_far_is_limit: bool
    association_chance: float
    overlap: float | None
    labels: frozenset[str]


def triples(
    event: Event,
    others: Sequence[Event],
    associations: Sequence[Association],
    *,
    overlap_of: Callable[[str, str], float | None],
) -> tuple[Triple, ...]:
    """Triples that an event makes with two companions of different kinds, the rarest first.

    Parameters
    ----------
    event
        The event both windows are about: a gravitational wave, whose FAR counts.
    others
        Events that `associations` name.
    associations
        Of the event.
    overlap_of
        I_3 with two others, by their identifiers; None where a map is missing.
    """
    kinds = {other.id: other.kind for other in others}
    timed = sorted((a for a in associations if a.rate_hz is not None), key=lambda one: one.other_id)
    pairs = [(a, b) for a, b in combinations(timed, 2) if kinds.get(a.other_id) is not kinds.get(b.other_id)]
    made = [_triple(event, a, b, overlap_of(a.other_id, b.other_id)) for a, b in pairs]
    return tuple(sorted(made, key=lambda one: (one.association_chance, one.other_ids)))


def _triple(event: Event, a: Association, b: Association, overlap: float | None) -> Triple:
    # Each window tried counts: R dt of a pair of streams is taken once for every window they are looked at in.
    rates_hz = (a.rate_hz or 0.0) * a.trials, (b.rate_hz or 0.0) * b.trials
    windows_s = a.length_s or 0.0, b.length_s or 0.0
    used = 1.0 if overlap is None else overlap
    far = None if event.far_hz is None else triple_far(event.far_hz, rates_hz, windows_s, overlap=used)
    return Triple(
        event_id=event.id,
        other_ids=(a.other_id, b.other_id),
        other_names=(a.other_name, b.other_name),
        windows=(a.window, b.window),
        joint_far_hz=None if far is None else far.far_hz,
        joint_far_is_limit=far is not None and far.is_limit,
        association_chance=triple_chance(rates_hz, windows_s, overlap=used),
        overlap=overlap,
        labels=a.labels | b.labels,
    )
