"""Latency under load: from a notice handed to Kafka to its first page at Slack, at 20 notices a second; and what grows.

python benchmarks/load.py --seed 1 --seconds 120 --store SQLite
python benchmarks/load.py --seed 1 --seconds 120 --store PostgreSQL --pgbouncer transaction
"""

import argparse
import json
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import httpx
import numpy as np
import psutil
from figures import Figure
from pooler import POOL_MODES, pooled
from rig import Broker, Postgresql, Process, pause
from traffic import NOISE, TOPICS, traffic
from writing import longest_writes

from tocsin.app.clocks import SystemClock
from tocsin.demo.stand_ins import SlackStandIn
from tocsin.workflow.sending import STAGES

PER_SECOND, STORY_S = 20.0, 2.0
#: Left out of growth: imports, caches and pools fill at first.
WARM_UP = 0.5
DRAIN_S = 60.0
#: What the service logs of each first page.
FIRST_PAGE = '"first page"'
#: The service's metrics of a notice's way to the disk, and what they are of. The rule is on the first: nobody waits for
#: company longer than 20 ms; the others have what is written just then in them, and the machine.
WAITS = {
    "company_wait": "that had waited for company",
    "group_wait": "in their transaction",
    "kept": "committed",
}


def run(seed: int = 1, seconds: float = 120.0) -> list[Figure]:
    """Figures for one process with SQLite, then with PostgreSQL."""
    return [figure for store in ("SQLite", "PostgreSQL") for figure in measured(seed, seconds, store)]


def measured(seed: int, seconds: float, store: str, pool_mode: str = "") -> list[Figure]:
    """Figures of one store; of PostgreSQL through a PgBouncer, where a `pool_mode` is given."""
    name = f"{store} by PgBouncer ({pool_mode})" if pool_mode else store
    with tempfile.TemporaryDirectory(prefix="tocsin-load-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        database = Postgresql(Path(folder) / "postgresql") if store == "PostgreSQL" else None
        if database is not None:
            database.start()
        broker = Broker(TOPICS)
        try:
            with SlackStandIn(clock=SystemClock()) as slack, ExitStack() as at_end:
                environment = _configured(Path(folder), broker, slack)
                if database is not None:
                    environment |= at_end.enter_context(pooled(database, pool_mode))
                process = Process("serve", ("serve", "--port", "0"), environment, Path(folder))
                process.start()
                process.wait_until_it_works()
                _wait_until_it_hears(process, broker)
                try:
                    with Disk(Path(folder)) as disk:
                        figures = _figures(seed, seconds, name, broker, slack, process)
                    return [*figures, *disk.figures(name)]
                finally:
                    process.end()
        finally:
            broker.stop()
            if database is not None:
                database.stop()


class Disk:
    """How long the disk takes, meanwhile, to keep 8 kB for somebody else: what no store is to blame for.

    Parameters
    ----------
    folder
        On the disk where the store is, too.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "probe"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._probe, daemon=True)
        self._took_ms: list[float] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def figures(self, store: str) -> list[Figure]:
        """Median, 99 % and longest, ms."""
        shares = ((0.5, "median"), (0.99, "99 %"), (1.0, "longest"))
        return [
            Figure(name=f"{store}: the disk keeps 8 kB, {words}, ms", value=float(np.quantile(self._took_ms, share)))
            for share, words in shares
        ]

    def _probe(self) -> None:
        with self._file.open("wb", buffering=0) as file:
            while not self._stop.wait(0.1):
                began_s = time.perf_counter()
                file.write(b"x" * 8192)
                os.fdatasync(file.fileno())
                self._took_ms.append((time.perf_counter() - began_s) * 1e3)


def _wait_until_it_hears(process: Process, broker: Broker) -> None:
    """Wait until the brokers have given the service its topics: before that nothing is heard, whoever is to blame."""
    for number in range(int(DRAIN_S / 0.25)):
        if '"live"' in process.said():
            return
        broker.produce(NOISE, f"are you there? {number}".encode())
        pause(0.25)
    raise RuntimeError(f"it hears nothing: {process.said()[-2000:]}")


def _configured(folder: Path, broker: Broker, slack: SlackStandIn) -> dict[str, str]:
    config = folder / "config"
    config.mkdir()
    (config / "tocsin.toml").write_text(
        f"""
reaction = {{ enabled = false }}
[channels]
enabled = ["slack"]
[channels.slack]
channel = "C1"
base_url = "{slack.base_url}"
[feeds.kafka]
enabled = true
bootstrap_servers = "{broker.bootstrap}"
security_protocol = "plaintext"
# The stand-in broker does not answer when something comes, as Apache Kafka does, but only after this.
fetch_wait_s = 0.01
""",
        encoding="utf-8",
    )
    (config / "streams.toml").write_text(
        '[kafka]\nheartbeat_topic = ""\n' + "".join(f'[topics."{topic}"]\n' for topic in TOPICS), encoding="utf-8"
    )
    data = str(folder / "data")
    return {"TOCSIN_CONFIG_DIR": str(config), "TOCSIN_DATA_DIR": data, "TOCSIN_SLACK_TOKEN": slack.token}


def _figures(
    seed: int, seconds: float, store: str, broker: Broker, slack: SlackStandIn, process: Process
) -> list[Figure]:
    clock, watched = SystemClock(), psutil.Process(process.pid)
    loads: list[float] = []
    sent_at: dict[str, float] = {}
    grown: list[tuple[float, float, int, int]] = []
    began_s, cpu_s = clock.monotonic_s(), sum(watched.cpu_times()[:2])
    queue = list(reversed(traffic(seed, seconds=seconds, per_second=PER_SECOND, story_s=STORY_S)))
    number = len(queue)
    while queue:
        now_s = clock.monotonic_s() - began_s
        while queue and queue[-1].at_s <= now_s:
            one = queue.pop()
            if one.wakes:
                sent_at.setdefault(one.wakes, clock.monotonic_s())
            broker.produce(one.topic, one.payload)
        if not grown or now_s - grown[-1][0] >= 1.0:
            loads.append(os.getloadavg()[0])
            grown.append((now_s, watched.memory_info().rss / 1e6, watched.num_threads(), watched.num_fds()))
        pause(0.002)
    cpu_s = sum(watched.cpu_times()[:2]) - cpu_s
    for _ in range(int(DRAIN_S / 0.25)):
        shown = _first_shown(slack)
        if len(shown) >= len(sent_at):
            break
        pause(0.25)
    waits_ms = np.array([(shown[name] - sent) * 1e3 for name, sent in sent_at.items() if name in shown])
    late = np.array(grown)[int(WARM_UP * len(grown)) :]
    hours = (late[:, 0] - late[0, 0]) / 3600.0
    return [
        Figure(name=f"{store}: notices", value=number),
        Figure(name=f"{store}: superevents that wake people", value=len(sent_at)),
        Figure(name=f"{store}: load average of the machine, mean", value=float(np.mean(loads))),
        Figure(name=f"{store}: first pages that did not come", value=len(sent_at) - len(waits_ms), high=0),
        Figure(name=f"{store}: notice to first page, median, ms", value=float(np.median(waits_ms)), high=100),
        Figure(name=f"{store}: notice to first page, 99 %, ms", value=float(np.quantile(waits_ms, 0.99)), high=500),
        *_stages(store, process),
        *_group_waits(store, process),
        Figure(name=f"{store}: CPU of the service, ms a notice", value=1e3 * cpu_s / number),
        Figure(name=f"{store}: resident memory at the end, MB", value=float(late[-1, 1])),
        Figure(name=f"{store}: memory, MB per hour after warm-up", value=float(np.polyfit(hours, late[:, 1], 1)[0])),
        Figure(name=f"{store}: threads more than after warm-up", value=float(late[-1, 2] - late[0, 2]), high=4),
        Figure(name=f"{store}: open files more than after warm-up", value=float(late[-1, 3] - late[0, 3]), high=8),
    ]


def _stages(store: str, process: Process) -> list[Figure]:
    """A first page's stages, as the service logs them; the share of notices that soon had their transaction."""
    logged = [json.loads(line) for line in process.said().splitlines() if line.startswith('{"') and FIRST_PAGE in line]
    figures = []
    for stage in STAGES if logged else ():
        took_ms = [float(one[f"{stage}_ms"]) for one in logged]
        for share, words in ((0.5, "median"), (0.99, "99 %")):
            name = f"{store}: a page's stage until {stage}, {words}, ms"
            figures.append(Figure(name=name, value=float(np.quantile(took_ms, share))))
    return figures


def _group_waits(store: str, process: Process) -> list[Figure]:
    """Shares of notices that had their company, their transaction and its commit within so long of being received."""
    where = re.search(r"serves (http://\S+?),", process.said())
    if where is None:
        return []
    text = httpx.get(f"{where[1]}/metrics", timeout=10.0).raise_for_status().text
    figures = []
    for metric, words in WAITS.items():
        counts = dict(re.findall(rf"^tocsin_{metric}_seconds_(\S+) (\S+)$", text, flags=re.MULTILINE))
        for within in ("0.02", "0.1"):
            share = float(counts[f'bucket{{le="{within}"}}']) / float(counts["count"])
            low = 0.99 if (metric, within) == ("company_wait", "0.02") else None
            figures.append(Figure(name=f"{store}: notices {words} within {within} s", value=share, low=low))
    return [*figures, *longest_writes(text, f"{store}: ")]


def _first_shown(slack: SlackStandIn) -> Mapping[str, float]:
    """When the first message of each superevent came to Slack, by its name."""
    shown: dict[str, float] = {}
    for message in slack.messages:
        if message.thread_ts is None:
            for word in message.text.replace(":", " ").replace(",", " ").split():
                shown.setdefault(word, message.posted_monotonic_s)
    return shown


def main() -> int:
    """Command line; 1 where a figure is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--store", choices=["SQLite", "PostgreSQL"], default="")
    parser.add_argument("--pgbouncer", choices=POOL_MODES, default="", help="Through a PgBouncer: PostgreSQL alone.")
    given = parser.parse_args()
    if given.pgbouncer:
        figures = measured(given.seed, given.seconds, "PostgreSQL", given.pgbouncer)
    else:
        figures = measured(given.seed, given.seconds, given.store) if given.store else run(given.seed, given.seconds)
    for figure in figures:
        print(json.dumps(figure.to_json()))
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
