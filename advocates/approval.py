"""Approval and hand-over of circulars: a named person signs the exact text. Pure; Tocsin never submits one."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlencode

from advocates.lint import lint_draft
from tocsin.domain.drafts import FOLLOW_UPS, Draft, DraftKind, Severity
from tocsin.domain.errors import NotAllowedError
from tocsin.domain.events import EventState
from tocsin.domain.people import Person, PersonRole

PREFILL_URL = "https://gcn.nasa.gov/circulars/new"
#: Browsers and servers cut longer links; the text is then copied by hand.
MAX_LINK_CHARACTERS = 8000
_CLOSED_TO_APPROVAL = {
    EventState.RETRACTED: "the event is retracted",
    EventState.NOT_ASTROPHYSICAL: "the event is not astrophysical",
    EventState.MERGED: "the event was merged into another",
    EventState.CLOSED: "the event is closed",
}


def text_sha256(subject: str, body: str) -> str:
    """Hex digest of the exact text that is signed: subject, an empty line, body, in UTF-8."""
    return hashlib.sha256(f"{subject}\n\n{body}".encode()).hexdigest()


def approve_check(
    draft: Draft,
    state: EventState,
    person: Person,
    *,
    is_test: bool = False,
    labels: Iterable[str] = (),
    newest_utc: datetime | None = None,
) -> tuple[str, ...]:
    """Why this person may not approve this draft now; empty where they may.

    Parameters
    ----------
    draft
        As it stands: it is linted afresh.
    state, is_test
        Of its event.
    person
        Who wants to sign.
    labels
        Restrictions the draft carries: a public circular carries none.
    newest_utc
        When the newest notice or product of the event was made.
    """
    reasons = () if PersonRole.APPROVER in person.roles else (f"{person.name} is no approver",)
    return reasons + obstacles(draft, state, is_test=is_test, labels=labels, newest_utc=newest_utc)


def obstacles(
    draft: Draft,
    state: EventState,
    *,
    is_test: bool = False,
    labels: Iterable[str] = (),
    newest_utc: datetime | None = None,
) -> tuple[str, ...]:
    """Why nobody may approve this draft now; empty where an approver may.

    Parameters
    ----------
    draft, state, is_test, labels, newest_utc
        As for `approve_check`.
    """
    reasons = []
    if state in _CLOSED_TO_APPROVAL and not _is_answer_to(draft.kind, state):
        reasons.append(_CLOSED_TO_APPROVAL[state])
    if draft.is_replay:
        reasons.append("it is made from replayed or simulated notices")
    if is_test:
        reasons.append("the event is a test")
    if restricted := sorted(labels):
        reasons.append(f"it is made from restricted input: {', '.join(restricted)}")
    found = [item for item in lint_draft(draft, newest_utc=newest_utc) if item.severity is Severity.BLOCKING]
    reasons += [f"{item.rule} ({item.place}): {item.message}" for item in found]
    return tuple(reasons)


def may_ever_be_signed(draft: Draft, state: EventState) -> bool:
    """Whether an approver may sign it as its event stands, once no finding blocks it: no replay, nothing restricted."""
    is_open = state not in _CLOSED_TO_APPROVAL or _is_answer_to(draft.kind, state)
    return is_open and not draft.is_replay and not draft.labels


def _is_answer_to(kind: DraftKind, state: EventState) -> bool:
    """Whether a circular of that kind is what the state calls for."""
    if kind is DraftKind.RETRACTION:
        return True
    return kind in FOLLOW_UPS and state is EventState.CLOSED


def approved_sha256(
    draft: Draft,
    state: EventState,
    person: Person,
    *,
    is_test: bool = False,
    labels: Iterable[str] = (),
    newest_utc: datetime | None = None,
) -> str:
    """Digest of the text this person approves.

    Parameters
    ----------
    draft, state, person, is_test, labels, newest_utc
        As for `approve_check`.

    Raises
    ------
    NotAllowedError
        The draft may not be approved: every reason is named.
    """
    reasons = approve_check(draft, state, person, is_test=is_test, labels=labels, newest_utc=newest_utc)
    if reasons:
        raise NotAllowedError(f"this draft cannot be approved: {'; '.join(reasons)}")
    return text_sha256(draft.subject, draft.body)


def is_still_approved(draft: Draft, approved: str) -> bool:
    """Whether the text is, to the letter, the one that was approved."""
    return text_sha256(draft.subject, draft.body) == approved


def prefill_link(draft: Draft, *, is_test: bool = False, labels: Iterable[str] = ()) -> str | None:
    """Link that opens GCN's own form with the text in it; a person presses the button there.

    None for replays, tests, restricted drafts, drafts with blocking findings, and texts too long for a link.
    """
    if draft.is_replay or is_test or frozenset(labels) or lint_errors(draft):
        return None
    query = urlencode({"subject": draft.subject, "body": draft.body, "format": "text/plain"})
    link = f"{PREFILL_URL}?{query}"
    return link if len(link) <= MAX_LINK_CHARACTERS else None


def lint_errors(draft: Draft) -> int:
    """Number of blocking findings of the draft as it stands."""
    return sum(item.severity is Severity.BLOCKING for item in lint_draft(draft))


def exported(draft: Draft, *, is_approved: bool) -> str:
    """Text for a file or mail; an unapproved subject says DRAFT, which GCN refuses to accept."""
    word = "" if is_approved else "DRAFT "
    replay = "REPLAY " if draft.is_replay else ""
    return f"{word}{replay}{draft.subject}\n\n{draft.body}\n"
