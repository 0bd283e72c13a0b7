"""Which event a notice belongs to: by its identifiers first, then by time and sky, by rules for each pair of families.

*What becomes one event.* All notices of one superevent; of one neutrino, by whatever road; of one gamma-ray burst,
whichever craft triggered. A gravitational wave, a neutrino and a burst are never made one event, however close: each
stays what it is, with its own false-alarm rate, its own audience and its own retraction, and the claim that they are
one source is an `triggers.companions.Association` with a joint false-alarm rate. An LVK notice that names a burst
(``external_coinc``) associates the two and no more.

*Bursts join by time*: two triggers are of one burst when their times differ by no more than `TRIGGER_SPREAD_S` and
the time light needs between the places where they were taken (Konus-Wind times are at Wind, up to 7 s from the
Earth), unless both have positions that cannot be of one source. Of 7350 GBM triggers an IBAS SPI-ACS trigger lies
within 20 s of 1032, of which about five by chance; 60 s would add 34 true ones at twice the chance ones.

*Tests join tests alone. Stale notices* (replays of old triggers) join stale events alone, except where the identifier
is one that is never used again (LVK, IceCube), since those are revised for months.

*Order.* An event lists the time of each of its triggers, and a new trigger is compared with all of them. The grouping
of notices then does not depend on their order of arrival, provided that events are merged where `bridged_events` says
so: a trigger may close the gap between two events already founded, and notices that tell a burst's true time may come
after those that do not (exposures, retractions). It joins the nearest event; a workflow that does not merge has one
burst in two events, which are both right, and not complete. In a month of real notices in order of issue this happens
to none. A position that contradicts may come too late to keep its trigger out; the event then says
``positions_disagree``.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from tocsin.domain.events import Event, EventKind
from tocsin.domain.notices import Notice
from triggers.aliases import alias_keys, cited_keys, is_about_event
from triggers.families import TRAITS, Family, family_of, family_of_alias, kind_of
from triggers.naming import new_event_id
from triggers.positions import LOCATING, may_be_one_source, separation_deg
from triggers.trigger_groups import is_exposure, own_keys, trigger_place, trigger_times

__all__ = [
    "alias_keys",
    "bridged_events",
    "choose_event",
    "cited_keys",
    "is_about_event",
    "new_event_id",
    "time_interval",
]

#: Two instruments may trigger on different pulses of one burst, this far apart, s.
TRIGGER_SPREAD_S = 20.0
#: Neutrinos of one observatory closer than this are one neutrino, whatever its identifiers say, s.
NEUTRINO_SPREAD_S = 1.0
#: Supernova alarms of several detectors and networks, s.
SUPERNOVA_SPREAD_S = 60.0
#: An event's T0 may be this far from the trigger a notice would join, s: a chain of pulses.
CHAIN_S = 120.0
#: Test triggers use a few numbers for ever, so an identifier holds for this long only, s.
TEST_IDENTIFIER_SPAN_S = 60.0
#: Under one INTEGRAL imager number, a step longer than this needs an agreeing position, s.
IBIS_STEP_S = 60.0
#: ... which is no further than this from the trigger's, deg: the imager's errors are some arc minutes.
IBIS_SAME_PLACE_DEG = 0.5


def time_interval(notice: Notice) -> tuple[datetime, datetime] | None:
    """Interval in which the T0 of an event must lie to be a candidate by time; None where only identifiers count.

    Parameters
    ----------
    notice
        Any notice.

    Returns
    -------
    tuple or None
        Start and stop, UTC; wide enough to hold any event that `choose_event` may choose by time.
    """
    spread_s = _widest_spread_s(family_of(notice))
    if notice.t0_utc is None or spread_s is None or is_exposure(notice) or not is_about_event(notice):
        return None
    reach = timedelta(seconds=spread_s + CHAIN_S)
    return notice.t0_utc - reach, notice.t0_utc + reach


def choose_event(notice: Notice, candidates: Sequence[Event]) -> str | None:
    """Event that a notice belongs to, among candidates; None where it founds one (or tells of none).

    Parameters
    ----------
    notice
        The notice.
    candidates
        Events that share an alias key with it or lie within `time_interval`; others do no harm. Their order does not
        matter.

    Returns
    -------
    str or None
        Identifier of the event.
    """
    return next(iter(_fitting(notice, candidates)), None)


def bridged_events(notice: Notice, candidates: Sequence[Event]) -> tuple[str, ...]:
    """Further events that a notice belongs to beside the chosen one, nearest first: it closes a gap between them."""
    return tuple(_fitting(notice, candidates)[1:])


def _fitting(notice: Notice, candidates: Sequence[Event]) -> list[str]:
    if not is_about_event(notice):
        return []
    possible = [event for event in candidates if _may_meet(notice, event)]
    keys = frozenset(own_keys(notice)) | frozenset(alias_keys(notice))
    named = [event for event in possible if keys & frozenset(event.aliases) and _identifier_holds(notice, event, keys)]
    near = [event for event in possible if event not in named and _is_near(notice, event)]
    by_distance = {event.id: (_distance_s(notice, event.t0_utc), event.id) for event in possible}
    ordered = [sorted((event.id for event in group), key=by_distance.__getitem__) for group in (named, near)]
    return ordered[0] + ordered[1]


def _may_meet(notice: Notice, event: Event) -> bool:
    """Whether a notice and an event are of one kind, both tests or both real, both stale or both live."""
    is_permanent = TRAITS[family_of(notice)].identifier_span_s is None
    return (
        event.is_test == notice.is_test
        and event.kind is kind_of(notice)
        and (event.is_stale == notice.is_stale or is_permanent)
    )


def _identifier_holds(notice: Notice, event: Event, keys: Iterable[str]) -> bool:
    """Whether shared identifiers mean one trigger: numbers return, after minutes in INTEGRAL's case."""
    family = family_of(notice)
    span_s = TRAITS[family].identifier_span_s
    if span_s is None or notice.t0_utc is None or event.t0_utc is None:
        return True
    if notice.is_test:
        span_s = min(span_s, TEST_IDENTIFIER_SPAN_S)
    shared = {alias: time for alias, time in trigger_times(event).items() if alias in keys}
    step_s = min(_distance_s(notice, time) for time in (shared.values() or [event.t0_utc]))
    if family is Family.IBIS and IBIS_STEP_S < step_s <= span_s:
        return any(_is_same_place(notice, trigger_place(event, alias)) for alias in shared)
    return step_s <= span_s


def _is_near(notice: Notice, event: Event) -> bool:
    """Whether time and sky allow a notice's trigger to be of an event."""
    family = family_of(notice)
    if is_exposure(notice):
        return False
    limits = ((_spread_s(family, family_of_alias(alias)), time) for alias, time in trigger_times(event).items())
    if not any(limit is not None and _distance_s(notice, time) <= limit for limit, time in limits):
        return False
    located = LOCATING.intersection(str(event.details.get("families", "")).split())
    return family not in LOCATING or not located or may_be_one_source(notice, event)


def _spread_s(a: Family, b: Family | None) -> float | None:
    """Largest difference of trigger times within one event, s; None where time alone joins nothing."""
    if b is None:
        return None
    traits = TRAITS[a], TRAITS[b]
    if all(t.joins_by_time for t in traits):
        return TRIGGER_SPREAD_S + sum(t.light_travel_s for t in traits)
    if a is b and traits[0].kind is EventKind.NEUTRINO:
        return SUPERNOVA_SPREAD_S if a is Family.SUPERNOVA else NEUTRINO_SPREAD_S
    return None


def _widest_spread_s(family: Family) -> float | None:
    found = [s for other in Family if (s := _spread_s(family, other)) is not None]
    return max(found, default=None)


def _is_same_place(notice: Notice, place: tuple[float, float] | None) -> bool:
    """Whether a notice's position is that of a trigger, to the imager's accuracy; False where either is unknown."""
    if place is None or notice.ra_deg is None or notice.dec_deg is None:
        return False
    return separation_deg(notice.ra_deg, notice.dec_deg, *place) <= IBIS_SAME_PLACE_DEG


def _distance_s(notice: Notice, time: datetime | None) -> float:
    if notice.t0_utc is None or time is None:
        return 0.0
    return abs((notice.t0_utc - time).total_seconds())
