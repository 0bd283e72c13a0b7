"""Opaque names: an event founded by a restricted notice, and what becomes of it once the public may know of it.

Its identifier is made from the notice's bytes and a secret of this installation, so that nobody who has the bytes of a
notice can tell whether it founded an event here. When a public notice joins it, the public is shown a new event, under
the name that notice gives it; the opaque one is merged into that. An event whose name is opaque would tell everybody
that a restricted notice had come first.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from tocsin.domain.events import EventKind, EventState
from tocsin.domain.jobs import Job, JobKind
from tocsin.domain.notices import Notice, RawNotice
from tocsin.store import LinkKind, UnitOfWork
from tocsin.workflow.context import Context
from tocsin.workflow.merging import TOCSIN, absorb
from tocsin.workflow.owing import UNFINISHED, owe_escalation
from triggers.naming import is_opaque, new_event_id

_SECRET = "opaque_secret"  # noqa: S105 - the name under which it is kept


def founding_id(work: UnitOfWork, notice: Notice, raw: RawNotice) -> str:
    """Identifier of the event that a notice founds; opaque where the notice is restricted."""
    digest = ""
    if notice.labels:
        digest = hmac.new(_secret(work).encode(), raw.sha256.encode(), hashlib.sha256).hexdigest()
    return new_event_id(notice, raw_sha256=digest)


def found(context: Context, work: UnitOfWork, event_id: str, notice: Notice) -> bool:
    """Make the event that a notice founds; False if there is one of that name."""
    return work.add_event(
        event_id,
        t0_utc=notice.t0_utc,
        kind=EventKind.OTHER,
        name=event_id,
        is_test=notice.is_test,
        is_replay=context.is_replay,
        labels=notice.labels,
        created_utc=context.clock.now(),
    )


def opened(context: Context, work: UnitOfWork, notice: Notice, event_id: str) -> str:
    """Event that a notice is of: where it is public and that event's name is opaque, a new one in its place.

    The alarm goes on: what was being escalated is escalated from the new event, and who was told of the old one
    counts as told (`jobs_before`).
    """
    if notice.labels or not is_opaque(event_id):
        return event_id
    if any(not row.labels for row in work.notice_rows(event_id)):
        return event_id  # the public knows it by this name
    name = new_event_id(notice)
    if not found(context, work, name, notice):
        return event_id
    is_escalating = any(job.kind is JobKind.ESCALATE and job.state in UNFINISHED for job in work.jobs(event_id))
    was_taken = work.event_state(event_id) not in {EventState.OPEN, EventState.NOTIFIED}
    absorb(context, work, name, event_id, actor=TOCSIN, reason="a public notice joined it", keeps_way=True)
    if was_taken:
        work.set_event_state(name, EventState.ACKNOWLEDGED)
    if is_escalating:
        owe_escalation(context, work, name)
    return name


def jobs_before(work: UnitOfWork, event_id: str) -> Sequence[Job]:
    """Jobs of the opaque events that an event took the place of."""
    merged = (one for one in work.links(event_id) if one.kind is LinkKind.MERGED and one.other_id == event_id)
    return [job for one in merged if is_opaque(one.event_id) for job in work.jobs(one.event_id)]


def _secret(work: UnitOfWork) -> str:
    """Secret of this installation, drawn once: names are for ever."""
    known = work.meta(_SECRET)
    if known is None:
        work.lock(_SECRET)
        known = work.meta(_SECRET)
    if known is None:
        known = secrets.token_hex(32)
        work.set_meta(_SECRET, known)
    return known
