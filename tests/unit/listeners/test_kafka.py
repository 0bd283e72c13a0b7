"""The Kafka listener against librdkafka's own mock cluster: a real protocol, in this process."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from confluent_kafka import OFFSET_INVALID, KafkaError, KafkaException, Producer, TopicPartition

from listeners.health import FeedHealth, FeedState
from listeners.kafka import KafkaListener, KafkaSettings
from listeners.streams import Streams, TopicSettings
from tocsin.domain.clock import ManualClock
from tocsin.domain.notices import RawNotice

NIGHT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
PATIENCE_S = 30.0


class Broker:
    """A broker in this process and a producer to it."""

    def __init__(self) -> None:
        self.producer = Producer({"test.mock.num.brokers": 1, "log_level": 0})
        brokers = self.producer.list_topics(timeout=PATIENCE_S).brokers
        self.address = ",".join(f"{broker.host}:{broker.port}" for broker in brokers.values())

    def send(self, topic: str, *payloads: bytes) -> None:
        for payload in payloads:
            self.producer.produce(topic, payload, partition=0)
        assert self.producer.flush(PATIENCE_S) == 0


class Shelf:
    """Stands for the store: keeps raw notices, knows the last offset of each partition."""

    def __init__(self, expected: int, *, failures: int = 0) -> None:
        self.kept: list[RawNotice] = []
        self.offsets: dict[tuple[str, int], int] = {}
        self.is_full = threading.Event()
        self._expected = expected
        self._failures = failures

    def store(self, batch: Sequence[RawNotice]) -> None:
        if self._failures:
            self._failures -= 1
            raise OSError("disk full")
        for raw in batch:
            assert raw.topic is not None
            assert raw.partition is not None
            assert raw.offset is not None
            self.kept.append(raw)
            self.offsets[raw.topic, raw.partition] = raw.offset
        if len(self.kept) >= self._expected:
            self.is_full.set()


class Ward:
    """Keeps the reports on a feed's health."""

    def __init__(self) -> None:
        self.reports: list[FeedHealth] = []
        self.has_topic_error = threading.Event()

    def hear(self, report: FeedHealth) -> None:
        self.reports.append(report)
        if report.state is FeedState.TOPIC_ERROR:
            self.has_topic_error.set()

    @property
    def states(self) -> list[FeedState]:
        return [report.state for report in self.reports]


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a listener stored and reported."""

    shelf: Shelf
    ward: Ward


@pytest.fixture(scope="module")
def broker() -> Broker:
    return Broker()


@pytest.fixture(scope="module")
def session(broker: Broker) -> Session:
    """One listener on several topics, one of which does not exist, with a store that fails three times at first."""
    broker.send("first", b"one", b"two", b"three")
    broker.send("beat", b"{}", b"{}")
    shelf, ward = Shelf(3, failures=3), Ward()
    listen(
        settings(broker, "first", "absent.topic", heartbeat="beat"), shelf, ward, shelf.is_full, ward.has_topic_error
    )
    return Session(shelf=shelf, ward=ward)


def settings(broker: Broker, *topics: str, heartbeat: str | None = None) -> KafkaSettings:
    streams = Streams(
        group_id="-".join(topics),
        heartbeat_topic=heartbeat,
        poll_s=0.05,
        topics={name: TopicSettings(name=name) for name in topics},
    )
    extra = {"log_level": 0, "topic.metadata.refresh.interval.ms": 200, "fetch.wait.max.ms": 20}
    return KafkaSettings(streams=streams, bootstrap_servers=broker.address, security_protocol="plaintext", extra=extra)


def listen(config: KafkaSettings, shelf: Shelf, ward: Ward, *until: threading.Event) -> None:
    """Run a listener in a thread until all events are set, then stop it."""
    stop = threading.Event()
    listener = KafkaListener(
        config,
        clock=ManualClock(NIGHT),
        store_notices=shelf.store,
        stored_offsets=lambda: dict(shelf.offsets),
        on_health=ward.hear,
    )
    thread = threading.Thread(target=listener.run, args=(stop,))
    thread.start()
    try:
        for event in until:
            assert event.wait(PATIENCE_S), f"waited in vain; reports: {ward.reports}"
    finally:
        stop.set()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_messages_arrive_with_their_place_and_bytes(broker: Broker, session: Session) -> None:
    kept = session.shelf.kept
    assert [(raw.payload, raw.offset) for raw in kept] == [(b"one", 0), (b"two", 1), (b"three", 2)]
    assert (kept[0].transport, kept[0].topic, kept[0].partition) == ("kafka", "first", 0)
    assert kept[0].origin == broker.address
    assert kept[0].received_utc == NIGHT


def test_a_batch_the_store_refuses_is_offered_again_until_it_is_kept(session: Session) -> None:
    assert session.ward.states.count(FeedState.STORE_ERROR) == 3
    assert len(session.shelf.kept) == 3


def test_a_missing_topic_is_reported_and_the_others_go_on(session: Session) -> None:
    reports = [report for report in session.ward.reports if report.state is FeedState.TOPIC_ERROR]
    assert {report.topic for report in reports} == {"absent.topic"}
    assert session.shelf.is_full.is_set()


def test_heartbeats_are_not_stored(session: Session) -> None:
    assert {raw.topic for raw in session.shelf.kept} == {"first"}


def test_the_feed_says_when_it_starts_lives_and_stops(session: Session) -> None:
    assert session.ward.states[0] is FeedState.STARTING
    assert FeedState.LIVE in session.ward.states
    assert session.ward.states[-1] is FeedState.STOPPED


def test_reading_goes_on_behind_what_the_store_holds(broker: Broker) -> None:
    broker.send("resume", b"0", b"1", b"2", b"3")
    shelf = Shelf(2)
    shelf.offsets["resume", 0] = 1
    listen(settings(broker, "resume"), shelf, Ward(), shelf.is_full)
    assert [raw.payload for raw in shelf.kept] == [b"2", b"3"]


class SilentConsumer:
    """A consumer to which nothing comes; each poll takes a second of the clock."""

    def __init__(self, clock: ManualClock, stop: threading.Event, *, polls: int) -> None:
        self._clock, self._stop, self._polls = clock, stop, polls
        self.is_closed = False

    def subscribe(self, topics: list[str], on_assign: object) -> None:
        assert topics
        assert on_assign is not None

    def consume(self, num_messages: int, timeout: float) -> list[object]:
        assert num_messages > 0
        assert timeout > 0
        self._clock.advance(1.0)
        self._polls -= 1
        if self._polls <= 0:
            self._stop.set()
        return []

    def assignment(self) -> list[TopicPartition]:
        return []

    def position(self, places: list[TopicPartition]) -> list[TopicPartition]:
        return places

    def close(self) -> None:
        self.is_closed = True


def test_silence_longer_than_the_patience_is_reported_once() -> None:
    clock, stop, ward = ManualClock(NIGHT), threading.Event(), Ward()
    consumer = SilentConsumer(clock, stop, polls=100)
    listener = KafkaListener(
        KafkaSettings(streams=Streams(heartbeat_patience_s=30.0)),
        clock=clock,
        store_notices=lambda _: None,
        stored_offsets=dict,
        on_health=ward.hear,
        make_consumer=lambda _: consumer,
    )
    listener.run(stop)
    assert ward.states.count(FeedState.STALLED) == 1
    assert "31 s" in next(report.message for report in ward.reports if report.state is FeedState.STALLED)
    assert consumer.is_closed


def test_a_fatal_error_of_the_client_makes_a_new_client_after_a_pause() -> None:
    clock, stop, ward = ManualClock(NIGHT), threading.Event(), Ward()
    made: list[SilentConsumer] = []

    class Broken(SilentConsumer):
        def consume(self, num_messages: int, timeout: float) -> list[object]:
            raise KafkaException(KafkaError(KafkaError.UNKNOWN, f"{num_messages} {timeout}"))

    def make(_: object) -> SilentConsumer:
        made.append((Broken if len(made) < 3 else SilentConsumer)(clock, stop, polls=1))
        return made[-1]

    listener = KafkaListener(
        KafkaSettings(streams=Streams()),
        clock=clock,
        store_notices=lambda _: None,
        stored_offsets=dict,
        on_health=ward.hear,
        make_consumer=make,
    )
    listener.run(stop)
    assert len(made) == 4
    assert all(consumer.is_closed for consumer in made)
    assert ward.states.count(FeedState.ERROR) == 3


def test_a_store_that_fails_at_an_assignment_costs_a_pause_not_the_feed() -> None:
    clock, stop, ward = ManualClock(NIGHT), threading.Event(), Ward()
    assigned: list[list[TopicPartition]] = []
    answers: list[dict[tuple[str, int], int] | None] = [None, {("a", 0): 41}]

    class Assigning(SilentConsumer):
        def subscribe(self, topics: list[str], on_assign: Any) -> None:
            on_assign(self, [TopicPartition(topics[0], 0), TopicPartition(topics[0], 1)])

        def assign(self, partitions: list[TopicPartition]) -> None:
            assigned.append(partitions)

    def stored_offsets() -> dict[tuple[str, int], int]:
        answer = answers.pop(0)
        if answer is None:
            raise OSError("database is locked")
        return answer

    listener = KafkaListener(
        KafkaSettings(streams=Streams(topics={"a": TopicSettings(name="a")})),
        clock=clock,
        store_notices=lambda _: None,
        stored_offsets=stored_offsets,
        on_health=ward.hear,
        make_consumer=lambda _: Assigning(clock, stop, polls=1),
    )
    listener.run(stop)
    assert [(part.partition, part.offset) for part in assigned[0]] == [(0, 42), (1, OFFSET_INVALID)]
    assert any("database is locked" in report.message for report in ward.reports)


def test_the_secret_is_not_shown() -> None:
    config = KafkaSettings(streams=Streams(), client_id="id", client_secret="do not tell")
    assert "do not tell" not in repr(config)


class Letter:
    """A message of a topic."""

    def __init__(self, offset: int) -> None:
        self._offset = offset

    def error(self) -> None:
        return None

    def topic(self) -> str:
        return "a"

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def value(self) -> bytes:
        return b"notice"


class TricklingConsumer(SilentConsumer):
    """A message comes every 4 ms; being asked for many takes all the time that is given."""

    def consume(self, num_messages: int, timeout: float) -> list[object]:
        took_s = 0.004 if num_messages == 1 else timeout
        self._clock.advance(took_s)
        self._polls -= 1
        if self._polls <= 0:
            self._stop.set()
        return [Letter(self._polls) for _ in range(max(1, int(took_s / 0.004)))]


def test_a_notice_waits_for_others_no_longer_than_20_ms() -> None:
    clock, stop = ManualClock(NIGHT), threading.Event()
    waited_s: list[float] = []
    sizes: list[int] = []

    def store(raws: Sequence[RawNotice]) -> None:
        sizes.append(len(raws))
        waited_s.extend(clock.monotonic_s() - (one.received_monotonic_s or 0.0) for one in raws)

    listener = KafkaListener(
        KafkaSettings(streams=Streams(heartbeat_topic=None, topics={"a": TopicSettings(name="a")})),
        clock=clock,
        store_notices=store,
        stored_offsets=dict,
        on_health=Ward().hear,
        make_consumer=lambda _: TricklingConsumer(clock, stop, polls=100),
    )
    listener.run(stop)
    assert len(waited_s) >= 100
    assert max(sizes) > 1
    assert 0.0 < max(waited_s) <= 0.02
