"""Webhooks of partners: who is told what, and a log of every delivery."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text, update

from tocsin.store.tables import UNDELIVERED, webhook_deliveries, webhooks
from tocsin.store.topic import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address of a partner that is told of changes.

    Parameters
    ----------
    id, name
        Short name; whose it is.
    url
        Where it is told.
    secret
        Key of the signature.
    clearance
        Labels of restricted streams it may be told of.
    position
        Number of the last change it was told, or that was passed over.
    created_utc, revoked_utc
        Its life.
    """

    id: str
    name: str
    url: str
    secret: str = field(repr=False)
    clearance: frozenset[str]
    position: int
    created_utc: datetime
    revoked_utc: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one webhook, and what became of it so far."""

    id: int
    webhook_id: str
    change_id: int
    event_id: str
    body: str = field(repr=False)
    attempts: int
    due_utc: datetime
    done_utc: datetime | None
    status: int | None
    error: str | None


class Webhooks(Topic):
    """Webhooks and their deliveries."""

    def add_webhook(self, webhook: Webhook) -> None:
        """Keep a new webhook."""
        names = ("id", "name", "url", "secret", "clearance", "position", "created_utc", "revoked_utc")
        self._connection.execute(webhooks.insert(), {name: getattr(webhook, name) for name in names})

    def webhooks(self) -> list[Webhook]:
        """All webhooks, revoked ones too, oldest first."""
        rows = self._all(select(webhooks).order_by(webhooks.c.created_utc, webhooks.c.id))
        return [Webhook(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping

    def revoke_webhook(self, webhook_id: str, at_utc: datetime) -> bool:
        """Tell a webhook nothing more; False if there is none, or it is revoked already. What is owed is dropped."""
        standing = webhooks.c.id == webhook_id, webhooks.c.revoked_utc.is_(None)
        changed = self._connection.execute(update(webhooks).where(*standing), {"revoked_utc": at_utc}).rowcount == 1
        owed = webhook_deliveries.c.webhook_id == webhook_id, webhook_deliveries.c.done_utc.is_(None)
        dropped = update(webhook_deliveries).where(*owed).values(done_utc=at_utc, error="revoked")
        self._connection.execute(dropped)
        return changed

    def advance_webhook(self, webhook_id: str, position: int) -> None:
        """Remember up to which change a webhook was looked after."""
        self._connection.execute(update(webhooks).where(webhooks.c.id == webhook_id), {"position": position})

    def owe_delivery(self, webhook_id: str, change_id: int, event_id: str, body: str, due_utc: datetime) -> None:
        """Owe a webhook a message; once for each change."""
        row = {"webhook_id": webhook_id, "change_id": change_id, "event_id": event_id, "body": body}
        self._insert_if_absent(webhook_deliveries, [{**row, "attempts": 0, "due_utc": due_utc}])

    def last_told(self, webhook_id: str, event_id: str) -> str | None:
        """What a webhook was last told, or is owed, of an event."""
        column = webhook_deliveries.c
        statement = select(column.body).where(column.webhook_id == webhook_id, column.event_id == event_id)
        return self._connection.execute(statement.order_by(column.id.desc()).limit(1)).scalar_one_or_none()

    def due_deliveries(self, now: datetime, limit: int = 50) -> list[Delivery]:
        """What is owed and due, the oldest change first."""
        statement = (
            select(webhook_deliveries)
            .where(text(UNDELIVERED), webhook_deliveries.c.due_utc <= now)
            .order_by(webhook_deliveries.c.change_id)
        )
        return _deliveries(self._all(statement.limit(limit)))

    def deliveries(self, webhook_id: str | None = None, limit: int = 100) -> list[Delivery]:
        """The log, newest first."""
        statement = select(webhook_deliveries).order_by(webhook_deliveries.c.id.desc()).limit(limit)
        if webhook_id is not None:
            statement = statement.where(webhook_deliveries.c.webhook_id == webhook_id)
        return _deliveries(self._all(statement))

    def delivery_tried(
        self,
        delivery_id: int,
        *,
        status: int | None,
        error: str | None,
        done_utc: datetime | None,
        due_utc: datetime,
    ) -> None:
        """Keep what came of an attempt; without `done_utc` it is tried again at `due_utc`."""
        change = update(webhook_deliveries).where(webhook_deliveries.c.id == delivery_id)
        values = {"status": status, "error": error, "done_utc": done_utc, "due_utc": due_utc}
        self._connection.execute(change.values(attempts=webhook_deliveries.c.attempts + 1, **values))


def _deliveries(rows: Sequence[Row[*tuple[Any, ...]]]) -> list[Delivery]:
    return [Delivery(**row._mapping) for row in rows]  # noqa: SLF001 - as above
