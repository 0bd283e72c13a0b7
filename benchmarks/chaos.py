"""A bad night: the service on PostgreSQL and Kafka at 20 notices a second, while everything around it fails in turn.

    python benchmarks/chaos.py --seed 1 --minutes 60

A simulated hour is played in ten minutes. Processes are killed with -9, the database crashes, its disk is full, the
broker stands still, clocks jump by 30 s, Slack refuses, fails, or does what it was asked and says nothing. In the end
nothing may be lost, doubled or leaked, and every click must be in the audit once.
"""

import argparse
import json
import random
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from figures import Figure
from rig import Broker, Postgresql, Process, SmallDisk, pause
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from traffic import SECRET, TOPICS, secret_name, traffic

from tocsin.app.clocks import SystemClock
from tocsin.demo.stand_ins import SlackStandIn
from tocsin.demo.stand_ins.slack import Fault
from tocsin.domain.errors import RemoteError
from tocsin.store import Store

#: Simulated seconds per second, and notices per simulated second.
SPEED, PER_SECOND = 6.0, 20.0
#: Simulated minutes played by `tocsin bench chaos`.
MINUTES = 6.0
#: Between faults, s, and how long one lasts.
EVERY_S, LASTS_S = 8.0, 4.0
#: Longest time for everything owed to be done after the last fault, s; and without any progress.
DRAIN_S, STUCK_S = 1800.0, 60.0
#: The stand-in broker forgets what is older than 5 MB: sending waits for the service so far behind.
MOST_BEHIND, LOOK_S = 2500, 2.0
STEP_S = 30.0
CHANNEL = "C1"
ROLES = {
    "door": ("listen", "api"),
    "ears": ("listen", "react"),
    "first": ("notify", "tick"),
    "second": ("notify", "react", "tick"),
}


def run(seed: int = 1, minutes: float = MINUTES) -> list[Figure]:
    """Figures of one night."""
    with tempfile.TemporaryDirectory(prefix="tocsin-chaos-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        disk = SmallDisk(Path(folder) / "disk", 1500)
        try:
            return Night(Path(folder), disk, seed, minutes).figures()
        finally:
            disk.unmount()


@dataclass
class Done:
    """What was done to the service."""

    faults: Counter[str] = field(default_factory=Counter)
    clicked: dict[str, str] = field(default_factory=dict)
    restarts: int = 0
    held_s: float = 0.0


class Night:
    """One night, from the first notice to the audit."""

    def __init__(self, folder: Path, disk: SmallDisk, seed: int, minutes: float) -> None:
        self._clock = SystemClock()
        self._chance = random.Random(seed)
        self._sent = traffic(seed, seconds=60.0 * minutes, per_second=PER_SECOND)
        self._folder = folder
        self._disk = disk
        self._database = Postgresql(disk.folder / "postgresql")
        self._broker = Broker(TOPICS)
        self._slack = SlackStandIn(clock=self._clock)
        self._done = Done()
        self._step = folder / "clock"

    def figures(self) -> list[Figure]:
        """Play the night and judge it."""
        self._database.start()
        processes: Mapping[str, Process] = {}
        try:
            with self._slack:
                processes = self._processes()
                for process in processes.values():
                    process.start()
                for process in processes.values():
                    process.wait_until_it_works()
                wall_s = self._play(processes)
                drained_s = self._drain(processes)
                return self._judge(wall_s, drained_s, "".join(one.said() for one in processes.values()))
        finally:
            for process in processes.values():
                process.end()
            self._broker.stop()
            self._database.stop()

    def _processes(self) -> Mapping[str, Process]:
        config = self._folder / "config"
        config.mkdir()
        (config / "tocsin.toml").write_text(
            f"""
reaction = {{ enabled = false }}
workers = {{ lease_s = 5 }}
[channels]
enabled = ["slack"]
[channels.slack]
channel = "{CHANNEL}"
base_url = "{self._slack.base_url}"
timeout_s = 2
[feeds.kafka]
enabled = true
bootstrap_servers = "{self._broker.bootstrap}"
security_protocol = "plaintext"
session_timeout_s = 6
""",
            encoding="utf-8",
        )
        topics = "".join(f'[topics."{topic}"]\n' for topic in TOPICS if topic != SECRET)
        kafka = '[kafka]\nheartbeat_topic = ""\npoll_s = 0.1\n'
        (config / "streams.toml").write_text(
            f'{kafka}{topics}[topics."{SECRET}"]\nlabels = ["antares"]\n', encoding="utf-8"
        )
        environment = {
            "TOCSIN_CONFIG_DIR": str(config),
            "TOCSIN_DATA_DIR": str(self._folder / "data"),
            "TOCSIN_STORE_URL": self._database.url,
            "TOCSIN_SLACK_TOKEN": self._slack.token,
            "TOCSIN_SLACK_SIGNING_SECRET": self._slack.signing_secret,
            "TOCSIN_REHEARSED_CLOCK": str(self._step),
        }
        self._port = _free_port()
        return {
            name: Process(name, ("run", *roles, "--name", name, "--port", str(self._port)), environment, self._folder)
            for name, roles in ROLES.items()
        }

    def _play(self, processes: Mapping[str, Process]) -> float:
        """Send everything at its time and let things fail meanwhile; how long that took, s."""
        faults = self._faults(processes)
        began_s = self._clock.monotonic_s()
        next_fault_s, end_fault, queue = EVERY_S, None, list(reversed(self._sent))
        coming: list[str] = []
        next_look_s = LOOK_S
        while queue:
            now_s = self._clock.monotonic_s() - began_s
            while queue and queue[-1].at_s <= (now_s - self._done.held_s) * SPEED:
                one = queue.pop()
                self._broker.produce(one.topic, one.payload)
            if now_s >= next_look_s:
                standing = self._standing()
                if standing is not None and len(self._sent) - len(queue) - standing[0] > MOST_BEHIND:
                    self._done.held_s += LOOK_S
                next_look_s = now_s + LOOK_S
            if now_s >= next_fault_s:
                if end_fault is None:
                    coming = coming or self._chance.sample(sorted(faults), len(faults))
                    name = coming.pop()
                    self._done.faults[name] += 1
                    end_fault = faults[name]()
                    next_fault_s = now_s + LASTS_S
                else:
                    end_fault()
                    end_fault, next_fault_s = None, now_s + EVERY_S
            self._keep_going(processes)
            self._click()
            pause(0.02)
        if end_fault is not None:
            end_fault()
        return self._clock.monotonic_s() - began_s

    def _keep_going(self, processes: Mapping[str, Process]) -> None:
        self._done.restarts += sum(process.start_again_if_dead() for process in processes.values())

    def _faults(self, processes: Mapping[str, Process]) -> Mapping[str, Callable[[], Callable[[], None]]]:
        """What can go wrong: each begins and gives what ends it."""

        def kill() -> Callable[[], None]:
            processes[self._chance.choice(sorted(processes))].end()
            return lambda: None

        def crash_database() -> Callable[[], None]:
            self._database.restart()
            return lambda: None

        def pause_broker() -> Callable[[], None]:
            self._broker.pause()
            return self._broker.go_on

        def fill_disk() -> Callable[[], None]:
            self._disk.fill()

            def make_room() -> None:
                self._disk.make_room()
                self._database.restart()

            return make_room

        def step_clock() -> Callable[[], None]:
            self._step.write_text(str(self._chance.choice([-STEP_S, STEP_S])), encoding="ascii")
            return lambda: self._step.write_text("0", encoding="ascii") and None

        def slack(fault: Fault, count: int) -> Callable[[], Callable[[], None]]:
            def begin() -> Callable[[], None]:
                self._slack.fail_next(fault, count=count)
                return lambda: None

            return begin

        return {
            "kill -9": kill,
            "database crash": crash_database,
            "broker paused": pause_broker,
            "disk full": fill_disk,
            "clock stepped": step_clock,
            "Slack 429": slack(Fault.RATE_LIMITED, 3),
            "Slack 500": slack(Fault.SERVER_ERROR, 4),
            "Slack silent": slack(Fault.SILENT_SUCCESS, 2),
        }

    def _click(self) -> None:
        """Acknowledge every other event that is shown, once it can be."""
        for message in self._slack.messages:
            event_id = _event_of(message.metadata)
            if not event_id or message.thread_ts is not None or event_id in self._done.clicked:
                continue
            if sha256(event_id.encode()).digest()[0] % 2:
                self._done.clicked[event_id] = ""
                continue
            try:
                reply = self._slack.click(
                    f"http://127.0.0.1:{self._port}/slack/interactions",
                    action_id="acknowledge",
                    event_id=event_id,
                    user_id="U0VANCE01",
                )
            except (OSError, LookupError, RemoteError):
                return
            if reply.status == 200:
                self._done.clicked[event_id] = "vance"

    def _drain(self, processes: Mapping[str, Process]) -> float:
        """Wait until everything sent is stored and everything due is done; how long that took, s."""
        undelivered = self._broker.flush()
        if undelivered:
            raise RuntimeError(f"the broker did not take {undelivered} messages: nothing can be said of them")
        began_s = moved_s = self._clock.monotonic_s()
        before = (-1, -1)
        while (now_s := self._clock.monotonic_s()) - began_s < DRAIN_S and now_s - moved_s < STUCK_S:
            self._keep_going(processes)
            self._click()
            standing = self._standing()
            if standing is not None and standing[0] >= len(self._sent) and not standing[1]:
                break
            if standing != before:
                before, moved_s = standing or before, now_s
            pause(1.0)
        return self._clock.monotonic_s() - began_s

    def _standing(self) -> tuple[int, int] | None:
        """Notices received, and pieces of work that are due; None while the database does not answer."""
        store = Store(self._database.url, clock=self._clock)
        try:
            with store.read() as work:
                received = sum(row.received for row in work.feed_report())
                query = text(
                    "SELECT count(*) FROM jobs WHERE state = 'leased' OR (state = 'waiting' AND due_utc <= :now)"
                )
                now = int(self._clock.now().timestamp() * 1e6)
                due = work._connection.execute(query, {"now": now}).scalar_one()  # noqa: SLF001 - a bench looks inside
            return received, int(due)
        except SQLAlchemyError:
            return None
        finally:
            store.close()

    def _judge(self, wall_s: float, drained_s: float, logs: str) -> list[Figure]:
        store = Store(self._database.url, clock=self._clock)
        with store.read() as work:
            ask = work._connection.execute  # noqa: SLF001 - a bench looks inside
            stored = Counter(ask(text("SELECT raw_sha256 FROM notices")).scalars())
            undecoded = ask(text("SELECT count(*) FROM notices WHERE status IN ('received', 'undecoded')")).scalar_one()
            given_up = ask(text("SELECT count(*) FROM jobs WHERE state = 'failed'")).scalar_one()
            must_wake = "SELECT id FROM events WHERE tier = 1 AND NOT is_test AND NOT is_retracted AND labels = '[]'"
            owed = set(ask(text(must_wake)).scalars())
            told = set(ask(text("SELECT event_id FROM messages WHERE state = 'sent' AND purpose = 'page'")).scalars())
            firsts = Counter(ask(text("SELECT event_id FROM acknowledgements WHERE is_first")).scalars())
            audited = Counter(ask(text("SELECT subject FROM audit WHERE action LIKE 'acknowledge%'")).scalars())
        store.close()
        sent = {sha256(one.payload).hexdigest() for one in self._sent}
        roots = Counter(
            _event_of(message.metadata)
            for message in self._slack.messages
            if message.thread_ts is None and message.ephemeral_user is None and message.channel == CHANNEL
        )
        keys = Counter(
            str((message.metadata or {}).get("event_payload", {}).get("key"))
            for message in self._slack.messages
            if message.thread_ts is not None and message.ephemeral_user is None
        )
        shown = " ".join(f"{m.text} {m.blocks} {m.revisions}" for m in self._slack.messages if m.channel == CHANNEL)
        secrets = [secret_name(number) for number in range(sum(one.topic == SECRET for one in self._sent))]
        taken = {event for event, person in self._done.clicked.items() if person}
        superevents = {one.wakes for one in self._sent if one.wakes}
        return [
            Figure(name="notices sent, repeats included", value=len(self._sent)),
            Figure(name="faults", value=self._done.faults.total(), low=1),
            *(Figure(name=f"fault: {name}", value=count) for name, count in sorted(self._done.faults.items())),
            Figure(name="processes started again", value=self._done.restarts),
            Figure(name="seconds of wall time for the night", value=wall_s),
            Figure(name="seconds of it in which sending waited", value=self._done.held_s),
            Figure(name="seconds until nothing was owed", value=drained_s),
            Figure(name="notices lost", value=len(sent - set(stored)), high=0),
            Figure(name="notices stored twice", value=sum(count - 1 for count in stored.values()), high=0),
            Figure(name="notices left undecoded", value=undecoded, high=0),
            Figure(name="superevents that must wake people", value=len(owed), low=0.5 * len(superevents)),
            Figure(name="pages lost", value=len(owed - told) + len(owed - set(roots)), high=0),
            Figure(name="events shown twice in chat", value=sum(count - 1 for count in roots.values()), high=0),
            Figure(name="lines of threads shown twice", value=sum(count - 1 for count in keys.values()), high=0),
            Figure(name="work given up", value=given_up, high=0),
            Figure(name="embargoed names in chat or log", value=sum(one in shown + logs for one in secrets), high=0),
            Figure(name="clicks acknowledged", value=len(taken)),
            Figure(name="acknowledgements lost", value=len(taken - set(firsts)), high=0),
            Figure(
                name="acknowledgements not in the audit once", value=sum(audited[one] != 1 for one in taken), high=0
            ),
        ]


def _event_of(metadata: Mapping[str, object] | None) -> str:
    payload = (metadata or {}).get("event_payload")
    return str(payload.get("event_id") or "") if isinstance(payload, Mapping) else ""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def main() -> int:
    """Command line; 1 where a figure is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    given = parser.parse_args()
    figures = run(given.seed, given.minutes)
    for figure in figures:
        print(json.dumps(figure.to_json()))
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
