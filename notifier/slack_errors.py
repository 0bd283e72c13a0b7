"""Slack's failures in our words: what may have happened, and when to come back. Pure."""

import http.client
import socket
from collections.abc import Mapping
from urllib.error import URLError

from slack_sdk.errors import SlackApiError, SlackClientError

from tocsin.domain.errors import RemoteError

#: Everything slack_sdk's client lets through when a call fails.
SLACK_FAILURES = (SlackClientError, URLError, http.client.HTTPException, OSError, ValueError)

_TOKEN = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "missing_scope",
        "no_permission",
    }
)
_PLACE = frozenset({"channel_not_found", "not_in_channel", "is_archived", "user_not_found", "cannot_dm_bot"})
_MAYBE_DONE = frozenset({"internal_error", "fatal_error", "request_timeout", "service_unavailable"})
#: A message that cannot be changed any more: a new one is posted instead.
_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"})
_NEVER_SENT = (ConnectionRefusedError, socket.gaierror)


def remote_error(failure: Exception, method: str) -> RemoteError:
    """Failure of a Slack call as a `RemoteError`, ambiguous where the call may have been carried out."""
    if isinstance(failure, SlackApiError):
        return _refusal(failure, method)
    reason = failure.reason if isinstance(failure, URLError) else failure
    is_ambiguous = not isinstance(reason, _NEVER_SENT)
    words = "no answer from Slack" if is_ambiguous else "Slack cannot be reached"
    return RemoteError(f"{words} to {method}: {type(reason).__name__}", ambiguous=is_ambiguous)


def error_code(failure: Exception) -> str:
    """Slack's word for the failure, e.g. ``token_revoked``; empty where it gave none."""
    if not isinstance(failure, SlackApiError):
        return ""
    try:
        return str(failure.response.get("error") or "")
    except ValueError:  # an answer that is no JSON object
        return ""


def is_gone(failure: Exception) -> bool:
    """Whether the message to be changed does not exist (any more)."""
    return error_code(failure) in _GONE


def is_lasting(failure: Exception) -> bool:
    """Whether asking again would fail the same way: a token, scope or method that Slack does not accept."""
    return error_code(failure) in _TOKEN | _PLACE | {"unknown_method", "method_not_supported_for_channel_type"}


def _refusal(failure: SlackApiError, method: str) -> RemoteError:
    code, status = error_code(failure), getattr(failure.response, "status_code", 200)
    if status == http.client.TOO_MANY_REQUESTS or code in {"ratelimited", "rate_limited"}:
        wait_s = retry_after_s(getattr(failure.response, "headers", {}))
        return RemoteError(f"Slack asks us to wait {wait_s:g} s ({method})", retry_after_s=wait_s)
    if code in _TOKEN:
        return RemoteError(f"Slack refuses our token: {code}", remedy="install the app again and set the new token")
    if code in _PLACE:
        return RemoteError(f"Slack cannot post there: {code}", remedy="invite the app, correct the channel or user id")
    is_ambiguous = status >= http.client.INTERNAL_SERVER_ERROR or code in _MAYBE_DONE
    return RemoteError(f"Slack answered {status} {code[:80]} to {method}".replace("  ", " "), ambiguous=is_ambiguous)


def retry_after_s(headers: Mapping[str, object]) -> float:
    """Seconds Slack asks us to wait; 30 s where it does not say so in a way that can be read."""
    by_name = {str(name).lower(): value for name, value in headers.items()}
    value = by_name.get("retry-after", "")
    text = str(value[0] if isinstance(value, list) and value else value).strip()
    return min(float(text), 3600.0) if text.replace(".", "", 1).isdigit() else 30.0
