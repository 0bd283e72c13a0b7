"""Drilling: a made-up alert that wakes who is on call on purpose, so that the chain is known to work before it must.

It goes the way of every notice, and is a test by its name: no draft, no limit and no association is made of it.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from advocates.rotation import wall_to_utc
from tocsin.domain.clock import iso_utc, to_utc
from tocsin.domain.errors import ConflictError
from tocsin.domain.jobs import JobKind
from tocsin.domain.notices import RawNotice
from tocsin.domain.people import MessagePurpose
from tocsin.simulate.notices import Superevent, lvk_alert
from tocsin.store import UnitOfWork
from tocsin.workflow.attach import attach
from tocsin.workflow.context import Context
from tocsin.workflow.drills import is_drill, mark_drill
from tocsin.workflow.ingest import decode_raw
from tocsin.workflow.owing import owe_escalation, owe_page

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LAST_WEEKLY = "drill_weekly"
#: Nothing is computed of a drill, not even in rehearsal.
_NOT_OF_A_DRILL = (JobKind.FETCH, JobKind.SEARCH, JobKind.TRIANGULATE, JobKind.DRAFT, JobKind.REHEARSE)
#: After a longer stop a weekly drill is left out: nobody is woken at an hour that was not agreed.
WEEKLY_REACH = timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillReport:
    """What a drill came to: seconds from its beginning, None for what has not happened.

    Parameters
    ----------
    event_id
        Its event.
    begun_utc
        When it was begun.
    told_after_s
        By channel and recipient: when the channel took the page.
    acknowledged_after_s, acknowledged_by, via
        The first acknowledgement.
    escalation_steps
        How many steps were taken before that.
    """

    event_id: str
    begun_utc: datetime
    told_after_s: dict[str, float | None]
    acknowledged_after_s: float | None
    acknowledged_by: str | None
    via: str | None
    escalation_steps: int


def begin_drill(context: Context, by: str) -> str:
    """Begin a drill; the id of its event.

    Raises
    ------
    ConflictError
        One was begun within this second.
    """
    now = context.clock.now()
    raw = _alert(now)
    decoded = decode_raw(context, raw)
    if decoded.notice is None:
        raise ConflictError("the alert of the drill cannot be read", remedy="see the log")
    with context.store.begin() as work:
        (kept,) = work.add_raws([raw])
        if not kept.is_new:
            raise ConflictError("a drill was begun just now", remedy="wait for its end")
        attach(context, work, kept.key, raw, decoded.notice)
        row = work.notice_row(kept.key)
        event_id = "" if row is None or row.event_id is None else row.event_id
        work.cancel_jobs(event_id, _NOT_OF_A_DRILL)
        mark_drill(work, event_id, iso_utc(now) or "")
        step = context.plan.steps[0]
        details = {"reasons": [f"Drill begun by {by}: acknowledge it as you would the real thing"]}
        for door in context.doors:
            owe_page(context, work, door, event_id, step, cause="drill", details=details)
        owe_escalation(context, work, event_id)
        work.audit(by, "drill", event_id, {}, now)
    context.wake()
    return event_id


def report(context: Context, work: UnitOfWork, event_id: str) -> DrillReport:
    """What a drill has come to so far.

    Raises
    ------
    ConflictError
        The event is none, or no drill.
    """
    row = work.event_row(event_id)
    if row is None or not is_drill(work, event_id):
        raise ConflictError(f"{event_id} is no drill")
    begun = row.created_utc
    pages = [one for one in work.messages(event_id) if one.message.purpose is MessagePurpose.PAGE]
    taken = work.acknowledgements(event_id)
    person = context.people.person(taken[0].person_id) if taken else None
    return DrillReport(
        event_id=event_id,
        begun_utc=begun,
        told_after_s={f"{one.message.channel} {one.message.recipient}": _after_s(begun, one.sent_utc) for one in pages},
        acknowledged_after_s=_after_s(begun, taken[0].at_utc if taken else None),
        acknowledged_by=None if person is None else person.name,
        via=taken[0].via if taken else None,
        escalation_steps=len([line for line in work.audit_rows(event_id) if line.action == "escalation"]),
    )


def weekly_drill(context: Context, *, weekday: str, at: str) -> str | None:
    """Begin the drill of this week once its hour has come, by the clock of the rota; the id of its event."""
    now = context.clock.now()
    slot = last_slot(context, now, weekday=weekday, at=at)
    with context.store.begin() as work:
        work.lock(_LAST_WEEKLY)
        kept = work.meta(_LAST_WEEKLY)
        if kept is not None and to_utc(kept) >= slot:
            return None
        work.set_meta(_LAST_WEEKLY, iso_utc(slot) or "")
    # The first time nothing is overdue: a service that has just been set up wakes nobody.
    return begin_drill(context, "tocsin") if kept is not None and now - slot <= WEEKLY_REACH else None


def last_slot(context: Context, now: datetime, *, weekday: str, at: str) -> datetime:
    """Moment of the last weekly drill that was due by `now`, UTC."""
    zone = context.rota.zone
    today = now.astimezone(zone).date()
    day = today - timedelta(days=(today.weekday() - WEEKDAYS.index(weekday)) % 7)
    slot = wall_to_utc(day, time.fromisoformat(at), zone)
    return slot if slot <= now else wall_to_utc(day - timedelta(days=7), time.fromisoformat(at), zone)


def _alert(now: datetime) -> RawNotice:
    """Alert of a mock superevent, named by the second of the day."""
    number, letters = int(timedelta(hours=now.hour, minutes=now.minute, seconds=now.second).total_seconds()), ""
    for _ in range(4):
        number, rest = divmod(number, 26)
        letters = chr(97 + rest) + letters
    mock = Superevent(id=f"MS{now:%y%m%d}{letters}", t0_utc=now.replace(microsecond=0), far_hz=1e-12, search="MDC")
    message = lvk_alert(mock, "PRELIMINARY", now, skymap=None)
    return RawNotice(payload=message.payload, transport="drill", origin="drill", topic=message.topic, received_utc=now)


def _after_s(begun: datetime, moment: datetime | None) -> float | None:
    return None if moment is None else round((moment - begun).total_seconds(), 3)
