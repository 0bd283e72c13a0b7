"""A rig for benches: the real service as processes on loopback, with servers that can be killed, paused and starved."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
from confluent_kafka import Producer

#: Longest wait for a process to say hello, or to end, s.
PATIENCE_S = 120.0
POLL_S = 0.05


def pause(seconds: float) -> None:
    """Wait in real time."""
    threading.Event().wait(seconds)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Postgresql:
    """A server of its own on a socket, started again as often as one likes.

    Parameters
    ----------
    folder
        Data and socket; owned by ``nobody`` where we are root, since PostgreSQL refuses to be.
    address
        Where it listens, too; nowhere else without one.
    on
        What a command begins with that is to run on another host.
    """

    def __init__(self, folder: Path, *, address: str = "", on: Sequence[str] = ()) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._run = partial(subprocess.run, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            self._run = partial(self._run, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
        binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        if not binaries:
            raise RuntimeError("no PostgreSQL server: install postgresql")
        settings = f"-k {folder} -c listen_addresses='{address}' -c max_connections=200"
        data = folder / "data"
        as_nobody = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups") if on else ()
        self._control = [
            *on,
            *as_nobody,
            str(binaries[0] / "pg_ctl"),
            "-D",
            str(data),
            "-w",
            "-l",
            str(folder / "log"),
            "-o",
            settings,
        ]
        make = [binaries[0] / "initdb", "-D", data, "-U", "tocsin", "-A", "trust", "-E", "UTF8", "--locale=C"]
        self._run(make, check=True)
        self.url = self.local_url = f"postgresql://tocsin@/postgres?host={folder}"
        if on:
            self._run = partial(subprocess.run, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if address:
            self.url = f"postgresql://tocsin@{address}/postgres"
            with (data / "pg_hba.conf").open("a", encoding="ascii") as who:
                who.write("host all all 10.99.0.0/16 trust\n")

    def start(self) -> None:
        """Start it, or start it again whatever state it is in."""
        self._run([*self._control, "start"], check=True)

    def restart(self) -> None:
        """Crash it and let it recover."""
        self._run([*self._control, "-m", "immediate", "restart"], check=True)

    def stop(self) -> None:
        """Stop it for good."""
        self._run([*self._control, "-m", "immediate", "stop"], check=False)


BROKER = """
import sys
from tocsin.demo.stand_ins import BrokerStandIn
with BrokerStandIn() as broker:
    broker.create_topics(sys.argv[1:])
    print(broker.bootstrap, flush=True)
    sys.stdin.read()
"""


class Broker:
    """The stand-in broker as a process of its own, so that it can be paused."""

    def __init__(self, topics: Sequence[str]) -> None:
        command = [sys.executable, "-c", BROKER, *topics]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
        if self._process.stdout is None:
            raise RuntimeError("the broker cannot speak")
        self.bootstrap = self._process.stdout.readline().strip()
        self._producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 5, "message.timeout.ms": 120_000})

    def produce(self, topic: str, payload: bytes) -> None:
        """Hand a message over; it is delivered as soon as the broker takes it."""
        self._producer.produce(topic, payload, partition=0)
        self._producer.poll(0)

    def flush(self) -> int:
        """Wait until everything is delivered; how much is not."""
        return int(self._producer.flush(PATIENCE_S))

    def pause(self) -> None:
        """Let it stand still: connections stay, nothing is answered."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it work again."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it."""
        self.go_on()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(PATIENCE_S)


class Process:
    """One process of the service.

    Parameters
    ----------
    name
        Of it and its log.
    command
        Arguments of ``tocsin``.
    environment, folder
        Where it works.
    on
        What a command begins with that is to run on another host.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        *,
        on: Sequence[str] = (),
    ) -> None:
        self.name = name
        self._command = [*on, sys.executable, "-m", "tocsin", *command]
        self._environment = {key: value for key, value in os.environ.items() if not key.startswith("TOCSIN_")}
        self._environment |= environment
        self._log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._read_from = 0

    @property
    def log(self) -> Path:
        """What all its lives have said."""
        return self._log

    @property
    def pid(self) -> int:
        """Its number."""
        return 0 if self._process is None else self._process.pid

    def start(self) -> None:
        """Start it; `wait_until_it_works` waits for its hello."""
        self._read_from = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, env=self._environment, stderr=log, stdout=log)  # noqa: S603 - our own

    def said(self) -> str:
        """What it has said since it was started."""
        with self._log.open("rb") as log:
            log.seek(self._read_from)
            return log.read().decode(errors="replace")

    def wait_until_it_works(self) -> None:
        """Wait for its hello."""
        for _ in range(int(PATIENCE_S / POLL_S)):
            if "Ctrl-C ends it" in self.said():
                return
            if not self.is_alive():
                raise RuntimeError(f"{self.name} ended: {self.said()[-2000:]}")
            pause(POLL_S)
        raise RuntimeError(f"{self.name} says nothing: {self.said()[-2000:]}")

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def cpu_s(self) -> float:
        """Processor time that it has used since it was started, s."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)

    def wait(self) -> int:
        """Wait until it ends by itself; its exit status, 1 where it never began or does not end."""
        try:
            return 1 if self._process is None else self._process.wait(5 * PATIENCE_S)
        except subprocess.TimeoutExpired:
            return 1

    def end(self, number: int = signal.SIGKILL) -> None:
        """End it by a signal."""
        if self._process is not None and self.is_alive():
            self._process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE_S)

    def start_again_if_dead(self) -> bool:
        """What systemd does; whether it had to."""
        if self.is_alive():
            return False
        self.start()
        return True


class SmallDisk:
    """A disk of its own (tmpfs) that can be filled and emptied; a plain folder where mounting is not allowed.

    Parameters
    ----------
    folder
        Where it is mounted.
    size_mb
        Its size.
    """

    def __init__(self, folder: Path, size_mb: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m,mode=755", "tmpfs", str(folder)]
        self.is_real = subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603 - as above
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave no room."""
        if not self.is_real:
            return
        with suppress(OSError), self._ballast.open("wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(1 << 16))

    def make_room(self) -> None:
        """Take away what filled it."""
        self._ballast.unlink(missing_ok=True)

    def unmount(self) -> None:
        """Give it back."""
        if self.is_real:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=False)  # noqa: S603, S607 - as above
        shutil.rmtree(self.folder, ignore_errors=True)
