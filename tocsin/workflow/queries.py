"""What pages and programs may ask: typed views of events, each made only from what the asker may see.

An event of which some notices are restricted is shown as computed from the others; one with no visible notice does
not exist. What people did (pages, acknowledgements, escalations) is told of such a part only where that part alone
would have woken them. Nothing here writes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tocsin.domain.drafts import Draft, standing_variants
from tocsin.domain.events import Event, EventState, StoredNotice, Tier
from tocsin.domain.jobs import Job, JobKind, JobState
from tocsin.domain.light_curve_codec import from_bytes as light_curve_from_bytes
from tocsin.domain.light_curves import LightCurve
from tocsin.domain.people import Acknowledgement
from tocsin.domain.products import Product, ProductKind, best_variants, may_see
from tocsin.store import (
    CLASS_SHARE,
    EventRow,
    EventSelection,
    NoticeStatus,
    TimelineRow,
    UnitOfWork,
)
from tocsin.workflow.awaiting import AwaitedData, awaited_data
from tocsin.workflow.covering import Cover, partner_ids, woke_somebody
from tocsin.workflow.findings import Finding, Localization, associations, findings, localization, refusals
from tocsin.workflow.parts import Part, find_part, part_of, shows_first_alarm, stored_of, visible_rows
from tocsin.workflow.time_lines import partial_time_line
from triggers.event import from_record as event_from_record

PUBLIC: frozenset[str] = frozenset()
#: Pages of the store read for one page of a list: bounds the work where a filter fits hardly anything.
MAX_STORE_PAGES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events are wanted; None: whatever."""

    selection: EventSelection = field(default_factory=EventSelection)
    start_utc: datetime | None = None
    stop_utc: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventListItem:
    """One line of a list of events.

    Parameters
    ----------
    event
        As computed from the notices that the asker may see.
    tier, state
        How loud, and where the people stand.
    is_replay
        From replayed or simulated notices.
    findings
        Per instrument, counterparts first, then the strongest excess.
    localization
        Newest sky map, if any.
    acknowledgement
        The first one.
    instruments
        Of which there is a light curve.
    cover
        Who has it because they took its partner; None where it has somebody of its own, or nobody.
    """

    event: Event
    tier: Tier
    state: EventState
    is_replay: bool
    findings: tuple[Finding, ...]
    localization: Localization | None
    acknowledgement: Acknowledgement | None
    instruments: tuple[str, ...] = ()
    cover: Cover | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """A page of a list, and the cursor of the next (None on the last)."""

    items: tuple[EventListItem, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeItem:
    """A notice with its place in the store."""

    stored: StoredNotice
    status: NoticeStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """Everything a page shows of an event but the content of files.

    Parameters
    ----------
    item
        As in the list.
    reasons
        Why people were told or not, from the newest decision first.
    next_escalation_utc
        When the next step is due if nobody acknowledges.
    awaited
        Instruments whose data are still to come.
    awaited_data
        The same, with when each is asked again and why.
    first_page_ms
        From the bytes received to the first page delivered.
    associations
        What coincides with it, in words.
    refusals
        Why there is no localization where one was tried.
    products
        Current ones, oldest first, without file content.
    drafts
        Newest revision of each kind.
    acknowledgements
        In order.
    timeline
        Oldest first.
    """

    item: EventListItem
    reasons: tuple[str, ...]
    next_escalation_utc: datetime | None
    awaited: tuple[str, ...]
    first_page_ms: float | None
    associations: tuple[str, ...]
    refusals: tuple[str, ...]
    products: tuple[Product, ...]
    drafts: tuple[Draft, ...]
    acknowledgements: tuple[Acknowledgement, ...]
    timeline: tuple[TimelineRow, ...]
    awaited_data: tuple[AwaitedData, ...] = ()


def list_events(
    work: UnitOfWork,
    wanted: EventFilter,
    *,
    clearance: frozenset[str] = PUBLIC,
    limit: int = 50,
    before: str | None = None,
) -> EventPage:
    """A page of events, newest T0 first.

    Raises
    ------
    ValueError
        `before` is no cursor of such a list.
    """
    items: list[EventListItem] = []
    cursor = before
    for _ in range(MAX_STORE_PAGES):
        rows, cursor = work.event_rows(
            wanted.selection,
            start_utc=wanted.start_utc,
            stop_utc=wanted.stop_utc,
            limit=limit - len(items),
            before=cursor,
            clearance=clearance,
            part_fits=lambda row: _may_fit(row, wanted),
        )
        seen = _items(work, rows, clearance)
        items += [item for item, is_whole in seen if _is_within(item, wanted) and (is_whole or _fits(item, wanted))]
        if cursor is None or len(items) >= limit:
            break
    return EventPage(items=tuple(items), next_cursor=cursor)


def event_view(
    work: UnitOfWork, event_id: str, *, clearance: frozenset[str] = PUBLIC, is_of_team: bool = False
) -> EventView | None:
    """One event; None if there is none, or none of its notices may be seen.

    People of the team who may see all of it are shown all that was done with it, by whom, too.
    """
    part = find_part(work, event_id, clearance)
    if part is None:
        return None
    products = _products(work, part)
    decisions = [d.decision for d in work.decisions(event_id)] if part.is_whole else part.decisions
    jobs = work.jobs(event_id)
    acknowledgements = _acknowledgements(work, part)
    shows_alarm = part.shows_people and shows_first_alarm(work, part)
    return EventView(
        item=_item_of(work, part, products, acknowledgements),
        reasons=tuple(dict.fromkeys(reason for d in reversed(decisions) for reason in d.reasons)),
        next_escalation_utc=None if acknowledgements or not shows_alarm else _next_escalation(jobs),
        awaited=_awaited(jobs, part),
        first_page_ms=part.row.first_page_ms if shows_alarm else None,
        associations=associations(products),
        refusals=refusals(products),
        products=products,
        drafts=_drafts(work, part),
        acknowledgements=acknowledgements,
        timeline=_timeline(work, part, is_of_team=is_of_team),
        awaited_data=awaited_data(_fetches(jobs, part)),
    )


def event_item(work: UnitOfWork, event_id: str, *, clearance: frozenset[str] = PUBLIC) -> EventListItem | None:
    """One event as a list shows it; None if there is none, or none of its notices may be seen."""
    row = work.event_row(event_id, clearance=clearance)
    return None if row is None else _item(work, row, clearance)


def event_notices(
    work: UnitOfWork, event_id: str, *, clearance: frozenset[str] = PUBLIC
) -> tuple[NoticeItem, ...] | None:
    """Notices of an event that may be seen, in order of reception; None if there are none."""
    rows = visible_rows(work, event_id, clearance)
    return tuple(NoticeItem(stored=stored_of(row), status=row.status) for row in rows) or None


def light_curves(work: UnitOfWork, event_id: str, *, clearance: frozenset[str] = PUBLIC) -> tuple[LightCurve, ...]:
    """Current light curves of an event, one per instrument, with its newest data."""
    part = find_part(work, event_id, clearance)
    if part is None:
        return ()
    found = _products(work, part, ProductKind.LIGHT_CURVE, with_blob=True)
    newest = {product.subject: product.blob for product in found if product.blob is not None and product.is_answer}
    return tuple(light_curve_from_bytes(blob) for blob in newest.values())


def light_curve_product(
    work: UnitOfWork, event_id: str, instrument: str, *, clearance: frozenset[str] = PUBLIC
) -> Product | None:
    """Newest light curve of an instrument with a place, and its content; None without one."""
    part = find_part(work, event_id, clearance)
    if part is None:
        return None
    found = _products(work, part, ProductKind.LIGHT_CURVE, with_blob=True)
    fitting = (p for p in reversed(found) if p.subject == instrument and p.blob is not None and p.is_answer)
    return next((product for product in fitting if product.content.get("position")), None)


def sky_map(work: UnitOfWork, event_id: str, *, clearance: frozenset[str] = PUBLIC) -> Product | None:
    """Newest sky map of an event, with its file; None without one."""
    part = find_part(work, event_id, clearance)
    if part is None:
        return None
    found = _products(work, part, ProductKind.SKYMAP, with_blob=True)
    return next((product for product in reversed(found) if product.blob is not None), None)


def _items(
    work: UnitOfWork, rows: Sequence[EventRow], clearance: frozenset[str]
) -> Iterator[tuple[EventListItem, bool]]:
    """Events of a list, and whether each is seen whole; what belongs to those is read for all at once."""
    whole = {row.id for row in rows if not row.is_partial and may_see(row.labels, clearance) and row.summary_record}
    products = work.products_of_events(whole, clearance=clearance)
    taken = work.acknowledgements_of_events(whole)
    for row in rows:
        part = part_of(work, row, clearance)
        if part is None:
            continue
        if row.id in whole:
            yield _item_of(work, part, tuple(best_variants(products.get(row.id, ()))), taken.get(row.id, ())), True
        else:
            yield _item_of(work, part, _products(work, part), _acknowledgements(work, part)), False


def _item(work: UnitOfWork, row: EventRow, clearance: frozenset[str]) -> EventListItem | None:
    part = part_of(work, row, clearance)
    return None if part is None else _item_of(work, part, _products(work, part), _acknowledgements(work, part))


def _item_of(
    work: UnitOfWork, part: Part, products: Sequence[Product], acknowledgements: Sequence[Acknowledgement]
) -> EventListItem:
    return EventListItem(
        event=part.event,
        tier=part.tier,
        state=part.state,
        is_replay=part.row.is_replay,
        findings=findings(products),
        localization=localization(products),
        acknowledgement=next(iter(acknowledgements), None),
        instruments=tuple(
            dict.fromkeys(p.subject for p in products if p.kind is ProductKind.LIGHT_CURVE and p.is_answer)
        ),
        cover=None if acknowledgements else _cover(work, part, products),
    )


def _cover(work: UnitOfWork, part: Part, products: Sequence[Product]) -> Cover | None:
    """Who took the partner of an event that woke nobody itself, as far as the asker may know."""
    if part.tier is not Tier.WAKE or part.event.is_test or not (partners := partner_ids(products)):
        return None
    if not part.shows_people or woke_somebody(work, part.event.id):
        return None
    for other_id in partners:
        other = find_part(work, other_id, part.clearance)
        if other is None or other.event.is_retracted or other.event.is_test:
            continue
        for taken in _acknowledgements(work, other):
            name = other.event.name
            return Cover(event_id=other_id, event_name=name, person_id=taken.person_id, at_utc=taken.at_utc)
    return None


def _is_within(item: EventListItem, wanted: EventFilter) -> bool:
    """Whether T0, as far as it is known to the asker, lies in the interval."""
    t0, start, stop = item.event.t0_utc, wanted.start_utc, wanted.stop_utc
    return (start is None or (t0 is not None and t0 >= start)) and (stop is None or (t0 is not None and t0 < stop))


def _may_fit(row: EventRow, wanted: EventFilter) -> bool:
    """Whether an event seen in part may be what was asked for, told by its saved view: spares reading its notices."""
    if not row.is_partial or not row.summary_record:
        return True
    return _event_fits(event_from_record(row.summary_record), wanted)


def _fits(item: EventListItem, wanted: EventFilter) -> bool:
    """Whether what the asker sees of an event is what was asked for: the store lets parts of events pass."""
    asked = wanted.selection
    return (
        asked.tier in {None, item.tier}
        and asked.instrument in {None, *(one.instrument for one in item.findings), *item.instruments}
        and _event_fits(item.event, wanted)
    )


def _event_fits(event: Event, wanted: EventFilter) -> bool:
    """The same, as far as it is told by the notices alone."""
    asked = wanted.selection
    text = (asked.text or "").casefold()
    return (
        asked.kind in {None, event.kind}
        and asked.is_test in {None, event.is_test}
        and asked.stream in {None, *event.streams}
        and asked.messenger in {None, *event.messengers}
        and (asked.classification is None or event.classification.get(asked.classification, 0.0) >= CLASS_SHARE)
        and (asked.region is None or asked.region.holds(event.ra_deg, event.dec_deg))
        and any(text in one.casefold() for one in (event.id, event.name, *event.aliases))
    )


def _products(
    work: UnitOfWork, part: Part, kind: ProductKind | None = None, *, with_blob: bool = False
) -> tuple[Product, ...]:
    """Current products as the audience sees them: one replaced by what it may not see is still its current one."""
    found = work.products(
        part.event.id, kind, with_blob=with_blob, current_only=part.is_whole, clearance=part.clearance
    )
    if part.is_whole:
        return tuple(best_variants(found))
    ids = {product.id for product in found}
    kept = (p for p in found if p.superseded_by is None or not ({p.superseded_by} & (ids | {"retracted", "merged"})))
    return tuple(best_variants(kept))


def _acknowledgements(work: UnitOfWork, part: Part) -> tuple[Acknowledgement, ...]:
    """Who took it; of a part nobody did before there was anything of it."""
    if not part.shows_people:
        return ()
    return tuple(part.as_seen(one) for one in work.acknowledgements(part.event.id))


def _drafts(work: UnitOfWork, part: Part) -> tuple[Draft, ...]:
    """Newest revision of each kind for each audience the asker belongs to, the public one first."""
    return tuple(standing_variants(work.drafts(part.event.id, clearance=part.clearance)))


def _timeline(work: UnitOfWork, part: Part, *, is_of_team: bool) -> tuple[TimelineRow, ...]:
    if part.is_whole:
        return tuple(work.timeline(part.event.id, clearance=None if is_of_team else part.clearance))
    return partial_time_line(work, part.event.id, part.clearance, shows_people=part.shows_people)


def _next_escalation(jobs: Sequence[Job]) -> datetime | None:
    waiting = (job.due_utc for job in jobs if job.kind is JobKind.ESCALATE and _is_owed(job))
    return min(waiting, default=None)


def _awaited(jobs: Sequence[Job], part: Part) -> tuple[str, ...]:
    """Instruments asked for because of notices that the audience may see."""
    return tuple(dict.fromkeys(str(job.payload["instrument"]) for job in _fetches(jobs, part)))


def _fetches(jobs: Sequence[Job], part: Part) -> list[Job]:
    return [
        job
        for job in jobs
        if job.kind is JobKind.FETCH
        and _is_owed(job)
        and "instrument" in job.payload
        and (part.is_whole or job.payload.get("notice_sha256") in part.notice_sha256s)
    ]


def _is_owed(job: Job) -> bool:
    return job.state in {JobState.WAITING, JobState.LEASED}
