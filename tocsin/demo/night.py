"""A simulated night through the real service: notices by Kafka, counts by HTTP, files by the inbox, people by Slack."""

import logging
import os
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import structlog
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from tocsin.app.clocks import FastClock
from tocsin.app.logs import configure_demo_logs
from tocsin.app.serving import Built, build_service
from tocsin.demo.checker import DemoResult, check_night
from tocsin.demo.conductor import Conductor, Pulse
from tocsin.demo.people import SleepyAdvocates
from tocsin.demo.world import demo_settings, standing_in
from tocsin.simulate.night import Night
from tocsin.simulate.timeline import Item

#: Seconds of the night per second of the wall.
SPEED = 90.0
#: Real time allowed for the last owed work after the night, s.
LAST_WORK_S = 60.0
#: Real time allowed for the listener to find the broker, s.
START_S = 15.0


def run_demo(*, headless: bool, quiet: bool, port: int, seed: int) -> DemoResult:
    """One night; without `headless` the page stays up afterwards until Ctrl-C."""
    console = Console(stderr=True, quiet=quiet)
    logs = _quiet_logs(quiet=quiet)
    with ExitStack() as stack:
        stack.callback(logs.close)
        folder = _new_folder(stack)
        night = Night(seed)
        clock = FastClock(night.start_utc, speed=SPEED)
        world = stack.enter_context(standing_in(night, clock, folder))
        settings = demo_settings(world, night, folder, port=0 if headless else port)
        built = build_service(settings, clock=clock, console=console, is_replay=True)
        stack.callback(built.close)
        stack.callback(built.service.stop)
        built.service.start()
        stop = threading.Event()
        stack.callback(stop.set)
        _in_background(Pulse(world.broker).run, stop)
        _wait_for_feed(built, stop)
        url = f"http://127.0.0.1:{built.service.port}"
        console.print(f"The night of {night.start_utc:%d %B %Y}, {SPEED:g} times as fast as life. Page: [bold]{url}[/]")
        advocates = SleepyAdvocates(world.slack, f"{url}/slack/interactions")
        _in_background(advocates.run, stop)
        with _Show(console, night, clock) as show:
            conductor = Conductor(night, world, clock, show.tell)
            clock.begin()
            conductor.run(stop)
            show.until_the_end(stop)
        _finish_work(built, stop)
        result = check_night(url, night.truth, world.slack, sent=conductor.sent, refused=advocates.refused)
        _print(console, result)
        if not headless:
            _keep_open(console, url)
        return result


def _new_folder(stack: ExitStack) -> Path:
    """Folder for this night alone: kept under TOCSIN_DATA_DIR where that is set, else gone when the night is over."""
    kept = os.environ.get("TOCSIN_DATA_DIR")
    if kept:
        Path(kept).mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix="demo-", dir=kept))
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tocsin-demo-")))


def _in_background(run: Callable[[threading.Event], None], stop: threading.Event) -> None:
    threading.Thread(target=run, args=(stop,), daemon=True).start()


def _wait_for_feed(built: Built, stop: threading.Event) -> None:
    for _ in range(int(START_S / 0.05)):
        if built.board.is_live or stop.wait(0.05):
            return


def _finish_work(built: Built, stop: threading.Event) -> None:
    """Wait until nothing is owed any more at the time of now."""
    for _ in range(int(LAST_WORK_S / 0.1)):
        if not built.service.is_busy():
            return
        stop.wait(0.1)


def _keep_open(console: Console, url: str) -> None:
    console.print(f"The page stays at [bold]{url}[/] until Ctrl-C.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("Good night.")


def _quiet_logs(*, quiet: bool) -> ExitStack:
    """Keep log lines out of the picture, except warnings; restored when closed."""
    before = structlog.get_config()
    level = logging.CRITICAL if quiet else logging.ERROR
    configure_demo_logs(level)
    stack = ExitStack()
    stack.callback(lambda: structlog.configure(**before))
    return stack


class _Show:
    """The night as a progress bar, and a line for whatever happens in it."""

    def __init__(self, console: Console, night: Night, clock: FastClock) -> None:
        self._night = night
        self._clock = clock
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console, transient=True
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        self._task = self._progress.add_task("", total=self._seconds(self._night.stop_utc))
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def tell(self, item: Item) -> None:
        """Say what goes out now."""
        self._console.print(f"  {item.at_utc:%H:%M:%S}  {item.what}", highlight=False, markup=False)
        self._move()

    def until_the_end(self, stop: threading.Event) -> None:
        """Let the rest of the night pass."""
        while self._clock.now() < self._night.stop_utc and not stop.wait(0.1):
            self._move()

    def _move(self) -> None:
        if self._task is not None:
            now = self._clock.now()
            self._progress.update(self._task, completed=self._seconds(now), description=f"{now:%H:%M}")

    def _seconds(self, moment: datetime) -> float:
        return (moment - self._night.start_utc).total_seconds()


def _print(console: Console, result: DemoResult) -> None:
    console.print("\nWhat the night came to", style="bold")
    for event in result.events:
        console.print(*_lines(event), sep="\n", highlight=False, markup=False)
    shown = result.to_json()
    counts = ", ".join(f"{count} {name}" for name, count in shown["notices"].items())
    console.print(f"Notices: {counts}. Pages for tests: {result.pages_for_tests}.", highlight=False)
    for problem in result.problems:
        console.print(f"problem: {problem}", style="bold red", markup=False)


def _lines(event: Mapping[str, Any]) -> list[str]:
    """An event in a few lines: who was woken, what was found, what was drafted."""
    marks = "".join(f" {mark}" for mark, key in (("TEST", "is_test"), ("RETRACTED", "is_retracted")) if event[key])
    woken = [f"tier {event['tier']}"]
    if event["first_page_ms"] is not None:
        woken.append(f"first page after {event['first_page_ms']:.0f} ms")
    if event["acknowledged_by"]:
        woken.append(f"acknowledged by {event['acknowledged_by']}")
    lines = [f"  {event['name']}{marks}: {', '.join(woken)}"]
    seen = []
    if "search" in event:
        seen.append(f"S/N {event['search']['snr']:.1f}, FAP {event['search']['fap']:.1e}")
    elif "limit_erg_cm2" in event:
        seen.append(f"no excess, below {event['limit_erg_cm2']:.1e} erg/cm2")
    if event["skymap"]:
        inside = {True: ", truth inside", False: ", TRUTH OUTSIDE", None: ""}[event["skymap"].get("contains_truth")]
        seen.append(f"90 % within {event['skymap']['area_90_deg2']:.3g} deg2{inside}")
    if seen:
        lines.append(f"      {'; '.join(seen)}")
    if event["draft"]:
        closed = ", closed by the retraction" if event["draft"]["is_closed"] else ""
        lines.append(f"      draft {event['draft']['kind']}: {event['draft']['lint_errors']} lint errors{closed}")
    return lines
