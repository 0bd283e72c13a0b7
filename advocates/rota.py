"""The rota: who is on call, as pure functions of the time asked about.

Layers lie on each other: where a layer has people they stand instead of those below (or together with them), then
overrides apply in the order of the file. Intervals are half-open; where nobody is on call the answer is empty, and
`Rota.gaps` names the stretch: nobody is ever made up.
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from advocates.calendar_fetching import CalendarSource
from advocates.calendar_reading import CalendarShifts
from advocates.overrides import Override
from advocates.people import People
from advocates.rota_reading import read_calendar_source, read_override, read_person, read_rotation
from tocsin.domain.clock import to_utc
from tocsin.domain.config_table import Table
from tocsin.domain.people import Person

#: How far ahead `Rota.next` looks, in steps.
_HORIZONS_DAYS = (35, 400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A stretch [start, stop) with the same people on call; none of them: a gap."""

    start_utc: datetime
    stop_utc: datetime
    people: tuple[Person, ...]


class Turns(Protocol):
    """People who take turns: by a rule (a rotation), or as a calendar has it."""

    def crew(self, now: datetime) -> tuple[Person, ...]:
        """People on call at `now`."""
        ...

    def cuts(self, start: datetime, stop: datetime) -> Iterator[datetime]:
        """Moments in [start, stop) at which the answer of `crew` may change, in no order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Turns that count as one.

    Parameters
    ----------
    name
        For people.
    rotations
        Whose crews are all on call.
    is_together
        True: on call together with the layers below; False: instead of them, wherever it has people.
    """

    name: str
    rotations: tuple[Turns, ...]
    is_together: bool = False

    def people(self, now: datetime) -> tuple[Person, ...]:
        """People of this layer at `now`."""
        return _once(person for rotation in self.rotations for person in rotation.crew(now))

    def overlaps(self, start: datetime, stop: datetime) -> list[Shift]:
        """Stretches of [start, stop) in which more than one of its rotations has people.

        Crews of one rotation are on call together on purpose; two rotations of a layer take turns.
        """
        cuts = sorted({start, *(c for turns in self.rotations for c in turns.cuts(start, stop) if start < c < stop)})
        found: list[Shift] = []
        for begin, end in zip(cuts, [*cuts[1:], stop], strict=True):
            crews = [crew for turns in self.rotations if (crew := turns.crew(begin))]
            people = _once(person for crew in crews for person in crew)
            if len(crews) < 2 or end <= begin:
                continue
            if found and found[-1].stop_utc == begin and _same(found[-1].people, people):
                found[-1] = replace(found[-1], stop_utc=end)
            else:
                found.append(Shift(start_utc=begin, stop_utc=end, people=people))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """Who is on call.

    Parameters
    ----------
    name
        For people and calendars.
    zone
        Time zone of wall-clock times.
    layers
        From the lowest up.
    overrides
        In order of application.
    fallback
        People told where nobody is on call.
    """

    name: str
    zone: ZoneInfo
    layers: tuple[Layer, ...]
    overrides: tuple[Override, ...] = ()
    fallback: tuple[Person, ...] = ()

    @classmethod
    def from_config(
        cls,
        mapping: Mapping[str, Any],
        people: People,
        file: str = "rota.toml",
        *,
        calendars: Mapping[str, Turns] | None = None,
    ) -> "Rota":
        """Rota of a parsed configuration file.

        Parameters
        ----------
        mapping, file
            As parsed, and where it is from.
        people
            Who may be named.
        calendars
            Turns of the layers that are kept in a calendar, by name of the layer; nobody's where it has none.

        Raises
        ------
        ConfigurationError
            A setting is unknown, missing or malformed, or somebody named is not in the registry.
        """
        table = Table(mapping, file=file)
        zone = table.zone("time_zone")
        layers = tuple(_layer(item, people, zone, calendars or {}) for item in table.children("layer"))
        if not layers:
            raise table.error("layer", "at least one layer is needed")
        fallback = tuple(read_person(table, "fallback", name, people) for name in table.list_of_texts("fallback"))
        if not fallback:
            raise table.error("fallback", "somebody must be told when nobody is on call")
        overrides = tuple(read_override(item, people, zone) for item in table.children("override"))
        rota = cls(name=table.text("name"), zone=zone, layers=layers, overrides=overrides, fallback=fallback)
        table.finish()
        return rota

    def on_call(self, now: datetime) -> tuple[Person, ...]:
        """People on call at `now`, empty in a gap."""
        people: tuple[Person, ...] = ()
        for layer in self.layers:
            found = layer.people(now)
            if found:
                people = _once((*people, *found)) if layer.is_together else found
        for override in self.overrides:
            if override.holds(now):
                people = override.applied(people)
        return people

    def on_call_or_fallback(self, now: datetime) -> tuple[Person, ...]:
        """People to tell at `now`: those on call, or the fallback list where there is nobody."""
        return self.on_call(now) or self.fallback

    def shifts(self, start: datetime, stop: datetime) -> tuple[Shift, ...]:
        """Shifts that fill [start, stop) without holes, gaps among them, cut off at both ends."""
        start, stop = to_utc(start), to_utc(stop)
        cuts = sorted({start, *(cut for cut in self._cuts(start, stop) if start < cut < stop)})
        shifts: list[Shift] = []
        for begin, end in zip(cuts, [*cuts[1:], stop], strict=True):
            people = self.on_call(begin)
            if shifts and _same(shifts[-1].people, people):
                shifts[-1] = Shift(start_utc=shifts[-1].start_utc, stop_utc=end, people=shifts[-1].people)
            elif end > begin:
                shifts.append(Shift(start_utc=begin, stop_utc=end, people=people))
        return tuple(shifts)

    def gaps(self, start: datetime, stop: datetime) -> tuple[Shift, ...]:
        """Stretches of [start, stop) with nobody on call."""
        return tuple(shift for shift in self.shifts(start, stop) if not shift.people)

    def next(self, now: datetime) -> Shift | None:
        """Shift that begins after `now` with other people than are on call then; None within the next 400 days."""
        for days in _HORIZONS_DAYS:
            for shift in self.shifts(now, now + timedelta(days=days))[1:]:
                if shift.people:
                    return shift
        return None

    def handovers(self, start: datetime, stop: datetime) -> tuple[tuple[Shift, Shift], ...]:
        """Changes of who is on call in (start, stop]: the shift that ends and the one that begins, as far as known."""
        shifts = self.shifts(start, stop + timedelta(microseconds=1))
        return tuple(itertools.pairwise(shifts))

    def overlaps(self, start: datetime, stop: datetime) -> tuple[Shift, ...]:
        """Stretches in which turns of one layer overlap: more people than any of them alone was meant to have."""
        found: list[Shift] = []
        for layer in self.layers:
            found += layer.overlaps(to_utc(start), to_utc(stop))
        return tuple(sorted(found, key=lambda shift: shift.start_utc))

    def problems(self, now: datetime, *, days: int = 14) -> tuple[str, ...]:
        """What `tocsin check` says of the coming days: stretches with nobody on call, or with crews that overlap."""
        stop = now + timedelta(days=days)
        gaps = [f"{self.name}: nobody is on call {_stretch(gap)}" for gap in self.gaps(now, stop)]
        overlaps = [
            f"{self.name}: turns of one layer overlap {_stretch(shift)}: {', '.join(one.name for one in shift.people)}"
            for shift in self.overlaps(now, stop)
        ]
        own = [item for item in self.overrides if item.offer_id is None]  # what people agreed on: see `swaps.misfits`
        idle = [f"{self.name}: {words}" for item in own if (words := self._idle(item, now, stop))]
        return (*gaps, *overlaps, *idle)

    def _idle(self, override: Override, now: datetime, stop: datetime) -> str:
        """Words for an override in force within [now, stop) that changes nothing; empty where it changes something."""
        start, end = max(now, override.start_utc), min(stop, override.stop_utc)
        if start >= end:
            return ""
        without = replace(self, overrides=tuple(one for one in self.overrides if one is not override))
        cuts = {start, *(cut for cut in self._cuts(start, end) if start < cut < end)}
        if any(not _same(self.on_call(cut), without.on_call(cut)) for cut in cuts):
            return ""
        return f"the override '{override.kind.value}' from {override.start_utc:%Y-%m-%d %H:%M} UTC changes nothing"

    def _cuts(self, start: datetime, stop: datetime) -> list[datetime]:
        cuts = [cut for layer in self.layers for rotation in layer.rotations for cut in rotation.cuts(start, stop)]
        return cuts + [moment for item in self.overrides for moment in (item.start_utc, item.stop_utc)]


def calendar_sources(mapping: Mapping[str, Any], file: str = "rota.toml") -> dict[str, CalendarSource]:
    """Where the layers that are kept in a calendar are fetched from, by name of the layer.

    Raises
    ------
    ConfigurationError
        A calendar's table is wrong, or two such layers have one name.
    """
    found: dict[str, CalendarSource] = {}
    for layer in Table(mapping, file=file).children("layer"):
        if "calendar" in layer:
            name = layer.text("name")
            if name in found:
                raise layer.error("name", f"another layer with a calendar is called {name!r}")
            found[name] = read_calendar_source(layer.child("calendar"))
    return found


def _layer(table: Table, people: People, zone: ZoneInfo, calendars: Mapping[str, Turns]) -> Layer:
    rotations: tuple[Turns, ...] = tuple(read_rotation(item, people, zone) for item in table.children("rotation"))
    if "calendar" in table:
        rotations += (calendars.get(table.text("name"), CalendarShifts()),)
    if not rotations:
        raise table.error("rotation", "at least one rotation, or a calendar, is needed")
    is_together = table.choice("combine", ("instead", "together"), "instead") == "together"
    layer = Layer(name=table.text("name", ""), rotations=rotations, is_together=is_together)
    table.finish()
    return layer


def _once(people: Any) -> tuple[Person, ...]:
    return tuple({person.id: person for person in people}.values())


def _stretch(shift: Shift) -> str:
    return f"from {shift.start_utc:%Y-%m-%d %H:%M} to {shift.stop_utc:%Y-%m-%d %H:%M} UTC"


def _same(one: tuple[Person, ...], other: tuple[Person, ...]) -> bool:
    return {person.id for person in one} == {person.id for person in other}
