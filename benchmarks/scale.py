"""What more of everything costs: notices a second, events, days of archive, partners; each with its slope.

    python benchmarks/scale.py --seed 1 > scale.jsonl && python docs/explanation/plot_scale.py scale.jsonl

One process with SQLite, durable as in service, in CPU time of this process: on a machine with nothing else to do the
wall's time is the same, but for the disk. Notices are LVK's mock alerts, the dearest kind: each makes or changes an
event.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
from api_events import LIST_FILTERS, fill_index, list_times_ms
from archive import FIRST_DAY, WHOLE_EVERY, write_days
from figures import Figure
from traffic import LVK, SECRET, Sent, traffic

from acs_stream.archive.rate_archive import RateArchive
from notifier.partner_post import PartnerPost
from notifier.recorder import RecorderChannel
from tocsin.app.build import build_context
from tocsin.app.clocks import SystemClock
from tocsin.domain.notices import RawNotice
from tocsin.settings import load_settings
from tocsin.store import Store, UnitOfWork, Webhook
from tocsin.workflow.context import Context, Door
from tocsin.workflow.ingest import ingest
from tocsin.workflow.telling_partners import PartnerTeller

BATCHES = (1, 10, 100)
EVENTS = (1_000, 10_000, 100_000)
DAYS = (12, 48, 192)
PARTNERS = (1, 10, 100)
#: Notices taken at each size, reads of the archive, changes told.
TAKEN, READS, CHANGES = 200, 40, 5
CLOCK = SystemClock()

#: x, and the cost there.
Curve = list[tuple[float, float]]


def run(seed: int = 1) -> list[Figure]:
    """Figures of all four."""
    with tempfile.TemporaryDirectory(prefix="tocsin-scale-") as folder:
        notices = _notices(Path(folder), seed)
        taken, listed, size_mb = _events(Path(folder), seed)
        read, day_mb = _archive(Path(folder), seed)
        told = _partners(Path(folder), seed)
    return [
        *_shown("CPU of a notice, ms, in batches of", notices),
        Figure(name="notices a second that one core bears, one by one", value=1e3 / notices[0][1]),
        Figure(name="notices a second that one core bears, in the largest batches", value=1e3 / notices[-1][1]),
        *_shown("CPU of a notice, ms, with events in the store:", taken),
        Figure(name="CPU of a notice, ms more for each tenfold of events", value=_slope(taken)),
        *_shown("CPU of a page of the list, ms, with events:", listed),
        Figure(name="CPU of a page of the list, ms more for each tenfold of events", value=_slope(listed)),
        Figure(name="size of the store, MB for 1,000 events of one notice", value=size_mb),
        *_shown("CPU of 10 minutes of rates, ms, with days in the archive:", read),
        Figure(name="CPU of 10 minutes of rates, ms more for each tenfold of days", value=_slope(read)),
        Figure(name="size of the archive, GB for a year of one instrument in 50 ms", value=365.25e-3 * day_mb),
        *_shown("CPU of telling a change, ms, with partners:", told),
        Figure(name="CPU of telling a change, ms for each partner", value=told[-1][1] / told[-1][0]),
    ]


def _shown(name: str, curve: Curve) -> list[Figure]:
    return [Figure(name=f"{name} {x:,.0f}", value=value) for x, value in curve]


def _slope(curve: Curve) -> float:
    """Growth for each tenfold of what grows, fitted over all."""
    x, y = np.array(curve).T
    return float(np.polyfit(np.log10(x), y, 1)[0])


def _context(store: Store) -> Context:
    doors = (Door(channel=RecorderChannel()),)
    return build_context(load_settings({}), clock=CLOCK, store=store, doors=doors, sources={})


def _mocks(seed: int, number: int) -> list[RawNotice]:
    sent = traffic(seed, seconds=number / 10.0, per_second=20.0, story_s=1e9)
    return [_raw(one, offset) for offset, one in enumerate(sent) if one.topic == LVK][:number]


def _raw(one: Sent, offset: int) -> RawNotice:
    if one.topic == SECRET:
        raise ValueError("nothing secret is measured")
    return RawNotice(
        payload=one.payload,
        transport="kafka",
        origin="broker",
        topic=one.topic,
        partition=0,
        offset=offset,
        received_utc=CLOCK.now(),
        received_monotonic_s=CLOCK.monotonic_s(),
    )


def _taken_ms(context: Context, raws: Sequence[RawNotice], batch: int) -> float:
    """CPU of taking one notice, in batches of so many, ms."""
    begun_s = time.process_time()
    for first in range(0, len(raws), batch):
        ingest(context, raws[first : first + batch])
    return 1e3 * (time.process_time() - begun_s) / len(raws)


def _notices(folder: Path, seed: int) -> Curve:
    curve = []
    for batch in BATCHES:
        store = Store(f"sqlite:///{folder / f'batch{batch}.sqlite'}", clock=CLOCK)
        store.migrate()
        context, raws = _context(store), _mocks(seed, 2 * TAKEN)
        _taken_ms(context, raws[:TAKEN], batch)  # imports, caches and prepared statements
        curve.append((float(batch), _taken_ms(context, raws[TAKEN:], batch)))
        store.close()
    return curve


def _events(folder: Path, seed: int) -> tuple[Curve, Curve, float]:
    taken, listed, sizes = [], [], []
    for number in EVENTS:
        place = folder / f"events{number}"
        place.mkdir()
        (_, store) = next(iter(fill_index(place, number, seed)))
        sizes.append((place / "list.sqlite").stat().st_size / 1e6)
        context, raws = _context(store), _mocks(seed, 2 * TAKEN)
        _taken_ms(context, raws[:TAKEN], 10)
        taken.append((float(number), _taken_ms(context, raws[TAKEN:], 10)))
        listed.append((float(number), list_times_ms(store, LIST_FILTERS["none"])))
        store.close()
        shutil.rmtree(place)
    return taken, listed, 1e3 * (sizes[-1] - sizes[0]) / (EVENTS[-1] - EVENTS[0])


def _archive(folder: Path, seed: int) -> tuple[Curve, float]:
    curve, size_mb = [], 0.0
    for days in DAYS:
        random, place = np.random.default_rng(seed), folder / f"rates{days}"
        size_mb = write_days(place, random, days)
        archive, times_ms = RateArchive(str(place)), []
        for _ in range(READS):
            day = FIRST_DAY + timedelta(days=WHOLE_EVERY * int(random.integers(0, days // WHOLE_EVERY)))
            start = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(
                seconds=random.uniform(1.0, 85_000.0)
            )
            begun_s = time.process_time()
            archive.read("SPI-ACS", start, start + timedelta(seconds=600), bin_s=None)
            times_ms.append(1e3 * (time.process_time() - begun_s))
        curve.append((float(days), float(np.median(times_ms))))
        shutil.rmtree(place)
    return curve, size_mb


def _partners(folder: Path, seed: int) -> Curve:
    curve = []
    for number in PARTNERS:
        store = Store(f"sqlite:///{folder / f'partners{number}.sqlite'}", clock=CLOCK)
        store.migrate()
        context = replace(_context(store), rehearses=False)
        with store.begin() as work:
            for index in range(number):
                work.add_webhook(_hook(index, work))
        post = PartnerPost(CLOCK, resolve=lambda _host, _port: ["93.184.216.34"], transport=httpx.MockTransport(_take))
        teller = PartnerTeller(store, CLOCK, post, lambda _work, event_id, _seen: event_id.encode(), attempts=3)
        spent_s, changes = 0.0, 0
        for raw in _mocks(seed, 3 * CHANGES)[::3]:
            ingest(context, [raw])
            begun_s = time.process_time()
            while teller.look():
                pass
            spent_s, changes = spent_s + time.process_time() - begun_s, changes + 1
        curve.append((float(number), 1e3 * spent_s / changes))
        store.close()
    return curve


def _hook(index: int, work: UnitOfWork) -> Webhook:
    return Webhook(
        id=f"w{index}",
        name=f"partner {index}",
        url=f"https://partner{index}.example/in",
        secret="s3cret",  # noqa: S106 - opens nothing
        clearance=frozenset(),
        position=work.last_change_id(),
        created_utc=CLOCK.now(),
    )


def _take(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    for figure in run(parser.parse_args().seed):
        print(json.dumps(figure.to_json()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
