"""Numbers as they stand in a text. Pure."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

#: An unsigned number, with its exponent in any of the ways circulars write one: 1.8e-07, 1.2x10^-11, 1.2 x 10^-11.
_MAGNITUDE = r"\d+(?:\.\d+)?(?:[eE][+-]?\d+(?![\w.])|\s?[x*]\s?10\^?\(?[+-]?\d+\)?)?"
#: Its sign, unless the character is a dash of a range (75-2000), a date, or part of +/-.
_SIGN = r"(?:(?<![\w.)])(?<!\+/)[+-])?"
_NUMBER = re.compile(_SIGN + _MAGNITUDE)
_POWER = re.compile(r"\s?[x*]\s?10\^?\(?([+-]?\d+)\)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberToken:
    """A number in a text: characters [start, stop)."""

    text: str
    start: int
    stop: int


def number_tokens(text: str) -> list[NumberToken]:
    """All numbers of a text in their order, digits within names and dates among them."""
    return [NumberToken(text=found[0], start=found.start(), stop=found.end()) for found in _NUMBER.finditer(text)]


def decimal(token: str) -> Decimal | None:
    """Value of a number as printed, None where it is none."""
    try:
        return Decimal(_POWER.sub(r"e\1", token))
    except InvalidOperation:
        return None


def rounds_to(value: float, token: str, *, at_least_as_fine_as: str) -> bool:
    """Whether `value`, rounded to the digits of `token`, is what `token` says.

    Parameters
    ----------
    value
        The number meant.
    token
        The number printed.
    at_least_as_fine_as
        A number printed with the digits that are due: a coarser `token` does not count.
    """
    printed, due = decimal(token), decimal(at_least_as_fine_as)
    if printed is None or due is None:
        return False
    step, due_step = _last_place(printed), _last_place(due)
    return step <= due_step and abs(Decimal(repr(value)) - printed) <= step * Decimal("0.5000001")


def last_place(token: str) -> float:
    """Size of one unit in the last digit of a number as printed: 0.001 for ``12.345``."""
    value = decimal(token)
    return 0.0 if value is None else float(_last_place(value))


def _last_place(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    return Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)
