"""The store: everything received, decided, computed, sent and approved, in SQLite or PostgreSQL.

It keeps and finds; it decides nothing, sends nothing and never asks for the time.
"""

from tocsin.store.drafts import draft_sha256
from tocsin.store.rows import (
    ApprovalRow,
    AuditRow,
    DecisionRow,
    EventRow,
    FeedRow,
    JobCount,
    LinkKind,
    LinkRow,
    MessageCounts,
    MessageRow,
    MessageState,
    NoticeCounts,
    NoticeRow,
    NoticeStatus,
    OwnerTaskRow,
    QuarantineRow,
    RawKept,
    SourcePosition,
    TimelineRow,
    TrialRow,
)
from tocsin.store.store import Store
from tocsin.store.unit_of_work import UnitOfWork

__all__ = [
    "ApprovalRow",
    "AuditRow",
    "DecisionRow",
    "EventRow",
    "FeedRow",
    "JobCount",
    "LinkKind",
    "LinkRow",
    "MessageCounts",
    "MessageRow",
    "MessageState",
    "NoticeCounts",
    "NoticeRow",
    "NoticeStatus",
    "OwnerTaskRow",
    "QuarantineRow",
    "RawKept",
    "SourcePosition",
    "Store",
    "TimelineRow",
    "TrialRow",
    "UnitOfWork",
    "draft_sha256",
]
