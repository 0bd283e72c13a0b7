"""Approving: a named person edits a draft, or signs its exact text. Nothing here, or anywhere, submits to GCN."""

from advocates.approval import approved_sha256
from advocates.drafts import edited
from tocsin.domain.drafts import Draft, DraftKind, Severity
from tocsin.domain.errors import ConflictError, NotAllowedError
from tocsin.domain.events import EventState
from tocsin.domain.people import Person, PersonRole
from tocsin.store import EventRow, UnitOfWork
from tocsin.workflow.attach import visible_event
from tocsin.workflow.context import Context
from tocsin.workflow.draft_views import of_variant, standing_of
from tocsin.workflow.owing import owe_update
from tocsin.workflow.voiding import void

#: Longer texts are no circulars: GCN's e-mail copies are cut there.
MAX_BODY_CHARACTERS = 200_000
MAX_SUBJECT_CHARACTERS = 1000
#: What a draft action makes of an event; every other state stays.
_BEGUN = frozenset({EventState.ACKNOWLEDGED, EventState.APPROVED})
_SIGNED = frozenset({EventState.OPEN, EventState.NOTIFIED, EventState.ACKNOWLEDGED, EventState.DRAFTING})


def approve(
    context: Context, event_id: str, kind: DraftKind, revision: int, person_id: str, *, sha256: str, via: str
) -> Draft:
    """Approve the exact text of the newest revision of a draft; the draft approved.

    Parameters
    ----------
    context
        What the workflow works with.
    event_id, kind, revision
        Which draft.
    person_id
        Who signs.
    sha256
        Of the text that was read, see `advocates.approval.text_sha256`.
    via
        ``page`` or ``api``.

    Raises
    ------
    NotAllowedError
        The person may not approve, or nobody may: every reason is named. The refusal is kept in the audit.
    ConflictError
        There is a newer revision, or another text than the one that was read.
    """
    try:
        return _approve(context, event_id, kind, revision, person_id, sha256=sha256, via=via)
    except NotAllowedError as error:
        with context.store.begin() as work:
            detail = {"kind": kind.value, "revision": revision, "via": via, "reason": error.message}
            work.audit(person_id, "approval_refused", event_id, detail, context.clock.now())
        raise


def edit(
    context: Context,
    event_id: str,
    kind: DraftKind,
    revision: int,
    person_id: str,
    *,
    subject: str,
    body: str,
    via: str,
) -> Draft:
    """Keep a person's text as the next revision of a draft, linted; every approval of it is void.

    Parameters
    ----------
    context
        What the workflow works with.
    event_id, kind, revision
        The draft that was edited, in the revision that was seen.
    person_id
        Who writes.
    subject, body
        The text; line breaks as browsers send them become plain ones.
    via
        ``page`` or ``api``.

    Raises
    ------
    NotAllowedError
        The person is neither advocate nor approver.
    ConflictError
        There is no such draft, or a newer revision was made meanwhile.
    """
    person = _writer(context, person_id)
    subject, body = _clean(subject, body)
    now = context.clock.now()
    with context.store.begin() as work:
        draft, row = _asked(work, event_id, kind, revision, person)
        if row.is_retracted and kind is not DraftKind.RETRACTION:
            raise ConflictError(f"{row.name} was retracted; its drafts are closed")
        if (draft.subject, draft.body) == (subject, body):
            return draft
        made = edited(draft, subject=subject, body=body, author=person.id, made_utc=now)
        kept = work.add_draft(made)
        voided = void(work, event_id, f"the text was edited by {person.name}", kind=kind, labels=draft.labels)
        if row.state in _BEGUN:
            work.set_event_state(event_id, EventState.DRAFTING)
        detail = {"kind": kind.value, "revision": kept, "via": via, "voided": voided, "lint_errors": made.lint_errors}
        work.audit(person_id, "edit_draft", event_id, detail, now)
        owe_update(context, work, event_id, cause=f"edited-{kind.value}-{kept}")
        found = of_variant(work, draft)
    context.wake()
    return found[-1] if found else made


def _approve(
    context: Context, event_id: str, kind: DraftKind, revision: int, person_id: str, *, sha256: str, via: str
) -> Draft:
    person = _known(context, person_id)
    now = context.clock.now()
    with context.store.begin() as work:
        draft, row = _asked(work, event_id, kind, revision, person)
        standing = standing_of(context, work, draft, row)
        against = [one for one in standing.conflicts if one.severity is Severity.BLOCKING]
        if against:
            words = "; ".join(f"{one.rule}: {one.message}" for one in against)
            raise NotAllowedError(f"this draft cannot be approved: {words}")
        digest = approved_sha256(
            draft,
            row.state,
            person,
            is_test=row.is_test,
            labels=standing.labels,
            newest_utc=standing.newest_utc,
        )
        if digest != sha256:
            raise ConflictError("the text is not the one that was read", remedy="read it again and approve it")
        work.approve_draft(event_id, kind, revision, person_id, sha256, now)
        if row.state in _SIGNED:
            work.set_event_state(event_id, EventState.APPROVED)
        detail = {"kind": kind.value, "revision": revision, "via": via, "sha256": sha256}
        work.audit(person_id, "approve_draft", event_id, detail, now)
        owe_update(context, work, event_id, cause=f"approved-{kind.value}-{revision}-{person_id}")
    context.wake()
    return draft


def _asked(work: UnitOfWork, event_id: str, kind: DraftKind, revision: int, person: Person) -> tuple[Draft, EventRow]:
    """Draft and event asked for, under a lock: nobody else changes the drafts of the event meanwhile."""
    work.lock(f"drafts {event_id}")
    row = work.event_row(event_id)
    if row is None or visible_event(work, event_id, person.clearance) is None:
        raise ConflictError(f"there is no event {event_id}")
    found = [one for one in work.drafts(event_id, clearance=person.clearance) if one.kind is kind]
    draft = next((one for one in found if one.revision == revision), None)
    if draft is None:
        raise ConflictError(f"there is no revision {revision} of this draft", remedy="open the newest one")
    newest = max(one.revision for one in found if one.labels == draft.labels)
    if newest != revision:
        raise ConflictError(f"revision {revision} is not the newest: that is {newest}", remedy="open the newest one")
    return draft, row


def _known(context: Context, person_id: str) -> Person:
    person = context.people.person(person_id)
    if person is None:
        raise NotAllowedError(f"{person_id} is nobody in the registry of people")
    return person


def _writer(context: Context, person_id: str) -> Person:
    person = _known(context, person_id)
    if not person.roles & {PersonRole.ADVOCATE, PersonRole.APPROVER}:
        raise NotAllowedError(f"{person.name} is neither a burst advocate nor an approver")
    return person


def _clean(subject: str, body: str) -> tuple[str, str]:
    """Subject on one line, body with plain line breaks.

    Raises
    ------
    ConflictError
        One of them is empty, or far longer than any circular.
    """
    subject = " ".join(subject.split())
    body = body.replace("\r\n", "\n").replace("\r", "\n")
    if not subject or not body.strip():
        raise ConflictError("a circular needs a subject and a body", remedy="write them, or leave the draft as it is")
    if len(subject) > MAX_SUBJECT_CHARACTERS or len(body) > MAX_BODY_CHARACTERS:
        raise ConflictError("the text is far longer than any circular", remedy="shorten it")
    return subject, body
