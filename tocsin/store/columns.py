"""Column types of the store: times, labels, closed sets and JSON, the same on SQLite and PostgreSQL.

Times are whole microseconds since 1970 UTC (leap seconds as in `datetime`): they compare exactly, and no database has
an opinion on time zones. JSON is text, for PostgreSQL's own JSON types refuse U+0000, which notices may hold.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from tocsin.domain.clock import to_utc

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
JSON_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


def to_micros(moment: datetime) -> int:
    """Microseconds from 1970-01-01 UTC to `moment`, exact."""
    return (to_utc(moment) - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """Aware UTC datetime of microseconds since 1970-01-01 UTC."""
    return EPOCH + timedelta(microseconds=micros)


def to_json(value: object) -> str:
    """JSON text of a JSON-able value; sets become sorted lists, NaN becomes null."""
    try:
        return orjson.dumps(value, default=_listed, option=JSON_OPTIONS).decode()
    except TypeError:  # lone surrogates, integers over 64 bit: legal in Python's JSON alone
        return json.dumps(value, default=_listed, separators=(",", ":"))


def from_json(text: str) -> Any:
    """Value of a JSON text written by `to_json`."""
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


class PlainText(TypeDecorator[str]):
    """Text from outside: made storable on the way in."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Text the database can keep."""
        return None if value is None else storable(value)


class UtcTime(TypeDecorator[datetime]):
    """Time as whole microseconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - as above
        """Microseconds."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as above
        """Aware UTC datetime."""
        return None if value is None else from_micros(value)


class JsonText(TypeDecorator[Any]):
    """JSON as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:  # noqa: ARG002 - as above
        """JSON text."""
        return None if value is None else to_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 - as above
        """The value."""
        return None if value is None else from_json(value)


class Labels(TypeDecorator[frozenset[str]]):
    """Labels as a sorted JSON list: one text per set, so that sets can be compared in SQL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: frozenset[str] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - as above
        """Sorted JSON list."""
        return None if value is None else to_json(sorted(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[str]:  # noqa: ARG002 - as above
        """Set of labels."""
        return frozenset() if value is None else frozenset(from_json(value))


class Choice(TypeDecorator[StrEnum]):
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

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - as above
        """Its text; a value outside the set is an error."""
        return None if value is None else self.choices(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002 - as above
        """Member of the set."""
        return None if value is None else self.choices(value)

    def coerce_compared_value(self, op: object, value: object) -> TypeEngine[Any]:  # noqa: ARG002 - as above
        """Comparisons take members too."""
        return self
