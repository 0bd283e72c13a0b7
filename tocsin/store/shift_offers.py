"""Shifts that people offer to each other: who offered what, who took it, what was withdrawn."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from tocsin.domain.shift_offers import ShiftOffer
from tocsin.store.prepared import kept
from tocsin.store.tables import shift_offers
from tocsin.store.topic import Topic

_SINCE = bindparam("since_utc", type_=shift_offers.c.stop_utc.type)
_OFFERS = kept(select(shift_offers).where(shift_offers.c.stop_utc > _SINCE).order_by(shift_offers.c.id))
_TAKEN = kept(
    select(shift_offers)
    .where(shift_offers.c.stop_utc > _SINCE, shift_offers.c.taker_id.is_not(None))
    .order_by(shift_offers.c.taken_utc, shift_offers.c.id)
)


class ShiftOffers(Topic):
    """Offers under numbers; nothing is ever removed."""

    def add_shift_offer(
        self,
        giver_id: str,
        start_utc: datetime,
        stop_utc: datetime,
        *,
        named_id: str | None,
        reason: str,
        at_utc: datetime,
    ) -> ShiftOffer:
        """Keep a new offer; it as it is kept."""
        values = {
            "giver_id": giver_id,
            "start_utc": start_utc,
            "stop_utc": stop_utc,
            "offered_utc": at_utc,
            "named_id": named_id,
            "reason": reason,
        }
        row = self._connection.execute(shift_offers.insert().returning(shift_offers), values).one()
        return _offer(row)

    def shift_offer(self, offer_id: int) -> ShiftOffer | None:
        """One offer."""
        row = self._one(select(shift_offers).where(shift_offers.c.id == offer_id))
        return None if row is None else _offer(row)

    def shift_offers(self, since_utc: datetime) -> list[ShiftOffer]:
        """Offers of shifts that end after `since_utc`, in the order in which they were made."""
        return [_offer(row) for row in self._all(_OFFERS, since_utc=since_utc)]

    def taken_shifts(self, since_utc: datetime) -> list[ShiftOffer]:
        """Those of them that somebody took, in the order in which they were taken; taken back ones too."""
        return [_offer(row) for row in self._all(_TAKEN, since_utc=since_utc)]

    def take_shift(self, offer_id: int, taker_id: str, at_utc: datetime) -> bool:
        """Keep who takes an offer; False where it was taken or withdrawn before."""
        open_one = (
            shift_offers.c.id == offer_id,
            shift_offers.c.taker_id.is_(None),
            shift_offers.c.withdrawn_utc.is_(None),
        )
        changed = update(shift_offers).where(*open_one).values(taker_id=taker_id, taken_utc=at_utc)
        return self._connection.execute(changed).rowcount == 1

    def withdraw_shift(self, offer_id: int, person_id: str, at_utc: datetime) -> bool:
        """Keep that an offer holds no longer; False where that was so before."""
        standing = shift_offers.c.id == offer_id, shift_offers.c.withdrawn_utc.is_(None)
        changed = update(shift_offers).where(*standing).values(withdrawn_utc=at_utc, withdrawn_by=person_id)
        return self._connection.execute(changed).rowcount == 1


def _offer(row: Row[*tuple[Any, ...]]) -> ShiftOffer:
    return ShiftOffer(**{name: getattr(row, name) for name in ShiftOffer.__dataclass_fields__})
