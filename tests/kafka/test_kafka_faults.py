"""Apache Kafka itself: whatever goes wrong is said within half a minute, and nothing is lost or skipped after it."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from kafka_listening import ALARM_S, is_bad, listening, since, topics
from kafka_server import KafkaBench, KafkaServer, TokenService
from workflow_desk import GARBAGE, MERGER, T0, Desk, merger

from listeners.health import FeedState
from tocsin.app.feed_report import feed_report, rewind_feeds

#: How long the broker is gone in the long form, and in the short one, s.
LONG_GONE_S, SHORT_GONE_S = 300.0, 30.0


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


def notices(first: int, number: int) -> list[bytes]:
    """Alerts of as many superevents, hours apart."""
    found = []
    for n in range(first, first + number):
        day, letter = n // 26 + 10, chr(97 + n % 26)
        superevent = replace(MERGER, id=f"S2410{day}{letter}", t0_utc=T0 + timedelta(hours=n))
        found.append(merger(of=superevent).payload)
    return found


def test_offsets_kept_with_the_notices_resume_and_a_4_mb_message_is_stored(kafka: KafkaBench, folder: Path) -> None:
    (topic,) = topics(1)
    kafka.create_topics([topic])
    big = b"{" + b'"padding": "' + b"x" * 4_000_000 + b'"}'
    kafka.produce(topic, [*notices(0, 5), big])
    with Desk(folder) as desk:
        with listening(desk, kafka.bootstrap, [topic]) as (_, filling):
            filling.wait_for(6)
        kafka.produce(topic, notices(5, 5))
        with listening(desk, kafka.bootstrap, [topic]) as (_, filling):
            filling.wait_for(11)
        counts = desk.read(lambda work: work.notice_counts())
        assert (counts.received, counts.duplicates) == (11, 0)
        (row,) = desk.read(lambda work: work.feed_report())
        assert (row.gaps, row.missing, row.replays) == (0, 0, 0)
        assert desk.read(lambda work: work.kafka_offsets()) == {(topic, 0): 10}
        assert max(len(desk.read(lambda work, key=key: work.raw_payload(key))) for key in range(1, 12)) == len(big)


def test_a_poison_message_first_in_a_partition_is_quarantined_and_the_rest_goes_on(
    kafka: KafkaBench, folder: Path
) -> None:
    (topic,) = topics(1)
    kafka.create_topics([topic])
    kafka.produce(topic, [GARBAGE.payload, b"\xff" * 1000, *notices(0, 3)])
    with Desk(folder) as desk:
        with listening(desk, kafka.bootstrap, [topic]) as (_, filling):
            filling.wait_for(5)
        counts = desk.read(lambda work: work.notice_counts())
        assert (counts.stored, counts.quarantined, len(desk.event_ids())) == (5, 2, 3)


def test_a_feed_is_read_again_from_a_date_and_nothing_is_stored_twice(kafka: KafkaBench, folder: Path) -> None:
    (topic,) = topics(1)
    kafka.create_topics([topic])
    day = datetime(2026, 11, 20, tzinfo=UTC)
    for hour in range(4):
        kafka.produce(topic, notices(hour, 1), at_ms=round((day + timedelta(hours=hour)).timestamp() * 1e3))
    with Desk(folder) as desk:
        with listening(desk, kafka.bootstrap, [topic]) as (_, filling):
            filling.wait_for(4)
        environment = configured(folder, kafka.bootstrap, topic)
        assert rewind_feeds(environment, day + timedelta(hours=1, minutes=30), topic=topic) == {topic: 2}
        kafka.produce(topic, notices(4, 1))
        with listening(desk, kafka.bootstrap, [topic]) as (_, filling):
            filling.wait_for(5)
        (row,) = feed_report(environment)["feeds"]
        shown = {name: row[name] for name in ("received", "stored", "duplicates", "replays", "gaps")}
        assert shown == {"received": 7, "stored": 5, "duplicates": 2, "replays": 2, "gaps": 0}


def test_a_missing_topic_is_said_and_does_not_stop_the_others(kafka: KafkaBench, folder: Path) -> None:
    there, missing = topics(2)
    kafka.create_topics([there])
    kafka.produce(there, notices(0, 2))
    with Desk(folder) as desk, listening(desk, kafka.bootstrap, [there, missing]) as (signs, filling):
        filling.wait_for(2)
        assert signs.wait_for(lambda sign: sign.topic == missing, ALARM_S).state is FeedState.TOPIC_ERROR


def test_a_silent_heartbeat_is_an_alarm_and_its_return_is_said(kafka: KafkaBench, folder: Path) -> None:
    topic, heartbeat = topics(2)
    kafka.create_topics([topic, heartbeat])
    with (
        Desk(folder) as desk,
        listening(desk, kafka.bootstrap, [topic], heartbeat=heartbeat, heartbeat_patience_s=3.0) as (signs, _),
    ):
        kafka.produce(heartbeat, [b"{}"])
        signs.wait_for(lambda sign: sign.state is FeedState.LIVE)
        assert "heartbeat" in signs.wait_for(lambda sign: sign.state is FeedState.STALLED, ALARM_S).message
        signs.forget()
        kafka.produce(heartbeat, [b"{}"])
        signs.wait_for(lambda sign: sign.state is FeedState.LIVE)
        assert desk.read(lambda work: work.notice_counts().received) == 0


def test_a_broker_that_is_gone_is_an_alarm_and_nothing_is_skipped_after_it(
    own_kafka: KafkaServer, folder: Path
) -> None:
    (topic,) = topics(1)
    bench = KafkaBench(own_kafka.bootstrap)
    bench.create_topics([topic])
    bench.produce(topic, notices(0, 3))
    with Desk(folder) as desk, listening(desk, own_kafka.bootstrap, [topic]) as (signs, filling):
        filling.wait_for(3)
        signs.forget()
        own_kafka.kill()
        begun_s = time.monotonic()
        signs.wait_for(is_bad, ALARM_S)
        assert since(begun_s) < ALARM_S
        own_kafka.start()
        KafkaBench(own_kafka.bootstrap).produce(topic, notices(3, 3))
        filling.wait_for(6, within_s=120.0)
        (row,) = desk.read(lambda work: work.feed_report())
        assert (row.received, row.duplicates, row.gaps) == (6, 0, 0)


@pytest.mark.long
def test_a_broker_that_is_gone_for_five_minutes_is_read_on_by_itself_and_nothing_is_skipped(
    own_kafka: KafkaServer, folder: Path, effort: float, record_property: Callable[[str, object], None]
) -> None:
    """Half a minute in the short form."""
    gone_s = LONG_GONE_S if effort == 1.0 else SHORT_GONE_S
    (topic,) = topics(1)
    bench = KafkaBench(own_kafka.bootstrap)
    bench.create_topics([topic])
    bench.produce(topic, notices(0, 3))
    with Desk(folder) as desk, listening(desk, own_kafka.bootstrap, [topic]) as (signs, filling):
        filling.wait_for(3)
        signs.forget()
        begun_s = time.monotonic()
        own_kafka.kill()
        signs.wait_for(is_bad, ALARM_S)
        record_property("alarm_after_s", since(begun_s))
        threading.Event().wait(gone_s - since(begun_s))
        own_kafka.start()
        KafkaBench(own_kafka.bootstrap).produce(topic, notices(3, 200))
        back_s = time.monotonic()
        filling.wait_for(203, within_s=180.0)
        record_property("gone_s", back_s - begun_s)
        record_property("all_read_after_s", since(back_s))
        signs.forget()
        (row,) = desk.read(lambda work: work.feed_report())
        assert (row.received, row.duplicates, row.gaps) == (203, 0, 0)
        assert desk.read(lambda work: work.kafka_offsets()) == {(topic, 0): 202}


def test_a_refused_token_is_an_alarm_and_reading_begins_once_it_is_given(own_kafka: KafkaServer, folder: Path) -> None:
    (topic,) = topics(1)
    bench = KafkaBench(own_kafka.bootstrap)
    bench.create_topics([topic])
    bench.produce(topic, notices(0, 3))
    with Desk(folder) as desk, TokenService() as tokens:
        tokens.is_refusing = True
        with listening(
            desk, own_kafka.bootstrap_with_token, [topic], extra=with_token(tokens), protocol="sasl_plaintext"
        ) as (signs, filling):
            alarm = signs.wait_for(is_bad, ALARM_S)
            assert "token" in alarm.message.casefold()
            assert filling.stored() == 0
            tokens.is_refusing = False
            filling.wait_for(3, within_s=120.0)


def test_an_unauthorised_topic_is_an_alarm_the_others_go_on_and_it_is_read_once_allowed(
    own_kafka: KafkaServer, folder: Path
) -> None:
    open_topic, closed = topics(2)
    bench = KafkaBench(own_kafka.bootstrap)
    bench.create_topics([open_topic, closed])
    bench.produce(open_topic, notices(0, 2))
    bench.produce(closed, notices(2, 2))
    bench.forbid(closed, "tocsin")
    with (
        Desk(folder) as desk,
        TokenService() as tokens,
        listening(
            desk,
            own_kafka.bootstrap_with_token,
            [open_topic, closed],
            extra=with_token(tokens) | {"topic.metadata.refresh.interval.ms": 2000},
            protocol="sasl_plaintext",
        ) as (signs, filling),
    ):
        filling.wait_for(2)
        assert signs.wait_for(lambda sign: sign.topic == closed, ALARM_S).state is FeedState.FORBIDDEN
        assert filling.stored() == 2
        bench.allow(closed, "tocsin")
        filling.wait_for(4)
        signs.wait_for(lambda sign: sign.topic == closed and sign.state is FeedState.LIVE)


def configured(folder: Path, bootstrap: str, topic: str) -> dict[str, str]:
    """Environment of a configuration with this broker and topic, and the store of a desk in this folder."""
    config = folder / "config"
    config.mkdir()
    kafka = f'enabled = true\nbootstrap_servers = "{bootstrap}"\nsecurity_protocol = "plaintext"\n'
    (config / "tocsin.toml").write_text(f"[feeds.kafka]\n{kafka}", encoding="utf-8")
    (config / "streams.toml").write_text(f'[topics."{topic}"]\nis_public = true\n', encoding="utf-8")
    return {"TOCSIN_DATA_DIR": str(folder), "TOCSIN_CONFIG_DIR": str(config)}


def with_token(tokens: TokenService) -> dict[str, object]:
    """Settings of a client that asks for a token."""
    return {
        "sasl.mechanisms": "OAUTHBEARER",
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.client.id": "tocsin",
        "sasl.oauthbearer.client.secret": "secret",
        "sasl.oauthbearer.token.endpoint.url": tokens.url,
    }
