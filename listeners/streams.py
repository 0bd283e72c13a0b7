"""What is listened to: the topics of ``streams.toml``, whom they are for, how often they speak."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tocsin.domain.errors import ConfigurationError
from tocsin.domain.notices import Notice

#: Streams of which every notice is restricted, with its label, by whatever road it comes.
RESTRICTED_STREAMS = {"antares": frozenset({"antares"}), "km3net": frozenset({"km3net"})}
#: Label of notices whose source nobody has declared public.
PRIVATE = "private"
_KAFKA_KEYS = frozenset(
    {"group_id", "start", "heartbeat_topic", "heartbeat_patience_s", "batch_size", "poll_s", "longest_pause_s"}
)
_TOPIC_KEYS = frozenset({"subscribe", "labels", "is_public", "expected_per_day"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSettings:
    """One topic.

    Parameters
    ----------
    name
        Kafka topic.
    is_subscribed
        Whether it is listened to.
    labels
        Labels every notice of it gets, besides those that follow from its content.
    is_public
        Its notices are public although its source is not known to be: the label ``private`` is taken off.
    expected_per_day
        Notices a day to be expected, None where it may be silent for long.
    """

    name: str
    is_subscribed: bool = True
    labels: frozenset[str] = frozenset()
    is_public: bool = False
    expected_per_day: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """The content of ``streams.toml``.

    Parameters
    ----------
    group_id
        Kafka consumer group, the same at each start.
    start
        Where to begin on a topic nothing of which is stored: ``earliest`` or ``latest``.
    heartbeat_topic, heartbeat_patience_s
        Topic that ticks, and the silence of it in s that means the feed has stalled; None: not watched.
    batch_size, poll_s
        Most messages handed on together, and the longest wait for them in s.
    longest_pause_s
        Longest pause in s between tries after failures.
    topics
        By name.
    """

    group_id: str = "tocsin"
    start: str = "earliest"
    heartbeat_topic: str | None = "gcn.heartbeat"
    heartbeat_patience_s: float = 60.0
    batch_size: int = 200
    poll_s: float = 1.0
    longest_pause_s: float = 60.0
    topics: Mapping[str, TopicSettings] = field(default_factory=dict)

    @classmethod
    def from_config(cls, values: Mapping[str, Any], *, file: str) -> "Streams":
        """Streams of a parsed ``streams.toml``.

        Raises
        ------
        ConfigurationError
            A key is unknown or a value is wrong.
        """
        _refuse_unknown(values, frozenset({"kafka", "topics"}), file, "")
        kafka = _table(values.get("kafka", {}), file, "kafka")
        _refuse_unknown(kafka, _KAFKA_KEYS, file, "kafka.")
        topics = _table(values.get("topics", {}), file, "topics")
        start = _text(kafka, "start", "earliest", file)
        if start not in {"earliest", "latest"}:
            raise ConfigurationError(f"{start!r} is neither earliest nor latest", file=file, key="kafka.start")
        return cls(
            group_id=_text(kafka, "group_id", "tocsin", file),
            start=start,
            heartbeat_topic=_text(kafka, "heartbeat_topic", "gcn.heartbeat", file, may_be_empty=True) or None,
            heartbeat_patience_s=_positive(kafka, "heartbeat_patience_s", 60.0, file),
            batch_size=int(_positive(kafka, "batch_size", 200, file)),
            poll_s=_positive(kafka, "poll_s", 1.0, file),
            longest_pause_s=_positive(kafka, "longest_pause_s", 60.0, file),
            topics={name: _topic(name, _table(table, file, f"topics.{name}"), file) for name, table in topics.items()},
        )

    @property
    def subscribed(self) -> tuple[str, ...]:
        """Names of the topics to subscribe to, sorted."""
        return tuple(sorted(topic.name for topic in self.topics.values() if topic.is_subscribed))

    def relabel(self, notice: Notice, topic: str | None) -> Notice:
        """Notice with the labels its topic's settings add, or without the ``private`` they take off."""
        settings = self.topics.get(topic) if topic is not None else None
        if settings is None:
            return notice
        labels = notice.labels | settings.labels
        if settings.is_public:
            labels -= {PRIVATE} - settings.labels
        return notice if labels == notice.labels else replace(notice, labels=labels)


def _topic(name: str, table: Mapping[str, Any], file: str) -> TopicSettings:
    key = f"topics.{name}"
    _refuse_unknown(table, _TOPIC_KEYS, file, f"{key}.")
    labels = table.get("labels", [])
    if not isinstance(labels, list) or not all(isinstance(label, str) and label for label in labels):
        raise ConfigurationError("must be a list of words", file=file, key=f"{key}.labels")
    rate = table.get("expected_per_day")
    if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int | float) or rate <= 0):
        raise ConfigurationError(f"{rate!r} is no positive number", file=file, key=f"{key}.expected_per_day")
    return TopicSettings(
        name=name,
        is_subscribed=_truth(table, "subscribe", file, key, default=True),
        labels=frozenset(labels),
        is_public=_truth(table, "is_public", file, key, default=False),
        expected_per_day=None if rate is None else float(rate),
    )


def _table(value: object, file: str, key: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigurationError("must be a table", file=file, key=key)
    return value


def _refuse_unknown(table: Mapping[str, Any], known: frozenset[str], file: str, prefix: str) -> None:
    for key in table:
        if key not in known:
            raise ConfigurationError(f"unknown key; known are {', '.join(sorted(known))}", file=file, key=prefix + key)


def _text(table: Mapping[str, Any], key: str, default: str, file: str, *, may_be_empty: bool = False) -> str:
    value = table.get(key, default)
    if not isinstance(value, str) or not (value or may_be_empty):
        raise ConfigurationError(f"{value!r} is no text", file=file, key=f"kafka.{key}")
    return value


def _positive(table: Mapping[str, Any], key: str, default: float, file: str) -> float:
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise ConfigurationError(f"{value!r} is no positive number", file=file, key=f"kafka.{key}")
    return value


def _truth(table: Mapping[str, Any], key: str, file: str, prefix: str, *, default: bool) -> bool:
    value = table.get(key, default)
    if not isinstance(value, bool):
        raise ConfigurationError(f"{value!r} is neither true nor false", file=file, key=f"{prefix}.{key}")
    return value
