"""A real-time service with faults on a plan, a clock that steps, and a store that dies between two writes."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from tocsin.demo.stand_ins import IsdcStandIn
from tocsin.demo.stand_ins.server import Reply, Request
from tocsin.domain.clock import ManualClock


class SteppingClock(ManualClock):
    """Clock whose wall time is wrong by a step, as of a machine with a broken NTP; its monotonic time is right."""

    def __init__(self, true: ManualClock) -> None:
        super().__init__(true.now())
        self.true = true
        self.error_s = 0.0

    def now(self) -> datetime:
        return self.true.now() + timedelta(seconds=self.error_s)

    def monotonic_s(self) -> float:
        return self.true.monotonic_s()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong from when to when, s after the start."""

    kind: str
    start_s: float
    stop_s: float


def text(body: str | bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    content = body if isinstance(body, bytes) else body.encode()
    return Reply(status=status, body=content, content_type="text/plain", headers=headers or {})


class FaultyIsdc(IsdcStandIn):
    """The service, failing as planned."""

    faults: Sequence[Fault] = ()
    seed = 1

    def begin(self, clock: ManualClock, faults: Sequence[Fault]) -> "FaultyIsdc":
        self.faults, self.true, self.started = faults, clock, clock.now()
        self.random = np.random.default_rng(self.seed)
        self.happened: dict[Fault, int] = {}
        self.last_good: Reply | None = None
        self.released = threading.Event()
        return self

    def handle(self, request: Request) -> Reply | None:
        reply = super().handle(request)
        assert reply is not None
        at_s = (self.true.now() - self.started).total_seconds()
        for fault in self.faults:
            if fault.start_s <= at_s < fault.stop_s and fault.kind in KINDS:
                self.happened[fault] = self.happened.get(fault, 0) + 1
                return KINDS[fault.kind](self, reply)
        self.last_good = reply
        return reply

    def changed(self, reply: Reply, change: Callable[[Any, np.random.Generator], Any]) -> Reply:
        content = json.loads(reply.body)
        if content["lc"]["data"]:
            content["lc"]["data"] = change(content["lc"]["data"], self.random)
        return Reply(body=json.dumps(content).encode())


def never_answer(server: FaultyIsdc, _: Reply) -> Reply | None:
    """Holds the connection until the client has given up."""
    server.released.wait(2.0)
    return None


def late_answer(server: FaultyIsdc, reply: Reply) -> Reply:
    server.true.advance(12.0)
    return reply


def shuffled(rows: Any, random: np.random.Generator) -> Any:
    return [rows[k] for k in random.permutation(len(rows))]


def repeated(rows: Any, random: np.random.Generator) -> Any:
    return rows + [rows[k] for k in random.integers(0, len(rows), len(rows))]


def with_holes(rows: Any, random: np.random.Generator) -> Any:
    """A telemetry packet and some bins have not come yet."""
    at = int(random.integers(0, max(len(rows) - 80, 1)))
    return [row for k, row in enumerate(rows) if not at <= k < at + 60 and k % 17]


def with_nulls(rows: Any, _: Any) -> Any:
    return [[None, t] if k % 11 == 3 else [n, t] for k, (n, t) in enumerate(rows)]


def in_utc(rows: Any, _: Any) -> Any:
    return [[n, t - 69.184 / 86400.0] for n, t in rows]


KINDS: Mapping[str, Callable[[FaultyIsdc, Reply], Reply | None]] = {
    "outage": lambda _s, _r: text("Bad Gateway", status=502),
    "hangs up": lambda _s, _r: None,
    "never answers": never_answer,
    "answers late": late_answer,
    "garbage": lambda s, _r: text(s.random.bytes(3000)),
    "cut off": lambda _s, r: Reply(body=r.body[: len(r.body) * 2 // 3]),
    "cut off in the length": lambda _s, r: Reply(body=r.body[:7]),
    "no data word": lambda _s, _r: text('"NoData"'),
    "zero data word": lambda _s, _r: text("ZeroData"),
    "no auxiliary data": lambda _s, _r: text("NoAuxData for this time"),
    "over revolution": lambda _s, _r: text("Over revolution"),
    "page": lambda _s, _r: text("<!DOCTYPE html><html><body>Service temporarily down</body></html>"),
    "too many": lambda _s, _r: text("slow down", status=429, headers={"Retry-After": "25"}),
    "empty body": lambda _s, _r: text(b""),
    "empty table": lambda _s, _r: Reply(body=b'{"lc": {"data": []}, "prophecy": ["?", {}]}'),
    "stale": lambda s, r: s.last_good or r,
    "shuffled": lambda s, r: s.changed(r, shuffled),
    "repeated": lambda s, r: s.changed(r, repeated),
    "late packets": lambda s, r: s.changed(r, with_holes),
    "nulls": lambda s, r: s.changed(r, with_nulls),
    "utc for tt": lambda s, r: s.changed(r, in_utc),
    "negative": lambda s, r: s.changed(r, lambda rows, _: [[-n, t] for n, t in rows]),
}
