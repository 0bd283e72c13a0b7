"""Bytes to `Notice`: which format it is, then one decoder for each notice type.

Pure: the same bytes and topic give the same notice, whenever they are read.
"""

import hashlib
import re
from dataclasses import replace

from listeners.avro import MAGIC, read_container
from listeners.gcn_binary import is_gcn_packet, read_binary
from listeners.gcn_text import is_gcn_text, read_text
from listeners.json_message import parse_json, wrap_json
from listeners.json_types import read_json
from listeners.reading import Reading, finish
from listeners.voevent import parse_voevent
from listeners.voevent_types import read_voevent
from tocsin.domain.errors import NoticeError
from tocsin.domain.notices import Notice, RawNotice, Role

#: No notice is larger: GCN's limit for a message is 4 MiB.
LARGEST_NOTICE_BYTES = 20 * 1024 * 1024
_MARKUP = re.compile(rb"\A(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*<")
_JSON = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*[\[{]")


def decode(payload: bytes, *, topic: str | None = None, origin: str | None = None) -> Notice:
    """Notice in the bytes.

    Parameters
    ----------
    payload
        One message as received: VOEvent, JSON, a GCN Classic binary packet or text.
    topic
        Kafka topic it came on, or would have: several JSON streams name no mission.
    origin
        Broker it came from: what comes from a test broker is a test.

    Returns
    -------
    Notice
        Of ``stream`` and ``notice_type`` ``unknown`` where the type is not one we decode.

    Raises
    ------
    NoticeError
        The bytes cannot be decoded at all, or are of a known type and have neither identifier nor time.
    """
    if not payload.strip():
        raise NoticeError("an empty message")
    if len(payload) > LARGEST_NOTICE_BYTES:
        raise NoticeError(f"{len(payload)} bytes are too many for a notice: the limit is {LARGEST_NOTICE_BYTES}")
    reading = Reading()
    has_role = _read(payload, reading, topic)
    if not reading.notice_id:
        reading.notice_id = _made_id(payload, reading)
    notice = finish(reading, topic=topic, origin=origin)
    if notice.is_test and not has_role and notice.role is Role.OBSERVATION:
        return replace(notice, role=Role.TEST)  # formats without a role; a VOEvent keeps what it says
    return notice


def _read(payload: bytes, reading: Reading, topic: str | None) -> bool:
    """Read the payload by its format; whether that format has roles of its own."""
    if is_gcn_packet(payload):
        read_binary(payload, reading)
        return False
    if _MARKUP.match(payload):
        read_voevent(parse_voevent(payload), reading, topic=topic)
        return True
    if _JSON.match(payload):
        read_json(parse_json(payload), reading, topic=topic)
    elif is_gcn_text(payload):
        read_text(payload, reading, topic=topic)
    elif payload.startswith(MAGIC):
        _read_avro(payload, reading, topic)
    else:
        raise NoticeError("neither XML, JSON, Avro nor a GCN packet or text")
    return False


def _read_avro(payload: bytes, reading: Reading, topic: str | None) -> None:
    """Read a container of one record as the JSON it stands for; anything else in one is of unknown type."""
    records = read_container(payload)
    reading.details["format"] = "avro"
    if len(records) == 1 and isinstance(records[0], dict):
        read_json(wrap_json(records[0]), reading, topic=topic)


def decode_raw(raw: RawNotice) -> Notice:
    """Notice in the bytes of a raw notice, by its topic and origin; raises as `decode`."""
    return decode(raw.payload, topic=raw.topic, origin=raw.origin if raw.transport == "kafka" else None)


def _made_id(payload: bytes, reading: Reading) -> str:
    """Identifier of a message that has none: type, event, and 12 digits of the bytes' SHA-256."""
    digest = hashlib.sha256(payload).hexdigest()[:12]
    return "/".join([reading.notice_type.replace(" ", "_"), *reading.event_ids[:1], digest])
