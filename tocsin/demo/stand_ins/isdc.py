"""Stand-in for the HTTP service of the INTEGRAL Science Data Centre: real paths and replies, simulated counts.

::

    /gw/integralhk/api/v1.0/rtlc/{t}/{dt}?json&prophecy     real-time light curve, and when data are to be expected
    /gw/integralhk/api/v1.0/genlc/ACS/{t0}/{dt}             the same counts as text
    /gw/integralhk/api/v1.0/ephs/{t}                        place of INTEGRAL
    /gw/scsystem/api/v1.0/sc/{t}/{ra}/{dec}                 its axes, and where a source lies in them

Data end `latency_s` before the clock's now; around perigee there are none.
"""

import json
import threading
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from tocsin.demo.stand_ins.server import LoopbackServer, Reply, Request
from tocsin.domain.clock import Clock, to_utc
from tocsin.domain.light_curves import LightCurve
from tocsin.simulate.files.isdc import ephs_text, genlc_text, ijd_to_utc, rtlc_columns
from tocsin.simulate.integral import Integral, Revolution

PREFIX = ["gw", "integralhk", "api", "v1.0"]
POINTING = ["gw", "scsystem", "api", "v1.0", "sc"]
#: Longest half-span the service accepts, s.
MAX_HALF_SPAN_S = 4e5


class IsdcStandIn(LoopbackServer):
    """The service.

    Parameters
    ----------
    integral
        The craft and its counts.
    clock
        What time it is.
    latency_s
        Age of the youngest data, s.
    """

    def __init__(self, integral: Integral, *, clock: Clock, latency_s: float = 20.0) -> None:
        super().__init__()
        self.integral = integral
        self.requests: list[str] = []
        self._clock = clock
        self._latency = timedelta(seconds=latency_s)
        self._lock = threading.Lock()
        self._failures = 0

    def fail_next(self, count: int = 1) -> None:
        """Answer the next `count` requests with 502, as a gateway does when the service behind it is down."""
        with self._lock:
            self._failures = count

    def handle(self, request: Request) -> Reply | None:
        """Answer to a request."""
        with self._lock:
            self.requests.append(request.target)
            if self._failures > 0:
                self._failures -= 1
                return Reply(status=502, body=b"Bad Gateway", content_type="text/plain")
        target = urlsplit(request.target)
        parts = [unquote(part) for part in target.path.split("/") if part]
        is_pointing = parts[:5] == POINTING and len(parts) == 8
        if parts[:4] != PREFIX and not is_pointing:
            return Reply(status=404, body=b"Not Found", content_type="text/plain")
        try:
            if is_pointing:
                return self._pointing(_moment(parts[5]))
            return self._route(parts[4:], set(target.query.split("&")))
        except ValueError as error:
            return Reply(status=400, body=str(error).encode(), content_type="text/plain")

    def _route(self, parts: list[str], options: set[str]) -> Reply:
        match parts:
            case ["rtlc", moment, half_span]:
                return self._realtime(_moment(moment), _half_span(half_span), options)
            case ["genlc", "ACS", moment, half_span]:
                return self._text(_moment(moment), _half_span(half_span))
            case ["ephs", moment]:
                return Reply(
                    body=ephs_text(self.integral.position(_moment(moment))).encode(), content_type="text/plain"
                )
            case _:
                return Reply(status=404, body=b"Not Found", content_type="text/plain")

    def _pointing(self, at_utc: datetime) -> Reply:
        axes = self.integral.axes_deg(at_utc)
        if axes is None:
            return Reply(status=404, body=b"Not Found", content_type="text/plain")
        return _json({name: {"ra": ra, "dec": dec} for name, (ra, dec) in zip(("scx", "scz"), axes, strict=True)})

    def _realtime(self, t0_utc: datetime, half_span: timedelta, options: set[str]) -> Reply:
        rows = [row for part in self._light_curves(t0_utc, half_span) for row in rtlc_columns(part)]
        curve = {"index": list(range(len(rows))), "columns": ["counts", "ijd"], "data": rows} if rows else {"data": []}
        if "json" not in options:
            return self._text(t0_utc, half_span)
        if "prophecy" in options:
            return _json({"lc": curve, "prophecy": self.prophecy(t0_utc)})
        return _json({"lc": curve} if rows else curve)

    def _text(self, t0_utc: datetime, half_span: timedelta) -> Reply:
        parts = self._light_curves(t0_utc, half_span)
        if not parts:
            return Reply(body=b"NoData", content_type="text/plain")
        start = t0_utc - half_span
        first, *others = [genlc_text(part, reference_utc=start.replace(microsecond=0)) for part in parts]
        rows = "".join(line + "\n" for text in others for line in text.splitlines() if not line.startswith("#"))
        return Reply(body=(first + rows).encode(), content_type="text/plain")

    def _light_curves(self, t0_utc: datetime, half_span: timedelta) -> list[LightCurve]:
        """What has come down so far."""
        stop = min(t0_utc + half_span, self._clock.now() - self._latency)
        start = t0_utc - half_span
        parts = self.integral.light_curves(start, stop) if stop > start else []
        return [part for part in parts if len(part)]

    def prophecy(self, t0_utc: datetime) -> list[object]:
        """When data are to be expected: a sentence, and the same for machines."""
        now = self._clock.now() - self._latency
        last, coming = self.integral.last_data_utc(now), self.integral.next_data_utc(now)
        if self.integral.is_online(now):
            text = f"data until now, next break in {_hours(self.integral.revolution(now).stop_utc - now):.2g} hr"
        else:
            text = f"break since {_hours(now - last):.2g} hr next data in {_hours(coming - now):.2g} hr"
        revolutions = {
            name: _revolution(self.integral.revolution(now, later=later))
            for name, later in (("prevrev", -1), ("thisrev", 0), ("nextrev", 1))
        }
        state = {
            "expected_data_status": "ONLINE" if self.integral.is_online(t0_utc) else "OFFLINE",
            "last_data_utc": _utc(last),
            "next_data_utc": _utc(coming),
        }
        return [text, state | revolutions]


def _revolution(one: Revolution) -> dict[str, int | str]:
    return {"num": one.number, "start": _utc(one.start_utc), "stop": _utc(one.stop_utc)}


def _moment(text: str) -> datetime:
    """Time from ISO 8601 (UTC) or IJD."""
    try:
        return ijd_to_utc(float(text))
    except ValueError:
        return to_utc(text)


def _half_span(text: str) -> timedelta:
    seconds = float(text)
    if not 0.0 < seconds <= MAX_HALF_SPAN_S:
        raise ValueError(f"half-span {text} s is not within (0, {MAX_HALF_SPAN_S:.0f}]")
    return timedelta(seconds=seconds)


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def _hours(span: timedelta) -> float:
    return span / timedelta(hours=1)


def _json(content: dict[str, object]) -> Reply:
    return Reply(body=json.dumps(content).encode())
