"""A hundred thousand made-up events in a store, and how long lists of them take; for `benchmarks/api.py`."""

import contextlib
import os
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import insert

from tocsin.app.clocks import SystemClock
from tocsin.domain.events import Event, EventKind, EventState, Tier
from tocsin.domain.notices import Messenger
from tocsin.store import EventSelection, SkyRegion, Store
from tocsin.store.event_index import listed, unit_vector, words_of
from tocsin.store.tables import event_index, events, notices, raw_blobs
from tocsin.workflow.queries import EventFilter, list_events
from triggers.event import to_record

T0 = datetime(2020, 1, 1, tzinfo=UTC)
REPEATS = 15
PUBLIC: frozenset[str] = frozenset()
KINDS = (EventKind.GAMMA_RAY_BURST, EventKind.GRAVITATIONAL_WAVE, EventKind.NEUTRINO)
#: From what fits everything to what fits nothing: each may be the slowest.
LIST_FILTERS: dict[str, EventFilter] = {
    "none": EventFilter(),
    "kind": EventFilter(selection=EventSelection(kind=EventKind.NEUTRINO)),
    "tier": EventFilter(selection=EventSelection(tier=Tier.WAKE)),
    "tests": EventFilter(selection=EventSelection(is_test=True)),
    "stream": EventFilter(selection=EventSelection(stream="igwn_gwalert")),
    "a stream of none": EventFilter(selection=EventSelection(stream="nowhere")),
    "messenger": EventFilter(selection=EventSelection(messenger=Messenger.NEUTRINO)),
    "instrument": EventFilter(selection=EventSelection(instrument="SPI-ACS")),
    "an instrument of few": EventFilter(selection=EventSelection(instrument="Rare")),
    "class": EventFilter(selection=EventSelection(classification="NSBH")),
    "text of one": EventFilter(selection=EventSelection(text="e000017")),
    "text of none": EventFilter(selection=EventSelection(text="no such name")),
    "region": EventFilter(selection=EventSelection(region=SkyRegion(ra_deg=10.0, dec_deg=-5.0, radius_deg=3.0))),
    "an empty region": EventFilter(
        selection=EventSelection(region=SkyRegion(ra_deg=10.0, dec_deg=-5.0, radius_deg=0.001))
    ),
    "an old month": EventFilter(start_utc=T0, stop_utc=T0 + timedelta(days=30)),
    "text and class of none": EventFilter(
        selection=EventSelection(text="e0000", classification="BNS", tier=Tier.WAKE, kind=EventKind.NEUTRINO)
    ),
}


def fill_index(folder: Path, count: int, seed: int) -> Iterator[tuple[str, Store]]:
    """Stores with so many events: SQLite, and PostgreSQL where TOCSIN_TEST_POSTGRESQL_URL names a database."""
    urls = {"SQLite": f"sqlite:///{folder / 'list.sqlite'}"}
    if given := os.environ.get("TOCSIN_TEST_POSTGRESQL_URL"):
        urls["PostgreSQL"] = given
    for name, url in urls.items():
        store = Store(url, clock=SystemClock())
        store.migrate()
        _fill(store, count, seed)
        yield name, store


def list_times_ms(store: Store, wanted: EventFilter) -> float:
    """Median time of a page of the list, ms: the CPU time of this process on SQLite, the clock's on PostgreSQL."""
    clock = time.process_time if store.url.get_backend_name() == "sqlite" else time.perf_counter
    taken = []
    for _ in range(REPEATS):
        begun = clock()
        with store.read() as work:
            list_events(work, wanted, clearance=PUBLIC, limit=50)
        taken.append(1000 * (clock() - begun))
    return statistics.median(taken)


def _fill(store: Store, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    with store.begin() as work, contextlib.suppress(StopIteration):
        connection = work._connection  # noqa: SLF001 - a hundred thousand events one by one would take an hour
        for first in range(0, count, 5000):
            rows = [_event(n, rng) for n in range(first, min(first + 5000, count))]
            connection.execute(insert(raw_blobs), [row["blob"] for row in rows])
            connection.execute(insert(events), [row["event"] for row in rows])
            connection.execute(insert(event_index), [row["index"] for row in rows])
            connection.execute(insert(notices), [row["notice"] for row in rows])
    if store.url.get_backend_name() == "postgresql":
        with store.begin() as work:
            work._connection.exec_driver_sql("ANALYZE")  # noqa: SLF001 - as autovacuum does a minute later


def _event(n: int, rng: np.random.Generator) -> dict[str, dict[str, Any]]:
    kind = KINDS[int(rng.choice(3, p=[0.9, 0.08, 0.02]))]
    t0 = T0 + timedelta(seconds=1800.0 * n)
    ra_deg, dec_deg = float(rng.uniform(0, 360)), float(np.degrees(np.arcsin(rng.uniform(-1, 1))))
    stream = {"gamma_ray_burst": "fermi_gbm", "gravitational_wave": "igwn_gwalert", "neutrino": "icecube_track"}[
        kind.value
    ]
    classes = {"NSBH": 0.9} if kind is EventKind.GRAVITATIONAL_WAVE and rng.random() < 0.05 else {}
    event = Event(
        id=f"e{n:06d}", name=f"Event {n:06d}", kind=kind, t0_utc=t0, ra_deg=ra_deg, dec_deg=dec_deg,
        messengers=(Messenger.GAMMA_RAY,), classification=classes, aliases=(f"{stream}:{n}",), streams=(stream,),
        is_test=bool(rng.random() < 0.1),
    )  # fmt: skip
    tier = Tier(int(rng.choice([1, 2, 3], p=[0.01, 0.2, 0.79])))
    x, y, z = unit_vector(ra_deg, dec_deg)
    instruments = ("SPI-ACS", "Rare") if n % 20_000 == 0 else ("SPI-ACS",)
    digest = f"{n:064x}"
    shared = {"kind": kind, "tier": tier.value, "is_test": event.is_test, "labels": PUBLIC}
    return {
        "blob": {"sha256": digest, "size_bytes": 1, "content": b"x"},
        "event": {
            **shared, "id": event.id, "name": event.name, "t0_utc": t0, "sort_utc": t0, "state": EventState.OPEN,
            "is_retracted": False, "is_replay": False, "revision": 1, "created_utc": t0, "updated_utc": t0,
            "summary": to_record(event),
        },
        "index": {
            **shared, "kind": kind.value, "sort_utc": t0, "event_id": event.id, "streams": listed(event.streams),
            "messengers": listed(one.value for one in event.messengers), "classes": listed(classes),
            "instruments": listed(instruments), "words": words_of(event), "x": x, "y": y, "z": z,
        },
        "notice": {
            "raw_sha256": digest, "received_utc": t0, "status": "decoded", "event_id": event.id, "stream": stream,
            "notice_type": "x", "notice_id": event.id, "is_test": event.is_test, "labels": PUBLIC, "record": {},
        },
    }  # fmt: skip
