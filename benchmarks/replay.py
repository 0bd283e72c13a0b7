"""A month of real notices: how fast they are decoded, and run through the whole pipeline."""

import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from listeners.decode import decode_raw
from listeners.files import SkippedFile, read_paths
from tocsin.app.clocks import SystemClock
from tocsin.app.replay import Replay
from tocsin.domain.errors import ScienceError


def figures(seed: int) -> list[Mapping[str, Any]]:
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
        _figure("notices lost", lost, "0", met=lost == 0),
        _figure("pages for tests", result["pages_for_tests"], "0", met=result["pages_for_tests"] == 0),
        _figure("decoded per CPU second", round(len(raws) / decoding_s), ">= 5000", met=len(raws) / decoding_s >= 5000),
        _figure("replayed end to end per CPU second", round(len(raws) / replay_s), None, met=None),
    ]


def _figure(name: str, value: float, require: str | None, *, met: bool | None) -> Mapping[str, Any]:
    return {"name": name, "value": value, "require": require, "met": met}


def _archive() -> Path:
    samples = Path(os.environ.get("TOCSIN_SAMPLES", Path(__file__).resolve().parents[2] / "shared"))
    archive = samples / "alerts" / "replay" / "gcn_voevents_2023-05.tar.xz"
    if not archive.exists():
        raise ScienceError(f"no month to replay at {archive}", remedy="set TOCSIN_SAMPLES")
    return archive
