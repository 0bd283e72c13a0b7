"""Times in queries: every form of ISO 8601 that Python reads, leap seconds, and offsets whose plus became a blank."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from tocsin.domain.clock import to_utc

#: Nearer to the ends of what a datetime holds, no margin can be added; nothing was or will be there.
_FIRST, _LAST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)
#: In a query "+" means a blank: "2023-05-18T12:59:08+02:00" comes with one, unless it was sent as %2B.
_LOST_PLUS = re.compile(r"(T\d{2}:?\d{2}\S*) (\d{2}:?\d{2})\Z")


def read_time(value: Any) -> Any:
    """UTC of a text; what is no ISO 8601 is given back, for Pydantic to judge (a number is a Unix time).

    Raises
    ------
    ValueError
        The time is beyond what can be held.
    """
    if not isinstance(value, str):
        return value
    try:
        return to_utc(_LOST_PLUS.sub(r"\1+\2", value.strip()))
    except ValueError as error:
        if isinstance(error.__cause__, OverflowError):
            raise
        return value


def _held(moment: datetime) -> datetime:
    return min(max(to_utc(moment), _FIRST), _LAST)


#: A time of a query, aware UTC.
UtcTime = Annotated[datetime, BeforeValidator(read_time), AfterValidator(_held)]
