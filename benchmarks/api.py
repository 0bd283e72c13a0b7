"""How fast the API is: reads from the cache and past it, light curves, the stream, lists, and the time of a 404.

Machines are shared: besides the rate by the clock, the rate by the server's own CPU time is given, which is what one
core to itself does. Requirements are held against that one, except for the stream, which is measured by the clock.
"""

import asyncio
import contextlib
import http.client
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from api_events import LIST_FILTERS, fill_index, list_times
from api_server import SECRET
from figures import Figure

from tocsin.app.clocks import SystemClock
from tocsin.domain.events import EventState, Tier
from tocsin.store import Store

SECONDS = 6
CONNECTIONS = 16
READERS = 500
CHANGES = 40
TIMED = 5000
EVENTS = 100_000
HTML, FITS = "text/html", "application/fits"
#: Where an event that may not be seen is asked for, in what form, and how often each.
HIDDEN = (
    ("/api/v1/events/{}", "application/json", TIMED),
    ("/events/{}", HTML, TIMED),
    ("/api/v1/events/{}/skymap", FITS, 1000),
    ("/api/v1/events/{}/lightcurves/SPI-ACS", "application/vnd.apache.arrow.stream", 1000),
    ("/api/v1/events/{}/drafts/ipn_box", "application/json", 1000),
    ("/events/{}/sky.small.svg", HTML, 1000),
)
ARROW = "application/vnd.apache.arrow.stream"


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server process on one worker."""

    port: int
    process: psutil.Process
    folder: Path

    def cpu_s(self) -> float:
        """CPU time it has taken, s."""
        times = self.process.cpu_times()
        return times.user + times.system


def run(seed: int) -> Sequence[Figure]:
    """All figures."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), seed) as server:
        figures = [*reads(server), *light_curves(server), *not_there(server), *stream(server)]
    with tempfile.TemporaryDirectory() as folder:
        return [*figures, *lists(Path(folder), seed)]


@contextlib.contextmanager
def served(folder: Path, seed: int) -> Iterator[Server]:
    """The server, ended with the context."""
    program = Path(__file__).parent / "api_server.py"
    started = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, str(program), str(folder), str(seed)], stdout=subprocess.PIPE, text=True
    )
    try:
        port = int(started.stdout.readline()) if started.stdout is not None else 0
        yield Server(port=port, process=psutil.Process(started.pid), folder=folder)
    finally:
        started.terminate()
        started.wait(20)


def wrk(server: Server, path: str, *, accept: str = "application/json", seconds: int = SECONDS) -> tuple[float, float]:
    """Requests per second by the clock, and per second of the server's CPU time; every one answered 200."""
    if shutil.which("wrk") is None:
        raise FileNotFoundError(2, "wrk is missing: apt-get install wrk", "wrk")
    before = server.cpu_s()
    done = subprocess.run(  # noqa: S603 - our own words
        [
            shutil.which("wrk") or "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s",
            "-H", f"Authorization: Bearer {SECRET}", "-H",
            f"Accept: {accept}", f"http://127.0.0.1:{server.port}{path}",
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    spent = server.cpu_s() - before
    if "Non-2xx" in done.stdout:
        raise RuntimeError(done.stdout)
    (requests,) = re.findall(r"(\d+) requests in", done.stdout)
    (rate,) = re.findall(r"Requests/sec:\s+([\d.]+)", done.stdout)
    return float(rate), int(requests) / spent


def reads(server: Server) -> Iterator[Figure]:
    """A small event: from the cache, and when every answer is made anew."""
    wrk(server, "/api/v1/events/grb-1", seconds=1)
    clock, core = wrk(server, "/api/v1/events/grb-1")
    yield Figure(name="event reads from the cache, by CPU time (1/s)", value=core, low=3000)
    yield Figure(name="event reads from the cache, by the clock (1/s)", value=clock)
    yield from _missed(server)


def _missed(server: Server) -> Iterator[Figure]:
    """Reads that find nothing in the cache: each asks in another form."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    headers = {"Authorization": f"Bearer {SECRET}"}
    before, n = server.cpu_s(), 400
    for k in range(n):
        connection.request("GET", f"/api/v1/events/grb-1?k={k}", headers=headers)
        connection.getresponse().read()
    connection.close()
    yield Figure(name="event reads past the cache, by CPU time (1/s)", value=n / (server.cpu_s() - before))


def light_curves(server: Server) -> Iterator[Figure]:
    """A light curve of 65,536 bins."""
    path = "/api/v1/events/grb-1/lightcurves/SPI-ACS"
    for name, query, least in (
        ("Arrow", "form=arrow", 500),
        ("msgpack", "form=msgpack", 500),
        ("JSON", "form=json", 200),
    ):
        clock, core = wrk(server, f"{path}?{query}")
        yield Figure(name=f"light curve of 65,536 bins as {name}, by CPU time (1/s)", value=core, low=least)
        yield Figure(name=f"light curve of 65,536 bins as {name}, by the clock (1/s)", value=clock)


def not_there(server: Server) -> Iterator[Figure]:
    """Medians of interleaved requests for what is absent and what is forbidden, by route."""
    for path, accept, number in HIDDEN:
        absent, forbidden = _medians(server, path, accept, number)
        words = f"absent against forbidden, {number} each, GET {path} ({accept.partition('/')[2]})"
        yield Figure(name=f"{words}, difference of medians (%)", value=100 * abs(absent / forbidden - 1), high=5.0)
        yield Figure(name=f"absent, GET {path} ({accept.partition('/')[2]}), median (ms)", value=1000 * absent)


def _medians(server: Server, path: str, accept: str, number: int) -> tuple[float, float]:
    """Median times of an answer, s: for an event that is not there, and for one that may not be seen."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    headers = {"Authorization": f"Bearer {SECRET}", "Accept": accept}
    times: dict[str, list[float]] = {"void-1": [], "hush-1": []}
    for k in range(2 * number + 200):
        name = ("void-1", "hush-1")[k % 2]
        begun = time.perf_counter()
        connection.request("GET", path.format(name), headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 404:
            raise RuntimeError(f"{path}, {name}: {answer.status}")
        if k >= 200:
            times[name].append(time.perf_counter() - begun)
    connection.close()
    return statistics.median(times["void-1"]), statistics.median(times["hush-1"])


def stream(server: Server) -> Iterator[Figure]:
    """From the commit of a change to its arrival at each of 500 readers in another process."""
    delays = asyncio.run(_stream(server))
    delays.sort()
    yield Figure(name="messages of the stream", value=len(delays))
    yield Figure(name="share of messages that arrived", value=len(delays) / (READERS * CHANGES), low=1.0)
    yield Figure(
        name="change to reader, p99 of 500 readers (ms)", value=1000 * delays[int(0.99 * len(delays))], high=500.0
    )
    yield Figure(name="change to reader, median of 500 readers (ms)", value=1000 * delays[len(delays) // 2])


async def _stream(server: Server) -> list[float]:
    arrived: list[tuple[int, float]] = []
    ready = asyncio.Semaphore(0)

    async def read() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\n\r\n".encode())
        is_ready = False
        is_event = False
        while line := await reader.readline():
            if not is_ready and line.startswith(b"event: tick"):
                is_ready = True
                ready.release()
            is_event = line.startswith(b"event: event") or (is_event and line != b"\n")
            if is_event and line.startswith(b"id:"):
                arrived.append((int(line[3:]), time.time()))

    tasks = [asyncio.create_task(read()) for _ in range(READERS)]
    for _ in range(READERS):
        await ready.acquire()
    store = Store(f"sqlite:///{server.folder / 'bench.sqlite'}", clock=SystemClock())
    looks = [(state, tier) for tier in Tier for state in (EventState.NOTIFIED, EventState.OPEN, EventState.DRAFTING)]
    delays: list[float] = []
    for k in range(CHANGES):
        state, tier = looks[k % len(looks)]
        number, begun = await asyncio.to_thread(_change, store, state, tier)
        for _ in range(200):
            await asyncio.sleep(0.05)
            if sum(change == number for change, _ in arrived) >= READERS:
                break
        delays += [at - begun for change, at in arrived if change == number]
        arrived.clear()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    store.close()
    return delays


def _change(store: Store, state: EventState, tier: Tier) -> tuple[int, float]:
    """Number of a change, by which messages about it are known, and when it was committed."""
    with store.begin() as work:
        work.set_event_tier("grb-1", tier)
        work.set_event_state("grb-1", state)
    committed = time.time()
    with store.read() as work:
        return work.last_change_id(), committed


def lists(folder: Path, seed: int) -> Iterator[Figure]:
    """The list of 100,000 events under every filter, on either database; some events are hidden from the asker."""
    for name, store in fill_index(folder, EVENTS, seed):
        times = {label: list_times(store, wanted) for label, wanted in LIST_FILTERS.items()}
        times["none, second page"] = list_times(store, LIST_FILTERS["none"], is_second_page=True)
        worst = max(times, key=lambda label: times[label].cpu_ms)
        slowest = max(times, key=lambda label: times[label].clock_ms)
        what = f"list of {EVENTS:,} events on {name}, slowest filter"
        yield Figure(name=f"{what} by CPU time: {worst} (ms)", value=times[worst].cpu_ms, high=50.0)
        yield Figure(name=f"{what} by the clock: {slowest} (ms)", value=times[slowest].clock_ms)
        store.close()
