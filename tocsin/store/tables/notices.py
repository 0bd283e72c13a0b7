"""Tables of what was received and read."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from tocsin.store.columns import Choice, JsonText, Labels, PlainText, UtcTime
from tocsin.store.rows import NoticeStatus
from tocsin.store.tables.base import ROW_NUMBER, event_link, metadata, row_number

#: Conditions of partial indexes, which queries repeat word by word.
QUARANTINED_NOTICES = "status = 'quarantined'"
UNKNOWN_NOTICES = "notice_type = 'unknown'"
POINTING_NOTICES = "notice_type IN ('INTEGRAL_POINTDIR', 'SWIFT_ACTUAL_POINTDIR', 'SWIFT_POINTDIR')"
OPEN_NOTICES = "status IN ('received', 'undecoded')"

#: Every set of labels in use but the empty one: a handful of rows, from which the visible sets are picked.
label_sets = Table("label_sets", metadata, Column("labels", Labels, primary_key=True))

raw_blobs = Table(
    "raw_blobs",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("key", ROW_NUMBER, primary_key=True, autoincrement=True),
    Column("raw_sha256", Text, ForeignKey("raw_blobs.sha256"), nullable=False, unique=True),
    Column("received_utc", UtcTime, nullable=False),
    Column("topic", PlainText),
    Column("status", Choice(NoticeStatus), nullable=False),
    event_link(nullable=True),
    Column("stream", PlainText),
    Column("notice_type", PlainText),
    Column("notice_id", PlainText),
    Column("is_test", Boolean, nullable=False, default=False),
    Column("labels", Labels, nullable=False),
    Column("issued_utc", UtcTime),
    Column("record", JsonText),
    Column("reason", PlainText),
    Index("ix_notices_event", "event_id", "labels"),
    Index("ix_notices_notice_id", "notice_id"),
    sqlite_autoincrement=True,
)
for _name, _columns, _condition in (
    ("quarantined", ("key", "topic"), QUARANTINED_NOTICES),
    ("unknown", ("topic",), UNKNOWN_NOTICES),
    ("open", ("key",), OPEN_NOTICES),
    ("pointing", ("notice_type", "issued_utc"), POINTING_NOTICES),
):
    Index(
        f"ix_notices_{_name}",
        *(notices.c[_column] for _column in _columns),
        sqlite_where=text(_condition),
        postgresql_where=text(_condition),
    )

receptions = Table(
    "receptions",
    metadata,
    row_number(),
    Column("notice_key", ROW_NUMBER, ForeignKey("notices.key"), nullable=False, index=True),
    Column("is_first", Boolean, nullable=False),
    Column("transport", Text, nullable=False),
    Column("origin", PlainText, nullable=False),
    Column("topic", PlainText),
    Column("partition", Integer),
    Column("offset", BigInteger),
    Column("received_utc", UtcTime, nullable=False),
    sqlite_autoincrement=True,
)
Index(
    "ix_receptions_without_topic",
    receptions.c.notice_key,
    sqlite_where=text("topic IS NULL"),
    postgresql_where=text("topic IS NULL"),
)

kafka_positions = Table(
    "kafka_positions",
    metadata,
    Column("origin", PlainText, primary_key=True),
    Column("topic", PlainText, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("offset", BigInteger, nullable=False),
)

topic_counts = Table(
    "topic_counts",
    metadata,
    Column("topic", PlainText, primary_key=True),
    Column("received", BigInteger, nullable=False),
    Column("stored", BigInteger, nullable=False),
    Column("last_received_utc", UtcTime, nullable=False),
)
