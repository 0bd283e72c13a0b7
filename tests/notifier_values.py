"""Cards, messages and a stand-in Slack server for the notifier's tests."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tocsin.domain.events import EventState, Tier
from tocsin.domain.people import Card, CardAction, MessagePurpose, OutgoingMessage

T0 = datetime(2023, 5, 18, 12, 59, 8, tzinfo=UTC)


def card(**changes: Any) -> Card:
    values: dict[str, Any] = {
        "event_id": "s230518h",
        "name": "S230518h",
        "tier": Tier.WAKE,
        "state": EventState.OPEN,
        "verdict": "T1 S230518h GW 12:59:08 UT: NSBH 0.86, SPI-ACS data awaited",
        "t0_utc": T0,
        "fields": {"FAR": "1 per 98 yr", "Awaited": "SPI-ACS at 13:05"},
        "reasons": ("significant binary merger",),
        "next_step": "escalates to C. Okafor at 13:04:08 UTC",
        "page_url": "https://tocsin.example.org/events/s230518h",
        "actions": (CardAction(action_id="acknowledge", label="Acknowledge", is_primary=True),),
    }
    return Card(**{**values, **changes})


def message(*, key: str = "k1", purpose: MessagePurpose = MessagePurpose.PAGE, **changes: Any) -> OutgoingMessage:
    values: dict[str, Any] = {"event_id": "s230518h", "channel": "slack", "recipient": "#alerts", "card": card()}
    return OutgoingMessage(key=key, purpose=purpose, **{**values, **changes})


@dataclass
class Fault:
    """What the server does instead of answering well: once for each fault queued."""

    status: int = 200
    error: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    is_done: bool = False
    is_hung_up: bool = False


class SlackServer:
    """A Slack Web API on loopback that keeps messages, and fails when told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.messages: list[dict[str, Any]] = []
        self.faults: dict[str, list[Fault]] = {}
        self.url = ""

    def called(self, method: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in self.calls if name == method]

    def answer(self, method: str, arguments: dict[str, Any]) -> tuple[Fault, dict[str, Any]]:
        self.calls.append((method, arguments))
        fault = self.faults[method].pop(0) if self.faults.get(method) else Fault()
        if fault.error or fault.status != 200 or fault.is_hung_up:
            if fault.is_done:
                self.act(method, arguments)
            return fault, {"ok": False, "error": fault.error or "server_error"}
        return fault, self.act(method, arguments)

    def act(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: PLR0911 - one for each method
        match method:
            case "chat.postMessage":
                stamp = f"1700000000.{len(self.messages) + 1:06d}"
                conversation = arguments["channel"].replace("U", "D", 1)
                self.messages.append({**arguments, "ts": stamp, "channel": conversation})
                return {"ok": True, "channel": conversation, "ts": stamp}
            case "chat.update":
                kept = next((m for m in self.messages if m["ts"] == arguments["ts"]), None)
                if kept is None:
                    return {"ok": False, "error": "message_not_found"}
                kept.update(arguments)
                return {"ok": True, "channel": arguments["channel"], "ts": arguments["ts"]}
            case "conversations.history":
                shown = [m for m in self.messages if m["channel"] == arguments["channel"] and "thread_ts" not in m]
                return {"ok": True, "messages": shown}
            case "conversations.replies":
                stamp = arguments["ts"]
                return {"ok": True, "messages": [m for m in self.messages if stamp in {m["ts"], m.get("thread_ts")}]}
            case "conversations.open":
                return {"ok": True, "channel": {"id": arguments["users"].replace("U", "D", 1)}}
            case _:
                return {"ok": True}


@contextmanager
def slack_server() -> Iterator[SlackServer]:
    """Server running while the block does."""
    server = SlackServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            address = urlsplit(self.path)
            is_json = self.headers.get("Content-Type", "").startswith("application/json")
            arguments = {
                **dict(parse_qsl(address.query)),
                **(json.loads(body or "{}") if is_json else dict(parse_qsl(body))),
            }
            fault, answer = server.answer(address.path.removeprefix("/api/"), arguments)
            if fault.is_hung_up:
                return  # the connection closes without an answer
            self.send_response(fault.status)
            for name, value in fault.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        server.url = f"http://127.0.0.1:{httpd.server_port}/api/"
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        httpd.shutdown()
        thread.join()
