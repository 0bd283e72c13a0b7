"""Mutations of notices that know their format: values of fields, whole fields, structure, and plain bytes.

All random numbers come from the generator given, so that a failure is found again by its seed and number.
"""

import json
import math
import re
import struct
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

Mutation = Callable[[bytes, Random], bytes]

_DEEP = 3000
#: What mutations make is cut to this: larger ones try the machine, not the decoder.
_LARGEST_BYTES = 1024 * 1024
#: Texts that have broken a decoder somewhere.
TEXTS = (
    "", " ", "0", "-0", "00", "-1", "1e999", "-1e999", "nan", "inf", "-Infinity", "0x10", "1_000", "٣٤", "\uff11", "½",
    "9" * 30, "9" * 5000, "-" + "9" * 400, "1e-400", "0." + "0" * 4000 + "1", "99999999999999999999999", "2147483648",
    "-2147483649", "true", "TRUE", "null", "None", "\u202e", "\xa0", "\u2028", "�", "x" * 100_000, "%s%n{0}{x}",
    "2025-02-30T00:00:00", "2022-01--4918", "2022-01-00T07:00:30.49", "0000-00-00T00:00:00", "9999-12-31T23:59:60Z",
    "0001-01-01T00:00:00+14:00", "2016-12-31T23:59:60Z", "10000-01-01T00:00:00", "2025-03-01T10:00:00+99:99",
    "2025-03-01T10:00:00." + "1" * 50, "1e308", "-91.0", "361", "S230518h", "MS230518h", "ivo://x#y", "http://[",
    "AAAA", "U0lNUExFICA9", "U0lNUExFICA9" * 500, "H4sIAAAAAAAA", "1970-01-01", "(1, 2)", "[1, 2]", "1,2", "12h 13m",
)  # fmt: skip
NUMBERS: tuple[Any, ...] = (
    0, -0.0, -1, 1, 0.5, 90, -90, 90.0000001, 180, 360, 361, 1e-320, 5e-324, 1.7976931348623157e308, -1e308, 2**31,
    2**53 + 1, 2**63, 2**64, 10**30, -(10**30), 10**400, math.nan, math.inf, -math.inf, 1e10, -62135596800,
)  # fmt: skip
_ODD_JSON: tuple[Any, ...] = (None, True, False, [], {}, [[]], [None], [1, 2], [1, 2, 3], {"a": 1}, [{}], {"": None})
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_ATTRIBUTE = re.compile(rb"=\s*(\"[^\"]*\"|'[^']*')")
_TEXT = re.compile(rb">([^<>]+)<")
_ELEMENT = re.compile(rb"<(\w[\w:.-]*+)[^<>]*+(?<=/)>|<(\w[\w:.-]*+)[^<>]*+>[^<>]*+</\2>")
_NAME = re.compile(rb"</?([A-Za-z][\w:.-]*)")


def _span(found: list[re.Match[bytes]], random: Random, group: int = 0) -> tuple[int, int]:
    return random.choice(found).span(group)


def _escape(text: str) -> bytes:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;").encode("utf-8", "surrogatepass")


# Any format


def flip_bits(payload: bytes, random: Random) -> bytes:
    changed = bytearray(payload)
    for _ in range(random.choice((1, 1, 2, 8))):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def cut(payload: bytes, random: Random) -> bytes:
    start, stop = sorted(random.randrange(len(payload) + 1) for _ in range(2))
    return random.choice((payload[:start], payload[stop:], payload[:start] + payload[stop:]))


def insert(payload: bytes, random: Random) -> bytes:
    place = random.randrange(len(payload) + 1)
    piece = random.choice(
        (
            random.randbytes(random.randrange(1, 20)),
            b"\0" * 64,
            b"<",
            b"&#0;",
            b"]]>",
            b'"',
            b"\xff\xfe",
            b"\xed\xa0\x80",
        )
    )
    return payload[:place] + piece + payload[place:]


def repeat(payload: bytes, random: Random) -> bytes:
    start, stop = sorted(random.randrange(len(payload) + 1) for _ in range(2))
    return payload[:stop] + payload[start:stop] * random.choice((1, 2, 20)) + payload[stop:]


def change_number(payload: bytes, random: Random) -> bytes:
    found = list(_NUMBER.finditer(payload))
    if not found:
        return flip_bits(payload, random)
    start, stop = _span(found, random)
    return payload[:start] + random.choice(TEXTS[2:40]).encode() + payload[stop:]


BYTES: tuple[Mutation, ...] = (flip_bits, cut, insert, repeat, change_number)


# XML


def change_attribute(payload: bytes, random: Random) -> bytes:
    found = list(_ATTRIBUTE.finditer(payload))
    if not found:
        return flip_bits(payload, random)
    start, stop = _span(found, random, 1)
    return payload[:start] + b'"' + _escape(random.choice(TEXTS)) + b'"' + payload[stop:]


def change_text(payload: bytes, random: Random) -> bytes:
    found = list(_TEXT.finditer(payload))
    if not found:
        return flip_bits(payload, random)
    start, stop = _span(found, random, 1)
    return payload[:start] + _escape(random.choice(TEXTS)) + payload[stop:]


def swap_attributes(payload: bytes, random: Random) -> bytes:
    found = list(_ATTRIBUTE.finditer(payload))
    if len(found) < 2:
        return flip_bits(payload, random)
    first, second = sorted(random.sample(found, 2), key=lambda match: match.start(1))
    return b"".join(
        (
            payload[: first.start(1)],
            second[1],
            payload[first.end(1) : second.start(1)],
            first[1],
            payload[second.end(1) :],
        )
    )


def lose_element(payload: bytes, random: Random) -> bytes:
    found = list(_ELEMENT.finditer(payload))
    if not found:
        return flip_bits(payload, random)
    start, stop = _span(found, random)
    return payload[:start] + payload[stop:]


def move_element(payload: bytes, random: Random) -> bytes:
    found = list(_ELEMENT.finditer(payload))
    if not found:
        return flip_bits(payload, random)
    element, place = random.choice(found), random.choice(found).end()
    return payload[:place] + element[0] * random.choice((1, 1, 2, 300)) + payload[place:]


def rename_element(payload: bytes, random: Random) -> bytes:
    names = [match[1] for match in _NAME.finditer(payload)]
    if not names:
        return flip_bits(payload, random)
    old, new = random.choice(names), random.choice((*names, b"Param", b"Group", b"C1", b"x:y", b"Transport"))
    return re.sub(rb"(</?)" + re.escape(old) + rb"(?=[\s/>])", lambda match: match[1] + new, payload)


def wrap(payload: bytes, random: Random) -> bytes:
    """Depth, entities, comments, other encodings: what XML has and a notice does not need."""
    place = payload.find(b">", payload.find(b"<What")) + 1
    head, tail = payload[:place], payload[place:]
    bare = re.sub(rb"\A\s*<\?xml[^>]*\?>", b"", payload)
    encoding = random.choice(("utf-16", "utf-32", "utf-8-sig", "utf-16-be"))
    declared = random.choice((b"ebcdic", b"UTF-7", b"UTF-16", b"x"))
    wrapped = (
        head + b"<Group>" * _DEEP + b"</Group>" * _DEEP + tail,
        b'<!DOCTYPE a [<!ENTITY b "c">]>' + bare,
        head + b"<![CDATA[<Param/>]]><!-- > --><?php ?>" + tail,
        head + b"&b;&#x110000;" + tail,
        bare.decode("utf-8", "replace").encode(encoding),
        b'<?xml version="1.0" encoding="' + declared + b'"?>' + bare,
        head + b'<Param name="Test" value="true"/>' * random.choice((1, 2000)) + tail,
        head + b'<Group name="' + b"g" * 10_000 + b'"><Group><Param/></Group></Group>' + tail,
    )
    return random.choice(wrapped)


XML: tuple[Mutation, ...] = (
    change_attribute, change_attribute, change_attribute, change_text, change_text, swap_attributes, lose_element,
    move_element, rename_element, wrap, *BYTES,
)  # fmt: skip


# JSON


def _value(random: Random) -> Any:
    match random.randrange(6):
        case 0 | 1:
            return random.choice(TEXTS)
        case 2 | 3:
            return random.choice(NUMBERS)
        case 4:
            return random.choice(_ODD_JSON)
        case _:
            return [random.choice(TEXTS) for _ in range(random.choice((1, 2, 3, 200)))]


def _change(inside: Any, random: Random) -> Any:
    """The value with something in it changed, somewhere below."""
    is_deeper = random.random() < 0.85
    if isinstance(inside, dict) and inside and is_deeper:
        return _change_object(inside, random)
    if isinstance(inside, list) and inside and is_deeper:
        place = random.randrange(len(inside))
        changed = [] if random.random() < 0.3 else [_change(inside[place], random)]
        return [*inside[:place], *changed, *inside[place + 1 :]]
    if isinstance(inside, str) and random.random() < 0.3:
        return change_number(inside.encode(), random).decode("utf-8", "replace")
    if isinstance(inside, int | float) and not isinstance(inside, bool) and random.random() < 0.3:
        return random.choice((-inside, inside * 1e6, str(inside), inside + 0.5, round(inside)))
    return _value(random)


def _change_object(inside: dict[str, Any], random: Random) -> dict[str, Any]:
    key, other = random.choice(list(inside)), random.choice(list(inside))
    match random.randrange(8):
        case 0:
            return {name: value for name, value in inside.items() if name != key}
        case 1:
            return {**inside, key: inside[other]}
        case 2:
            return {**inside, key: [inside[key]]}
        case 3:
            return {**inside, key: {"value": inside[key]}}
        case _:
            return {**inside, key: _change(inside[key], random)}


def change_fields(payload: bytes, random: Random) -> bytes:
    message = json.loads(payload)
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        message = _change(message, random)
    return json.dumps(message, ensure_ascii=random.random() < 0.5).encode("utf-8", "replace")


def nest(payload: bytes, random: Random) -> bytes:
    """Depth, doubled keys, lone surrogates, numbers too long: what JSON allows and nobody wants."""
    inner = payload.strip()
    key = random.choice(re.findall(rb'"(\w+)"\s*:', inner) or [b"a"])
    match random.randrange(6):
        case 0:
            return inner[:-1] + b', "' + key + b'": ' + b"[" * _DEEP + b"]" * _DEEP + b"}"
        case 1:
            return inner[:-1] + b', "' + key + b'": ' + b'{"a":' * _DEEP + b"1" + b"}" * _DEEP + b"}"
        case 2:
            return inner[:-1] + b', "' + key + b'": "\\ud800"}'
        case 3:
            return inner[:-1] + b', "' + key + b'": ' + b"9" * random.choice((20, 400, 5000)) + b"}"
        case 4:
            return inner[:-1] + b', "' + key + b'": 1e' + b"9" * random.choice((3, 20)) + b"}"
        case _:
            return b"[" + inner + b"]"


JSON: tuple[Mutation, ...] = (*(change_fields,) * 8, nest, *BYTES)


# 160-byte packets and containers


def change_word(payload: bytes, random: Random) -> bytes:
    if len(payload) < 4:
        return flip_bits(payload, random)
    place = 4 * random.randrange(len(payload) // 4)
    number = random.choice((0, 1, -1, 255, 99999, 12345678, 2**31 - 1, -(2**31), random.randrange(1 << 31)))
    return payload[:place] + struct.pack(">i", number) + payload[place + 4 :]


AVRO_SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "alert",
    "fields": [
        {"name": "alert_type", "type": "string"},
        {"name": "time_created", "type": "string"},
        {"name": "superevent_id", "type": "string"},
        {"name": "far", "type": ["null", "double"]},
        {"name": "instruments", "type": {"type": "array", "items": "string"}},
        {"name": "classification", "type": {"type": "map", "values": "double"}},
        {"name": "skymap", "type": "bytes"},
    ],
}


def avro_bytes(value: bytes) -> bytes:
    """Length and content, as Avro writes texts and bytes."""
    length, found = 2 * len(value), bytearray()
    while length > 0x7F:
        found.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([*found, length]) + value


def avro_container(
    block: bytes, *, codec: bytes = b"null", schema: object = AVRO_SCHEMA, count: bytes = b"\x02"
) -> bytes:
    """A container of one record."""
    if codec == b"deflate":
        packer = zlib.compressobj(wbits=-15)
        block = packer.compress(block) + packer.flush()
    head = b"\x04" + avro_bytes(b"avro.schema") + avro_bytes(json.dumps(schema).encode())
    head += avro_bytes(b"avro.codec") + avro_bytes(codec) + b"\0"
    return b"Obj\x01" + head + bytes(16) + count + avro_bytes(block) + bytes(16)


def avro_block(*texts: bytes, far: float = 3.2e-10, skymap: bytes = b"no map") -> bytes:
    """One record of that schema."""
    lists = b"\x02" + avro_bytes(b"H1") + b"\0\x02" + avro_bytes(b"BNS") + struct.pack("<d", 0.9) + b"\0"
    return b"".join(map(avro_bytes, texts)) + b"\x02" + struct.pack("<d", far) + lists + avro_bytes(skymap)


def change_record(_payload: bytes, random: Random) -> bytes:
    """A container whose values, schema, block or count are odd, and whose frame is right."""
    texts = [b"UPDATE", b"2031-05-06T07:06:35Z", b"S310506a"]
    texts[random.randrange(3)] = random.choice(TEXTS).encode()
    far = float(random.choice([number for number in NUMBERS if number != 10**400]))
    block = avro_block(*texts, far=far, skymap=random.randbytes(random.choice((0, 40))))
    schema: Any = AVRO_SCHEMA
    match random.randrange(6):
        case 0:
            block = random.choice(BYTES)(block, random)
        case 1:
            schema = _change(AVRO_SCHEMA, random)
        case 2:
            return avro_container(block, count=random.choice((b"\0", b"\x01", b"\x04", b"\xff" * 9 + b"\x01", b"\x7f")))
    return avro_container(block, codec=random.choice((b"null", b"null", b"deflate", b"snappy")), schema=schema)


AVRO: tuple[Mutation, ...] = (change_record, change_record, change_record, *BYTES)
PACKET: tuple[Mutation, ...] = (change_word, change_word, change_word, flip_bits, *BYTES)


def mutate(payload: bytes, mutations: tuple[Mutation, ...], random: Random) -> bytes:
    """One to three mutations, one after the other; of what is no longer of its format, bytes only."""
    for _ in range(random.choice((1, 1, 2, 3))):
        try:
            payload = random.choice(mutations)(payload, random)
        except (ArithmeticError, RecursionError, ValueError):
            payload = random.choice(BYTES)(payload, random)
        payload = payload[:_LARGEST_BYTES]
    return payload
