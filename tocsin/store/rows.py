"""What the store hands out: one frozen row per kind of question."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from tocsin.domain.drafts import DraftKind
from tocsin.domain.events import Decision, EventKind, EventState, Tier
from tocsin.domain.jobs import JobKind, JobState
from tocsin.domain.people import OutgoingMessage


class NoticeStatus(StrEnum):
    """Where a stored notice stands."""

    RECEIVED = "received"
    DECODED = "decoded"
    QUARANTINED = "quarantined"
    UNDECODED = "undecoded"


class MessageState(StrEnum):
    """Where an outgoing message stands."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawKept:
    """What became of received bytes.

    Parameters
    ----------
    key
        Number of the notice that holds these bytes, whether they are new or not.
    is_new
        False when the same bytes were stored before, on this or another road.
    duplicate_of
        Number of the notice stored before; None for new bytes.
    """

    key: int
    is_new: bool
    duplicate_of: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """A stored notice.

    Parameters
    ----------
    key
        Number; grows with reception.
    record
        What was decoded, empty until it is.
    event_id
        Event it belongs to.
    received_utc
        First reception.
    raw_sha256
        Digest of the bytes.
    status
        See `NoticeStatus`.
    topic
        Topic of the first reception, which some decoders need.
    stream, notice_type, notice_id, is_test, labels, issued_utc
        As decoded; None (or empty) until then.
    reason
        Why it is quarantined or could not be handled.
    """

    key: int
    record: Mapping[str, Any]
    event_id: str | None
    received_utc: datetime
    raw_sha256: str
    status: NoticeStatus
    topic: str | None = None
    stream: str | None = None
    notice_type: str | None = None
    notice_id: str | None = None
    is_test: bool = False
    labels: frozenset[str] = frozenset()
    issued_utc: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeText:
    """A decoded notice with its record as the JSON text that is stored."""

    key: int
    received_utc: datetime
    raw_sha256: str
    record_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineRow:
    """A quarantined notice: why, and where its bytes are."""

    key: int
    topic: str | None
    transport: str
    origin: str
    received_utc: datetime
    raw_sha256: str
    size_bytes: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePosition:
    """One reception of a notice's bytes: by which road, from where, when."""

    notice_key: int
    transport: str
    origin: str
    topic: str | None
    partition: int | None
    offset: int | None
    received_utc: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSign:
    """Last word of a feed, or of one topic of it: its state, when it said so, and why."""

    feed: str
    topic: str | None
    state: str
    message: str
    at_utc: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """Figures of one Kafka topic, or of one stream for what came without a topic.

    Parameters
    ----------
    topic_or_stream
        Topic; else the stream decoded; else (not yet decoded) the transport.
    last_received_utc
        Last reception.
    received, stored, duplicates
        Receptions; of these with bytes never seen before; of these with bytes seen before.
    quarantined, unknown
        Stored notices that are quarantined, or of a type not decoded.
    gaps, missing
        How often offsets were passed over, and how many.
    replays
        Messages read again after they had been stored.
    lag, lag_utc
        Messages the broker held behind the last one read, and when it said so; None for what is no Kafka topic.
    """

    topic_or_stream: str
    last_received_utc: datetime
    received: int
    stored: int
    duplicates: int
    quarantined: int
    unknown: int
    gaps: int = 0
    missing: int = 0
    replays: int = 0
    lag: int | None = None
    lag_utc: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFirst:
    """Of what came by a topic, how much came before by roads that not everybody may know of."""

    stored: int
    quarantined: int
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeCounts:
    """Totals: ``received == stored + duplicates``; `undecoded` waits for handling or failed in it."""

    received: int
    stored: int
    duplicates: int
    quarantined: int
    unknown: int
    undecoded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An event as stored, as far as the asker may see it.

    Parameters
    ----------
    id, name, kind, t0_utc, tier, is_test, is_retracted, labels, summary_record
        As computed from the notices the asker may see, where such a view was saved.
    state, first_page_ms, is_replay, revision, created_utc, updated_utc
        Of the event as such.
    is_partial
        True where notices outside the asker's clearance belong to the event. If no view was saved for the asker's
        clearance, `summary_record` is then empty, `name` is the id and `tier` the quietest: to be computed from
        `UnitOfWork.notice_rows` with the same clearance.
    """

    id: str
    name: str
    kind: EventKind
    t0_utc: datetime | None
    tier: Tier
    state: EventState
    is_test: bool
    is_retracted: bool
    is_replay: bool
    labels: frozenset[str]
    revision: int
    created_utc: datetime
    updated_utc: datetime
    first_page_ms: float | None
    summary_record: Mapping[str, Any]
    is_partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """A decision, the notice that led to it, and when it was taken.

    Parameters
    ----------
    event_id, notice_key, decision, at_utc
        As they were kept.
    labels
        Of all notices it was decided from: who may not see these, may not read it.
    variant
        Which of the decisions of the same moment it is; the first is the narrowest audience's.
    wider
        Labels of those of the same moment that were taken for wider audiences, where they were asked for.
    """

    event_id: str
    notice_key: int | None
    decision: Decision
    at_utc: datetime
    labels: frozenset[str] = frozenset()
    variant: int = 0
    wider: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCount:
    """Number of jobs of one kind in one state, and the oldest due time among them."""

    kind: JobKind
    state: JobState
    count: int
    oldest_due_utc: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """A message and what became of it.

    Parameters
    ----------
    message
        As it was handed in.
    state
        See `MessageState`.
    created_utc, sent_utc
        When it was written, when the channel took it.
    reference
        What the channel calls it.
    error
        Last failure.
    """

    message: OutgoingMessage
    state: MessageState
    created_utc: datetime
    sent_utc: datetime | None
    reference: str | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCounts:
    """Messages by state; pages (first ones and escalations) sent; pages written for test events, which must be 0."""

    pending: int
    sent: int
    failed: int
    pages: int
    pages_for_tests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRow:
    """Who approved which text of a draft, and whether that still holds (`voided_utc` is None)."""

    event_id: str
    kind: DraftKind
    revision: int
    person_id: str
    sha256: str
    at_utc: datetime
    voided_utc: datetime | None
    void_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One line of the audit: who did what to what, when."""

    at_utc: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """One moment in the life of an event: `kind` names the table it is from, `text` is for people."""

    at_utc: datetime
    kind: str
    text: str
    detail: Mapping[str, Any]


class LinkKind(StrEnum):
    """What was found of two events."""

    MERGED = "merged"
    APART = "apart"
    FREE = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """Two events that are one (`event_id` was merged into `other_id`), must stay two, or may meet again."""

    kind: LinkKind
    event_id: str
    other_id: str
    actor: str
    reason: str
    at_utc: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """A trial as it was declared, with its newest outcome (None: not concluded)."""

    key: str
    kind: str
    event_id: str | None
    subject: str
    labels: frozenset[str]
    declared_utc: datetime
    declaration: Mapping[str, Any]
    outcome: Mapping[str, Any] | None
    concluded_utc: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerTaskRow:
    """An owner of restricted data to be told of a result; done once `done_utc` says when."""

    id: int
    event_id: str
    label: str
    owner: str
    about: str
    made_utc: datetime
    due_utc: datetime
    done_utc: datetime | None
    done_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """Requests of a token (empty: anonymous) on a day at one kind of door."""

    token_id: str
    day: str
    door: str
    requests: int
