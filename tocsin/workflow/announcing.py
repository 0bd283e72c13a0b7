"""Announcing: what people are told that is of no single event: handovers, and what the operator must mend.

What it says is written when it goes out, for the audience behind each channel.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from notifier.channel import send_once
from tocsin.domain.events import EventState, Tier
from tocsin.domain.jobs import Job, JobKind
from tocsin.domain.people import Card, CardAction, MessagePurpose, OutgoingMessage, Person, PersonRole
from tocsin.store import UnitOfWork
from tocsin.workflow import metrics
from tocsin.workflow.after_restore import is_restored_lately
from tocsin.workflow.audiences import clearance_at
from tocsin.workflow.context import Context, Door
from tocsin.workflow.open_events import open_events

#: Key of a job's payload that asks for the list of open events.
LISTS_EVENTS = "lists_events"


def owe_announcement(
    context: Context,
    work: UnitOfWork,
    purpose: MessagePurpose,
    *,
    key: str,
    verdict: str,
    people: Sequence[Person],
    fields: Mapping[str, str] | None = None,
    lists_events: bool = False,
    actions: Sequence[CardAction] = (),
    waits: bool = False,
) -> bool:
    """Owe an announcement, once for each `key`: one message in every shared place, one to each person elsewhere.

    `actions` are buttons, where there are such. What `waits` comes to a person after their quiet hours.
    """
    now = context.clock.now()
    due_of = {person.id: _due(person, now) if waits else now for person in people}
    ids = list(due_of)
    owed = False
    for door in context.doors:
        said: dict[str, object] = {"door": door.name, "purpose": purpose.value, "verdict": verdict}
        said |= {"fields": dict(fields or {}), LISTS_EVENTS: lists_events}
        said |= {"actions": [asdict(one) for one in actions]} if actions else {}
        addressed = [(ids[0], ids[1:])] if door.is_shared and ids else [(one, []) for one in ids]
        for recipient, also in addressed:
            owed |= work.enqueue(
                JobKind.ANNOUNCE,
                key=f"announcement/{key}/{door.name}/{recipient}",
                due_utc=now if door.is_shared else due_of[recipient],
                payload=said | {"recipient": recipient, "also": also},
            )
    return owed


def tell_operator(
    context: Context, work: UnitOfWork, *, key: str, verdict: str, fields: Mapping[str, str] | None = None
) -> bool:
    """Tell the people who run the service of something that they must mend, once for each `key`; never in a replay."""
    if context.is_replay:
        return False
    work.audit("tocsin", "operator_told", key, {"words": verdict}, context.clock.now())
    admins = context.people.with_role(PersonRole.ADMIN)
    purpose = MessagePurpose.OPERATOR
    return owe_announcement(context, work, purpose, key=key, verdict=verdict, people=admins, fields=fields)


def announce(context: Context, job: Job) -> None:
    """Send one announcement.

    Raises
    ------
    RemoteError
        The channel failed: the job is tried again.
    """
    door = next((door for door in context.doors if door.name == job.payload["door"]), None)
    if door is None:
        return
    message = _composed(context, job, door)
    with context.store.begin() as work:
        if not work.renew_lease(job):
            return  # another worker's, who took us for dead and may be at it just now
        is_recalled = is_restored_lately(work, context.clock.now())
    send_once(door.channel, message, is_repeat=job.attempts > 1 or is_recalled)
    metrics.MESSAGES.labels(door.name, message.purpose.value, "sent").inc()


def _due(person: Person, now: datetime) -> datetime:
    """When a person is told of what can wait: now, or at the end of their quiet hours."""
    quiet = None if person.quiet_hours is None else person.quiet_hours.until_utc(now)
    return quiet or now


def _composed(context: Context, job: Job, door: Door) -> OutgoingMessage:
    recipient = str(job.payload["recipient"])
    fields = {str(name): str(value) for name, value in job.payload["fields"].items()}
    if job.payload.get(LISTS_EVENTS):
        with context.store.read() as work:
            listed = open_events(context, work, clearance_at(context, door, recipient))
        fields["Open events"] = "; ".join(listed) or "none"
    card = Card(
        event_id="",
        name="Tocsin",
        tier=Tier.RECORD,
        state=EventState.OPEN,
        verdict=str(job.payload["verdict"]),
        t0_utc=None,
        fields=fields,
        page_url=f"{context.page_url}/oncall",
        actions=tuple(CardAction(**one) for one in job.payload.get("actions", ())),
    )
    return OutgoingMessage(
        key=job.key,
        event_id="",
        channel=door.name,
        purpose=MessagePurpose(str(job.payload["purpose"])),
        recipient=recipient,
        card=card,
        also=tuple(str(one) for one in job.payload.get("also", ())),
    )
