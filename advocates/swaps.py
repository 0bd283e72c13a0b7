"""Shifts offered and taken: the rota as it is with them, what of them fits no longer, and who may do what. Pure.

A shift that was taken lies on the rota of the file as an override that can only exchange one person for another: it
makes no gap, and puts nobody on call twice. Where the file has changed since, it holds as far as it still fits.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from advocates.overrides import Override, OverrideKind
from advocates.people import People
from advocates.rota import Rota, Shift
from tocsin.domain.errors import ConflictError, NotAllowedError
from tocsin.domain.people import Person, PersonRole
from tocsin.domain.shift_offers import OfferState, ShiftOffer

#: Nobody offers what is further ahead than this.
FURTHEST = timedelta(days=400)
#: How far from a moment the ends of a shift are looked for.
_MARGIN = timedelta(days=62)
#: How far from a moment the ends of a shift are looked for.
_MARGIN = timedelta(days=62)


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """A shift that was taken, and why (a part of) it does not hold on this rota: a name that stays, and words."""

    offer: ShiftOffer
    cause: str
    words: str


def with_covers(rota: Rota, offers: Iterable[ShiftOffer], people: People) -> Rota:
    """The rota with every shift that was taken, as far as it fits.

    Parameters
    ----------
    rota
        As the file has it.
    offers
        In the order in which they were taken; those that nobody took change nothing.
    people
        The registry: who has left it, or is no advocate any more, stands in for nobody.
    """
    covers = tuple(override for one in offers if (override := _override(one, people)) is not None)
    return replace(rota, overrides=(*rota.overrides, *covers)) if covers else rota


def misfits(rota: Rota, offers: Iterable[ShiftOffer], people: People, now: datetime) -> tuple[Misfit, ...]:
    """Shifts taken that hold in part only, or not at all, from `now` on.

    Parameters
    ----------
    rota
        As the file has it.
    offers, people
        As in `with_covers`.
    now
        What is past is not looked at.
    """
    found: list[Misfit] = []
    below = rota
    for one in offers:
        covered = one.covered()
        if covered is None or covered[1] <= now:
            continue
        start, stop = max(now, covered[0]), covered[1]
        if (why := _misfit(below, one, people, start, stop)) is not None:
            head = f"{people.name_of(one.taker_id)} stands in for {people.name_of(one.giver_id)} {stretch(*covered)}"
            words = f"what was agreed no longer fits the rota: {head}, but {why[1]}"
            found.append(Misfit(offer=one, cause=why[0], words=words))
        below = with_covers(below, [one], people)
    return tuple(found)


def own_shift(rota: Rota, person: Person, at: datetime) -> Shift | None:
    """Stretch around `at` for which a person is on call, whoever else is, with its true ends; None: is not."""
    near = own_shifts(rota, person, at - _MARGIN, at + _MARGIN)
    return next((one for one in near if one.start_utc <= at < one.stop_utc), None)


def own_shifts(rota: Rota, person: Person, start: datetime, stop: datetime) -> list[Shift]:
    """Stretches of [start, stop) for which a person is on call without a break, cut off at both ends."""
    found: list[Shift] = []
    for shift in rota.shifts(start, stop):
        if person not in shift.people:
            continue
        if found and found[-1].stop_utc == shift.start_utc:
            found[-1] = replace(found[-1], stop_utc=shift.stop_utc)
        else:
            found.append(Shift(start_utc=shift.start_utc, stop_utc=shift.stop_utc, people=(person,)))
    return found


def check_offer(
    rota: Rota, giver: Person, named: Person | None, start: datetime, stop: datetime, now: datetime
) -> None:
    """Refuse an offer of what is not the giver's, or that the one named could not take.

    Raises
    ------
    ConflictError
        The stretch is over, empty or too far ahead; the giver is not on call in all of it; the one named is, in some.
    """
    if not now <= start < stop or stop > now + FURTHEST:
        raise ConflictError("what is offered must lie ahead, within 400 days, and end after it begins")
    if free := _first(rota, start, stop, lambda people: giver not in people):
        raise ConflictError(f"{giver.name} is not on call {stretch(*free)}", remedy="offer your own shift, or a part")
    if named is not None:
        check_taker(rota, giver, named, start, stop)


def check_taker(rota: Rota, giver: Person, taker: Person, start: datetime, stop: datetime) -> None:
    """Refuse somebody who could not stand in for the giver throughout [start, stop).

    Raises
    ------
    ConflictError
        They are the giver, or on call then anyhow; or the giver is not on call any more.
    """
    if taker.id == giver.id:
        raise ConflictError(f"{taker.name} has this shift already")
    if busy := _first(rota, start, stop, lambda people: taker in people):
        raise ConflictError(
            f"{taker.name} is on call already {stretch(*busy)}: nobody can be on call twice",
            remedy="let somebody else take it, or offer the parts one by one",
        )
    if free := _first(rota, start, stop, lambda people: giver not in people):
        raise ConflictError(f"{giver.name} is not on call any more {stretch(*free)}: the rota has changed")


def check_withdrawal(offer: ShiftOffer, taken: Iterable[ShiftOffer], person: Person, now: datetime) -> None:
    """Refuse a withdrawal by somebody whose it is not, or of what was passed on since.

    Raises
    ------
    NotAllowedError
        Only who gave, or an administrator, takes back.
    ConflictError
        It is withdrawn or over; or the taker gave it to somebody else since.
    """
    if person.id != offer.giver_id and PersonRole.ADMIN not in person.roles:
        is_taker = person.id == offer.taker_id
        words = "the shift is yours now: offer it to somebody" if is_taker else "it was offered by somebody else"
        raise NotAllowedError(words, remedy="only who offered it, or an administrator, can take it back")
    check_standing(offer, now)
    later = [one for one in taken if one.giver_id == offer.taker_id and one.id > offer.id]
    if any(_overlap(one.covered(), offer.covered()) and one.stop_utc > now for one in later):
        raise ConflictError("the shift was passed on since", remedy="ask whoever has it now to offer it to you")


def check_standing(offer: ShiftOffer, now: datetime) -> None:
    """Refuse to do anything with an offer that does not stand.

    Raises
    ------
    ConflictError
        It was withdrawn, or its time is over.
    """
    match offer.state(now):
        case OfferState.WITHDRAWN:
            raise ConflictError("this offer was withdrawn")
        case OfferState.OVER:
            raise ConflictError("the time of this offer is over")


def stretch(start: datetime, stop: datetime) -> str:
    """A stretch of time in words."""
    return f"from {start:%a %Y-%m-%d %H:%M} to {stop:%a %Y-%m-%d %H:%M} UTC"


def _override(offer: ShiftOffer, people: People) -> Override | None:
    """What a shift that was taken does to the rota; None: nothing."""
    covered, giver, taker = offer.covered(), people.person(offer.giver_id), _advocate(people, offer.taker_id)
    if covered is None or giver is None or taker is None:
        return None
    return Override(
        kind=OverrideKind.COVER,
        start_utc=covered[0],
        stop_utc=covered[1],
        person=giver,
        other=taker,
        reason=offer.reason,
        offer_id=offer.id,
    )


def _misfit(rota: Rota, offer: ShiftOffer, people: People, start: datetime, stop: datetime) -> tuple[str, str] | None:
    """Name and words of why a shift taken does not hold in all of [start, stop) on a rota without it; None: it does."""
    giver, taker = people.person(offer.giver_id), _advocate(people, offer.taker_id)
    if taker is None:
        return "taker-left", f"{people.name_of(offer.taker_id)} is no burst advocate any more"
    if giver is None:
        return "giver-left", f"{offer.giver_id} is nobody in the registry of people any more"
    if free := _first(rota, start, stop, lambda on_call: giver not in on_call):
        return f"free-until-{free[1]:%Y%m%dT%H%M}", f"{giver.name} is not on call {stretch(*free)}"
    if busy := _first(rota, start, stop, lambda on_call: taker in on_call):
        return f"busy-until-{busy[1]:%Y%m%dT%H%M}", f"{taker.name} is on call then already, {stretch(*busy)}"
    return None


def _first(
    rota: Rota, start: datetime, stop: datetime, is_so: Callable[[tuple[Person, ...]], bool]
) -> tuple[datetime, datetime] | None:
    """First stretch of [start, stop) whose people meet a condition."""
    found = (one for one in rota.shifts(start, stop) if is_so(one.people))
    return next(((one.start_utc, one.stop_utc) for one in found), None)


def _advocate(people: People, person_id: str | None) -> Person | None:
    person = people.person(person_id or "")
    return person if person is not None and PersonRole.ADVOCATE in person.roles else None


def _overlap(one: tuple[datetime, datetime] | None, other: tuple[datetime, datetime] | None) -> bool:
    return one is not None and other is not None and one[0] < other[1] and other[0] < one[1]
