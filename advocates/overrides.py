"""Overrides: exceptions to a rota, for a stretch of time. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tocsin.domain.people import Person


class OverrideKind(StrEnum):
    """What an override does to the people on call."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"
    SWAP = "swap"
    COVER = "cover"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """An exception within [start, stop).

    Parameters
    ----------
    kind
        ``add`` puts `person` on call, ``remove`` takes `person` off, ``replace`` lets `other` do what `person` would
        (everybody's work where `person` is None), ``swap`` exchanges `person` and `other`, ``cover`` lets `other` stand
        in for `person` wherever `person` is on call and `other` is not: it never leaves fewer people.
    start_utc, stop_utc
        Half-open interval.
    person, other
        Who; see `kind`.
    reason
        For people.
    offer_id
        Offer of a shift that it comes from; None: the file.
    """

    kind: OverrideKind
    start_utc: datetime
    stop_utc: datetime
    person: Person | None = None
    other: Person | None = None
    reason: str = ""
    offer_id: int | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it is in force at `now`."""
        return self.start_utc <= now < self.stop_utc

    def applied(self, people: tuple[Person, ...]) -> tuple[Person, ...]:
        """People on call once the override is in force."""
        match self.kind:
            case OverrideKind.ADD:
                return _once((*people, self.person))
            case OverrideKind.REMOVE:
                return tuple(person for person in people if person != self.person)
            case OverrideKind.REPLACE if self.person is None:
                return _once((self.other,))
            case OverrideKind.REPLACE:
                return _once(tuple(self.other if person == self.person else person for person in people))
            case OverrideKind.COVER:
                is_fit = self.person in people and self.other is not None and self.other not in people
                return _once(tuple(self.other if one == self.person else one for one in people)) if is_fit else people
            case OverrideKind.SWAP:
                exchange = {self.person: self.other, self.other: self.person}
                return _once(tuple(exchange.get(person, person) for person in people))


def _once(people: tuple[Person | None, ...]) -> tuple[Person, ...]:
    seen: dict[str, Person] = {}
    for person in people:
        if person is not None:
            seen.setdefault(person.id, person)
    return tuple(seen.values())
