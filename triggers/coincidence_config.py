"""The content of ``config/coincidence.toml``: streams, windows, places; what is wrong names the file and the key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tocsin.domain.config_table import Table
from tocsin.domain.errors import ConfigurationError
from tocsin.domain.events import Event, EventKind
from triangulation.ephemeris_file import PLANETS
from triggers.coincidence import YEAR_S, CoincidenceWindow
from triggers.conditions import standing_families
from triggers.families import Family

#: In `PairWindow.groups`: the LVK notice does not say which group found it.
UNSTATED_GROUP = "unstated"
#: Place of families that no other place names.
EARTH = "earth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A stream searched: all events of some families, each once.

    Parameters
    ----------
    name
        Unique name.
    kind
        Of its events.
    families
        A standing trigger of any of these makes an event one of this stream.
    rate_hz
        Real, standing events, Hz: a start, until the store has measured it.
    published_far_hz
        FAR up to which it is published, Hz; None where it has no such threshold.
    source
        Where the rate is from.
    """

    name: str
    kind: EventKind
    families: frozenset[Family]
    rate_hz: float
    published_far_hz: float | None = None
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairWindow:
    """Which pairs of events are looked at, and within which time.

    Parameters
    ----------
    name
        Unique name.
    first, second
        Streams; the difference is time of the second minus time of the first.
    window
        See `CoincidenceWindow`.
    groups
        LVK groups (CBC, Burst, or `UNSTATED_GROUP`) of the first that it holds for; empty: any.
    by_far
        Whose own FAR counts; the other stream is taken whole.
    is_targeted
        Ranked by the FARs of both.
    """

    name: str
    first: Stream
    second: Stream
    window: CoincidenceWindow
    groups: frozenset[str] = frozenset()
    by_far: Literal["first", "second"] = "first"
    is_targeted: bool = False

    def holds_for(self, first: Event) -> bool:
        """Whether an event of the first stream is one this window is for."""
        return not self.groups or str(first.details.get("group", UNSTATED_GROUP)) in self.groups

    @property
    def whole(self) -> Stream:
        """Stream that is taken whole: the one R is of."""
        return self.second if self.by_far == "first" else self.first


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a family's times are taken.

    Parameters
    ----------
    name
        Unique name.
    families
        Whose.
    within_s
        Light time to the geocentre, at most, s.
    toward_sun_s, halo_s
        Light time toward the Sun and the radius of the halo around that point, s; None where it is not on that line.
    trigger_spread_s
        Trigger time from onset, at most, s.
    planet
        Planet that it is at, whose ephemeris says where that was; empty for none.
    """

    name: str
    families: frozenset[Family]
    within_s: float
    toward_sun_s: float | None = None
    halo_s: float = 0.0
    trigger_spread_s: float = 0.0
    planet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoincidenceBook:
    """All of ``config/coincidence.toml``.

    Parameters
    ----------
    streams
        By name, in the order of the file.
    windows
        In order.
    places
        In order.
    """

    streams: Mapping[str, Stream] = field(default_factory=dict)
    windows: tuple[PairWindow, ...] = ()
    places: tuple[Place, ...] = (Place(name=EARTH, families=frozenset(), within_s=0.0233),)

    def stream_of(self, event: Event) -> Stream | None:
        """Stream that an event is of: the first in the file that one of its standing families belongs to."""
        families = standing_families(event)
        return next((s for s in self.streams.values() if s.kind is event.kind and s.families & families), None)

    def place_of(self, family: Family) -> Place:
        """Where a family's times are taken."""
        named = (place for place in self.places if family in place.families)
        return next(named, next(place for place in self.places if place.name == EARTH))

    @property
    def widest_s(self) -> float:
        """No two events further apart than this are ever a pair, s, but for times taken at a planet."""
        ends = [max(abs(w.window.start_s), abs(w.window.stop_s)) for w in self.windows]
        near = [place.within_s + place.trigger_spread_s for place in self.places if not place.planet]
        return max(ends, default=0.0) + 2.0 * max(near)


def read_coincidence_book(mapping: Mapping[str, object], *, file: str) -> CoincidenceBook:
    """Book of a parsed file.

    Raises
    ------
    ConfigurationError
        A key is missing, unknown or wrong; a family belongs to two streams or two places; no place is the Earth's.
    """
    table = Table(mapping, file=file)
    streams = {name: _stream(name, child) for name, child in table.tables("stream").items()}
    places = tuple(_place(name, child) for name, child in table.tables("place").items())
    windows = tuple(_window(child, streams) for child in table.children("window"))
    table.finish()
    for kind in EventKind:
        _check_families({s.name: s.families for s in streams.values() if s.kind is kind}, file, "stream")
    _check_families({p.name: p.families for p in places}, file, "place")
    if EARTH not in {place.name for place in places}:
        raise ConfigurationError("is missing", file=file, key=f"place.{EARTH}")
    return CoincidenceBook(streams=streams, windows=windows, places=places)


def _stream(name: str, table: Table) -> Stream:
    published = table.number("published_far_per_year", above=0.0) if "published_far_per_year" in table else None
    stream = Stream(
        name=name,
        kind=table.member("kind", EventKind),
        families=table.members("families", Family),
        rate_hz=table.number("per_year", above=0.0) / YEAR_S,
        published_far_hz=None if published is None else published / YEAR_S,
        source=table.text("source"),
    )
    table.finish()
    return stream


def _window(table: Table, streams: Mapping[str, Stream]) -> PairWindow:
    start_s, stop_s = table.interval("window_s")
    first, second = (streams[table.member(end, streams)] for end in ("first", "second"))
    is_targeted = table.flag("targeted") if "targeted" in table else False
    window = PairWindow(
        name=table.text("name"),
        first=first,
        second=second,
        window=CoincidenceWindow(start_s=start_s, stop_s=stop_s),
        groups=table.texts("groups"),
        by_far="second" if "by_far" in table and table.member("by_far", ("first", "second")) == "second" else "first",
        is_targeted=is_targeted,
    )
    if first.kind is second.kind:
        raise table.error("second", "events of one kind are joined or apart, never associated")
    if is_targeted and (first.published_far_hz is None or second.published_far_hz is None):
        raise table.error("targeted", "both streams need published_far_per_year")
    table.finish()
    return window


def _place(name: str, table: Table) -> Place:
    numbers = {key: table.number(key) for key in ("toward_sun_s", "halo_s", "trigger_spread_s") if key in table}
    families = table.members("families", Family, may_be_empty=True)
    planet = table.member("planet", PLANETS) if "planet" in table else ""
    place = Place(name=name, families=families, within_s=table.number("within_s"), planet=planet, **numbers)
    if min((place.within_s, place.halo_s, place.trigger_spread_s)) < 0.0:
        raise table.error("within_s", "light times are not negative")
    table.finish()
    return place


def _check_families(named: Mapping[str, frozenset[Family]], file: str, what: str) -> None:
    seen: dict[Family, str] = {}
    for name, families in named.items():
        for family in sorted(families):
            if family in seen:
                message = f"{family} belongs to {seen[family]} already"
                raise ConfigurationError(message, file=file, key=f"{what}.{name}.families")
            seen[family] = name
