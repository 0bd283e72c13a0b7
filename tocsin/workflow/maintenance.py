"""Maintenance: pages of a stream, or all pages, are held back until a stated time. Every window ends by itself.

Nothing is dropped: what would have woken somebody is owed for the end of the window, when it is sent unless it was
retracted meanwhile; another stream that tells of the same event wakes people at once.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from tocsin.domain.clock import iso_utc, to_utc
from tocsin.domain.errors import ConflictError
from tocsin.domain.jobs import Job, JobKind, JobState
from tocsin.store import UnitOfWork

#: Scope of a window that holds the pages of every stream.
ALL = "*"
LONGEST = timedelta(hours=24)
_KEY = "maintenance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch in which a scope wakes nobody.

    Parameters
    ----------
    scope
        Name of a stream, or `ALL`.
    begun_utc, until_utc
        From when, and when it ends by itself.
    person_id, reason
        Who began it, and why.
    """

    scope: str
    begun_utc: datetime
    until_utc: datetime
    person_id: str
    reason: str = ""


def windows(work: UnitOfWork, now: datetime) -> tuple[Window, ...]:
    """Windows in force at `now`, the one that ends first at the front."""
    kept = (_window(record) for record in json.loads(work.meta(_KEY) or "[]"))
    return tuple(sorted((one for one in kept if one.until_utc > now), key=lambda one: one.until_utc))


def begin_window(work: UnitOfWork, window: Window) -> None:
    """Begin a window, in place of one of the same scope.

    Raises
    ------
    ConflictError
        It would end before it begins, or last longer than a day.
    """
    if not timedelta(0) < window.until_utc - window.begun_utc <= LONGEST:
        raise ConflictError("maintenance lasts at most 24 h, and ends by itself", remedy="begin it again if need be")
    work.lock(_KEY)
    others = [one for one in windows(work, window.begun_utc) if one.scope != window.scope]
    _keep(work, [*others, window])
    detail = {"until_utc": iso_utc(window.until_utc), "reason": window.reason}
    work.audit(window.person_id, "maintenance_begun", window.scope, detail, window.begun_utc)


def end_window(work: UnitOfWork, scope: str, person_id: str, now: datetime) -> tuple[str, ...]:
    """End a window early; ids of the events whose pages were held by it and go out now.

    Raises
    ------
    ConflictError
        There is none of that scope.
    """
    work.lock(_KEY)
    active = windows(work, now)
    if scope not in {one.scope for one in active}:
        raise ConflictError(f"there is no maintenance of {scope}")
    _keep(work, [one for one in active if one.scope != scope])
    work.audit(person_id, "maintenance_ended", scope, {}, now)
    held = dict.fromkeys(job.event_id for job in work.jobs_ahead(JobKind.SEND) if is_held(job) and job.event_id)
    return tuple(event_id for event_id in held if held_until(work, event_id, now) is None)


def held_until(work: UnitOfWork, event_id: str, now: datetime) -> datetime | None:
    """When pages of an event may go out, where maintenance holds all that tells of it; None: now."""
    active = windows(work, now)
    if not active:
        return None
    by_scope = {one.scope: one.until_utc for one in active}
    row = work.event_row(event_id)
    streams = () if row is None else tuple(row.summary_record.get("streams", ()))
    ends = [by_scope[stream] for stream in streams if stream in by_scope]
    is_held_by_stream = bool(streams) and len(ends) == len(streams)
    candidates = ([min(ends)] if is_held_by_stream else []) + ([by_scope[ALL]] if ALL in by_scope else [])
    return max(candidates, default=None)


def is_held(job: Job) -> bool:
    """Whether a message waits for the end of a window."""
    return job.state is JobState.WAITING and bool(job.payload.get("held"))


def _keep(work: UnitOfWork, kept: list[Window]) -> None:
    records = [asdict(one) | {"begun_utc": iso_utc(one.begun_utc), "until_utc": iso_utc(one.until_utc)} for one in kept]
    work.set_meta(_KEY, json.dumps(records))


def _window(record: Mapping[str, Any]) -> Window:
    times = {name: to_utc(record[name]) for name in ("begun_utc", "until_utc")}
    return Window(scope=record["scope"], person_id=record["person_id"], reason=record["reason"], **times)
