"""Owed work: jobs with unique keys, due times and leases; a job done twice must not show twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class JobKind(StrEnum):
    """What is owed."""

    SEND = "send"
    ESCALATE = "escalate"
    REMIND = "remind"
    ANNOUNCE = "announce"
    FETCH = "fetch"
    SEARCH = "search"
    TRIANGULATE = "triangulate"
    DRAFT = "draft"
    REHEARSE = "rehearse"
    PICTURE = "picture"


class JobState(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A piece of owed work.

    Parameters
    ----------
    id
        Row number.
    kind, key
        `key` is unique: owing the same thing twice is owing it once.
    event_id
        Event it is for.
    due_utc
        Not before this time.
    payload
        JSON-able arguments.
    attempts
        How often it was begun.
    worker
        Who began it last; None where it was put off since.
    state, last_error
        Where it stands.
    created_utc
        When it was first owed.
    lease_s
        How long it is its worker's from when it was claimed; None for one that was not claimed.
    """

    id: int
    kind: JobKind
    key: str
    event_id: str | None
    due_utc: datetime
    payload: Mapping[str, Any]
    attempts: int = 0
    worker: str | None = None
    state: JobState = JobState.WAITING
    last_error: str | None = None
    created_utc: datetime | None = None
    lease_s: float | None = None
