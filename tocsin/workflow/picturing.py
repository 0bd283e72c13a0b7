"""Picturing: light curve and sky map in the thread of an event's message, never before the message itself."""

import hashlib
from datetime import timedelta

from notifier.channel import Pinboard
from tocsin.domain.errors import DataNotYetError
from tocsin.domain.jobs import Job, JobKind
from tocsin.store import UnitOfWork
from tocsin.workflow.context import Context, Door, Picture
from tocsin.workflow.owing import UNFINISHED, told_at
from tocsin.workflow.sending import shared_reference

#: Products come in handfuls: what is drawn waits for the others, s.
GATHER_S = 5.0
#: How long the message of an event may still be on its way before it is looked for again, s.
WAIT_S = 5.0


def owe_pictures(context: Context, work: UnitOfWork, event_id: str, *, cause: str) -> bool:
    """Owe pictures to every place that can show them, because of `cause` (a product); one drawing waits at a time."""
    waiting = [job for job in work.jobs(event_id) if job.kind is JobKind.PICTURE and job.state in UNFINISHED]
    if waiting or not any(isinstance(door.channel, Pinboard) for door in context.doors):
        return False
    return work.enqueue(
        JobKind.PICTURE,
        key=f"{event_id}/picture/{cause}",
        due_utc=context.clock.now() + timedelta(seconds=GATHER_S),
        event_id=event_id,
        payload={"cause": cause},
    )


def show_pictures(context: Context, job: Job) -> None:
    """Draw an event and show what is new of it in its thread.

    Raises
    ------
    DataNotYetError
        The message itself is still on its way.
    RemoteError
        The channel failed: tried again, and what is there already is not shown twice.
    """
    if job.event_id is None:
        return
    for door in context.doors:
        channel = door.channel
        reference = _reference(context, job.event_id, door) if isinstance(channel, Pinboard) else None
        if reference is None or not isinstance(channel, Pinboard):
            continue
        for picture in context.draw(job.event_id, door.clearance):
            _show(context, job, door, channel, reference, picture)


def _reference(context: Context, event_id: str, door: Door) -> str | None:
    """Message in whose thread pictures are shown; None where the event is not shown at this door."""
    with context.store.read() as work:
        row = work.event_row(event_id, clearance=door.clearance)
        if row is None or row.is_retracted or door.name not in told_at(work, event_id):
            return None
        reference = shared_reference(work, event_id, door)
    if reference is None:
        again = context.clock.now() + timedelta(seconds=WAIT_S)
        raise DataNotYetError("the message of the event is still on its way", expected_utc=again)
    return reference


def _show(context: Context, job: Job, door: Door, channel: Pinboard, reference: str, picture: Picture) -> None:
    digest = hashlib.sha256(picture.content).hexdigest()[:12]
    kept = f"picture/{job.event_id}/{door.name}/{picture.what}"
    with context.store.begin() as work:
        if work.meta(kept) == digest or not work.renew_lease(job):
            return  # shown, or another worker's, who took us for dead and may be at it just now
    name = f"{job.event_id}-{picture.what}-{digest}.png"
    channel.pin(reference, picture.content, name=name, title=picture.title, alt_text=picture.alt_text)
    with context.store.begin() as work:
        work.set_meta(kept, digest)
