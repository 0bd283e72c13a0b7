"""Tables of owed work, messages and acknowledgements."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Table, Text, text

from tocsin.domain.jobs import JobKind, JobState
from tocsin.domain.people import MessagePurpose
from tocsin.store.columns import Choice, JsonText, PlainText, UtcTime
from tocsin.store.rows import MessageState
from tocsin.store.tables.base import event_link, metadata, row_number

#: Condition of a partial index, which queries repeat word by word.
WORK_AHEAD = "state IN ('waiting', 'leased')"

jobs = Table(
    "jobs",
    metadata,
    row_number(),
    Column("kind", Choice(JobKind), nullable=False),
    Column("key", PlainText, nullable=False, unique=True),
    event_link(nullable=True),
    Column("due_utc", UtcTime, nullable=False),
    Column("payload", JsonText, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("state", Choice(JobState), nullable=False),
    Column("lease_until_utc", UtcTime),
    Column("worker", PlainText),
    Column("last_error", PlainText),
    Column("created_utc", UtcTime, nullable=False),
    Column("updated_utc", UtcTime, nullable=False),
    Index("ix_jobs_event", "event_id"),
    CheckConstraint("(state = 'leased') = (lease_until_utc IS NOT NULL)", name="leased_until"),
    sqlite_autoincrement=True,
)
#: Work ahead only: stays small however much was ever done.
Index(
    "ix_jobs_ahead",
    jobs.c.kind,
    jobs.c.state,
    jobs.c.due_utc,
    sqlite_where=text(WORK_AHEAD),
    postgresql_where=text(WORK_AHEAD),
)

messages = Table(
    "messages",
    metadata,
    row_number(),
    Column("key", PlainText, nullable=False, unique=True),
    event_link(),
    Column("channel", Text, nullable=False),
    Column("purpose", Choice(MessagePurpose), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("card", JsonText, nullable=False),
    Column("replaces", Text),
    Column("state", Choice(MessageState), nullable=False),
    Column("created_utc", UtcTime, nullable=False),
    Column("sent_utc", UtcTime),
    Column("reference", PlainText),
    Column("error", PlainText),
    Column("audience", JsonText),
    Index("ix_messages_event", "event_id", "channel", "recipient"),
    sqlite_autoincrement=True,
)

acknowledgements = Table(
    "acknowledgements",
    metadata,
    row_number(),
    event_link(),
    Column("person_id", PlainText, nullable=False),
    Column("via", Text, nullable=False),
    Column("at_utc", UtcTime, nullable=False),
    Column("is_first", Boolean, nullable=False),
    Index("ix_acknowledgements_event", "event_id"),
    sqlite_autoincrement=True,
)
Index(
    "uq_acknowledgements_first",
    acknowledgements.c.event_id,
    unique=True,
    sqlite_where=text("is_first"),
    postgresql_where=text("is_first"),
)
