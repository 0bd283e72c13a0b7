"""The index of events: one narrow row each with everything lists are filtered by: any filter is one look."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Float,
    Integer,
    Text,
    Update,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from tocsin.domain.events import Event, EventKind, Tier
from tocsin.domain.notices import Messenger
from tocsin.store.columns import UtcTime
from tocsin.store.prepared import kept
from tocsin.store.tables import event_index
from tocsin.store.topic import Topic

_ADD = kept(insert(event_index))
_CHANGE = kept(update(event_index).where(event_index.c.event_id == bindparam("of_event")))
#: Sines of the same angle by two ways differ by less.
_ROUNDING = 1e-12
#: A class counts from this probability on.
CLASS_SHARE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class SkyRegion:
    """A circle on the sky: centre and radius, deg."""

    ra_deg: float
    dec_deg: float
    radius_deg: float

    def holds(self, ra_deg: float | None, dec_deg: float | None) -> bool:
        """Whether a position lies in it; one that is not known does not."""
        if ra_deg is None or dec_deg is None:
            return False
        a, b = unit_vector(self.ra_deg, self.dec_deg), unit_vector(ra_deg, dec_deg)
        return sum(p * q for p, q in zip(a, b, strict=True)) >= self.cosine

    @property
    def cosine(self) -> float:
        """Of the radius."""
        return math.cos(math.radians(self.radius_deg))


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSelection:
    """Which events a list shows; None: whatever.

    Parameters
    ----------
    kind, tier, is_test
        Only such.
    stream, messenger, instrument
        Only with a notice, a messenger, a light curve of it.
    classification
        Only where this class has a probability of at least `CLASS_SHARE`.
    text
        Part of a name or identifier, whatever the case.
    region
        Only with a position in it.
    """

    kind: EventKind | None = None
    tier: Tier | None = None
    is_test: bool | None = None
    stream: str | None = None
    messenger: Messenger | None = None
    instrument: str | None = None
    classification: str | None = None
    text: str | None = None
    region: SkyRegion | None = None


def _parameter(name: str) -> BindParameter[float]:
    return bindparam(name, type_=Float)


_NEAR = kept(
    select(event_index.c.event_id)
    .where(
        event_index.c.kind == bindparam("of_kind"),
        event_index.c.is_test.is_(False),
        event_index.c.sort_utc >= bindparam("start_utc", type_=UtcTime),
        event_index.c.sort_utc < bindparam("stop_utc", type_=UtcTime),
        event_index.c.z.between(_parameter("lowest"), _parameter("highest")),
        event_index.c.x * _parameter("to_x")
        + event_index.c.y * _parameter("to_y")
        + event_index.c.z * _parameter("to_z")
        >= _parameter("cosine"),
    )
    .order_by(event_index.c.sort_utc.desc(), event_index.c.event_id.desc())
    .limit(bindparam("number", type_=Integer))
)


@cache
def _further_instrument(dialect: str) -> Update:
    """Add an instrument to those of an event, unless it is ``listed`` there."""
    place = func.strpos if dialect == "postgresql" else func.instr
    lacks = place(event_index.c.instruments, bindparam("listed", type_=Text)) == 0
    more = event_index.c.instruments.concat(bindparam("further", type_=Text))
    return kept(_CHANGE.where(lacks).values(instruments=more))


class EventIndex(Topic):
    """The index, kept with every change of an event."""

    def real_events_near(
        self, kind: EventKind, region: SkyRegion, start_utc: datetime, stop_utc: datetime, *, limit: int
    ) -> list[str]:
        """Real events of a kind in a region, T0 in [start, stop), whoever may see them; the newest first."""
        values = {"of_kind": kind.value, "start_utc": start_utc, "stop_utc": stop_utc, "number": limit}
        return list(self._statements.execute(_NEAR, values | _bounds(region)).scalars())

    def _index_new(self, event_id: str, **values: object) -> None:
        """Index an event that was made."""
        empty = {"streams": "|", "messengers": "|", "classes": "|", "instruments": "|", "words": event_id.casefold()}
        self._statements.execute(_ADD, {**empty, **values, "event_id": event_id})

    def _index_event(self, event: Event, tier: Tier | None) -> None:
        """Index what is known of an event now; its tier stays as it is unless told."""
        has_place = event.ra_deg is not None and event.dec_deg is not None
        x, y, z = unit_vector(event.ra_deg or 0.0, event.dec_deg or 0.0) if has_place else (None, None, None)
        values: dict[str, object] = {
            "kind": event.kind.value,
            "is_test": event.is_test,
            "labels": event.labels,
            "streams": listed(event.streams),
            "messengers": listed(one.value for one in event.messengers),
            "classes": listed(name for name, share in event.classification.items() if share >= CLASS_SHARE),
            "words": words_of(event),
            "x": x,
            "y": y,
            "z": z,
        }
        if event.t0_utc is not None:
            values["sort_utc"] = event.t0_utc
        if tier is not None:
            values["tier"] = tier.value
        self._statements.execute(_CHANGE, {"of_event": event.id, **values})

    def _leave_index(self, event_id: str) -> None:
        """Let an event be found in no list any more: it is part of another now."""
        self._connection.execute(delete(event_index).where(event_index.c.event_id == event_id))

    def _index_tier(self, event_id: str, tier: Tier) -> None:
        self._statements.execute(_CHANGE, {"of_event": event_id, "tier": tier.value})

    def _index_words(self, event_id: str, keys: Iterable[str]) -> None:
        """Let an event be found by further names."""
        more = "".join(f"\n{key.casefold()}" for key in keys)
        statement = update(event_index).where(event_index.c.event_id == event_id)
        self._connection.execute(statement.values(words=event_index.c.words.concat(more)))

    def _index_instrument(self, event_id: str, instrument: str) -> None:
        """Remember that there is something of an instrument."""
        name = f"{instrument.replace('|', ' ')}|"
        values = {"of_event": event_id, "listed": f"|{name}", "further": name}
        self._statements.execute(_further_instrument(self._connection.dialect.name), values)

    def _has_instrument(self, name: str) -> ColumnElement[bool]:
        """Whether there is anything of an instrument."""
        return self._has(event_index.c.instruments, f"|{name}|")

    def _has(self, column: ColumnElement[str], part: str) -> ColumnElement[bool]:
        """Whether a text holds `part`, letter by letter."""
        place = func.strpos if self._connection.dialect.name == "postgresql" else func.instr
        return place(column, part) > 0

    def _selected(self, wanted: EventSelection) -> list[ColumnElement[bool]]:
        """Conditions of a selection."""
        region = () if wanted.region is None else _inside(wanted.region)
        return [*self._of_values(wanted), *self._of_texts(wanted), *region]

    def _of_values(self, wanted: EventSelection) -> Iterable[ColumnElement[bool]]:
        if wanted.kind is not None:
            yield event_index.c.kind == wanted.kind.value
        if wanted.tier is not None:
            yield event_index.c.tier == wanted.tier.value
        if wanted.is_test is not None:
            yield event_index.c.is_test.is_(wanted.is_test)

    def _of_texts(self, wanted: EventSelection) -> Iterable[ColumnElement[bool]]:
        for column, name in (
            (event_index.c.streams, wanted.stream),
            (event_index.c.messengers, None if wanted.messenger is None else wanted.messenger.value),
            (event_index.c.instruments, wanted.instrument),
            (event_index.c.classes, wanted.classification),
        ):
            if name:
                yield self._has(column, f"|{name}|")
        if wanted.text:
            yield self._has(event_index.c.words, wanted.text.casefold())


def words_of(event: Event) -> str:
    """Everything an event may be searched by."""
    return "\n".join(dict.fromkeys(one.casefold() for one in (event.id, event.name, *event.aliases)))


def listed(names: Iterable[str]) -> str:
    """Names between bars: one is found by its bars, and no part of another is."""
    return "".join(f"|{name.replace('|', ' ')}" for name in names) + "|"


def unit_vector(ra_deg: float, dec_deg: float) -> tuple[float, float, float]:
    """Direction as a unit vector."""
    ra, dec = math.radians(ra_deg), math.radians(dec_deg)
    return math.cos(dec) * math.cos(ra), math.cos(dec) * math.sin(ra), math.sin(dec)


def _inside(region: SkyRegion) -> Iterable[ColumnElement[bool]]:
    """Conditions that a position lies in a region; its range of declination picks few of an index."""
    place = _bounds(region)
    yield event_index.c.z.between(place["lowest"], place["highest"])
    yield (
        event_index.c.x * place["to_x"] + event_index.c.y * place["to_y"] + event_index.c.z * place["to_z"]
        >= place["cosine"]
    )


def _bounds(region: SkyRegion) -> dict[str, float]:
    """Range of z in a region, its direction, and the cosine of its radius."""
    x, y, z = unit_vector(region.ra_deg, region.dec_deg)
    south, north = (max(-90.0, min(90.0, region.dec_deg + way * region.radius_deg)) for way in (-1, 1))
    lowest, highest = math.sin(math.radians(south)) - _ROUNDING, math.sin(math.radians(north)) + _ROUNDING
    return {"lowest": lowest, "highest": highest, "to_x": x, "to_y": y, "to_z": z, "cosine": region.cosine}
