"""``tocsin search-archive`` over a few simulated days: killed at work it goes on, and comes to the same."""

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from unit.acs_stream.archive.simulated_days import write_days

from acs_stream.archive.day_search import search_archive_day

FIRST, DAYS = date(2023, 3, 6), 3
#: Bursts: in the first day, over the second midnight, in the last.
BURSTS = {20_000.0: 9_000.0, 86_399.5: 9_000.0, 2 * 86_400.0 + 5_000.0: 9_000.0}
PATIENCE_S = 240.0


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archived")
    write_days(folder / "rates", FIRST, DAYS, bursts=BURSTS)
    return folder


def started(data: Path, out: Path) -> "subprocess.Popen[str]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TOCSIN_", "DASK_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "tocsin", "search-archive", "--out", str(out), "--workers", "1", "--json"],
        env=clean | {"TOCSIN_DATA_DIR": str(data)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def results(out: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in out.rglob("*.json")}


def test_a_search_that_was_killed_goes_on_where_it_was_and_comes_to_the_same(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "found"
    process = started(data, out)
    pause = threading.Event()
    for _ in range(int(PATIENCE_S / 0.05)):
        if results(out) or process.poll() is not None:
            break
        pause.wait(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=PATIENCE_S)
    done = results(out)
    assert 1 <= len(done) < DAYS
    text, said = started(data, out).communicate(timeout=PATIENCE_S)
    summary: dict[str, Any] = json.loads(text)
    assert (summary["days"], summary["days_done_before"]) == (DAYS, len(done)), said
    after = results(out)
    assert len(after) == DAYS
    assert {name: after[name] for name in done} == done
    for path in out.rglob("*.json"):
        record = json.loads(path.read_text())
        again = search_archive_day(str(data / "rates"), "SPI-ACS", date.fromisoformat(record["day"]))
        assert record == json.loads(json.dumps(again))
    loud = [one for one in summary["triggers"] if one["snr"] > 15]
    assert [one["t0_utc"][:19] for one in loud] == [
        "2023-03-06T05:33:20",
        "2023-03-06T23:59:59",
        "2023-03-08T01:23:20",
    ]
