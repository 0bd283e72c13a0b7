"""Fields of a message, and which of them were used: what no value was made from is named, never lost in silence."""

import math
from collections.abc import Iterator, Mapping

_TRUE = frozenset({"true", "1", "yes", "t"})
_FALSE = frozenset({"false", "0", "no", "f"})


class Fields:
    """Named fields of a message; reading one marks it as used.

    Parameters
    ----------
    values
        Name to value: texts of a VOEvent (``Name`` or ``Group/Name``) or anything JSON holds.
    prefix
        Put before the names of dropped fields, for objects inside objects.
    """

    __slots__ = ("_children", "_missing", "_prefix", "_used", "_values")

    def __init__(self, values: Mapping[str, object], *, prefix: str = "") -> None:
        self._values = values
        self._prefix = prefix
        self._used: set[str] = set()
        self._missing: list[str] = []
        self._children: dict[str, Fields] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def raw(self, name: str) -> object:
        """Value as it is, marked as used where there is one; None without."""
        value = self._values.get(name)
        if value is not None:
            self._used.add(name)
        return value

    def peek(self, name: str) -> object:
        """Value as it is, not marked as used; None without."""
        return self._values.get(name)

    def text(self, name: str) -> str | None:
        """Text of a field, stripped; numbers become text; None where absent, empty or something else."""
        value = self._values.get(name)
        if isinstance(value, str):
            value = value.strip()
        elif isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        else:
            return None
        if value:
            self._used.add(name)
        return value or None

    def number(self, name: str) -> float | None:
        """Finite number of a field; None where absent or not a finite number (it is then a dropped field)."""
        number = as_number(self._values.get(name))
        if number is not None:
            self._used.add(name)
        return number

    def integer(self, name: str) -> int | None:
        """Whole number of a field, decimal or ``0x`` hexadecimal; None where absent or not whole."""
        value = self._values.get(name)
        if isinstance(value, str):
            number = _whole(value.strip())
        elif isinstance(value, int) and not isinstance(value, bool):
            number = value
        elif isinstance(value, float) and value.is_integer():
            number = int(value)
        else:
            number = None
        if number is not None:
            self._used.add(name)
        return number

    def flag(self, name: str) -> bool | None:
        """Truth of a field: JSON booleans, 0 and 1, and the words for them; None where absent or something else."""
        truth = as_flag(self._values.get(name))
        if truth is not None:
            self._used.add(name)
        return truth

    def texts(self, name: str) -> tuple[str, ...]:
        """Texts of a field that may be one value or a list of them; empty where there is none."""
        value = self._values.get(name)
        items = value if isinstance(value, list) else [value]
        found = tuple(str(item).strip() for item in items if isinstance(item, str | int) and str(item).strip())
        if found:
            self._used.add(name)
        return found

    def inside(self, name: str) -> "Fields | None":
        """Fields of the object in a field; None where there is no object."""
        if name in self._children:
            return self._children[name]
        value = self._values.get(name)
        if not isinstance(value, Mapping):
            return None
        self._used.add(name)
        self._children[name] = Fields(value, prefix=f"{self._prefix}{name}.")
        return self._children[name]

    def use(self, *names: str) -> None:
        """Mark fields as used that steered the decoding without becoming a value."""
        self._used.update(names)

    def drop(self, name: str) -> None:
        """Name a field as dropped: it was expected and is absent, or is there and is no use."""
        self._used.discard(name)
        if name not in self._values:
            self._missing.append(name)

    def expect(self, *names: str) -> None:
        """Name as dropped whichever of these fields are absent or null."""
        self._missing.extend(name for name in names if self._values.get(name) is None)

    def dropped(self) -> list[str]:
        """Names of the fields no value was made from, and of those missed; a group with none used is named once."""
        used = self._used
        used_groups = {name.partition("/")[0] for name in used if "/" in name}
        names = dict.fromkeys(self._missing)
        for name, value in self._values.items():
            if name in used or value is None:
                continue
            group, slash, _ = name.partition("/")
            names[group if slash and group not in used_groups else name] = None
        found = [self._prefix + name for name in names]
        for child in self._children.values():
            found.extend(child.dropped())
        return found


def as_number(value: object) -> float | None:
    """Finite float of a number or of a text that is one; None for everything else."""
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return None
    elif isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            return None
    else:
        return None
    return number if math.isfinite(number) else None


def as_flag(value: object) -> bool | None:
    """Truth of a JSON boolean, of 0 or 1, or of a word for it; None for everything else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str | int):
        word = str(value).strip().lower()
        return True if word in _TRUE else False if word in _FALSE else None
    return None


def _whole(text: str) -> int | None:
    if len(text) > 40:
        return None
    try:
        return int(text, 16) if text[:2].lower() == "0x" else int(text)
    except ValueError:
        return None
