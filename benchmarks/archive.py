"""The archive of rates: how fast any ten minutes of a year are read, and what it costs to keep them.

The year is simulated cheaply: 366 days of SPI-ACS in 50 ms bins (even Poisson counts about 4200), of which every sixth
is whole and the others hold their first and last half hours; reads fall on whole days and over midnights. A read goes
straight to the folders of its days, so the days it does not ask for cost nothing. Times are CPU times: on a busy
machine the wall's are longer. The files are in the page cache of
the machine, as recent ones are in service; nothing is flushed between the reads.
"""

import tempfile
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
from figures import Figure

from acs_stream.archive.days import midnight_tt_us
from acs_stream.archive.parts import new_name, to_parquet
from acs_stream.archive.rate_archive import RateArchive
from acs_stream.archive.rows import RateKind, RateRows

FIRST_DAY = date(2024, 1, 1)
DAYS = 366
BINS = 20 * 86_400
WHOLE_EVERY = 6
HALF_HOUR_BINS = 36_000
READS = 200
PACKET_BINS = 200
REALTIME = RateKind(product="realtime", clock_error_s=0.010, is_approximate=True, energy_kev=(75.0, 10_000.0))
CONSOLIDATED = RateKind(product="consolidated", clock_error_s=0.001, energy_kev=(75.0, 10_000.0))


def run(seed: int = 1) -> list[Figure]:
    """Figures of the archive."""
    random = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        size_mb = write_days(Path(folder), random, DAYS)
        archive = RateArchive(folder)
        native_ms = _read_times_ms(archive, random, bin_s=None)
        coarse_ms = _read_times_ms(archive, random, bin_s=1.0)
        over_midnight_ms = _read_times_ms(archive, random, bin_s=None, over_midnight=True)
        append_ms, live_ms = _follow(archive, random)
    return [
        Figure(name="10 minutes of a year, median, CPU ms", value=float(np.median(native_ms)), high=50.0),
        Figure(
            name="10 minutes of a year, 99 % of reads, CPU ms", value=float(np.quantile(native_ms, 0.99)), high=50.0
        ),
        Figure(name="10 minutes in 1 s bins, median, CPU ms", value=float(np.median(coarse_ms)), high=50.0),
        Figure(name="10 minutes over midnight, median, CPU ms", value=float(np.median(over_midnight_ms)), high=50.0),
        Figure(name="10 minutes of the day being followed, median, CPU ms", value=float(np.median(live_ms)), high=50.0),
        Figure(name="durable append of 10 s, median, CPU ms", value=float(np.median(append_ms))),
        Figure(name="durable append of 10 s, slowest, CPU ms", value=float(np.max(append_ms))),
        Figure(name="size of a day, MB", value=size_mb),
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


def write_days(folder: Path, random: np.random.Generator, days: int) -> float:
    """Write so many days straight as parts; mean size of a whole day, MB."""
    sizes = []
    for number in range(days):
        day = FIRST_DAY + timedelta(days=number)
        is_whole = number % WHOLE_EVERY == 0
        counts = 2.0 * random.poisson(2100.0, BINS if is_whole else 2 * HALF_HOUR_BINS)
        rows = _rows(day, counts, CONSOLIDATED)
        if not is_whole:
            late = np.arange(counts.size) >= HALF_HOUR_BINS
            rows = replace(rows, start_tt_us=rows.start_tt_us + late * (BINS - 2 * HALF_HOUR_BINS) * 50_000)
        content = to_parquet(rows)
        place = folder / "instrument=SPI-ACS" / f"day={day.isoformat()}"
        place.mkdir(parents=True)
        (place / new_name(rows)).write_bytes(content)
        sizes += [len(content) / 1e6] if is_whole else []
    return float(np.mean(sizes))


def _midnight(number: int) -> datetime:
    return datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC) + timedelta(days=number)


def _read_times_ms(
    archive: RateArchive,
    random: np.random.Generator,
    *,
    bin_s: float | None,
    over_midnight: bool = False,
) -> list[float]:
    times = []
    for _ in range(READS):
        if over_midnight:
            start = _midnight(int(random.integers(1, DAYS))) - timedelta(seconds=float(random.uniform(1.0, 599.0)))
        else:
            day = _midnight(WHOLE_EVERY * int(random.integers(0, DAYS // WHOLE_EVERY)))
            start = day + timedelta(seconds=float(random.uniform(0.0, 85_000.0)))
        begun_s = time.process_time()
        curve = archive.read("SPI-ACS", start, start + timedelta(seconds=600), bin_s=bin_s)
        times.append(1e3 * (time.process_time() - begun_s))
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
        begun_s = time.process_time()
        archive.append("SPI-ACS", rows)
        append_ms.append(1e3 * (time.process_time() - begun_s))
        if packet >= 60 and packet % 7 == 0:
            stop = _midnight(DAYS) + timedelta(seconds=10.0 * (packet + 1))
            begun_s = time.process_time()
            archive.read("SPI-ACS", stop - timedelta(seconds=600), stop)
            read_ms.append(1e3 * (time.process_time() - begun_s))
    return append_ms, read_ms
