"""Tables of those outside: tokens, sign-ins, what they computed, what they are told; and the narrow index of events."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, LargeBinary, SmallInteger, Table, Text, text

from tocsin.store.columns import JsonText, Labels, PlainText, UtcTime
from tocsin.store.tables.base import metadata, row_number

#: Conditions of partial indexes, which queries repeat word by word.
UNDELIVERED = "done_utc IS NULL"
RESTRICTED_EVENTS = "labels <> '[]'"

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", PlainText, nullable=False),
    Column("secret_sha256", Text, nullable=False, unique=True),
    Column("scopes", JsonText, nullable=False),
    Column("clearance", Labels, nullable=False),
    Column("person_id", PlainText),
    Column("per_minute", Integer, nullable=False),
    Column("created_utc", UtcTime, nullable=False),
    Column("expires_utc", UtcTime, nullable=False),
    Column("revoked_utc", UtcTime),
)

#: Requests by token (empty: anonymous), day and kind of door.
api_usage = Table(
    "api_usage",
    metadata,
    Column("token_id", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("door", Text, primary_key=True),
    Column("requests", BigInteger, nullable=False),
)

#: How many requests a token may still make at once, and as of when; all processes take from it.
api_quotas = Table(
    "api_quotas",
    metadata,
    Column("token_id", Text, primary_key=True),
    Column("level", Float, nullable=False),
    Column("at_utc", UtcTime, nullable=False),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("secret_sha256", Text, primary_key=True),
    Column("person_id", PlainText, nullable=False),
    Column("created_utc", UtcTime, nullable=False),
    Column("expires_utc", UtcTime, nullable=False),
)

#: Not bound to `events` by a key: written at the end of every transaction, whatever became of it.
event_changes = Table(
    "event_changes",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", Text, nullable=False),
    Column("labels", Labels, nullable=False),
    Column("at_utc", UtcTime, nullable=False),
    Index("ix_event_changes_event", "event_id", "id"),
)

#: What lists are filtered by, one narrow row for each event, in the order of lists: read from its end, or whole.
event_index = Table(
    "event_index",
    metadata,
    Column("sort_utc", UtcTime, primary_key=True, autoincrement=False),
    Column("event_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("tier", SmallInteger, nullable=False),
    Column("is_test", Boolean, nullable=False),
    Column("labels", Labels, nullable=False),
    Column("streams", PlainText, nullable=False),
    Column("messengers", PlainText, nullable=False),
    Column("classes", PlainText, nullable=False),
    Column("instruments", PlainText, nullable=False),
    Column("words", PlainText, nullable=False),
    Column("x", Float),
    Column("y", Float),
    Column("z", Float),
    Index("uq_event_index_event_id", "event_id", unique=True),
    Index("ix_event_index_place", "z", "x", "y", "labels", "sort_utc", "event_id"),
    Index(
        "ix_event_index_restricted",
        "event_id",
        "labels",
        sqlite_where=text(RESTRICTED_EVENTS),
        postgresql_where=text(RESTRICTED_EVENTS),
    ),
    sqlite_with_rowid=False,
)

computations = Table(
    "computations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("labels", Labels, nullable=False),
    Column("made_utc", UtcTime, nullable=False),
    Column("content", JsonText, nullable=False),
    Column("blob", LargeBinary),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", PlainText, nullable=False),
    Column("url", PlainText, nullable=False),
    Column("secret", Text, nullable=False),
    Column("clearance", Labels, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("created_utc", UtcTime, nullable=False),
    Column("revoked_utc", UtcTime),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    row_number(),
    Column("webhook_id", Text, nullable=False),
    Column("change_id", BigInteger, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("body", PlainText, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_utc", UtcTime, nullable=False),
    Column("done_utc", UtcTime),
    Column("status", Integer),
    Column("error", PlainText),
    Index("uq_webhook_deliveries_webhook_id_change_id", "webhook_id", "change_id", unique=True),
    sqlite_autoincrement=True,
)
Index(
    "ix_webhook_deliveries_due",
    webhook_deliveries.c.due_utc,
    sqlite_where=text(UNDELIVERED),
    postgresql_where=text(UNDELIVERED),
)
