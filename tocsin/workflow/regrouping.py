"""Regrouping by hand: two events are one, or one event is two. Audited; what was made from them is remade.

A person's word holds against later notices: events that were split are kept apart until somebody merges them again.
"""

from collections.abc import Collection, Sequence

from tocsin.domain.errors import ConflictError
from tocsin.domain.events import Event, EventKind, StoredNotice
from tocsin.domain.people import Person
from tocsin.store import LinkKind, UnitOfWork
from tocsin.workflow.attach import regrouped
from tocsin.workflow.callers import advocate, check_reason, standing_event
from tocsin.workflow.context import Context
from tocsin.workflow.merging import absorb
from tocsin.workflow.owing import remake
from tocsin.workflow.recall import stored_notices
from triggers.aliases import alias_keys
from triggers.association import new_event_id
from triggers.corrections import has_substance, is_correction
from triggers.trigger_groups import triggers_of


def merge_events(context: Context, event_id: str, other_id: str, person_id: str, via: str, *, reason: str) -> str:
    """Merge another event into an event; the id of what stands.

    Raises
    ------
    NotAllowedError
        The person is no advocate.
    ConflictError
        Either is unknown to them, they are one already, of two kinds, one a test and the other not, or one is more
        restricted than the person may see.
    """
    person = advocate(context, person_id)
    check_reason(reason)
    with context.store.begin() as work:
        into, of = work.standing_id(event_id), work.standing_id(other_id)
        first, second = _whole(work, into, person), _whole(work, of, person)
        _check_pair(first, second)
        if work.are_apart(into, of):
            now = context.clock.now()
            work.add_link(LinkKind.FREE, into, of, actor=person_id, reason=reason, at=now)
        absorb(context, work, into, of, actor=person_id, reason=f"{reason} (by {via})")
        regrouped(context, work, into)
        remake(context, work, into, cause=f"merged-{of}")
    context.wake()
    return into


def split_event(
    context: Context, event_id: str, aliases: Collection[str], person_id: str, via: str, *, reason: str
) -> str:
    """Take triggers out of an event and make them one of their own; the new event's id.

    Parameters
    ----------
    context
        What the workflow works with.
    event_id
        The event.
    aliases
        Alias keys of the triggers that are another happening's: ``gbm:706107553``.
    person_id, via, reason
        Who, by which door, why.

    Raises
    ------
    NotAllowedError
        The person is no advocate.
    ConflictError
        The event is unknown to them, has no such trigger, or nothing would be left of it.
    """
    person, now = advocate(context, person_id), context.clock.now()
    check_reason(reason)
    with context.store.begin() as work:
        standing_id = work.standing_id(event_id)
        before = _whole(work, standing_id, person)
        leaving = _leaving(stored_notices(work, standing_id), before, aliases)
        new_id = _make(context, work, leaving, standing_id)
        work.move_notices([one.key for one in leaving], new_id)
        work.drop_aliases(standing_id)
        work.drop_views(standing_id)
        work.add_link(LinkKind.APART, standing_id, new_id, actor=person_id, reason=reason, at=now)
        detail = {"via": via, "reason": reason, "triggers": sorted(aliases), "notices": len(leaving)}
        work.audit(person_id, "split", standing_id, detail | {"new": new_id}, now)
        work.audit(person_id, "split", new_id, detail | {"from": standing_id}, now)
        for one in (standing_id, new_id):
            regrouped(context, work, one)
            remake(context, work, one, cause=f"split-{new_id}")
    context.wake()
    return new_id


def _whole(work: UnitOfWork, event_id: str, person: Person) -> Event:
    """Event, of which the person sees everything: nobody regroups what they see in part."""
    event = standing_event(work, event_id, person, nothing_left="regroup")
    row = work.event_row(event_id)
    if row is not None and not row.labels <= person.clearance:
        raise ConflictError(f"there is no event {event_id}")  # nothing says that there is more of it
    return event


def _check_pair(first: Event, second: Event) -> None:
    if first.id == second.id:
        raise ConflictError(f"{first.name} and {second.name} are one event already")
    if first.kind is not second.kind and EventKind.OTHER not in {first.kind, second.kind}:
        raise ConflictError(
            f"{first.name} and {second.name} are of two kinds: they are associated, never merged",
            remedy="a burst and a gravitational wave stay two events, whatever made them",
        )
    if first.is_test != second.is_test:
        raise ConflictError("a test and a real event are never one")


def _leaving(notices: Sequence[StoredNotice], event: Event, aliases: Collection[str]) -> list[StoredNotice]:
    """Notices of the triggers named; corrections stay with the event they were made of."""
    told = [one for one in notices if not is_correction(one.notice)]
    found = [one for one in triggers_of(told) if one.alias in aliases or _keys(one.notices) & set(aliases)]
    missing = set(aliases) - {key for trigger in found for key in (trigger.alias, *_keys(trigger.notices))}
    if missing or not found:
        raise ConflictError(f"{event.name} has no trigger {', '.join(sorted(missing)) or '(none named)'}")
    leaving = [one for trigger in found for one in trigger.notices]
    keys = {one.key for one in leaving}
    if not has_substance(one for one in notices if one.key not in keys):
        raise ConflictError(f"nothing would be left of {event.name}", remedy="name some of its triggers, not all")
    return leaving


def _keys(notices: Sequence[StoredNotice]) -> set[str]:
    return {key for one in notices for key in alias_keys(one.notice)}


def _make(context: Context, work: UnitOfWork, leaving: Sequence[StoredNotice], old_id: str) -> str:
    """Event that the leaving notices are of: under the name they would have founded, where that is free."""
    first = min(leaving, key=lambda one: one.key)
    stem = new_event_id(first.notice, raw_sha256=first.raw_sha256)
    names = (stem, *(f"{stem}-split{n}" for n in range(1, 1000)))
    new_id = next(name for name in names if name != old_id and work.event_row(name) is None)
    work.add_event(
        new_id,
        t0_utc=first.notice.t0_utc,
        kind=EventKind.OTHER,
        name=new_id,
        is_test=first.notice.is_test,
        is_replay=context.is_replay,
        labels=first.notice.labels,
        created_utc=context.clock.now(),
    )
    return new_id
