"""Button presses from Slack: the signature is proven before anything is read."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from tocsin.domain.errors import NotAllowedError
from tocsin.domain.people import OPEN_PAGE

#: Slack's own advice: a request older than five minutes is a replay.
MAX_AGE_S = 300
_REMEDY = "only Slack, with this app's signing secret, may press buttons"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """A button pressed in Slack.

    Parameters
    ----------
    action_id
        Which button.
    event_id
        Event it was pressed for (the button's value); empty for a link to a page that is about none.
    slack_user_id, user_name
        Who pressed it.
    message_reference
        Message it stands on, ``channel/timestamp``; None if there was none.
    response_url
        Where a private answer may be posted; None if there was none.
    request_id
        Digest of the signature: the same request delivered twice has the same one.
    """

    action_id: str
    event_id: str
    slack_user_id: str
    user_name: str = ""
    message_reference: str | None = None
    response_url: str | None = None
    request_id: str = ""


def parse_interaction(body: bytes, headers: Mapping[str, str], *, signing_secret: str, now: datetime) -> Interaction:
    """Interaction of a signed request.

    Parameters
    ----------
    body
        Request body exactly as received.
    headers
        Request headers, in any case.
    signing_secret
        Of the Slack app.
    now
        Time now.

    Raises
    ------
    NotAllowedError
        Forged, stale, unsigned, or not a button press.
    """
    signature = verify(body, headers, signing_secret=signing_secret, now=now)
    return interaction_of(_payload(body), request_id=hashlib.sha256(signature.encode()).hexdigest()[:32])


def verify(body: bytes, headers: Mapping[str, str], *, signing_secret: str, now: datetime) -> str:
    """Signature of the request, once it is proven good.

    Raises
    ------
    NotAllowedError
        No secret is configured, a header is missing or not a number, the request is stale, or the signature differs.
    """
    by_name = {name.lower(): value for name, value in headers.items()}
    stamp, signature = by_name.get("x-slack-request-timestamp", ""), by_name.get("x-slack-signature", "")
    if not signing_secret:
        raise NotAllowedError("button presses are refused: no Slack signing secret is set", remedy=_REMEDY)
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16) or not signature:
        raise NotAllowedError("the request is not signed", remedy=_REMEDY)
    if abs(now.timestamp() - int(stamp)) > MAX_AGE_S:
        raise NotAllowedError(f"the request is over {MAX_AGE_S} s old, or from the future", remedy=_REMEDY)
    if not hmac.compare_digest(sign(body, stamp, signing_secret).encode(), signature.encode()):
        raise NotAllowedError("the signature of the request is wrong", remedy=_REMEDY)
    return signature


def sign(body: bytes, timestamp: str, signing_secret: str) -> str:
    """Signature ``v0=...`` of a body sent at `timestamp` (whole Unix seconds as text)."""
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(signing_secret.encode(), base, hashlib.sha256).hexdigest()


def _payload(body: bytes) -> Mapping[str, Any]:
    try:
        values = parse_qs(body.decode("utf-8"), strict_parsing=True)
        payload = json.loads(values["payload"][0])
    except (ValueError, KeyError, RecursionError) as error:
        raise NotAllowedError("the signed request holds no payload of a button press") from error
    return payload if isinstance(payload, dict) else {}


def interaction_of(payload: Mapping[str, Any], *, request_id: str) -> Interaction:
    """Interaction of a payload that is known to be Slack's.

    Raises
    ------
    NotAllowedError
        It is no button press.
    """
    if payload.get("type") != "block_actions":
        raise NotAllowedError("the request is no button press")
    actions = payload.get("actions")
    action = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], dict) else {}
    user = _table(payload, "user")
    action_id, event_id, user_id = _text(action, "action_id"), _text(action, "value"), _text(user, "id")
    # Announcements that are about no event have a link to a page: Slack tells of the opening of links, too.
    if not (action_id and user_id and (event_id or action_id == OPEN_PAGE)):
        raise NotAllowedError("the button press names no action, event or user")
    return Interaction(
        action_id=action_id,
        event_id=event_id,
        slack_user_id=user_id,
        user_name=_text(user, "username") or _text(user, "name"),
        message_reference=_reference(payload),
        response_url=_text(payload, "response_url") or None,
        request_id=request_id,
    )


def _reference(payload: Mapping[str, Any]) -> str | None:
    container = _table(payload, "container")
    channel = _text(_table(payload, "channel"), "id") or _text(container, "channel_id")
    stamp = _text(_table(payload, "message"), "ts") or _text(container, "message_ts")
    return f"{channel}/{stamp}" if channel and stamp else None


def _table(payload: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = payload.get(key)
    return value if isinstance(value, dict) else {}


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) else ""
