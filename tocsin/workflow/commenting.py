"""Comments on drafts: what people say to each other of a text, kept with the revision they read; nothing is changed."""

from dataclasses import dataclass
from datetime import datetime

from tocsin.domain.drafts import DraftKind
from tocsin.domain.errors import ConflictError, NotAllowedError
from tocsin.store import UnitOfWork
from tocsin.workflow.callers import standing_event
from tocsin.workflow.context import Context

ACTION = "draft_comment"
MAX_CHARACTERS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What somebody said of a revision."""

    person_id: str
    revision: int
    at_utc: datetime
    text: str


def comment(
    context: Context, event_id: str, kind: DraftKind, revision: int, person_id: str, *, text: str, via: str
) -> None:
    """Keep what a person says of a revision of a draft.

    Raises
    ------
    NotAllowedError
        The person is nobody in the registry.
    ConflictError
        There is no such draft for them, or nothing, or too much, is said.
    """
    person, now = context.people.person(person_id), context.clock.now()
    if person is None:
        raise NotAllowedError(f"{person_id} is nobody in the registry of people")
    words = text.strip()
    if not 0 < len(words) <= MAX_CHARACTERS:
        raise ConflictError(f"a comment has 1 to {MAX_CHARACTERS} characters")
    with context.store.begin() as work:
        standing_event(work, event_id, person, nothing_left="comment on")
        drafts = work.drafts(event_id, clearance=person.clearance)
        if not any(one.kind is kind and one.revision == revision for one in drafts):
            raise ConflictError(f"there is no revision {revision} of this draft")
        detail = {"kind": kind.value, "revision": revision, "text": words, "via": via}
        work.audit(person.id, ACTION, event_id, detail, now)


def comments_on(work: UnitOfWork, event_id: str, kind: DraftKind, revisions: frozenset[int]) -> tuple[Comment, ...]:
    """Comments on the revisions of a draft that the asker may see, oldest first."""
    return tuple(
        Comment(
            person_id=line.actor,
            revision=int(line.detail["revision"]),
            at_utc=line.at_utc,
            text=str(line.detail["text"]),
        )
        for line in work.audit_rows(event_id)
        if line.action == ACTION and line.detail.get("kind") == kind.value and line.detail.get("revision") in revisions
    )
