"""Handing over: when other people come on call they, and those who go, are told so, with the events still open."""

from datetime import datetime, timedelta

from advocates.rota import Shift
from tocsin.domain.clock import iso_utc, to_utc
from tocsin.domain.people import MessagePurpose, Person
from tocsin.store import UnitOfWork
from tocsin.workflow.announcing import owe_announcement, tell_operator
from tocsin.workflow.context import Context

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
        changes = context.rota.handovers(since, now) if since < now else ()
        for before, after in changes:
            _tell(context, work, before, after)
    if changes:
        context.wake()
    return len(changes)


def check_rota(context: Context) -> tuple[str, ...]:
    """Problems of the coming fortnight's rota; the operator is told of them once a day."""
    now = context.clock.now()
    found = context.rota.problems(now, days=GAP_DAYS)
    if found and not context.is_replay:
        with context.store.begin() as work:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            tell_operator(context, work, key=f"rota-{now:%Y%m%d}", verdict=f"The rota: {found[0]}{more}")
        context.wake()
    return found


def _tell(context: Context, work: UnitOfWork, before: Shift, after: Shift) -> None:
    at = after.start_utc
    coming = [person for person in after.people if person not in before.people]
    going = [person for person in before.people if person not in after.people]
    told = [*after.people, *going] or list(context.rota.fallback)
    following = context.rota.next(at)
    who = _names(after.people) if after.people else f"NOBODY: pages go to {_names(context.rota.fallback)}"
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
    )
    if not after.people:
        tell_operator(context, work, key=f"gap-{_stamp(at)}", verdict=f"Nobody is on call from {at:%H:%M} UTC")


def _names(people: tuple[Person, ...] | list[Person]) -> str:
    return ", ".join(person.name for person in people) or "nobody"


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%S}"
