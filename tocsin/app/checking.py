"""Checks the whole configuration without starting anything, and answers questions about the rota."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from advocates.rota import Rota
from tocsin.app.build import build_context, build_doors, build_people, build_store, calendars_of
from tocsin.app.clocks import SystemClock
from tocsin.app.feeds import FeedBoard, build_vtp, feeds_in_words
from tocsin.settings import load_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What was checked, and what a person should mend."""

    lines: tuple[str, ...]
    problems: tuple[str, ...]


def check_configuration(environment: Mapping[str, str]) -> CheckReport:
    """Build every part from the settings, beside a throw-away store.

    Raises
    ------
    ConfigurationError
        A wrong setting, naming the file and the key.
    """
    clock = SystemClock()
    settings = load_settings(environment)
    with TemporaryDirectory() as folder:
        aside = settings.model_copy(update={"service": settings.service.model_copy(update={"data_dir": folder})})
        aside = aside.model_copy(update={"store": aside.store.model_copy(update={"url": ""})})
        store = build_store(aside, clock)
        people, rota, plan = build_people(settings, clock)
        doors = build_doors(settings, people, clock=clock, console=Console(stderr=True))
        context = build_context(aside, clock=clock, store=store, doors=doors)
        build_vtp(settings, context, FeedBoard())
        store.close()
    lines = (
        f"configuration {settings.file}, data in {Path(settings.service.data_dir)}",
        f"channels: {', '.join(door.name for door in doors)}",
        f"instruments: {', '.join(context.sources)}",
        f"feeds: {feeds_in_words(settings) or 'none (replay and demo still work)'}",
        f"people: {len(list(people))}, escalation '{plan.name}' with {len(plan.steps)} steps",
    )
    now = clock.now()
    calendars = tuple(words for copy in calendars_of(rota) for words in copy.state.words(now))
    return CheckReport(lines=lines, problems=(*people.problems(), *rota.problems(now), *calendars))


def rota_now(environment: Mapping[str, str]) -> tuple[Rota, datetime]:
    """The configured rota, and the time."""
    clock = SystemClock()
    _, rota, _ = build_people(load_settings(environment), clock)
    return rota, clock.now()
