"""The table of JSON types: from topic, ``$schema`` or content to the decoder of a message."""

from collections.abc import Callable
from dataclasses import dataclass

from listeners.json_message import JsonMessage
from listeners.notices import icecube_json, lvk_json
from listeners.reading import Reading
from listeners.times import parse_time


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonType:
    """A type of JSON notice: how it is known, and how it is read.

    Parameters
    ----------
    name, stream
        As in `Notice`.
    read
        Reads the message.
    topics
        Kafka topics it comes on.
    schemas
        Paths of its schema.
    keys
        Fields that together tell it where neither topic nor schema does.
    """

    name: str
    stream: str
    read: Callable[[JsonMessage, Reading], None]
    topics: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()


TYPES = (
    JsonType(
        name="igwn.gwalert",
        stream=lvk_json.STREAM,
        read=lvk_json.read_alert,
        topics=("igwn.gwalert",),
        keys=frozenset({"superevent_id", "alert_type", "event"}),
    ),
    JsonType(
        name="icecube/single_neutrino_alerts",
        stream=icecube_json.STREAM,
        read=icecube_json.read_track,
        topics=(
            "gcn.notices.icecube.gold_bronze_track_alerts",
            "gcn.notices.icecube.test.gold_bronze_track_alerts",
        ),
        schemas=("gcn/notices/icecube/single_neutrino_alerts", "gcn/notices/icecube/gold_bronze_track_alerts"),
    ),
)
_BY_TOPIC = {topic: kind for kind in TYPES for topic in kind.topics}
_BY_SCHEMA = {schema.lower(): kind for kind in TYPES for schema in kind.schemas}
_BY_KEYS = tuple(kind for kind in TYPES if kind.keys)
_GCN_SCHEMAS = "gcn/notices/"


def read_json(message: JsonMessage, reading: Reading, *, topic: str | None) -> None:
    """Read a JSON message by the decoder for its type; of an unknown type identifier and times are read."""
    kind = _find_type(message, topic)
    reading.is_public_source = kind is not None
    if kind is None:
        _read_unknown(message, reading)
    else:
        reading.stream, reading.notice_type = kind.stream, kind.name
        kind.read(message, reading)
    reading.dropped.extend(message.fields.dropped())


def _find_type(message: JsonMessage, topic: str | None) -> JsonType | None:
    if topic is not None and topic in _BY_TOPIC:
        return _BY_TOPIC[topic]
    if message.schema_path is not None:
        return _BY_SCHEMA.get(message.schema_path.lower())
    return next((kind for kind in _BY_KEYS if all(key in message.fields for key in kind.keys)), None)


def _read_unknown(message: JsonMessage, reading: Reading) -> None:
    fields = message.fields
    reading.is_public_source = message.schema_path is not None and message.schema_path.startswith(_GCN_SCHEMAS)
    for name in ("event_name", "id", "event_id", "circularId", "superevent_id"):
        reading.identify(*fields.texts(name)[:1])
    for name in ("alert_datetime", "time_created", "sent_time"):
        reading.issued_utc = reading.issued_utc or parse_time(fields.text(name))
    for name in ("trigger_time", "neutrino_time", "time"):
        reading.t0_utc = reading.t0_utc or parse_time(fields.text(name))
    reading.judge_tense(fields.text("alert_tense"))
    if fields.flag("is_test"):
        reading.test("is_test is true")
