"""Tonight: what needs a human now, as one audience may see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from advocates.approval import may_ever_be_signed
from tocsin.domain.drafts import Draft, standing_variants
from tocsin.domain.events import EventState, Tier
from tocsin.store import EventSelection, OwnerTaskRow, UnitOfWork
from tocsin.workflow import queries
from tocsin.workflow.circulars import own_circulars
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
        Newest revisions that an approver may sign once nothing blocks them, and nobody has signed or published.
    unsignable
        The same of drafts that nobody can ever sign: of replayed notices, or made from restricted ones.
    recent
        Events of tiers 1 and 2 of the last day that are not waiting.
    owners
        Owners of restricted data whom nobody has told yet of a result made from them, the oldest first.
    """

    waiting: tuple[Waiting, ...]
    drafts: tuple[Draft, ...]
    recent: tuple[EventListItem, ...]
    unsignable: tuple[Draft, ...] = ()
    owners: tuple[OwnerTaskRow, ...] = ()


def tonight(work: UnitOfWork, *, clearance: frozenset[str], now: datetime) -> Tonight:
    """What needs a human as of `now`."""
    items = [item for tier in (Tier.WAKE, Tier.TELL) for item in _items(work, tier, clearance, now)]
    standing = [item for item in items if item.state not in OVER and not item.event.is_retracted]
    waiting = [item for item in standing if item.tier is Tier.WAKE and item.acknowledgement is None and not item.cover]
    ids = {item.event.id for item in waiting}
    recent = [item for item in items if item.event.id not in ids and _is_recent(item, now)]
    signable, unsignable = _open_drafts(work, items, clearance)
    return Tonight(
        waiting=tuple(_waiting(work, item, clearance) for item in waiting),
        drafts=signable,
        unsignable=unsignable,
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


def _open_drafts(
    work: UnitOfWork, items: Sequence[EventListItem], clearance: frozenset[str]
) -> tuple[tuple[Draft, ...], tuple[Draft, ...]]:
    """Drafts that wait for a signature, and those that none can ever have though their event stands."""
    signable: list[Draft] = []
    unsignable: list[Draft] = []
    for item in items:
        for draft in _unsigned(work, item.event.id, clearance):
            if may_ever_be_signed(draft, item.state):
                signable.append(draft)
            elif item.state not in OVER:
                unsignable.append(draft)
    return tuple(signable), tuple(unsignable)


def _unsigned(work: UnitOfWork, event_id: str, clearance: frozenset[str]) -> tuple[Draft, ...]:
    drafts = standing_variants(work.drafts(event_id, clearance=clearance))
    if not drafts:
        return ()
    done = {(one.kind, one.revision) for one in work.approvals(event_id) if one.voided_utc is None}
    done |= {(one.draft.kind, one.draft.revision) for one in own_circulars(work, event_id)}
    return tuple(one for one in drafts if (one.kind, one.revision) not in done)
