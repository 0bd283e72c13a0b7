"""Voiding: an approval holds for one exact text of an event that stands as it stood; nothing else may keep it."""

from tocsin.domain.drafts import DraftKind
from tocsin.domain.events import EventState
from tocsin.store import UnitOfWork


def void(
    work: UnitOfWork,
    event_id: str,
    reason: str,
    *,
    kind: DraftKind | None = None,
    labels: frozenset[str] | None = None,
) -> int:
    """Void the standing approvals of an event's drafts (of one kind, of one variant, if told); how many there were."""
    count = work.void_approvals(event_id, reason, kind=kind, labels=labels)
    row = work.event_row(event_id)
    if count and row is not None and row.state is EventState.APPROVED:
        work.set_event_state(event_id, EventState.DRAFTING)
    return count
