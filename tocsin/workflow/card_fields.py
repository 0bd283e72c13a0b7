"""What a card says of the work on an event: how old it is, what is awaited, who is told, what is ready."""

from collections.abc import Sequence

from tocsin.domain.drafts import standing_variants
from tocsin.domain.events import Event
from tocsin.domain.jobs import Job, JobKind
from tocsin.domain.people import WAKING
from tocsin.domain.products import Product, ProductKind
from tocsin.store import EventRow, UnitOfWork
from tocsin.workflow.context import Context
from tocsin.workflow.coverage import coverages
from tocsin.workflow.covering import cover_words, partner_ids
from tocsin.workflow.owing import UNFINISHED
from tocsin.workflow.queries import event_item

#: Delays shown at most.
MOST_DELAYS = 3


def duty_fields(
    context: Context,
    work: UnitOfWork,
    event: Event,
    row: EventRow,
    jobs: Sequence[Job],
    products: list[Product],
    clearance: frozenset[str],
) -> dict[str, str]:
    """Fields of a card about the work on its event, as one audience may see it; empty ones are left out."""
    fields = {
        "Covered": _covered(context, work, row, products, clearance),
        "Coverage": "; ".join(f"{one.coverage.instrument} {one.coverage.words}" for one in coverages(products, None)),
        "First notice": _age(event),
        "Awaited": _awaited(work, row, jobs, context, clearance),
        "Delays": _delays(products),
        "Told": _told(context, jobs, clearance),
        "Drafts": _drafts(work, row, clearance),
    }
    return {name: words for name, words in fields.items() if words}


def _age(event: Event) -> str:
    """How long after T0 the first notice was issued: how old the news was when it came."""
    if event.t0_utc is None or event.first_issued_utc is None:
        return ""
    age_s = (event.first_issued_utc - event.t0_utc).total_seconds()
    minutes = age_s / 60
    words = f"{age_s:.0f} s" if minutes < 10 else f"{minutes:.0f} min" if minutes < 600 else f"{minutes / 60:.0f} h"
    return f"{words} after T0, at {event.first_issued_utc:%H:%M:%S} UTC"


def _covered(
    context: Context, work: UnitOfWork, row: EventRow, products: list[Product], clearance: frozenset[str]
) -> str:
    """Who has the event because they took its partner, which was paged for both."""
    item = event_item(work, row.id, clearance=clearance) if partner_ids(products) else None
    return "" if item is None or item.cover is None else cover_words(context.people, item.cover)


def _awaited(work: UnitOfWork, row: EventRow, jobs: Sequence[Job], context: Context, clearance: frozenset[str]) -> str:
    """Instruments that are being asked because of notices that the audience may see, and when again."""
    visible = {notice.raw_sha256 for notice in work.notice_rows(row.id, clearance=clearance)}
    waiting: dict[str, Job] = {}
    for job in jobs:
        if job.kind is JobKind.FETCH and job.state in UNFINISHED and job.payload.get("notice_sha256") in visible:
            waiting.setdefault(str(job.payload.get("instrument", "")), job)
    now = context.clock.now()
    words = [
        f"{name} (asked at {job.due_utc:%H:%M:%S} UTC)" if job.due_utc > now else name
        for name, job in waiting.items()
        if name
    ]
    return ", ".join(words)


def _told(context: Context, jobs: Sequence[Job], clearance: frozenset[str]) -> str:
    """People who were, or are about to be, woken through doors of this audience or narrower ones."""
    doors = {door.name for door in context.doors if door.clearance <= clearance}
    named: dict[str, str] = {}
    for job in jobs:
        if job.kind is not JobKind.SEND or job.payload["purpose"] not in WAKING or job.payload["door"] not in doors:
            continue
        for person_id in (job.payload["recipient"], *job.payload.get("also", ())):
            person = context.people.person(str(person_id))
            if person is not None:
                named[person.id] = person.name
    return ", ".join(named.values())


def _delays(products: list[Product]) -> str:
    """Measured delays, the best known first."""
    found = [one for one in products if one.kind is ProductKind.DELAY and one.is_answer and "delay_s" in one.content]
    best = sorted(found, key=lambda one: float(one.content["minus_3sigma_s"]) + float(one.content["plus_3sigma_s"]))
    return "; ".join(
        f"{one.subject} {float(one.content['delay_s']):+.3f} s "
        f"(-{float(one.content['minus_3sigma_s']):.3f} +{float(one.content['plus_3sigma_s']):.3f}, 3 sigma)"
        for one in best[:MOST_DELAYS]
    )


def _drafts(work: UnitOfWork, row: EventRow, clearance: frozenset[str]) -> str:
    """Newest draft of each kind, and whether anything stands against it."""
    approved = {(one.kind, one.revision) for one in work.approvals(row.id) if one.voided_utc is None}
    words = []
    for draft in standing_variants(work.drafts(row.id, clearance=clearance)):
        is_approved = (draft.kind, draft.revision) in approved
        state = "approved" if is_approved else "ready" if not draft.lint_errors else f"{draft.lint_errors} to mend"
        whose = f" for {draft.audience}" if draft.labels else ""
        words.append(f"{draft.kind.value.replace('_', ' ')}{whose} r{draft.revision} {state}")
    return ", ".join(words)
