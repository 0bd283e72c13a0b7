"""A real Apache Kafka for the tests of this folder: a given address, or a server of our own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka_server import KafkaBench, KafkaServer, why_there_is_none


@pytest.fixture(scope="session")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """A server of our own, that may be killed; skipped loudly where there is none."""
    reason = why_there_is_none()
    if reason is not None:
        pytest.skip(reason)
    with KafkaServer(tmp_path_factory.mktemp("kafka") / "server") as server:
        yield server


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest) -> KafkaBench:
    """Any Apache Kafka: the one TOCSIN_TEST_KAFKA_BOOTSTRAP names, or one of our own."""
    given = os.environ.get("TOCSIN_TEST_KAFKA_BOOTSTRAP")
    if given:
        return KafkaBench(given)
    server: KafkaServer = request.getfixturevalue("own_kafka")
    return KafkaBench(server.bootstrap)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """For the store."""
    return tmp_path
