"""Checks against the real services that the settings name: nothing is sent to anybody, nothing is stored."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import gcn_kafka
import httpx
from confluent_kafka import KafkaException
from rich.console import Console

from notifier.channel import Channel
from notifier.email import EmailChannel
from notifier.slack import SlackChannel
from tocsin.app.build import build_doors, build_people
from tocsin.app.clocks import SystemClock
from tocsin.domain.errors import TocsinError
from tocsin.domain.health import Sign
from tocsin.settings import Settings, load_settings

PATIENCE_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    name: str
    ask: Callable[[], str]
    remedy: str


def check_live(environment: Mapping[str, str]) -> Iterator[Sign]:
    """Ask every service that the settings name; one sign each.

    Raises
    ------
    ConfigurationError
        A wrong setting, naming the file and the key.
    """
    settings = load_settings(environment)
    for check in _checks(settings):
        try:
            yield Sign(name=check.name, is_ok=True, words=check.ask())
        except (TocsinError, httpx.HTTPError, OSError, KafkaException) as error:
            yield Sign(name=check.name, is_ok=False, words=str(error) or type(error).__name__, remedy=check.remedy)


def _checks(settings: Settings) -> Iterator[_Check]:
    people, _, _ = build_people(settings)
    for door in build_doors(settings, people, clock=SystemClock(), console=Console(stderr=True)):
        if (check := _of_channel(door.channel)) is not None:
            yield check
    if settings.feeds.kafka.enabled:
        yield _Check(
            name="GCN Kafka",
            ask=lambda: _kafka(settings),
            remedy="make new client credentials at gcn.nasa.gov/quickstart: unused for 30 days they are disabled",
        )
    if settings.sign_in.issuer:
        yield _Check(name="sign-in", ask=lambda: _sign_in(settings), remedy="check sign_in.issuer")
    yield _Check(
        name="page",
        ask=lambda: _page(settings),
        remedy="start the service, and let service.page_url lead to it: links in messages do",
    )


def _of_channel(channel: Channel) -> _Check | None:
    match channel:
        case SlackChannel():
            return _Check(
                name="Slack",
                ask=lambda: _done(channel.check, "knows the token"),
                remedy="install the app again, and set TOCSIN_SLACK_TOKEN to its bot token (xoxb-...)",
            )
        case EmailChannel():
            return _Check(
                name="mail",
                ask=lambda: _done(channel.check, "lets us in"),
                remedy="check channels.email and TOCSIN_SMTP_PASSWORD",
            )
        case _:
            return None


def _done(ask: Callable[[], None], words: str) -> str:
    ask()
    return words


def _kafka(settings: Settings) -> str:
    """Names of topics that these credentials may read: asked of the brokers, nothing is consumed."""
    table, secrets = settings.feeds.kafka, settings.secrets
    given = {
        "domain": table.domain,
        "group.id": "tocsin-check",
        "security.protocol": table.security_protocol,
        "socket.timeout.ms": int(1000 * PATIENCE_S),
    }
    if table.bootstrap_servers:
        given["bootstrap.servers"] = table.bootstrap_servers
    for name, secret in (("client_id", secrets.gcn_client_id), ("client_secret", secrets.gcn_client_secret)):
        if secret is not None:
            given[name] = secret.get_secret_value()
    consumer = gcn_kafka.Consumer(given)
    try:
        topics = consumer.list_topics(timeout=PATIENCE_S).topics
    finally:
        with suppress(KafkaException, RuntimeError):
            consumer.close()
    return f"{len(topics)} topics can be read at {table.bootstrap_servers or table.domain}"


def _sign_in(settings: Settings) -> str:
    issuer = settings.sign_in.issuer.rstrip("/")
    answer = httpx.get(f"{issuer}/.well-known/openid-configuration", timeout=PATIENCE_S).raise_for_status()
    if str(answer.json().get("issuer", "")).rstrip("/") != issuer:
        raise OSError(f"{issuer} says it is {answer.json().get('issuer')}")
    return f"{issuer} is a provider"


def _page(settings: Settings) -> str:
    url = f"{settings.service.page_url.rstrip('/')}/healthz"
    httpx.get(url, timeout=PATIENCE_S).raise_for_status()
    return f"{url} answers"
