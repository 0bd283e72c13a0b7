"""Swapping: somebody offers a shift, somebody else takes it, and both are told; from then on the taker is on call.

Offers are kept in the store and hold for every process at once. Each change is made by one transaction at a time, so
that of two who take a shift one is told that it is gone.
"""

from collections.abc import Sequence
from datetime import datetime

from advocates.rota import Rota
from advocates.swaps import (
    FURTHEST,
    check_offer,
    check_standing,
    check_taker,
    check_withdrawal,
    own_shift,
    own_shifts,
    stretch,
)
from tocsin.domain.clock import iso_utc, to_utc
from tocsin.domain.errors import ConflictError, NotAllowedError
from tocsin.domain.people import CardAction, MessagePurpose, Person, PersonRole
from tocsin.domain.shift_offers import OfferState, ShiftOffer
from tocsin.store import UnitOfWork
from tocsin.workflow.announcing import owe_announcement
from tocsin.workflow.callers import advocate
from tocsin.workflow.context import Context
from tocsin.workflow.rota_in_force import rota_in_force

#: Buttons in chat: what is pressed for is the offer's number, or for the first two the time of a handover.
OFFER_THIS, OFFER_NEXT, TAKE, WITHDRAW = "offer_this_shift", "offer_next_shift", "take_shift", "withdraw_shift"
BUTTONS = frozenset({OFFER_THIS, OFFER_NEXT, TAKE, WITHDRAW})
#: Longest reason that is kept, characters.
MOST_WORDS = 300
_LOCK = "shift offers"


def offer_shift(
    context: Context,
    giver_id: str,
    start_utc: datetime,
    stop_utc: datetime,
    via: str,
    *,
    named_id: str | None = None,
    reason: str = "",
) -> ShiftOffer:
    """Offer a stretch of a person's own time on call; what has passed of it is left out.

    Raises
    ------
    NotAllowedError
        Somebody is no advocate, or nobody.
    ConflictError
        It is not theirs, offered already, over, or the one named is on call then.
    """
    giver, now = advocate(context, giver_id), context.clock.now()
    named = None if named_id is None else advocate(context, named_id)
    start, stop, reason = max(now, to_utc(start_utc)), to_utc(stop_utc), " ".join(reason.split())[:MOST_WORDS]
    with context.store.begin() as work:
        work.lock(_LOCK)
        for one in work.shift_offers(now):
            is_open = one.giver_id == giver.id and one.state(now) is OfferState.OPEN
            if is_open and one.start_utc < stop and start < one.stop_utc:
                words = f"{giver.name} offers {stretch(one.start_utc, one.stop_utc)} already (offer {one.id})"
                raise ConflictError(words, remedy="withdraw that offer first")
        check_offer(rota_in_force(context, work), giver, named, start, stop, now=now)
        offer = work.add_shift_offer(
            giver.id, start, stop, named_id=None if named is None else named.id, reason=reason, at_utc=now
        )
        _record(work, offer, giver.id, "shift_offered", via, now)
        _tell_of_offer(context, work, offer, giver, named)
    context.wake()
    return offer


def take_shift(context: Context, offer_id: int, taker_id: str, via: str) -> ShiftOffer:
    """Take a shift that is offered: from now on, or from its beginning, the taker is on call in place of the giver.

    Raises
    ------
    NotAllowedError
        The taker is no advocate, or it is offered to somebody else.
    ConflictError
        There is no such offer, it was taken or withdrawn, is over, or would put the taker on call twice.
    """
    taker, now = advocate(context, taker_id), context.clock.now()
    with context.store.begin() as work:
        work.lock(_LOCK)
        offer = _offer(work, offer_id)
        check_standing(offer, now)
        if offer.taker_id is not None:
            raise ConflictError(f"{context.people.name_of(offer.taker_id)} has taken this shift already")
        if offer.named_id not in {None, taker.id}:
            raise NotAllowedError(f"this shift is offered to {context.people.name_of(offer.named_id)}")
        giver = advocate(context, offer.giver_id)
        check_taker(rota_in_force(context, work), giver, taker, max(now, offer.start_utc), offer.stop_utc)
        work.take_shift(offer.id, taker.id, now)
        _record(work, offer, taker.id, "shift_taken", via, now)
        when = stretch(max(now, offer.start_utc), offer.stop_utc)
        verdict = f"{taker.name} stands in for {giver.name} {when}"
        _tell(context, work, f"taken-{offer.id}", verdict, [taker, giver], actions=[_withdraw(offer, "Take it back")])
        offer = _offer(work, offer_id)
    context.wake()
    return offer


def withdraw_shift(context: Context, offer_id: int, person_id: str, via: str) -> ShiftOffer:
    """Withdraw an offer, or take a shift back that somebody had taken: who gave it is on call again from now on.

    Raises
    ------
    NotAllowedError
        Only who gave, or an administrator, may.
    ConflictError
        There is no such offer, it was withdrawn, is over, or was passed on.
    """
    person, now = _known(context, person_id), context.clock.now()
    with context.store.begin() as work:
        work.lock(_LOCK)
        offer = _offer(work, offer_id)
        check_withdrawal(offer, work.taken_shifts(now), person, now)
        work.withdraw_shift(offer.id, person.id, now)
        _record(work, offer, person.id, "shift_withdrawn", via, now)
        concerned = [context.people.person(one) for one in (offer.giver_id, offer.taker_id, offer.named_id) if one]
        told = list(dict.fromkeys([one for one in concerned if one is not None] + [person]))
        giver, when = context.people.name_of(offer.giver_id), stretch(max(now, offer.start_utc), offer.stop_utc)
        words = f"{giver} does not offer the shift {when} any more"
        if offer.taker_id is not None:
            words = f"{giver} takes the shift back from {context.people.name_of(offer.taker_id)}: {when}"
        _tell(context, work, f"withdrawn-{offer.id}", words, told)
        offer = _offer(work, offer_id)
    context.wake()
    return offer


def press_on_rota(context: Context, action_id: str, subject: str, person_id: str, via: str) -> str:
    """Do what a button about the rota asks; the words to answer with.

    Raises
    ------
    NotAllowedError, ConflictError
        As the action itself, or there is no such shift or offer.
    """
    if action_id == TAKE:
        taken = take_shift(context, _number(subject), person_id, via)
        return f"You stand in for {context.people.name_of(taken.giver_id)} {_words(context, taken)}."
    if action_id == WITHDRAW:
        withdraw_shift(context, _number(subject), person_id, via)
        return "Withdrawn: the shift is with who offered it."
    shift = _own_shift(context, advocate(context, person_id), subject, is_next=action_id == OFFER_NEXT)
    offer = offer_shift(context, person_id, *shift, via)
    return f"Offered {_words(context, offer)}: you are on call until somebody takes it."


def offers_now(work: UnitOfWork, now: datetime) -> list[ShiftOffer]:
    """Offers that stand: open ones, and shifts that were taken and are not over, the earliest first."""
    standing = (one for one in work.shift_offers(now) if one.state(now) in {OfferState.OPEN, OfferState.TAKEN})
    return sorted(standing, key=lambda one: (one.start_utc, one.id))


def offer_buttons(at: datetime) -> list[CardAction]:
    """Buttons of a handover at a time: who reads it on call may give this shift, or their next one, to others."""
    subject = iso_utc(at) or ""
    return [
        CardAction(action_id=OFFER_THIS, label="Offer my shift", subject=subject),
        CardAction(action_id=OFFER_NEXT, label="Offer my next shift", subject=subject),
    ]


def _own_shift(context: Context, person: Person, subject: str, *, is_next: bool) -> tuple[datetime, datetime]:
    """What is left of a person's shift at the time of a handover or now, or the next one after it."""
    try:
        at = max(context.clock.now(), to_utc(subject))
    except ValueError:
        raise ConflictError("this button is not known") from None
    with context.store.read() as work:
        rota = rota_in_force(context, work)
    current = own_shift(rota, person, at)
    if not is_next:
        if current is None:
            raise ConflictError(f"{person.name} is not on call at {at:%Y-%m-%d %H:%M} UTC")
        return max(current.start_utc, at), current.stop_utc
    return _next_shift(rota, person, at if current is None else current.stop_utc)


def _next_shift(rota: Rota, person: Person, after: datetime) -> tuple[datetime, datetime]:
    found = own_shifts(rota, person, after, after + FURTHEST)
    if not found:
        raise ConflictError(f"{person.name} is not on call in the coming months")
    shift = own_shift(rota, person, found[0].start_utc) or found[0]
    return shift.start_utc, shift.stop_utc


def _tell_of_offer(context: Context, work: UnitOfWork, offer: ShiftOffer, giver: Person, named: Person | None) -> None:
    """Owe word of an offer to whoever could take it; those on call then could not."""
    others = [one for one in context.people.with_role(PersonRole.ADVOCATE) if one.id != giver.id]
    asked = others if named is None else [named]
    to = named.name if named is not None else "anybody"
    verdict = f"{giver.name} offers a shift to {to}: {stretch(offer.start_utc, offer.stop_utc)}"
    take = CardAction(action_id=TAKE, label="Take the shift", is_primary=True, subject=str(offer.id))
    buttons = [take, _withdraw(offer, "Withdraw the offer")]
    fields = {"Why": offer.reason} if offer.reason else {}
    _tell(context, work, f"offer-{offer.id}", verdict, [*asked, giver], fields=fields, actions=buttons, waits=True)


def _tell(
    context: Context,
    work: UnitOfWork,
    key: str,
    verdict: str,
    people: Sequence[Person],
    *,
    fields: dict[str, str] | None = None,
    actions: Sequence[CardAction] = (),
    waits: bool = False,
) -> None:
    owe_announcement(
        context,
        work,
        MessagePurpose.SWAP,
        key=f"shift-{key}",
        verdict=verdict,
        people=people,
        fields=fields,
        actions=actions,
        waits=waits,
    )


def _withdraw(offer: ShiftOffer, label: str) -> CardAction:
    return CardAction(action_id=WITHDRAW, label=label, subject=str(offer.id))


def _record(work: UnitOfWork, offer: ShiftOffer, actor: str, action: str, via: str, now: datetime) -> None:
    detail = {
        "via": via,
        "giver": offer.giver_id,
        "start_utc": iso_utc(offer.start_utc),
        "stop_utc": iso_utc(offer.stop_utc),
        "named": offer.named_id,
        "taker": offer.taker_id,
        "reason": offer.reason,
    }
    work.audit(actor, action, f"shift-offer/{offer.id}", detail, now)


def _offer(work: UnitOfWork, offer_id: int) -> ShiftOffer:
    offer = work.shift_offer(offer_id)
    if offer is None:
        raise ConflictError(f"there is no offer {offer_id}")
    return offer


def _known(context: Context, person_id: str) -> Person:
    person = context.people.person(person_id)
    if person is None:
        raise NotAllowedError(f"{person_id} is nobody in the registry of people")
    return person


def _words(context: Context, offer: ShiftOffer) -> str:
    return stretch(max(context.clock.now(), offer.start_utc), offer.stop_utc)


def _number(subject: str) -> int:
    if not (subject.isascii() and subject.isdigit() and len(subject) < 16):
        raise ConflictError("this button is not known")
    return int(subject)
