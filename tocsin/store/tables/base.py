"""What all tables share: the names of constraints, row numbers, references to events."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

#: Row numbers: 64 bit on PostgreSQL; on SQLite only INTEGER can number rows by itself.
ROW_NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def event_link(*, nullable: bool = False) -> Column[str]:
    """Reference to an event, checked at commit: the order of writing within a transaction is free."""
    link = ForeignKey("events.id", deferrable=True, initially="DEFERRED")
    return Column("event_id", Text, link, nullable=nullable)


def row_number() -> Column[int]:
    """Row number, never used twice."""
    return Column("id", ROW_NUMBER, primary_key=True, autoincrement=True)
