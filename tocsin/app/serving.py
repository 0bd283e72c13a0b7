"""Serving: everything in one process, or one process's share of it, from the settings."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from fastapi import FastAPI
from rich.console import Console

from acs_stream.sources import LightCurveSource
from listeners.streams import RESTRICTED_STREAMS
from notifier.socket_mode import SocketModeListener
from tocsin.api.app import build_app
from tocsin.api.services import Health
from tocsin.app.build import build_context, build_doors, build_people, build_store
from tocsin.app.clocks import RehearsedClock, SystemClock
from tocsin.app.feeds import FeedBoard, build_kafka, build_vtp, feeds_in_words, health_of, vtp_topics
from tocsin.app.folder import own_folder
from tocsin.app.gauges import Gauges
from tocsin.app.leading import TICK, Lead
from tocsin.app.logs import configure_logs
from tocsin.app.memory import keep_few_arenas
from tocsin.app.partners import partner_teller
from tocsin.app.publishing import PUBLISH_EVERY_S, build_publisher, signs_of
from tocsin.app.rates import Following, RateBoard, build_following, with_parts
from tocsin.app.retaining import EVERY_S, forget_by_itself
from tocsin.app.service import EVERY_ROLE, Listener, Role, Service
from tocsin.app.starting import own_name, own_store, refuse_taken_address, refuse_wrong_clock
from tocsin.app.tracing import start_tracing
from tocsin.app.warming import warm
from tocsin.app.watchdog import Watchdog
from tocsin.app.web import api_services, slack_desk
from tocsin.domain.clock import Clock
from tocsin.settings import Settings, load_settings
from tocsin.store import Haste
from tocsin.workflow.auditing import audit_sign
from tocsin.workflow.context import Context
from tocsin.workflow.roads import road_signs
from tocsin.workflow.stream_triggers import take_triggers

#: How soon a thread that waits for the interpreter is given it, s: Python's own 5 ms, each time a page comes back from
#: the database while something is computed, would add up to a tenth of a second.
SWITCH_S = 0.0005
#: How often workers look for work in an SQLite file that other processes write, s: nobody can wake them.
LOOKS_EVERY_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A service ready to start, and how to put it away."""

    service: Service
    board: FeedBoard
    watchdog: Watchdog
    rates: RateBoard
    following: Following
    close: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one process does where several do the work of one service.

    Parameters
    ----------
    roles
        What it does.
    name
        Who it is: no other process may have the same name.
    """

    roles: frozenset[Role]
    name: str


def build_service(
    settings: Settings,
    *,
    clock: Clock,
    console: Console,
    is_replay: bool = False,
    sources: Mapping[str, LightCurveSource] | None = None,
    share: Share | None = None,
) -> Built:
    """Everything of one process, built but not started; with a `share`, only what that names."""
    roles = EVERY_ROLE if share is None else share.roles
    store = build_store(settings, clock)
    people, _, _ = build_people(settings)
    doors = build_doors(settings, people, clock=clock, console=console)
    board = FeedBoard(store, clock, listens=Role.LISTEN in roles)
    waking: list[Callable[[], None]] = [] if share is None else [store.notify]

    def wake() -> None:
        for each in waking:
            each()

    context = build_context(settings, clock=clock, store=store, doors=doors, is_replay=is_replay, sources=sources)
    streams = replace(context.streams, topics={**context.streams.topics, **vtp_topics(settings)})
    context = replace(context, wake=wake, streams=streams)
    rates = RateBoard()
    following = build_following(settings, clock=clock, board=rates, tell=lambda found: take_triggers(context, found))
    listeners = _listeners(settings, context, board, roles)
    if Role.LISTEN in roles:
        listeners += following.runs
    if Role.LISTEN in roles and share is not None:
        listeners.append(board.run)
    lead = None
    if share is not None:
        if store.url.get_backend_name() == "postgresql":
            listeners.append(lambda stop: store.listen(stop, service.wake))
        if Role.TICK in roles:
            lead = Lead(store, clock, name=TICK, holder=share.name)
    service = Service(
        context,
        settings,
        app=_api(settings, context, board, rates, is_one_of_several=share is not None) if Role.API in roles else None,
        listeners=listeners,
        roles=roles,
        lead=lead,
        name="tocsin" if share is None else share.name,
        looks_every_s=1.0 if share is None or store.url.get_backend_name() == "postgresql" else LOOKS_EVERY_S,
    )
    waking.append(service.wake)
    publisher = build_publisher(settings)
    if publisher is not None:
        service.every(PUBLISH_EVERY_S, publisher.publish_changes)
    watchdog = Watchdog(
        context,
        settings,
        board,
        more=(
            lambda: (audit_sign(context, late_s=settings.watchdog.late_s), *road_signs(context)),
            partial(signs_of, publisher),
        ),
    )

    def close() -> None:
        following.close()
        store.close()

    return Built(service=service, board=board, watchdog=watchdog, rates=rates, following=following, close=close)


def _api(
    settings: Settings, context: Context, board: FeedBoard, rates: RateBoard, *, is_one_of_several: bool
) -> FastAPI:
    topics = {name: topic.labels for name, topic in context.streams.topics.items() if topic.labels}
    labels = RESTRICTED_STREAMS | topics
    gauges = Gauges(context.store, context.clock, settings.data_dir, restricted=labels.keys())

    def health() -> Health:
        return with_parts(health_of(context.store, board), rates.parts())

    return build_app(
        api_services(
            context,
            settings,
            health=health,
            labels_of_streams=labels,
            metrics=gauges.text,
            is_one_of_several=is_one_of_several,
        )
    )


def _listeners(settings: Settings, context: Context, board: FeedBoard, roles: frozenset[Role]) -> list[Listener]:
    listeners: list[Listener] = []
    if Role.LISTEN in roles:
        hearing = replace(context, store=context.store.with_haste(Haste.URGENT))
        listeners += [listener.run for listener in build_kafka(settings, hearing, board)]
        listeners += [listener.run for listener in build_vtp(settings, hearing, board)]
    if Role.NOTIFY in roles and settings.webhooks.enabled:
        listeners.append(partner_teller(context, settings).run)
    if Role.API in roles and settings.channels.slack.socket_mode and "slack" in settings.channels.enabled:
        listeners.append(_socket_mode(settings, context))
    return listeners


def _socket_mode(settings: Settings, context: Context) -> Callable[[threading.Event], None]:
    """Listener for buttons that come over Slack's Socket Mode."""
    token = settings.secrets.slack_app_token
    desk = slack_desk(context, settings)
    slack = settings.channels.slack
    listener = SocketModeListener(
        "" if token is None else token.get_secret_value(),
        desk.enveloped,
        base_url=slack.base_url,
        timeout_s=slack.timeout_s,
    )
    return listener.run


def serve(environment: Mapping[str, str], *, host: str | None = None, port: int | None = None) -> None:
    """Serve, everything in this process, until told to stop by a signal."""
    configure_logs()
    settings = _listening(load_settings(environment), host, port)
    with own_folder(settings), _traced(environment, "tocsin"):
        _serve(settings, Console(stderr=True), _clock(environment))


def run(environment: Mapping[str, str], share: Share, *, host: str | None = None, port: int | None = None) -> None:
    """Do one process's share of the work, beside others on the same store, until told to stop by a signal."""
    configure_logs()
    settings = _listening(load_settings(environment), host, port)
    with own_folder(settings, name=share.name), _traced(environment, share.name):
        _serve(settings, Console(stderr=True), _clock(environment), share)


@contextmanager
def _traced(environment: Mapping[str, str], name: str) -> Iterator[None]:
    end = start_tracing(environment, name=name)
    try:
        yield
    finally:
        end()


def _clock(environment: Mapping[str, str]) -> Clock:
    """The machine's clock; or, to rehearse one that jumps or a long night, what the named file makes of it."""
    file = environment.get("TOCSIN_REHEARSED_CLOCK")
    return RehearsedClock(Path(file)) if file else SystemClock()


def _serve(settings: Settings, console: Console, clock: Clock, share: Share | None = None) -> None:
    keep_few_arenas()
    built = build_service(settings, clock=clock, console=console, share=share)
    service, store = built.service, built.service.context.store
    sys.setswitchinterval(SWITCH_S)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: service.ask_to_stop())
    with ExitStack() as at_end:
        at_end.callback(built.close)
        refuse_wrong_clock(store, clock)
        if share is None or Role.API in share.roles:
            refuse_taken_address(settings.api.host, settings.api.port)
        if share is not None:
            store.refuse_deafness()
            at_end.enter_context(
                own_name(store, clock, share.name, folder=settings.data_dir, on_loss=service.ask_to_stop)
            )
        elif settings.store.url:
            at_end.enter_context(own_store(store, clock, folder=settings.data_dir, on_loss=service.ask_to_stop))
        service.every(settings.watchdog.every_s, built.watchdog.look)
        if settings.retention.automatic:
            service.every(EVERY_S, partial(forget_by_itself, rules=settings.retention))
        at_end.callback(service.stop)
        service.start()
        service.in_background(partial(warm, service.context))
        _say_hello(settings, built, console, share)
        service.wait()


def _say_hello(settings: Settings, built: Built, console: Console, share: Share | None) -> None:
    feeds = feeds_in_words(settings) or "no feed (see docs/how_to/run_the_service.md)"
    where = f"http://{settings.api.host}:{built.service.port}"
    if share is None:
        words = f"tocsin serves {where}, listening to {feeds}; Ctrl-C ends it"
    else:
        does = ", ".join(role.value for role in Role if role in share.roles)
        serves = f", serves {where}" if Role.API in share.roles else ""
        hears = f", listening to {feeds}" if Role.LISTEN in share.roles else ""
        words = f"tocsin runs {does} as {share.name}{serves}{hears}; Ctrl-C ends it"
    console.print(words, soft_wrap=True)


def _listening(settings: Settings, host: str | None, port: int | None) -> Settings:
    changes = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    return settings.model_copy(update={"api": settings.api.model_copy(update=changes)})
