"""A day in 25 minutes: whether memory, or the number of threads or open files, grows.

    python benchmarks/soak.py --seed 1 --hours 24 --wall-minutes 25

One process with SQLite, its clock so much faster, hears 3,500 notices (GCN sends some 150 a day), pages, is answered,
escalates, searches, draws and drafts, while a stranger asks for pages and lists all the time.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

import httpx
import numpy as np
import psutil
from chaos_audit import Eavesdropper, event_of
from chaos_faults import craft
from figures import Figure
from outside import ALL_TOPICS, configured
from rig import Broker, Process, free_port, pause
from traffic import SECRET, secret_name, traffic
from writing import longest_writes

from tocsin.app.clocks import RehearsedClock
from tocsin.demo.stand_ins import IsdcStandIn, SlackStandIn
from tocsin.domain.errors import RemoteError

HOURS, WALL_MINUTES = 24.0, 25.0
#: Notices per simulated second; a superevent, a burst and a neutrino in each so many; share of mocks.
PER_SECOND, STORY_S, MOCKS = 0.04, 1200.0, 0.1
#: Left out of growth: imports, pools and caches (of the last thousand notices, of pages of the database) fill at first.
WARM_UP = 1.0 / 3.0
LOOK_S, ASKS_EVERY_S = 2.0, 5.0
#: Days before now in which the archive has data: stories reach three days back, mocks are older than ten.
ARCHIVE_DAYS = 9.0
MOST_GROWTH_MB_PER_H = 1.0


def run(seed: int = 1, hours: float = HOURS, wall_minutes: float = WALL_MINUTES) -> list[Figure]:
    """Figures of one day."""
    with tempfile.TemporaryDirectory(prefix="tocsin-soak-", ignore_cleanup_errors=True) as folder:
        return Day(Path(folder), seed, hours, wall_minutes).figures()


class Day:
    """One day of one process."""

    def __init__(self, folder: Path, seed: int, hours: float, wall_minutes: float) -> None:
        self._folder = folder
        self._speed = 60.0 * hours / wall_minutes
        self._sent = traffic(seed, seconds=3600.0 * hours, per_second=PER_SECOND, story_s=STORY_S, mocks=MOCKS)
        self._file = folder / "clock"
        self._clock = RehearsedClock(self._file)
        self._file.write_text(f"0 {self._speed:g} {self._clock.now().timestamp():.3f}", encoding="ascii")
        self._writes: list[Figure] = []
        self._broker = Broker(ALL_TOPICS)
        self._slack = SlackStandIn(clock=self._clock)
        self._clicked: set[str] = set()
        self._port = free_port()
        self._samples: list[tuple[float, float, int, int]] = []

    def figures(self) -> list[Figure]:
        """Let the day pass and look how large the process is."""
        with ExitStack() as at_end:
            at_end.callback(self._broker.stop)
            at_end.enter_context(self._slack)
            archive = at_end.enter_context(IsdcStandIn(craft(self._clock), clock=self._clock))
            environment = configured(
                self._folder,
                bootstrap=self._broker.bootstrap,
                slack=self._slack,
                archive=archive,
                clock=self._clock,
                clock_file=self._file,
                archive_days=ARCHIVE_DAYS,
                lease_s=120.0 * self._speed,
            )
            service = Process("serve", ("serve", "--port", str(self._port)), environment, self._folder)
            at_end.callback(service.end)
            service.start()
            service.wait_until_it_works()
            names = [secret_name(number) for number in range(sum(one.topic == SECRET for one in self._sent))]
            with Eavesdropper(f"http://127.0.0.1:{self._port}", names, every_s=ASKS_EVERY_S) as stranger:
                self._pass(psutil.Process(service.pid))
                counts = self._counts()
            cpu_s = service.cpu_s()
        return [
            *self._story(stranger.answers, len(stranger.heard), counts, cpu_s),
            *self._writes,
            *growth(self._samples),
        ]

    def _pass(self, watched: psutil.Process) -> None:
        began_s = self._clock.monotonic_s()
        queue = list(reversed(self._sent))
        next_look_s = 0.0
        while queue:
            now_s = self._clock.monotonic_s() - began_s
            while queue and queue[-1].at_s <= now_s * self._speed:
                one = queue.pop()
                self._broker.produce(one.topic, one.payload)
            if now_s >= next_look_s:
                size = watched.memory_info().rss / 1e6
                self._samples.append((now_s * self._speed / 3600.0, size, watched.num_threads(), watched.num_fds()))
                next_look_s = now_s + LOOK_S
                self._click()
            pause(0.05)

    def _click(self) -> None:
        """Acknowledge two of three events that are shown."""
        for message in self._slack.messages:
            event_id = event_of(message.metadata)
            if not event_id or message.thread_ts is not None or event_id in self._clicked:
                continue
            self._clicked.add(event_id)
            if sha256(event_id.encode()).digest()[0] % 3:
                try:
                    self._slack.click(
                        f"http://127.0.0.1:{self._port}/slack/interactions",
                        action_id="acknowledge",
                        event_id=event_id,
                        user_id="U0VANCE01",
                    )
                except (OSError, LookupError, RemoteError, httpx.HTTPError):
                    self._clicked.discard(event_id)

    def _counts(self) -> float:
        """Notices received, by the service's own word."""
        text = httpx.get(f"http://127.0.0.1:{self._port}/metrics", timeout=30.0, trust_env=False).text
        self._writes = longest_writes(text)
        lines = [line for line in text.splitlines() if line.startswith("tocsin_notices_total")]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    def _story(self, answers: int, heard: int, received: float, cpu_s: float) -> list[Figure]:
        return [
            Figure(name="simulated hours", value=self._samples[-1][0]),
            Figure(name="notices sent, repeats included", value=len(self._sent)),
            Figure(name="notices received, by the metrics", value=received),
            Figure(name="messages in chat", value=len(self._slack.messages), low=1),
            Figure(name="answers to a stranger who asked all day", value=answers, low=1),
            Figure(name="embargoed names that the stranger heard", value=heard, high=0),
            Figure(name="CPU of the service, s", value=cpu_s),
        ]


def growth(samples: Sequence[tuple[float, float, int, int]]) -> list[Figure]:
    """Growth of memory, threads and open files after warm-up, from samples of (simulated h, MB, threads, files)."""
    late = np.array(samples)[int(WARM_UP * len(samples)) :]
    first, last = late[: len(late) // 3], late[-(len(late) // 3) :]
    hours, size = late[:, 0], late[:, 1]
    figures = [
        Figure(name="resident memory after warm-up, MB", value=float(np.median(first[:, 1]))),
        Figure(name="resident memory at the end, MB", value=float(np.median(last[:, 1]))),
        Figure(
            name="memory, MB per simulated hour after warm-up",
            value=float(np.polyfit(hours, size, 1)[0]),
            high=MOST_GROWTH_MB_PER_H,
        ),
        Figure(
            name="memory, MB per simulated hour in the last third",
            value=float(np.polyfit(last[:, 0], last[:, 1], 1)[0]),
            high=MOST_GROWTH_MB_PER_H,
        ),
    ]
    for column, name in ((2, "threads"), (3, "open files")):
        more = float(np.median(last[:, column]) - np.median(first[:, column]))
        figures.append(Figure(name=f"{name} at the end", value=float(np.median(last[:, column]))))
        figures.append(Figure(name=f"{name} more than after warm-up", value=more, high=0))
    return figures


def main() -> int:
    """Command line; 1 where a figure is not met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hours", type=float, default=HOURS)
    parser.add_argument("--wall-minutes", type=float, default=WALL_MINUTES)
    given = parser.parse_args()
    figures = run(given.seed, given.hours, given.wall_minutes)
    for figure in figures:
        print(json.dumps(figure.to_json()))
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
