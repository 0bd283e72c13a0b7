"""Events that may be of one source with another: a burst after a merger, a neutrino near either.

They stay events of their own (see `triggers.association`); what joins them is an `Association` with two numbers that
are never mixed: the chance of such a neighbour given both are real, and the rate of noise pairs as telling (see
`triggers.joint_far`). Times are compared as they crossed the geocentre; a window is widened by what they lack.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.domain.events import Event
from triggers.coincidence_config import CoincidenceBook, PairWindow, Stream
from triggers.earth_crossing import EarthCrossing, earth_crossing
from triggers.joint_far import JointFar, association_chance, joint_far, joint_far_targeted
from triggers.naming import BURST_CLASS, LIKELY

#: Classes of gamma-ray triggers that are nothing of the far sky: never one half of a pair.
_NO_BURST = frozenset(
    {"solar_flare", "SFLARE", "TGF", "local_particles", "distant_particles", "below_horizon", "error"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """Two events that may be of one source.

    Parameters
    ----------
    event_id, other_id
        The events; the difference of times is that of the second stream of the window minus that of the first.
    other_name
        Name of the other event, for people.
    window
        Name of the window, or ``cited`` where LVK names the other and no window holds.
    difference_s
        At the geocentre, see above; None where a time is unknown.
    joint_far_hz
        Rate of noise pairs as telling, trials counted, Hz; None where it cannot be said.
    joint_far_is_limit
        `joint_far_hz` is an upper limit.
    association_chance
        Probability of such another event by chance, given both are real, trials counted.
    overlap
        Overlap integral of the two skies, if known.
    is_cited
        A notice of one names the other.
    labels
        Of both events: an association with an embargoed event is itself embargoed.
    margin_s
        By how much the window was widened at each end, s.
    length_s
        Length of the widened window, s.
    rate_hz
        Rate R of the stream taken whole, Hz.
    trials
        Windows in which this pair of streams is looked at.
    """

    event_id: str
    other_id: str
    other_name: str
    window: str
    difference_s: float | None
    joint_far_hz: float | None
    association_chance: float | None
    overlap: float | None
    is_cited: bool
    labels: frozenset[str]
    joint_far_is_limit: bool = False
    margin_s: float = 0.0
    length_s: float | None = None
    rate_hz: float | None = None
    trials: int = 1


def companions(
    event: Event,
    others: Sequence[Event],
    *,
    book: CoincidenceBook,
    rates_hz: Mapping[str, float] | None = None,
    overlaps: Mapping[str, float] | None = None,
    crossings: Mapping[str, EarthCrossing] | None = None,
) -> tuple[Association, ...]:
    """Events of other kinds that coincide with an event, or that it names; the rarest pair first.

    Parameters
    ----------
    event
        The event looked at.
    others
        Any events; those of the same kind, retracted ones, tests beside real ones and what is no burst are left out.
    book
        Streams, windows and places.
    rates_hz
        Measured rate of streams by name, Hz, where it is known; the book's otherwise.
    overlaps
        Overlap integral of the skies, by the other's identifier, where it is known already.
    crossings
        When events crossed the geocentre, by identifier, where more is known than the place of the trigger.
    """
    look = _Look(event, book, rates_hz or {}, overlaps or {}, crossings or {})
    kept = [found for other in others if may_pair(event, other) and (found := look.at(other)) is not None]
    return tuple(sorted(kept, key=lambda a: (a.joint_far_hz is None, a.joint_far_hz or 0.0, a.other_id)))


def windows_for(event: Event, book: CoincidenceBook) -> tuple[PairWindow, ...]:
    """Windows in which companions of an event are looked for: what is declared before anything is looked at."""
    stream = book.stream_of(event)
    return tuple(
        window
        for window in book.windows
        if (stream == window.first and window.holds_for(event)) or stream == window.second
    )


def companion_interval(event: Event, book: CoincidenceBook) -> tuple[datetime, datetime] | None:
    """Interval in which the T0 of an event must lie to be a companion by time, UTC; None where there can be none."""
    if event.t0_utc is None or not windows_for(event, book):
        return None
    reach = timedelta(seconds=book.widest_s)
    return event.t0_utc - reach, event.t0_utc + reach


def is_no_burst(event: Event) -> bool:
    """Whether a gamma-ray event is, by its most likely class, nothing of the far sky."""
    stated = dict(event.classification)
    if stated.get(BURST_CLASS, 0.0) >= LIKELY:
        return False
    if any(stated.get(name, 0.0) >= LIKELY for name in _NO_BURST):
        return True
    return event.details.get("source_class") in _NO_BURST or event.details.get("is_not_grb") is True


def may_pair(event: Event, other: Event) -> bool:
    """Whether two events can be of one source as far as kind, standing and class go; times are not looked at."""
    return (
        event.id != other.id
        and event.kind is not other.kind
        and event.is_test == other.is_test
        and event.is_stale == other.is_stale
        and not (event.is_retracted or other.is_retracted)
        and not (is_no_burst(event) or is_no_burst(other))
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """One event with what is known for looking around it."""

    event: Event
    book: CoincidenceBook
    rates_hz: Mapping[str, float]
    overlaps: Mapping[str, float]
    crossings: Mapping[str, EarthCrossing]

    def at(self, other: Event) -> Association | None:
        """Association with another event, in the window that makes it rarest; None where there is none."""
        is_cited = _cites(self.event, other) or _cites(other, self.event)
        pairs = self._windows(other)
        found = [made for window in pairs if (made := self._in(window, other, len(pairs), is_cited)) is not None]
        if found:
            # A missing joint rate counts as the worst: the window that gives one is shown.
            return min(found, key=lambda a: (a.joint_far_hz is None, a.joint_far_hz or 0.0, a.length_s or 0.0))
        return self._cited(other) if is_cited else None

    def _windows(self, other: Event) -> list[tuple[PairWindow, Event, Event]]:
        """Windows in which this pair of streams is looked at, with the pair in their order."""
        mine, theirs = self.book.stream_of(self.event), self.book.stream_of(other)
        fitting = []
        for window in self.book.windows:
            for first, second in ((self.event, other), (other, self.event)):
                streams = (mine, theirs) if first is self.event else (theirs, mine)
                if streams == (window.first, window.second) and window.holds_for(first):
                    fitting.append((window, first, second))
        return fitting

    def _in(
        self, pair: tuple[PairWindow, Event, Event], other: Event, trials: int, is_cited: bool
    ) -> Association | None:
        window, first, second = pair
        at_first, at_second = self._crossing(first), self._crossing(second)
        if at_first is None or at_second is None:
            return None
        difference_s = (at_second.crossing_utc - at_first.crossing_utc).total_seconds()
        margin_s = at_first.margin_s + at_second.margin_s
        if not window.window.contains(difference_s, margin_s=margin_s):
            return None
        length_s = window.window.length_s + 2.0 * margin_s
        overlap = self.overlaps.get(other.id)
        rate_hz = self._rate_hz(window.whole)
        joint = self._joint(window, first, second, length_s, rate_hz, 1.0 if overlap is None else overlap)
        return Association(
            event_id=self.event.id,
            other_id=other.id,
            other_name=other.name,
            window=window.name,
            difference_s=difference_s,
            joint_far_hz=None if joint is None else trials * joint.far_hz,
            joint_far_is_limit=joint is not None and joint.is_limit,
            association_chance=association_chance(
                rate_hz, length_s, overlap=1.0 if overlap is None else overlap, trials=trials
            ),
            overlap=overlap,
            is_cited=is_cited,
            labels=self.event.labels | other.labels,
            margin_s=margin_s,
            length_s=length_s,
            rate_hz=rate_hz,
            trials=trials,
        )

    def _joint(
        self, window: PairWindow, first: Event, second: Event, length_s: float, rate_hz: float, overlap: float
    ) -> JointFar | None:
        """Joint FAR; None where it is refused: a targeted pair without both FARs, or beyond its thresholds."""
        if not window.is_targeted:
            one, stream = (first, window.first) if window.by_far == "first" else (second, window.second)
            far_hz = self._rate_hz(stream) if one.far_hz is None else one.far_hz
            return joint_far(far_hz, rate_hz, length_s, overlap=overlap)
        published = window.first.published_far_hz, window.second.published_far_hz
        if first.far_hz is None or second.far_hz is None or published[0] is None or published[1] is None:
            return None
        try:
            return joint_far_targeted(
                first.far_hz,
                second.far_hz,
                length_s,
                published_a_hz=published[0],
                published_b_hz=published[1],
                overlap=overlap,
            )
        except ValueError:
            return None

    def _crossing(self, event: Event) -> EarthCrossing | None:
        return self.crossings.get(event.id) or earth_crossing(event, self.book)

    def _rate_hz(self, stream: Stream) -> float:
        return self.rates_hz.get(stream.name, stream.rate_hz)

    def _cited(self, other: Event) -> Association:
        return Association(
            event_id=self.event.id,
            other_id=other.id,
            other_name=other.name,
            window="cited",
            difference_s=None,
            joint_far_hz=None,
            association_chance=None,
            overlap=self.overlaps.get(other.id),
            is_cited=True,
            labels=self.event.labels | other.labels,
        )


def _cites(event: Event, other: Event) -> bool:
    named = str(event.details.get("cites", "")).split()
    return not frozenset(named).isdisjoint(other.aliases)
