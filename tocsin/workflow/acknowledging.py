"""Acknowledging, by any door: first writer wins in one transaction, and everybody sees it everywhere."""

from notifier.slack_interaction import Interaction
from tocsin.domain.errors import ConflictError, NotAllowedError
from tocsin.domain.events import EventState
from tocsin.domain.jobs import JobKind
from tocsin.domain.people import Acknowledgement, Person, PersonRole
from tocsin.store import UnitOfWork
from tocsin.workflow.attach import visible_event
from tocsin.workflow.context import Context
from tocsin.workflow.escalating import is_taken
from tocsin.workflow.owing import owe_update
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
    person = _advocate(context, person_id)
    now = context.clock.now()
    with context.store.begin() as work:
        _check_standing(work, event_id, person)
        result = work.acknowledge(event_id, person_id, via, now)
        work.audit(person_id, "acknowledge", event_id, {"via": via, "is_first": result.is_first}, now)
        if is_taken(work, event_id):
            work.cancel_jobs(event_id, (JobKind.ESCALATE,))
        if result.is_first:
            work.set_event_state(event_id, EventState.ACKNOWLEDGED)
            owe_update(context, work, event_id, cause=f"acknowledged-{person_id}")
    context.wake()
    return result


def _advocate(context: Context, person_id: str) -> Person:
    person = context.people.person(person_id)
    if person is None:
        raise NotAllowedError(f"{person_id} is nobody in the registry of people")
    if PersonRole.ADVOCATE not in person.roles:
        raise NotAllowedError(f"{person.name} is not a burst advocate")
    return person


def _check_standing(work: UnitOfWork, event_id: str, person: Person) -> None:
    event = visible_event(work, event_id, person.clearance)
    if event is None:
        raise ConflictError(f"there is no event {event_id}")
    if event.is_retracted:
        raise ConflictError(f"{event.name} was retracted; nothing is left to acknowledge")


def mark_not_astrophysical(context: Context, event_id: str, person_id: str, via: str) -> None:
    """Mark an event as not astrophysical: nobody is asked about it any more.

    Raises
    ------
    NotAllowedError, ConflictError
        As `acknowledge`.
    """
    person = _advocate(context, person_id)
    now = context.clock.now()
    with context.store.begin() as work:
        _check_standing(work, event_id, person)
        work.acknowledge(event_id, person_id, via, now)
        work.cancel_jobs(event_id, (JobKind.ESCALATE, JobKind.DRAFT))
        void(work, event_id, f"{person.name} found the event not astrophysical")
        work.set_event_state(event_id, EventState.NOT_ASTROPHYSICAL)
        work.audit(person_id, "not_astrophysical", event_id, {"via": via}, now)
        owe_update(context, work, event_id, cause=f"not-astrophysical-{person_id}")
    context.wake()


def interact(context: Context, interaction: Interaction) -> str:
    """Do what a Slack button asks; the words to answer with.

    Raises
    ------
    NotAllowedError
        The Slack user is nobody in the registry.
    """
    person = context.people.by_slack_id(interaction.slack_user_id)
    if person is None:
        raise NotAllowedError(f"Slack user {interaction.slack_user_id} is not in the registry of people")
    match interaction.action_id:
        case "acknowledge":
            result = acknowledge(context, interaction.event_id, person.id, "slack")
            if result.is_first:
                return f"Acknowledged by {person.name}."
            first = context.people.person(result.first_person_id)
            name = result.first_person_id if first is None else first.name
            return f"Already acknowledged by {name} at {result.first_at_utc:%H:%M:%S} UTC."
        case "not_astrophysical":
            mark_not_astrophysical(context, interaction.event_id, person.id, "slack")
            return f"Marked as not astrophysical by {person.name}."
        case other:
            raise ConflictError(f"this button is not known: {other}")
