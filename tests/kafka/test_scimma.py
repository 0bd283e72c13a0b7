"""SCiMMA's way in, to Apache Kafka itself: TLS, a password by SCRAM-SHA-512, alerts in Avro; beside GCN's."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from avro_values import avro_of_json
from kafka_listening import ALARM_S, is_bad, listening_as, topics
from kafka_server import SCRAM_PASSWORD, SCRAM_USER, KafkaBench, KafkaServer
from workflow_desk import Desk, merger

from listeners.decode import decode
from listeners.health import FeedState
from listeners.kafka import KafkaSettings
from tocsin.app.feeds import kafka_settings
from tocsin.settings import Settings, load_settings

TOPIC = "igwn.gwalert"


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with structlog.testing.capture_logs():
        yield


def configured(server: KafkaServer, folder: Path, topic: str, *, password: str = SCRAM_PASSWORD) -> Settings:
    """Settings of a service that listens to SCiMMA, here a server of our own."""
    config = folder / "config"
    config.mkdir(exist_ok=True)
    table = f'enabled = true\nbootstrap_servers = "{server.bootstrap_with_password}"\ntopics = ["{topic}"]\n'
    (config / "tocsin.toml").write_text(f"[feeds.scimma]\n{table}", encoding="utf-8")
    (config / "streams.toml").write_text(f'[topics."{topic}"]\nis_public = true\n', encoding="utf-8")
    return load_settings(
        {
            "TOCSIN_DATA_DIR": str(folder),
            "TOCSIN_CONFIG_DIR": str(config),
            "TOCSIN_SCIMMA_USER": SCRAM_USER,
            "TOCSIN_SCIMMA_PASSWORD": password,
        }
    )


def scimma(server: KafkaServer, desk: Desk, settings: Settings, **more: Any) -> KafkaSettings:
    """What the service makes of them, with this server's certificate trusted."""
    (made,) = kafka_settings(settings, desk.context)
    extra: Mapping[str, Any] = {**made.extra, "ssl.ca.location": str(server.certificate), **more}
    return replace(made, extra=extra, session_timeout_s=6.0)


def test_the_same_alert_in_avro_reads_as_it_does_in_json() -> None:
    plain, packed = decode(merger().payload, topic=TOPIC), decode(avro_of_json(merger().payload), topic=TOPIC)
    assert packed.event_ids == plain.event_ids == ("S241017ab",)
    assert (packed.t0_utc, packed.far_hz) == (plain.t0_utc, plain.far_hz)
    assert packed.classification == plain.classification


def test_alerts_in_avro_come_in_by_tls_and_scram_and_make_an_event(own_kafka: KafkaServer, folder: Path) -> None:
    (topic,) = topics(1)
    bench = KafkaBench(own_kafka.bootstrap)
    bench.create_topics([topic])
    bench.produce(topic, [avro_of_json(merger().payload), avro_of_json(merger("INITIAL", after_s=900.0).payload)])
    with Desk(folder) as desk:
        config = scimma(own_kafka, desk, configured(own_kafka, folder, topic))
        assert (config.security_protocol, config.extra["sasl.mechanisms"]) == ("sasl_ssl", "SCRAM-SHA-512")
        assert config.streams.group_id.startswith(SCRAM_USER)
        with listening_as(desk, config) as (_, filling):
            filling.wait_for(2)
        assert desk.read(lambda work: work.kafka_offsets(config.origin)) == {(topic, 0): 1}
        assert desk.read(lambda work: [row.name for row in work.event_rows(limit=10)[0]]) == ["S241017ab"]


def test_a_wrong_password_is_an_alarm_and_nothing_is_read(own_kafka: KafkaServer, folder: Path) -> None:
    (topic,) = topics(1)
    bench = KafkaBench(own_kafka.bootstrap)
    bench.create_topics([topic])
    bench.produce(topic, [avro_of_json(merger().payload)])
    with Desk(folder) as desk:
        config = scimma(own_kafka, desk, configured(own_kafka, folder, topic, password="another"))
        with listening_as(desk, config) as (signs, filling):
            alarm = signs.wait_for(is_bad, ALARM_S)
            assert "SCRAM" in alarm.message.upper() or "authentication" in alarm.message.casefold()
            assert "another" not in alarm.message
            assert filling.stored() == 0


def test_a_certificate_nobody_vouches_for_is_an_alarm(own_kafka: KafkaServer, folder: Path) -> None:
    (topic,) = topics(1)
    KafkaBench(own_kafka.bootstrap).create_topics([topic])
    with Desk(folder) as desk:
        config = scimma(own_kafka, desk, configured(own_kafka, folder, topic))
        trusting = replace(config, extra={key: one for key, one in config.extra.items() if key != "ssl.ca.location"})
        with listening_as(desk, trusting) as (signs, filling):
            alarm = signs.wait_for(is_bad, ALARM_S)
            assert "ssl" in alarm.message.casefold() or "certificate" in alarm.message.casefold()
            assert filling.stored() == 0


def test_gcn_and_scimma_together_tell_of_one_event_each_with_its_own_place(
    own_kafka: KafkaServer, folder: Path
) -> None:
    (topic,) = topics(1)
    bench = KafkaBench(own_kafka.bootstrap)
    bench.create_topics([topic])
    bench.produce(topic, [merger().payload, avro_of_json(merger().payload)])
    with Desk(folder) as desk:
        hop = scimma(own_kafka, desk, configured(own_kafka, folder, topic))
        streams = replace(hop.streams, group_id=f"{hop.streams.group_id}-gcn")
        gcn = replace(
            hop, bootstrap_servers=own_kafka.bootstrap, security_protocol="plaintext", extra={}, streams=streams
        )
        with listening_as(desk, gcn) as (_, first), listening_as(desk, hop) as (signs, second):
            first.wait_for(2)
            second.wait_for(2)
            signs.wait_for(lambda sign: sign.state is FeedState.LIVE)
            second.wait_for_received(4)
        counts = desk.read(lambda work: work.notice_counts())
        assert (counts.received, counts.stored, counts.duplicates) == (4, 2, 2)
        assert len(desk.event_ids()) == 1
        for config in (gcn, hop):
            assert desk.read(lambda work, one=config: work.kafka_offsets(one.origin)) == {(topic, 0): 1}
