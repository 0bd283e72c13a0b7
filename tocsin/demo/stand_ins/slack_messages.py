"""Messages of the stand-in Slack, and how its Web API shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TEAM_ID, BOT_ID, BOT_USER_ID = "T0TOCSIN", "B0TOCSIN", "U0TOCSIN"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message as the channel shows it now.

    Parameters
    ----------
    channel, ts
        Together Slack's reference to the message.
    text
        Fallback text: what a lock screen shows.
    blocks
        Block Kit blocks.
    thread_ts
        Message it replies to.
    ephemeral_user
        The only one who sees it, or None.
    posted_monotonic_s, replied_monotonic_s
        When the call came, and when its answer had gone out (None until then), by the clock handed in.
    revisions
        Texts it had before, oldest first.
    metadata
        As sent by the app.
    files
        Files it shares.
    """

    channel: str
    ts: str
    text: str
    blocks: tuple[Mapping[str, Any], ...] = ()
    thread_ts: str | None = None
    ephemeral_user: str | None = None
    posted_monotonic_s: float = 0.0
    replied_monotonic_s: float | None = None
    revisions: tuple[str, ...] = ()
    metadata: Mapping[str, Any] | None = None
    files: tuple[Mapping[str, Any], ...] = ()

    @property
    def buttons(self) -> tuple[Mapping[str, Any], ...]:
        """Elements of all action blocks."""
        rows = (block.get("elements", ()) for block in self.blocks if block.get("type") == "actions")
        return tuple(element for row in rows for element in row)


def page(messages: list[StoredMessage], arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """One page of messages; the cursor is the number to begin with."""
    first, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit") or 100)
    has_more = len(messages) > first + limit
    return {
        "ok": True,
        "messages": [shown(message) for message in messages[first : first + limit]],
        "has_more": has_more,
        "response_metadata": {"next_cursor": str(first + limit) if has_more else ""},
    }


def shown(message: StoredMessage) -> dict[str, Any]:
    """Message as Slack's JSON."""
    entry: dict[str, Any] = {
        "type": "message",
        "user": BOT_USER_ID,
        "bot_id": BOT_ID,
        "ts": message.ts,
        "text": message.text,
        "blocks": list(message.blocks),
    }
    if message.thread_ts is not None:
        entry["thread_ts"] = message.thread_ts
    if message.files:
        entry["files"] = [dict(file) for file in message.files]
    if message.metadata is not None:
        entry["metadata"] = dict(message.metadata)
    return entry
