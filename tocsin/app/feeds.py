"""Health of the feeds and workers, as the last sign of each says."""

import threading
from collections.abc import Mapping

import structlog

from listeners.health import FeedHealth, FeedState
from listeners.kafka import KafkaListener, KafkaSettings
from tocsin.api.services import Health, HealthPart
from tocsin.settings import Settings
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


def stored_offsets(store: Store, origin: str) -> Mapping[tuple[str, int], int]:
    """Offset of the last notice stored, by topic and partition."""
    with store.read() as work:
        return work.kafka_offsets(origin)
