"""A shift that somebody offers to others, and what became of the offer. Pure values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OfferState(StrEnum):
    """Where an offer stands."""

    OPEN = "open"
    TAKEN = "taken"
    WITHDRAWN = "withdrawn"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftOffer:
    """One person's time on call, offered to others: taken, somebody else stands in, from when it is taken.

    Parameters
    ----------
    id
        Its number.
    giver_id
        Whose time it is.
    start_utc, stop_utc
        Half-open interval that is offered.
    offered_utc
        When it was offered.
    named_id
        The only person who may take it; None: anybody.
    reason
        For people.
    taker_id, taken_utc
        Who took it, and when.
    withdrawn_utc, withdrawn_by
        When it was withdrawn, or taken back, and by whom.
    """

    id: int
    giver_id: str
    start_utc: datetime
    stop_utc: datetime
    offered_utc: datetime
    named_id: str | None = None
    reason: str = ""
    taker_id: str | None = None
    taken_utc: datetime | None = None
    withdrawn_utc: datetime | None = None
    withdrawn_by: str | None = None

    def state(self, now: datetime) -> OfferState:
        """Where it stands at `now`."""
        if self.withdrawn_utc is not None:
            return OfferState.WITHDRAWN
        if self.stop_utc <= now:
            return OfferState.OVER
        return OfferState.OPEN if self.taker_id is None else OfferState.TAKEN

    def covered(self) -> tuple[datetime, datetime] | None:
        """Interval in which the taker stands in: not before it was taken, nor after it was taken back; None: never."""
        if self.taker_id is None or self.taken_utc is None:
            return None
        start = max(self.start_utc, self.taken_utc)
        stop = self.stop_utc if self.withdrawn_utc is None else min(self.stop_utc, self.withdrawn_utc)
        return (start, stop) if start < stop else None
