"""What the routes of the archive of rates need: a way to read it, what may be given out, and the book of requests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tocsin.domain.light_curves import LightCurve
from tocsin.store.usage import UsageBook


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveHolding:
    """What the archive holds of one instrument."""

    instrument: str
    days: int
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveDesk:
    """The archive of rates, as partners see it.

    Parameters
    ----------
    read
        ``read(instrument, start_utc, stop_utc, t0_utc, bin_s)``; raises as `RateArchive.read`.
    holdings
        What may be given out, and how much there is of it.
    served
        Names of the instruments that may be given out.
    book
        Where requests are counted.
    """

    read: Callable[[str, datetime, datetime, datetime, float | None], LightCurve]
    holdings: Callable[[], Sequence[ArchiveHolding]]
    served: frozenset[str]
    book: UsageBook
