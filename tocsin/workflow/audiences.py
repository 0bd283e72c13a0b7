"""Audiences: what a channel, and a person reached by it, may see; and who of the people asked for may know at all."""

from collections.abc import Sequence

from tocsin.domain.people import Person, PersonRole
from tocsin.store import UnitOfWork
from tocsin.workflow.context import Context, Door


def clearance_at(context: Context, door: Door, recipient: str) -> frozenset[str]:
    """Labels that a message at a door may show: the door's, and on a road to one person no more than that person's."""
    if door.is_shared:
        return door.clearance
    person = context.people.person(recipient)
    return frozenset() if person is None else door.clearance & person.clearance


def may_be_told(context: Context, work: UnitOfWork, door: Door, event_id: str, person: Person) -> bool:
    """Whether anything of an event may be shown to a person at a door."""
    return work.event_row(event_id, clearance=clearance_at(context, door, person.id)) is not None


def cleared(
    context: Context, work: UnitOfWork, door: Door, event_id: str, people: Sequence[Person]
) -> tuple[Person, ...]:
    """Those of `people` who may know of an event at a door or, where none of them may, all advocates who may.

    Nobody is told what they may not see; and an event that only some may see still wakes one of these.
    """
    if door.is_shared:
        return tuple(people)
    found = tuple(person for person in people if may_be_told(context, work, door, event_id, person))
    if found or not people:
        return found
    advocates = context.people.with_role(PersonRole.ADVOCATE)
    return tuple(person for person in advocates if may_be_told(context, work, door, event_id, person))
