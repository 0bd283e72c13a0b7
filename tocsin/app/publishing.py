"""Builds what publishes events to a Kafka topic of our own, from the settings."""

from typing import Any

from notifier.kafka_topic import KafkaTopic
from tocsin.domain.events import Tier
from tocsin.domain.health import Sign
from tocsin.settings import Settings
from tocsin.workflow.publishing import Publisher, PublishingRules

#: How often the log of changes is looked at, s.
PUBLISH_EVERY_S = 1.0


def build_publisher(settings: Settings) -> Publisher | None:
    """What publishes; None where nothing is to be."""
    table, secrets = settings.publish, settings.secrets
    if not table.enabled:
        return None
    broker: dict[str, Any] = {
        "bootstrap.servers": table.bootstrap_servers,
        "security.protocol": table.security_protocol,
        "client.id": "tocsin",
    }
    if secrets.publish_user is not None and secrets.publish_password is not None:
        broker |= {
            "sasl.mechanisms": "SCRAM-SHA-512",
            "sasl.username": secrets.publish_user.get_secret_value(),
            "sasl.password": secrets.publish_password.get_secret_value(),
        }
    rules = PublishingRules(
        topic=table.topic,
        test_topic=table.test_topic,
        least_tier=Tier(table.least_tier),
        clearance=frozenset(table.clearance),
    )
    return Publisher(rules, KafkaTopic(broker))


def signs_of(publisher: Publisher | None) -> tuple[Sign, ...]:
    """Whether publishing works, for the watchdog; nothing where nothing is published."""
    if publisher is None:
        return ()
    words = publisher.trouble or "published"
    remedy = "see that the broker answers and the topics exist" if publisher.trouble else ""
    return (Sign(name="own stream", is_ok=not publisher.trouble, words=words, remedy=remedy),)
