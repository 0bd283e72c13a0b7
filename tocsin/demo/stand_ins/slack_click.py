"""What Slack posts to an app when somebody presses a button, and how it signs."""

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

from tocsin.demo.stand_ins.slack_messages import TEAM_ID, StoredMessage, shown

APP_ID = "A0TOCSIN"


def click_body(
    message: StoredMessage | None, *, action_id: str, event_id: str, user_id: str, at_s: float, response_url: str
) -> str:
    """Body of the request: a form with one field, ``payload``, of kind ``block_actions``.

    Parameters
    ----------
    message
        The message that holds the button; None for one that has gone.
    action_id, event_id
        Which button, and its value.
    user_id
        Who pressed it.
    at_s
        Unix time of the click, s.
    response_url
        Where a private answer may be posted.
    """
    channel, ts = (message.channel, message.ts) if message else ("C0STANDIN", "0.000000")
    name = user_id.lower()
    payload: dict[str, Any] = {
        "type": "block_actions",
        "user": {"id": user_id, "username": name, "name": name, "team_id": TEAM_ID},
        "api_app_id": APP_ID,
        "team": {"id": TEAM_ID, "domain": "stand-in"},
        "container": {"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": False},
        "channel": {"id": channel, "name": "bursts"},
        "message": shown(message) if message else {},
        "trigger_id": "1.2.3",
        "response_url": response_url,
        "actions": [
            {
                "type": "button",
                "action_id": action_id,
                "block_id": "actions",
                "value": event_id,
                "text": {"type": "plain_text", "text": action_id},
                "action_ts": f"{at_s:.6f}",
            }
        ],
    }
    return urlencode({"payload": json.dumps(payload)})


def sign(secret: str, timestamp: str, body: str) -> str:
    """Slack's signature of a request: HMAC-SHA256 over version, time and raw body."""
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256)
    return f"v0={digest.hexdigest()}"
