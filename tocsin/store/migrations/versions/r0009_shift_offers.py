"""Shifts that people offer to each other, and who stands in."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "shift_offers",
        sa.Column("id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("giver_id", sa.Text(), nullable=False),
        sa.Column("start_utc", sa.BigInteger(), nullable=False),
        sa.Column("stop_utc", sa.BigInteger(), nullable=False),
        sa.Column("offered_utc", sa.BigInteger(), nullable=False),
        sa.Column("named_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("taker_id", sa.Text(), nullable=True),
        sa.Column("taken_utc", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_utc", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_shift_offers"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_shift_offers_stop", "shift_offers", ["stop_utc"])
