"""Avro object containers, as SCiMMA's Hopskotch carries LVK's alerts: enough of the format to read one message.

Schema and data come from outside: depth, number of items and decompressed size are limited, and nothing is resolved
or fetched.

References
----------
Apache Avro 1.11 specification: object container files, binary encoding.
"""

import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from tocsin.domain.errors import NoticeError

MAGIC = b"Obj\x01"
_SYNC_BYTES = 16
_DEEPEST = 40
_MOST_ITEMS = 200_000
_MOST_BYTES = 64 * 1024 * 1024
_LONGEST_VARINT_BITS = 63


def read_container(payload: bytes) -> list[object]:
    """Records of an Avro object container.

    Raises
    ------
    NoticeError
        It is cut off, compressed in an unknown way, larger than any notice, or no Avro at all.
    """
    try:
        return _read_container(payload)
    except (struct.error, zlib.error, KeyError, TypeError, ValueError, IndexError, RecursionError) as error:
        raise NoticeError(f"broken Avro: {str(error)[:200] or type(error).__name__}") from error


def _read_container(payload: bytes) -> list[object]:
    reader = _Reader(payload, len(MAGIC))
    metadata = reader.read({"type": "map", "values": "bytes"})
    schema = orjson.loads(metadata["avro.schema"])
    codec = metadata.get("avro.codec", b"null").decode()
    reader.take(_SYNC_BYTES)
    records: list[object] = []
    while not reader.is_at_end:
        count = reader.read_count()
        block = _Reader(_decompress(reader.take(reader.read_long()), codec), 0, names=reader.names)
        records.extend(block.read(schema) for _ in range(count))
        reader.take(_SYNC_BYTES)
    return records


def _decompress(block: bytes, codec: str) -> bytes:
    if codec == "null":
        return block
    if codec != "deflate":
        raise ValueError(f"codec {codec[:40]!r}")
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    content = inflater.decompress(block, _MOST_BYTES)
    if inflater.unconsumed_tail:
        raise ValueError("a block larger than any notice")
    return content


def _text(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError("a field whose name is no text")
    return name


class _Reader:
    """Reads values of a schema one after the other."""

    def __init__(self, content: bytes, position: int, *, names: dict[str, Any] | None = None) -> None:
        self._content = content
        self._position = position
        self._items = 0
        self.names: dict[str, Any] = {} if names is None else names
        self._plain: Mapping[str, Callable[[], object]] = {
            "null": lambda: None,
            "boolean": lambda: self.take(1) != b"\0",
            "int": self.read_long,
            "long": self.read_long,
            "float": lambda: struct.unpack("<f", self.take(4))[0],
            "double": lambda: struct.unpack("<d", self.take(8))[0],
            "bytes": lambda: self.take(self.read_long()),
            "string": lambda: self.take(self.read_long()).decode("utf-8"),
        }

    @property
    def is_at_end(self) -> bool:
        """Whether everything was read."""
        return self._position >= len(self._content)

    def take(self, size: int) -> bytes:
        """Next bytes."""
        end = self._position + size
        if size < 0 or end > len(self._content):
            raise ValueError("cut off")
        found = self._content[self._position : end]
        self._position = end
        return found

    def read_long(self) -> int:
        """Next zigzag integer."""
        value, shift = 0, 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return (value >> 1) ^ -(value & 1)
            shift += 7
            if shift > _LONGEST_VARINT_BITS:
                raise ValueError("an integer of more than 64 bits")

    def read_count(self) -> int:
        """Next number of items, which together must stay under a limit."""
        count = self.read_long()
        if count < 0:  # a size in bytes follows, by which the block could be skipped
            self.read_long()
            count = -count
        self._count(count)
        return count

    def read(self, schema: Any, depth: int = 0) -> Any:
        """Next value of a schema."""
        self._count(1)  # a small schema may ask for endless values that take no bytes
        if depth > _DEEPEST:
            raise ValueError("too deep")
        if isinstance(schema, list):
            return self.read(schema[self._index(len(schema))], depth + 1)
        if isinstance(schema, str):
            return self._plain[schema]() if schema in self._plain else self.read(self.names[schema], depth + 1)
        return self._read_made(schema, depth)

    def _read_made(self, schema: Mapping[str, Any], depth: int) -> Any:
        kind = schema["type"]
        if kind in {"record", "enum", "fixed"}:
            self._remember(schema)
        match kind:
            case "record":
                return {_text(field["name"]): self.read(field["type"], depth + 1) for field in schema["fields"]}
            case "enum":
                return schema["symbols"][self._index(len(schema["symbols"]))]
            case "fixed":
                return self.take(int(schema["size"]))
            case "array":
                return self._items_of(lambda: self.read(schema["items"], depth + 1))
            case "map":
                return dict(self._items_of(lambda: (self.read("string"), self.read(schema["values"], depth + 1))))
            case _:
                return self.read(kind, depth + 1)

    def _count(self, items: int) -> None:
        self._items += items
        if self._items > _MOST_ITEMS:
            raise ValueError("too many items")

    def _index(self, length: int) -> int:
        index = self.read_long()
        if not 0 <= index < length:
            raise ValueError("an index out of range")
        return index

    def _remember(self, schema: Mapping[str, Any]) -> None:
        name = str(schema["name"])
        self.names[name] = schema
        self.names[name.rpartition(".")[2]] = schema
        if "namespace" in schema:
            self.names[f"{schema['namespace']}.{name}"] = schema

    def _items_of(self, read_item: Callable[[], Any]) -> list[Any]:
        items: list[Any] = []
        while count := self.read_count():
            items.extend(read_item() for _ in range(count))
        return items
