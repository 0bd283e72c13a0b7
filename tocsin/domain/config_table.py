"""A table of a configuration file, read strictly: every value typed, every key known, or the file and key are named."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from tocsin.domain.errors import ConfigurationError

T = TypeVar("T", bound=str)


class Table:
    """One table; each key is read by its type, and `finish` refuses what nobody asked for.

    Parameters
    ----------
    values
        The table as parsed.
    file
        File it is from.
    key
        Where it stands in the file, dotted; empty for the whole file.
    """

    __slots__ = ("_file", "_key", "_read", "_values")

    def __init__(self, values: object, *, file: str, key: str = "") -> None:
        self._file, self._key = file, key
        if not isinstance(values, Mapping):
            raise ConfigurationError("a table is expected", file=file, key=key or "(whole file)")
        self._values: Mapping[str, Any] = values
        self._read: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._values

    @property
    def names(self) -> tuple[str, ...]:
        """Keys of the table, in the order of the file."""
        return tuple(map(str, self._values))

    def error(self, name: str, message: str) -> ConfigurationError:
        """Error that names the file and the key."""
        return ConfigurationError(message, file=self._file, key=self._dotted(name))

    def finish(self) -> None:
        """Refuse keys that were not read.

        Raises
        ------
        ConfigurationError
            There is one; the first by the alphabet is named.
        """
        for name in sorted(set(map(str, self._values)) - self._read):
            raise self.error(name, "unknown key")

    def text(self, name: str) -> str:
        """Text that is not empty."""
        value = self._get(name)
        if not isinstance(value, str) or not value.strip():
            raise self.error(name, "a text is expected")
        return value.strip()

    def number(self, name: str, *, above: float | None = None) -> float:
        """Number, above a limit where one is given."""
        return self._number(name, self._get(name), above)

    def integer(self, name: str, *, least: int) -> int:
        """Whole number, at least `least`."""
        value = self._get(name)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self.error(name, f"a whole number of at least {least} is expected")
        return value

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._get(name)
        if not isinstance(value, bool):
            raise self.error(name, "true or false is expected")
        return value

    def texts(self, name: str) -> frozenset[str]:
        """List of texts; empty where the key is absent."""
        if name not in self:
            return frozenset()
        values = self._get(name)
        if not isinstance(values, list) or not values or not all(isinstance(v, str) and v for v in values):
            raise self.error(name, "a list of texts is expected")
        return frozenset(values)

    def pairs_of_texts(self, name: str) -> list[tuple[str, str]]:
        """List of pairs of texts; empty where the key is absent."""
        if name not in self:
            return []
        values = self._get(name)
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
            self._get(name)
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
        values = self._get(name)
        if not isinstance(values, Mapping) or not values:
            raise self.error(name, "a table of numbers is expected")
        return {str(key): self._number(f"{name}.{key}", value, None) for key, value in values.items()}

    def choices(self, name: str) -> dict[str, frozenset[bool | float | str]]:
        """Table of lists of values by name; empty where the key is absent."""
        if name not in self:
            return {}
        values = self._get(name)
        if not isinstance(values, Mapping) or not values:
            raise self.error(name, "a table of lists is expected")
        for key, listed in values.items():
            if not isinstance(listed, list) or not all(isinstance(v, bool | int | float | str) for v in listed):
                raise self.error(f"{name}.{key}", "a list of values is expected")
        return {str(key): frozenset(listed) for key, listed in values.items()}

    def interval(self, name: str) -> tuple[float, float]:
        """Two numbers, the first below the second."""
        values = self._get(name)
        if not isinstance(values, list) or len(values) != 2:
            raise self.error(name, "two numbers are expected: [start, stop]")
        start, stop = (self._number(name, value, None) for value in values)
        if not start < stop:
            raise self.error(name, "the start must come before the stop")
        return start, stop

    def child(self, name: str) -> "Table":
        """Table inside this one."""
        return Table(self._get(name), file=self._file, key=self._dotted(name))

    def tables(self, name: str) -> dict[str, "Table"]:
        """Tables by name inside a table, in the order of the file; empty where the key is absent."""
        if name not in self:
            return {}
        values = self._get(name)
        if not isinstance(values, Mapping) or not values:
            raise self.error(name, "tables by name are expected")
        return {str(key): Table(v, file=self._file, key=self._dotted(f"{name}.{key}")) for key, v in values.items()}

    def children(self, name: str) -> tuple["Table", ...]:
        """Tables of a list, counted from 1 in messages; empty where the key is absent."""
        if name not in self:
            return ()
        values = self._get(name)
        if not isinstance(values, list):
            raise self.error(name, f"a list of tables is expected: [[{name}]]")
        return tuple(
            Table(value, file=self._file, key=f"{self._dotted(name)}[{count}]") for count, value in enumerate(values, 1)
        )

    def _get(self, name: str) -> Any:
        self._read.add(name)
        if name not in self._values:
            raise self.error(name, "is missing")
        return self._values[name]

    def _number(self, name: str, value: object, above: float | None) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < float("inf"):
            raise self.error(name, "a number is expected")
        if above is not None and not value > above:
            raise self.error(name, f"a number above {above:g} is expected")
        return float(value)

    def _dotted(self, name: str) -> str:
        return f"{self._key}.{name}" if self._key else name
