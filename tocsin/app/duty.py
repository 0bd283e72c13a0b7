"""Drills and maintenance from the command line, beside a running service: both meet in its store."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console

from tocsin.app.build import build_context, build_doors, build_people, build_store
from tocsin.app.clocks import SystemClock
from tocsin.domain.errors import NotAllowedError
from tocsin.settings import load_settings
from tocsin.workflow.context import Context
from tocsin.workflow.drilling import DrillReport, begin_drill, report
from tocsin.workflow.maintenance import Window, begin_window, end_window, windows
from tocsin.workflow.owing import release


@contextmanager
def live_context(environment: Mapping[str, str]) -> Iterator[Context]:
    """The parts of the service at its own store; nothing is sent from here: the running service does that."""
    settings, clock = load_settings(environment), SystemClock()
    people, _, _ = build_people(settings)
    store = build_store(settings, clock)
    try:
        doors = build_doors(settings, people, clock=clock, console=Console(stderr=True))
        yield build_context(settings, clock=clock, store=store, doors=doors)
    finally:
        store.close()


def drill(environment: Mapping[str, str], by: str, *, wait_s: float, pause: Callable[[float], object]) -> DrillReport:
    """Begin a drill and watch it until somebody acknowledges, at most `wait_s`."""
    with live_context(environment) as context:
        _check_person(context, by)
        event_id = begin_drill(context, by)
        until = context.clock.monotonic_s() + wait_s
        while True:
            with context.store.read() as work:
                found = report(context, work, event_id)
            if found.acknowledged_after_s is not None or context.clock.monotonic_s() >= until:
                return found
            pause(0.5)


def begin_maintenance(environment: Mapping[str, str], scope: str, by: str, *, minutes: float, reason: str) -> Window:
    """Hold the pages of a stream, or of all, for some minutes."""
    with live_context(environment) as context:
        _check_person(context, by)
        now = context.clock.now()
        window = Window(
            scope=scope, begun_utc=now, until_utc=now + timedelta(minutes=minutes), person_id=by, reason=reason
        )
        with context.store.begin() as work:
            begin_window(work, window)
        return window


def end_maintenance(environment: Mapping[str, str], scope: str, by: str) -> int:
    """End it early; of how many events pages go out now that were held."""
    with live_context(environment) as context:
        _check_person(context, by)
        with context.store.begin() as work:
            held = end_window(work, scope, by, context.clock.now())
            return sum(release(context, work, event_id) for event_id in held)


def maintenance_now(environment: Mapping[str, str]) -> tuple[Window, ...]:
    """What is under maintenance."""
    with live_context(environment) as context, context.store.read() as work:
        return windows(work, context.clock.now())


def _check_person(context: Context, person_id: str) -> None:
    if context.people.person(person_id) is None:
        raise NotAllowedError(f"{person_id} is nobody in the registry of people", remedy="name yourself with --by")
