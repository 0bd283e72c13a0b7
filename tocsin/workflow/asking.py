"""Asking: more people at once, the same person again later, and who has an event but does nothing about its draft.

Whatever is put off here comes again by itself, and every repetition has an end.
"""

from datetime import datetime, timedelta

from advocates.escalation import Plan
from tocsin.domain.clock import iso_utc
from tocsin.domain.errors import ConflictError
from tocsin.domain.jobs import Job, JobKind, JobState
from tocsin.domain.people import MessagePurpose, Person
from tocsin.store import AuditRow, UnitOfWork
from tocsin.workflow.callers import advocate, standing_event
from tocsin.workflow.context import Context
from tocsin.workflow.drills import is_drill
from tocsin.workflow.escalating import SETTLED, takers
from tocsin.workflow.owing import UNFINISHED, owe_escalation_step, owe_message, owe_update, told_at
from tocsin.workflow.rota_in_force import rota_in_force

#: A second press within this time is the same press, s: a thumb trembles at night.
SAME_PRESS_S = 20.0
#: What a person does with a draft, in the audit.
DRAFT_ACTIONS = frozenset({"edit_draft", "approve_draft"})


def escalate_now(context: Context, event_id: str, person_id: str, via: str) -> str:
    """Take the next escalation step now; words for who asked.

    Where nothing is running (somebody has the event, or the plan is at its end), the next people are told all the same.

    Raises
    ------
    NotAllowedError
        The person is no advocate.
    ConflictError
        The event is unknown, retracted, a test, or settled.
    """
    person, now = advocate(context, person_id), context.clock.now()
    with context.store.begin() as work:
        _check_open(work, event_id, person, "escalate")
        last = _last(work, event_id, "escalate_now")
        if last is not None and (now - last.at_utc).total_seconds() < SAME_PRESS_S:
            return f"Escalated at {last.at_utc:%H:%M:%S} UTC already."
        running = [job for job in work.jobs(event_id) if job.kind is JobKind.ESCALATE and job.state in UNFINISHED]
        if running:
            work.enqueue(JobKind.ESCALATE, key=running[0].key, due_utc=now, event_id=event_id)
        else:
            _owe_asked_step(context, work, event_id, person, now)
        work.audit(person_id, "escalate_now", event_id, {"via": via}, now)
    context.wake()
    return f"Escalated by {person.name}: the next people are told now."


def snooze(context: Context, event_id: str, person_id: str, via: str) -> str:
    """Put the next step off, and ask this person again then; words for who asked.

    Raises
    ------
    NotAllowedError
        The person is no advocate.
    ConflictError
        As `escalate_now`; or it was put off as often as the plan allows; or a step is being taken at this moment.
    """
    person, now = advocate(context, person_id), context.clock.now()
    asking = context.plan.asking
    again = now + timedelta(seconds=asking.snooze_s)
    with context.store.begin() as work:
        _check_open(work, event_id, person, "snooze")
        count = len([row for row in work.audit_rows(event_id) if row.action == "snooze"])
        if count >= asking.most_snoozes:
            raise ConflictError(f"put off {count} times already", remedy="acknowledge it, or let it escalate")
        if takers(work, event_id):
            work.cancel_jobs(event_id, (JobKind.REMIND,))
            _owe_reminder(work, event_id, person_id, "draft", origin=f"snoozed-{count + 1}", due_utc=again)
        else:
            _put_off(work, event_id, again, count + 1)
            _owe_reminder(work, event_id, person_id, "snooze", origin=f"put-off-{count + 1}", due_utc=again)
        work.audit(person_id, "snooze", event_id, {"via": via, "until_utc": iso_utc(again)}, now)
        owe_update(context, work, event_id, cause=f"snoozed-{count + 1}")
    context.wake()
    return f"Put off by {person.name} until {again:%H:%M:%S} UTC."


def owe_draft_reminder(
    context: Context, work: UnitOfWork, event_id: str, person_id: str, *, times: int = 1, origin: str = "draft"
) -> None:
    """Owe the question to who has an event and does nothing about a draft: for the n-th time; never in a replay."""
    asking, row = context.plan.asking, work.event_row(event_id)
    if context.is_replay or row is None or row.is_test or times > asking.draft_times:
        return
    due = context.clock.now() + timedelta(seconds=asking.draft_within_s)
    _owe_reminder(work, event_id, person_id, "draft", origin=origin, due_utc=due, times=times)


def remind(context: Context, job: Job) -> None:
    """Ask a person again, if what they were to do is still not done."""
    if job.event_id is None:
        return
    person_id, because = str(job.payload["person"]), str(job.payload["because"])
    with context.store.begin() as work:
        row = work.event_row(job.event_id)
        if row is None or row.state in SETTLED or not _is_still_open(work, job.event_id, because):
            return
        reason = _reason(work, job.event_id, because)
        for door in (door for door in context.doors if door.name in told_at(work, str(job.event_id))):
            owe_message(
                context,
                work,
                door,
                job.event_id,
                MessagePurpose.REMINDER,
                person_id,
                cause=job.key.rsplit("/", 1)[1],
                details={"reasons": [reason]},
            )
        work.audit("tocsin", "asked_again", job.event_id, {"person": person_id, "why": reason}, context.clock.now())
        if because == "draft":
            times, origin = int(job.payload["times"]) + 1, str(job.payload["origin"])
            owe_draft_reminder(context, work, job.event_id, person_id, times=times, origin=origin)
    context.wake()


def _check_open(work: UnitOfWork, event_id: str, person: Person, verb: str) -> None:
    event = standing_event(work, event_id, person, nothing_left=verb)
    row = work.event_row(event_id)
    if event.is_test and not is_drill(work, event_id):
        raise ConflictError(f"{event.name} is a test: nobody is told of tests")
    if row is not None and row.state in SETTLED:
        raise ConflictError(f"{event.name} is settled; nothing is left to {verb}")


def _owe_asked_step(context: Context, work: UnitOfWork, event_id: str, person: Person, now: datetime) -> None:
    """Owe the next step that tells anybody but who asks; at the end of the plan everybody is told once more."""
    done = [job for job in work.jobs(event_id) if job.kind is JobKind.ESCALATE and job.state is JobState.DONE]
    plan = Plan.from_record(done[-1].payload["plan"]) if done else context.plan
    first = 1 + max((int(job.payload["step"]) for job in done), default=0)
    last, rota = len(plan.steps) - 1, rota_in_force(context, work)
    others = (
        step.index
        for step in plan.steps[first:]
        if any(one.id != person.id for one in plan.recipients(step, rota, context.people, now))
    )
    step = next(others, last)
    owe_escalation_step(
        work,
        event_id,
        plan.to_record(),
        # As if the plan had come to this step by itself: what follows keeps its distance.
        started_utc=now - timedelta(seconds=plan.steps[step].delay_s),
        step=step,
        round_key=f"asked-{now:%Y%m%dT%H%M%S}",
        asked_by=person.id,
    )


def _put_off(work: UnitOfWork, event_id: str, again: datetime, count: int) -> None:
    """Put the waiting step of a running escalation off until `again`, and those after it by as much."""
    running = [job for job in work.jobs(event_id) if job.kind is JobKind.ESCALATE and job.state in UNFINISHED]
    if any(job.state is JobState.LEASED for job in running):
        raise ConflictError("an escalation step is being taken at this moment", remedy="press again in a few seconds")
    late = [job for job in running if job.due_utc < again]
    if not late:
        return
    work.cancel_jobs(event_id, (JobKind.ESCALATE,))
    for job in late:
        step, plan = int(job.payload["step"]), Plan.from_record(job.payload["plan"])
        owe_escalation_step(
            work,
            event_id,
            job.payload["plan"],
            started_utc=again - timedelta(seconds=plan.steps[step].delay_s),
            step=step,
            round_key=f"{str(job.payload['round']).partition('-snoozed')[0]}-snoozed{count}",
        )


def _owe_reminder(
    work: UnitOfWork, event_id: str, person_id: str, because: str, *, origin: str, due_utc: datetime, times: int = 1
) -> None:
    payload = {"person": person_id, "because": because, "origin": origin, "times": times}
    work.enqueue(
        JobKind.REMIND, key=f"{event_id}/remind/{origin}-{times}", due_utc=due_utc, event_id=event_id, payload=payload
    )


def _is_still_open(work: UnitOfWork, event_id: str, because: str) -> bool:
    """Whether what a person is asked about is still to be done."""
    if because == "snooze":
        return takers(work, event_id) == 0
    return not any(row.action in DRAFT_ACTIONS for row in work.audit_rows(event_id))


def _reason(work: UnitOfWork, event_id: str, because: str) -> str:
    if because == "snooze":
        return "you put it off, and nobody has acknowledged it since"
    drafts = work.drafts(event_id)
    what = f"{drafts[-1].kind.value.replace('_', ' ')} draft, revision {drafts[-1].revision}, waits" if drafts else ""
    return f"you have it, and its {what} for you" if what else "you have it, and no draft of it was written yet"


def _last(work: UnitOfWork, event_id: str, action: str) -> AuditRow | None:
    rows = [row for row in work.audit_rows(event_id) if row.action == action]
    return rows[-1] if rows else None
