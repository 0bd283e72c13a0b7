"""The archive of rates: how fast any ten minutes of a year are read, and what it costs to keep them.

The year is simulated cheaply: 366 days of SPI-ACS in 50 ms bins, of which every twelfth is drawn whole (even Poisson
counts about 4200) and the days between are copies of it moved in time. All days are as large as real ones. The files
are in the page cache of the machine, as recent ones are in service; nothing is flushed between the reads.
"""

import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from acs_stream.archive.days import midnight_tt_us
from acs_stream.archive.parts import new_name, to_parquet
from acs_stream.archive.rate_archive import RateArchive
from acs_stream.archive.rows import RateKind, RateRows

FIRST_DAY = date(2024, 1, 1)
DAYS = 366
BINS = 20 * 86_400
DRAWN_EVERY = 12
READS = 200
PACKET_BINS = 200
REALTIME = RateKind(product="realtime", clock_error_s=0.010, is_approximate=True, energy_kev=(75.0, 10_000.0))
CONSOLIDATED = RateKind(product="consolidated", clock_error_s=0.001, energy_kev=(75.0, 10_000.0))


def figures(seed: int) -> list[Mapping[str, Any]]:
    """Figures of the archive."""
    random = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        size_mb = _write_year(Path(folder), random)
        archive = RateArchive(folder)
        native_ms = _read_times_ms(archive, random, bin_s=None)
        coarse_ms = _read_times_ms(archive, random, bin_s=1.0)
        over_midnight_ms = _read_times_ms(archive, random, bin_s=None, at=lambda day: day + timedelta(seconds=-300))
        append_ms, live_ms = _follow(archive, random)
    return [
        _limit("10 minutes of a year, median, ms", float(np.median(native_ms)), 50.0),
        _limit("10 minutes of a year, 99 % of reads, ms", float(np.quantile(native_ms, 0.99)), 50.0),
        _limit("10 minutes in 1 s bins, median, ms", float(np.median(coarse_ms)), 50.0),
        _limit("10 minutes over midnight, median, ms", float(np.median(over_midnight_ms)), 50.0),
        _limit("10 minutes of the day being followed, median, ms", float(np.median(live_ms)), 50.0),
        _plain("durable append of 10 s, median, ms", float(np.median(append_ms))),
        _plain("durable append of 10 s, slowest, ms", float(np.max(append_ms))),
        _plain("size of a day, MB", size_mb),
    ]


def _rows(day: date, counts: np.ndarray, kind: RateKind, first: int = 0) -> RateRows:
    n = counts.size
    zero = np.zeros(n, dtype=np.int64)
    width = np.full(n, 50_000, dtype=np.int64)
    return RateRows(
        start_tt_us=midnight_tt_us(day) + (first + np.arange(n)) * 50_000,
        width_us=width,
        live_us=width,
        counts=counts,
        variance_counts=np.full(n, np.nan),
        is_masked=np.zeros(n, dtype=bool),
        kind=zero,
        revision=zero + 1,
        kinds=(kind,),
    )


def _write_year(folder: Path, random: np.random.Generator) -> float:
    """Write the year straight as parts; mean size of a day, MB."""
    sizes = []
    counts = np.zeros(0)
    for number in range(DAYS):
        day = FIRST_DAY + timedelta(days=number)
        if number % DRAWN_EVERY == 0:
            counts = 2.0 * random.poisson(2100.0, BINS)
        rows = _rows(day, counts, CONSOLIDATED)
        content = to_parquet(rows)
        place = folder / "instrument=SPI-ACS" / f"day={day.isoformat()}"
        place.mkdir(parents=True)
        (place / new_name(rows)).write_bytes(content)
        sizes.append(len(content) / 1e6)
    return float(np.mean(sizes))


def _midnight(number: int) -> datetime:
    return datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC) + timedelta(days=number)


def _read_times_ms(
    archive: RateArchive,
    random: np.random.Generator,
    *,
    bin_s: float | None,
    at: Callable[[datetime], datetime] | None = None,
) -> list[float]:
    times = []
    for _ in range(READS):
        day = _midnight(int(random.integers(1, DAYS)))
        start = at(day) if at is not None else day + timedelta(seconds=float(random.uniform(0.0, 85_000.0)))
        begun_s = time.perf_counter()
        curve = archive.read("SPI-ACS", start, start + timedelta(seconds=600), bin_s=bin_s)
        times.append(1e3 * (time.perf_counter() - begun_s))
        expected = 11_999 if bin_s is None else 599
        if not expected <= len(curve) <= expected + 1:
            raise RuntimeError(f"{len(curve)} bins came back")
    return times


def _follow(archive: RateArchive, random: np.random.Generator) -> tuple[list[float], list[float]]:
    """Append 25 minutes as a follower does, 10 s at a time, and read the latest 10 minutes now and then."""
    append_ms, read_ms = [], []
    day = FIRST_DAY + timedelta(days=DAYS)
    for packet in range(150):
        rows = _rows(day, 2.0 * random.poisson(2100.0, PACKET_BINS), REALTIME, packet * PACKET_BINS)
        begun_s = time.perf_counter()
        archive.append("SPI-ACS", rows)
        append_ms.append(1e3 * (time.perf_counter() - begun_s))
        if packet >= 60 and packet % 7 == 0:
            stop = _midnight(DAYS) + timedelta(seconds=10.0 * (packet + 1))
            begun_s = time.perf_counter()
            archive.read("SPI-ACS", stop - timedelta(seconds=600), stop)
            read_ms.append(1e3 * (time.perf_counter() - begun_s))
    return append_ms, read_ms


def _limit(name: str, value: float, limit: float) -> Mapping[str, Any]:
    return {"name": name, "value": round(value, 2), "require": f"< {limit:g}", "met": value < limit}


def _plain(name: str, value: float) -> Mapping[str, Any]:
    return {"name": name, "value": round(value, 2), "require": None, "met": None}
