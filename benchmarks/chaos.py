"""A bad night: the service on PostgreSQL and Kafka at 20 notices a second, while everything around it fails in turn.

    python benchmarks/chaos.py --seed 1 --minutes 60

A simulated hour is played in ten minutes: the service's clocks run 6.3 times as fast, and so does everything that it
does by the clock (escalation, retries, leases). The load is of this world: 20 notices in each second of the machine.
Processes are killed with -9, the database crashes, its disk is full, the broker stands still, clocks jump by 30 s,
Slack refuses, fails, or does what it was asked and says nothing, the archive of count rates answers slowly, wrongly or
not at all. In the end nothing may be lost, doubled or leaked, every product must be there once, and every click be in
the audit once. The same holds after a backup, taken while all this went on, was restored and the service went on.
"""

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import httpx
from chaos_audit import Eavesdropper, Record, Standing, audit, event_of, standing
from chaos_faults import ArchiveInTrouble, World, craft, faults
from figures import Figure
from outside import ALL_TOPICS, CHANNEL, configured
from pooler import POOL_MODES, pooled
from rig import Broker, Postgresql, Process, SmallDisk, free_port, pause
from traffic import traffic
from writing import longest_writes

from tocsin.app.clocks import RehearsedClock
from tocsin.demo.stand_ins import SlackStandIn
from tocsin.domain.errors import RemoteError

#: Simulated seconds per second (a little more than an hour in ten minutes), and notices per second of the machine.
SPEED, PER_SECOND = 6.3, 20.0
#: Simulated minutes played by `tocsin bench chaos`, and the longest wall time for each, s.
MINUTES, WALL_S_PER_MINUTE = 60.0, 10.0
#: Share of LVK's mock alerts, each of which is rehearsed by the whole chain: one in half a second, not in an hour.
MOCKS = 0.1
#: Between faults, s, and how long one lasts.
EVERY_S, LASTS_S = 8.0, 4.0
#: Longest time for everything owed to be done after the last fault, s; and without any progress.
DRAIN_S, STUCK_S = 1800.0, 90.0
#: The stand-in broker forgets what is older than 5 MB: sending waits for the service so far behind.
MOST_BEHIND, LOOK_S = 1500, 2.0
#: A backup is begun when so few messages are still to be sent, and no more than this share.
BACKUP_AT, BACKUP_SHARE = 800, 0.5
ROLES = {
    "door": ("listen", "api"),
    "ears": ("listen", "react"),
    "first": ("notify", "tick"),
    "second": ("notify", "react", "tick"),
}


def run(seed: int = 1, minutes: float = MINUTES, *, any_wall: bool = False, pool_mode: str = "") -> list[Figure]:
    """Figures of one night; with `any_wall` it may take as long as the machine needs; through a PgBouncer by mode."""
    with tempfile.TemporaryDirectory(prefix="tocsin-chaos-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        disk = SmallDisk(Path(folder) / "disk", 1500)
        try:
            return Night(Path(folder), disk, seed, minutes, any_wall=any_wall, pool_mode=pool_mode).figures()
        finally:
            disk.unmount()


@dataclass
class Done:
    """What was done to the service."""

    faults: Counter[str] = field(default_factory=Counter)
    clicked: dict[str, str] = field(default_factory=dict)
    clicked_before_backup: dict[str, str] = field(default_factory=dict)
    restarts: int = 0
    backups: int = 0
    held_s: float = 0.0
    wall_s: float = 0.0
    drained_s: float = 0.0
    restored_s: float = 0.0


class Night:
    """One night, from the first notice to the audit."""

    def __init__(
        self, folder: Path, disk: SmallDisk, seed: int, minutes: float, *, any_wall: bool, pool_mode: str
    ) -> None:
        self._pool_mode = pool_mode
        self._writes: list[Figure] = []
        self._chance = random.Random(seed)
        self._longest_s = None if any_wall else WALL_S_PER_MINUTE * minutes
        self._sent = traffic(seed, seconds=60.0 * minutes, per_second=PER_SECOND / SPEED, mocks=MOCKS)
        self._folder = folder
        self._disk = disk
        self._database = Postgresql(disk.folder / "postgresql")
        self._broker = Broker(ALL_TOPICS)
        self._done = Done()
        self._step, true = folder / "clock", folder / "true-clock"
        self._clock = RehearsedClock(true)
        self._runs = f" {SPEED:g} {self._clock.now().timestamp():.3f}"
        for file in (self._step, true):
            file.write_text(f"0{self._runs}", encoding="ascii")
        self._slack = SlackStandIn(clock=self._clock)
        self._archive = ArchiveInTrouble(craft(self._clock), clock=self._clock)
        self._environment: dict[str, str] = {}
        self._backup: Process | None = None
        self._port = free_port()

    def figures(self) -> list[Figure]:
        """Play the night and judge it; restore the backup, and judge that."""
        self._database.start()
        with ExitStack() as at_end:
            at_end.callback(self._database.stop)
            at_end.callback(self._broker.stop)
            at_end.enter_context(self._slack)
            at_end.enter_context(self._archive)
            self._configure(at_end.enter_context(pooled(self._database, self._pool_mode)))
            processes = {name: self._process(name, ("run", *roles, "--name", name)) for name, roles in ROLES.items()}
            for process in processes.values():
                at_end.callback(process.end)
                process.start()
            for process in processes.values():
                process.wait_until_it_works()
            record = Record(sent=self._sent, channel=CHANNEL, clicked=self._done.clicked, file=self._slack.file)
            with Eavesdropper(f"http://127.0.0.1:{self._port}", record.secrets) as stranger:
                self._done.wall_s = self._play(processes)
                self._done.drained_s = self._drain(processes)
            record.heard, record.messages = stranger.heard, self._slack.messages
            record.logs = [process.log for process in processes.values()]
            self._writes = self._longest_writes()
            judged = audit(self._database.url, self._clock, record)
            for process in processes.values():
                process.end()
            return [*self._story(stranger.answers), *judged, *self._restored(record), *self._writes]

    def _configure(self, store: dict[str, str]) -> None:
        self._environment = (
            configured(
                self._folder,
                bootstrap=self._broker.bootstrap,
                slack=self._slack,
                archive=self._archive,
                clock=self._clock,
                clock_file=self._step,
                archive_days=5.0,
            )
            | store
        )

    def _process(self, name: str, command: tuple[str, ...], **more: str) -> Process:
        port = () if command[0] in {"backup", "restore"} else ("--port", str(self._port))
        return Process(name, (*command, *port), self._environment | more, self._folder)

    def _play(self, processes: Mapping[str, Process]) -> float:
        """Send everything at its time and let things fail meanwhile; how long that took, s."""
        known = faults(self._world(processes))
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
                self._done.held_s += self._hold(len(self._sent) - len(queue))
                next_look_s = now_s + LOOK_S
            if len(queue) <= min(BACKUP_AT, BACKUP_SHARE * len(self._sent)):
                self._back_up()
            if now_s >= next_fault_s and end_fault is not None:
                end_fault()
                end_fault, next_fault_s = None, now_s + EVERY_S
            elif now_s >= next_fault_s:
                coming = coming or self._chance.sample(sorted(known), len(known))
                name = coming.pop()
                self._done.faults[name] += 1
                print(f"{self._clock.monotonic_s():.2f} s: {name}", file=sys.stderr)
                end_fault = known[name]()
                next_fault_s = now_s + LASTS_S
            self._keep_going(processes)
            self._click()
            pause(0.02)
        if end_fault is not None:
            end_fault()
        return self._clock.monotonic_s() - began_s

    def _world(self, processes: Mapping[str, Process]) -> World:
        return World(
            processes=processes,
            database=self._database,
            broker=self._broker,
            disk=self._disk,
            slack=self._slack,
            archive=self._archive,
            clock_file=self._step,
            speed=lambda: self._runs,
            chance=self._chance,
        )

    def _hold(self, sent: int) -> float:
        """How long sending waits for the service, s."""
        now = standing(self._database.url, self._clock)
        return LOOK_S if now is not None and sent - now.received > MOST_BEHIND else 0.0

    def _keep_going(self, processes: Mapping[str, Process]) -> None:
        self._done.restarts += sum(process.start_again_if_dead() for process in processes.values())

    def _back_up(self) -> None:
        """Take a backup beside everything else; again, should a fault have ended it."""
        if self._backup is not None and (self._backup.is_alive() or (self._folder / "backup").exists()):
            return
        self._done.backups += 1
        self._done.clicked_before_backup = dict(self._done.clicked)
        self._backup = self._process("backup", ("backup", str(self._folder / "backup")))
        self._backup.start()

    def _click(self) -> None:
        """Acknowledge every other event that is shown, once it can be."""
        for message in self._slack.messages:
            event_id = event_of(message.metadata)
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
            except (OSError, LookupError, RemoteError, httpx.HTTPError):
                return
            if reply.status == 200:
                self._done.clicked[event_id] = "vance"

    def _drain(self, processes: Mapping[str, Process], url: str = "", *, clicks: bool = True) -> float:
        """Wait until everything sent is stored and everything due is done; how long that took, s."""
        undelivered = self._broker.flush()
        if undelivered:
            raise RuntimeError(f"the broker did not take {undelivered} messages: nothing can be said of them")
        began_s = moved_s = self._clock.monotonic_s()
        before: Standing | None = None
        while (now_s := self._clock.monotonic_s()) - began_s < DRAIN_S and now_s - moved_s < STUCK_S:
            self._keep_going(processes)
            if clicks:
                self._click()
                self._back_up()
            now = standing(url or self._database.url, self._clock)
            if now is not None and now.received >= len(self._sent) and not now.due and not now.soon:
                break
            if now != before:
                before, moved_s = now or before, now_s
            pause(1.0)
        return self._clock.monotonic_s() - began_s

    def _restored(self, record: Record) -> list[Figure]:
        """Restore the backup into a folder of its own, let the service go on from there, and judge that."""
        if self._backup is None or self._backup.wait() != 0:
            return [Figure(name="restored: no backup could be taken", value=1, high=0)]
        data = self._folder / "restored"
        elsewhere = {"TOCSIN_DATA_DIR": str(data), "TOCSIN_STORE_URL": "", "TOCSIN_STORE_LISTEN_URL": ""}
        restoring = self._process("restore", ("restore", str(self._folder / "backup")), **elsewhere)
        restoring.start()
        if restoring.wait() != 0:
            return [Figure(name="restored: the backup could not be restored", value=1, high=0)]
        url = f"sqlite:///{data / 'tocsin.sqlite'}"
        found = standing(url, self._clock)
        alone = self._process("restored", ("serve",), **elsewhere)
        alone.start()
        alone.wait_until_it_works()
        try:
            self._done.restored_s = self._drain({"restored": alone}, url, clicks=False)
            self._writes += self._longest_writes("restored: ")
        finally:
            alone.end()
        record.messages, record.clicked = self._slack.messages, self._done.clicked_before_backup
        behind = len(self._sent) - (0 if found is None else found.received)
        return [
            Figure(name="restored: notices that came after the backup", value=behind, low=1),
            Figure(name="restored: seconds until nothing was owed", value=self._done.restored_s),
            *audit(url, self._clock, record, prefix="restored: "),
        ]

    def _longest_writes(self, prefix: str = "the process that listens, since its last start: ") -> list[Figure]:
        try:
            answer = httpx.get(f"http://127.0.0.1:{self._port}/metrics", timeout=30.0, trust_env=False)
        except httpx.HTTPError:
            return []
        return longest_writes(answer.text, prefix)

    def _story(self, answers: int) -> list[Figure]:
        done = self._done
        return [
            Figure(name="notices sent, repeats included", value=len(self._sent)),
            Figure(name="faults", value=done.faults.total(), low=1),
            *(Figure(name=f"fault: {name}", value=count) for name, count in sorted(done.faults.items())),
            Figure(name="requests that the archive answered in trouble", value=self._archive.troubled),
            Figure(name="processes started again", value=done.restarts),
            Figure(name="backups begun until one was whole", value=done.backups),
            Figure(name="seconds of wall time for the night", value=done.wall_s, high=self._longest_s),
            Figure(name="seconds of it in which sending waited for the service", value=done.held_s),
            Figure(name="seconds until nothing was owed", value=done.drained_s),
            Figure(name="answers to a stranger who asked all night", value=answers),
        ]


def main() -> int:
    """Command line; 1 where a figure is not met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--any-wall", action="store_true")
    parser.add_argument("--pgbouncer", choices=POOL_MODES, default="", help="Put a PgBouncer before the database.")
    given = parser.parse_args()
    figures = run(given.seed, given.minutes, any_wall=given.any_wall, pool_mode=given.pgbouncer)
    for figure in figures:
        print(json.dumps(figure.to_json()))
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
