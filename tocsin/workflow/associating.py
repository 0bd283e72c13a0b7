"""Associating: events of other messengers near one in time and sky, with how rare that is.

Windows are declared in the trial ledger before anything is looked at. A map multiplied by that of another event is kept
as what it is, "assuming they are one source": it never becomes an event's own map and never enters an overlap.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tocsin.domain.errors import ScienceError
from tocsin.domain.events import Event, EventKind
from tocsin.domain.jobs import JobKind
from tocsin.domain.people import MessagePurpose
from tocsin.domain.products import Product, ProductKind, may_see
from tocsin.store import UnitOfWork
from tocsin.workflow.attach import visible_event
from tocsin.workflow.companions import is_telling, telling_companions
from tocsin.workflow.context import Context
from tocsin.workflow.crossing import crossing_of
from tocsin.workflow.making import make_product, replace_product
from tocsin.workflow.maps import map_of
from tocsin.workflow.owing import doors_as_seen, owe_decided, owe_escalation, owe_localization, paged_as_seen
from tocsin.workflow.priors import prior_map
from tocsin.workflow.rates import rates_of_the_day
from tocsin.workflow.recall import known_events, stored_notices
from tocsin.workflow.trials import conclude_windows, declare_windows
from tocsin.workflow.views import products_of
from triangulation.skymap import SkyMap, overlap
from triangulation.triple_overlap import triple_overlap
from triggers.companions import Association, may_pair
from triggers.earth_crossing import TAKEN_AT
from triggers.triples import Triple, triples
from triggers.wording import UNRELATED_OVERLAP, describe_association

#: Events further apart than this are never looked at, s: the widest coincidence window, and light travel.
REACH_S = 1200.0
#: And so much further if its time was taken elsewhere: light from a planet, s.
PLANET_REACH_S = 1400.0
FITS = "application/fits"


def associate(context: Context, work: UnitOfWork, event: Event) -> list[Product]:
    """Keep what coincides with a view of an event; a counterpart that is new, rare, and agrees in the sky wakes people.

    Returns what is new of it.
    """
    if event.t0_utc is None or event.is_retracted:
        return []
    known = {one.other_id for one in telling_companions(work, event.id)}
    rates = rates_of_the_day(work, context.rules.book.coincidence, until_utc=event.t0_utc, clearance=event.labels)
    keys = declare_windows(context, work, event, rates)
    rates_hz = {name: rate.rate_hz for name, rate in rates.items()}
    found: list[Association] = []
    made: list[Product] = []
    groups = _groups(work, event)
    for others in groups:
        look = _Look(context, work, event, others)
        associations = look.associations(rates_hz)
        found += associations
        made += look.products(associations)
    conclude_windows(context, work, keys, found, sum(len(others) for others in groups))
    changed = [product for product in made if replace_product(work, product)]
    _retire(work, event, made)
    _tell(context, work, event, found, known)
    return changed


def neighbours(work: UnitOfWork, event: Event, clearance: frozenset[str] | None = None) -> list[Event]:
    """Other events near in time, as somebody with `clearance` (of the event's own labels, if not told) sees them."""
    if event.t0_utc is None:
        return []
    return _as_seen(work, _near(work, event), event.labels if clearance is None else clearance)


def _near(work: UnitOfWork, event: Event) -> list[tuple[Event, frozenset[str]]]:
    """Other events near in time as computed from everything, with their labels.

    Near is further where either time was taken at a planet: whichever of two looks finds the other.
    """
    if event.t0_utc is None:
        return []
    reach = timedelta(seconds=REACH_S + PLANET_REACH_S)
    near = work.candidate_event_ids((), event.t0_utc - reach, event.t0_utc + reach)
    known = known_events(work, [one for one in near if one != event.id])
    return [(one, labels) for one, labels in known if _is_in_reach(event, one)]


def _is_in_reach(event: Event, other: Event) -> bool:
    """Whether the times of two events are near enough to be looked at, by where they were taken."""
    if event.t0_utc is None or other.t0_utc is None or event.details.get(TAKEN_AT) or other.details.get(TAKEN_AT):
        return True
    return abs((event.t0_utc - other.t0_utc).total_seconds()) <= REACH_S


def _as_seen(work: UnitOfWork, near: Sequence[tuple[Event, frozenset[str]]], clearance: frozenset[str]) -> list[Event]:
    """Events as somebody with `clearance` sees them."""
    seen = [known if may_see(labels, clearance) else visible_event(work, known.id, clearance) for known, labels in near]
    return [one for one in seen if one is not None and one.notice_keys]


def _groups(work: UnitOfWork, event: Event) -> list[list[Event]]:
    """Neighbours as the event's own audience sees them; then, by audience, those of which a wider one sees more."""
    near = _near(work, event)
    own = _as_seen(work, near, event.labels)
    seen = {one.id: one.notice_keys for one in own}
    groups = [own]
    labels = {labels for _, labels in near}
    for wider in sorted(labels, key=lambda one: (len(one), sorted(one))):
        if not wider <= event.labels:
            others = _as_seen(work, near, event.labels | wider)
            more = [one for one in others if one.labels == wider | one.labels and one.notice_keys != seen.get(one.id)]
            groups.append([one for one in more if not one.labels <= event.labels])
    return [group for group in groups if group] or [[]]


class _Look:
    """A view of an event and its neighbours, as one audience sees both."""

    def __init__(self, context: Context, work: UnitOfWork, event: Event, others: Sequence[Event]) -> None:
        self._context, self._work, self._event = context, work, event
        self._others = {other.id: other for other in others}
        self._maps: dict[str, tuple[SkyMap, str] | None] = {}

    def associations(self, rates_hz: Mapping[str, float]) -> tuple[Association, ...]:
        """What coincides."""
        possible = [one for one in self._others.values() if may_pair(self._event, one)]
        if not possible:
            return ()
        events = (self._event, *possible)
        crossings = {one.id: made for one in events if (made := crossing_of(self._context, self._work, one))}
        timed = self._context.rules.associate(self._event, possible, rates_hz=rates_hz, crossings=crossings)
        near = {one.other_id for one in timed}  # maps are read of those alone that coincide in time
        overlaps = {other_id: value for other_id in near if (value := self._overlap(other_id)) is not None}
        return self._context.rules.associate(
            self._event,
            [self._others[one] for one in sorted(near)],
            rates_hz=rates_hz,
            crossings=crossings,
            overlaps=overlaps,
        )

    def products(self, associations: Sequence[Association]) -> list[Product]:
        """Associations, triples, and maps that assume one source, as products."""
        made = [self._association(one) for one in associations]
        made += [joint for one in associations if (joint := self._joint_map(one)) is not None]
        if self._event.kind is EventKind.GRAVITATIONAL_WAVE:
            found = triples(self._event, list(self._others.values()), associations, overlap_of=self._overlap_of_three)
            made += [self._triple(one) for one in found]
        return made

    def _map(self, event_id: str) -> tuple[SkyMap, str] | None:
        """Sky map of an event, and what it is; what is only recorded has no map product, but its notices' place."""
        if event_id not in self._maps:
            view = self._event if event_id == self._event.id else self._others[event_id]
            found = [one for one in products_of(self._work, view, ProductKind.SKYMAP, with_blob=True) if one.blob]
            skymap = map_of(found[-1]) if found else None
            source = found[-1].id if found else ""
            if skymap is None:
                skymap, _, source = prior_map(self._work, view)
            self._maps[event_id] = None if skymap is None else (skymap, source)
        return self._maps[event_id]

    def _overlap(self, other_id: str) -> float | None:
        own, other = self._map(self._event.id), self._map(other_id)
        return None if own is None or other is None else overlap(own[0], other[0])

    def _overlap_of_three(self, second_id: str, third_id: str) -> float | None:
        maps = [self._map(one) for one in (self._event.id, second_id, third_id)]
        known = [one[0] for one in maps if one is not None]
        return triple_overlap(*known) if len(known) == len(maps) else None

    def _inputs(self, *event_ids: str) -> tuple[str, ...]:
        return tuple(found[1] for one in event_ids if (found := self._map(one)) is not None)

    def _association(self, one: Association) -> Product:
        content: dict[str, Any] = {
            "other_id": one.other_id,
            "other_name": one.other_name,
            "window": one.window,
            "difference_s": one.difference_s,
            "margin_s": one.margin_s,
            "length_s": one.length_s,
            "rate_hz": one.rate_hz,
            "trials": one.trials,
            "association_chance": one.association_chance,
            "joint_far_hz": _finite(one.joint_far_hz),
            "joint_far_is_limit": one.joint_far_is_limit,
            "overlap": one.overlap,
            "is_cited": one.is_cited,
            "words": describe_association(one),
        }
        return make_product(
            self._context,
            ProductKind.ASSOCIATION,
            event_id=self._event.id,
            subject=one.other_name,
            inputs=(*self._inputs(self._event.id, one.other_id), "config:coincidence.toml"),
            parameters={"difference_s": one.difference_s, "window": one.window, "rate_hz": one.rate_hz},
            content=content,
            labels=self._event.labels | one.labels,
        )

    def _triple(self, one: Triple) -> Product:
        names = " and ".join(one.other_names)
        content: dict[str, Any] = {
            "other_ids": list(one.other_ids),
            "other_names": list(one.other_names),
            "windows": list(one.windows),
            "association_chance": one.association_chance,
            "joint_far_hz": _finite(one.joint_far_hz),
            "joint_far_is_limit": one.joint_far_is_limit,
            "overlap": one.overlap,
            "is_triple": True,
            "words": f"Three together: with {names}. Chance if all are real: {one.association_chance:.1e}.",
        }
        return make_product(
            self._context,
            ProductKind.ASSOCIATION,
            event_id=self._event.id,
            subject=f"triple with {names}",
            inputs=(*self._inputs(self._event.id, *one.other_ids), "config:coincidence.toml"),
            parameters={"windows": list(one.windows), "chance": one.association_chance},
            content=content,
            labels=self._event.labels | one.labels,
        )

    def _joint_map(self, one: Association) -> Product | None:
        """Map of both, for whoever assumes that they are one source; None where they do not agree."""
        own, other = self._map(self._event.id), self._map(one.other_id)
        if own is None or other is None or one.overlap is None or one.overlap < UNRELATED_OVERLAP:
            return None
        try:
            joint = own[0].combine(other[0])
        except ScienceError:
            return None
        peak_ra_deg, peak_dec_deg = joint.peak
        assumption = f"assuming {self._event.name} and {one.other_name} are one source"
        return make_product(
            self._context,
            ProductKind.JOINT_SKYMAP,
            event_id=self._event.id,
            subject=assumption,
            inputs=self._inputs(self._event.id, one.other_id),
            parameters={},
            content={
                "assumption": assumption,
                "other_id": one.other_id,
                "area_50_deg2": joint.credible_area_deg2(0.5),
                "area_90_deg2": joint.credible_area_deg2(0.9),
                "peak_ra_deg": peak_ra_deg,
                "peak_dec_deg": peak_dec_deg,
            },
            labels=self._event.labels | one.labels,
            blob=joint.to_bytes(),
            media=FITS,
        )


def _finite(value: float | None) -> float | None:
    """JSON has no infinity: a pair whose maps exclude each other has no joint FAR."""
    return value if value is not None and math.isfinite(value) else None


def _retire(work: UnitOfWork, event: Event, made: Sequence[Product]) -> None:
    """Mark associations of this view, and joint maps, that were not found again."""
    ids = {product.id for product in made}
    for kind in (ProductKind.ASSOCIATION, ProductKind.JOINT_SKYMAP):
        for old in work.products(event.id, kind):
            if old.id not in ids and event.labels <= old.labels and not _is_of_wider_view(old, event, made):
                work.supersede(old.id, "retracted")


def _is_of_wider_view(old: Product, event: Event, made: Sequence[Product]) -> bool:
    """Whether a product is of a view that sees more of this event than `event` does: not for this look to judge."""
    return old.labels != event.labels and all(old.labels != one.labels for one in made)


def _tell(context: Context, work: UnitOfWork, event: Event, found: Sequence[Association], known: set[str]) -> None:
    """Weigh what is new; the other event learns of it too, whichever of the two had its map first.

    A companion that is more restricted than this view raises nothing here, where others would see it raised: it is
    weighed at the more restricted of the two.
    """
    telling = [one for one in found if is_telling(one)]
    new = [one for one in telling if one.other_id not in known]
    if event.is_test or not new:
        return
    weighed = [one for one in telling if one.labels <= event.labels]
    if any(one in new for one in weighed):
        _decide_again(context, work, event, weighed, known)
    for other_id in sorted({one.other_id for one in new}):
        owe_localization(context, work, other_id, cause=f"companion-{event.id}")


def _decide_again(
    context: Context, work: UnitOfWork, event: Event, telling: Sequence[Association], known: set[str]
) -> None:
    """Decide with the new companion; of a pair, people are woken by the event they were woken for already."""
    notices = [one for one in stored_notices(work, event.id) if one.key in event.notice_keys]
    doors = doors_as_seen(context, work, event.id, event.labels)
    jobs = [job for job in work.jobs(event.id) if job.kind is JobKind.SEND and str(job.payload["door"]) in doors]
    sent = {str(job.payload["purpose"]) for job in jobs}
    was_paged = MessagePurpose.PAGE.value in sent
    decision = context.rules.decide(
        before=event,
        after=event,
        notice=notices[-1].notice,
        was_paged=was_paged,
        was_told=bool(sent),
        is_replay=context.is_replay,
        associations=telling,
        known_associations=known,
    )
    if not decision.pages:
        return
    others = [one.other_id for one in telling if one.other_id not in known]
    if not was_paged and any(paged_as_seen(context, work, one, event.labels) for one in others):
        decision = replace(decision, pages=False, tells=True)
    work.add_decision(event.id, notices[-1].key, decision, context.clock.now(), labels=event.labels)
    work.set_event_tier(event.id, decision.tier)
    cause = f"counterpart-{telling[0].other_id}"
    for door in context.doors:
        if event.labels <= door.clearance:
            owe_decided(context, work, door, event, decision, cause=cause)
    if decision.pages and not work.acknowledgements(event.id):
        owe_escalation(context, work, event.id)
