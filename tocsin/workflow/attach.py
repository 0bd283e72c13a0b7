"""Attach: a decoded notice to its event, the decision for each audience, and what is owed.

Each audience's decision is made only from the notices that this audience may see, so a restricted notice neither
wakes nor hides anything for those who may not know of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from listeners.record import from_record, to_record
from tocsin.domain.events import Decision, Event, EventState, StoredNotice
from tocsin.domain.jobs import JobKind
from tocsin.domain.notices import Notice, RawNotice
from tocsin.domain.people import MessagePurpose
from tocsin.domain.products import may_see
from tocsin.store import NoticeStatus, UnitOfWork
from tocsin.workflow.circulars import STREAM as CIRCULARS
from tocsin.workflow.circulars import hear_circular
from tocsin.workflow.companions import telling_companions
from tocsin.workflow.context import Context, Door
from tocsin.workflow.maintenance import held_until
from tocsin.workflow.merging import TOCSIN, absorb, survivor_of
from tocsin.workflow.opaque import found, founding_id, jobs_before, opened
from tocsin.workflow.owing import (
    doors_paged,
    notice_cause,
    owe_escalation,
    owe_localization,
    owe_messages,
    owe_reaction,
    owe_rehearsal,
    paged_as_seen,
    release,
    withdraw,
)
from tocsin.workflow.recall import known_events, stored_notices, summed_up
from tocsin.workflow.standing_down import downgrade, end_alarm, owe_stand_down
from tocsin.workflow.storms import storm_around
from triggers import association
from triggers import event as event_fold
from triggers.corrections import has_substance, is_correction
from triggers.known_place import at_known_source


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """What a notice did, as one audience sees it."""

    event: Event
    before: Event | None
    decision: Decision


def attach(context: Context, work: UnitOfWork, key: int, raw: RawNotice, notice: Notice) -> bool:
    """Attach a notice; True if work is owed because of it."""
    if notice.is_unknown or not association.is_about_event(notice):
        _store_notice(work, key, notice, event_id=None)
        if notice.stream == CIRCULARS and not notice.is_unknown:
            return hear_circular(context, work, key)
        return False
    return attach_to(context, work, key, raw, notice, _find_or_make_event(context, work, raw, notice))


def attach_to(context: Context, work: UnitOfWork, key: int, raw: RawNotice, notice: Notice, event_id: str) -> bool:
    """Attach a notice to an event that is known to be its own; True if work is owed because of it."""
    _store_notice(work, key, at_known_source(notice, context.known_sources), event_id=event_id)
    return _follow(context, work, key, raw, stored_notices(work, event_id))


def _follow(context: Context, work: UnitOfWork, key: int, raw: RawNotice, notices: Sequence[StoredNotice]) -> bool:
    """Keep an event as its notices tell it, and owe what follows from one of them; True if anything is owed."""
    audiences = _audiences(context, work, notices, key)
    is_withdrawn = _is_withdrawn(context, work, notices[0].event_id or "", audiences)
    _record(context, work, key, audiences, is_withdrawn=is_withdrawn)
    if is_withdrawn:
        messages = _owe_messages(context, work, key, raw, audiences)
        return withdraw(context, work, next(iter(audiences.values())).event) or messages
    return _owe(context, work, key, raw, audiences)


def open_up(context: Context, work: UnitOfWork, key: int, raw: RawNotice, labels: frozenset[str]) -> bool:
    """Let more people see a notice whose bytes came again, by a road with fewer `labels`; True if work is owed.

    For those who may see it now it is news; products made from it keep their labels until they are made again.
    """
    row = work.notice_row(key)
    if row is None or row.status is not NoticeStatus.DECODED or not labels < row.labels:
        return False
    notice = replace(from_record(row.record), labels=labels)
    event_id = None if row.event_id is None else opened(context, work, notice, row.event_id)
    _store_notice(work, key, notice, event_id=event_id)
    work.set_received(key, raw.received_utc)
    detail = {"notice": key, "topic": raw.topic, "labels": sorted(row.labels - labels)}
    work.audit("tocsin", "labels taken off", event_id or f"notice {key}", detail, context.clock.now())
    if event_id is None:
        return False
    owed = _follow(context, work, key, raw, stored_notices(work, event_id))
    return owe_localization(context, work, event_id, cause=f"opened-{key}") or owed


def regrouped(context: Context, work: UnitOfWork, event_id: str) -> None:
    """Sum an event up anew after notices changed hands, decide, and owe what follows, as for its newest notice."""
    notices = stored_notices(work, event_id)
    newest = max((one for one in notices if not is_correction(one.notice)), key=lambda one: one.key)
    raw = RawNotice(
        payload=work.raw_payload(newest.key),
        transport="store",
        origin=f"notice {newest.key}",
        received_utc=newest.received_utc,
    )
    _follow(context, work, newest.key, raw, notices)


def visible_event(work: UnitOfWork, event_id: str, clearance: frozenset[str]) -> Event | None:
    """Event as computed only from the notices that `clearance` may see; None if it may see none."""
    visible = [row for row in stored_notices(work, event_id) if may_see(row.notice.labels, clearance)]
    return summed_up(event_id, visible) if has_substance(visible) else None


def widest_view(work: UnitOfWork, event_id: str) -> Event:
    """Event as the public sees it or, where nothing of it is public, as computed from everything."""
    public = visible_event(work, event_id, frozenset())
    return public if public is not None else summed_up(event_id, stored_notices(work, event_id))


def _find_or_make_event(context: Context, work: UnitOfWork, raw: RawNotice, notice: Notice) -> str:
    """Event of a notice; events that it closes the gap between are merged, unless a person keeps them apart."""
    interval = association.time_interval(notice)
    keys = association.alias_keys(notice)
    start, stop = interval if interval is not None else (None, None)
    candidates = [event for event, _ in known_events(work, work.candidate_event_ids(keys, start, stop))]
    chosen = association.choose_event(notice, candidates)
    if chosen is not None:
        bridged = association.bridged_events(notice, candidates)
        apart = [one for one in bridged if work.are_apart(chosen, one)]
        standing = _merged(context, work, notice, [chosen, *(one for one in bridged if one not in apart)])
        return opened(context, work, notice, standing)
    event_id = founding_id(work, notice, raw)
    found(context, work, event_id, notice)
    return event_id


def _merged(context: Context, work: UnitOfWork, notice: Notice, event_ids: Sequence[str]) -> str:
    """One event of several that a notice belongs to."""
    if len(event_ids) == 1:
        return event_ids[0]
    survivor = survivor_of(work, event_ids)
    for other in event_ids:
        if other != survivor:
            reason = f"{notice.notice_type} belongs to both"
            absorb(context, work, survivor, other, actor=TOCSIN, reason=reason)
    return survivor


def _store_notice(work: UnitOfWork, key: int, notice: Notice, *, event_id: str | None) -> None:
    work.set_decoded(
        key,
        to_record(notice),
        stream=notice.stream,
        notice_type=notice.notice_type,
        notice_id=notice.notice_id,
        is_test=notice.is_test,
        labels=notice.labels,
        issued_utc=notice.issued_utc,
        event_id=event_id,
    )


def _audiences(
    context: Context, work: UnitOfWork, notices: Sequence[StoredNotice], key: int
) -> dict[frozenset[str], Attached]:
    """What the newest notice did, by clearance, narrowest first; audiences that may not see it are absent."""
    newest = next(row for row in notices if row.key == key)
    everything = frozenset[str]().union(*(row.notice.labels for row in notices))
    clearances = {frozenset[str](), everything, *(door.clearance for door in context.doors)}
    event_id = newest.event_id or ""
    jobs = [*work.jobs(event_id), *jobs_before(work, event_id)] if len(notices) > 1 else []
    told = {str(job.payload["door"]) for job in jobs if job.kind is JobKind.SEND}
    paged = {str(job.payload["door"]) for job in jobs if job.payload.get("purpose") == MessagePurpose.PAGE}
    return {
        clearance: _decide(
            context,
            work,
            notices,
            newest,
            clearance,
            was_paged=any(door.name in paged for door in _doors_seeing(context, clearance, everything)),
            was_told=any(door.name in told for door in _doors_seeing(context, clearance, everything)),
        )
        for clearance in sorted(clearances, key=len)
        if may_see(newest.notice.labels, clearance)
        and has_substance(row for row in notices if may_see(row.notice.labels, clearance))
    }


def _doors_seeing(context: Context, clearance: frozenset[str], labels: frozenset[str]) -> list[Door]:
    """Doors whose audience sees the same notices, of ones with these `labels`, as an audience of `clearance`."""
    return [door for door in context.doors if door.clearance & labels == clearance & labels]


def _is_withdrawn(
    context: Context, work: UnitOfWork, event_id: str, audiences: Mapping[frozenset[str], Attached]
) -> bool:
    """Whether the event is retracted for everybody, those included who may not see the newest notice."""
    if not all(seen.event.is_retracted for seen in audiences.values()):
        return False
    others = {frozenset[str](), *(door.clearance for door in context.doors)} - set(audiences)
    views = [visible_event(work, event_id, clearance) for clearance in others]
    return all(view is None or view.is_retracted for view in views)


def _decide(
    context: Context,
    work: UnitOfWork,
    notices: Sequence[StoredNotice],
    newest: StoredNotice,
    clearance: frozenset[str],
    *,
    was_paged: bool,
    was_told: bool,
) -> Attached:
    visible = [row for row in notices if may_see(row.notice.labels, clearance)]
    earlier = [row for row in visible if row.key != newest.key]
    event_id = newest.event_id or ""
    before = _before(work, event_id, earlier) if has_substance(earlier) else None
    after = summed_up(event_id, visible)
    companions = telling_companions(work, event_id, clearance=clearance) if earlier else ()
    decision = context.rules.decide(
        before=before,
        after=after,
        notice=newest.notice,
        was_paged=was_paged or any(paged_as_seen(context, work, one.other_id, clearance) for one in companions),
        was_told=was_told,
        is_replay=context.is_replay,
        associations=companions,
        known_associations=[one.other_id for one in companions],
        storm=storm_around(context, work, after, clearance),
    )
    return Attached(event=after, before=before, decision=decision)


def _before(work: UnitOfWork, event_id: str, earlier: Sequence[StoredNotice]) -> Event:
    """Event of the notices before the newest: as it was saved, where it was computed from just these."""
    keys = tuple(row.key for row in earlier)
    saved = next((event for event, _ in known_events(work, [event_id]) if event.notice_keys == keys), None)
    return summed_up(event_id, earlier) if saved is None else saved


def _record(
    context: Context,
    work: UnitOfWork,
    key: int,
    audiences: Mapping[frozenset[str], Attached],
    *,
    is_withdrawn: bool,
) -> None:
    """Keep the event as computed from all its notices and, where some are restricted, as each audience sees it."""
    widest = max(audiences.values(), key=lambda seen: len(seen.event.notice_keys))
    everything = widest.event
    before = work.event_state(everything.id)
    _keep_for_the_rest(context, work, everything, seeing=set(audiences))
    work.save_event(everything, summary_record=event_fold.to_record(everything), tier=widest.decision.tier)
    _keep_decisions(context, work, key, audiences)
    for clearance, seen in audiences.items():
        if not everything.labels <= clearance:
            record = event_fold.to_record(seen.event)
            work.save_view(seen.event, audience=clearance, tier=seen.decision.tier, summary_record=record)
    if is_withdrawn:
        work.set_event_state(everything.id, EventState.RETRACTED)
    elif before is EventState.RETRACTED:
        work.set_event_state(everything.id, EventState.OPEN)


def _keep_decisions(context: Context, work: UnitOfWork, key: int, audiences: Mapping[frozenset[str], Attached]) -> None:
    """Keep what was decided, once for each audience that sees another event: what it may read says nothing more."""
    now = context.clock.now()
    distinct: dict[tuple[int, ...], Attached] = {}
    for seen in audiences.values():
        distinct.setdefault(seen.event.notice_keys, seen)
    for n, seen in enumerate(sorted(distinct.values(), key=lambda one: len(one.event.notice_keys))):
        work.add_decision(seen.event.id, key, seen.decision, now, labels=seen.event.labels, variant=n)


def _keep_for_the_rest(context: Context, work: UnitOfWork, everything: Event, *, seeing: set[frozenset[str]]) -> None:
    """Keep an event as it was for audiences that saw all of it and may not see what the newest notice makes of it."""
    rest = {frozenset[str](), *(door.clearance for door in context.doors)} - seeing
    shut_out = [clearance for clearance in rest if not everything.labels <= clearance]
    row = work.event_row(everything.id) if shut_out else None
    if row is None:
        return
    for clearance in shut_out:
        if row.summary_record and row.labels <= clearance:
            event = event_fold.from_record(row.summary_record)
            work.save_view(event, audience=clearance, tier=row.tier, summary_record=row.summary_record)


def _owe_messages(
    context: Context, work: UnitOfWork, key: int, raw: RawNotice, audiences: Mapping[frozenset[str], Attached]
) -> bool:
    owed = []
    stood_down: dict[str, str] = {}
    for door in context.doors:
        seen = audiences.get(door.clearance)
        if seen is None:
            continue
        reasons = downgrade(context.rules, seen.before, seen.event)
        if reasons and not seen.decision.pages and door.name in doors_paged(work, seen.event.id):
            stood_down[door.name] = seen.event.id
            owed.append(owe_stand_down(context, work, door, seen.event.id, reasons, cause=notice_cause(raw.sha256)))
        else:
            owed.append(owe_messages(context, work, door, seen.event, seen.decision, raw=raw))
    for event_id in set(stood_down.values()):
        end_alarm(context, work, event_id, list(stood_down), cause=f"notice-{key}")
    return any(owed)


def _owe(
    context: Context, work: UnitOfWork, key: int, raw: RawNotice, audiences: Mapping[frozenset[str], Attached]
) -> bool:
    owed = _owe_messages(context, work, key, raw, audiences)
    event_id = next(iter(audiences.values())).event.id
    paged = [seen for door in context.doors if (seen := audiences.get(door.clearance)) and seen.decision.pages]
    if paged:
        owed |= owe_escalation(context, work, paged[0].event.id)
    if held_until(work, event_id, context.clock.now()) is None:
        # A stream under maintenance told of it first; this one is not.
        owed |= release(context, work, event_id)
    widest = max(audiences.values(), key=lambda seen: len(seen.event.notice_keys)).event
    owed |= owe_rehearsal(context, work, widest)
    # What each audience sees has an own T0 and an own window; where these are the same, it is asked once.
    for seen in {seen.event.labels: seen for seen in audiences.values() if not seen.event.is_retracted}.values():
        owed |= owe_reaction(context, work, seen.event, seen.decision, raw=raw, notice_key=key)
    return owed
