"""Associating: events of other messengers near one in time and sky, with the joint false-alarm rate of the pair."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from tocsin.domain.events import Event
from tocsin.domain.jobs import JobKind
from tocsin.domain.people import MessagePurpose
from tocsin.domain.products import Product, ProductKind
from tocsin.store import UnitOfWork
from tocsin.workflow.attach import stored_notices, widest_view
from tocsin.workflow.companions import is_telling, telling_companions
from tocsin.workflow.context import Context
from tocsin.workflow.making import make_product, replace_product
from tocsin.workflow.owing import doors_paged, owe_decided, owe_escalation, owe_localization
from triangulation.skymap import SkyMap, overlap
from triggers.companions import Association
from triggers.event import from_record

#: Events further apart than this are never looked at, s: the widest coincidence window, and light travel.
REACH_S = 1200.0


def associate(context: Context, work: UnitOfWork, event: Event) -> list[Product]:
    """Keep what coincides with an event; a counterpart that is new, rare, and agrees in the sky wakes people.

    Returns what is new of it.
    """
    if event.t0_utc is None or event.is_test or event.is_retracted:
        return []
    known = {one.other_id for one in telling_companions(work, event.id)}
    others = neighbours(work, event)
    found = context.rules.associate(event, others, overlaps=_overlaps(work, event, others))
    made = [_product(context, work, event, association) for association in found]
    changed = [product for product in made if replace_product(work, product)]
    telling = [one for one in found if is_telling(one)]
    new = [one for one in telling if one.other_id not in known]
    if new:
        _decide_again(context, work, event, telling, known)
        for one in new:
            # The other event learns of it too, whichever of the two had its map first.
            owe_localization(context, work, one.other_id, cause=f"companion-{event.id}")
    return changed


def _decide_again(
    context: Context, work: UnitOfWork, event: Event, telling: Sequence[Association], known: set[str]
) -> None:
    """Decide with the new companion; of a pair, people are woken by the event they were woken for already."""
    notices = [one for one in stored_notices(work, event.id) if one.key in event.notice_keys]
    sent = {str(job.payload["purpose"]) for job in work.jobs(event.id) if job.kind is JobKind.SEND}
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
    if not was_paged and any(doors_paged(work, one.other_id) for one in telling if one.other_id not in known):
        decision = replace(decision, pages=False, tells=True)
    work.add_decision(event.id, notices[-1].key, decision, context.clock.now())
    work.set_event_tier(event.id, decision.tier)
    cause = f"counterpart-{telling[0].other_id}"
    for door in context.doors:
        if event.labels <= door.clearance:
            owe_decided(context, work, door, event, decision, cause=cause)
    if decision.pages and not work.acknowledgements(event.id):
        owe_escalation(context, work, event.id)


def neighbours(work: UnitOfWork, event: Event) -> list[Event]:
    """Other public events (or ones no more restricted than this) near in time."""
    if event.t0_utc is None:
        return []
    reach = timedelta(seconds=REACH_S)
    found: list[Event] = []
    for event_id in work.candidate_event_ids((), event.t0_utc - reach, event.t0_utc + reach):
        row = work.event_row(event_id)
        if row is None or event_id == event.id or not row.summary_record:
            continue
        other = from_record(row.summary_record) if not row.labels else widest_view(work, event_id)
        if other.labels <= event.labels:
            found.append(other)
    return found


def _overlaps(work: UnitOfWork, event: Event, others: Sequence[Event]) -> dict[str, float]:
    own = _map(work, event.id)
    if own is None:
        return {}
    maps = {other.id: _map(work, other.id) for other in others}
    return {other_id: overlap(own, other) for other_id, other in maps.items() if other is not None}


def _map(work: UnitOfWork, event_id: str) -> SkyMap | None:
    maps = work.products(event_id, ProductKind.SKYMAP, with_blob=True)
    return SkyMap.from_bytes(maps[-1].blob) if maps and maps[-1].blob else None


def _product(context: Context, work: UnitOfWork, event: Event, association: Association) -> Product:
    maps = (*work.products(event.id, ProductKind.SKYMAP), *work.products(association.other_id, ProductKind.SKYMAP))
    content = {
        "other_id": association.other_id,
        "other_name": association.other_name,
        "window": association.window,
        "difference_s": association.difference_s,
        "joint_far_hz": association.joint_far_hz,
        "chance_probability": association.chance_probability,
        "overlap": association.overlap,
        "is_cited": association.is_cited,
        "words": _words(association),
    }
    return make_product(
        context,
        ProductKind.ASSOCIATION,
        event_id=event.id,
        subject=association.other_name,
        inputs=tuple(product.id for product in maps),
        parameters={"difference_s": association.difference_s, "window": association.window},
        content=content,
        labels=event.labels | association.labels,
    )


def _words(association: Association) -> str:
    parts = [association.other_name]
    if association.difference_s is not None:
        parts.append(f"{association.difference_s:+.2f} s")
    if association.joint_far_hz is not None and association.joint_far_hz > 0:
        parts.append(f"joint FAR {association.joint_far_hz:.2g} Hz")
    if association.overlap is not None:
        parts.append(f"sky overlap {association.overlap:.3g}")
    return ", ".join(parts)
