"""Correcting: a person calls what we published wrong, and a correction is drafted."""

from tocsin.domain.errors import ConflictError
from tocsin.workflow.callers import advocate, standing_event
from tocsin.workflow.circulars import own_circulars
from tocsin.workflow.context import Context
from tocsin.workflow.draft_kinds import ask_for_correction
from tocsin.workflow.owing import owe_draft


def request_correction(context: Context, event_id: str, person_id: str, via: str) -> str:
    """Have a correction of our circulars drafted; words for who asked.

    Raises
    ------
    NotAllowedError
        Not an advocate.
    ConflictError
        The event is unknown or retracted, or we have sent no circular about it.
    """
    person, now = advocate(context, person_id), context.clock.now()
    with context.store.begin() as work:
        standing_event(work, event_id, person, nothing_left="correct")
        if not own_circulars(work, event_id):
            raise ConflictError("no circular of ours about this event has been seen on GCN")
        numbers = ask_for_correction(work, event_id, person_id)
        owe_draft(context, work, event_id, cause=f"correction-{person_id}-{now:%Y%m%dT%H%M%S}")
        work.audit(person_id, "ask_for_correction", event_id, {"via": via, "of": numbers}, now)
    context.wake()
    return f"A correction of {numbers} is being drafted."
