"""Publishing to Apache Kafka itself: confirmed, in order, and said where it cannot be."""

import json

import pytest
from confluent_kafka import Consumer
from kafka_listening import topics
from kafka_server import KafkaBench

from notifier.kafka_topic import KafkaTopic
from tocsin.domain.errors import RemoteError


def test_records_arrive_in_order_under_their_key(kafka: KafkaBench) -> None:
    (name,) = topics(1)
    kafka.create_topics([name])
    topic = KafkaTopic({"bootstrap.servers": kafka.bootstrap})
    for number in range(5):
        topic.publish(name, "S230518h", json.dumps({"record_number": number}).encode())
    reader = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": name, "auto.offset.reset": "earliest"})
    reader.subscribe([name])
    found = reader.consume(5, timeout=30.0)
    reader.close()
    assert [json.loads(one.value() or b"")["record_number"] for one in found] == list(range(5))
    assert {one.key() for one in found} == {b"S230518h"}


def test_a_topic_that_is_not_there_is_said(kafka: KafkaBench) -> None:
    (name,) = topics(1)
    topic = KafkaTopic({"bootstrap.servers": kafka.bootstrap, "message.timeout.ms": 3000})
    with pytest.raises(RemoteError, match="could not be published"):
        topic.publish(name, "S230518h", b"{}")
