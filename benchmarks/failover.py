"""How long nobody is there: from kill -9 to serving again, and from the death of the leader to the next tick elsewhere.

    python benchmarks/failover.py --number 10

Real processes on loopback; the supervisor starts a dead one again at once, as systemd does after `RestartSec`, which is
added. The next tick is the first work that another process did as the leader, by its own log.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
from figures import Figure
from rig import PATIENCE_S, Postgresql, Process, free_port, pause

from tocsin.app.clocks import SystemClock

NUMBER = 10
#: `RestartSec` of deploy/systemd/tocsin.service, s.
RESTART_S = 0.1
#: How often we look, s.
LOOK_S = 0.02
TICKS = "ticks here from now on"
CLOCK = SystemClock()


def run(seed: int = 1, number: int = NUMBER) -> list[Figure]:  # noqa: ARG001 - every bench takes a seed; nothing is random
    """Figures of some deaths each."""
    with _database() as database, tempfile.TemporaryDirectory(prefix="tocsin-failover-") as folder:
        return [
            *_serving("SQLite", {}, Path(folder) / "sqlite", number),
            *_serving("PostgreSQL", {"TOCSIN_STORE_URL": database.url}, Path(folder) / "postgresql", number),
            *_leading({"TOCSIN_STORE_URL": database.url}, Path(folder) / "leading", number),
        ]


@contextmanager
def _database() -> Iterator[Postgresql]:
    with tempfile.TemporaryDirectory(prefix="tocsin-failover-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        database = Postgresql(Path(folder) / "postgresql")
        database.start()
        try:
            yield database
        finally:
            database.stop()


def _environment(folder: Path, more: dict[str, str]) -> dict[str, str]:
    (folder / "config").mkdir(parents=True)
    return {"TOCSIN_DATA_DIR": str(folder / "data"), "TOCSIN_CONFIG_DIR": str(folder / "config"), **more}


def _serving(store: str, more: dict[str, str], folder: Path, number: int) -> list[Figure]:
    port = free_port()
    one = Process("serve", ("serve", "--port", str(port)), _environment(folder, more), folder)
    one.start()
    one.wait_until_it_works()
    away_s, cpu_s = [], []
    try:
        for _ in range(number):
            began_s = CLOCK.monotonic_s()
            one.end()
            pause(RESTART_S)
            one.start()
            _wait_until_ready(port)
            away_s.append(CLOCK.monotonic_s() - began_s)
            cpu_s.append(one.cpu_s())
    finally:
        one.end()
    return [
        Figure(name=f"{store}: deaths of the service", value=number),
        Figure(name=f"{store}: kill -9 to serving again, median, s", value=float(np.median(away_s))),
        Figure(name=f"{store}: kill -9 to serving again, longest, s", value=max(away_s), high=3.0),
        Figure(name=f"{store}: CPU of a start, median, s", value=float(np.median(cpu_s))),
    ]


def _wait_until_ready(port: int) -> None:
    until_s = CLOCK.monotonic_s() + PATIENCE_S
    while CLOCK.monotonic_s() < until_s:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5.0, trust_env=False).is_success:
                return
        except httpx.HTTPError:
            pause(LOOK_S)
    raise RuntimeError("the service does not serve again")


def _leading(more: dict[str, str], folder: Path, number: int) -> list[Figure]:
    environment = _environment(folder, more)
    team = [
        Process(name, ("run", "notify", "tick", "--name", name), environment, folder)
        for name in ("first", "second", "third")
    ]
    for one in team:
        one.start()
        one.wait_until_it_works()
    leader, waits_s = _leader_of(team, but=None), []
    try:
        for _ in range(number):
            dead, began_s = leader, CLOCK.monotonic_s()
            dead.end()
            leader = _leader_of(team, but=dead)
            waits_s.append(CLOCK.monotonic_s() - began_s)
            dead.start()
            dead.wait_until_it_works()
    finally:
        for one in team:
            one.end()
    return [
        Figure(name="deaths of the leader", value=number),
        Figure(name="death of the leader to the next tick elsewhere, median, s", value=float(np.median(waits_s))),
        Figure(name="death of the leader to the next tick elsewhere, longest, s", value=max(waits_s), high=10.0),
    ]


def _leader_of(team: Sequence[Process], *, but: Process | None) -> Process:
    """The process that ticks now, and is not the one that died."""
    before = {one: one.said().count(TICKS) for one in team}
    until_s = CLOCK.monotonic_s() + PATIENCE_S
    while CLOCK.monotonic_s() < until_s:
        for one in team:
            said = one.said().count(TICKS)
            if one is not but and said > (0 if but is None else before[one]):
                return one
        pause(LOOK_S)
    raise RuntimeError("nobody leads")


def main() -> int:
    """Command line; 1 where a figure is not met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=NUMBER)
    figures = run(number=parser.parse_args().number)
    for figure in figures:
        print(json.dumps(figure.to_json()))
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
