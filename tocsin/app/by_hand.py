"""By hand from the command line: the acts of the page, on the configured store; the service does what is owed."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from rich.console import Console

from tocsin.app.build import build_context, build_doors, build_people, build_store
from tocsin.app.clocks import SystemClock
from tocsin.settings import load_settings
from tocsin.workflow.context import Context

T = TypeVar("T")


def with_context(environment: Mapping[str, str], act: Callable[[Context], T]) -> T:
    """Do something with everything handlers work with, on the configured store.

    Raises
    ------
    ConfigurationError
        A wrong setting, naming the file and the key.
    """
    settings, clock = load_settings(environment), SystemClock()
    people, _, _ = build_people(settings, clock)
    store = build_store(settings, clock)
    try:
        doors = build_doors(settings, people, clock=clock, console=Console(stderr=True))
        return act(build_context(settings, clock=clock, store=store, doors=doors))
    finally:
        store.close()
