"""The store: everything received, decided, computed, sent and approved, in SQLite or PostgreSQL.

It keeps and finds; it decides nothing, sends nothing and never asks for the time.
"""

from tocsin.store.computations import Computation
from tocsin.store.drafts import draft_sha256
from tocsin.store.event_index import CLASS_SHARE, EventSelection, SkyRegion
from tocsin.store.pooling import Pooling
from tocsin.store.rows import (
    ApprovalRow,
    AuditRow,
    DecisionRow,
    EventRow,
    FeedRow,
    FeedSign,
    JobCount,
    LinkKind,
    LinkRow,
    MessageCounts,
    MessageRow,
    MessageState,
    NoticeCounts,
    NoticeRow,
    NoticeStatus,
    NoticeText,
    OwnerTaskRow,
    QuarantineRow,
    RawKept,
    SeenFirst,
    SourcePosition,
    TimelineRow,
    TrialRow,
    UsageRow,
)
from tocsin.store.store import Store
from tocsin.store.turns import Haste
from tocsin.store.unit_of_work import UnitOfWork
from tocsin.store.webhooks import Delivery, Webhook

__all__ = [
    "CLASS_SHARE",
    "ApprovalRow",
    "AuditRow",
    "Computation",
    "DecisionRow",
    "Delivery",
    "EventRow",
    "EventSelection",
    "FeedRow",
    "FeedSign",
    "Haste",
    "JobCount",
    "LinkKind",
    "LinkRow",
    "MessageCounts",
    "MessageRow",
    "MessageState",
    "NoticeCounts",
    "NoticeRow",
    "NoticeStatus",
    "NoticeText",
    "OwnerTaskRow",
    "Pooling",
    "QuarantineRow",
    "RawKept",
    "SeenFirst",
    "SkyRegion",
    "SourcePosition",
    "Store",
    "TimelineRow",
    "TrialRow",
    "UnitOfWork",
    "UsageRow",
    "Webhook",
    "draft_sha256",
]
