"""``tocsin search-archive`` over a few simulated days: killed at work it goes on, and comes to the same."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
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


def started(data: Path, out: Path, *where: str) -> "subprocess.Popen[str]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TOCSIN_", "DASK_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "tocsin", "search-archive", "--out", str(out), "--json", *(where or ("--workers", "1"))],
        env=clean | {"TOCSIN_DATA_DIR": str(data)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def dask(module: str, *words: str) -> "subprocess.Popen[bytes]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TOCSIN_", "DASK_"))}
    return subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{module}", *words],
        env=clean,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def ended(process: "subprocess.Popen[Any]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=PATIENCE_S)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, Callable[[], "subprocess.Popen[bytes]"]]]:
    """Address of a scheduler that is a process of its own, and what starts a worker for it."""
    told = tmp_path / "scheduler.json"
    running = [
        dask("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(told))
    ]
    wait_until(told.exists, running[0])
    address = str(json.loads(told.read_text())["address"])

    def worker() -> "subprocess.Popen[bytes]":
        words = (address, "--host", "127.0.0.1", "--nworkers", "1", "--nthreads", "1", "--no-dashboard")
        running.append(dask("dask_worker", *words, "--local-directory", str(tmp_path / "scratch")))
        return running[-1]

    yield address, worker
    for process in reversed(running):
        ended(process)


def wait_until(holds: Callable[[], bool], process: "subprocess.Popen[Any]") -> None:
    pause = threading.Event()
    for _ in range(int(PATIENCE_S / 0.05)):
        if holds() or process.poll() is not None:
            return
        pause.wait(0.05)


def results(out: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in out.rglob("*.json")}


def test_a_search_that_was_killed_goes_on_where_it_was_and_comes_to_the_same(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "found"
    process = started(data, out)
    wait_until(lambda: bool(results(out)), process)
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


def test_on_a_cluster_of_other_processes_it_outlives_a_worker_goes_on_after_a_kill_and_comes_to_the_same(
    data: Path, tmp_path: Path, cluster: tuple[str, Callable[[], "subprocess.Popen[bytes]"]]
) -> None:
    address, worker = cluster
    out = tmp_path / "found"
    first = worker()
    process = started(data, out, "--scheduler", address)
    wait_until(lambda: bool(results(out)), process)
    assert process.poll() is None, "the search is at work"
    ended(first)
    worker()
    wait_until(lambda: len(results(out)) >= 2, process)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=PATIENCE_S)
    done = results(out)
    assert len(done) >= 2
    text, said = started(data, out, "--scheduler", address).communicate(timeout=PATIENCE_S)
    summary: dict[str, Any] = json.loads(text)
    assert (summary["days"], summary["days_done_before"]) == (DAYS, len(done)), said
    assert {name: results(out)[name] for name in done} == done
    for path in out.rglob("*.json"):
        record = json.loads(path.read_text())
        again = search_archive_day(str(data / "rates"), "SPI-ACS", date.fromisoformat(record["day"]))
        assert record == json.loads(json.dumps(again))


def test_without_a_scheduler_at_the_address_it_says_so(data: Path, tmp_path: Path) -> None:
    process = started(data, tmp_path / "found", "--scheduler", "tcp://127.0.0.1:9")
    _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode != 0
    assert "no dask scheduler answers at tcp://127.0.0.1:9" in " ".join(said.split())
