"""A table of a configuration file, read strictly: every value typed, every key known, or the file and key are named."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tocsin.domain.errors import ConfigurationError

T = TypeVar("T", bound=str)
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")


class Table:
    """One table; each key is read by its type, and `finish` refuses what nobody asked for.

    A key that is absent is an error unless the call gives a default. Methods raise ConfigurationError, which names the
    file and the key.

    Parameters
    ----------
    values
        The table as parsed.
    file
        File it is from.
    key
        Where it stands in the file, dotted; empty for the whole file.
    """

    __slots__ = ("_file", "_key", "_known", "_values")

    def __init__(self, values: object, *, file: str, key: str = "") -> None:
        self._file, self._key = file, key
        if not isinstance(values, Mapping):
            raise ConfigurationError("a table is expected", file=file, key=key or "(whole file)")
        self._values: Mapping[str, Any] = values
        self._known: set[str] = set()

    def __contains__(self, name: str) -> bool:
        self._known.add(name)
        return name in self._values

    @property
    def names(self) -> tuple[str, ...]:
        """Keys of the table, in the order of the file."""
        return tuple(map(str, self._values))

    def error(self, name: str, message: str) -> ConfigurationError:
        """Error that names the file and the key (the table where `name` is empty), for the caller to raise."""
        return ConfigurationError(message, file=self._file, key=self._dotted(name))

    def finish(self) -> None:
        """Refuse keys that were not read.

        Raises
        ------
        ConfigurationError
            There is one; the first by the alphabet is named.
        """
        for name in sorted(set(map(str, self._values)) - self._known):
            raise self.error(name, f"unknown key; known are {', '.join(sorted(self._known))}")

    def value(self, name: str) -> Any:
        """Value as it was parsed, for the caller to check."""
        self._known.add(name)
        if name not in self._values:
            raise self.error(name, "is missing")
        return self._values[name]

    def text(self, name: str, default: str | None = None) -> str:
        """Text that is not empty."""
        if default is not None and name not in self:
            return default
        value = self.value(name)
        if not isinstance(value, str) or not value.strip():
            raise self.error(name, "a text is expected")
        return value.strip()

    def optional_text(self, name: str) -> str | None:
        """Text that is not empty, None where there is none."""
        return self.text(name) if name in self else None

    def number(self, name: str, *, above: float | None = None) -> float:
        """Number, above a limit where one is given."""
        return self._number(name, self.value(name), above)

    def number_within(self, name: str, low: float, high: float, default: float | None = None) -> float:
        """Number from `low` to `high`."""
        if default is not None and name not in self:
            return default
        value = self._number(name, self.value(name), None)
        if not low <= value <= high:
            raise self.error(name, f"a number from {low:g} to {high:g} is expected")
        return value

    def integer(self, name: str, *, least: int) -> int:
        """Whole number, at least `least`."""
        value = self.value(name)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self.error(name, f"a whole number of at least {least} is expected")
        return value

    def integer_within(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """Whole number from `low` to `high`."""
        value = self.number_within(name, low, high, default)
        if value != int(value):
            raise self.error(name, "a whole number is expected")
        return int(value)

    def flag(self, name: str, default: bool | None = None) -> bool:
        """True or false."""
        if default is not None and name not in self:
            return default
        value = self.value(name)
        if not isinstance(value, bool):
            raise self.error(name, "true or false is expected")
        return value

    def texts(self, name: str) -> frozenset[str]:
        """List of texts; empty where the key is absent."""
        if name not in self:
            return frozenset()
        values = self.value(name)
        if not isinstance(values, list) or not values or not all(isinstance(v, str) and v for v in values):
            raise self.error(name, "a list of texts is expected")
        return frozenset(values)

    def list_of_texts(self, name: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """Texts in the order of the file."""
        if default is not None and name not in self:
            return tuple(default)
        values = self.value(name)
        if not isinstance(values, list) or not all(isinstance(item, str) and item for item in values):
            raise self.error(name, "a list of texts is expected")
        return tuple(values)

    def choice(self, name: str, allowed: Iterable[str], default: str | None = None) -> str:
        """Text that is one of `allowed`."""
        value, known = self.text(name, default), sorted(allowed)
        if value not in known:
            raise self.error(name, f"{value!r} is none of {', '.join(known)}")
        return value

    def clock_time(self, name: str, default: time | None = None) -> time:
        """Wall-clock time, ``HH:MM`` or a TOML time."""
        if default is not None and name not in self:
            return default
        value = self.value(name)
        if isinstance(value, time):
            return value.replace(tzinfo=None)
        found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise self.error(name, "a time of day like 09:00 is expected")
        return time(int(found[1]), int(found[2]), int(found[3] or 0))

    def day(self, name: str) -> date:
        """Date, as a text or a TOML date."""
        value = self.value(name)
        if isinstance(value, datetime) or not isinstance(value, date | str):
            raise self.error(name, "a date like 2026-01-05 is expected")
        try:
            return date.fromisoformat(value) if isinstance(value, str) else value
        except ValueError as error:
            raise self.error(name, f"{value!r} is no date") from error

    def moment(self, name: str) -> datetime:
        """Date and time: aware if it names an offset, else wall-clock time of whoever asks."""
        value = self.value(name)
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        except ValueError as error:
            raise self.error(name, f"{value!r} is no date and time") from error
        if not isinstance(moment, datetime):
            raise self.error(name, "a date and time like 2026-12-24T18:00:00 is expected")
        return moment

    def zone(self, name: str, default: ZoneInfo | None = None) -> ZoneInfo:
        """Time zone, by its IANA name."""
        if default is not None and name not in self:
            return default
        zone = self.text(name)
        try:
            return ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise self.error(name, f"{zone!r} is no time zone (IANA name, e.g. Europe/Paris)") from error

    def pairs_of_texts(self, name: str) -> list[tuple[str, str]]:
        """List of pairs of texts; empty where the key is absent."""
        if name not in self:
            return []
        values = self.value(name)
        if not isinstance(values, list):
            raise self.error(name, "a list of pairs of texts is expected")
        for one in values:
            if not isinstance(one, list) or len(one) != 2 or not all(isinstance(text, str) for text in one):
                raise self.error(name, "a list of pairs of texts is expected")
        return [(first, last) for first, last in values]

    def members(self, name: str, known: Iterable[T], *, may_be_empty: bool = False) -> frozenset[T]:
        """List of members of an enumeration; empty where the key is absent (or, if told, where the list is)."""
        by_value = {str(member): member for member in known}
        if may_be_empty and self._values.get(name) == []:
            self.value(name)
            return frozenset()
        found = self.texts(name)
        for value in sorted(found - by_value.keys()):
            raise self.error(name, f"{value!r} is none of {', '.join(sorted(by_value))}")
        return frozenset(by_value[value] for value in found)

    def member(self, name: str, known: Iterable[T]) -> T:
        """One member of an enumeration."""
        by_value = {str(member): member for member in known}
        value = self.text(name)
        if value not in by_value:
            raise self.error(name, f"{value!r} is none of {', '.join(sorted(by_value))}")
        return by_value[value]

    def numbers(self, name: str) -> dict[str, float]:
        """Table of numbers by name; empty where the key is absent."""
        if name not in self:
            return {}
        values = self.value(name)
        if not isinstance(values, Mapping) or not values:
            raise self.error(name, "a table of numbers is expected")
        return {str(key): self._number(f"{name}.{key}", value, None) for key, value in values.items()}

    def choices(self, name: str) -> dict[str, frozenset[bool | float | str]]:
        """Table of lists of values by name; empty where the key is absent."""
        if name not in self:
            return {}
        values = self.value(name)
        if not isinstance(values, Mapping) or not values:
            raise self.error(name, "a table of lists is expected")
        for key, listed in values.items():
            if not isinstance(listed, list) or not all(isinstance(v, bool | int | float | str) for v in listed):
                raise self.error(f"{name}.{key}", "a list of values is expected")
        return {str(key): frozenset(listed) for key, listed in values.items()}

    def interval(self, name: str) -> tuple[float, float]:
        """Two numbers, the first below the second."""
        values = self.value(name)
        if not isinstance(values, list) or len(values) != 2:
            raise self.error(name, "two numbers are expected: [start, stop]")
        start, stop = (self._number(name, value, None) for value in values)
        if not start < stop:
            raise self.error(name, "the start must come before the stop")
        return start, stop

    def child(self, name: str) -> "Table":
        """Table inside this one."""
        return Table(self.value(name), file=self._file, key=self._dotted(name))

    def tables(self, name: str) -> dict[str, "Table"]:
        """Tables by name inside a table, in the order of the file; empty where the key is absent."""
        if name not in self:
            return {}
        values = self.value(name)
        if not isinstance(values, Mapping) or not values:
            raise self.error(name, "tables by name are expected")
        return {str(key): Table(v, file=self._file, key=self._dotted(f"{name}.{key}")) for key, v in values.items()}

    def children(self, name: str) -> tuple["Table", ...]:
        """Tables of a list, counted from 1 in messages; empty where the key is absent."""
        if name not in self:
            return ()
        values = self.value(name)
        if not isinstance(values, list):
            raise self.error(name, f"a list of tables is expected: [[{name}]]")
        return tuple(
            Table(value, file=self._file, key=f"{self._dotted(name)}[{count}]") for count, value in enumerate(values, 1)
        )

    def _number(self, name: str, value: object, above: float | None) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < float("inf"):
            raise self.error(name, "a number is expected")
        if above is not None and not value > above:
            raise self.error(name, f"a number above {above:g} is expected")
        return float(value)

    def _dotted(self, name: str) -> str:
        return ".".join(part for part in (self._key, name) if part)
