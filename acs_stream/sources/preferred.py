"""One instrument, several places where its data may lie: what is here already before a service is asked."""

from collections.abc import Sequence
from datetime import datetime

from acs_stream.sources.model import (
    Availability,
    AvailabilityState,
    FetchedLightCurve,
    LightCurveSource,
    towards_or_not,
)
from tocsin.domain.clock import Clock
from tocsin.domain.errors import ScienceError


class PreferredSource:
    """Stored data first, then a service.

    Parameters
    ----------
    stored
        Places at hand, the best first: the archive, files in the inbox. They count only for what they have.
    service
        Asked for what they have not, and its word holds on when data will exist, or why never.
    clock
        Tells the time.
    """

    def __init__(self, stored: Sequence[LightCurveSource], service: LightCurveSource, *, clock: Clock) -> None:
        self.stored = tuple(stored)
        self.service = service
        self._clock = clock

    @property
    def instrument(self) -> str:
        """Name of the instrument."""
        return self.service.instrument

    def availability(self, t0_utc: datetime, window_s: float, now: datetime) -> Availability:
        """See `LightCurveSource`."""
        found = self._at_hand(t0_utc, window_s, now)
        if found is not None and not found[1].is_partial:
            return found[1]
        verdict = self.service.availability(t0_utc, window_s, now)
        if found is not None and verdict.state in {AvailabilityState.NEVER, AvailabilityState.UNKNOWN}:
            return found[1]
        return verdict

    def fetch(self, t0_utc: datetime, window_s: float) -> FetchedLightCurve:
        """See `LightCurveSource`; what is stored in part serves where the service has nothing."""
        found = self._at_hand(t0_utc, window_s, self._clock.now())
        if found is not None and not found[1].is_partial:
            return found[0].fetch(t0_utc, window_s)
        try:
            return self.service.fetch(t0_utc, window_s)
        except ScienceError:
            if found is None:
                raise
            return found[0].fetch(t0_utc, window_s)

    def fetch_towards(self, t0_utc: datetime, window_s: float, direction: tuple[float, float]) -> FetchedLightCurve:
        """See `DirectedSource`: the service's choice, where nothing at hand has the whole window."""
        found = self._at_hand(t0_utc, window_s, self._clock.now())
        if found is not None:
            return self.fetch(t0_utc, window_s)
        return towards_or_not(self.service, t0_utc, window_s, direction)

    def _at_hand(
        self, t0_utc: datetime, window_s: float, now: datetime
    ) -> tuple[LightCurveSource, Availability] | None:
        """First place that has all of the window, else the first that has a part; None where none has anything."""
        part: tuple[LightCurveSource, Availability] | None = None
        for place in self.stored:
            try:
                verdict = place.availability(t0_utc, window_s, now)
            except ScienceError:
                continue  # a damaged file at hand is no reason not to ask
            if verdict.state is AvailabilityState.AVAILABLE:
                if not verdict.is_partial:
                    return place, verdict
                part = part or (place, verdict)
        return part
