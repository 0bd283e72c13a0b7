"""Reading of rotas: layers, rotations and overrides from configuration tables. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from advocates.calendar_fetching import CalendarSource
from advocates.overrides import Override, OverrideKind
from advocates.people import People
from advocates.rotation import Block, Crew, Rotation, Unit
from tocsin.domain.config_table import Table
from tocsin.domain.people import Person

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: Which of `person` and `other` an override of each kind needs, and may have.
_NEEDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "add": (frozenset({"person"}), frozenset({"person"})),
    "remove": (frozenset({"person"}), frozenset({"person"})),
    "replace": (frozenset({"other"}), frozenset({"person", "other"})),
    "swap": (frozenset({"person", "other"}), frozenset({"person", "other"})),
}


def read_person(table: Table, key: str, person_id: Any, people: People) -> Person:
    """Person named in a rota.

    Raises
    ------
    ConfigurationError
        Nobody of that id is in the registry.
    """
    person = people.person(person_id) if isinstance(person_id, str) else None
    if person is None:
        raise table.error(key, f"{person_id!r} is nobody in the registry of people")
    return person


def read_rotation(table: Table, people: People, zone: ZoneInfo) -> Rotation:
    """Rotation of a table ``[[layer.rotation]]``."""
    rotation = Rotation(
        crews=_crews(table, people),
        first_day=table.day("first_day"),
        handover=table.clock_time("handover"),
        unit=Unit(table.choice("unit", [unit.value for unit in Unit], "week")),
        length=table.integer_within("length", 1, 1000, default=1),
        zone=table.zone("time_zone", zone),
        block=_block(table),
        last_day=table.day("last_day") if "last_day" in table else None,
    )
    table.finish()
    if rotation.last_day is not None and rotation.last_day <= rotation.first_day:
        raise table.error("last_day", "is not after first_day")
    return rotation


def read_override(table: Table, people: People, zone: ZoneInfo) -> Override:
    """Override of a table ``[[override]]``; times without an offset are wall-clock times of the rota's zone."""
    kind = table.choice("kind", _NEEDS)
    needed, allowed = _NEEDS[kind]
    for key in ("person", "other"):
        if key in needed and key not in table:
            raise table.error(key, f"an override of kind {kind} needs it")
        if key not in allowed and key in table:
            raise table.error(key, f"an override of kind {kind} has none")
    named = {key: read_person(table, key, table.value(key), people) for key in allowed if key in table}
    start, stop = _moment_utc(table, "start", zone), _moment_utc(table, "stop", zone)
    if stop <= start:
        raise table.error("stop", "is not after start")
    override = Override(
        kind=OverrideKind(kind),
        start_utc=start,
        stop_utc=stop,
        person=named.get("person"),
        other=named.get("other"),
        reason=table.text("reason", ""),
    )
    table.finish()
    return override


def read_calendar_source(table: Table) -> CalendarSource:
    """Where a calendar is kept, of a table ``[layer.calendar]``: a `file` or a `url`."""
    is_file, is_url = "file" in table, "url" in table
    if is_file == is_url:
        raise table.error("url", "either a file or a url is needed")
    source = CalendarSource(
        place=table.text("url" if is_url else "file"),
        allow_private=table.flag("allow_private", default=False),
        timeout_s=table.number_within("timeout_s", 1, 120, default=20),
    )
    table.finish()
    if source.is_url != is_url:
        raise table.error("url", "a url starts with https://, a file is a path")
    return source


def _crews(table: Table, people: People) -> tuple[Crew, ...]:
    listed = table.value("people")
    if not isinstance(listed, list) or not listed:
        raise table.error("people", "a list of ids, or of lists of ids, is needed")
    crews = tuple(item if isinstance(item, list) else [item] for item in listed)
    if not all(crews):
        raise table.error("people", "a crew is empty")
    return tuple(tuple(read_person(table, "people", person_id, people) for person_id in crew) for crew in crews)


def _block(table: Table) -> Block | None:
    given = {key for key in ("opens", "closes", "weekdays") if key in table}
    if not given:
        return None
    named = table.list_of_texts("weekdays", _WEEKDAYS)
    for day in named:
        if day not in _WEEKDAYS:
            raise table.error("weekdays", f"{day!r} is not one of {', '.join(_WEEKDAYS)}")
    if len(given & {"opens", "closes"}) == 1:
        raise table.error("opens", "opens and closes are given together")
    midnight = time(0)
    opens, closes = (table.clock_time(key, midnight) for key in ("opens", "closes"))
    if opens == closes != midnight:
        raise table.error("closes", "is the same as opens")
    return Block(opens=opens, closes=closes, weekdays=frozenset(_WEEKDAYS.index(day) for day in named))


def _moment_utc(table: Table, key: str, zone: ZoneInfo) -> datetime:
    moment = table.moment(key)
    return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)
