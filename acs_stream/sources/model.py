"""What a source of light curves says and gives: the protocol, availability in words, fetched data."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from acs_stream.attitude import Attitude
from tocsin.domain.light_curves import LightCurve
from triangulation.geometry import SpacecraftPosition


class AvailabilityState(StrEnum):
    """Whether there are data."""

    AVAILABLE = "available"
    EXPECTED = "expected"
    NEVER = "never"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """Whether data of a time exist, and if not, when to ask again.

    Parameters
    ----------
    state
        See `AvailabilityState`.
    expected_utc
        When to ask again; None where that makes no sense.
    reason
        For people.
    is_partial
        Available, but not of the whole window: another place may have more.
    """

    state: AvailabilityState
    expected_utc: datetime | None = None
    reason: str = ""
    is_partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FetchedLightCurve:
    """Data of one instrument around a T0.

    Parameters
    ----------
    channels
        One light curve per channel.
    total
        Their sum.
    position
        Where the craft was, if known.
    origin
        URL or file, for the lineage.
    raw
        The bytes as received.
    attitude
        How the craft was turned, if known.
    """

    channels: tuple[LightCurve, ...]
    total: LightCurve
    position: SpacecraftPosition | None
    origin: str
    raw: bytes = field(repr=False)
    attitude: Attitude | None = None


class Craft(Protocol):
    """Who knows where a craft was, and how it stood."""

    def position(self, t0_utc: datetime) -> SpacecraftPosition | None:
        """Place at a time; None where it is not known."""
        ...

    def attitude(self, t0_utc: datetime) -> Attitude | None:
        """Axes at a time; None where they are not known."""
        ...


class LightCurveSource(Protocol):
    """Where light curves of one instrument come from."""

    @property
    def instrument(self) -> str:
        """Name of the instrument."""
        ...

    def availability(self, t0_utc: datetime, window_s: float, now: datetime) -> Availability:
        """Whether data of T0 +- `window_s` exist at `now`, or when they are expected, or why never."""
        ...

    def fetch(self, t0_utc: datetime, window_s: float) -> FetchedLightCurve:
        """Light curves of T0 +- `window_s`.

        Raises
        ------
        DataNotYetError
            They will exist: ask again at its time.
        ScienceError
            They never will, or what came is no honest data.
        RemoteError
            The service failed.
        """
        ...


class DirectedSource(LightCurveSource, Protocol):
    """Source whose instrument has detectors to choose among, by where the burst is."""

    def fetch_towards(self, t0_utc: datetime, window_s: float, direction: tuple[float, float]) -> FetchedLightCurve:
        """Light curves of the detectors that see a direction (right ascension, declination, deg); raises as `fetch`."""
        ...


def towards_or_not(
    source: LightCurveSource, t0_utc: datetime, window_s: float, direction: tuple[float, float] | None
) -> FetchedLightCurve:
    """Light curves towards a direction, where one is known and the instrument has a choice; raises as `fetch`."""
    fetch_towards = getattr(source, "fetch_towards", None)
    if direction is None or fetch_towards is None:
        return source.fetch(t0_utc, window_s)
    found: FetchedLightCurve = fetch_towards(t0_utc, window_s, direction)
    return found
