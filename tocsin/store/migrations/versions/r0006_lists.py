"""Indexes that answer for long lists by themselves; where craft point; for whom messages were made."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

RESTRICTED = sa.text("labels <> '[]'")
POINTING = sa.text("notice_type IN ('INTEGRAL_POINTDIR', 'SWIFT_ACTUAL_POINTDIR', 'SWIFT_POINTDIR')")


def upgrade() -> None:
    op.create_index("ix_event_index_place", "event_index", ["z", "x", "y", "labels", "sort_utc", "event_id"])
    op.create_index(
        "ix_event_index_restricted",
        "event_index",
        ["event_id", "labels"],
        sqlite_where=RESTRICTED,
        postgresql_where=RESTRICTED,
    )
    op.drop_index("ix_notices_event", "notices")
    op.create_index("ix_notices_event", "notices", ["event_id", "labels"])
    op.create_index(
        "ix_notices_pointing",
        "notices",
        ["notice_type", "issued_utc"],
        sqlite_where=POINTING,
        postgresql_where=POINTING,
    )
    op.add_column("messages", sa.Column("audience", sa.Text(), nullable=True))
