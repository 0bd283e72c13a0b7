"""Auditing: proves from the decisions, not from the queue, that every page of the last hour was completed.

A decision to wake people is one row; what was to follow is worked out from it anew and held against what was
delivered and what is still owed. Where anything is missing the outside is not told that all is well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.domain.health import Sign
from tocsin.domain.jobs import JobKind
from tocsin.domain.people import MessagePurpose
from tocsin.domain.products import may_see
from tocsin.store import DecisionRow, EventRow, MessageRow, UnitOfWork
from tocsin.workflow.context import Context, Door
from tocsin.workflow.escalating import SETTLED, is_taken, takers
from tocsin.workflow.maintenance import is_held
from tocsin.workflow.owing import UNFINISHED

NAME = "pages of the last hour"
WINDOW = timedelta(hours=1)
#: Channels that reach nobody who sleeps: not counted as roads.
NO_ROADS = frozenset({"console", "recorder"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What became of the decisions to wake people within the window.

    Parameters
    ----------
    decided
        How many decisions there were.
    delivered
        How many pages the channels took.
    slowest_s
        Longest time from a decision to the last road that took its page, s.
    missing
        What is not complete, in words that name no event.
    """

    decided: int
    delivered: int
    slowest_s: float
    missing: tuple[str, ...]


def audit_pages(context: Context, work: UnitOfWork, *, late_s: float) -> Audit:
    """Hold what was decided in the last hour against what was delivered.

    Parameters
    ----------
    context, work
        What the workflow works with.
    late_s
        How long a page, or a step of an escalation, may take.
    """
    now = context.clock.now()
    late = timedelta(seconds=late_s)
    decided = [row for row in work.decisions_since(now - WINDOW) if row.decision.pages and row.at_utc <= now - late]
    missing: list[str] = []
    delays: list[float] = []
    delivered: set[str] = set()
    for row in decided:
        event = work.event_row(row.event_id)
        if event is None or event.is_test or event.is_retracted:
            continue
        pages = [one for one in work.messages(row.event_id) if _is_page_of(one, row)]
        sent = [one for one in pages if one.sent_utc is not None]
        delivered |= {one.message.key for one in sent}
        delays += [(one.sent_utc - row.at_utc).total_seconds() for one in sent if one.sent_utc is not None]
        missing += _missing_roads(context, work, event, row, sent=sent, late=late)
        missing += _missing_steps(work, event, now, late)
    return Audit(
        decided=len(decided),
        delivered=len(delivered),
        slowest_s=max(delays, default=0.0),
        missing=tuple(dict.fromkeys(missing)),
    )


def audit_sign(context: Context, *, late_s: float) -> Sign:
    """The audit as a sign of life."""
    with context.store.read() as work:
        found = audit_pages(context, work, late_s=late_s)
    if found.missing:
        words = "; ".join(found.missing)
        remedy = "look at the event's time line and at what waits for which channel; the other roads still wake people"
        return Sign(name=NAME, is_ok=False, words=words, remedy=remedy)
    words = f"{found.decided} decisions, {found.delivered} pages delivered, the slowest after {found.slowest_s:.1f} s"
    return Sign(name=NAME, is_ok=True, words=words)


def _is_page_of(message: MessageRow, row: DecisionRow) -> bool:
    return message.message.purpose is MessagePurpose.PAGE and message.created_utc >= row.at_utc


def _missing_roads(
    context: Context, work: UnitOfWork, event: EventRow, row: DecisionRow, *, sent: list[MessageRow], late: timedelta
) -> Iterator[str]:
    """Roads by which nobody was told of a decision in time, unless maintenance holds the page."""
    if any(is_held(job) for job in work.jobs(event.id) if job.kind is JobKind.SEND):
        return
    for door in _roads_told(context, row):
        took = [one.sent_utc for one in sent if one.message.channel == door.name and one.sent_utc is not None]
        if not took:
            yield f"a page has not gone out by {door.name}"
        elif min(took) - row.at_utc > late and not _was_held(work, event, row):
            yield f"a page went out by {door.name} {(min(took) - row.at_utc).total_seconds():.0f} s after its decision"


def _was_held(work: UnitOfWork, event: EventRow, row: DecisionRow) -> bool:
    """Whether maintenance had put the pages of this decision off."""
    jobs = (job for job in work.jobs(event.id) if job.kind is JobKind.SEND and job.payload.get("held"))
    return any(job.due_utc >= row.at_utc for job in jobs)


def _missing_steps(work: UnitOfWork, event: EventRow, now: datetime, late: timedelta) -> Iterator[str]:
    """Escalation that should be running and is not, or is behind."""
    if event.state in SETTLED or (takers(work, event.id) and is_taken(work, event.id)):
        return
    steps = [job for job in work.jobs(event.id) if job.kind is JobKind.ESCALATE]
    running = [job for job in steps if job.state in UNFINISHED]
    if not steps:
        yield "an event that woke people has no escalation"
    if any(now - job.due_utc > late for job in running):
        yield "a step of an escalation is overdue"


def _roads_told(context: Context, row: DecisionRow) -> list[Door]:
    """Roads that a decision was taken for: none of a wider audience's was; a laptop without any is not audited."""
    return [
        door
        for door in context.doors
        if door.name not in NO_ROADS
        and may_see(row.labels, door.clearance)
        and not any(may_see(one, door.clearance) for one in row.wider)
    ]
