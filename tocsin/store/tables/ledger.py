"""Tables of trials declared and concluded, of events joined or kept apart, and of owners to be told."""

from sqlalchemy import Column, Index, Text, UniqueConstraint
from sqlalchemy import Table as SqlTable

from tocsin.store.columns import JsonText, Labels, PlainText, UtcTime
from tocsin.store.tables.base import event_link, metadata, row_number

#: What was going to be looked at, written before it was looked at.
trials = SqlTable(
    "trials",
    metadata,
    row_number(),
    Column("key", PlainText, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    event_link(nullable=True),
    Column("subject", PlainText, nullable=False),
    Column("labels", Labels, nullable=False),
    Column("declared_utc", UtcTime, nullable=False),
    Column("declaration", JsonText, nullable=False),
    Index("ix_trials_event", "event_id"),
    Index("ix_trials_kind", "kind", "declared_utc"),
    sqlite_autoincrement=True,
)

#: What came of it: once, or again where the same question was asked of newer data.
trial_outcomes = SqlTable(
    "trial_outcomes",
    metadata,
    row_number(),
    Column("trial_key", PlainText, nullable=False, index=True),
    Column("at_utc", UtcTime, nullable=False),
    Column("outcome", JsonText, nullable=False),
    sqlite_autoincrement=True,
)

#: Two events that are one (`event_id` was merged into `other_id`), or must stay two, and who said so.
event_links = SqlTable(
    "event_links",
    metadata,
    row_number(),
    Column("kind", Text, nullable=False),
    event_link(),
    Column("other_id", Text, nullable=False, index=True),
    Column("actor", PlainText, nullable=False),
    Column("reason", PlainText, nullable=False),
    Column("at_utc", UtcTime, nullable=False),
    Index("ix_event_links_event", "event_id"),
    sqlite_autoincrement=True,
)

#: An owner of restricted data to be told of what was made from them.
owner_tasks = SqlTable(
    "owner_tasks",
    metadata,
    row_number(),
    event_link(),
    Column("label", PlainText, nullable=False),
    Column("owner", PlainText, nullable=False),
    Column("about", PlainText, nullable=False),
    Column("made_utc", UtcTime, nullable=False),
    Column("due_utc", UtcTime, nullable=False),
    Column("done_utc", UtcTime),
    Column("done_by", PlainText),
    UniqueConstraint("event_id", "label"),
    sqlite_autoincrement=True,
)
