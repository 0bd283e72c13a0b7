"""The feed report, and reading Kafka again from a date, for the command line."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import gcn_kafka
from confluent_kafka import KafkaException, TopicPartition

from listeners.kafka import client_config
from tocsin.app.build import build_context, build_store
from tocsin.app.clocks import SystemClock
from tocsin.app.feeds import kafka_settings
from tocsin.domain.clock import iso_utc, to_utc
from tocsin.domain.errors import RemoteError
from tocsin.settings import load_settings
from tocsin.store import FeedRow

#: Longest wait for a broker's answer, s.
PATIENCE_S = 30.0
_NUMBERS = ("received", "stored", "duplicates", "replays", "gaps", "missing", "lag", "quarantined", "unknown")


def feed_report(environment: Mapping[str, str]) -> dict[str, Any]:
    """Figures by feed and the last word of each, JSON-able."""
    settings = load_settings(environment)
    store = build_store(settings, SystemClock())
    try:
        with store.read() as work:
            rows, signs = work.feed_report(), work.feed_signs()
    finally:
        store.close()
    return {
        "feeds": [_row(row) for row in rows],
        "signs": [
            {
                "feed": sign.feed if sign.topic is None else f"{sign.feed} {sign.topic}",
                "state": sign.state,
                "message": sign.message,
                "at": iso_utc(sign.at_utc),
            }
            for sign in signs
        ],
    }


def rewind_feeds(
    environment: Mapping[str, str],
    since: datetime,
    *,
    topic: str = "",
    make_consumer: Callable[[Mapping[str, Any]], Any] = gcn_kafka.Consumer,
) -> dict[str, int]:
    """Let the listeners begin again at the first message since a time; offset by topic.

    Raises
    ------
    RemoteError
        A broker does not say where that is.
    """
    settings, clock = load_settings(environment), SystemClock()
    store = build_store(settings, clock)
    found: dict[str, int] = {}
    try:
        context = build_context(settings, clock=clock, store=store, doors=())
        for config in kafka_settings(settings, context):
            wanted = [name for name in config.streams.subscribed if not topic or name == topic]
            offsets = _offsets_at(make_consumer(client_config(config)), wanted, to_utc(since))
            with store.begin() as work:
                work.rewind(config.origin, offsets)
                detail = {"since": iso_utc(to_utc(since)), "topics": sorted({name for name, _ in offsets})}
                work.audit("command line", "feed rewound", config.origin, detail, clock.now())
            found |= {name: offset for (name, _), offset in offsets.items()}
    finally:
        store.close()
    return found


def _offsets_at(consumer: Any, topics: list[str], since: datetime) -> dict[tuple[str, int], int]:
    """Offset of the first message since a time by topic and partition; the end where there is none."""
    try:
        known = consumer.list_topics(timeout=PATIENCE_S).topics
        at_ms = round(since.timestamp() * 1e3)
        places = [TopicPartition(name, n, at_ms) for name in topics if name in known for n in known[name].partitions]
        offsets: dict[tuple[str, int], int] = {}
        for place in consumer.offsets_for_times(places, timeout=PATIENCE_S) if places else ():
            _, end = consumer.get_watermark_offsets(place, timeout=PATIENCE_S)
            offsets[place.topic, place.partition] = place.offset if place.offset >= 0 else end
    except KafkaException as error:
        raise RemoteError(f"the broker does not say where {iso_utc(since)} is: {error}") from error
    finally:
        consumer.close()
    return offsets


def _row(row: FeedRow) -> dict[str, Any]:
    numbers = {name: getattr(row, name) for name in _NUMBERS}
    return {"feed": row.topic_or_stream, "last": iso_utc(row.last_received_utc), **numbers}
