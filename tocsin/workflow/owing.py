"""Owing: turns a decision into jobs with unique keys, inside the transaction of the notice that caused it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from advocates.escalation import ON_CALL, Plan, Step
from tocsin.domain.clock import iso_utc
from tocsin.domain.events import Decision, Event, Tier
from tocsin.domain.jobs import JobKind, JobState
from tocsin.domain.notices import RawNotice
from tocsin.domain.people import WAKING, MessagePurpose
from tocsin.domain.products import may_see
from tocsin.store import UnitOfWork
from tocsin.workflow.announcing import tell_operator
from tocsin.workflow.audiences import cleared, may_be_told
from tocsin.workflow.context import Context, Door
from tocsin.workflow.drills import is_drill
from tocsin.workflow.maintenance import held_until, is_held
from tocsin.workflow.rota_in_force import rota_in_force

#: Recipient of messages that are for everybody who looks at a shared place.
EVERYBODY_THERE = "#everybody"
#: Kinds of work that a retraction cancels; messages already owed still go out, corrected.
CANCELLED_BY_RETRACTION = (
    JobKind.ESCALATE,
    JobKind.REMIND,
    JobKind.FETCH,
    JobKind.SEARCH,
    JobKind.TRIANGULATE,
    JobKind.DRAFT,
    JobKind.REHEARSE,
)

#: States of a job that is still to be done, or being done.
UNFINISHED = frozenset({JobState.WAITING, JobState.LEASED})


def owe_messages(
    context: Context,
    work: UnitOfWork,
    door: Door,
    event: Event,
    decision: Decision,
    *,
    raw: RawNotice,
) -> bool:
    """Owe what a notice's decision says at one door; a page carries when the notice came, for its latency.

    The key names the notice by its bytes: the same in a store that was restored and heard the notice again.
    """
    details: dict[str, object] = {}
    if raw.received_monotonic_s is not None:
        details = {
            "received_monotonic_s": raw.received_monotonic_s,
            "decided_monotonic_s": context.clock.monotonic_s(),
        }
    return owe_decided(context, work, door, event, decision, cause=notice_cause(raw.sha256), details=details)


def notice_cause(sha256: str) -> str:
    """Cause of messages that a notice led to, by its bytes: the end of their jobs' keys."""
    return f"notice-{sha256[:12]}"


def owe_decided(
    context: Context,
    work: UnitOfWork,
    door: Door,
    event: Event,
    decision: Decision,
    *,
    cause: str,
    details: Mapping[str, object] | None = None,
) -> bool:
    """Owe a page, an update or a retraction at one door, as the decision says."""
    purpose = _purpose(event, decision)
    if purpose is None:
        return False
    said: dict[str, object] = {"reasons": list(decision.reasons)}
    if purpose is MessagePurpose.PAGE:
        said |= details or {}
    if purpose is MessagePurpose.PAGE:
        step = context.plan.steps[0]
        return owe_page(context, work, door, event.id, step, cause=cause, details=said, who=decision.who)
    recipients = _recipients(context, work, door, event, decision, purpose)
    owed = [
        owe_message(context, work, door, event.id, purpose, recipient, cause=cause, details=said)
        for recipient in recipients
    ]
    return any(owed)


def owe_page(
    context: Context,
    work: UnitOfWork,
    door: Door,
    event_id: str,
    step: Step,
    *,
    cause: str,
    purpose: MessagePurpose = MessagePurpose.PAGE,
    details: Mapping[str, object] | None = None,
    who: Sequence[str] = (),
) -> bool:
    """Owe a page at one door to the people of a step, or to `who`: one message that names all, or one to each."""
    targets = who or (step.target,)
    rota, now = rota_in_force(context, work), context.clock.now()
    asked = context.plan.asked(targets, rota, context.people, now)
    if ON_CALL in targets and not rota.on_call(now):
        names = ", ".join(person.name for person in asked)
        tell_operator(context, work, key=f"no-rota-{event_id}", verdict=f"Nobody was on call for a page: {names} told")
    ids = [person.id for person in cleared(context, work, door, event_id, asked)]
    if door.is_shared and ids:
        details = {**(details or {}), "also": ids[1:]}
        ids = ids[:1]
    owed = [
        owe_message(context, work, door, event_id, purpose, person_id, cause=cause, details=details)
        for person_id in ids
    ]
    return any(owed)


def owe_message(
    context: Context,
    work: UnitOfWork,
    door: Door,
    event_id: str,
    purpose: MessagePurpose,
    recipient: str,
    *,
    cause: str,
    details: Mapping[str, object] | None = None,
) -> bool:
    """Owe one message to one recipient at one door; False if it was owed already."""
    now = context.clock.now()
    held = held_until(work, event_id, now) if purpose.value in WAKING else None
    payload = {"door": door.name, "purpose": purpose.value, "recipient": recipient, **(details or {})}
    return work.enqueue(
        JobKind.SEND,
        key=f"{event_id}/{purpose.value}/{recipient}/{door.name}/{cause}",
        due_utc=held or now,
        event_id=event_id,
        payload=payload | ({} if held is None else {"held": True}),
    )


def release(context: Context, work: UnitOfWork, event_id: str) -> bool:
    """Let pages go out now that maintenance held back, and escalate from now on; whether there were any."""
    now = context.clock.now()
    held = [job for job in work.jobs(event_id) if job.kind is JobKind.SEND and is_held(job)]
    for job in held:
        work.enqueue(JobKind.SEND, key=job.key, due_utc=now, event_id=event_id)
    if held:
        work.cancel_jobs(event_id, (JobKind.ESCALATE,))
        owe_escalation(context, work, event_id)
    return bool(held)


def owe_update(
    context: Context,
    work: UnitOfWork,
    event_id: str,
    *,
    cause: str,
    labels: Sequence[frozenset[str]] = (frozenset(),),
) -> None:
    """Owe every shared place that shows the event an update, because of `cause` (a product, an acknowledgement).

    With `labels`, those of what is new: only where any of it may be seen.
    """
    jobs = [job for job in work.jobs(event_id) if job.kind is JobKind.SEND]
    told = {str(job.payload["door"]) for job in jobs}
    waiting = {str(job.payload["door"]) for job in jobs if job.state is JobState.WAITING}
    for door in context.doors:
        # Whatever waits already will show the state of then: one message a second is all a chat channel takes.
        sees = any(may_see(one, door.clearance) for one in labels)
        if sees and door.is_shared and door.name in told - waiting:
            owe_message(context, work, door, event_id, MessagePurpose.UPDATE, EVERYBODY_THERE, cause=cause)


def told_at(work: UnitOfWork, event_id: str) -> dict[str, set[str]]:
    """Who is, or is about to be, told of an event: recipients by door."""
    told: dict[str, set[str]] = {}
    for job in work.jobs(event_id):
        if job.kind is JobKind.SEND:
            told.setdefault(str(job.payload["door"]), set()).add(str(job.payload["recipient"]))
    return told


def doors_paged(work: UnitOfWork, event_id: str) -> set[str]:
    """Names of the doors at which people were, or are about to be, woken for an event."""
    jobs = [job for job in work.jobs(event_id) if job.kind is JobKind.SEND]
    return {str(job.payload["door"]) for job in jobs if job.payload["purpose"] in WAKING}


def doors_as_seen(context: Context, work: UnitOfWork, event_id: str, clearance: frozenset[str]) -> set[str]:
    """Doors whose audience sees the same of an event as one of `clearance`: what was sent at others it may not know."""
    row = work.event_row(event_id)
    labels = frozenset[str]() if row is None else row.labels
    return {door.name for door in context.doors if door.clearance & labels == clearance & labels}


def paged_as_seen(context: Context, work: UnitOfWork, event_id: str, clearance: frozenset[str]) -> bool:
    """Whether people were woken for an event, as far as an audience of `clearance` may know."""
    return bool(doors_paged(work, event_id) & doors_as_seen(context, work, event_id, clearance))


def _purpose(event: Event, decision: Decision) -> MessagePurpose | None:
    if decision.pages:
        return MessagePurpose.PAGE
    if not decision.tells:
        return None
    return MessagePurpose.RETRACTION if event.is_retracted else MessagePurpose.UPDATE


def _recipients(
    context: Context, work: UnitOfWork, door: Door, event: Event, decision: Decision, purpose: MessagePurpose
) -> Sequence[str]:
    """Whom a message that wakes nobody goes to: where the event was shown, and who wants to hear of low tiers."""
    if door.is_shared:
        return (EVERYBODY_THERE,)
    told = told_at(work, event.id).get(door.name, set())
    if purpose is MessagePurpose.RETRACTION:
        return sorted(told)
    if decision.tier is not Tier.TELL or event.is_test or context.is_replay:
        return ()
    rota, now = rota_in_force(context, work), context.clock.now()
    listening = [one for one in rota.on_call(now) if one.is_told_of_low_tiers]
    named = context.plan.asked(decision.who, rota, context.people, now) if decision.who else ()
    listening += [one for one in named if one not in listening]
    ids = [one.id for one in listening if may_be_told(context, work, door, event.id, one)]
    return [person_id for person_id in ids if person_id not in told]


def owe_escalation(context: Context, work: UnitOfWork, event_id: str) -> bool:
    """Owe the first escalation step after the page itself, with the plan as it is now; one runs at a time."""
    if any(job.kind is JobKind.ESCALATE and job.state in UNFINISHED for job in work.jobs(event_id)):
        return False
    now = context.clock.now()
    started = held_until(work, event_id, now) or now
    return owe_escalation_step(
        work,
        event_id,
        context.plan.to_record(),
        started_utc=started,
        step=1,
        round_key=f"{started:%Y%m%dT%H%M%S}",
    )


def owe_escalation_step(
    work: UnitOfWork,
    event_id: str,
    plan_record: Mapping[str, object],
    *,
    started_utc: datetime,
    step: int,
    round_key: str,
    asked_by: str | None = None,
) -> bool:
    """Owe one escalation step of a plan begun at `started_utc`; False after the last.

    `asked_by` names who asked for this step: it is taken even where somebody has the event.
    """
    steps = Plan.from_record(plan_record).steps
    if step >= len(steps):
        return False
    return work.enqueue(
        JobKind.ESCALATE,
        key=f"{event_id}/escalation/{round_key}/{step}",
        due_utc=steps[step].due_utc(started_utc),
        event_id=event_id,
        payload={"plan": dict(plan_record), "started_utc": iso_utc(started_utc), "step": step, "round": round_key}
        | ({} if asked_by is None else {"asked_by": asked_by}),
    )


def owe_reaction(
    context: Context, work: UnitOfWork, event: Event, decision: Decision, *, raw: RawNotice, notice_key: int
) -> bool:
    """Owe the asking of every instrument, and a sky map where the notice gives one."""
    window = decision.search_window_s
    if window is None or event.t0_utc is None:
        return False
    owed = False
    moment, audience = moment_key(event.t0_utc), "".join(f"/for-{one}" for one in sorted(event.labels))
    known = {job.key for job in work.jobs(event.id) if job.kind is JobKind.FETCH} if audience else set()
    half_window_s = max(abs(window[0]), abs(window[1]))
    for instrument in context.sources:
        key = f"{event.id}/fetch/{instrument}/{moment}"
        if key in known:
            continue  # asked for a narrower audience already, with the same T0: that answer serves this one, too
        owed |= work.enqueue(
            JobKind.FETCH,
            key=key + audience,
            due_utc=context.clock.now(),
            event_id=event.id,
            payload={
                "instrument": instrument,
                "t0_utc": iso_utc(event.t0_utc),
                "window_s": half_window_s,
                "notice_sha256": raw.sha256,
                "owed_utc": iso_utc(context.clock.now()),
            },
        )
    if event.skymap is not None or event.ra_deg is not None:
        owed |= owe_localization(context, work, event.id, cause=f"notice-{notice_key}")
    return owed


def owe_rehearsal(context: Context, work: UnitOfWork, event: Event) -> bool:
    """Owe the rehearsal of a test event that a real one like it would be searched for; once for each T0 and phase."""
    if not (context.rehearses and event.is_test and not event.is_retracted) or event.t0_utc is None:
        return False
    if context.rules.judge(event).search_window_s is None or is_drill(work, event.id):
        return False
    phase = "" if event.phase is None else event.phase.value
    return work.enqueue(
        JobKind.REHEARSE,
        key=f"{event.id}/rehearse/{moment_key(event.t0_utc)}/{phase}",
        due_utc=context.clock.now(),
        event_id=event.id,
        payload={},
    )


def owe_localization(context: Context, work: UnitOfWork, event_id: str, *, cause: str, wait_s: float = 0.0) -> bool:
    """Owe the making of the event's sky map from all that is known by then."""
    if context.is_rehearsal:
        return False  # the rehearsal makes it itself
    due = context.clock.now() + timedelta(seconds=wait_s)
    waiting = (job for job in work.jobs(event_id) if job.kind is JobKind.TRIANGULATE and job.state is JobState.WAITING)
    if any(job.due_utc <= due for job in waiting):
        return False  # what waits has not begun, and will see this, too
    return work.enqueue(
        JobKind.TRIANGULATE,
        key=f"{event_id}/localization/{cause}",
        due_utc=due,
        event_id=event_id,
        payload={"cause": cause},
    )


def owe_draft(context: Context, work: UnitOfWork, event_id: str, *, cause: str) -> bool:
    """Owe the drafting of the circular that fits what is known."""
    if context.is_rehearsal:
        return False
    return work.enqueue(
        JobKind.DRAFT,
        key=f"{event_id}/draft/{cause}",
        due_utc=context.clock.now(),
        event_id=event_id,
        payload={"cause": cause},
    )


def remake(context: Context, work: UnitOfWork, event_id: str, *, cause: str) -> None:
    """Owe anew what is made from an event: its map, what coincides, its drafts, and word to whoever was told."""
    owe_localization(context, work, event_id, cause=cause)
    owe_draft(context, work, event_id, cause=cause)
    owe_update(context, work, event_id, cause=cause)


def withdraw(context: Context, work: UnitOfWork, event: Event) -> bool:
    """Cancel what is pending for a retracted event and mark everything made from it; whether anything was pending."""
    cancelled = work.cancel_jobs(event.id, CANCELLED_BY_RETRACTION)
    for product in work.products(event.id):
        work.supersede(product.id, "retracted")
    if work.approvals(event.id):
        owe_draft(context, work, event.id, cause="retraction")
    work.void_approvals(event.id, "the event was retracted")
    work.audit("tocsin", "retraction", event.id, {"cancelled_jobs": cancelled, "name": event.name}, context.clock.now())
    return cancelled > 0


def moment_key(moment: datetime) -> str:
    """A time to a tenth of a second: light curves are asked for anew when T0 moves by more."""
    return f"{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 100_000}"
