"""The stand-in broker speaks Kafka."""

import pytest
from confluent_kafka import Consumer, TopicPartition

from tocsin.demo.stand_ins import BrokerStandIn
from tocsin.domain.errors import RemoteError


def consume(broker: BrokerStandIn, topic: str, n: int) -> list[bytes]:
    consumer = Consumer(
        {"bootstrap.servers": broker.bootstrap, "group.id": "test", "auto.offset.reset": "earliest", "log_level": 0}
    )
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])  # no group to join: that takes the mock cluster three seconds
        taken: list[bytes] = []
        for _ in range(100):
            taken += [m.value() or b"" for m in consumer.consume(n, timeout=0.1) if m.error() is None]
            if len(taken) >= n:
                break
        return taken
    finally:
        consumer.close()


def test_messages_come_out_as_they_went_in_with_growing_offsets() -> None:
    with BrokerStandIn() as broker:
        broker.create_topics(["igwn.gwalert", "gcn.heartbeat"])
        offsets = [broker.produce("igwn.gwalert", payload) for payload in (b"one", b"x" * 3_000_000)]
        assert offsets == [0, 1]
        assert consume(broker, "igwn.gwalert", 2) == [b"one", b"x" * 3_000_000]


def test_it_can_be_started_again_on_another_port() -> None:
    broker = BrokerStandIn()
    with broker:
        assert broker.bootstrap.count(":") == 1
    with pytest.raises(RuntimeError, match="not running"):
        _ = broker.bootstrap
    with broker:
        assert broker.produce("gcn.heartbeat", b"beat") == 0


def test_a_message_too_large_is_refused() -> None:
    with BrokerStandIn() as broker, pytest.raises(RemoteError):
        broker.produce("igwn.gwalert", b"x" * 9_000_000)
