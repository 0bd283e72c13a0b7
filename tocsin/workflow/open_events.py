"""Open events: what whoever comes on call inherits, as one audience may see it."""

from datetime import timedelta

from tocsin.domain.drafts import standing_variants
from tocsin.domain.events import EventState, Tier
from tocsin.store import EventRow, UnitOfWork
from tocsin.workflow.context import Context
from tocsin.workflow.covering import cover_words
from tocsin.workflow.queries import event_item

#: Older events are nobody's night any more.
REACH = timedelta(days=7)
MOST = 12
OPEN = frozenset(
    {EventState.OPEN, EventState.NOTIFIED, EventState.ACKNOWLEDGED, EventState.DRAFTING, EventState.APPROVED}
)


def open_events(context: Context, work: UnitOfWork, clearance: frozenset[str]) -> list[str]:
    """Events that still want something of an advocate, a line each, the newest first."""
    now = context.clock.now()
    rows = [row for row in work.event_rows(limit=200, clearance=clearance)[0] if _is_open(row, now - row.created_utc)]
    lines = [_line(context, work, row, clearance) for row in rows[:MOST]]
    return [*lines, f"and {len(rows) - MOST} more"] if len(rows) > MOST else lines


def _is_open(row: EventRow, age: timedelta) -> bool:
    return row.state in OPEN and row.tier <= Tier.TELL and not row.is_test and not row.is_retracted and age <= REACH


def _line(context: Context, work: UnitOfWork, row: EventRow, clearance: frozenset[str]) -> str:
    taken = work.acknowledgements(row.id)
    person = context.people.person(taken[0].person_id) if taken else None
    item = None if person else event_item(work, row.id, clearance=clearance)
    cover = None if item is None or item.cover is None else f"covered {cover_words(context.people, item.cover)}"
    who = f"taken by {person.name}" if person else cover or "taken by nobody"
    approved = {(one.kind, one.revision) for one in work.approvals(row.id) if one.voided_utc is None}
    papers = []
    for one in standing_variants(work.drafts(row.id, clearance=clearance)):
        state = "approved, not yet seen on GCN" if (one.kind, one.revision) in approved else "waits"
        whose = f" for {one.audience}" if one.labels else ""
        papers.append(f"{one.kind.value.replace('_', ' ')}{whose} r{one.revision} {state}")
    return f"{row.name} (tier {int(row.tier)}, {who}{', ' if papers else ''}{', '.join(papers)})"
