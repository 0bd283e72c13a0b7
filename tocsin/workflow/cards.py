"""Cards: what a channel shows of an event, filled from the event and its products for one audience."""

from collections.abc import Sequence
from dataclasses import replace

from advocates.escalation import Plan, described
from tocsin.domain.clock import to_utc
from tocsin.domain.events import Event, EventKind, EventState, Tier
from tocsin.domain.jobs import Job, JobKind
from tocsin.domain.people import Acknowledgement, Card, CardAction
from tocsin.domain.products import Product, ProductKind, best_variants
from tocsin.store import EventRow, UnitOfWork
from tocsin.workflow.attach import visible_event
from tocsin.workflow.burst_fields import burst_fields
from tocsin.workflow.card_fields import duty_fields
from tocsin.workflow.context import Context
from tocsin.workflow.drills import is_drill
from tocsin.workflow.escalating import needed, still_needed
from tocsin.workflow.findings import Finding, findings, localization
from tocsin.workflow.owing import UNFINISHED
from tocsin.workflow.rota_in_force import rota_in_force

ACKNOWLEDGE = CardAction(action_id="acknowledge", label="Acknowledge", is_primary=True)
#: What can be done with an event whether somebody has it or not.
ACTIONS = (
    CardAction(action_id="escalate", label="Escalate"),
    CardAction(action_id="snooze", label="Snooze"),
    CardAction(action_id="not_astrophysical", label="Not astrophysical"),
)

OPEN_DRAFT = "open_draft"
OVER = frozenset({EventState.NOT_ASTROPHYSICAL, EventState.CLOSED, EventState.MERGED})

_KIND_WORDS = {
    EventKind.GRAVITATIONAL_WAVE: "GW",
    EventKind.NEUTRINO: "neutrino",
    EventKind.GAMMA_RAY_BURST: "burst",
    EventKind.OTHER: "event",
}


def card_for(
    context: Context, work: UnitOfWork, event_id: str, clearance: frozenset[str], *, reasons: Sequence[str] = ()
) -> Card | None:
    """Card of an event for one audience; None if the audience may see nothing of it."""
    event = visible_event(work, event_id, clearance)
    row = work.event_row(event_id, clearance=clearance)
    if event is None or row is None:
        return _card_of_merged(context, work, event_id, clearance, reasons)
    products = best_variants(work.products(event_id, clearance=clearance))
    jobs = work.jobs(event_id)
    acknowledgements = work.acknowledgements(event_id)
    first = acknowledgements[0] if acknowledgements else None
    missing = still_needed(work, event_id) if first is not None else 0
    actions = ACTIONS if first is not None and not missing else (ACKNOWLEDGE, *ACTIONS)
    return Card(
        event_id=event_id,
        name=event.name,
        tier=row.tier,
        state=row.state,
        verdict=verdict(event, products, row.tier),
        t0_utc=event.t0_utc,
        fields=_fields(event, products)
        | _woken_by(context, work, event, clearance)
        | duty_fields(context, work, event, row, jobs, list(products), clearance),
        reasons=tuple(reasons),
        is_test=event.is_test,
        is_replay=context.is_replay,
        is_retracted=event.is_retracted,
        is_drill=is_drill(work, event_id),
        acknowledged_by=None if first is None else _takers_in_words(context, work, acknowledgements),
        acknowledged_utc=None if first is None else first.at_utc,
        next_step=_next_step(context, work, jobs, missing=missing, is_taken=first is not None and not missing),
        page_url=f"{context.page_url}/events/{event_id}",
        actions=()
        if event.is_retracted or row.state in OVER
        else (*actions, *_draft_links(context, work, row, clearance)),
    )


def _card_of_merged(
    context: Context, work: UnitOfWork, event_id: str, clearance: frozenset[str], reasons: Sequence[str]
) -> Card | None:
    """Card of an event that was merged into another: where it went, for whoever was told of it."""
    standing_id = work.standing_id(event_id)
    survivor = None if standing_id == event_id else card_for(context, work, standing_id, clearance, reasons=reasons)
    if survivor is None:
        return None
    return replace(
        survivor,
        event_id=event_id,
        state=EventState.MERGED,
        verdict=f"MERGED into {survivor.name}: {survivor.verdict}",
        actions=(),
        next_step="",
    )


def _draft_links(
    context: Context, work: UnitOfWork, row: EventRow, clearance: frozenset[str]
) -> tuple[CardAction, ...]:
    """A button for each kind of draft, that opens its page."""
    kinds = dict.fromkeys(draft.kind for draft in work.drafts(row.id, clearance=clearance))
    label = "Open draft" if len(kinds) == 1 else "Open draft: {}"
    return tuple(
        CardAction(
            action_id=OPEN_DRAFT,
            label=label.format(kind.value.replace("_", " ")),
            url=f"{context.page_url}/events/{row.id}/drafts/{kind.value}",
        )
        for kind in kinds
    )


def verdict(event: Event, products: Sequence[Product], tier: Tier) -> str:
    """One line that says it all: what, when, and what SPI-ACS saw."""
    what = f"{event.name} ({_KIND_WORDS[event.kind]}, tier {int(tier)})"
    when = "" if event.t0_utc is None else f" T0 {event.t0_utc:%H:%M:%S} UTC"
    if event.is_retracted:
        return f"RETRACTED: {what}{when}"
    return f"{what}{when}: {words_of(findings(products))}"


def words_of(found: Sequence[Finding]) -> str:
    """What the light curves say so far: the strongest counterpart, the limit, or that nothing is known yet."""
    for one in found:
        if one.excess is not None and one.excess.is_counterpart:
            return f"{one.instrument} excess S/N {one.excess.snr:.1f} at T0{one.excess.t_s:+.1f} s"
    for one in found:
        if one.limit_erg_cm2 is not None:
            return f"no excess in {one.instrument}, 3-sigma limit {one.limit_erg_cm2:.1e} erg/cm2{_but(one)}"
    for one in found:
        if not one.problem:
            return f"no counterpart in {one.instrument}{_but(one)}"
    return "no light curve yet"


def _but(one: Finding) -> str:
    return f"; but {one.caveat}" if one.caveat else ""


def _next_step(context: Context, work: UnitOfWork, jobs: Sequence[Job], *, missing: int, is_taken: bool) -> str:
    """What happens next if nobody does anything: when it escalates, to whom, and how many are still to acknowledge."""
    if is_taken:
        return ""
    waiting = [job for job in jobs if job.kind is JobKind.ESCALATE and job.state in UNFINISHED]
    if not waiting:
        return ""
    job = min(waiting, key=lambda one: one.due_utc)
    plan = Plan.from_record(job.payload["plan"])
    step = plan.steps[int(job.payload["step"])]
    told = plan.recipients(step, rota_in_force(context, work), context.people, job.due_utc)
    words = described(step, told, to_utc(str(job.payload["started_utc"])))
    more = f"{missing} more must acknowledge; " if missing else ""
    return more + words


def _takers_in_words(context: Context, work: UnitOfWork, acknowledgements: Sequence[Acknowledgement]) -> str:
    """Names of as many as had to acknowledge, the first one first."""
    names = list(dict.fromkeys(context.people.name_of(one.person_id) for one in acknowledgements))
    return ", then ".join(names[: needed(work, acknowledgements[0].event_id)])


def _fields(event: Event, products: Sequence[Product]) -> dict[str, str]:
    fields: dict[str, str] = {}
    if event.far_hz is not None:
        basis = event.details.get("far_basis")
        fields["FAR"] = far_words(event.far_hz) + (f" ({basis})" if basis else "")
    if event.classification:
        name, probability = max(event.classification.items(), key=lambda item: item[1])
        fields["Class"] = f"{name} {probability:.0%}"
    if event.ra_deg is not None and event.dec_deg is not None:
        radius = "" if event.error_radius_deg is None else f" ± {event.error_radius_deg:.2f}"
        fields["Position"] = f"RA {event.ra_deg:.3f}, Dec {event.dec_deg:+.3f}{radius} deg"
    place = localization(products)
    if place is not None and place.area_90_deg2 is not None:
        fields["Sky map"] = f"90 % within {place.area_90_deg2:.3g} deg2"
    fields |= burst_fields(products)
    fields |= {one.instrument: one.problem for one in findings(products) if one.problem}
    coincident = [product for product in products if product.kind is ProductKind.ASSOCIATION and product.is_answer]
    fields |= {
        name: str(one.content["words"])
        for kind, name in ((ProductKind.IDENTITY, "What is it"), (ProductKind.EARTH_CROSSING, "At the Earth"))
        for one in products
        if one.kind is kind and one.is_answer
    }
    if coincident:
        fields["Coincident"] = "; ".join(str(product.content["words"]) for product in coincident)
    return fields


def _woken_by(context: Context, work: UnitOfWork, event: Event, clearance: frozenset[str]) -> dict[str, str]:
    """Rule that people were woken by, and how often it does so."""
    rows = work.decisions(event.id, clearance=clearance)
    woke = next((row for row in rows if row.decision.pages and row.notice_key in {None, *event.notice_keys}), None)
    if woke is None:
        return {}
    expected = context.wakings.expected(woke.decision.rule)
    return {"Woken by": woke.decision.rule + ("" if expected is None else f", {expected.words}")}


def far_words(far_hz: float) -> str:
    """False-alarm rate as people say it: one per so many years, or so many per day."""
    per_year = far_hz * 365.25 * 86400.0
    if per_year <= 0:
        return "0"
    return f"1 per {1 / per_year:.3g} years" if per_year < 1 else f"{per_year:.3g} per year"
