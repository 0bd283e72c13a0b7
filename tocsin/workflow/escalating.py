"""Escalating: the handler of owed escalation steps; ends in the safety net, never in silence."""

from collections.abc import Mapping
from typing import Any

from advocates.escalation import Plan, Step
from tocsin.domain.clock import to_utc
from tocsin.domain.events import EventState
from tocsin.domain.jobs import Job, JobKind
from tocsin.domain.people import MessagePurpose
from tocsin.store import UnitOfWork
from tocsin.workflow.attach import visible_event
from tocsin.workflow.context import Context
from tocsin.workflow.owing import UNFINISHED, doors_paged, owe_escalation_step, owe_page
from tocsin.workflow.rota_in_force import rota_in_force

#: Nobody is asked any more once an event is in one of these states.
SETTLED = frozenset({EventState.RETRACTED, EventState.NOT_ASTROPHYSICAL, EventState.CLOSED, EventState.MERGED})


def escalate(context: Context, job: Job) -> None:
    """Do one escalation step of an event that too few have acknowledged, and owe the next."""
    if job.event_id is None:
        return
    plan = Plan.from_record(job.payload["plan"])
    step = int(job.payload["step"])
    now = context.clock.now()
    with context.store.begin() as work:
        row = work.event_row(job.event_id)
        asked_by = job.payload.get("asked_by")
        is_taken_already = plan.is_satisfied(takers(work, job.event_id))
        if row is None or row.state in SETTLED or (is_taken_already and asked_by is None):
            return
        recipients = plan.recipients(plan.steps[step], rota_in_force(context, work), context.people, now)
        people = [person.id for person in recipients]
        is_its_hour = asked_by is not None or plan.steps[step].is_taken_at(now, context.rota.zone)
        if is_its_hour:
            _owe_pages(context, work, job.event_id, plan.steps[step], job.payload, asked_by=asked_by)
        if not is_taken_already:
            owe_escalation_step(
                work,
                job.event_id,
                job.payload["plan"],
                started_utc=to_utc(str(job.payload["started_utc"])),
                step=step + 1,
                round_key=str(job.payload["round"]),
            )
        late_by_s = round((now - job.due_utc).total_seconds(), 3)
        detail = {"step": step, "people": people, "late_by_s": late_by_s}
        work.audit("tocsin", "escalation" if is_its_hour else "escalation_passed_over", job.event_id, detail, now)
    context.wake()


def takers(work: UnitOfWork, event_id: str) -> int:
    """Number of people who have acknowledged an event; one who does so twice is one."""
    return len({one.person_id for one in work.acknowledgements(event_id)})


def is_taken(work: UnitOfWork, event_id: str) -> bool:
    """Whether enough people have acknowledged an event for each escalation of it that is still running."""
    running = [job for job in work.jobs(event_id) if job.kind is JobKind.ESCALATE and job.state in UNFINISHED]
    count = takers(work, event_id)
    return all(Plan.from_record(job.payload["plan"]).is_satisfied(count) for job in running)


def needed(work: UnitOfWork, event_id: str) -> int:
    """How many people must acknowledge an event, by the most demanding plan it was escalated with."""
    plans = [job.payload["plan"] for job in work.jobs(event_id) if job.kind is JobKind.ESCALATE]
    return max((Plan.from_record(plan).acknowledgements_needed for plan in plans), default=1)


def still_needed(work: UnitOfWork, event_id: str) -> int:
    """How many more people must acknowledge an event for the most demanding escalation of it that is running."""
    running = [job for job in work.jobs(event_id) if job.kind is JobKind.ESCALATE and job.state in UNFINISHED]
    wanted = [Plan.from_record(job.payload["plan"]).acknowledgements_needed for job in running]
    return max(0, max(wanted, default=0) - takers(work, event_id))


def _owe_pages(
    context: Context, work: UnitOfWork, event_id: str, step: Step, payload: Mapping[str, Any], *, asked_by: str | None
) -> None:
    details: dict[str, object] = {"reasons": [f"nobody had acknowledged by {context.clock.now():%H:%M:%S} UTC"]}
    paged = doors_paged(work, event_id)
    if asked_by is not None:
        details = {"reasons": [f"{context.people.name_of(asked_by)} asks for more people"], "asked_by": asked_by}
        seeing = (door for door in context.doors if visible_event(work, event_id, door.clearance) is not None)
        paged = paged or {door.name for door in seeing}
    # A door that was not paged may not know of what is escalated.
    for door in (door for door in context.doors if door.name in paged):
        owe_page(
            context,
            work,
            door,
            event_id,
            step,
            cause=f"{payload['round']}-{step.index}",
            purpose=MessagePurpose.ESCALATION,
            details=details,
        )
