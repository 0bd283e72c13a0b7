"""Notices as received and decoded, the events they belong to, and the decisions taken."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _make_meta()
    _make_label_sets()
    _make_events()
    _make_event_views()
    _make_event_aliases()
    _make_raw_blobs()
    _make_notices()
    _make_receptions()
    _make_kafka_positions()
    _make_topic_counts()
    _make_decisions()


def _make_meta() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )


def _make_label_sets() -> None:
    op.create_table(
        "label_sets",
        sa.Column("labels", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("labels", name="pk_label_sets"),
    )


def _make_events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("t0_utc", sa.BigInteger(), nullable=True),
        sa.Column("sort_utc", sa.BigInteger(), nullable=False),
        sa.Column("tier", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("is_retracted", sa.Boolean(), nullable=False),
        sa.Column("is_replay", sa.Boolean(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_utc", sa.BigInteger(), nullable=False),
        sa.Column("updated_utc", sa.BigInteger(), nullable=False),
        sa.Column("first_page_ms", sa.Float(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
    )
    op.create_index("ix_events_newest", "events", ["sort_utc", "id"], unique=False)
    op.create_index("ix_events_t0_utc", "events", ["t0_utc"], unique=False)


def _make_event_views() -> None:
    op.create_table(
        "event_views",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("t0_utc", sa.BigInteger(), nullable=True),
        sa.Column("tier", sa.SmallInteger(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("is_retracted", sa.Boolean(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_event_views_event_id"),
        sa.PrimaryKeyConstraint("event_id", "audience", name="pk_event_views"),
    )


def _make_event_aliases() -> None:
    op.create_table(
        "event_aliases",
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name="fk_event_aliases_event_id", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("alias", "event_id", name="pk_event_aliases"),
    )
    op.create_index("ix_event_aliases_event", "event_aliases", ["event_id"], unique=False)


def _make_raw_blobs() -> None:
    op.create_table(
        "raw_blobs",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_raw_blobs"),
    )


def _make_notices() -> None:
    op.create_table(
        "notices",
        sa.Column("key", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("raw_sha256", sa.Text(), nullable=False),
        sa.Column("received_utc", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("stream", sa.Text(), nullable=True),
        sa.Column("notice_type", sa.Text(), nullable=True),
        sa.Column("notice_id", sa.Text(), nullable=True),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("issued_utc", sa.BigInteger(), nullable=True),
        sa.Column("record", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name="fk_notices_event_id", initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(["raw_sha256"], ["raw_blobs.sha256"], name="fk_notices_raw_sha256"),
        sa.PrimaryKeyConstraint("key", name="pk_notices"),
        sa.UniqueConstraint("raw_sha256", name="uq_notices_raw_sha256"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notices_event", "notices", ["event_id", "key"], unique=False)
    op.create_index("ix_notices_notice_id", "notices", ["notice_id"], unique=False)
    op.create_index(
        "ix_notices_open",
        "notices",
        ["key"],
        unique=False,
        sqlite_where=sa.text("status IN ('received', 'undecoded')"),
        postgresql_where=sa.text("status IN ('received', 'undecoded')"),
    )
    op.create_index(
        "ix_notices_quarantined",
        "notices",
        ["key", "topic"],
        unique=False,
        sqlite_where=sa.text("status = 'quarantined'"),
        postgresql_where=sa.text("status = 'quarantined'"),
    )
    op.create_index(
        "ix_notices_unknown",
        "notices",
        ["topic"],
        unique=False,
        sqlite_where=sa.text("notice_type = 'unknown'"),
        postgresql_where=sa.text("notice_type = 'unknown'"),
    )


def _make_receptions() -> None:
    op.create_table(
        "receptions",
        sa.Column("id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("notice_key", ROW_NUMBER, nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.Column("transport", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("partition", sa.Integer(), nullable=True),
        sa.Column("offset", sa.BigInteger(), nullable=True),
        sa.Column("received_utc", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["notice_key"], ["notices.key"], name="fk_receptions_notice_key"),
        sa.PrimaryKeyConstraint("id", name="pk_receptions"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_receptions_notice_key", "receptions", ["notice_key"], unique=False)
    op.create_index(
        "ix_receptions_without_topic",
        "receptions",
        ["notice_key"],
        unique=False,
        sqlite_where=sa.text("topic IS NULL"),
        postgresql_where=sa.text("topic IS NULL"),
    )


def _make_kafka_positions() -> None:
    op.create_table(
        "kafka_positions",
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("origin", "topic", "partition", name="pk_kafka_positions"),
    )


def _make_topic_counts() -> None:
    op.create_table(
        "topic_counts",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.Column("last_received_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("topic", name="pk_topic_counts"),
    )


def _make_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("notice_key", ROW_NUMBER, nullable=True),
        sa.Column("at_utc", sa.BigInteger(), nullable=False),
        sa.Column("tier", sa.SmallInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name="fk_decisions_event_id", initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(["notice_key"], ["notices.key"], name="fk_decisions_notice_key"),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_decisions_event", "decisions", ["event_id"], unique=False)
