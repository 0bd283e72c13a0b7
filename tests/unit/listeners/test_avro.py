"""Avro containers: LVK's alerts as Hopskotch carries them, written here by an encoder of our own."""

import json
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listeners.avro import read_container
from listeners.decode import decode
from tocsin.domain.errors import NoticeError

MARK = bytes(range(16))
EVENT = {
    "type": "record",
    "name": "event",
    "fields": [
        {"name": "time", "type": "string"},
        {"name": "far", "type": "double"},
        {"name": "significant", "type": "boolean"},
        {"name": "instruments", "type": {"type": "array", "items": "string"}},
        {"name": "group", "type": {"type": "enum", "name": "group", "symbols": ["CBC", "Burst"]}},
        {"name": "classification", "type": {"type": "map", "values": "double"}},
        {"name": "skymap", "type": ["null", "bytes"]},
    ],
}
SCHEMA = {
    "type": "record",
    "name": "alert",
    "namespace": "igwn",
    "fields": [
        {"name": "alert_type", "type": "string"},
        {"name": "time_created", "type": "string"},
        {"name": "superevent_id", "type": "string"},
        {"name": "event", "type": ["null", EVENT]},
        {"name": "again", "type": ["null", "event"]},
    ],
}


def number(value: int) -> bytes:
    value = (value << 1) ^ (value >> 63)
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def text(value: str | bytes) -> bytes:
    content = value if isinstance(value, bytes) else value.encode()
    return number(len(content)) + content


def container(block: bytes, *, codec: str = "null", count: int = 1, schema: object = SCHEMA) -> bytes:
    head = number(2) + text("avro.schema") + text(json.dumps(schema)) + text("avro.codec") + text(codec) + number(0)
    return b"Obj\x01" + head + MARK + number(count) + number(len(block)) + block + MARK


def alert() -> bytes:
    event = (
        text("2031-05-06T07:06:05.250Z")
        + struct.pack("<d", 3.2e-10)
        + b"\x01"
        + number(2) + text("H1") + text("L1") + number(0)
        + number(0)
        + number(-1) + number(12) + text("BNS") + struct.pack("<d", 0.9) + number(0)
        + number(1) + text(b"no map")
    )  # fmt: skip
    return text("PRELIMINARY") + text("2031-05-06T07:06:35Z") + text("MS310506a") + number(1) + event + number(0)


@pytest.mark.parametrize("codec", ["null", "deflate"])
def test_an_alert_in_avro_reads_like_one_in_json(codec: str) -> None:
    block = alert()
    if codec == "deflate":
        packer = zlib.compressobj(wbits=-15)
        block = packer.compress(block) + packer.flush()
    notice = decode(container(block, codec=codec))
    assert notice.notice_type == "igwn.gwalert PRELIMINARY"
    assert notice.event_ids == ("MS310506a",)
    assert notice.is_test
    assert notice.far_hz == 3.2e-10
    assert notice.classification == {"BNS": 0.9}
    assert notice.details["instruments"] == "H1,L1"
    assert notice.details["group"] == "CBC"
    assert notice.details["format"] == "avro"
    assert "event.skymap" in notice.dropped_fields


def test_a_name_stands_for_the_type_defined_before() -> None:
    schema = {
        "type": "record",
        "name": "pair",
        "fields": [
            {"name": "a", "type": {"type": "fixed", "name": "two", "size": 2}},
            {"name": "b", "type": "two"},
            {"name": "c", "type": {"type": "int"}},
        ],
    }
    assert read_container(container(b"abcd" + number(-77), schema=schema)) == [{"a": b"ab", "b": b"cd", "c": -77}]


def test_several_records_are_of_unknown_type() -> None:
    assert decode(container(text("a") + text("b"), count=2, schema="string")).is_unknown


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"Obj\x01", "cut off"),
        (container(alert())[:-20], "cut off"),
        (container(alert())[:60], "cut off"),
        (container(alert(), codec="zstandard"), "codec"),
        (container(b"", schema="no such type"), "no such type"),
        (container(number(10**9), schema={"type": "array", "items": "null"}), "too many items"),
        (container(b"", count=10**9, schema="null"), "too many items"),
        (container(b"\xff" * 20, schema="long"), "more than 64 bits"),
        (container(number(7), schema=["null"]), "out of range"),
    ],
)
def test_broken_avro_is_refused_with_a_reason(payload: bytes, reason: str) -> None:
    with pytest.raises(NoticeError, match=reason):
        decode(payload)


def test_a_schema_without_end_is_refused() -> None:
    endless: object = {"type": "record", "name": "r", "fields": [{"name": "r", "type": "r"}]}
    with pytest.raises(NoticeError, match="too deep"):
        decode(container(b"", schema=endless))


def test_a_small_schema_of_endless_empty_values_is_refused() -> None:
    schema: object = "null"
    for level in range(12):
        schema = {
            "type": "record",
            "name": f"r{level}",
            "fields": [{"name": "a", "type": schema}]
            + [{"name": f"f{index}", "type": f"r{level - 1}" if level else "null"} for index in range(9)],
        }
    with pytest.raises(NoticeError, match="too many items"):
        decode(container(b"", schema=schema))


def test_a_block_that_unpacks_to_more_than_any_notice_is_refused() -> None:
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(bytes(70 * 1024 * 1024)) + packer.flush()
    with pytest.raises(NoticeError, match="larger than any notice"):
        decode(container(block, codec="deflate", schema="bytes"))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 400))
def test_no_bytes_crash_the_reader(garbage: bytes, kept: int) -> None:
    for payload in (b"Obj\x01" + garbage, container(alert())[:kept] + garbage, container(garbage)):
        try:
            decode(payload)
        except NoticeError:
            continue
