"""The rota as an iCalendar feed. Pure.

UIDs are made from rota, person and start of the shift, so a calendar that is fetched again updates its entries
instead of doubling them. Times are written in UTC: the handovers are exact whatever the reader's zone rules are.
"""

import hashlib
from datetime import datetime, timedelta

from advocates.rota import Rota, Shift
from tocsin.domain.clock import iso_utc, to_utc
from tocsin.domain.late import icalendar
from tocsin.domain.people import Person

#: Shifts are followed this far beyond the window, so that their true start and end are exported, not the window's.
_MARGIN = timedelta(days=62)


def rota_ical(
    rota: Rota, start: datetime, stop: datetime, *, made_utc: datetime, person: Person | None = None
) -> bytes:
    """Calendar with every shift that touches [start, stop), of all people or of one.

    Parameters
    ----------
    rota
        Whose shifts.
    start, stop
        Window.
    made_utc
        Time of the export, written as DTSTAMP.
    person
        Whose shifts alone; None for everybody's.
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Tocsin//rota//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", rota.name)
    calendar.add("refresh-interval;value=duration", "PT1H")
    start, stop = to_utc(start), to_utc(stop)
    for shift, on_call in person_shifts(rota, start, stop):
        if person is None or on_call.id == person.id:
            calendar.add_component(_entry(rota, shift, on_call, to_utc(made_utc)))
    return bytes(calendar.to_ical())


def person_shifts(rota: Rota, start: datetime, stop: datetime) -> list[tuple[Shift, Person]]:
    """Shifts of each person that touch [start, stop), with their true ends, whoever else is on call meanwhile."""
    found: dict[str, list[tuple[Shift, Person]]] = {}
    for shift in rota.shifts(start - _MARGIN, stop + _MARGIN):
        for person in shift.people:
            own = found.setdefault(person.id, [])
            if own and own[-1][0].stop_utc == shift.start_utc:
                own[-1] = (_joined(own[-1][0], shift, person), person)
            else:
                own.append((_joined(shift, shift, person), person))
    touching = [item for own in found.values() for item in own if item[0].start_utc < stop and item[0].stop_utc > start]
    return sorted(touching, key=lambda item: (item[0].start_utc, item[1].id))


def _joined(first: Shift, last: Shift, person: Person) -> Shift:
    return Shift(start_utc=first.start_utc, stop_utc=last.stop_utc, people=(person,))


def _entry(rota: Rota, shift: Shift, person: Person, made_utc: datetime) -> "icalendar.Event":
    entry = icalendar.Event()
    seed = f"{rota.name}|{person.id}|{iso_utc(shift.start_utc)}"
    entry.add("uid", f"{hashlib.sha256(seed.encode()).hexdigest()[:32]}@tocsin.invalid")
    entry.add("dtstamp", made_utc)
    entry.add("dtstart", shift.start_utc)
    entry.add("dtend", shift.stop_utc)
    entry.add("summary", f"{rota.name}: {person.name}")
    entry.add("transp", "TRANSPARENT")
    return entry
