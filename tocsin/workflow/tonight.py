"""Tonight: what needs a human now, as one audience may see it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.domain.drafts import Draft
from tocsin.domain.events import EventState, Tier
from tocsin.store import EventSelection, OwnerTaskRow, UnitOfWork
from tocsin.workflow import queries
from tocsin.workflow.informing import open_tasks
from tocsin.workflow.queries import EventFilter, EventListItem

#: How far back an event can still need somebody; older ones are history.
BACK = timedelta(days=7)
DAY = timedelta(days=1)
MOST = 50
#: States in which nothing is left to do.
OVER = frozenset({EventState.RETRACTED, EventState.NOT_ASTROPHYSICAL, EventState.CLOSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An event that nobody has, and when the next people are told."""

    item: EventListItem
    next_escalation_utc: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tonight:
    """What needs a human.

    Parameters
    ----------
    waiting
        Events of tier 1 that nobody has taken, nor a partner that was paged for both; newest first.
    drafts
        Newest revisions that nobody has signed, of events that still stand.
    recent
        Events of tiers 1 and 2 of the last day that are not waiting.
    owners
        Owners of restricted data whom nobody has told yet of a result made from them, the oldest first.
    """

    waiting: tuple[Waiting, ...]
    drafts: tuple[Draft, ...]
    recent: tuple[EventListItem, ...]
    owners: tuple[OwnerTaskRow, ...] = ()


def tonight(work: UnitOfWork, *, clearance: frozenset[str], now: datetime) -> Tonight:
    """What needs a human as of `now`."""
    items = [item for tier in (Tier.WAKE, Tier.TELL) for item in _items(work, tier, clearance, now)]
    standing = [item for item in items if item.state not in OVER and not item.event.is_retracted]
    waiting = [item for item in standing if item.tier is Tier.WAKE and item.acknowledgement is None and not item.cover]
    ids = {item.event.id for item in waiting}
    recent = [item for item in items if item.event.id not in ids and _is_recent(item, now)]
    return Tonight(
        waiting=tuple(_waiting(work, item, clearance) for item in waiting),
        drafts=tuple(draft for item in standing for draft in _open_drafts(work, item.event.id, clearance)),
        recent=tuple(sorted(recent, key=lambda item: item.event.t0_utc or now, reverse=True)),
        owners=tuple(task for task in open_tasks(work, clearance=clearance) if task.done_utc is None),
    )


def _items(work: UnitOfWork, tier: Tier, clearance: frozenset[str], now: datetime) -> tuple[EventListItem, ...]:
    wanted = EventFilter(selection=EventSelection(tier=tier, is_test=False), start_utc=now - BACK)
    return queries.list_events(work, wanted, clearance=clearance, limit=MOST).items


def _is_recent(item: EventListItem, now: datetime) -> bool:
    return item.event.t0_utc is not None and item.event.t0_utc >= now - DAY


def _waiting(work: UnitOfWork, item: EventListItem, clearance: frozenset[str]) -> Waiting:
    view = queries.event_view(work, item.event.id, clearance=clearance)
    return Waiting(item=item, next_escalation_utc=None if view is None else view.next_escalation_utc)


def _open_drafts(work: UnitOfWork, event_id: str, clearance: frozenset[str]) -> tuple[Draft, ...]:
    view = queries.event_view(work, event_id, clearance=clearance)
    signed = {
        (one.kind, one.revision) for one in work.approvals(event_id) if one.voided_utc is None and view is not None
    }
    return () if view is None else tuple(one for one in view.drafts if (one.kind, one.revision) not in signed)
