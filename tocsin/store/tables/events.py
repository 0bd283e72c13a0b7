"""Tables of events and of the decisions on them."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, SmallInteger, Table, Text

from tocsin.domain.events import EventKind, EventState
from tocsin.store.columns import Choice, JsonText, Labels, PlainText, UtcTime
from tocsin.store.tables.base import ROW_NUMBER, event_link, metadata, row_number

events = Table(
    "events",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", PlainText, nullable=False),
    Column("kind", Choice(EventKind), nullable=False),
    Column("t0_utc", UtcTime, index=True),
    Column("sort_utc", UtcTime, nullable=False),
    Column("tier", SmallInteger, nullable=False),
    Column("state", Choice(EventState), nullable=False),
    Column("is_test", Boolean, nullable=False),
    Column("is_retracted", Boolean, nullable=False),
    Column("is_replay", Boolean, nullable=False),
    Column("labels", Labels, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_utc", UtcTime, nullable=False),
    Column("updated_utc", UtcTime, nullable=False),
    Column("first_page_ms", Float),
    Column("summary", JsonText, nullable=False),
    Index("ix_events_newest", "sort_utc", "id"),
)

#: An event as computed from the notices of one audience, where that is not everybody's.
event_views = Table(
    "event_views",
    metadata,
    Column("event_id", Text, ForeignKey("events.id"), primary_key=True),
    Column("audience", Labels, primary_key=True),
    Column("name", PlainText, nullable=False),
    Column("kind", Choice(EventKind), nullable=False),
    Column("t0_utc", UtcTime),
    Column("tier", SmallInteger, nullable=False),
    Column("is_test", Boolean, nullable=False),
    Column("is_retracted", Boolean, nullable=False),
    Column("labels", Labels, nullable=False),
    Column("summary", JsonText, nullable=False),
)

event_aliases = Table(
    "event_aliases",
    metadata,
    Column("alias", PlainText, primary_key=True),
    Column("event_id", Text, ForeignKey("events.id", deferrable=True, initially="DEFERRED"), primary_key=True),
    Index("ix_event_aliases_event", "event_id"),
)

decisions = Table(
    "decisions",
    metadata,
    row_number(),
    event_link(),
    Column("notice_key", ROW_NUMBER, ForeignKey("notices.key")),
    Column("at_utc", UtcTime, nullable=False),
    Column("tier", SmallInteger, nullable=False),
    Column("rule", PlainText, nullable=False),
    Column("record", JsonText, nullable=False),
    Index("ix_decisions_event", "event_id"),
    sqlite_autoincrement=True,
)
