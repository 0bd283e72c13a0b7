"""Health of the feeds and workers, as the last sign of each says."""

import ssl
import threading
from collections.abc import Mapping, Sequence

import structlog

from listeners.health import FeedHealth, FeedState
from listeners.kafka import KafkaListener, KafkaSettings
from listeners.streams import TopicSettings
from listeners.vtp.listener import VtpListener, VtpSettings
from tocsin.api.services import Health, HealthPart
from tocsin.domain.errors import ConfigurationError
from tocsin.settings import Settings
from tocsin.settings.model import VtpBrokerTable
from tocsin.store import Store
from tocsin.workflow.context import Context
from tocsin.workflow.ingest import ingest

log = structlog.get_logger()

_GOOD = frozenset({FeedState.LIVE, FeedState.STARTING, FeedState.TOPIC_ERROR})


class FeedBoard:
    """Last word of each feed; listeners write it from their threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[str, FeedHealth] = {}

    def hear(self, health: FeedHealth) -> None:
        """Take a sign of a feed."""
        log.info("feed", feed=health.feed, state=health.state.value, topic=health.topic, words=health.message)
        with self._lock:
            self._last[health.feed if health.topic is None else f"{health.feed} {health.topic}"] = health

    @property
    def is_live(self) -> bool:
        """True if some feed delivers."""
        with self._lock:
            return any(sign.state is FeedState.LIVE for sign in self._last.values())

    def parts(self) -> tuple[HealthPart, ...]:
        """Every feed that ever spoke."""
        with self._lock:
            signs = dict(self._last)
        return tuple(
            HealthPart(name=name, is_ok=sign.state in _GOOD, words=f"{sign.state.value} {sign.message}".strip())
            for name, sign in sorted(signs.items())
        )


def health_of(store: Store, board: FeedBoard) -> Health:
    """The store and all feeds."""
    try:
        revision = store.schema_revision()
        kept = HealthPart(name="store", is_ok=revision is not None, words=f"schema {revision}")
    except Exception as error:  # process boundary: health must answer whatever the store's trouble
        log.exception("store is not well")
        kept = HealthPart(name="store", is_ok=False, words=f"{type(error).__name__}: {error}")
    return Health(parts=(kept, *board.parts()))


def build_kafka(settings: Settings, context: Context, board: FeedBoard) -> KafkaListener:
    """The Kafka listener: stores, and does nothing else."""
    kafka, secrets = settings.feeds.kafka, settings.secrets
    config = KafkaSettings(
        streams=context.streams,
        domain=kafka.domain,
        bootstrap_servers=kafka.bootstrap_servers,
        security_protocol=kafka.security_protocol,
        session_timeout_s=kafka.session_timeout_s,
        client_id=secrets.gcn_client_id.get_secret_value() if secrets.gcn_client_id else None,
        client_secret=secrets.gcn_client_secret.get_secret_value() if secrets.gcn_client_secret else None,
    )
    return KafkaListener(
        config,
        clock=context.clock,
        store_notices=lambda raws: ingest(context, raws),
        stored_offsets=lambda: stored_offsets(context.store, config.origin),
        on_health=board.hear,
    )


def vtp_topic(name: str, broker: VtpBrokerTable) -> str:
    """Name under which a VTP broker's notices are counted and labelled; that of a test broker makes them tests."""
    return f"vtp.test.{name}" if broker.is_test else f"vtp.{name}"


def vtp_topics(settings: Settings) -> Mapping[str, TopicSettings]:
    """What the settings say of the notices of each VTP broker, by topic."""
    return {
        vtp_topic(name, broker): TopicSettings(
            name=vtp_topic(name, broker),
            is_subscribed=False,
            labels=frozenset(broker.labels),
            is_public=broker.is_public,
        )
        for name, broker in settings.feeds.vtp.brokers.items()
    }


def build_vtp(settings: Settings, context: Context, board: FeedBoard) -> Sequence[VtpListener]:
    """A listener for each VTP broker.

    Raises
    ------
    ConfigurationError
        Certificates that cannot be read.
    """
    return [
        VtpListener(
            _vtp_settings(settings, name, broker),
            clock=context.clock,
            store_notices=lambda raws: ingest(context, raws),
            on_health=board.hear,
        )
        for name, broker in settings.feeds.vtp.brokers.items()
    ]


def _vtp_settings(settings: Settings, name: str, broker: VtpBrokerTable) -> VtpSettings:
    vtp = settings.feeds.vtp
    tls = None
    if broker.security == "tls":
        try:
            tls = ssl.create_default_context(cafile=broker.ca_file or None)
        except OSError as error:
            key = f"feeds.vtp.brokers.{name}.ca_file"
            raise ConfigurationError(f"no certificates: {error}", file=settings.file, key=key) from error
    return VtpSettings(
        host=broker.host,
        port=broker.port,
        ivorn=vtp.ivorn,
        topic=vtp_topic(name, broker),
        tls=tls,
        allows_remote_plain=broker.security == "plain",
        filters=broker.filters,
        silence_s=vtp.silence_s,
        longest_pause_s=vtp.longest_pause_s,
        largest_frame_bytes=vtp.largest_frame_bytes,
    )


def feeds_in_words(settings: Settings) -> str:
    """What is listened to; empty for nothing."""
    kafka = ["Kafka"] if settings.feeds.kafka.enabled else []
    return ", ".join([*kafka, *(f"VTP broker {name}" for name in settings.feeds.vtp.brokers)])


def stored_offsets(store: Store, origin: str) -> Mapping[tuple[str, int], int]:
    """Offset of the last notice stored, by topic and partition."""
    with store.read() as work:
        return work.kafka_offsets(origin)
