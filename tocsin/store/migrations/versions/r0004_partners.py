"""Tokens, sign-ins, the log of changes, the index of events, computations, webhooks."""

import json
import math

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _make_access()
    _make_changes()
    _make_index()
    _make_webhooks()
    _fill_index()


def _make_access() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("clearance", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("created_utc", sa.BigInteger(), nullable=False),
        sa.Column("expires_utc", sa.BigInteger(), nullable=False),
        sa.Column("revoked_utc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.UniqueConstraint("secret_sha256", name="uq_api_tokens_secret_sha256"),
    )
    op.create_table(
        "api_usage",
        sa.Column("token_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_id", "day", "door", name="pk_api_usage"),
    )
    op.create_table(
        "sign_ins",
        sa.Column("secret_sha256", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("created_utc", sa.BigInteger(), nullable=False),
        sa.Column("expires_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("secret_sha256", name="pk_sign_ins"),
    )
    op.create_table(
        "computations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("made_utc", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_computations"),
    )


def _make_changes() -> None:
    op.create_table(
        "event_changes",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("at_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event_changes"),
    )
    op.create_index("ix_event_changes_event", "event_changes", ["event_id", "id"], unique=False)


def _make_index() -> None:
    op.create_table(
        "event_index",
        sa.Column("sort_utc", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tier", sa.SmallInteger(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("streams", sa.Text(), nullable=False),
        sa.Column("messengers", sa.Text(), nullable=False),
        sa.Column("classes", sa.Text(), nullable=False),
        sa.Column("instruments", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("x", sa.Float(), nullable=True),
        sa.Column("y", sa.Float(), nullable=True),
        sa.Column("z", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("sort_utc", "event_id", name="pk_event_index"),
        sqlite_with_rowid=False,
    )
    op.create_index("uq_event_index_event_id", "event_index", ["event_id"], unique=True)


def _make_webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("clearance", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("created_utc", sa.BigInteger(), nullable=False),
        sa.Column("revoked_utc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_utc", sa.BigInteger(), nullable=False),
        sa.Column("done_utc", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_webhook_deliveries_webhook_id_change_id", "webhook_deliveries", ["webhook_id", "change_id"], unique=True
    )
    op.create_index(
        "ix_webhook_deliveries_due",
        "webhook_deliveries",
        ["due_utc"],
        unique=False,
        sqlite_where=sa.text("done_utc IS NULL"),
        postgresql_where=sa.text("done_utc IS NULL"),
    )


def _fill_index() -> None:
    """Index the events that are there, as `EventIndex` indexes those to come."""
    connection = op.get_bind()
    events = connection.execute(
        sa.text("SELECT id, name, kind, sort_utc, tier, is_test, labels, summary FROM events")
    ).all()
    instruments: dict[str, set[str]] = {}
    asked = "SELECT DISTINCT event_id, subject FROM products WHERE kind IN ('light_curve', 'search', 'limit')"
    for event_id, subject in connection.execute(sa.text(asked)):
        instruments.setdefault(event_id, set()).add(subject)
    rows = [_row(event, sorted(instruments.get(event.id, ()))) for event in events]
    if rows:
        names = ", ".join(rows[0])
        values = ", ".join(f":{name}" for name in rows[0])
        connection.execute(sa.text(f"INSERT INTO event_index ({names}) VALUES ({values})"), rows)  # noqa: S608 - our own names


def _row(event: sa.Row[tuple[object, ...]], instruments: list[str]) -> dict[str, object]:
    summary = json.loads(event.summary)
    aliases = summary.get("aliases", [])
    place = (summary.get("ra_deg"), summary.get("dec_deg"))
    x, y, z = (None, None, None) if None in place else _vector(*place)
    classes = [name for name, share in summary.get("classification", {}).items() if share >= 0.1]
    return {
        "sort_utc": event.sort_utc,
        "event_id": event.id,
        "kind": event.kind,
        "tier": event.tier,
        "is_test": bool(event.is_test),
        "labels": event.labels,
        "streams": _listed(summary.get("streams", [])),
        "messengers": _listed(summary.get("messengers", [])),
        "classes": _listed(classes),
        "instruments": _listed(instruments),
        "words": "\n".join([event.id, event.name, *aliases]).casefold(),
        "x": x,
        "y": y,
        "z": z,
    }


def _vector(ra_deg: float, dec_deg: float) -> tuple[float, float, float]:
    ra, dec = math.radians(ra_deg), math.radians(dec_deg)
    return math.cos(dec) * math.cos(ra), math.cos(dec) * math.sin(ra), math.sin(dec)


def _listed(names: list[str]) -> str:
    return "".join(f"|{name}" for name in names) + "|"
