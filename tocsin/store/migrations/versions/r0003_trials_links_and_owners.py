"""Trials declared and concluded, events joined or kept apart, owners of restricted data to be told."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _make_trials()
    _make_trial_outcomes()
    _make_event_links()
    _make_owner_tasks()
    for table in ("trials", "trial_outcomes", "event_links"):
        _protect(table)


def _event_link(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["event_id"], ["events.id"], name=f"fk_{table}_event_id", initially="DEFERRED", deferrable=True
    )


def _make_trials() -> None:
    op.create_table(
        "trials",
        sa.Column("id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("declared_utc", sa.BigInteger(), nullable=False),
        sa.Column("declaration", sa.Text(), nullable=False),
        _event_link("trials"),
        sa.PrimaryKeyConstraint("id", name="pk_trials"),
        sa.UniqueConstraint("key", name="uq_trials_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_trials_event", "trials", ["event_id"], unique=False)
    op.create_index("ix_trials_kind", "trials", ["kind", "declared_utc"], unique=False)


def _make_trial_outcomes() -> None:
    op.create_table(
        "trial_outcomes",
        sa.Column("id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("trial_key", sa.Text(), nullable=False),
        sa.Column("at_utc", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trial_outcomes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_trial_outcomes_trial_key", "trial_outcomes", ["trial_key"], unique=False)


def _make_event_links() -> None:
    op.create_table(
        "event_links",
        sa.Column("id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("other_id", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at_utc", sa.BigInteger(), nullable=False),
        _event_link("event_links"),
        sa.PrimaryKeyConstraint("id", name="pk_event_links"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_links_event", "event_links", ["event_id"], unique=False)
    op.create_index("ix_event_links_other_id", "event_links", ["other_id"], unique=False)


def _make_owner_tasks() -> None:
    op.create_table(
        "owner_tasks",
        sa.Column("id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("made_utc", sa.BigInteger(), nullable=False),
        sa.Column("due_utc", sa.BigInteger(), nullable=False),
        sa.Column("done_utc", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        _event_link("owner_tasks"),
        sa.PrimaryKeyConstraint("id", name="pk_owner_tasks"),
        sa.UniqueConstraint("event_id", "label", name="uq_owner_tasks_event_id_label"),
        sqlite_autoincrement=True,
    )


def _protect(table: str) -> None:
    """Rows of this table are never changed or removed."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
        )
        return
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
