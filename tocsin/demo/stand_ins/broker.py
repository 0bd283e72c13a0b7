"""Stand-in for a Kafka broker: librdkafka's own mock cluster, in this process."""

import threading
from collections.abc import Iterable
from typing import Any, Self

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from tocsin.domain.errors import RemoteError

#: Longest wait for the mock cluster, s.
PATIENCE_S = 10.0


class BrokerStandIn:
    """A one-broker cluster that speaks the Kafka protocol on loopback and forgets everything when stopped."""

    def __init__(self) -> None:
        self._producer: Producer | None = None
        self._lock = threading.Lock()

    def start(self, topics: Iterable[str] = ()) -> Self:
        """Start the cluster, with these topics in it."""
        # bootstrap.servers is replaced by librdkafka with the mock brokers' addresses.
        settings: dict[str, Any] = {"test.mock.num.brokers": 1, "linger.ms": 0, "message.max.bytes": 8_000_000}
        self._producer = Producer({**settings, "log_level": 0})
        self.create_topics(topics)
        return self

    def stop(self) -> None:
        """Stop the cluster and let its port go."""
        with self._lock:
            if self._producer is not None:
                self._producer.flush(PATIENCE_S)
            self._producer = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def bootstrap(self) -> str:
        """Address for ``bootstrap.servers``."""
        brokers = self._running().list_topics(timeout=PATIENCE_S).brokers.values()
        return ",".join(f"{broker.host}:{broker.port}" for broker in brokers)

    def create_topics(self, topics: Iterable[str]) -> None:
        """Make topics exist, so that consumers may subscribe before the first message."""
        for topic in topics:
            self._running().list_topics(topic, timeout=PATIENCE_S)

    def produce(self, topic: str, payload: bytes) -> int:
        """Put a message on partition 0 of a topic; returns its offset once the broker has it.

        Raises
        ------
        RemoteError
            The broker did not take it.
        """
        outcome: list[tuple[KafkaError | None, Message]] = []
        producer = self._running()
        try:
            producer.produce(
                topic, payload, partition=0, on_delivery=lambda error, message: outcome.append((error, message))
            )
        except KafkaException as error:
            raise RemoteError(f"the stand-in broker refused a message on {topic}: {error}") from error
        producer.flush(PATIENCE_S)
        if not outcome or outcome[0][0] is not None:
            raise RemoteError(f"the stand-in broker did not take a message on {topic}: {outcome}")
        offset = outcome[0][1].offset()
        return -1 if offset is None else int(offset)

    def _running(self) -> Producer:
        if self._producer is None:
            raise RuntimeError("the stand-in broker is not running")
        return self._producer
