"""Storms: a source that bursts again and again is one piece of news, however many triggers it makes.

Bursts are put together by the name of a known source, else by place; a pause longer than the guard's ends a storm.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.domain.events import Event, EventKind
from triggers.families import family_of_alias
from triggers.naming import BURST_CLASS, LIKELY
from triggers.positions import radius_90_deg, separation_deg, systematic_deg
from triggers.source_book import Magnetar, SourceBook, StormGuard

#: A position as good as this names its source by itself, deg (90 %).
GOOD_DEG = 2.0
#: Classes of the flight software that name a flaring source.
_FLARING = frozenset({"SGR", "SGR_1806-20", "KNOWN_SOURCE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """A storm as it stands when an event comes.

    Parameters
    ----------
    source
        ``SGR 1935+2154``, or ``RA 293.7, Dec +21.9``.
    is_named
        It is a source of the book.
    since_utc
        Its first event.
    earlier
        Identifiers of the events before this one, in order of time.
    is_on
        Enough came within the guard's time before: its events are no news any more.
    """

    source: str
    is_named: bool
    since_utc: datetime
    earlier: tuple[str, ...]
    is_on: bool

    @property
    def key(self) -> str:
        """The same for every event of the storm."""
        return f"{self.source} {self.since_utc:%Y%m%dT%H%M%S}"

    @property
    def number(self) -> int:
        """Which event of the storm this one is, from 1."""
        return len(self.earlier) + 1


def storm_of(event: Event, others: Iterable[Event], book: SourceBook) -> Storm | None:
    """Storm that an event belongs to; None where its place is not known, or nothing came from there before.

    Parameters
    ----------
    event
        The event.
    others
        Events among which to look; the event itself, later and retracted ones, and tests beside real ones do not count.
    book
        Known sources, and the guard.
    """
    if event.kind is not EventKind.GAMMA_RAY_BURST or event.t0_utc is None or event.ra_deg is None:
        return None
    earlier = sorted((one for one in others if _counts(one, event)), key=lambda one: (str(one.t0_utc), one.id))
    source = _source(event, earlier, book)
    members = [one for one in earlier if _is_of(one, event, source, earlier, book)]
    chain = _chain(event.t0_utc, members, book.storm)
    if not chain:
        return None
    name = source.name if source is not None else f"RA {event.ra_deg:.1f}, Dec {event.dec_deg or 0.0:+.1f}"
    first = chain[0].t0_utc
    return Storm(
        source=name,
        is_named=source is not None,
        since_utc=event.t0_utc if first is None else first,
        earlier=tuple(one.id for one in chain),
        is_on=_is_on(event.t0_utc, chain, book.storm),
    )


def source_of(event: Event, book: SourceBook) -> Magnetar | None:
    """Magnetar that an event is of, by a good position, or a poor one and its class; None where neither says so."""
    radius_deg = _radius_deg(event)
    if event.ra_deg is None or event.dec_deg is None or radius_deg is None or _is_burst(event):
        return None
    reach_deg = max(radius_deg, book.storm.radius_deg)
    is_enough = radius_deg <= GOOD_DEG or _is_flaring(event)
    if not is_enough or reach_deg > book.storm.named_radius_deg:
        return None
    found = [(separation_deg(event.ra_deg, event.dec_deg, m.ra_deg, m.dec_deg), m) for m in book.magnetars]
    near = [(apart, m) for apart, m in found if apart <= reach_deg]
    return min(near, key=lambda pair: pair[0])[1] if near else None


def _source(event: Event, earlier: Sequence[Event], book: SourceBook) -> Magnetar | None:
    """Source of an event: its own, or that of a storm which is on and lies where the event may be."""
    own = source_of(event, book)
    if own is not None or event.t0_utc is None or _is_burst(event):
        return own
    for one in book.magnetars:
        if _may_be_at(event, one, book.storm) and _is_on(event.t0_utc, _of(one, earlier, book), book.storm):
            return one
    return None


def _is_of(one: Event, event: Event, source: Magnetar | None, earlier: Sequence[Event], book: SourceBook) -> bool:
    if source is not None:
        own = source_of(one, book)
        if own is not None:
            return own == source
        before = [other for other in earlier if str(other.t0_utc) < str(one.t0_utc)]
        is_on = one.t0_utc is not None and _is_on(one.t0_utc, _of(source, before, book), book.storm)
        return is_on and not _is_burst(one) and _may_be_at(one, source, book.storm)
    return _is_same_place(one, event, book.storm.radius_deg)


def _of(source: Magnetar, events: Iterable[Event], book: SourceBook) -> list[Event]:
    """Events that are of a source by themselves."""
    return [one for one in events if source_of(one, book) == source]


def _chain(t0_utc: datetime, members: Sequence[Event], guard: StormGuard) -> list[Event]:
    """The last of `members` before a time with no pause longer than the guard's, in order of time."""
    kept: list[Event] = []
    next_utc = t0_utc
    for one in reversed(members):
        if one.t0_utc is None or next_utc - one.t0_utc > timedelta(seconds=guard.gap_s):
            break
        kept.append(one)
        next_utc = one.t0_utc
    return kept[::-1]


def _is_on(t0_utc: datetime, members: Sequence[Event], guard: StormGuard) -> bool:
    """Whether at any time of the running chain enough came within the guard's time."""
    times = [one.t0_utc for one in _chain(t0_utc, members, guard) if one.t0_utc is not None]
    span = timedelta(seconds=guard.within_s)
    firsts = times[: len(times) - guard.at_most + 1]
    return any(times[k + guard.at_most - 1] - first <= span for k, first in enumerate(firsts))


def _counts(one: Event, event: Event) -> bool:
    return (
        one.id != event.id
        and one.kind is EventKind.GAMMA_RAY_BURST
        and one.is_test == event.is_test
        and not one.is_retracted
        and one.t0_utc is not None
        and event.t0_utc is not None
        and one.t0_utc <= event.t0_utc
    )


def _is_same_place(one: Event, event: Event, radius_deg: float) -> bool:
    if one.ra_deg is None or one.dec_deg is None or event.ra_deg is None or event.dec_deg is None:
        return False
    return separation_deg(one.ra_deg, one.dec_deg, event.ra_deg, event.dec_deg) <= radius_deg


def _may_be_at(event: Event, source: Magnetar, guard: StormGuard) -> bool:
    radius_deg = _radius_deg(event)
    if event.ra_deg is None or event.dec_deg is None or radius_deg is None:
        return False
    apart = separation_deg(event.ra_deg, event.dec_deg, source.ra_deg, source.dec_deg)
    return apart <= min(max(radius_deg, guard.radius_deg), guard.named_radius_deg)


def _radius_deg(event: Event) -> float | None:
    """Radius that holds 90 % with what the instruments do not state, deg."""
    stated = radius_90_deg(event)
    if stated is None:
        return None
    families = [family for alias in event.aliases if (family := family_of_alias(alias)) is not None]
    return float((stated**2 + systematic_deg(families) ** 2) ** 0.5)


def _is_burst(event: Event) -> bool:
    return event.classification.get(BURST_CLASS, 0.0) >= LIKELY


def _is_flaring(event: Event) -> bool:
    named = any(event.classification.get(name, 0.0) >= LIKELY for name in _FLARING)
    return named or event.details.get("source_class") in _FLARING
