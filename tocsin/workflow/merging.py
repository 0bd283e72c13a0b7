"""Merging: two events that are found to be one. Whoever was told of the other is told where it went.

The notices move; everything else of the absorbed event stays where it was, as the record of what was thought then.
"""

from collections.abc import Sequence
from datetime import datetime

from tocsin.domain.events import EventState
from tocsin.domain.jobs import JobKind
from tocsin.domain.people import MessagePurpose
from tocsin.store import LinkKind, UnitOfWork
from tocsin.workflow.context import Context
from tocsin.workflow.owing import EVERYBODY_THERE, doors_paged, owe_message, told_at

#: Work on the absorbed event that is of no use any more.
_ENDED = (
    JobKind.ESCALATE,
    JobKind.REMIND,
    JobKind.FETCH,
    JobKind.SEARCH,
    JobKind.TRIANGULATE,
    JobKind.DRAFT,
)
TOCSIN = "tocsin"


def survivor_of(work: UnitOfWork, event_ids: Sequence[str]) -> str:
    """Event that the others are merged into: the one people know best, then the oldest."""
    return min(event_ids, key=lambda event_id: _standing(work, event_id))


def absorb(
    context: Context,
    work: UnitOfWork,
    survivor_id: str,
    other_id: str,
    *,
    actor: str,
    reason: str,
    keeps_way: bool = False,
) -> None:
    """Merge an event into another: its notices move; the survivor is to be summed up anew by the caller.

    Parameters
    ----------
    context, work
        What the workflow works with.
    survivor_id, other_id
        Where to, and which.
    actor
        Who found them to be one: a person, or `TOCSIN`.
    reason
        Why, in words.
    keeps_way
        Whether those who took the other are shown as having taken it as and when they did, not by the merging.
    """
    now = context.clock.now()
    keys = [row.key for row in work.notice_rows(other_id)]
    work.move_notices(keys, survivor_id)
    work.add_aliases(survivor_id, work.aliases(other_id))
    work.drop_aliases(other_id)
    work.drop_views(other_id)
    cancelled = work.cancel_jobs(other_id, _ENDED)
    for product in work.products(other_id):
        work.supersede(product.id, "merged")
    work.void_approvals(other_id, f"the event was merged into {survivor_id}")
    for one in work.acknowledgements(other_id):
        work.acknowledge(
            survivor_id, one.person_id, one.via if keeps_way else "merge", one.at_utc if keeps_way else now
        )
    work.retire_event(other_id, EventState.MERGED)
    work.add_link(LinkKind.MERGED, other_id, survivor_id, actor=actor, reason=reason, at=now)
    detail = {"into": survivor_id, "reason": reason, "notices": len(keys), "cancelled_jobs": cancelled}
    work.audit(actor, "merge", other_id, detail, now)
    work.audit(actor, "merge", survivor_id, {"from": other_id, "reason": reason, "notices": len(keys)}, now)
    _tell(context, work, survivor_id, other_id)


def _tell(context: Context, work: UnitOfWork, survivor_id: str, other_id: str) -> None:
    told = told_at(work, other_id)
    for door in context.doors:
        if door.name in told and door.is_shared:
            cause = f"merged-into-{survivor_id}"
            owe_message(context, work, door, other_id, MessagePurpose.UPDATE, EVERYBODY_THERE, cause=cause)


def _standing(work: UnitOfWork, event_id: str) -> tuple[bool, bool, bool, datetime, str]:
    row = work.event_row(event_id)
    if row is None:
        raise LookupError(f"there is no event {event_id}")
    is_known = bool(work.acknowledgements(event_id))
    return not is_known, not doors_paged(work, event_id), not told_at(work, event_id), row.created_utc, event_id
