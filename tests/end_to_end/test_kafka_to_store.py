"""From a Kafka broker to the store: a lone notice at once, offsets with it, no loss and no double at a restart."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from workflow_desk import GARBAGE, MERGER, T0, Desk, merger, settings

from listeners.streams import TopicSettings
from tocsin.app.feeds import FeedBoard, build_kafka, stored_offsets
from tocsin.demo.stand_ins import BrokerStandIn
from tocsin.settings import Settings
from tocsin.simulate.notices import Message

PATIENCE_S = 30.0
TOPIC = merger().topic


@pytest.fixture(scope="module")
def broker() -> Iterator[BrokerStandIn]:
    with BrokerStandIn() as made:
        yield made


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


def notice(number: int) -> Message:
    """Alert of one of as many superevents, hours apart."""
    day, letter = number // 26 + 10, chr(97 + number % 26)
    superevent = replace(MERGER, id=f"S2410{day}{letter}", t0_utc=T0 + timedelta(hours=number))
    return merger(of=superevent)


class Counted:
    """A store that tells when it holds as many notices as are waited for, and fails as often as it is told to."""

    def __init__(self, desk: Desk, expected: int, *, failures: int = 0) -> None:
        self._store = desk.store
        self._expected = expected
        self._failures = failures
        self.is_full = threading.Event()

    @contextmanager
    def begin(self) -> Iterator[Any]:
        with self._store.begin() as work:
            yield work
            if self._failures:
                self._failures -= 1
                raise OSError("the disk is full")
        with self._store.read() as work:
            if work.notice_counts().received >= self._expected:
                self.is_full.set()

    def read(self) -> Any:
        return self._store.read()


def kafka_settings(broker: BrokerStandIn) -> Settings:
    # The mock brokers give a place away after the session's time-out only, however properly it was left.
    changes = {"bootstrap_servers": broker.bootstrap, "security_protocol": "plaintext", "session_timeout_s": 4.0}
    kafka = settings().feeds.kafka.model_copy(update={"enabled": True} | changes)
    return settings().model_copy(update={"feeds": settings().feeds.model_copy(update={"kafka": kafka})})


@contextmanager
def listening(desk: Desk, broker: BrokerStandIn, store: Counted, topic: str, *, poll_s: float) -> Iterator[FeedBoard]:
    """A listener in its thread; a last message lets it see that it is to stop."""
    streams = replace(
        desk.context.streams,
        group_id=f"group-{topic}",
        heartbeat_topic=None,
        poll_s=poll_s,
        topics={topic: TopicSettings(name=topic, is_public=True)},
    )
    board, stop = FeedBoard(), threading.Event()
    (listener,) = build_kafka(kafka_settings(broker), replace(desk.context, streams=streams, store=store), board)
    thread = threading.Thread(target=listener.run, args=(stop,))
    thread.start()
    try:
        yield board
    finally:
        stop.set()
        if poll_s > 1.0:
            broker.produce(topic, b"the end")
        thread.join(PATIENCE_S)
    assert not thread.is_alive()


def payloads(desk: Desk) -> list[bytes]:
    def read(work: Any) -> list[bytes]:
        count = work.notice_counts().stored
        return [work.raw_payload(key) for key in range(1, count + 1)]

    return list(desk.read(read))


def test_a_lone_notice_is_stored_long_before_the_poll_is_over(broker: BrokerStandIn, tmp_path: Path) -> None:
    topic = "lone"
    broker.create_topics([topic])
    with Desk(tmp_path) as desk:
        store = Counted(desk, 1)
        with listening(desk, broker, store, topic, poll_s=25.0):
            broker.produce(topic, notice(0).payload)
            assert store.is_full.wait(12.0)


def test_offsets_are_stored_with_the_notices_and_a_restart_loses_and_doubles_nothing(
    broker: BrokerStandIn, tmp_path: Path
) -> None:
    topic = "restart"
    broker.create_topics([topic])
    sent = [notice(number).payload for number in range(12)]
    with Desk(tmp_path) as desk:
        for start in (0, 6):
            for payload in sent[start : start + 6]:
                broker.produce(topic, payload)
            store = Counted(desk, start + 6)
            with listening(desk, broker, store, topic, poll_s=0.05):
                assert store.is_full.wait(PATIENCE_S)
            assert stored_offsets(desk.store, broker.bootstrap) == {(topic, 0): start + 5}
        assert payloads(desk) == sent
        counts = desk.read(lambda work: work.notice_counts())
        assert (counts.received, counts.duplicates) == (12, 0)
        assert len(desk.event_ids()) == 12


def test_a_transaction_that_fails_is_offered_again_and_a_bad_packet_does_not_stop_the_topic(
    broker: BrokerStandIn, tmp_path: Path
) -> None:
    topic = "trouble"
    broker.create_topics([topic])
    sent = [notice(20).payload, GARBAGE.payload, notice(21).payload, b"", notice(22).payload]
    for payload in sent:
        broker.produce(topic, payload)
    with Desk(tmp_path) as desk:
        store = Counted(desk, 5, failures=2)
        with listening(desk, broker, store, topic, poll_s=0.05) as board:
            assert store.is_full.wait(PATIENCE_S)
        assert board.parts()
        counts = desk.read(lambda work: work.notice_counts())
        assert (counts.received, counts.quarantined, counts.duplicates) == (5, 2, 0)
        assert len(desk.event_ids()) == 3
        assert stored_offsets(desk.store, broker.bootstrap) == {(topic, 0): 4}
