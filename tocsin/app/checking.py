"""Checks the whole configuration without starting anything, and answers questions about the rota."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from advocates.people import Path as PersonPath
from advocates.swaps import with_covers
from tocsin.app.build import (
    build_context,
    build_doors,
    build_people,
    build_rules,
    build_store,
    build_wakings,
    calendars_of,
)
from tocsin.app.clocks import SystemClock
from tocsin.app.feeds import FeedBoard, build_vtp, feeds_in_words
from tocsin.app.rates import rates_in_words
from tocsin.app.rule_table import check_who, people_now, rule_table
from tocsin.app.swaps import taken_shifts, unfit
from tocsin.domain.clock import Clock
from tocsin.domain.errors import NotAllowedError, RemoteError
from tocsin.domain.events import Tier
from tocsin.domain.people import Person
from tocsin.domain.shift_offers import ShiftOffer
from tocsin.settings import Settings, load_settings
from tocsin.workflow.links import calendar_token, draw_secret


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What was checked, and what a person should mend."""

    lines: tuple[str, ...]
    problems: tuple[str, ...]


def check_configuration(environment: Mapping[str, str], *, with_store: bool = True) -> CheckReport:
    """Build every part from the settings, beside a throw-away store; swaps of shifts are read from the real one.

    Parameters
    ----------
    environment
        Variables of the environment.
    with_store
        Whether the real store is read at all.

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
    woken = sorted({name for rule in context.rules.book.rules for name in rule.who})
    named = f", or whom they name: {', '.join(woken)}" if woken else ""
    wake = sum(rule.tier is Tier.WAKE for rule in context.rules.book.rules)
    lines = (
        f"configuration {settings.file}, data in {Path(settings.service.data_dir)}",
        f"channels: {', '.join(door.name for door in doors)}",
        f"instruments: {', '.join(context.sources)}",
        rates_in_words(settings, clock),
        f"feeds: {feeds_in_words(settings) or 'none (replay and demo still work)'}",
        f"rules: {len(context.rules.book.rules)}, of which {wake} wake {plan.steps[0].target}{named}",
        f"people: {len(list(people))}, escalation '{plan.name}' with {len(plan.steps)} steps",
    )
    now = clock.now()
    calendars = tuple(words for copy in calendars_of(rota) for words in copy.state.words(now))
    taken, unread = _taken_shifts(settings, clock) if with_store else ([], ())
    agreed = with_covers(rota, taken, people).problems(now)
    swaps = (*unfit(rota, taken, people, now), *unread)
    problems = (*road_problems(settings), *people.problems(roads(settings)), *agreed, *swaps, *calendars)
    return CheckReport(lines=lines, problems=problems)


def _taken_shifts(settings: Settings, clock: Clock) -> tuple[list[ShiftOffer], tuple[str, ...]]:
    """Shifts that were taken, and words where they cannot be read."""
    try:
        return taken_shifts(settings, clock), ()
    except RemoteError as error:
        return [], (str(error),)


def rules_now(environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """The configured rules as `tocsin.app.rule_table` has them, each with the people it stands for now."""
    settings, clock = load_settings(environment), SystemClock()
    people, rota, plan = build_people(settings, clock)
    book = build_rules(settings).book
    check_who(book, people, file=settings.document("rules").name)
    now = clock.now()
    rota = with_covers(rota, taken_shifts(settings, clock), people)
    return [
        {**row, "people_now": people_now(row["who"], plan, people, rota, now)}
        for row in rule_table(book, plan, build_wakings(settings))
    ]


def roads(settings: Settings) -> tuple[PersonPath, ...]:
    """Roads to people that the settings open; where none is, all count: nothing but the registry is then checked."""
    opened = tuple(path for path in PersonPath if path.value in settings.channels.enabled)
    return opened or tuple(PersonPath)


def road_problems(settings: Settings) -> tuple[str, ...]:
    """What is wrong with the roads themselves: people are to be woken by two, and one alone is enabled."""
    opened = [path.value for path in PersonPath if path.value in settings.channels.enabled]
    if len(opened) != 1:
        return ()
    return (f"every page goes out by two roads, and only {opened[0]} is enabled: enable another (channels.enabled)",)


def person_of(environment: Mapping[str, str], person_id: str) -> Person | None:
    """Person of that id; None for an empty one.

    Raises
    ------
    NotAllowedError
        Nobody is called so.
    """
    people, _, _ = build_people(load_settings(environment))
    person = people.person(person_id)
    if person_id and person is None:
        raise NotAllowedError(f"{person_id} is nobody in the registry of people")
    return person


def calendar_address(environment: Mapping[str, str], person_id: str, *, renew: bool = False) -> str:
    """Secret address of a person's calendar, or of everybody's; `renew` voids every link given out before."""
    settings = load_settings(environment)
    store = build_store(settings, SystemClock())
    try:
        with store.begin() as work:
            if renew:
                draw_secret(work)
            token = calendar_token(work, person_id)
    finally:
        store.close()
    return f"{settings.service.page_url.rstrip('/')}/calendar/{token}.ics"
