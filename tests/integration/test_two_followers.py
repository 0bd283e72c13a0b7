"""Two processes follow one stream, at different beats and at the same time: each burst is told once."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import structlog
from workflow_desk import at, settings

from acs_stream.archive.rate_archive import RateArchive
from acs_stream.archive.rows import RateRows, from_light_curve
from acs_stream.follower.watching import FileMemory, StreamWatch, WatchedStore
from tocsin.app.build import build_context
from tocsin.domain.clock import ManualClock
from tocsin.domain.light_curves import LightCurve, Timing
from tocsin.store import Store
from tocsin.workflow.context import Context
from tocsin.workflow.stream_triggers import take_triggers

BURSTS_S = (700.0, 1000.0, 1300.0)
REALTIME = Timing(product="realtime", clock_error_s=0.010, is_approximate=True)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[Any]:
    with structlog.testing.capture_logs() as entries:
        yield entries


def stream() -> RateRows:
    counts = 2.0 * np.random.default_rng(5).poisson(2250.0, 32_000)
    for onset_s in BURSTS_S:
        first = round(onset_s / 0.05)
        counts[first : first + 40] += 800.0
    return from_light_curve(
        LightCurve(
            "SPI-ACS", at(0.0), 0.05 * np.arange(32_000), 0.05, counts, timing=REALTIME, energy_kev=(75.0, 10_000.0)
        )
    )


def follower(folder: Path, rates: Path, context: Context, each_s: float) -> Callable[[], None]:
    """A process that stores and searches the stream, packet by packet."""
    archive = RateArchive(rates)
    watch = StreamWatch(
        "SPI-ACS",
        store=archive,
        memory=FileMemory(path=folder / "watch.json"),
        tell=lambda found: take_triggers(context, found),
    )
    store = WatchedStore(archive, watch)
    rows, n = stream(), round(each_s / 0.05)

    def run() -> None:
        for k in range(0, len(rows), n):
            some = rows.take(np.arange(k, min(k + n, len(rows))))
            store.append("SPI-ACS", some)
            watch.notice(some)  # of what the other one stored it takes note all the same
            watch.step()

    return run


def test_each_burst_of_a_stream_that_two_follow_is_told_once(database_url: str, tmp_path: Path) -> None:
    clock = ManualClock(at(1700.0))
    stores = [Store(database_url, clock=clock) for _ in range(2)]
    contexts = [build_context(settings(), clock=clock, store=store, doors=(), sources={}) for store in stores]
    runs = [
        follower(tmp_path / str(k), tmp_path / "rates", context, each_s)
        for k, (context, each_s) in enumerate(zip(contexts, (70.0, 110.0), strict=True))
    ]
    threads = [threading.Thread(target=run) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120.0)
    with stores[0].read() as work:
        events = [row.id for row in work.event_rows(limit=100)[0]]
        rows = [row for event in events for row in work.notice_rows(event)]
    for store in stores:
        store.close()
    first = [row for row in rows if row.record["phase"] == "initial"]
    onsets = sorted(row.record["t0_utc"] for row in first)
    assert len(events) == len(BURSTS_S)
    assert len(onsets) == len(BURSTS_S), onsets
