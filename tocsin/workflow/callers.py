"""Callers: who may act on an event, and whether it is one that still stands."""

from tocsin.domain.errors import ConflictError, NotAllowedError
from tocsin.domain.events import Event
from tocsin.domain.people import Person, PersonRole
from tocsin.store import UnitOfWork
from tocsin.workflow.attach import visible_event
from tocsin.workflow.context import Context


def advocate(context: Context, person_id: str) -> Person:
    """Burst advocate of that id.

    Raises
    ------
    NotAllowedError
        Nobody is called so, or somebody who is no advocate.
    """
    person = context.people.person(person_id)
    if person is None:
        raise NotAllowedError(f"{person_id} is nobody in the registry of people")
    if PersonRole.ADVOCATE not in person.roles:
        raise NotAllowedError(f"{person.name} is not a burst advocate")
    return person


def standing_event(work: UnitOfWork, event_id: str, person: Person, *, nothing_left: str) -> Event:
    """Event as the person may see it.

    Raises
    ------
    ConflictError
        It is unknown to them, or retracted: then `nothing_left` says what cannot be done any more.
    """
    event = visible_event(work, event_id, person.clearance)
    if event is None:
        raise ConflictError(f"there is no event {event_id}")
    if event.is_retracted:
        raise ConflictError(f"{event.name} was retracted; nothing is left to {nothing_left}")
    return event


def check_reason(reason: str) -> None:
    """Refuse what a person does without saying why.

    Raises
    ------
    ConflictError
        No reason is given.
    """
    if not reason.strip():
        raise ConflictError("no reason is given", remedy="say in a few words why: it is kept in the audit")
