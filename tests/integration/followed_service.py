"""The service following a stand-in of ISDC's stream, on a clock that the test moves."""

import json
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx
from rich.console import Console

from tocsin.app.serving import Built, build_service
from tocsin.demo.world import _toml
from tocsin.domain.clock import ManualClock
from tocsin.settings import Settings, load_settings

#: Longest wait for a thread of the service, s.
PATIENCE_S = 20.0
#: Parts that only look now and then wait longer than this, s.
LONG_WAIT_S = 500.0


class PacedClock(ManualClock):
    """Moved by the test; tells when a part of the service waits on it. Its wall time may be wrong by a step."""

    def __init__(self, start_utc: datetime) -> None:
        super().__init__(start_utc)
        self.error_s = 0.0
        self.waits = 0
        self._changed = threading.Condition()

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.error_s)

    def true_now(self) -> datetime:
        return super().now()

    def wall_s(self, clock_s: float) -> float:
        if clock_s < LONG_WAIT_S:  # only who follows waits so shortly
            with self._changed:
                self.waits += 1
                self._changed.notify_all()
        return super().wall_s(clock_s)

    def tick(self, seconds: float) -> None:
        """Move forward, and wait until who follows has looked at the new time."""
        self.advance(seconds)
        with self._changed:
            # One look may have begun before the clock was moved: the second is of the new time for certain.
            seen = self.waits
            assert self._changed.wait_for(lambda: self.waits >= seen + 2, PATIENCE_S), "nobody looks at the clock"


def settings_for(
    folder: Path, url: str, *, timeout_s: float = 0.25, latency_s: float = 20.0, **changes: Any
) -> Settings:
    """Settings of a service that follows the stand-in; `changes` are tables of tocsin.toml."""
    overlay = folder / "config"
    overlay.mkdir(parents=True, exist_ok=True)
    stream = {
        "name": "SPI-ACS-stream",
        "spacecraft": "INTEGRAL",
        "kind": "isdc-rtlc",
        "base_url": url,
        "stored_as": "SPI-ACS",
        "start_utc": "2002-10-17T00:00:00Z",
        "light_travel_s": 0.53,
        "timeout_s": timeout_s,
        "latency_s": latency_s,
        "clock_error_s": {"realtime": 0.01},
    }
    acs = {**stream, "name": "SPI-ACS", "timeout_s": 20.0}
    genlc = {**acs, "name": "SPI-ACS-genlc", "kind": "isdc-genlc"}
    tables: Mapping[str, Any] = {
        "tocsin": {
            "api": {"port": 0},
            "channels": {"enabled": ["recorder"]},
            "reaction": {"instruments": ["SPI-ACS"], "retry_s": 30},
            "archive": {"follow": {"instruments": ["SPI-ACS-stream"], "first_look_back_s": 10}},
            **changes,
        },
        "instruments": {"instrument": [acs, stream, genlc]},
    }
    for name, table in tables.items():
        (overlay / f"{name}.toml").write_text(_toml(table), encoding="utf-8")
    return load_settings({"TOCSIN_CONFIG_DIR": str(overlay), "TOCSIN_DATA_DIR": str(folder / "data")})


class FollowedService:
    """The service, built and started in this process, until the block ends."""

    def __init__(self, settings: Settings, clock: PacedClock) -> None:
        self.settings, self.clock = settings, clock
        self.built: Built = build_service(settings, clock=clock, console=Console(quiet=True))

    def __enter__(self) -> Self:
        self.built.service.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.built.service.stop()
        self.built.close()

    def get(self, path: str) -> Any:
        reply = httpx.get(f"http://127.0.0.1:{self.built.service.port}{path}", timeout=PATIENCE_S, trust_env=False)
        return json.loads(reply.text) if reply.headers["content-type"].endswith("json") else reply.text

    def events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/api/v1/events")["events"]
        return found

    def settle(self) -> None:
        """Wait until nothing that is due is left to do."""
        deadline = threading.Event()
        for _ in range(int(PATIENCE_S / 0.02)):
            if self.built.following.is_idle() and not self.built.service.is_busy():
                return
            deadline.wait(0.02)
        raise AssertionError("the service is still busy")
