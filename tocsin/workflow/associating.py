"""Associating: events of other messengers near one in time and sky, with the joint false-alarm rate of the pair."""

from collections.abc import Sequence
from datetime import timedelta

from tocsin.domain.events import Event
from tocsin.domain.products import Product, ProductKind
from tocsin.store import UnitOfWork
from tocsin.workflow.attach import widest_view
from tocsin.workflow.context import Context
from tocsin.workflow.making import make_product
from triangulation.skymap import SkyMap, overlap
from triggers.companions import Association, companions
from triggers.event import from_record

#: Events further apart than this are never looked at, s: the widest coincidence window, and light travel.
REACH_S = 1200.0


def associations(context: Context, work: UnitOfWork, event: Event) -> list[Product]:
    """Association products of an event with those near it, rarest pair first; none for tests."""
    if event.t0_utc is None or event.is_test or event.is_retracted:
        return []
    others = neighbours(work, event)
    found = companions(
        event,
        others,
        windows=context.rules.book.windows,
        rates_hz=context.rules.book.rates_hz,
        overlaps=_overlaps(work, event, others),
    )
    return [_product(context, work, event, association) for association in found]


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
