"""A Kafka topic of our own, to which records are published: acknowledged by all brokers before they count as sent."""

from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from tocsin.domain.errors import RemoteError

#: Longest wait for the brokers' word, s.
PATIENCE_S = 15.0
#: Messages may be as large as GCN's.
MOST_BYTES = 4_194_304


class KafkaTopic:
    """Publishes to a broker; connects when first asked to.

    Parameters
    ----------
    settings
        Of librdkafka, by its names: ``bootstrap.servers`` and credentials.
    make_producer
        Makes the producer; confluent-kafka's, unless a test says otherwise.
    """

    def __init__(self, settings: Mapping[str, Any], *, make_producer: Callable[[Any], Any] = Producer) -> None:
        self._settings = {
            "acks": "all",
            "enable.idempotence": True,
            "compression.type": "zstd",
            "message.max.bytes": MOST_BYTES,
            "message.timeout.ms": round(1e3 * PATIENCE_S),
            "linger.ms": 0,
            **settings,
        }
        self._make_producer = make_producer
        self._producer: Any = None

    def publish(self, topic: str, key: str, content: bytes) -> None:
        """Put one record on a topic; records of one key stay in order.

        Raises
        ------
        RemoteError
            The brokers did not confirm it; it may be there all the same.
        """
        outcome: list[KafkaError | None] = []

        def hear(error: KafkaError | None, _message: Message) -> None:
            outcome.append(error)

        try:
            if self._producer is None:
                self._producer = self._make_producer(self._settings)
            self._producer.produce(topic, content, key=key.encode(), on_delivery=hear)
            self._producer.flush(PATIENCE_S)
        except (KafkaException, BufferError) as error:
            raise RemoteError(f"{topic} could not be published to: {error}", ambiguous=True) from error
        if not outcome or outcome[0] is not None:
            self._producer = None  # what it may still hold is given up with it: the record is published again
            reason = outcome[0] if outcome else f"no answer in {PATIENCE_S:g} s"
            raise RemoteError(f"{topic} could not be published to: {reason}", ambiguous=True)
