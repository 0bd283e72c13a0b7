"""Column types of the store: times, labels, closed sets and JSON, the same on SQLite and PostgreSQL.

Times are whole microseconds since 1970 UTC (leap seconds as in `datetime`): they compare exactly, and no database has
an opinion on time zones. JSON is text, for PostgreSQL's own JSON types refuse U+0000, which notices may hold.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from tocsin.domain.clock import to_utc

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
JSON_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
#: What a text begins with that Python's own reader is to read: the other takes integers over 64 bit for floats.
_BY_PYTHON = " "
#: Times and sets of labels at hand: the same few are read over and over.
AT_HAND = 4096


def to_micros(moment: datetime) -> int:
    """Microseconds from 1970-01-01 UTC to `moment`, exact."""
    return (to_utc(moment) - EPOCH) // MICROSECOND


@lru_cache(maxsize=AT_HAND)
def from_micros(micros: int) -> datetime:
    """Aware UTC datetime of microseconds since 1970-01-01 UTC."""
    return EPOCH + timedelta(microseconds=micros)


def to_json(value: object) -> str:
    """JSON text of a JSON-able value; sets become sorted lists, NaN becomes null."""
    try:
        return orjson.dumps(value, default=_listed, option=JSON_OPTIONS).decode()
    except TypeError:  # lone surrogates, integers over 64 bit: legal in Python's JSON alone
        return _BY_PYTHON + json.dumps(value, default=_listed, separators=(",", ":"))


def from_json(text: str) -> Any:
    """Value of a JSON text written by `to_json`."""
    if text.startswith(_BY_PYTHON):
        return json.loads(text)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def _listed(value: object) -> object:
    """JSON-able form of what JSON has no word for."""
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, datetime):
        return to_utc(value).isoformat()
    raise TypeError(f"{type(value).__name__} is not JSON-able")


def storable(text: str) -> str:
    """`text` as both databases can keep it: no U+0000 (PostgreSQL), no lone surrogates (UTF-8); others unchanged."""
    if text.isascii():
        return text.replace("\x00", "�")
    return text.replace("\x00", "�").encode("utf-8", "replace").decode()


Conversion = Callable[[Any], Any]


class _Direct(TypeDecorator[Any]):
    """A type whose conversions are plain functions of the value, which SQLAlchemy is handed as they are.

    Its own way would be three calls for each value that is read or written.
    """

    def stored(self, value: Any) -> Any:
        """What the driver takes."""
        return value

    def found(self, value: Any) -> Any:
        """The value, of what the driver gives."""
        return value

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """What the driver takes."""
        return self.stored(value)

    def bind_processor(self, dialect: Dialect) -> Conversion:  # noqa: ARG002 - as above
        """Function to what the driver takes."""
        return self.stored

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 - as above
        """The value."""
        return self.found(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Conversion | None:  # noqa: ARG002 - as above
        """Function from what the driver gives; None where nothing needs to be done."""
        return None if type(self).found is _Direct.found else self.found


class PlainText(_Direct):
    """Text from outside: made storable on the way in."""

    impl = Text
    cache_ok = True

    def stored(self, value: str | None) -> str | None:
        """Text the database can keep."""
        return None if value is None else storable(value)


class UtcTime(_Direct):
    """Time as whole microseconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def stored(self, value: datetime | None) -> int | None:
        """Microseconds."""
        return None if value is None else to_micros(value)

    def found(self, value: int | None) -> datetime | None:
        """Aware UTC datetime."""
        return None if value is None else from_micros(value)


class JsonText(_Direct):
    """JSON as text."""

    impl = Text
    cache_ok = True

    def stored(self, value: object) -> str | None:
        """JSON text."""
        return None if value is None else to_json(value)

    def found(self, value: str | None) -> Any:
        """The value."""
        return None if value is None else from_json(value)


class Labels(_Direct):
    """Labels as a sorted JSON list: one text per set, so that sets can be compared in SQL."""

    impl = Text
    cache_ok = True

    def stored(self, value: frozenset[str] | None) -> str | None:
        """Sorted JSON list."""
        return None if value is None else to_json(sorted(value)) if value else "[]"

    def found(self, value: str | None) -> frozenset[str]:
        """Set of labels."""
        return frozenset() if value is None else _label_set(value)


@lru_cache(maxsize=AT_HAND)
def _label_set(text: str) -> frozenset[str]:
    return frozenset(from_json(text))


class Choice(_Direct):
    """One of a closed set, as text.

    Parameters
    ----------
    choices
        The set.
    """

    impl = Text
    cache_ok = True

    def __init__(self, choices: type[StrEnum]) -> None:
        super().__init__()
        self.choices = choices
        self._members = {member.value: member for member in choices}

    def stored(self, value: StrEnum | str | None) -> str | None:
        """Its text; a value outside the set is an error."""
        return None if value is None else (self._members.get(value) or self.choices(value)).value

    def found(self, value: str | None) -> StrEnum | None:
        """Member of the set; text outside it is an error."""
        return None if value is None else self._members.get(value) or self.choices(value)

    def coerce_compared_value(self, op: object, value: object) -> TypeEngine[Any]:  # noqa: ARG002 - as above
        """Comparisons take members too."""
        return self
