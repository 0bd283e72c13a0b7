"""A hundred thousand made-up events in a store, and how long lists of them take; for `benchmarks/api.py`."""

import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from sqlalchemy import insert

from listeners.record import to_record as notice_to_record
from tocsin.app.clocks import SystemClock
from tocsin.domain.events import Event, EventKind, EventState, Tier
from tocsin.domain.notices import Messenger, Notice
from tocsin.store import EventSelection, SkyRegion, Store
from tocsin.store.event_index import listed, unit_vector, words_of
from tocsin.store.tables import event_index, event_views, events, label_sets, notices, raw_blobs
from tocsin.workflow.queries import EventFilter, list_events
from triggers.event import to_record

T0 = datetime(2020, 1, 1, tzinfo=UTC)
REPEATS = 40
#: Share of the events with restricted notices alone, and every how manieth also has a public one.
RESTRICTED, MIXED_EVERY = 0.03, 2000
SECRET = frozenset({"icecube"})
PUBLIC: frozenset[str] = frozenset()
KINDS = (EventKind.GAMMA_RAY_BURST, EventKind.GRAVITATIONAL_WAVE, EventKind.NEUTRINO)
STREAMS = dict(zip(KINDS, ("fermi_gbm", "igwn_gwalert", "icecube_track"), strict=True))
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
    "all of a kind that fit no part": EventFilter(selection=EventSelection(kind=EventKind.OTHER)),
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


@dataclass(frozen=True, kw_only=True)
class ListTimes:
    """Times of a page of a list, ms: by the clock, and CPU time of this process and the database's together."""

    clock_ms: float
    cpu_ms: float


def list_times(store: Store, wanted: EventFilter, *, is_second_page: bool = False) -> ListTimes:
    """Medians of the times of a page of the list, for one who is cleared for nothing.

    The CPU time is the mean: a server's processes tell theirs in steps of 10 ms.
    """
    cursor = None
    if is_second_page:
        with store.read() as work:
            cursor = list_events(work, wanted, clearance=PUBLIC, limit=50).next_cursor
    taken = []
    before = _cpu_s(store)
    for _ in range(REPEATS):
        begun = time.perf_counter()
        with store.read() as work:
            list_events(work, wanted, clearance=PUBLIC, limit=50, before=cursor)
        taken.append(1000 * (time.perf_counter() - begun))
    return ListTimes(clock_ms=statistics.median(taken), cpu_ms=1000 * (_cpu_s(store) - before) / REPEATS)


def _cpu_s(store: Store) -> float:
    """CPU time of this process, and of the processes of a PostgreSQL server on this machine that serve it, s."""
    own = time.process_time()
    if store.url.get_backend_name() != "postgresql":
        return own
    with store.read() as work:
        statement = (
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        pids = [row[0] for row in work._connection.exec_driver_sql(statement)]  # noqa: SLF001 - no question of the service
    return own + sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in pids)


def _fill(store: Store, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    with store.begin() as work:
        connection = work._connection  # noqa: SLF001 - a hundred thousand events one by one would take an hour
        connection.execute(insert(label_sets), [{"labels": SECRET}])
        for first in range(0, count, 5000):
            made = [_made(n, rng) for n in range(first, min(first + 5000, count))]
            for table, rows in (
                (raw_blobs, [_blob(notice) for one in made for notice in one.notices]),
                (events, [_event(one) for one in made]),
                (event_index, [_index(one) for one in made]),
                (notices, [_notice(one, notice) for one in made for notice in one.notices]),
                (event_views, [_view(one) for one in made if one.is_mixed]),
            ):
                if rows:
                    connection.execute(insert(table), rows)
    if store.url.get_backend_name() == "postgresql":
        with store.begin() as work:
            work._connection.exec_driver_sql("ANALYZE")  # noqa: SLF001 - as autovacuum does a minute later


@dataclass(frozen=True, kw_only=True)
class _Made:
    """An event of one public notice, of one restricted, or of one of each."""

    event: Event
    tier: Tier
    labels: frozenset[str]
    notices: tuple[Notice, ...]
    instruments: tuple[str, ...]

    @property
    def is_mixed(self) -> bool:
        return len(self.notices) > 1

    @property
    def shared(self) -> dict[str, Any]:
        """What stands in two tables."""
        event = self.event
        return {"tier": self.tier.value, "is_test": event.is_test, "labels": self.labels, "sort_utc": event.t0_utc}


def _made(n: int, rng: np.random.Generator) -> _Made:
    kind = KINDS[int(rng.choice(3, p=[0.9, 0.08, 0.02]))]
    ra_deg, dec_deg = float(rng.uniform(0, 360)), float(np.degrees(np.arcsin(rng.uniform(-1, 1))))
    stream = STREAMS[kind]
    is_nsbh = kind is EventKind.GRAVITATIONAL_WAVE and rng.random() < 0.05
    event = Event(
        id=f"e{n:06d}", name=f"Event {n:06d}", kind=kind, t0_utc=T0 + timedelta(seconds=1800.0 * n), ra_deg=ra_deg,
        dec_deg=dec_deg, messengers=(Messenger.GAMMA_RAY,), classification={"NSBH": 0.9} if is_nsbh else {},
        aliases=(f"{stream}:{n}",), streams=(stream,), is_test=bool(rng.random() < 0.1),
    )  # fmt: skip
    notice = Notice(
        stream=stream, notice_type="x", notice_id=event.id, event_ids=(event.name,), t0_utc=event.t0_utc,
        messenger=Messenger.GAMMA_RAY, ra_deg=ra_deg, dec_deg=dec_deg,
        labels=SECRET if rng.random() < RESTRICTED else PUBLIC,
    )  # fmt: skip
    is_mixed = n % MIXED_EVERY == 1
    return _Made(
        event=event,
        tier=Tier(int(rng.choice([1, 2, 3], p=[0.01, 0.2, 0.79]))),
        labels=SECRET if is_mixed else notice.labels,
        notices=(replace(notice, labels=PUBLIC), replace(notice, labels=SECRET)) if is_mixed else (notice,),
        instruments=("SPI-ACS", "Rare") if n % 20_000 == 0 else ("SPI-ACS",),
    )


def _digest(notice: Notice) -> str:
    return sha256(f"{notice.notice_id} {sorted(notice.labels)}".encode()).hexdigest()


def _blob(notice: Notice) -> dict[str, Any]:
    return {"sha256": _digest(notice), "size_bytes": 1, "content": b"x"}


def _event(made: _Made) -> dict[str, Any]:
    event, t0 = made.event, made.event.t0_utc
    return {
        **made.shared, "id": event.id, "name": event.name, "kind": event.kind, "t0_utc": t0, "state": EventState.OPEN,
        "is_retracted": False, "is_replay": False, "revision": 1, "created_utc": t0, "updated_utc": t0,
        "summary": to_record(event),
    }  # fmt: skip


def _index(made: _Made) -> dict[str, Any]:
    event = made.event
    x, y, z = unit_vector(event.ra_deg or 0.0, event.dec_deg or 0.0)
    return {
        **made.shared, "kind": event.kind.value, "event_id": event.id, "streams": listed(event.streams),
        "messengers": listed(one.value for one in event.messengers), "classes": listed(event.classification),
        "instruments": listed(made.instruments), "words": words_of(event), "x": x, "y": y, "z": z,
    }  # fmt: skip


def _notice(made: _Made, notice: Notice) -> dict[str, Any]:
    return {
        "raw_sha256": _digest(notice), "received_utc": notice.t0_utc, "status": "decoded", "event_id": made.event.id,
        "stream": notice.stream, "notice_type": "x", "notice_id": notice.notice_id, "is_test": made.event.is_test,
        "labels": notice.labels, "record": notice_to_record(notice),
    }  # fmt: skip


def _view(made: _Made) -> dict[str, Any]:
    event = made.event
    return {
        "event_id": event.id, "audience": PUBLIC, "name": event.name, "kind": event.kind, "t0_utc": event.t0_utc,
        "tier": made.tier.value, "is_test": event.is_test, "is_retracted": False, "labels": PUBLIC,
        "summary": to_record(event),
    }  # fmt: skip
