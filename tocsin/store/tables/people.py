"""Tables of drafts, approvals, the audit, and small facts by name."""

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, UniqueConstraint

from tocsin.domain.drafts import DraftKind
from tocsin.store.columns import Choice, JsonText, Labels, PlainText, UtcTime
from tocsin.store.tables.base import event_link, metadata, row_number

meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", PlainText, nullable=False))

drafts = Table(
    "drafts",
    metadata,
    row_number(),
    event_link(),
    Column("kind", Choice(DraftKind), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("labels", Labels, nullable=False),
    Column("is_replay", Boolean, nullable=False),
    Column("author", PlainText, nullable=False),
    Column("made_utc", UtcTime, nullable=False),
    Column("record", JsonText, nullable=False),
    UniqueConstraint("event_id", "kind", "revision"),
    sqlite_autoincrement=True,
)

approvals = Table(
    "approvals",
    metadata,
    row_number(),
    event_link(),
    Column("kind", Choice(DraftKind), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("person_id", PlainText, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("at_utc", UtcTime, nullable=False),
    Column("voided_utc", UtcTime),
    Column("void_reason", PlainText),
    Index("ix_approvals_event", "event_id", "kind"),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    row_number(),
    Column("at_utc", UtcTime, nullable=False),
    Column("actor", PlainText, nullable=False),
    Column("action", PlainText, nullable=False),
    Column("subject", PlainText, nullable=False, index=True),
    Column("detail", JsonText, nullable=False),
    sqlite_autoincrement=True,
)

#: Tables whose rows are never changed or removed; triggers see to it.
APPEND_ONLY = ("audit", "decisions", "acknowledgements", "trials", "trial_outcomes", "event_links")
