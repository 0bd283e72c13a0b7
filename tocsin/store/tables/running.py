"""Tables of how the feeds run: how far each topic was read, the last word of each feed."""

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from tocsin.store.columns import PlainText, UtcTime
from tocsin.store.tables.base import metadata

feed_progress = Table(
    "feed_progress",
    metadata,
    Column("origin", PlainText, primary_key=True),
    Column("topic", PlainText, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("highest", BigInteger, nullable=False),
    Column("gaps", BigInteger, nullable=False),
    Column("missing", BigInteger, nullable=False),
    Column("replays", BigInteger, nullable=False),
    Column("lag", BigInteger),
    Column("lag_utc", UtcTime),
)

feed_signs = Table(
    "feed_signs",
    metadata,
    Column("feed", PlainText, primary_key=True),
    Column("topic", PlainText, primary_key=True),
    Column("state", Text, nullable=False),
    Column("message", PlainText, nullable=False),
    Column("at_utc", UtcTime, nullable=False),
)
