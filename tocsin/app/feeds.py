"""Health of the feeds and workers, as the last sign of each says."""

import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from listeners.health import FeedHealth, FeedState
from listeners.kafka import KafkaListener, KafkaSettings, Lags
from listeners.streams import TopicSettings
from listeners.vtp.listener import VtpListener, VtpSettings
from tocsin.api.services import Health, HealthPart
from tocsin.domain.clock import Clock
from tocsin.domain.errors import ConfigurationError
from tocsin.settings import Settings
from tocsin.settings.model import VtpBrokerTable
from tocsin.store import FeedSign, Store
from tocsin.store.schema import newest_revision
from tocsin.workflow.context import Context
from tocsin.workflow.ingest import ingest

log = structlog.get_logger()

#: How often listeners say again how they are, where other processes want to know, s.
BEAT_S = 10.0
#: A listener that said nothing for so long is not well, s.
SILENT_S = 30.0
_GOOD = frozenset({FeedState.LIVE, FeedState.STARTING, FeedState.TOPIC_ERROR})


class FeedBoard:
    """Last word of each feed; listeners write it from their threads, and it is kept for other processes to read.

    Parameters
    ----------
    store, clock
        Where it is kept, and when.
    listens
        Whether this process listens; otherwise `parts` is what those that do have kept.
    """

    def __init__(self, store: Store | None = None, clock: Clock | None = None, *, listens: bool = True) -> None:
        self._store = store
        self._clock = clock
        self._listens = listens
        self._lock = threading.Lock()
        self._last: dict[str, FeedHealth] = {}

    def hear(self, health: FeedHealth) -> None:
        """Take a sign of a feed."""
        log.info("feed", feed=health.feed, state=health.state.value, topic=health.topic, words=health.message)
        name = health.feed if health.topic is None else f"{health.feed} {health.topic}"
        with self._lock:
            before = self._last.get(name)
            self._last[name] = health
        if before is None or before.state is not health.state:
            self._keep([health])

    def run(self, stop: threading.Event) -> None:
        """Beat until `stop` is set."""
        while not stop.wait(BEAT_S):
            self.beat()

    def beat(self) -> None:
        """Say again what was said last: other processes take a listener that is silent for dead."""
        with self._lock:
            signs = list(self._last.values())
        now = None if self._clock is None else self._clock.now()
        self._keep([sign if now is None else replace(sign, at_utc=now) for sign in signs])

    def _keep(self, signs: Sequence[FeedHealth]) -> None:
        if self._store is None or not signs:
            return
        try:
            with self._store.begin() as work:
                for sign in signs:
                    work.note_sign(
                        FeedSign(
                            feed=sign.feed,
                            topic=sign.topic,
                            state=sign.state.value,
                            message=sign.message,
                            at_utc=sign.at_utc,
                        )
                    )
        except Exception:  # process boundary: a store in trouble must not end the feed that says so
            log.exception("the word of a feed could not be kept")

    def _kept_parts(self) -> tuple[HealthPart, ...]:
        """What listening processes have kept; one that is silent is not well."""
        if self._store is None or self._clock is None:
            return ()
        with self._store.read() as work:
            signs = work.feed_signs()
        now = self._clock.now()
        parts = []
        for sign in signs:
            silent_s = (now - sign.at_utc).total_seconds()
            is_good = sign.state in _GOOD and silent_s <= SILENT_S
            words = f"{sign.state} {sign.message}".strip()
            words += "" if silent_s <= SILENT_S else f"; its listener is silent for {silent_s:.0f} s"
            name = sign.feed if sign.topic is None else f"{sign.feed} {sign.topic}"
            parts.append(HealthPart(name=name, is_ok=is_good, words=words))
        return tuple(parts)

    @property
    def is_live(self) -> bool:
        """True if some feed delivers."""
        with self._lock:
            return any(sign.state is FeedState.LIVE for sign in self._last.values())

    def parts(self) -> tuple[HealthPart, ...]:
        """Every feed that ever spoke."""
        if not self._listens:
            return self._kept_parts()
        with self._lock:
            signs = dict(self._last)
        return tuple(
            HealthPart(name=name, is_ok=sign.state in _GOOD, words=f"{sign.state.value} {sign.message}".strip())
            for name, sign in sorted(signs.items())
        )


def _schema_part(found: str | None) -> HealthPart:
    """The store by its schema: another than ours was made beneath us, by a newer version or by hand."""
    if found == newest_revision():
        return HealthPart(name="store", is_ok=True, words=f"schema {found}")
    words = f"schema {found or 'none'}, and this version of Tocsin works with {newest_revision()}"
    return HealthPart(name="store", is_ok=False, words=f"{words}: install the version that changed it here, too")


def health_of(store: Store, board: FeedBoard) -> Health:
    """The store and all feeds."""
    try:
        kept = _schema_part(store.schema_revision())
    except Exception as error:  # process boundary: health must answer whatever the store's trouble
        log.exception("store is not well")
        kept = HealthPart(name="store", is_ok=False, words=f"{type(error).__name__}: {error}")
    return Health(parts=(kept, *board.parts()))


def build_kafka(settings: Settings, context: Context, board: FeedBoard) -> Sequence[KafkaListener]:
    """A listener for each Kafka broker that is enabled: it stores, and does nothing else."""
    return [_kafka_listener(config, context, board) for config in kafka_settings(settings, context)]


def kafka_settings(settings: Settings, context: Context) -> Sequence[KafkaSettings]:
    """How to reach each Kafka broker that is enabled, and what to read there."""
    configs = []
    if settings.feeds.kafka.enabled:
        configs.append(_gcn(settings, context))
    if settings.feeds.scimma.enabled:
        configs.append(_scimma(settings, context))
    return configs


def _gcn(settings: Settings, context: Context) -> KafkaSettings:
    kafka, secrets = settings.feeds.kafka, settings.secrets
    return KafkaSettings(
        streams=context.streams,
        domain=kafka.domain,
        bootstrap_servers=kafka.bootstrap_servers,
        security_protocol=kafka.security_protocol,
        session_timeout_s=kafka.session_timeout_s,
        fetch_wait_s=kafka.fetch_wait_s,
        instance_id=kafka.instance_id,
        client_id=secrets.gcn_client_id.get_secret_value() if secrets.gcn_client_id else None,
        client_secret=secrets.gcn_client_secret.get_secret_value() if secrets.gcn_client_secret else None,
    )


def _scimma(settings: Settings, context: Context) -> KafkaSettings:
    """SCiMMA asks for a password, and that a group's name begins with the user's."""
    table, secrets = settings.feeds.scimma, settings.secrets
    user = "" if secrets.scimma_user is None else secrets.scimma_user.get_secret_value()
    password = "" if secrets.scimma_password is None else secrets.scimma_password.get_secret_value()
    extra = {"sasl.mechanisms": "SCRAM-SHA-512", "sasl.username": user, "sasl.password": password}
    streams = replace(
        context.streams,
        group_id=f"{user}-{context.streams.group_id}" if user else context.streams.group_id,
        heartbeat_topic=table.heartbeat_topic or None,
        topics={name: context.streams.topics.get(name, TopicSettings(name=name)) for name in table.topics},
    )
    return KafkaSettings(
        streams=streams,
        bootstrap_servers=table.bootstrap_servers,
        security_protocol=table.security_protocol,
        session_timeout_s=table.session_timeout_s,
        instance_id=table.instance_id,
        extra=extra if user else {},
    )


def _kafka_listener(config: KafkaSettings, context: Context, board: FeedBoard) -> KafkaListener:
    def note_lag(lags: Lags) -> None:
        try:
            with context.store.begin() as work:
                work.note_lag(config.origin, lags, context.clock.now())
        except Exception:  # process boundary: what is only for show must not end the feed
            log.exception("how far behind we are could not be kept")

    return KafkaListener(
        config,
        clock=context.clock,
        store_notices=lambda raws: ingest(context, raws),
        stored_offsets=lambda: stored_offsets(context.store, config.origin),
        on_health=board.hear,
        on_lag=note_lag,
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
    scimma = ["SCiMMA"] if settings.feeds.scimma.enabled else []
    return ", ".join([*kafka, *scimma, *(f"VTP broker {name}" for name in settings.feeds.vtp.brokers)])


def stored_offsets(store: Store, origin: str) -> Mapping[tuple[str, int], int]:
    """Offset of the last notice stored, by topic and partition."""
    with store.read() as work:
        return work.kafka_offsets(origin)
