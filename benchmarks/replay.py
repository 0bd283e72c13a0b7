"""A month of real notices: how fast they are decoded, and run through the whole pipeline."""

import os
import tempfile
import time
from pathlib import Path

from figures import Figure

from listeners.decode import decode_raw
from listeners.files import SkippedFile, read_paths
from tocsin.app.clocks import SystemClock
from tocsin.app.replay import Replay
from tocsin.domain.errors import ScienceError


def run(seed: int = 1) -> list[Figure]:
    """Figures of the replay; the month is what it is, so the seed changes nothing."""
    del seed
    archive = _archive()
    raws = [raw for raw in read_paths([archive], clock=SystemClock()) if not isinstance(raw, SkippedFile)]
    begun_s = time.process_time()
    for raw in raws:
        decode_raw(raw)
    decoding_s = time.process_time() - begun_s
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TOCSIN_DATA_DIR"] = folder
        begun_s = time.process_time()
        result = Replay(paths=[archive], quiet=True).run()
        replay_s = time.process_time() - begun_s
    lost = result["notices"]["lost"]
    return [
        Figure(name="notices lost", value=lost, high=0),
        Figure(name="pages for tests", value=result["pages_for_tests"], high=0),
        Figure(name="decoded per CPU second", value=len(raws) / decoding_s, low=5000),
        Figure(name="replayed end to end per CPU second", value=len(raws) / replay_s),
    ]


def _archive() -> Path:
    samples = Path(os.environ.get("TOCSIN_SAMPLES", Path(__file__).resolve().parents[2] / "shared"))
    archive = samples / "alerts" / "replay" / "gcn_voevents_2023-05.tar.xz"
    if not archive.exists():
        raise ScienceError(f"no month to replay at {archive}", remedy="set TOCSIN_SAMPLES")
    return archive
