"""The table of JSON types: from topic, ``$schema`` or content to the decoder of a message."""

from collections.abc import Callable
from dataclasses import dataclass

from listeners.json_message import JsonMessage, read_localization, read_moment
from listeners.notices import icecube_json, json_missions, lvk_json, own
from listeners.reading import Reading
from listeners.times import parse_time
from tocsin.domain.notices import Messenger


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonType:
    """A type of JSON notice: how it is known, and how it is read.

    Parameters
    ----------
    name, stream, messenger
        As in `Notice`.
    read
        Reads the message.
    topics
        Kafka topics it comes on.
    schemas
        Paths of its schema below ``gcn/notices/``, where they differ from the name.
    keys
        Fields that together tell it where neither topic nor schema does.
    time_is_at
        Where T0 was taken.
    label
        Label of all its notices, where it is not public.
    """

    name: str
    stream: str
    read: Callable[[JsonMessage, Reading], None] = json_missions.read_mission
    messenger: Messenger | None = None
    topics: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()
    time_is_at: str | None = None
    label: str | None = None


def _mission(
    name: str,
    stream: str,
    messenger: Messenger,
    *topics: str,
    read: Callable[[JsonMessage, Reading], None] = json_missions.read_mission,
    time_is_at: str | None = None,
    label: str | None = None,
) -> JsonType:
    """Type of a mission whose topics are named like its schema."""
    return JsonType(
        name=name,
        stream=stream,
        messenger=messenger,
        read=read,
        topics=tuple(f"gcn.notices.{topic}" for topic in topics),
        time_is_at=time_is_at or stream,
        label=label,
    )


TYPES = (
    JsonType(
        name="igwn.gwalert",
        stream=lvk_json.STREAM,
        read=lvk_json.read_alert,
        messenger=Messenger.GRAVITATIONAL_WAVE,
        topics=("igwn.gwalert",),
        keys=frozenset({"superevent_id", "alert_type"}),
        time_is_at="geocentre",
    ),
    JsonType(
        name="icecube/single_neutrino_alerts",
        stream=icecube_json.STREAM,
        read=icecube_json.read_track,
        messenger=Messenger.NEUTRINO,
        topics=(
            "gcn.notices.icecube.gold_bronze_track_alerts",
            "gcn.notices.icecube.test.gold_bronze_track_alerts",
        ),
        schemas=("icecube/gold_bronze_track_alerts",),
        time_is_at="icecube",
    ),
    JsonType(
        name="icecube/lvk_nu_track_search",
        stream=icecube_json.STREAM,
        read=icecube_json.read_follow_up,
        messenger=Messenger.NEUTRINO,
        topics=("gcn.notices.icecube.lvk_nu_track_search",),
        time_is_at="geocentre",
    ),
    JsonType(
        name="gcn.circulars",
        stream="gcn_circulars",
        read=json_missions.read_circular,
        topics=("gcn.circulars",),
        keys=frozenset({"circularId", "subject", "body"}),
    ),
    JsonType(
        name="gcn.heartbeat",
        stream="gcn_heartbeat",
        read=json_missions.read_heartbeat,
        topics=("gcn.heartbeat",),
    ),
    _mission(
        "km3net/alert",
        "km3net",
        Messenger.NEUTRINO,
        "km3net.alert",
        read=json_missions.read_named,
        label="km3net",
    ),
    _mission("superk/sn_alert", "snews_sk", Messenger.NEUTRINO, "superk.sn_alert", time_is_at="super_kamiokande"),
    _mission("snews2/coincidence", "snews_sk", Messenger.NEUTRINO, "snews2.coincidence", time_is_at="geocentre"),
    _mission("maxi/gsc.known", "maxi", Messenger.X_RAY, "maxi.gsc.known"),
    _mission("maxi/gsc.unknown", "maxi", Messenger.X_RAY, "maxi.gsc.unknown"),
    _mission("einstein_probe/wxt/alert", "einstein_probe", Messenger.X_RAY, "einstein_probe.wxt.alert"),
    _mission("swift/bat/Guano", "swift", Messenger.GAMMA_RAY, "swift.bat.guano"),
    _mission("svom/trigger", "svom", Messenger.GAMMA_RAY),
    _mission("fermi/gbm/trigger", "fermi_gbm", Messenger.GAMMA_RAY, "fermi.gbm.trigger", time_is_at="fermi"),
    _mission(
        "fermi/lat/flare",
        "fermi_lat",
        Messenger.GAMMA_RAY,
        "fermi.lat.flare",
        read=json_missions.read_flare,
        time_is_at="fermi",
    ),
    _mission("glowbug/Alert", "glowbug", Messenger.GAMMA_RAY, "glowbug.alert"),
    _mission("burstcube/alert", "burstcube", Messenger.GAMMA_RAY, "burstcube.alert"),
    _mission("burstcube/test", "burstcube", Messenger.GAMMA_RAY, "burstcube.test"),
    _mission(
        "chime/frb",
        "chime",
        Messenger.RADIO,
        "chime.frb",
        "chime.frb.alert",
        read=json_missions.read_radio_burst,
    ),
    _mission("dsa110/frb", "dsa110", Messenger.RADIO, "dsa110.frb", read=json_missions.read_radio_burst),
    _mission("boom/alert", "boom", Messenger.OPTICAL, "boom.alert", read=json_missions.read_boom),
    JsonType(
        name="tocsin/SPIACS_TRIGGER",
        stream="tocsin_spiacs",
        read=own.read_stream_trigger,
        messenger=Messenger.GAMMA_RAY,
        topics=("tocsin.triggers.spiacs",),
        time_is_at="integral",
    ),
    JsonType(name="heasarc/archive_alert", stream="heasarc", read=json_missions.read_archive),
)
_GCN_SCHEMAS = "gcn/notices/"
_BY_TOPIC = {topic: kind for kind in TYPES for topic in kind.topics}
_BY_SCHEMA = {path.lower(): kind for kind in TYPES for path in (kind.name, *kind.schemas)}
#: SVOM's schemas are one to an instrument.
_BY_SCHEMA |= {f"svom/{part}/trigger": _BY_SCHEMA["svom/trigger"] for part in ("eclairs", "grm", "mxt", "vt")}
_BY_KEYS = tuple(kind for kind in TYPES if kind.keys)
_CIRCULARS_BY_KIND = "gcn.circulars."


def read_json(message: JsonMessage, reading: Reading, *, topic: str | None) -> None:
    """Read a JSON message by the decoder for its type; of an unknown type identifier and times are read."""
    kind = _find_type(message, topic)
    reading.is_public_source = kind is not None
    if kind is None:
        _read_unknown(message, reading)
    else:
        reading.stream, reading.notice_type, reading.messenger = kind.stream, kind.name, kind.messenger
        reading.detail("time_is_at", kind.time_is_at)
        if kind.label is not None:
            reading.labels.add(kind.label)
        kind.read(message, reading)
    reading.dropped.extend(message.fields.dropped())


def _find_type(message: JsonMessage, topic: str | None) -> JsonType | None:
    """Type by topic, since several messages name no mission; else by schema; else by what is in it."""
    if topic is not None and topic in _BY_TOPIC:
        return _BY_TOPIC[topic]
    if topic is not None and topic.startswith(_CIRCULARS_BY_KIND):
        return _BY_TOPIC["gcn.circulars"]
    if message.schema_path is not None:
        kind = _BY_SCHEMA.get(message.schema_path.removeprefix(_GCN_SCHEMAS).lower())
        if kind is not None:
            return kind
    return next((kind for kind in _BY_KEYS if all(key in message.fields for key in kind.keys)), None)


def _read_unknown(message: JsonMessage, reading: Reading) -> None:
    fields = message.fields
    reading.is_public_source = message.schema_path is not None and message.schema_path.startswith(_GCN_SCHEMAS)
    for name in ("event_name", "id", "event_id", "superevent_id"):
        reading.identify(*fields.texts(name)[:1])
    for name in ("alert_datetime", "time_created", "sent_time"):
        reading.issued_utc = reading.issued_utc or parse_time(fields.text(name))
    for name in ("trigger_time", "neutrino_time", "time"):
        reading.t0_utc = reading.t0_utc or read_moment(fields, name)
    reading.judge_tense(fields.text("alert_tense"))
    if reading.is_public_source:  # a mission we do not know, in the schema we do
        read_localization(fields, reading)
        reading.is_retraction = (fields.text("alert_type") or "").lower() == "retraction"
    if fields.flag("is_test"):
        reading.test("is_test is true")
