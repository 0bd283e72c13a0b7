"""Stand-in for Slack: its Web API on loopback, and a finger that clicks buttons with a correct signature.

::

    {url}/api/auth.test  chat.postMessage  chat.update  chat.postEphemeral
    {url}/api/conversations.history  conversations.replies  conversations.open
    {url}/response/{n}   where a click's response_url points

On demand it answers 429, 500, or does what it was asked and then says nothing until the client gives up.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tocsin.demo.stand_ins.server import LoopbackServer, Reply, Request
from tocsin.demo.stand_ins.slack_click import click_body, sign
from tocsin.demo.stand_ins.slack_files import Files
from tocsin.demo.stand_ins.slack_messages import BOT_ID, BOT_USER_ID, TEAM_ID, StoredMessage, page, shown
from tocsin.domain.clock import Clock

__all__ = ["ClickReply", "Fault", "SlackStandIn", "StoredMessage"]

#: Longest that a silent success is held before the connection closes, s of real time.
SILENCE_S = 60.0


class Fault(StrEnum):
    """How a call can go wrong."""

    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    SILENT_SUCCESS = "silent_success"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClickReply:
    """What the app answered to a click."""

    status: int
    body: str


@dataclass(slots=True)
class _Faults:
    """Faults still to be shown, for a method (or any, where it is empty)."""

    waiting: deque[tuple[Fault, str]] = field(default_factory=deque)

    def take(self, method: str) -> Fault | None:
        if self.waiting and self.waiting[0][1] in {"", method}:
            return self.waiting.popleft()[0]
        return None


class SlackStandIn(LoopbackServer):
    """The workspace.

    Parameters
    ----------
    clock
        Times of messages and signatures.
    token, signing_secret
        What the app has been given.
    retry_after_s
        Wait that a 429 asks for.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        token: str = "xoxb-stand-in",  # noqa: S107 - opens nothing but this stand-in
        signing_secret: str = "stand-in-secret",  # noqa: S107 - as above
        retry_after_s: int = 1,
    ) -> None:
        super().__init__()
        self.token = token
        self.signing_secret = signing_secret
        self.calls: list[str] = []
        self.responses: list[Mapping[str, Any]] = []
        self._clock = clock
        self._retry_after_s = retry_after_s
        self._faults = _Faults()
        self._files = Files()
        self._messages: dict[tuple[str, str], StoredMessage] = {}
        self._changed = threading.Condition()
        self._count = 0
        self.socket_url = ""
        self.app_token = "xapp-stand-in"  # noqa: S105 - opens nothing but this stand-in

    @property
    def base_url(self) -> str:
        """Base address of the Web API, for slack-sdk's ``base_url``."""
        return f"{self.url}/api/"

    @property
    def messages(self) -> tuple[StoredMessage, ...]:
        """Messages in the order they were posted, as they stand now."""
        with self._changed:
            return tuple(self._messages.values())

    def file(self, file_id: str) -> bytes | None:
        """Bytes of a file that was uploaded."""
        return self._files.content(file_id)

    def fail_next(self, fault: Fault, *, count: int = 1, method: str = "") -> None:
        """Let the next `count` calls (of `method`, or any) go wrong."""
        with self._changed:
            self._faults.waiting.extend([(fault, method)] * count)

    def wait_for(self, wanted: Callable[[StoredMessage], bool], *, timeout_s: float) -> StoredMessage | None:
        """First message that is `wanted`, as soon as there is one; None after `timeout_s` of real time."""

        def found() -> StoredMessage | None:
            return next((message for message in self._messages.values() if wanted(message)), None)

        with self._changed:
            return self._changed.wait_for(found, timeout=timeout_s)

    def click(
        self,
        url: str,
        *,
        action_id: str,
        event_id: str,
        user_id: str,
        message: StoredMessage | None = None,
        secret: str | None = None,
    ) -> ClickReply:
        """Press a button: post a signed ``block_actions`` payload to the app.

        Parameters
        ----------
        url
            The app's interactivity address.
        action_id, event_id
            Which button, and its value.
        user_id
            Slack id of who presses.
        message
            The message that holds the button; without it, the latest one that has such a button.
        secret
            Sign with another secret than ours, to be refused.
        """
        body = click_body(
            message or self._with_button(action_id, event_id),
            action_id=action_id,
            event_id=event_id,
            user_id=user_id,
            at_s=self._clock.now().timestamp(),
            response_url=f"{self.url}/response/1",
        )
        stamp = str(int(self._clock.now().timestamp()))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": sign(secret or self.signing_secret, stamp, body),
        }
        reply = httpx.post(url, content=body, headers=headers, timeout=10.0, trust_env=False)
        return ClickReply(status=reply.status_code, body=reply.text)

    def handle(self, request: Request) -> Reply | None:
        """Answer to a request."""
        path = urlsplit(request.target).path
        if path.startswith("/upload/"):
            return self._upload(path.removeprefix("/upload/"), request)
        if path.startswith("/response/"):
            with self._changed:
                self.responses.append(json.loads(request.body or b"{}"))
            return Reply(body=b"ok", content_type="text/plain")
        if not path.startswith("/api/"):
            return Reply(status=404, body=b"not found", content_type="text/plain")
        return self._call(path.removeprefix("/api/"), request)

    def _call(self, method: str, request: Request) -> Reply | None:
        arguments = _arguments(request)
        with self._changed:
            self.calls.append(method)
            fault = self._faults.take(method)
        if fault is Fault.RATE_LIMITED:
            wait = {"Retry-After": str(self._retry_after_s)}
            return Reply(status=429, body=b'{"ok": false, "error": "ratelimited"}', headers=wait)
        if fault is Fault.SERVER_ERROR:
            return Reply(status=500, body=b"upstream connect error", content_type="text/plain")
        if method == "apps.connections.open":
            return _json(self._connections_open(request))
        given = arguments.get("token") or request.headers.get("authorization", "").removeprefix("Bearer ")
        if given != self.token:
            return _json({"ok": False, "error": "invalid_auth" if given else "not_authed"})
        answer, key = self._act(method, arguments)
        if fault is Fault.SILENT_SUCCESS:
            self.stopping.wait(SILENCE_S)
            return None
        return replace(_json(answer), on_sent=None if key is None else lambda: self._replied(key))

    def _act(self, method: str, arguments: Mapping[str, Any]) -> tuple[Mapping[str, Any], tuple[str, str] | None]:
        """Answer to a well-formed call, and the key of the message it made or changed."""
        answer: Mapping[str, Any]
        match method:
            case "chat.postMessage" | "chat.postEphemeral":
                return self._post(arguments, ephemeral_user=arguments.get("user"))
            case "chat.update":
                return self._update(arguments)
            case "auth.test":
                answer = {"ok": True, "url": self.url, "team_id": TEAM_ID, "user_id": BOT_USER_ID, "bot_id": BOT_ID}
            case "conversations.history":
                answer = self._history(arguments)
            case "conversations.replies":
                answer = self._replies(arguments)
            case "files.getUploadURLExternal":
                answer = self._files.begin(arguments, self.url)
            case "files.completeUploadExternal":
                return self._complete(arguments)
            case "conversations.open":
                answer = {"ok": True, "channel": {"id": f"D{arguments.get('users', '')}"}}
            case _:
                answer = {"ok": False, "error": "unknown_method"}
        return answer, None

    def _upload(self, file_id: str, request: Request) -> Reply:
        is_known = self._files.take(file_id, request.body)
        return Reply(status=200 if is_known else 404, body=b"OK", content_type="text/plain")

    def _complete(self, arguments: Mapping[str, Any]) -> tuple[Mapping[str, Any], tuple[str, str] | None]:
        """Share uploaded files in a channel or thread, as one message."""
        files = self._files.shared(arguments)
        if files is None:
            return {"ok": False, "error": "file_not_found"}, None
        place = {"channel": arguments.get("channel_id"), "thread_ts": arguments.get("thread_ts")}
        _, key = self._post(
            {**place, "text": arguments.get("initial_comment") or " ", "files": files}, ephemeral_user=None
        )
        return {"ok": True, "files": files}, key

    def _post(
        self, arguments: Mapping[str, Any], *, ephemeral_user: str | None
    ) -> tuple[Mapping[str, Any], tuple[str, str] | None]:
        if not arguments.get("channel"):
            return {"ok": False, "error": "channel_not_found"}, None
        if not (arguments.get("text") or arguments.get("blocks")):
            return {"ok": False, "error": "no_text"}, None
        with self._changed:
            self._count += 1
            message = StoredMessage(
                channel=arguments["channel"],
                ts=f"{int(self._clock.now().timestamp())}.{self._count:06d}",
                text=arguments.get("text", ""),
                blocks=tuple(arguments.get("blocks") or ()),
                thread_ts=arguments.get("thread_ts"),
                ephemeral_user=ephemeral_user,
                posted_monotonic_s=self._clock.monotonic_s(),
                metadata=arguments.get("metadata"),
                files=tuple(arguments.get("files") or ()),
            )
            key = (message.channel, message.ts)
            self._messages[key] = message
            self._changed.notify_all()
        if ephemeral_user:
            return {"ok": True, "message_ts": message.ts}, key
        return {"ok": True, "channel": message.channel, "ts": message.ts, "message": shown(message)}, key

    def _update(self, arguments: Mapping[str, Any]) -> tuple[Mapping[str, Any], tuple[str, str] | None]:
        key = (arguments.get("channel", ""), arguments.get("ts", ""))
        with self._changed:
            before = self._messages.get(key)
            if before is None:
                return {"ok": False, "error": "message_not_found"}, None
            after = replace(
                before,
                text=arguments.get("text", before.text),
                # Without the field the old blocks stay; an empty list removes them.
                blocks=tuple(arguments.get("blocks", before.blocks) or ()),
                revisions=(*before.revisions, before.text),
                metadata=arguments.get("metadata", before.metadata),
            )
            self._messages[key] = after
            self._changed.notify_all()
        return {"ok": True, "channel": after.channel, "ts": after.ts, "text": after.text}, key

    def _history(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Newest first, between `oldest` and `latest`; neither thread replies nor ephemeral messages."""
        oldest, latest = float(arguments.get("oldest") or 0.0), float(arguments.get("latest") or "inf")
        inclusive = str(arguments.get("inclusive", "")).lower() in {"1", "true"}
        shown = [
            message
            for message in reversed(self.messages)
            if message.channel == arguments.get("channel")
            and message.thread_ts is None
            and message.ephemeral_user is None
            and (oldest < float(message.ts) < latest or (inclusive and float(message.ts) in {oldest, latest}))
        ]
        return page(shown, arguments)

    def _replies(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """A message and what was written in its thread, oldest first."""
        thread = [
            message
            for message in self.messages
            if message.channel == arguments.get("channel") and arguments.get("ts") in {message.ts, message.thread_ts}
        ]
        return page(thread, arguments) if thread else {"ok": False, "error": "thread_not_found"}

    def _connections_open(self, request: Request) -> Mapping[str, Any]:
        """Where Socket Mode connects: a `SocketStandIn`, named by `socket_url`."""
        if request.headers.get("authorization") != f"Bearer {self.app_token}":
            return {"ok": False, "error": "invalid_auth"}
        return {"ok": True, "url": self.socket_url} if self.socket_url else {"ok": False, "error": "internal_error"}

    def _replied(self, key: tuple[str, str]) -> None:
        """Note when the first answer about a message had gone out."""
        with self._changed:
            if self._messages[key].replied_monotonic_s is None:
                now = self._clock.monotonic_s()
                self._messages[key] = replace(self._messages[key], replied_monotonic_s=now)
                self._changed.notify_all()

    def _with_button(self, action_id: str, event_id: str) -> StoredMessage | None:
        for message in reversed(self.messages):
            if any(b.get("action_id") == action_id and b.get("value") == event_id for b in message.buttons):
                return message
        return None


def _arguments(request: Request) -> dict[str, Any]:
    """Arguments of a call, from a JSON body, a form, or the query."""
    if request.headers.get("content-type", "").startswith("application/json"):
        return dict(json.loads(request.body or b"{}"))
    text = request.body.decode() or urlsplit(request.target).query
    form: dict[str, Any] = {name: values[-1] for name, values in parse_qs(text).items()}
    for name in ("blocks", "attachments", "metadata", "files"):
        if isinstance(form.get(name), str):
            form[name] = json.loads(form[name])
    return form


def _json(content: Mapping[str, Any]) -> Reply:
    return Reply(body=json.dumps(content).encode())
