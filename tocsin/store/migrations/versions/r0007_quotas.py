"""What tokens may still ask, for all processes of the API together."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_quotas",
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("level", sa.Float(), nullable=False),
        sa.Column("at_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_id", name="pk_api_quotas"),
    )
