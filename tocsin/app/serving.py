"""Serving: everything in one process, from the settings."""

import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from rich.console import Console

from acs_stream.sources import LightCurveSource
from listeners.streams import RESTRICTED_STREAMS
from notifier.socket_mode import SocketModeListener
from tocsin.api.app import build_app
from tocsin.api.services import Health
from tocsin.app.build import build_context, build_doors, build_people, build_store
from tocsin.app.clocks import SystemClock
from tocsin.app.feeds import FeedBoard, build_kafka, build_vtp, feeds_in_words, health_of, vtp_topics
from tocsin.app.gauges import Gauges
from tocsin.app.logs import configure_logs
from tocsin.app.rates import RateBoard, build_following, with_parts
from tocsin.app.service import Listener, Service
from tocsin.app.starting import own_folder, refuse_wrong_clock
from tocsin.app.watchdog import Watchdog
from tocsin.app.web import api_services, slack_desk
from tocsin.domain.clock import Clock
from tocsin.settings import Settings, load_settings
from tocsin.workflow.context import Context
from tocsin.workflow.stream_triggers import take_triggers


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A service ready to start, and how to put it away."""

    service: Service
    board: FeedBoard
    watchdog: Watchdog
    rates: RateBoard
    close: Callable[[], None]


def build_service(
    settings: Settings,
    *,
    clock: Clock,
    console: Console,
    is_replay: bool = False,
    sources: Mapping[str, LightCurveSource] | None = None,
) -> Built:
    """Everything of one process, built but not started."""
    store = build_store(settings, clock)
    people, _, _ = build_people(settings)
    doors = build_doors(settings, people, clock=clock, console=console)
    board = FeedBoard()
    waking: list[Callable[[], None]] = []

    def wake() -> None:
        for each in waking:
            each()

    context = build_context(settings, clock=clock, store=store, doors=doors, is_replay=is_replay, sources=sources)
    streams = replace(context.streams, topics={**context.streams.topics, **vtp_topics(settings)})
    context = replace(context, wake=wake, streams=streams)
    topics = {name: topic.labels for name, topic in context.streams.topics.items() if topic.labels}
    labels = RESTRICTED_STREAMS | topics
    gauges = Gauges(store, clock, settings.data_dir, restricted=labels.keys())
    rates = RateBoard()
    following = build_following(settings, clock=clock, board=rates, tell=lambda found: take_triggers(context, found))

    def health() -> Health:
        return with_parts(health_of(store, board), rates.parts())

    app = build_app(api_services(context, settings, health=health, labels_of_streams=labels, metrics=gauges.text))
    listeners: list[Listener] = [build_kafka(settings, context, board).run] if settings.feeds.kafka.enabled else []
    listeners += [listener.run for listener in build_vtp(settings, context, board)]
    if settings.channels.slack.socket_mode and "slack" in settings.channels.enabled:
        listeners.append(_socket_mode(settings, context))
    listeners += following.runs
    service = Service(context, settings, app=app, listeners=listeners)
    waking.append(service.wake)
    watchdog = Watchdog(context, settings, board)

    def close() -> None:
        following.close()
        store.close()

    return Built(service=service, board=board, watchdog=watchdog, rates=rates, close=close)


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
    """Serve until told to stop by a signal."""
    configure_logs()
    settings = _listening(load_settings(environment), host, port)
    console = Console(stderr=True)
    with own_folder(settings):
        _serve(settings, console)


def _serve(settings: Settings, console: Console) -> None:
    clock = SystemClock()
    built = build_service(settings, clock=clock, console=console)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: built.service.ask_to_stop())
    try:
        refuse_wrong_clock(built.service.context.store, clock)
        built.service.every(settings.watchdog.every_s, built.watchdog.look)
        built.service.start()
        _say_hello(settings, built, console)
        built.service.wait()
    finally:
        built.service.stop()
        built.close()


def _say_hello(settings: Settings, built: Built, console: Console) -> None:
    feeds = feeds_in_words(settings) or "no feed (see docs/how_to/run_the_service.md)"
    console.print(
        f"tocsin serves http://{settings.api.host}:{built.service.port}, listening to {feeds}; Ctrl-C ends it"
    )


def _listening(settings: Settings, host: str | None, port: int | None) -> Settings:
    changes = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    return settings.model_copy(update={"api": settings.api.model_copy(update=changes)})
