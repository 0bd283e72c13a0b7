"""``tocsin broker`` as a process: it serves files, is not impressed by crowds, and ends when told to."""

import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from vtp_values import PATIENCE_S, Latch, Shelf, Ward, Wire, running_listener, transport, voevent

from listeners.vtp.frames import to_frame
from listeners.vtp.listener import VtpSettings
from listeners.vtp.transport import TransportRole

CROWD = 1000
MOST_GROWTH_KIB = 40 * 1024


@contextmanager
def broker_process(log: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int, int]]:
    """The process, its port for subscribers, and that for authors (0: none); what it says goes into the log."""
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "tocsin", "broker", *arguments, "--port", "0"],
            stderr=said,
            stdout=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")},
        )
    try:
        Latch().wait(lambda: b"Ctrl-C" in log.read_bytes(), "a broker that serves")
        ports = re.search(r"at 127\.0\.0\.1:(\d+)(?:, authors at port (\d+))?", log.read_text(encoding="utf-8"))
        assert ports is not None
        yield process, int(ports[1]), int(ports[2] or 0)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        process.wait(PATIENCE_S)


def memory_kib(process: subprocess.Popen[Any]) -> int:
    """Resident memory of a process."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1])


@pytest.fixture
def notices(tmp_path: Path) -> Path:
    folder = tmp_path / "notices"
    folder.mkdir()
    for number in range(30):
        (folder / f"{number:02d}.xml").write_bytes(voevent(number))
    (folder / "other.json").write_text("{}", encoding="utf-8")
    return folder


def test_files_are_served_to_each_subscriber_in_their_order(tmp_path: Path, notices: Path) -> None:
    with broker_process(tmp_path / "log", str(notices)) as (_, port, _):
        for name in ("ivo://one", "ivo://two"):
            shelf = Shelf()
            with running_listener(VtpSettings(host="127.0.0.1", port=port, ivorn=name, poll_s=0.01), shelf, Ward()):
                shelf.wait_for(30)
            assert shelf.payloads == [voevent(number) for number in range(30)]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory of a process is read from /proc")
def test_a_crowd_that_asks_for_gigabytes_costs_little_memory_and_keeps_nobody_out(
    tmp_path: Path, notices: Path
) -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 2 * CROWD:
        pytest.skip("too few files may be open for such a crowd")
    with (
        broker_process(tmp_path / "log", str(notices), "--author-port", "0") as (process, port, author_port),
        ExitStack() as stack,
    ):
        before_kib = memory_kib(process)
        for number in range(CROWD):
            wire = stack.enter_context(Wire.to(port if number % 2 else author_port))
            start = (b"\x7f\xff\xff\xff", b"\x10\x00\x00\x00", b"\x00\x0f\xff\xff" + b"x" * 10_000, b"\0")[number % 4]
            wire.send(start)
        shelf = Shelf()
        with running_listener(
            VtpSettings(host="127.0.0.1", port=port, ivorn="ivo://guest", poll_s=0.01), shelf, Ward()
        ):
            shelf.wait_for(30)
            author = stack.enter_context(Wire.to(author_port))
            author.send(to_frame(voevent(99)))
            assert author.transport().role is TransportRole.ACK
            shelf.wait_for(31)
        assert memory_kib(process) - before_kib < MOST_GROWTH_KIB


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory of a process is read from /proc")
def test_readers_that_never_read_cost_no_more_than_what_is_on_its_way(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"{number:03d}.xml").write_bytes(voevent(number, padding=300_000))
    with broker_process(tmp_path / "log", str(tmp_path)) as (process, port, _), ExitStack() as stack:
        before_kib = memory_kib(process)
        for number in range(30):
            wire = stack.enter_context(Wire.to(port))
            wire.send(transport(TransportRole.AUTHENTICATE, response=f"ivo://lazy/{number}"))
        shelf = Shelf()
        with running_listener(VtpSettings(host="127.0.0.1", port=port, ivorn="ivo://keen", poll_s=0.01), shelf, Ward()):
            shelf.wait_for(60)
        assert memory_kib(process) - before_kib < MOST_GROWTH_KIB


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing to serve"),
        (["--author-port", "0", "--host", "0.0.0.0"], "TLS is needed"),
        (["--author-port", "0", "--certificate", "absent.pem"], "--certificate"),
    ],
)
def test_what_cannot_or_must_not_be_served_is_refused_in_words(arguments: list[str], words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", "broker", *arguments, "--port", "0"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
