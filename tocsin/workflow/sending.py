"""Sending: the handler of owed messages. At least once, deduplicated by key; one message per event, updated."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import structlog

from tocsin.domain.errors import DataNotYetError, RemoteError
from tocsin.domain.events import EventState, Tier
from tocsin.domain.jobs import Job
from tocsin.domain.people import WAKING, Card, MessagePurpose, OutgoingMessage
from tocsin.store import UnitOfWork
from tocsin.workflow import metrics
from tocsin.workflow.after_restore import is_restored_lately, shown_before
from tocsin.workflow.audiences import clearance_at
from tocsin.workflow.cards import card_for
from tocsin.workflow.context import Context, Door
from tocsin.workflow.escalating import SETTLED, is_taken
from tocsin.workflow.links import acknowledge_token
from tocsin.workflow.owing import UNFINISHED

log = structlog.get_logger()

#: How long to wait, s, for another message of the same event that is on its way.
STEP_S = 0.5
#: A page's way: received to decided, to taken by a worker (and kept on disk before that), to composed, to sent.
STAGES = ("decided", "taken", "composed", "sent")
#: A message that has failed more often than this is not waited for: it may be refused for ever.
MOST_WAITED_FOR = 5


def send(context: Context, job: Job) -> None:
    """Send one owed message; what it shows is the state of now, not of when it was owed.

    Raises
    ------
    RemoteError
        The channel failed: the job is tried again.
    """
    door = next((door for door in context.doors if door.name == job.payload["door"]), None)
    if door is None or job.event_id is None:
        return
    moments = [context.clock.monotonic_s()]
    message, doubt = _compose(context, job, door, job.event_id)
    if message is None:
        return
    moments.append(context.clock.monotonic_s())
    try:
        message, reference = _looked_for(job, door, message, doubt)
        if reference is None:
            if not _is_still_ours(context, job):
                return
            reference = door.channel.send(message)
    except RemoteError as error:
        metrics.MESSAGES.labels(door.name, message.purpose.value, "failed").inc()
        with context.store.begin() as work:
            work.mark_failed(message.key, str(error), context.clock.now())
        raise
    metrics.MESSAGES.labels(door.name, message.purpose.value, "sent").inc()
    moments.append(context.clock.monotonic_s())
    _record(context, job, message, reference, moments)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doubt:
    """Why a place may show already what is to be shown there for the first time.

    Parameters
    ----------
    is_recalled
        A store of before the restoring may have sent it.
    is_begun
        This message, or another that shows the event there, was tried, and nobody knows what came of it.
    """

    is_recalled: bool = False
    is_begun: bool = False


def _looked_for(job: Job, door: Door, message: OutgoingMessage, doubt: _Doubt) -> tuple[OutgoingMessage, str | None]:
    """The message as it is to be sent, and the reference by which it was shown already.

    A place that may show the event by a message of which nothing came back is read first: what is found is updated,
    never joined by a second one.
    """
    is_repeat = job.attempts > 1 or doubt.is_recalled
    if not is_repeat and not doubt.is_begun:
        return message, None
    if doubt.is_recalled and (shown := shown_before(door, message)) is not None:
        return message, shown
    if is_repeat and (sent := door.channel.find_sent(message)) is not None:
        return message, sent
    if (shown := shown_before(door, message)) is not None:
        message = replace(message, replaces=shown)
    return message, None


def _is_still_ours(context: Context, job: Job) -> bool:
    """Whether nobody took a job over while we read: that may take as long as a lease. A first try has just begun."""
    if job.attempts <= 1:
        return True
    with context.store.begin() as work:
        return work.renew_lease(job)


def _compose(context: Context, job: Job, door: Door, event_id: str) -> tuple[OutgoingMessage | None, _Doubt]:
    """The message, unless it is needless by now; why it may be there already."""
    purpose = MessagePurpose(str(job.payload["purpose"]))
    with context.store.begin() as work:
        work.lock(f"messages {event_id}")
        earlier = work.message(job.key)
        if (earlier is not None and earlier.sent_utc is not None) or not work.renew_lease(job):
            return None, _Doubt()  # done, or another worker's, who took us for dead and may be at it just now
        reasons = [str(reason) for reason in job.payload.get("reasons", ())]
        recipient = str(job.payload["recipient"])
        clearance = clearance_at(context, door, recipient)
        card = card_for(context, work, event_id, clearance, reasons=reasons)
        reference = shared_reference(work, event_id, door)
        is_begun = earlier is not None
        # Somebody asked for more people although the event is taken: that is never needless while it stands.
        is_asked_for = "asked_by" in job.payload and card is not None and not card.is_retracted
        if card is None or not (is_begun or is_asked_for or not _is_needless(work, purpose, card, door, recipient)):
            return None, _Doubt()
        _keep_quiet(context, card, purpose, door, recipient)
        card = _headed(purpose, card, door)
        if door.is_shared and reference is None:
            _wait_for_first(context, work, job, door)
            # Whoever was waited for keeps its answer without our lock: it may have come since we looked.
            reference = shared_reference(work, event_id, door)
        message = OutgoingMessage(
            key=job.key,
            event_id=event_id,
            channel=door.name,
            purpose=purpose,
            recipient=recipient,
            card=card,
            replaces=reference,
            also=tuple(str(one) for one in job.payload.get("also", ())),
            acknowledge_url=_acknowledge_url(context, work, purpose, card, door, recipient),
            audience=clearance,
        )
        is_begun = reference is None and _is_begun(work, event_id, door)
        work.add_message(message, context.clock.now())
        return message, _Doubt(is_recalled=is_restored_lately(work, context.clock.now()), is_begun=is_begun)


def _is_begun(work: UnitOfWork, event_id: str, door: Door) -> bool:
    """Whether an earlier message may have shown the event in a shared place, though no answer told so."""
    begun = (row for row in work.messages(event_id) if row.message.channel == door.name and row.sent_utc is None)
    return door.is_shared and any(begun)


def _is_needless(work: UnitOfWork, purpose: MessagePurpose, card: Card, door: Door, recipient: str) -> bool:
    """Whether a message that was never begun may stay unsent, since what it is for is over, or never was."""
    begun = [row.message for row in work.messages(card.event_id) if row.message.channel == door.name]
    match purpose:
        case MessagePurpose.PAGE:
            return card.is_retracted
        case MessagePurpose.ESCALATION:
            return card.is_retracted or (card.acknowledged_by is not None and is_taken(work, card.event_id))
        case MessagePurpose.UPDATE:
            was_told = any(door.is_shared or one.recipient == recipient for one in begun)
            # A shared message is kept up to date; a person is told of a low tier once.
            return not door.is_shared if was_told else not _begins(card)
        case MessagePurpose.REMINDER:
            return card.state in SETTLED or not begun
        case _:  # a retraction or a stand-down: for those who were told
            return not any(door.is_shared or one.recipient == recipient for one in begun)


def _keep_quiet(context: Context, card: Card, purpose: MessagePurpose, door: Door, recipient: str) -> None:
    """Let a low tier wait for the end of a person's quiet hours.

    Raises
    ------
    DataNotYetError
        Until then.
    """
    person = None if door.is_shared else context.people.person(recipient)
    if person is None or person.quiet_hours is None or purpose is not MessagePurpose.UPDATE or card.tier is Tier.WAKE:
        return
    until = person.quiet_hours.until_utc(context.clock.now())
    if until is not None:
        raise DataNotYetError(f"{person.name} has quiet hours", expected_utc=until)


def _acknowledge_url(
    context: Context, work: UnitOfWork, purpose: MessagePurpose, card: Card, door: Door, recipient: str
) -> str:
    """Link by which this person alone acknowledges, on roads to one person, while that is asked for."""
    is_asked = purpose.value in WAKING and not card.is_retracted
    if door.is_shared or not is_asked or not context.page_url:
        return ""
    return f"{context.page_url}/a/{acknowledge_token(work, card.event_id, recipient, context.clock.now())}"


def _headed(purpose: MessagePurpose, card: Card, door: Door) -> Card:
    """Card whose verdict says first why it comes, where that is not what the verdict says."""
    if purpose is MessagePurpose.STAND_DOWN:
        return replace(card, verdict=f"STAND DOWN: {card.verdict}")
    if purpose is MessagePurpose.REMINDER and not door.is_shared:
        return replace(card, verdict=f"ASKED AGAIN: {card.verdict}")
    return card


def _wait_for_first(context: Context, work: UnitOfWork, job: Job, door: Door) -> None:
    """Wait while another worker's message may become the one that this place shows of the event.

    Raises
    ------
    RemoteError
        It may: try again when that is known.
    """
    jobs = {other.key: other for other in work.jobs(str(job.event_id)) if other.state in UNFINISHED}
    for row in work.messages(str(job.event_id)):
        other = jobs.get(row.message.key)
        if other is None or other.key == job.key or row.message.channel != door.name or row.sent_utc is not None:
            continue
        if other.attempts <= MOST_WAITED_FOR:
            ahead_s = (other.due_utc - context.clock.now()).total_seconds()
            raise RemoteError(
                f"{door.name} is being told of this event by another message", retry_after_s=max(ahead_s, STEP_S)
            )


def shared_reference(work: UnitOfWork, event_id: str, door: Door) -> str | None:
    """Reference of the one message a shared place shows of an event; None before it, and on roads to persons."""
    if not door.is_shared:
        return None
    return work.first_reference(event_id, door.name)


def _begins(card: Card) -> bool:
    """Whether an update may be the first message of its event: only where the channel is told at all."""
    return card.tier <= Tier.TELL and not card.is_test and card.state is not EventState.RETRACTED


def _record(context: Context, job: Job, message: OutgoingMessage, reference: str, moments: Sequence[float]) -> None:
    """Keep that a message was sent, and how long its first page took; `moments` are taken, composed and sent, s."""
    with context.store.begin() as work:
        work.mark_sent(message.key, reference, context.clock.now())
        row = work.event_row(message.event_id) if message.purpose is MessagePurpose.PAGE else None
        if row is None:
            return
        if row.state is EventState.OPEN:
            work.set_event_state(message.event_id, EventState.NOTIFIED)
        received = job.payload.get("received_monotonic_s")
        if row.first_page_ms is None and received is not None:
            # Never negative, even where the page was sent after the machine, and its counter, began anew.
            elapsed_s = max(0.0, moments[-1] - float(received))
            work.set_first_page_ms(message.event_id, 1e3 * elapsed_s)
            metrics.FIRST_PAGE_S.observe(elapsed_s)
            decided = job.payload.get("decided_monotonic_s", received)
            _measure_stages([float(received), float(decided), *moments])


def _measure_stages(moments: Sequence[float]) -> None:
    """Take how long each stage of a first page took; the log names no event, since it has no clearance."""
    stages = [max(0.0, after - before) for before, after in pairwise(moments)]
    for name, stage_s in zip(STAGES, stages, strict=True):
        metrics.PAGE_STAGE_S.labels(name).observe(stage_s)
    log.info("first page", **{f"{name}_ms": round(1e3 * one, 3) for name, one in zip(STAGES, stages, strict=True)})
