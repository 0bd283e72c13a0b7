"""Roads: what waits for each channel, since when and why, so that no limit of a channel is ever silent."""

from dataclasses import dataclass
from datetime import datetime

from tocsin.domain.clock import iso_utc
from tocsin.domain.health import Sign
from tocsin.domain.jobs import Job, JobKind
from tocsin.store import UnitOfWork
from tocsin.workflow.context import Context
from tocsin.workflow.maintenance import is_held

KINDS = (JobKind.SEND, JobKind.ANNOUNCE)
#: A road on which something has waited so long beyond its time is not well, s.
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadState:
    """What waits for one channel.

    Parameters
    ----------
    name
        Of the channel.
    waiting, held
        Messages that wait for the channel, and those that maintenance or quiet hours hold back.
    since_utc
        When the oldest of those that wait was first tried or owed; None where none waits.
    next_try_utc
        When the next try is due: a wait that the service asked for is in it.
    reason
        Why the last try failed; empty where none did.
    """

    name: str
    waiting: int
    held: int
    since_utc: datetime | None = None
    next_try_utc: datetime | None = None
    reason: str = ""


def road_states(context: Context, work: UnitOfWork) -> tuple[RoadState, ...]:
    """State of each channel, in their order."""
    jobs = [job for kind in KINDS for job in work.jobs_ahead(kind)]
    return tuple(
        _state(door.name, [job for job in jobs if job.payload.get("door") == door.name], context.clock.now())
        for door in context.doors
    )


def road_signs(context: Context) -> tuple[Sign, ...]:
    """A sign of life for each channel: not well where messages have been failing for a minute."""
    with context.store.read() as work:
        states = road_states(context, work)
    now = context.clock.now()
    return tuple(_sign(state, now) for state in states)


def _state(name: str, jobs: list[Job], now: datetime) -> RoadState:
    held = [job for job in jobs if is_held(job) or (job.due_utc > now and job.attempts <= 1 and not job.last_error)]
    waiting = [job for job in jobs if job not in held]
    failed = [job for job in waiting if job.last_error]
    return RoadState(
        name=name,
        waiting=len(waiting),
        held=len(held),
        since_utc=min((job.created_utc for job in waiting if job.created_utc is not None), default=None),
        next_try_utc=min((job.due_utc for job in waiting), default=None),
        reason=failed[-1].last_error or "" if failed else "",
    )


def _sign(state: RoadState, now: datetime) -> Sign:
    name = f"road {state.name}"
    words = f"{state.waiting} messages wait" + (f", {state.held} are held back" if state.held else "")
    if state.since_utc is None or (now - state.since_utc).total_seconds() < PATIENCE_S or not state.reason:
        return Sign(name=name, is_ok=True, words=words)
    words += f" since {iso_utc(state.since_utc)}, next try {iso_utc(state.next_try_utc)}: {state.reason}"
    return Sign(
        name=name, is_ok=False, words=words, remedy="mend the channel; pages go out by the other roads meanwhile"
    )
