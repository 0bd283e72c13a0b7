"""Table of shifts that people offer to each other."""

from sqlalchemy import Column, Index, Table

from tocsin.store.columns import PlainText, UtcTime
from tocsin.store.tables.base import metadata, row_number

shift_offers = Table(
    "shift_offers",
    metadata,
    row_number(),
    Column("giver_id", PlainText, nullable=False),
    Column("start_utc", UtcTime, nullable=False),
    Column("stop_utc", UtcTime, nullable=False),
    Column("offered_utc", UtcTime, nullable=False),
    Column("named_id", PlainText),
    Column("reason", PlainText, nullable=False),
    Column("taker_id", PlainText),
    Column("taken_utc", UtcTime),
    Column("withdrawn_utc", UtcTime),
    Column("withdrawn_by", PlainText),
    Index("ix_shift_offers_stop", "stop_utc"),
    sqlite_autoincrement=True,
)
