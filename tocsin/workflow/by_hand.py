"""By hand: a person makes an event, or puts its T0 or position right. Audited; what was made from the old is remade.

What a person says is kept as a notice of its own (bytes, lineage, labels), so that it stands in the time line, passes
through the same rules as any notice, and is undone by saying something else.
"""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.domain.clock import iso_utc
from tocsin.domain.errors import ConflictError
from tocsin.domain.events import Event, EventKind
from tocsin.domain.notices import Notice, RawNotice
from tocsin.domain.people import Person
from tocsin.store import UnitOfWork
from tocsin.workflow.attach import attach, attach_to, visible_event
from tocsin.workflow.callers import advocate, check_reason, standing_event
from tocsin.workflow.context import Context
from tocsin.workflow.owing import owe_localization, remake
from triggers.corrections import BY_HAND, CORRECTION_TYPE, CREATE_TYPE
from triggers.earth_crossing import TAKEN_AT

#: A stated radius holds this unless the person says otherwise.
CONTAINMENT = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A position put in by hand: ICRS, deg, with the radius that holds 90 %."""

    ra_deg: float
    dec_deg: float
    error_radius_deg: float

    def __post_init__(self) -> None:
        """Refuse what is no direction."""
        if not (0.0 <= self.ra_deg < 360.0 and -90.0 <= self.dec_deg <= 90.0 and 0.0 < self.error_radius_deg <= 180.0):
            raise ConflictError(
                f"RA {self.ra_deg:g}, Dec {self.dec_deg:g}, radius {self.error_radius_deg:g} deg is no place",
                remedy="0 <= RA < 360, -90 <= Dec <= 90, 0 < radius <= 180",
            )


def create_event(
    context: Context,
    person_id: str,
    via: str,
    *,
    kind: EventKind,
    t0_utc: datetime,
    reason: str,
    name: str = "",
    place: Place | None = None,
    labels: frozenset[str] = frozenset(),
    taken_at: str = "",
) -> str:
    """Make an event; its id. A later notice of the same happening joins it by time and sky, as it would any.

    `taken_at` names the place of ``coincidence.toml`` that T0 was taken at, if not the Earth: ``mars``, ``wind``.

    Raises
    ------
    NotAllowedError
        The person is no advocate.
    ConflictError
        T0 is more than an hour from now, no reason is given, or there is no such place.
    """
    person, now = advocate(context, person_id), context.clock.now()
    places = [one.name for one in context.rules.book.coincidence.places]
    if taken_at and taken_at not in places:
        raise ConflictError(f"{taken_at!r} is no place", remedy=f"one of {', '.join(places)}")
    check_reason(reason)
    if (t0_utc - now).total_seconds() > 3600.0:
        raise ConflictError(f"T0 {iso_utc(t0_utc)} has not happened yet")
    number = uuid.uuid4().hex[:12]
    said = _said("create", person, now, reason, number) | {"kind": kind.value, "t0_utc": iso_utc(t0_utc), "name": name}
    said |= {"taken_at": taken_at} if taken_at else {}
    notice = _notice(CREATE_TYPE, said, now, place, labels, event_ids=(number,), t0_utc=t0_utc)
    with context.store.begin() as work:
        event_id, _ = _take(context, work, said, notice, place)
        work.audit(person_id, "create_event", event_id, {"via": via, "reason": reason, **said}, now)
        owe_localization(context, work, event_id, cause=f"by-hand-{number}")
    context.wake()
    return event_id


def correct_event(
    context: Context,
    event_id: str,
    person_id: str,
    via: str,
    *,
    reason: str,
    t0_utc: datetime | None = None,
    place: Place | None = None,
) -> Event:
    """Put T0, position or both of an event right; the event as the person sees it then. Its products are remade.

    Raises
    ------
    NotAllowedError
        The person is no advocate.
    ConflictError
        The event is unknown to them or retracted, nothing is to be changed, or no reason is given.
    """
    person, now = advocate(context, person_id), context.clock.now()
    check_reason(reason)
    if t0_utc is None and place is None:
        raise ConflictError("nothing is to be put right", remedy="give a T0, a position, or both")
    number = uuid.uuid4().hex[:12]
    with context.store.begin() as work:
        standing_id = work.standing_id(event_id)
        before = standing_event(work, standing_id, person, nothing_left="put right")
        said = _said("correct", person, now, reason, number) | {"event": standing_id}
        details: dict[str, Any] = {} if t0_utc is None else {"t0_utc": iso_utc(t0_utc)}
        # Who sees more than the public may know why T0 is another: only those who see as much are told.
        notice = _notice(CORRECTION_TYPE, said | details, now, place, before.labels, is_test=before.is_test)
        _take(context, work, said | details, notice, place, event_id=standing_id)
        work.audit(person_id, "correct_event", standing_id, _change(before, t0_utc, place, via, reason), now)
        remake(context, work, standing_id, cause=f"by-hand-{number}")
        after = visible_event(work, standing_id, person.clearance)
    context.wake()
    return before if after is None else after


def _take(
    context: Context,
    work: UnitOfWork,
    said: dict[str, Any],
    notice: Notice,
    place: Place | None,
    *,
    event_id: str | None = None,
) -> tuple[str, int]:
    """Store what a person said as a notice and attach it; the event, and the notice's key."""
    shown = said if place is None else said | {"ra_deg": place.ra_deg, "dec_deg": place.dec_deg}
    raw = RawNotice(
        payload=json.dumps({"tocsin": BY_HAND, **shown}, sort_keys=True).encode(),
        transport="hand",
        origin=str(said["person"]),
        received_utc=context.clock.now(),
        received_monotonic_s=context.clock.monotonic_s(),
    )
    (kept,) = work.add_raws([raw])
    if event_id is None:
        attach(context, work, kept.key, raw, notice)
    else:
        attach_to(context, work, kept.key, raw, notice, event_id)
    row = work.notice_row(kept.key)
    return str(None if row is None else row.event_id), kept.key


def _said(action: str, person: Person, now: datetime, reason: str, number: str) -> dict[str, Any]:
    return {"action": action, "person": person.id, "at_utc": iso_utc(now), "reason": reason, "number": number}


def _notice(
    notice_type: str,
    said: dict[str, Any],
    now: datetime,
    place: Place | None,
    labels: frozenset[str],
    *,
    event_ids: tuple[str, ...] = (),
    t0_utc: datetime | None = None,
    is_test: bool = False,
) -> Notice:
    details = {"person": said["person"], "reason": said["reason"]}
    details |= {"event_kind": said["kind"]} if "kind" in said else {}
    details |= {"given_name": said["name"]} if said.get("name") else {}
    details |= {TAKEN_AT: said["taken_at"]} if said.get("taken_at") else {}
    details |= {"t0_utc": said["t0_utc"]} if "t0_utc" in said else {}
    return Notice(
        stream=BY_HAND,
        notice_type=notice_type,
        notice_id=f"by-hand:{said['number']}",
        event_ids=event_ids,
        is_test=is_test,
        t0_utc=t0_utc,
        issued_utc=now,
        ra_deg=None if place is None else place.ra_deg,
        dec_deg=None if place is None else place.dec_deg,
        error_radius_deg=None if place is None else place.error_radius_deg,
        error_containment=None if place is None else CONTAINMENT,
        labels=labels,
        details=details,
    )


def _change(before: Event, t0_utc: datetime | None, place: Place | None, via: str, reason: str) -> dict[str, Any]:
    change: dict[str, Any] = {"via": via, "reason": reason}
    if t0_utc is not None:
        change |= {"t0_before_utc": iso_utc(before.t0_utc), "t0_utc": iso_utc(t0_utc)}
    if place is not None:
        change["position_before_deg"] = [before.ra_deg, before.dec_deg, before.error_radius_deg]
        change["position_deg"] = [place.ra_deg, place.dec_deg, place.error_radius_deg]
    return change
