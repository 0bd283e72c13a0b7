"""A month of real notices: how fast they are decoded, and run through the whole pipeline, on one core.

All times are CPU time of this process. Decoding is compared with voevent-parse on the same bytes in the same run where
that can be imported (it cannot be installed on Python 3.12 and newer).
"""

import gc
import importlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from figures import Figure

from listeners.decode import decode_raw
from listeners.files import SkippedFile, read_paths
from tocsin.app.clocks import SystemClock
from tocsin.app.replay import Replay
from tocsin.domain.errors import ScienceError
from tocsin.domain.late import load_the_rest
from tocsin.domain.notices import RawNotice

#: Each rate is the best of so many runs: others share the machine, and none makes us faster.
RUNS = 3
_REPLAYS = "import sys, replay; replay.replay_once(sys.argv[1], sys.argv[2])"


def run(seed: int = 1) -> list[Figure]:
    """Figures of the replay; the month is what it is, so the seed changes nothing."""
    del seed
    archive = _archive()
    raws = [raw for raw in read_paths([archive], clock=SystemClock()) if not isinstance(raw, SkippedFile)]
    decoded_hz = _rate_hz(raws, decode_raw)
    replays = [_replayed(archive) for _ in range(RUNS)]
    best_s = min(cpu_s for cpu_s, _, _, _ in replays)
    figures = [
        Figure(name="notices lost", value=max(lost for _, _, lost, _ in replays), high=0),
        Figure(name="pages for tests", value=max(pages for _, _, _, pages in replays), high=0),
        Figure(name="decoded per CPU second", value=decoded_hz, low=5000),
        Figure(name="replayed end to end per CPU second", value=len(raws) / best_s, low=500),
        Figure(name="replay, peak memory, MB", value=max(peak_mb for _, peak_mb, _, _ in replays), high=500),
    ]
    other = _voeventparse()
    if other is not None:
        figures.append(Figure(name="voevent-parse, full read, per CPU second", value=_rate_hz(raws, other)))
    return figures


def replay_once(archive: str, folder: str) -> None:
    """Replay in this process; prints CPU time, peak memory, notices lost, pages for tests."""
    os.environ["TOCSIN_DATA_DIR"] = folder
    load_the_rest()  # as a service that has started has done
    begun_s = time.process_time()
    result = Replay(paths=[Path(archive)], quiet=True).run()
    cpu_s = time.process_time() - begun_s
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{cpu_s} {peak_mb} {result['notices']['lost']} {result['pages_for_tests']}\n")


def _replayed(archive: Path) -> tuple[float, float, int, int]:
    """A replay in a process of its own, whose peak of memory is that of nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", _REPLAYS, str(archive), folder]
        here = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
        done = subprocess.run(command, env=here, check=True, capture_output=True, text=True)  # noqa: S603 - ourselves
    cpu_s, peak_mb, lost, pages = done.stdout.splitlines()[-1].split()
    return float(cpu_s), float(peak_mb), int(lost), int(pages)


def _rate_hz(raws: Iterable[RawNotice], read: Callable[[RawNotice], object]) -> float:
    """Notices a CPU second, best of some runs."""
    given = list(raws)
    rates = []
    for _ in range(RUNS):
        gc.collect()
        begun_s = time.process_time()
        for raw in given:
            read(raw)
        rates.append(len(given) / (time.process_time() - begun_s))
    return max(rates)


def _voeventparse() -> Callable[[RawNotice], object] | None:
    """A full read by voevent-parse and its helpers; None where it cannot be imported."""
    try:
        parser: Any = importlib.import_module("voeventparse")
    except ImportError:
        return None

    def read(raw: RawNotice) -> object:
        event = parser.loads(raw.payload)
        try:
            return (
                parser.get_grouped_params(event),
                parser.get_toplevel_params(event),
                parser.get_event_time_as_utc(event),
                parser.get_event_position(event),
            )
        except Exception:  # noqa: BLE001 - what it cannot read it need not be timed for
            return event.attrib["ivorn"]

    return read


def _archive() -> Path:
    samples = Path(os.environ.get("TOCSIN_SAMPLES", Path(__file__).resolve().parents[2] / "shared"))
    archive = samples / "alerts" / "replay" / "gcn_voevents_2023-05.tar.xz"
    if not archive.exists():
        raise ScienceError(f"no month to replay at {archive}", remedy="set TOCSIN_SAMPLES")
    return archive
