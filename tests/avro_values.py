"""Avro containers of JSON-able values, as a producer writes them: the schema follows from the value."""

import json
import struct
from collections.abc import Callable, Mapping
from typing import Any

_SYNC = bytes(range(16))


def avro_of_json(payload: bytes) -> bytes:
    """Object container with one record that says what a JSON message says."""
    schema, block = _encoded(json.loads(payload), "alert")
    metadata = {"avro.schema": json.dumps(schema).encode(), "avro.codec": b"null"}
    head = _long(len(metadata)) + b"".join(_bytes(key.encode()) + _bytes(one) for key, one in metadata.items()) + b"\0"
    return b"Obj\x01" + head + _SYNC + _long(1) + _long(len(block)) + block + _SYNC


def _encoded(value: object, name: str) -> tuple[Any, bytes]:
    """Schema of a value, and the value by it."""
    if isinstance(value, Mapping):
        inner = {key: _encoded(one, f"{name}_{key}") for key, one in value.items()}
        fields = [{"name": key, "type": schema} for key, (schema, _) in inner.items()]
        return {"type": "record", "name": name, "fields": fields}, b"".join(block for _, block in inner.values())
    if isinstance(value, list):
        items = [_encoded(one, f"{name}_item") for one in value]
        block = _long(len(items)) + b"".join(one for _, one in items) if items else b""
        return {"type": "array", "items": items[0][0] if items else "null"}, block + b"\0"
    return next((kind, write(value)) for held, kind, write in _SCALARS if isinstance(value, held))


def _long(value: int) -> bytes:
    zigzag, found = (value << 1) ^ (value >> 63), bytearray()
    while zigzag > 0x7F:
        found.append((zigzag & 0x7F) | 0x80)
        zigzag >>= 7
    return bytes([*found, zigzag])


def _bytes(value: bytes) -> bytes:
    return _long(len(value)) + value


#: Types of Python, their names in Avro, and how they are written; a truth value is an integer too, so it comes first.
_SCALARS: tuple[tuple[type, str, Callable[[Any], bytes]], ...] = (
    (type(None), "null", lambda _: b""),
    (bool, "boolean", lambda value: bytes([value])),
    (int, "long", _long),
    (float, "double", lambda value: struct.pack("<d", value)),
    (str, "string", lambda value: _bytes(value.encode())),
)
