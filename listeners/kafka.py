"""Kafka: one thread polls and hands batches over to be stored; it does nothing else, and commits nothing itself.

Offsets live in our store, in the transaction that keeps the notice; at each assignment reading goes on behind the
last notice stored. A message may be an error (a missing or forbidden topic): it is reported, and the other topics go
on. Slow work in the poll loop would lose the place in the group and the token, so there is none.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import gcn_kafka
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from listeners.health import FeedHealth, FeedState
from listeners.streams import Streams
from tocsin.domain.clock import Clock
from tocsin.domain.notices import RawNotice

_NO_TOPIC = frozenset(
    {
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001 - librdkafka's own codes have such names
    }
)

#: Longest wait for more messages to store together with one that is there, s.
_DRAIN_S = 0.005
#: How often the brokers' last offsets are compared with ours, s.
_LAG_EVERY_S = 10.0
#: How often brokers are asked which topics there are, and which we may read, ms.
_METADATA_MS = 20_000

#: Messages behind the last one read, by topic and partition.
Lags = Mapping[tuple[str, int], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSettings:
    """How to reach a broker, and what to read there.

    Parameters
    ----------
    streams
        Topics, group, heartbeat: the content of ``streams.toml``.
    domain
        GCN's domain; its brokers are used where `bootstrap_servers` is empty.
    bootstrap_servers
        Brokers of another cluster, comma-separated.
    security_protocol
        ``sasl_ssl``, or ``plaintext`` for a broker of one's own.
    client_id, client_secret
        Credentials of GCN.
    session_timeout_s
        Silence after which the brokers give the place of a process that died to the next one, s: so long nothing is
        heard after a crash. Brokers accept no less than 6 s, as a rule.
    fetch_wait_s
        How long a broker may hold its answer back while it has nothing, s. Brokers answer as soon as there is
        something; the stand-in of librdkafka does not, and keeps what comes meanwhile waiting.
    instance_id
        Name of this machine within the group: after a crash its place is its own again at once. Two that listen at the
        same time must not have the same.
    extra
        Further settings of librdkafka, by its names.
    """

    streams: Streams
    domain: str = "gcn.nasa.gov"
    bootstrap_servers: str = ""
    security_protocol: str = "sasl_ssl"
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    session_timeout_s: float = 10.0
    fetch_wait_s: float = 0.5
    instance_id: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """Where the notices come from: the brokers, or GCN's domain."""
        return self.bootstrap_servers or self.domain


class KafkaListener:
    """Reads topics and hands what comes to be stored.

    Parameters
    ----------
    config
        Broker, credentials and topics.
    clock
        Time of reception, and the watchdog's.
    store_notices
        Stores a batch with its offsets in one transaction; raises when it could not, and is then asked again.
    stored_offsets
        Offset of the last notice stored, by (topic, partition).
    on_health
        Told of changes and errors, in the polling thread: it must not block.
    on_lag
        Told now and then how far behind the brokers we are, in the polling thread.
    make_consumer
        Makes the consumer of a configuration; gcn-kafka's, unless a test says otherwise.
    """

    def __init__(
        self,
        config: KafkaSettings,
        *,
        clock: Clock,
        store_notices: Callable[[Sequence[RawNotice]], None],
        stored_offsets: Callable[[], Mapping[tuple[str, int], int]],
        on_health: Callable[[FeedHealth], None],
        on_lag: Callable[[Lags], None] = lambda _lags: None,
        make_consumer: Callable[[Mapping[str, Any]], Any] = gcn_kafka.Consumer,
    ) -> None:
        self._config = config
        self._streams = config.streams
        self._clock = clock
        self._store_notices = store_notices
        self._stored_offsets = stored_offsets
        self._on_health = on_health
        self._on_lag = on_lag
        self._make_consumer = make_consumer
        self._troubled: set[str] = set()
        self._lag_known_s = clock.monotonic_s()
        self._lags: Lags = {}
        self._state = FeedState.STARTING
        self._last_sign_s = clock.monotonic_s()

    def run(self, stop: threading.Event) -> None:
        """Read until `stop` is set; whatever fails (client, store at an assignment) costs a pause and a new client."""
        failures = 0
        while not stop.is_set():
            self._report(FeedState.STARTING, message=f"{len(self._streams.subscribed)} topics")
            try:
                self._read(stop)
            except Exception as error:  # noqa: BLE001 - process boundary: a feed ends only when it is told to
                failures = 0 if self._state is FeedState.LIVE else failures + 1
                pause_s = min(2.0**failures, self._streams.longest_pause_s)
                reason = str(error) or type(error).__name__
                self._report(FeedState.ERROR, message=f"{reason}; a new client in {pause_s:g} s")
                self._wait(stop, pause_s)
        self._report(FeedState.STOPPED)

    def _read(self, stop: threading.Event) -> None:
        consumer = self._make_consumer(self._client_config())
        try:
            topics = [*self._streams.subscribed]
            if self._streams.heartbeat_topic is not None:
                topics.append(self._streams.heartbeat_topic)
            consumer.subscribe(topics, on_assign=self._resume)
            self._last_sign_s = self._clock.monotonic_s()
            while not stop.is_set():
                if batch := self._next(consumer):
                    self._store(batch, stop)
                self._watch()
                self._measure_lag(consumer)
        finally:
            consumer.close()

    def _next(self, consumer: Any) -> list[RawNotice]:
        """The next message, as soon as there is one, and whatever came with it: `consume` waits for a full batch.

        It waits for company no longer than `_DRAIN_S`, which counts as time since it was received.
        """
        batch = self._received(consumer.consume(num_messages=1, timeout=self._streams.poll_s))
        more = self._streams.batch_size - len(batch)
        if batch and more > 0:
            batch += self._received(consumer.consume(num_messages=more, timeout=_DRAIN_S))
        return batch

    def _received(self, messages: Sequence[Message]) -> list[RawNotice]:
        return [raw for message in messages if (raw := self._receive(message)) is not None]

    def _client_config(self) -> dict[str, Any]:
        in_group: dict[str, Any] = {"error_cb": self._hear_error}
        if self._config.instance_id:
            in_group["group.instance.id"] = self._config.instance_id
        return client_config(self._config) | in_group

    def _resume(self, consumer: Any, partitions: list[TopicPartition]) -> None:
        """Go on behind the last notice stored; where nothing is, librdkafka begins as ``start`` says."""
        offsets = self._stored_offsets()
        for partition in partitions:
            last = offsets.get((partition.topic, partition.partition))
            if last is not None:
                partition.offset = last + 1
        consumer.assign(partitions)

    def _receive(self, message: Message) -> RawNotice | None:
        """Raw notice of a message; None for errors and heartbeats."""
        error = message.error()
        if error is not None:
            self._hear_message_error(error, message.topic())
            return None
        self._last_sign_s = self._clock.monotonic_s()
        self._change(FeedState.LIVE)
        self._recover(message.topic())
        if message.topic() == self._streams.heartbeat_topic:
            return None
        return RawNotice(
            payload=message.value() or b"",
            transport="kafka",
            origin=self._config.origin,
            topic=message.topic(),
            partition=message.partition(),
            offset=message.offset(),
            received_utc=self._clock.now(),
            received_monotonic_s=self._clock.monotonic_s(),
        )

    def _store(self, batch: Sequence[RawNotice], stop: threading.Event) -> None:
        """Hand a batch over until it is stored: what was polled is never dropped, whatever the store's trouble."""
        failures = 0
        while True:
            try:
                self._store_notices(batch)
            except Exception as error:  # noqa: BLE001 - process boundary: the store's trouble must not end the feed
                pause_s = min(0.5 * 2.0**failures, self._streams.longest_pause_s)
                failures += 1
                self._report(FeedState.STORE_ERROR, message=f"{type(error).__name__}: {error}; again in {pause_s:g} s")
                self._wait(stop, pause_s)
                if stop.is_set():
                    return  # not stored, so read again at the next start
            else:
                return

    def _watch(self) -> None:
        silence_s = self._clock.monotonic_s() - self._last_sign_s
        if self._streams.heartbeat_topic is not None and silence_s > self._streams.heartbeat_patience_s:
            self._change(FeedState.STALLED, message=f"no heartbeat for {silence_s:.0f} s")

    def _hear_message_error(self, error: KafkaError, topic: str | None) -> None:
        if error.fatal():
            raise KafkaException(error)
        state = FeedState.TOPIC_ERROR if error.code() in _NO_TOPIC else FeedState.ERROR
        if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            state = FeedState.FORBIDDEN
        if topic is not None:
            self._troubled.add(topic)
        self._report(state, topic=topic, message=error.str())

    def _recover(self, topic: str | None) -> None:
        """Say that a topic which was in trouble speaks again."""
        if topic in self._troubled:
            self._troubled.discard(topic)
            self._report(FeedState.LIVE, topic=topic)

    def _measure_lag(self, consumer: Any) -> None:
        """Tell how many messages the brokers hold behind the last one read, as the last fetch said."""
        now_s = self._clock.monotonic_s()
        if now_s - self._lag_known_s < _LAG_EVERY_S:
            return
        self._lag_known_s = now_s
        lags: dict[tuple[str, int], int] = {}
        for place in consumer.position(consumer.assignment()):
            _, last = consumer.get_watermark_offsets(place, cached=True) or (0, -1)
            if last >= 0 and place.offset >= 0 and place.topic != self._streams.heartbeat_topic:
                lags[place.topic, place.partition] = max(0, last - place.offset)
        if lags != self._lags:
            self._lags = lags
            self._on_lag(lags)

    def _hear_error(self, error: KafkaError) -> None:
        """Hear of brokers lost and tokens refused: librdkafka tells it here alone, and goes on trying."""
        self._report(FeedState.ERROR, message=error.str())

    def _change(self, state: FeedState, *, message: str = "") -> None:
        if state is not self._state:
            self._report(state, message=message)

    def _report(self, state: FeedState, *, topic: str | None = None, message: str = "") -> None:
        if topic is None:
            self._state = state
        feed = f"kafka:{self._config.origin}"
        self._on_health(FeedHealth(feed=feed, state=state, at_utc=self._clock.now(), topic=topic, message=message))

    def _wait(self, stop: threading.Event, pause_s: float) -> None:
        stop.wait(self._clock.wall_s(pause_s))


def client_config(config: KafkaSettings) -> dict[str, Any]:
    """Settings of a client that reads, by gcn-kafka's and librdkafka's names."""
    made: dict[str, Any] = {
        "group.id": config.streams.group_id,
        "auto.offset.reset": config.streams.start,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "allow.auto.create.topics": False,
        "session.timeout.ms": round(1e3 * config.session_timeout_s),
        "fetch.wait.max.ms": round(1e3 * config.fetch_wait_s),
        "heartbeat.interval.ms": round(1e3 * config.session_timeout_s / 4),
        "security.protocol": config.security_protocol,
        "topic.metadata.refresh.interval.ms": _METADATA_MS,
        "domain": config.domain,
    }
    optional = {
        "bootstrap.servers": config.bootstrap_servers,
        "client_id": config.client_id,
        "client_secret": config.client_secret,
    }
    made.update({name: value for name, value in optional.items() if value})
    made.update(config.extra)
    return made
