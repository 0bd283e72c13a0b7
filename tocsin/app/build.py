"""Builds the parts from the settings; a wrong setting refuses here, naming the file and the key."""

from collections.abc import Mapping, Sequence
from functools import partial

from rich.console import Console

import tocsin
from acs_stream.properties import Durations
from acs_stream.response import ResponseTable
from acs_stream.sources import LightCurveSource, build_sources
from acs_stream.trial_bursts import bursts_from_config
from acs_stream.triangulation_policy import TriangulationPolicy
from advocates.calendar_copy import CalendarCopy
from advocates.calendar_fetching import fetch_calendar
from advocates.escalation import Plan
from advocates.people import People
from advocates.rota import Rota, calendar_sources
from advocates.templates import Templates
from advocates.wording import Wording
from listeners.streams import Streams
from notifier.channel import Channel
from notifier.console import ConsoleChannel
from notifier.email import EmailChannel, Security
from notifier.recorder import RecorderChannel
from notifier.slack import SlackChannel
from notifier.webhook import WebhookChannel
from tocsin.app.drawing import drawing_from
from tocsin.app.folder import refuse_upgrade_beneath
from tocsin.app.rate_keeping import rate_keeper
from tocsin.app.rates import build_places, table_of
from tocsin.app.rule_table import check_who
from tocsin.app.trailing import TrailingFolder
from tocsin.domain.clock import Clock
from tocsin.domain.errors import ConfigurationError
from tocsin.domain.labels import Owners, read_owners
from tocsin.settings import Settings
from tocsin.store import Store
from tocsin.store.private import private_folder
from tocsin.workflow.context import Context, Door
from triggers.coincidence_config import read_coincidence_book
from triggers.rules import Rules
from triggers.source_book import SourceBook, read_source_book
from triggers.wakings import Wakings, read_wakings


def build_store(settings: Settings, clock: Clock, *, is_durable: bool = True) -> Store:
    """Open and migrate the store; not durable is for what can be done again, like a replay."""
    if settings.store_url.startswith("sqlite"):
        private_folder(settings.data_dir)
    store = Store(settings.store_url, clock=clock, is_durable=is_durable, listen_url=settings.store.listen_url)
    refuse_upgrade_beneath(settings, store)
    store.migrate()
    return store


def build_people(settings: Settings, clock: Clock | None = None) -> tuple[People, Rota, Plan]:
    """People, their rota and the escalation plan; with a clock, calendars of the rota as they were last read well."""
    people_file = settings.document("people")
    people = People.from_config(people_file.values, file=people_file.name)
    rota_file = settings.document("rota")
    rota = Rota.from_config(rota_file.values, people, file=rota_file.name)
    if clock is not None and (calendars := build_calendars(settings, people, rota, clock)):
        rota = Rota.from_config(rota_file.values, people, file=rota_file.name, calendars=calendars)
    plan_file = settings.document("escalation")
    return people, rota, Plan.from_config(plan_file.values, people, file=plan_file.name)


def build_calendars(settings: Settings, people: People, rota: Rota, clock: Clock) -> Mapping[str, CalendarCopy]:
    """Copies of the calendars that layers of the rota are kept in, by name of the layer; nothing is fetched yet."""
    document = settings.document("rota")
    return {
        name: CalendarCopy(
            name,
            folder=settings.data_dir / "calendars",
            people=people,
            zone=rota.zone,
            fetch=partial(fetch_calendar, source, clock=clock),
            clock=clock,
        )
        for name, source in calendar_sources(document.values, file=document.name).items()
    }


def calendars_of(rota: Rota) -> tuple[CalendarCopy, ...]:
    """Calendars that a rota stands on."""
    return tuple(turns for layer in rota.layers for turns in layer.rotations if isinstance(turns, CalendarCopy))


def build_sources_of(settings: Settings, clock: Clock) -> Mapping[str, LightCurveSource]:
    """Light-curve sources of the instruments that the settings name, in that order."""
    document = settings.document("instruments")
    sources = build_sources(document.values, file=document.name, places=build_places(settings, clock), clock=clock)
    for name in settings.reaction.instruments:
        if name not in sources:
            raise ConfigurationError(
                f"{name} is not in {document.name}", file=settings.file, key="reaction.instruments"
            )
    return {name: sources[name] for name in settings.reaction.instruments} if settings.reaction.enabled else {}


def build_doors(settings: Settings, people: People, *, clock: Clock, console: Console) -> Sequence[Door]:
    """Channels with their audiences, in the order of the settings."""
    return tuple(_door(settings, name, people, clock, console) for name in settings.channels.enabled)


def _door(settings: Settings, name: str, people: People, clock: Clock, console: Console) -> Door:
    channels = settings.channels
    match name:
        case "console":
            return Door(channel=ConsoleChannel(console))
        case "recorder":
            return Door(channel=RecorderChannel())
        case "slack":
            return Door(channel=_slack(settings, people), clearance=frozenset(channels.slack.clearance))
        case "email":
            mail = _email(settings, people, clock)
            return Door(channel=mail, clearance=frozenset(channels.email.clearance), is_shared=False)
        case "webhook":
            push = _webhook(settings, people, clock)
            return Door(channel=push, clearance=frozenset(channels.webhook.clearance), is_shared=False)
        case "apprise":
            road = _apprise(settings, people)
            return Door(channel=road, clearance=frozenset(channels.apprise.clearance), is_shared=False)
        case _:
            raise ConfigurationError(f"unknown channel {name}", file=settings.file, key="channels.enabled")


def _slack(settings: Settings, people: People) -> SlackChannel:
    table, token = settings.channels.slack, settings.secrets.slack_token
    return SlackChannel(
        token.get_secret_value() if token else "",
        table.channel,
        base_url=table.base_url,
        timeout_s=table.timeout_s,
        mentions={person.id: person.slack_id for person in people if person.slack_id},
    )


def _email(settings: Settings, people: People, clock: Clock) -> EmailChannel:
    table, password = settings.channels.email, settings.secrets.smtp_password
    return EmailChannel(
        table.host,
        table.port,
        sender=table.sender,
        addresses={person.id: person.email for person in people if person.email},
        clock=clock,
        security=Security(table.security),
        user=table.user,
        password=password.get_secret_value() if password else "",
        timeout_s=table.timeout_s,
    )


def _webhook(settings: Settings, people: People, clock: Clock) -> WebhookChannel:
    secret = settings.secrets.webhook_secret
    return WebhookChannel(
        {person.id: person.webhook for person in people if person.webhook},
        secret=secret.get_secret_value() if secret else "",
        clock=clock,
        timeout_s=settings.channels.webhook.timeout_s,
    )


def _apprise(settings: Settings, people: People) -> Channel:
    try:
        from notifier.apprise_road import AppriseChannel  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigurationError(
            "the apprise extra is not installed: pip install 'tocsin[apprise]'",
            file=settings.file,
            key="channels.enabled",
        ) from error
    addresses = {person.id: person.apprise for person in people if person.apprise}
    return AppriseChannel(addresses, timeout_s=settings.channels.apprise.timeout_s)


def build_rules(settings: Settings) -> Rules:
    """Rules, and what coincidences are judged by."""
    rules, coincidence = settings.document("rules"), settings.document("coincidence")
    book = read_coincidence_book(coincidence.values, file=coincidence.name)
    return Rules.from_config(rules.values, file=rules.name, coincidence=book)


def build_wakings(settings: Settings) -> Wakings:
    """How often rules wake people."""
    file = settings.document("wakings")
    return read_wakings(file.values, file=file.name)


def _rules_for(settings: Settings, people: People) -> Rules:
    rules = build_rules(settings)
    check_who(rules.book, people, file=settings.document("rules").name)
    return rules


def build_owners(settings: Settings) -> Owners:
    """Owners of the labels."""
    file = settings.document("labels")
    return read_owners(file.values, file=file.name)


def build_source_book(settings: Settings) -> SourceBook:
    """Known sources, and how it is judged whether a trigger is one of them."""
    file = settings.document("sources")
    return read_source_book(file.values, file=file.name)


def build_triangulation(settings: Settings) -> TriangulationPolicy:
    """What is triangulated without anybody asking, and what of it may be stated."""
    file = settings.document("triangulation")
    return TriangulationPolicy.from_config(file.values, file=file.name)


def build_context(
    settings: Settings,
    *,
    clock: Clock,
    store: Store,
    doors: Sequence[Door],
    is_replay: bool = False,
    sources: Mapping[str, LightCurveSource] | None = None,
) -> Context:
    """Everything handlers work with."""
    people, rota, plan = build_people(settings, clock)
    streams_file = settings.document("streams")
    response_file = settings.document("response")
    bursts_file = settings.document("bursts")
    circulars = settings.folder.texts("circulars")
    return Context(
        store=store,
        clock=clock,
        streams=Streams.from_config(streams_file.values, file=streams_file.name),
        rules=_rules_for(settings, people),
        known_sources=build_source_book(settings),
        wakings=build_wakings(settings),
        owners=build_owners(settings),
        people=people,
        rota=rota,
        plan=plan,
        doors=doors,
        sources=build_sources_of(settings, clock) if sources is None else sources,
        response=ResponseTable.from_config(response_file.values, file=response_file.name),
        triangulation=build_triangulation(settings),
        templates=Templates.from_texts(circulars),
        draw=drawing_from(store),
        wording=Wording.from_texts(circulars),
        page_url=settings.service.page_url.rstrip("/"),
        code_version=tocsin.__version__,
        is_replay=is_replay,
        keep_rates=rate_keeper(settings),
        patience_s=settings.reaction.patience_s,
        retry_s=settings.reaction.retry_s,
        bursts=bursts_from_config(bursts_file.values, file=bursts_file.name),
        durations=Durations.from_config(bursts_file.values, file=bursts_file.name),
        trailing=TrailingFolder(settings.searches_dir),
        instruments=table_of(settings),
    )
