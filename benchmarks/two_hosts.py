"""Two hosts, the database on one, the link between them cut for a minute: no page may be lost or doubled.

    python benchmarks/two_hosts.py --seed 1 --cut-s 60

The near host has PostgreSQL, Kafka, and listens, notifies, reacts, ticks; the far one notifies, reacts and ticks. Both
reach Slack all the time: what the far host has sent just when the link is cut it cannot record, and the near one, which
finds it owed still, must not send again. Needs root and network namespaces.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx
from chaos_audit import Record, Standing, audit, standing
from chaos_faults import craft
from figures import Figure
from hosts import NEAR, OUTSIDE, Hosts, RefusedError, two_hosts
from outside import ALL_TOPICS, CHANNEL, configured
from rig import PATIENCE_S, Postgresql, Process, pause
from traffic import Sent, traffic

from tocsin.app.clocks import SystemClock
from tocsin.demo.stand_ins import IsdcStandIn, SlackStandIn
from tocsin.store import Store

#: Notices per second, a story in every so many, share of mocks.
PER_SECOND, STORY_S, MOCKS = 2.0, 5.0, 0.05
#: How long the link is cut, and how long before and after that notices come, s.
CUT_S, BEFORE_S, AFTER_S = 60.0, 30.0, 30.0
DRAIN_S, STUCK_S = 600.0, 90.0
ROLES = {"near": ("listen", "notify", "react", "tick", "api"), "far": ("notify", "react", "tick", "api")}
#: Where this machine asks the two.
ADDRESSES, PORT = {"near": "10.99.3.2", "far": "10.99.4.2"}, 8123
CLOCK = SystemClock()
#: Exit status where network namespaces are refused.
SKIPPED = 75
BROKER = """
import sys
from tocsin.demo.stand_ins import BrokerStandIn
with BrokerStandIn() as broker:
    broker.create_topics(sys.argv[1:])
    print(broker.bootstrap, flush=True)
    for line in sys.stdin:
        topic, payload = line.split()
        broker.produce(topic, bytes.fromhex(payload))
"""


def run(seed: int = 1, cut_s: float = CUT_S) -> list[Figure]:
    """Figures of one cut."""
    with ExitStack() as at_end:
        folder = Path(at_end.enter_context(tempfile.TemporaryDirectory(prefix="tocsin-hosts-")))
        folder.chmod(0o755)
        hosts = at_end.enter_context(two_hosts())
        database = Postgresql(folder / "postgresql", address=NEAR, on=hosts.on(hosts.near))
        database.start()
        at_end.callback(database.stop)
        return Evening(folder, hosts, database, seed, cut_s, at_end).figures()


class NearBroker:
    """The stand-in broker on the near host, which it cannot be reached from outside of."""

    def __init__(self, on: Sequence[str], topics: Sequence[str]) -> None:
        command = [*on, sys.executable, "-c", BROKER, *topics]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
        if self._process.stdout is None:
            raise RuntimeError("the broker cannot speak")
        self.bootstrap = self._process.stdout.readline().strip()

    def produce(self, one: Sent) -> None:
        """Put a message on its topic."""
        if self._process.stdin is not None:
            self._process.stdin.write(f"{one.topic} {one.payload.hex()}\n")
            self._process.stdin.flush()

    def stop(self) -> None:
        """End it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(PATIENCE_S)


class Evening:
    """Both hosts at work, from the first notice to the audit."""

    def __init__(
        self, folder: Path, hosts: Hosts, database: Postgresql, seed: int, cut_s: float, at_end: ExitStack
    ) -> None:
        self._hosts = hosts
        self._database = database
        self._chance = random.Random(seed)
        self._cut_s = cut_s
        seconds = BEFORE_S + cut_s + AFTER_S
        self._sent = traffic(seed, seconds=seconds, per_second=PER_SECOND, story_s=STORY_S, mocks=MOCKS)
        self._broker = NearBroker(hosts.on(hosts.near), ALL_TOPICS)
        at_end.callback(self._broker.stop)
        self._slack, archive = SlackStandIn(clock=CLOCK), IsdcStandIn(craft(CLOCK), clock=CLOCK)
        self._slack.address = archive.address = OUTSIDE
        at_end.enter_context(self._slack)
        at_end.enter_context(archive)
        environment = configured(
            folder,
            bootstrap=self._broker.bootstrap,
            slack=self._slack,
            archive=archive,
            clock=CLOCK,
            clock_file=folder / "no-clock",
            archive_days=9.0,
            lease_s=20.0,
            is_near=False,
        ) | {"TOCSIN_STORE_URL": database.url, "NO_PROXY": "*"}
        # Figures are counted over restricted notices, too: from another machine they are read with a token.
        make = (sys.executable, "-m", "tocsin", "token", "add", "two hosts", "--scope", "metrics")
        local = os.environ | environment | {"TOCSIN_STORE_URL": database.local_url}
        self._token = subprocess.run(make, env=local, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - our own
        self._processes = [
            Process(
                name,
                ("run", *roles, "--name", name, "--host", ADDRESSES[name], "--port", str(PORT)),
                environment | {"TOCSIN_DATA_DIR": str(folder / f"data-{name}")},
                folder,
                on=hosts.on(getattr(hosts, name)),
            )
            for name, roles in ROLES.items()
        ]
        for one in self._processes:
            at_end.callback(one.end)
            one.start()
            one.wait_until_it_works()

    def figures(self) -> list[Figure]:
        """Play and judge."""
        leaders = [self._leader()]
        self._play()
        leaders.append(self._leader())
        drained_s = self._drain()
        record = Record(sent=self._sent, messages=self._slack.messages, channel=CHANNEL, file=self._slack.file)
        restarts = sum(not one.is_alive() for one in self._processes)
        return [
            Figure(name="notices sent, repeats included", value=len(self._sent)),
            Figure(name="seconds for which the link was cut", value=self._cut_s),
            Figure(name="messages sent by the near host", value=self._sent_by("near"), low=1),
            Figure(name="messages sent by the far host", value=self._sent_by("far"), low=1),
            Figure(name="processes that ended", value=restarts, high=0),
            Figure(name="changes of the leader", value=len(set(leaders)) - 1),
            Figure(name="seconds until nothing was owed", value=drained_s),
            *audit(self._database.local_url, CLOCK, record),
        ]

    def _play(self) -> None:
        began_s, queue, is_cut = CLOCK.monotonic_s(), list(reversed(self._sent)), False
        while queue:
            now_s = CLOCK.monotonic_s() - began_s
            while queue and queue[-1].at_s <= now_s:
                self._broker.produce(queue.pop())
            wanted = BEFORE_S <= now_s < BEFORE_S + self._cut_s
            if wanted != is_cut:
                (self._hosts.cut if wanted else self._hosts.join)()
                is_cut = wanted
            pause(0.02)

    def _drain(self) -> float:
        began_s = moved_s = CLOCK.monotonic_s()
        before: Standing | None = None
        while (now_s := CLOCK.monotonic_s()) - began_s < DRAIN_S and now_s - moved_s < STUCK_S:
            now = standing(self._database.local_url, CLOCK)
            if now is not None and now.received >= len(self._sent) and not now.due and not now.soon:
                break
            if now != before:
                before, moved_s = now or before, now_s
            pause(1.0)
        return CLOCK.monotonic_s() - began_s

    def _leader(self) -> str:
        store = Store(self._database.local_url, clock=CLOCK)
        try:
            with store.read() as work:
                lease = work.lease("tick")
        finally:
            store.close()
        return "" if lease is None else lease.holder

    def _sent_by(self, name: str) -> float:
        """Messages that a host handed to Slack, by its own count."""
        url, headers = f"http://{ADDRESSES[name]}:{PORT}/metrics", {"Authorization": f"Bearer {self._token}"}
        said = httpx.get(url, headers=headers, timeout=30.0, trust_env=False).raise_for_status().text
        lines = [line for line in said.splitlines() if line.startswith("tocsin_messages_total")]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if 'outcome="sent"' in line)


def main() -> int:
    """Command line; 1 where a figure is not met, 75 where namespaces are refused."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cut-s", type=float, default=CUT_S)
    given = parser.parse_args()
    try:
        figures = run(given.seed, given.cut_s)
    except RefusedError as error:
        print(f"SKIPPED: {error}", file=sys.stderr)
        return SKIPPED
    for figure in figures:
        print(json.dumps(figure.to_json()))
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
