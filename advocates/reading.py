"""Strict reading of configuration tables: a wrong, missing or unknown setting names its file and key."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tocsin.domain.errors import ConfigurationError

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of a configuration file, read key by key.

    Parameters
    ----------
    values
        As parsed from TOML.
    file
        File it is from.
    path
        Dotted key of the table within the file, empty at the top.
    """

    values: Mapping[str, Any]
    file: str
    path: str = ""

    def wrong(self, key: str, message: str) -> ConfigurationError:
        """Error about `key` of this table, to be raised by the caller."""
        return ConfigurationError(message, file=self.file, key=self.key(key))

    def key(self, key: str) -> str:
        """Dotted name of `key` within the file."""
        return f"{self.path}.{key}" if self.path else key

    def only(self, allowed: Iterable[str]) -> "Table":
        """The same table, once it is proven to hold no other keys.

        Raises
        ------
        ConfigurationError
            A key is not among `allowed`.
        """
        known = sorted(allowed)
        for key in self.values:
            if key not in known:
                raise self.wrong(key, f"unknown setting; known are {', '.join(known)}")
        return self

    def text(self, key: str, default: str | None = None) -> str:
        """Text under `key`."""
        value = self.values.get(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.wrong(key, "a text is needed")
        return value

    def optional_text(self, key: str) -> str | None:
        """Text under `key`, None where there is none."""
        return self.text(key) if key in self.values else None

    def texts(self, key: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """Texts under `key`."""
        value = self.values.get(key, default)
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) and item for item in value):
            raise self.wrong(key, "a list of texts is needed")
        return tuple(value)

    def number(self, key: str, default: float | None = None, *, low: float, high: float) -> float:
        """Number under `key`, from `low` to `high`."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise self.wrong(key, f"a number from {low:g} to {high:g} is needed")
        return float(value)

    def whole(self, key: str, default: int | None = None, *, low: int, high: int) -> int:
        """Whole number under `key`, from `low` to `high`."""
        value = self.number(key, default, low=low, high=high)
        if value != int(value):
            raise self.wrong(key, "a whole number is needed")
        return int(value)

    def choice(self, key: str, allowed: Iterable[str], default: str | None = None) -> str:
        """Text under `key`, one of `allowed`."""
        value, known = self.text(key, default), sorted(allowed)
        if value not in known:
            raise self.wrong(key, f"{value!r} is not one of {', '.join(known)}")
        return value

    def clock_time(self, key: str, default: str | None = None) -> time:
        """Wall-clock time under `key`, ``HH:MM`` or a TOML time."""
        value = self.values.get(key, default)
        if isinstance(value, time):
            return value.replace(tzinfo=None)
        found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise self.wrong(key, "a time of day like 09:00 is needed")
        return time(int(found[1]), int(found[2]), int(found[3] or 0))

    def day(self, key: str) -> date:
        """Date under `key`."""
        value = self.values.get(key)
        if isinstance(value, datetime) or not isinstance(value, (date, str)):
            raise self.wrong(key, "a date like 2026-01-05 is needed")
        try:
            return date.fromisoformat(value) if isinstance(value, str) else value
        except ValueError as error:
            raise self.wrong(key, f"{value!r} is no date") from error

    def moment(self, key: str) -> datetime:
        """Date and time under `key`: aware if it names an offset, else wall-clock time of whoever asks."""
        value = self.values.get(key)
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        except ValueError as error:
            raise self.wrong(key, f"{value!r} is no date and time") from error
        if not isinstance(moment, datetime):
            raise self.wrong(key, "a date and time like 2026-12-24T18:00:00 is needed")
        return moment

    def zone(self, key: str, default: ZoneInfo | None = None) -> ZoneInfo:
        """Time zone under `key`, by its IANA name."""
        if key not in self.values and default is not None:
            return default
        name = self.text(key)
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise self.wrong(key, f"{name!r} is no time zone (IANA name, e.g. Europe/Paris)") from error

    def table(self, key: str) -> "Table":
        """Table under `key`."""
        value = self.values.get(key)
        if not isinstance(value, Mapping):
            raise self.wrong(key, "a table is needed")
        return Table(values=value, file=self.file, path=self.key(key))

    def tables(self, key: str) -> tuple["Table", ...]:
        """Tables of the array under `key`; none where the key is missing."""
        value = self.values.get(key, [])
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, Mapping) for item in value):
            raise self.wrong(key, "an array of tables is needed")
        path = self.key(key)
        return tuple(Table(values=item, file=self.file, path=f"{path}[{i}]") for i, item in enumerate(value))
