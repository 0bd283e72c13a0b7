"""A small HTTP server on loopback that speaks as ISDC does: rtlc with prophecy, genlc, ephs and the legacy page.

It is handed a light curve and says only what the real ones would have said of it at the time it is told.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from acs_stream.time_systems import seconds_of_day, utc_to_ijd
from tocsin.domain.clock import to_utc
from tocsin.domain.light_curves import LightCurve

API = "/gw/integralhk/api/v1.0"


@dataclass
class IsdcState:
    """What the server has, and how it behaves."""

    curve: LightCurve
    last_data_utc: datetime | None = None
    prophecy: Any = None
    pointing: str = '{"scx": {"ra": 261.096, "dec": -41.012}, "scz": {"ra": 176.327, "dec": 5.985}}'
    ephs: str = "166.134 81.107 109932.3\n0.016 0.016 30.0"
    override: tuple[int, str, Mapping[str, str]] | None = None
    quoted: bool = False
    ijd_shift_s: float = 0.0
    requests: list[str] = field(default_factory=list)

    def rows(self, t0: datetime, dt: float) -> tuple[np.ndarray, np.ndarray]:
        """Counts and IJD (centres) that the server has within T0 +- dt."""
        centre = self.curve.start_s + self.curve.width_s / 2
        offset = (self.curve.t0_utc - t0).total_seconds()
        keep = np.abs(centre + offset) <= dt
        if self.last_data_utc is not None:
            keep &= centre <= (self.last_data_utc - self.curve.t0_utc).total_seconds()
        ijd = utc_to_ijd(self.curve.t0_utc) + (centre[keep] + self.ijd_shift_s) / 86400.0
        return self.curve.counts[keep], ijd


def rtlc(state: IsdcState, t0: datetime, dt: float) -> str:
    counts, ijd = state.rows(t0, dt)
    if not counts.size:
        return json.dumps({"data": [], "prophecy": state.prophecy})
    data = [[float(c), float(t)] for c, t in zip(counts, ijd, strict=True)]
    frame = {"index": list(range(len(data))), "columns": ["counts", "ijd"], "data": data}
    return json.dumps({"lc": frame, "prophecy": state.prophecy})


def genlc(state: IsdcState, t0: datetime, dt: float) -> str:
    counts, ijd = state.rows(t0, dt)
    if not counts.size:
        return "NoData"
    reference = t0 - timedelta(seconds=dt)
    head = [
        (
            "# please take care! the UTC reference times are computed assuming no leap seconds "
            "in the requested time interval"
        ),
        "# (which is a very infrequent occasion, of course)",
        f"# reference (start) UTC is: {reference:%Y-%m-%dT%H:%M:%S} {seconds_of_day(reference):g}",
        "# columns are:",
        "# [IJD] [seconds since reference] [counts in bin] [seconds since midnight]",
    ]
    since = (ijd - utc_to_ijd(reference)) * 86400.0
    rows = [
        f"{t:.20g} {s:.10g} {c:.5g} {seconds_of_day(reference) + s:.15g}"
        for t, s, c in zip(ijd, since, counts, strict=True)
    ]
    text = "\n".join(head[:3] * 2 + head[3:] + rows) + "\n"
    return json.dumps(text) if state.quoted else text


def ipnlc(state: IsdcState, t0: datetime, dt: float) -> str:
    counts, ijd = state.rows(t0, dt)
    if not counts.size:
        return "NoData"
    reference = t0
    since = (ijd - utc_to_ijd(reference)) * 86400.0 - 0.025
    lines = [
        f"'INTEGRAL  ' '{reference:%d/%m/%y}' {seconds_of_day(reference):10.5f} 100.000  10000.000",
        f"{np.median(counts):.3f} 0.05000000",
        *[f"{s:10.3f} {c:10.5f}" for s, c in zip(since, counts, strict=True)],
    ]
    return "<br>\n".join(lines) + "<br>\n"


def reply(state: IsdcState, url: str) -> str:
    parts = urlsplit(url)
    if parts.path.startswith("/gw/scsystem/api/v1.0/sc/"):
        return state.pointing
    path = [unquote(part) for part in parts.path.removeprefix(API).strip("/").split("/")]
    if path[0] == "rtlc":
        return rtlc(state, to_utc(path[1]), float(path[2]))
    if path[0] == "genlc" and path[1] == "ACS":
        return genlc(state, to_utc(path[2]), float(path[3]))
    if path[0] == "ephs":
        return state.ephs
    query = parse_qs(parts.query)
    t0, dt = query["requeststring"][0].split(" ")
    return state.ephs if query["generate"] == ["ephs"] else ipnlc(state, to_utc(t0), float(dt))


@contextmanager
def isdc_server(state: IsdcState) -> Iterator[str]:
    """Base URL of a running server; it is stopped on leaving."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.requests.append(self.path)
            status, text, headers = state.override or (200, reply(state, self.path), {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            body = text.encode()
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
