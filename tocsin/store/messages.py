"""Messages: what was to be said to whom, and what became of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, literal, select, update

from tocsin.domain.people import MessagePurpose, OutgoingMessage
from tocsin.store.prepared import kept
from tocsin.store.records import card_from_record, card_to_record
from tocsin.store.rows import MessageCounts, MessageRow, MessageState
from tocsin.store.tables import events, messages, meta
from tocsin.store.topic import Topic

#: Purposes that wake people.
PAGES = (MessagePurpose.PAGE, MessagePurpose.ESCALATION)

_BY_KEY = kept(select(messages).where(messages.c.key == bindparam("of_key")))
_OF_EVENT = kept(select(messages).where(messages.c.event_id == bindparam("event_id")).order_by(messages.c.id))
_FIRST_REFERENCE = kept(
    select(messages.c.reference)
    .where(
        messages.c.event_id == bindparam("event_id"),
        messages.c.channel == bindparam("of_channel"),
        messages.c.reference != "",
    )
    .order_by(messages.c.id)
    .limit(1)
)
_CHANGE = kept(update(messages).where(messages.c.key == bindparam("of_key")))


class Messages(Topic):
    """Messages under unique keys: sent at least once, shown once."""

    def add_message(self, message: OutgoingMessage, at_utc: datetime) -> bool:
        """Keep a message to be sent; False if its key exists."""
        return self._inserted(
            messages,
            {
                "key": message.key,
                "event_id": message.event_id,
                "channel": message.channel,
                "purpose": message.purpose,
                "recipient": message.recipient,
                "card": card_to_record(message.card),
                "audience": None if message.audience is None else sorted(message.audience),
                "replaces": message.replaces,
                "state": MessageState.PENDING,
                "created_utc": at_utc,
            },
        )

    def mark_sent(self, key: str, reference: str, at_utc: datetime) -> None:
        """Keep what the channel calls a message, and when it took it."""
        self._change_message(key, state=MessageState.SENT, reference=reference, sent_utc=at_utc, error=None)

    def mark_failed(self, key: str, error: str, at_utc: datetime) -> None:
        """Keep why a message could not be sent; `mark_sent` may still follow."""
        self._change_message(key, state=MessageState.FAILED, error=f"{error} (at {at_utc:%Y-%m-%dT%H:%M:%SZ})")

    def message(self, key: str) -> MessageRow | None:
        """One message."""
        row = self._one(_BY_KEY, of_key=key)
        return None if row is None else _message_row(row)

    def messages(self, event_id: str) -> list[MessageRow]:
        """Messages about an event, oldest first."""
        return [_message_row(row) for row in self._all(_OF_EVENT, event_id=event_id)]

    def first_reference(self, event_id: str, channel: str) -> str | None:
        """What the channel calls the first message about an event that it took; None before it."""
        values = {"event_id": event_id, "of_channel": channel}
        found: str | None = self._statements.execute(_FIRST_REFERENCE, values).scalar_one_or_none()
        return found

    def last_reference(self, event_id: str, channel: str, recipient: str) -> str | None:
        """What the channel calls the message about an event sent last to a recipient: the one to update in place."""
        statement = (
            select(messages.c.reference)
            .where(
                messages.c.event_id == event_id,
                messages.c.channel == channel,
                messages.c.recipient == recipient,
                messages.c.state == MessageState.SENT,
                messages.c.reference != "",
            )
            .order_by(messages.c.sent_utc.desc(), messages.c.id.desc())
            .limit(1)
        )
        return self._statements.execute(statement).scalar_one_or_none()

    def message_counts(self) -> MessageCounts:
        """Messages by state, pages sent, and pages written for test events that are no drills (which must be 0)."""
        by_state = {
            row.state: row.number
            for row in self._all(select(messages.c.state, func.count().label("number")).group_by(messages.c.state))
        }
        pages = select(func.count()).select_from(messages).where(messages.c.purpose.in_(PAGES))
        is_drill = (literal("drill/") + messages.c.event_id).in_(select(meta.c.key))
        for_tests = pages.join(events, events.c.id == messages.c.event_id).where(events.c.is_test, ~is_drill)
        return MessageCounts(
            pending=by_state.get(MessageState.PENDING, 0),
            sent=by_state.get(MessageState.SENT, 0),
            failed=by_state.get(MessageState.FAILED, 0),
            pages=self._statements.execute(pages.where(messages.c.state == MessageState.SENT)).scalar_one(),
            pages_for_tests=self._statements.execute(for_tests).scalar_one(),
        )

    def _change_message(self, key: str, **values: object) -> None:
        """Change a message."""
        if self._statements.execute(_CHANGE, {"of_key": key, **values}).rowcount != 1:
            raise LookupError(f"there is no message {key}")


def _message_row(row: Row[*tuple[Any, ...]]) -> MessageRow:
    """Message of a row."""
    return MessageRow(
        message=OutgoingMessage(
            key=row.key,
            event_id=row.event_id,
            channel=row.channel,
            purpose=row.purpose,
            recipient=row.recipient,
            card=card_from_record(row.card),
            replaces=row.replaces,
            audience=None if row.audience is None else frozenset(row.audience),
        ),
        state=row.state,
        created_utc=row.created_utc,
        sent_utc=row.sent_utc,
        reference=row.reference,
        error=row.error,
    )
