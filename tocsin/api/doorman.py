"""Before every request: who it is, whether they come too often, and whether the answer is at hand. The outermost door.

Answers of events are kept in memory by path, form and clearance, as of one state of the store: any commit makes them
stale, so that a cached answer is never older than a computed one.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from math import ceil

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tocsin.api.responses import is_asked_for, problem
from tocsin.api.security import HEADERS
from tocsin.store import Store
from tocsin.workflow.access import Caller, Gate
from tocsin.workflow.quotas import UNLIMITED, Rate

SESSION_COOKIE = "tocsin_session"
#: Paths whose answers may be kept.
KEPT = "/api/v1/events/"
MOST_KEPT_BYTES = 64_000_000
MOST_ANSWER_BYTES = 8_000_000
#: Counted apart; everything else is "page".
DOORS = {
    "events": "events",
    "lightcurves": "lightcurves",
    "archive": "lightcurves",
    "triangulations": "compute",
    "overlaps": "compute",
    "stream": "stream",
}
#: Never refused for coming often: they watch over the service, or are called by it.
FREE = ("/healthz", "/readyz", "/metrics", "/static/", "/slack/")

Key = tuple[str, bytes, str, str, str, frozenset[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An answer as of one state of the store."""

    generation: str
    headers: list[tuple[bytes, bytes]]
    tag: str
    body: bytes


class AnswerCache:
    """Answers kept in memory, the least used forgotten first.

    Parameters
    ----------
    most_bytes
        Of all bodies together.
    """

    def __init__(self, most_bytes: int = MOST_KEPT_BYTES) -> None:
        self._most_bytes = most_bytes
        self._generation = ""
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Key, generation: str) -> Kept | None:
        """Answer as of this state, the present one; None if there is none. Answers of other states are forgotten."""
        with self._lock:
            if generation != self._generation:
                self._generation, self._bytes = generation, 0
                self._kept.clear()
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: Key, answer: Kept) -> None:
        """Keep an answer, unless the state has changed since it was asked for."""
        with self._lock:
            if answer.generation != self._generation:
                return
            old = self._kept.pop(key, None)
            self._bytes += len(answer.body) - (0 if old is None else len(old.body))
            self._kept[key] = answer
            while self._bytes > self._most_bytes:
                self._bytes -= len(self._kept.popitem(last=False)[1].body)


class Doorman:
    """Lets requests in, with their caller; answers at once what was answered already.

    Parameters
    ----------
    app
        What is behind the door.
    gate
        Knows the callers.
    store
        Whose state the answers are of.
    """

    def __init__(self, app: ASGIApp, gate: Gate, store: Store, cache: AnswerCache | None = None) -> None:
        self._app = app
        self._gate = gate
        self._store = store
        self._cache = cache or AnswerCache()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        secret, is_understood = _secret(headers)
        session = _cookie(headers, SESSION_COOKIE)
        address = (scope.get("client") or ("", 0))[0]
        caller = self._gate.caller(secret=secret, session=session, address=address) if is_understood else None
        if caller is None:
            refusal = _refusal(401, "Not signed in", "this token opens nothing: unknown, expired or revoked")
            refusal.headers["WWW-Authenticate"] = "Bearer"
            await refusal(scope, receive, send)
            return
        path: str = scope["path"]
        rate = UNLIMITED
        if not path.startswith(FREE):
            if self._gate.must_ask(caller):
                await run_in_threadpool(self._gate.ask, caller)
            rate = self._gate.take(caller, door_of(path))
            await self._write_counts()
        if rate.wait_s > 0:
            refusal = _refusal(429, "Too often", f"{rate.limit} requests a minute are allowed here")
            refusal.headers["Retry-After"] = str(ceil(rate.wait_s))
            await refusal(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["caller"] = caller
        state["line"] = send

        def still() -> bool:
            now = self._gate.caller(secret=secret, session=session, address=address)
            return now is not None and now.clearance == caller.clearance

        state["still"] = still
        await self._answer(scope, receive, _with_rate(send, rate), caller, headers)

    async def _write_counts(self) -> None:
        if self._gate.is_time_to_write():
            await run_in_threadpool(self._gate.write_counts)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, caller: Caller, headers: Headers) -> None:
        if scope["method"] != "GET" or not scope["path"].startswith(KEPT):
            await self._app(scope, receive, send)
            return
        # The host is part of the key: an answer is kept only for one that was let pass behind this door.
        asked = (headers.get("accept", ""), headers.get("accept-encoding", ""), headers.get("host", ""))
        # People of the team are shown more than strangers of the same clearance.
        is_of_team = caller.person_id is not None
        key: Key = (scope["path"], scope["query_string"], *asked, caller.clearance, is_of_team)
        generation = self._store.generation()
        kept = self._cache.get(key, generation)
        if kept is not None:
            await _send_kept(send, kept, headers.get("if-none-match", ""))
            return
        await self._app(scope, receive, _keeping(send, self._cache, key, generation))


def _refusal(status: int, title: str, detail: str) -> Response:
    """A problem with the headers of every answer."""
    made = problem(status, title, detail)
    made.headers.update(HEADERS)
    return made


def door_of(path: str) -> str:
    """Kind of door, for the counters: few, so that they tell nothing of events."""
    parts = path.split("/", 4)
    if len(parts) > 3 and parts[1] == "api":
        return DOORS.get(parts[3], "other")
    return "page"


def _secret(headers: Headers) -> tuple[str | None, bool]:
    """Secret of the token, None without; and whether the header was understood."""
    stated = headers.get("authorization")
    if stated is None:
        return None, True
    kind, _, secret = stated.partition(" ")
    return secret.strip(), kind.lower() == "bearer" and bool(secret.strip())


def _cookie(headers: Headers, name: str) -> str | None:
    for part in headers.get("cookie", "").split(";"):
        key, _, value = part.strip().partition("=")
        if key == name and value:
            return value
    return None


def _with_rate(send: Send, rate: Rate) -> Send:
    """Sends with the headers of draft-ietf-httpapi-ratelimit-headers."""
    if rate.limit <= 0:
        return send
    stated = [
        (b"ratelimit-limit", str(rate.limit).encode()),
        (b"ratelimit-remaining", str(rate.remaining).encode()),
        (b"ratelimit-reset", b"60"),
    ]

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *stated]}
        await send(message)

    return sending


async def _send_kept(send: Send, kept: Kept, asked: str) -> None:
    is_there = bool(kept.tag) and is_asked_for(kept.tag, asked)
    headers = [pair for pair in kept.headers if not is_there or pair[0] not in {b"content-length", b"content-type"}]
    await send({"type": "http.response.start", "status": 304 if is_there else 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if is_there else kept.body})


def _keeping(send: Send, cache: AnswerCache, key: Key, generation: str) -> Send:
    """Sends, and keeps a whole good answer of reasonable size."""
    started: list[Message] = []

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.append(message)
        elif message["type"] == "http.response.body" and started and not message.get("more_body", False):
            first, body = started[0], message.get("body", b"")
            headers = [(name.lower(), value) for name, value in first["headers"]]
            is_whole = dict(headers).get(b"content-length") == str(len(body)).encode()
            if first["status"] == 200 and is_whole and len(body) <= MOST_ANSWER_BYTES:
                tag = dict(headers).get(b"etag", b"").decode()
                cache.put(key, Kept(generation=generation, headers=headers, tag=tag, body=body))
        await send(message)

    return sending
