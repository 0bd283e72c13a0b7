"""Follower of dump files that grow on disk (``lcdump-revol-NNNN*.csv``): whole new lines go into the archive.

Nothing is remembered between starts: after a restart the files are read again and the archive leaves out what it has.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np

from acs_stream.archive.packets import rows_of_packets
from acs_stream.follower.health import Evidence, FollowerHealth, judge
from acs_stream.follower.plan import FollowerSettings
from acs_stream.follower.realtime import LEAST_WAIT_S, RateStore
from acs_stream.readers.isdc import lcdump_rows
from acs_stream.sources.prophecy import Prophecy
from acs_stream.time_systems import tt_us_to_utc, utc_to_ijd
from tocsin.domain.clock import Clock
from tocsin.domain.errors import RemoteError, ScienceError
from tocsin.domain.light_curves import BoolArray, FloatArray

PATTERN = "lcdump-revol-*.csv"
#: Read at once.
CHUNK_BYTES = 8_000_000
#: Rows dated later than this after now are garbage, d.
LATEST_AHEAD_D = 1.0
#: No file is of more than one revolution: rows dated so far from the others are garbage, d.
REVOLUTION_D = 3.1


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePlace:
    """How far a file has been read: which file (inode), and the end of its last whole line."""

    inode: int
    offset: int


class DumpFollower:
    """Follows the dump files in a folder.

    Parameters
    ----------
    folder
        Where they grow.
    store
        The archive.
    clock
        Tells the time.
    instrument
        Name in the archive.
    settings
        Of which `poll_s`, `lag_fault_s` and `failures_fault` count here.
    prophecy
        What is foretold, where a service tells; without it every gap is a fault.
    on_health
        Told after every look.
    """

    def __init__(
        self,
        folder: Path,
        *,
        store: RateStore,
        clock: Clock,
        instrument: str = "SPI-ACS",
        settings: FollowerSettings | None = None,
        prophecy: Callable[[], Prophecy | None] | None = None,
        on_health: Callable[[FollowerHealth], None] | None = None,
    ) -> None:
        self.settings = settings or FollowerSettings()
        self.refused_lines = 0
        self._folder = folder
        self._store = store
        self._clock = clock
        self._instrument = instrument
        self._prophecy = prophecy
        self._on_health = on_health
        self._places: dict[Path, FilePlace] = {}
        self._last_tt_us: int | None = None
        self._failures = 0

    def run(self, stop: threading.Event) -> None:
        """Follow until told to stop."""
        while not stop.is_set():
            self.step()
            stop.wait(max(self._clock.wall_s(self.settings.poll_s), LEAST_WAIT_S))

    def step(self) -> FollowerHealth:
        """Store the whole lines that have come since the last look."""
        trouble = ""
        try:
            if self._last_tt_us is None:
                self._last_tt_us = self._store.last_tt_us(self._instrument)
            for path in sorted(self._folder.glob(PATTERN)):
                self._read_on(path)
            self._failures = 0
        except (RemoteError, ScienceError, OSError) as error:
            self._failures += 1
            trouble = str(error)
        health = self._health(trouble)
        if self._on_health is not None:
            self._on_health(health)
        return health

    def _read_on(self, path: Path) -> None:
        for content, place in self._chunks(path):
            counts, ijd, refused = salvage(content, latest_ijd=utc_to_ijd(self._clock.now()) + LATEST_AHEAD_D)
            if counts.size:
                rows = rows_of_packets(counts, ijd)
                self._store.append(self._instrument, rows)
                self._last_tt_us = max(int(rows.stop_tt_us[-1]), self._last_tt_us or 0)
            self.refused_lines += refused
            self._places[path] = place

    def _chunks(self, path: Path) -> Iterator[tuple[bytes, FilePlace]]:
        """Whole lines not yet read, and the place after them; from the beginning where the file is another one."""
        with path.open("rb") as file:
            stat = path.stat()
            known = self._places.get(path)
            is_same = known is not None and known.inode == stat.st_ino and known.offset <= stat.st_size
            offset = known.offset if known is not None and is_same else 0
            file.seek(offset)
            while content := file.read(CHUNK_BYTES):
                whole = content[: content.rfind(b"\n") + 1]
                if not whole:
                    return
                offset += len(whole)
                file.seek(offset)
                yield whole, FilePlace(inode=stat.st_ino, offset=offset)

    def _health(self, trouble: str) -> FollowerHealth:
        now, last = self._clock.now(), self._last_tt_us
        evidence = Evidence(
            now=now,
            last_data_utc=None if last is None else tt_us_to_utc(last),
            prophecy=None if self._prophecy is None else self._prophecy(),
            failures=self._failures,
            trouble=trouble,
            trouble_since_utc=now - timedelta(seconds=max(self._failures - 1, 0) * self.settings.poll_s),
        )
        return judge(evidence, lag_fault_s=self.settings.lag_fault_s, failures_fault=self.settings.failures_fault)


def salvage(content: bytes, *, latest_ijd: float) -> tuple[FloatArray, FloatArray, int]:
    """Counts and IJD of the lines that can be believed, and how many cannot.

    Parameters
    ----------
    content
        Whole lines of a dump file; some may be garbage after a crash of its writer.
    latest_ijd
        Rows dated later are garbage, d.
    """
    try:
        counts, ijd = lcdump_rows(content)
        refused = 0
    except ScienceError:
        counts, ijd, refused = _line_by_line(content)
    middle = float(np.median(ijd)) if ijd.size else 0.0
    good: BoolArray = np.asarray((counts >= 0) & (np.abs(ijd - middle) <= REVOLUTION_D) & (ijd <= latest_ijd))
    return counts[good], ijd[good], refused + int((~good).sum())


def _line_by_line(content: bytes) -> tuple[FloatArray, FloatArray, int]:
    """Lines with as many columns as most, with numbers in the last two."""
    lines = [fields for line in content.split(b"\n") if (fields := line.split()) and not fields[0].startswith(b"#")]
    columns = Counter(len(fields) for fields in lines).most_common(1)[0][0] if lines else 0
    rows = [row for fields in lines if len(fields) == columns >= 2 and (row := _numbers(fields[-2:])) is not None]
    table = np.array(rows, dtype=np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1], len(lines) - len(rows)


def _numbers(fields: list[bytes]) -> tuple[float, float] | None:
    try:
        counts, ijd = (float(field) for field in fields)
    except ValueError:
        return None
    return (counts, ijd) if np.isfinite([counts, ijd]).all() else None
