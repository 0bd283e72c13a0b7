"""Handing over: when other people come on call they, and those who go, are told so, with the events still open."""

from datetime import datetime, timedelta

from advocates.rota import Rota, Shift
from advocates.swaps import Misfit
from tocsin.domain.clock import iso_utc, to_utc
from tocsin.domain.people import MessagePurpose, Person
from tocsin.store import UnitOfWork
from tocsin.workflow.announcing import owe_announcement, tell_operator
from tocsin.workflow.context import Context
from tocsin.workflow.rota_in_force import misfits_now, rota_in_force
from tocsin.workflow.swapping import offer_buttons

_KEY = "handovers_until"
#: After a longer stop only the handovers of this stretch are told: older ones are nobody's news.
REACH = timedelta(hours=12)
GAP_DAYS = 14


def hand_over(context: Context) -> int:
    """Owe a message for every handover since it was last looked, once each; how many there were; none in a replay."""
    if context.is_replay:
        return 0
    now = context.clock.now()
    with context.store.begin() as work:
        kept = work.meta(_KEY)
        work.set_meta(_KEY, iso_utc(now) or "")
        if kept is None:
            return 0
        since = max(to_utc(kept), now - REACH)
        rota = rota_in_force(context, work)
        changes = rota.handovers(since, now) if since < now else ()
        for before, after in changes:
            _tell(context, work, rota, before, after)
    if changes:
        context.wake()
    return len(changes)


def check_rota(context: Context) -> tuple[str, ...]:
    """Problems of the coming fortnight's rota; the operator is told of them once a day."""
    now = context.clock.now()
    with context.store.read() as work:
        unfit = misfits_now(context, work, now)
        found = (*rota_in_force(context, work).problems(now, days=GAP_DAYS), *(one.words for one in unfit))
    if found and not context.is_replay:
        with context.store.begin() as work:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            tell_operator(context, work, key=f"rota-{now:%Y%m%d}", verdict=f"The rota: {found[0]}{more}")
        context.wake()
    return found


def tell_of_misfits(context: Context) -> int:
    """Owe word of every swap that the rota's file no longer has room for, to those who agreed on it; how many."""
    now = context.clock.now()
    with context.store.read() as work:
        unfit = misfits_now(context, work, now)
    if not unfit or context.is_replay:
        return 0
    with context.store.begin() as work:
        told = [one for one in unfit if _tell_of_misfit(context, work, one)]
    if told:
        context.wake()
    return len(told)


def _tell_of_misfit(context: Context, work: UnitOfWork, misfit: Misfit) -> bool:
    """Owe word to giver and taker, once for each way in which their agreement does not fit."""
    offer = misfit.offer
    both = [context.people.person(one) for one in (offer.giver_id, offer.taker_id) if one]
    return owe_announcement(
        context,
        work,
        MessagePurpose.SWAP,
        key=f"shift-misfit-{offer.id}-{misfit.cause}",
        verdict=misfit.words,
        people=[one for one in both if one is not None],
    )


def _tell(context: Context, work: UnitOfWork, rota: Rota, before: Shift, after: Shift) -> None:
    at = after.start_utc
    coming = [person for person in after.people if person not in before.people]
    going = [person for person in before.people if person not in after.people]
    told = [*after.people, *going] or list(rota.fallback)
    following = rota.next(at)
    who = _names(after.people) if after.people else f"NOBODY: pages go to {_names(rota.fallback)}"
    fields = {"On call from": f"{at:%Y-%m-%d %H:%M} UTC", "On call": who}
    fields |= {"New": _names(coming)} if coming else {}
    fields |= {"Off": _names(going)} if going else {}
    if following is not None:
        fields["Next"] = f"{_names(following.people)} from {following.start_utc:%Y-%m-%d %H:%M} UTC"
    owe_announcement(
        context,
        work,
        MessagePurpose.HANDOVER,
        key=f"handover-{_stamp(at)}",
        verdict=f"Handover {at:%H:%M} UTC: on call now {who}",
        people=told,
        fields=fields,
        lists_events=True,
        actions=offer_buttons(at),
    )
    if not after.people:
        tell_operator(context, work, key=f"gap-{_stamp(at)}", verdict=f"Nobody is on call from {at:%H:%M} UTC")


def _names(people: tuple[Person, ...] | list[Person]) -> str:
    return ", ".join(person.name for person in people) or "nobody"


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%S}"
