"""Acknowledging, by any door: first writer wins in one transaction, and everybody sees it everywhere."""

from notifier.slack_interaction import Interaction
from tocsin.domain.errors import ConflictError, NotAllowedError
from tocsin.domain.events import EventState
from tocsin.domain.jobs import JobKind
from tocsin.domain.people import OPEN_PAGE, Acknowledgement
from tocsin.store import UnitOfWork
from tocsin.workflow.asking import escalate_now, owe_draft_reminder, snooze
from tocsin.workflow.callers import advocate, standing_event
from tocsin.workflow.companions import telling_companions
from tocsin.workflow.context import Context
from tocsin.workflow.correcting import request_correction
from tocsin.workflow.covering import woke_somebody
from tocsin.workflow.escalating import is_taken
from tocsin.workflow.owing import owe_update
from tocsin.workflow.swapping import BUTTONS, press_on_rota
from tocsin.workflow.voiding import void


def acknowledge(context: Context, event_id: str, person_id: str, via: str) -> Acknowledgement:
    """Acknowledge an event for a person; a later one is told who was first.

    Raises
    ------
    NotAllowedError
        Not an advocate, or not cleared for this event.
    ConflictError
        The event is unknown or retracted.
    """
    person = advocate(context, person_id)
    now = context.clock.now()
    with context.store.begin() as work:
        event_id = work.standing_id(event_id)
        standing_event(work, event_id, person, nothing_left="acknowledge")
        result = work.acknowledge(event_id, person_id, via, now)
        work.audit(person_id, "acknowledge", event_id, {"via": via, "is_first": result.is_first}, now)
        row = work.event_row(event_id)
        was_open = row is not None and row.state in {EventState.OPEN, EventState.NOTIFIED}
        is_enough = is_taken(work, event_id)
        if is_enough:
            work.cancel_jobs(event_id, (JobKind.ESCALATE,))
            if was_open:
                work.set_event_state(event_id, EventState.ACKNOWLEDGED)
        if result.is_first or (is_enough and was_open):
            owe_update(context, work, event_id, cause=f"acknowledged-{person_id}")
            _tell_covered(context, work, event_id, cause=f"acknowledged-{event_id}-{person_id}")
        if result.is_first:
            owe_draft_reminder(context, work, event_id, person_id)
    context.wake()
    return result


def mark_not_astrophysical(context: Context, event_id: str, person_id: str, via: str) -> None:
    """Mark an event as not astrophysical: nobody is asked about it any more.

    Raises
    ------
    NotAllowedError, ConflictError
        As `acknowledge`.
    """
    person = advocate(context, person_id)
    now = context.clock.now()
    with context.store.begin() as work:
        standing_event(work, event_id, person, nothing_left="acknowledge")
        work.acknowledge(event_id, person_id, via, now)
        work.cancel_jobs(event_id, (JobKind.ESCALATE, JobKind.DRAFT, JobKind.REMIND))
        void(work, event_id, f"{person.name} found the event not astrophysical")
        work.set_event_state(event_id, EventState.NOT_ASTROPHYSICAL)
        work.audit(person_id, "not_astrophysical", event_id, {"via": via}, now)
        owe_update(context, work, event_id, cause=f"not-astrophysical-{person_id}")
    context.wake()


def press(context: Context, action_id: str, event_id: str, person_id: str, via: str) -> str:
    """Do what a button asks, on the page or in chat; the words to answer with, empty for a link that was opened.

    Raises
    ------
    NotAllowedError, ConflictError
        As the action itself, or the button is not known.
    """
    with context.store.read() as work:
        event_id = work.standing_id(event_id)
    match action_id:
        case "acknowledge":
            return _words_of(context, acknowledge(context, event_id, person_id, via))
        case "not_astrophysical":
            mark_not_astrophysical(context, event_id, person_id, via)
            return f"Marked as not astrophysical by {advocate(context, person_id).name}."
        case "escalate":
            return escalate_now(context, event_id, person_id, via)
        case "snooze":
            return snooze(context, event_id, person_id, via)
        case "correction":
            return request_correction(context, event_id, person_id, via)
        case "open_draft" | "open_page":
            with context.store.begin() as work:
                work.audit(person_id, action_id, event_id, {"via": via}, context.clock.now())
            return ""
        case other:
            raise ConflictError(f"this button is not known: {other}")


def interact(context: Context, interaction: Interaction) -> str:
    """Do what a Slack button asks; the words to answer with.

    Raises
    ------
    NotAllowedError
        The Slack user is nobody in the registry.
    """
    person = context.people.by_slack_id(interaction.slack_user_id)
    if interaction.action_id == OPEN_PAGE and (person is None or not interaction.event_id):
        return ""  # whoever is in the channel may follow a link
    if person is None:
        raise NotAllowedError(f"Slack user {interaction.slack_user_id} is not in the registry of people")
    do = press_on_rota if interaction.action_id in BUTTONS else press
    return do(context, interaction.action_id, interaction.event_id, person.id, "slack")


def _words_of(context: Context, result: Acknowledgement) -> str:
    first = context.people.person(result.first_person_id)
    name = result.first_person_id if first is None else first.name
    if result.is_first:
        return f"Acknowledged by {name}."
    return f"Already acknowledged by {name} at {result.first_at_utc:%H:%M:%S} UTC."


def _tell_covered(context: Context, work: UnitOfWork, event_id: str, *, cause: str) -> None:
    """Owe word at the partners of an event that was taken: whoever looks at these sees who has them."""
    for one in telling_companions(work, event_id):
        if not work.acknowledgements(one.other_id) and not woke_somebody(work, one.other_id):
            owe_update(context, work, one.other_id, cause=cause, labels=[one.labels])
