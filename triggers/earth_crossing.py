"""When a burst crossed the centre of the Earth: the time at the craft moved along the direction of the source.

A craft that is displaced by r toward the source sees the burst early by ``r . n / c``; the time at the geocentre is
``t + r . n / c``. Where the direction or the place is not known, the time stays and its uncertainty is the light time.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from tocsin.domain.events import Event
from tocsin.domain.light_curves import FloatArray
from triangulation import pixels
from triangulation.geometry import SPEED_OF_LIGHT_KM_S, SpacecraftPosition, unit_vector
from triangulation.skymap import SkyMap
from triggers.coincidence_config import CoincidenceBook, Place
from triggers.conditions import number
from triggers.families import Family, family_of_alias
from triggers.sun import sun_radec_deg
from triggers.trigger_groups import trigger_times

#: Detail of an event made by hand: name of the place that its time was taken at.
TAKEN_AT = "time_taken_at"
#: Share of the sky map that the uncertainty holds.
LEVEL = 0.9973


@dataclass(frozen=True, slots=True, kw_only=True)
class EarthCrossing:
    """Time at which an event crossed the geocentre.

    Parameters
    ----------
    t0_utc
        Time of the trigger as taken at its place.
    offset_s
        Crossing of the geocentre minus that time, s: the middle of what is possible. Of a fast radio burst it holds the
        delay of its radio waves, so that the crossing is that of gamma rays and gravitational waves sent with them.
    half_width_s
        Half-width about it, s: the crossing is inside, to 99.73 % of the sky map, all light times included.
    trigger_spread_s
        How far the trigger may be from the onset, s, beyond that.
    place
        Where the time was taken.
    method
        How it was moved, in words.
    """

    t0_utc: datetime
    offset_s: float
    half_width_s: float
    trigger_spread_s: float
    place: str
    method: str

    @property
    def crossing_utc(self) -> datetime:
        """Crossing of the geocentre."""
        return self.t0_utc + timedelta(seconds=self.offset_s)

    @property
    def margin_s(self) -> float:
        """By how much a window about it is widened at each end, s."""
        return self.half_width_s + self.trigger_spread_s


def earth_crossing(
    event: Event, book: CoincidenceBook, *, region: SkyMap | None = None, craft: SpacecraftPosition | None = None
) -> EarthCrossing | None:
    """Time an event crossed the geocentre; None where it has no time.

    Parameters
    ----------
    event
        The event.
    book
        Where its times are taken.
    region
        Its sky map, if it has one.
    craft
        Where the craft of its main trigger was at T0, if that is known.
    """
    if event.t0_utc is None:
        return None
    delay_s = number(event, "dispersion_delay_s") or 0.0
    found = _crossing(event.t0_utc, place_of_t0(event, book), region=region, craft=craft)
    if delay_s == 0.0:
        return found
    return replace(found, offset_s=found.offset_s - delay_s, method=f"{found.method}, at infinite frequency")


def _crossing(
    t0_utc: datetime, place: Place, *, region: SkyMap | None, craft: SpacecraftPosition | None
) -> EarthCrossing:
    vector_s, error_s = _vector_s(t0_utc, place, craft)
    if vector_s is None or region is None:
        reach_s = place.within_s if vector_s is None else min(float(np.linalg.norm(vector_s)) + error_s, place.within_s)
        unknown = "direction" if region is None else "place of the craft"
        method = "taken at the geocentre" if reach_s == 0.0 else f"not moved: {unknown} unknown"
        return _made(t0_utc, 0.0, reach_s, place, method)
    low_s, high_s = _extremes(region, vector_s)
    method = "moved with the craft's own position" if craft is not None else "moved along the line from the Sun"
    return _made(t0_utc, 0.5 * (low_s + high_s), 0.5 * (high_s - low_s) + error_s, place, method)


def place_of_t0(event: Event, book: CoincidenceBook) -> Place:
    """Where the time of an event was taken: where a person says, else of its triggers the one nearest the Earth."""
    said = event.details.get(TAKEN_AT)
    if (place := next((one for one in book.places if one.name == said), None)) is not None:
        return place
    named = [family_of_alias(alias) for alias, time in trigger_times(event).items() if time == event.t0_utc]
    places = [book.place_of(family or Family.OTHER) for family in named] or [book.place_of(Family.OTHER)]
    return min(places, key=lambda place: place.within_s)


def _made(t0_utc: datetime, offset_s: float, half_s: float, place: Place, method: str) -> EarthCrossing:
    return EarthCrossing(
        t0_utc=t0_utc,
        offset_s=offset_s,
        half_width_s=half_s,
        trigger_spread_s=place.trigger_spread_s,
        place=place.name,
        method=method,
    )


def _vector_s(t0_utc: datetime, place: Place, craft: SpacecraftPosition | None) -> tuple[FloatArray | None, float]:
    """Geocentric place of a craft in light seconds, and three sigma of it; None where nothing is known."""
    if craft is not None:
        return np.asarray(craft.vector_km) / SPEED_OF_LIGHT_KM_S, 3.0 * craft.error_km / SPEED_OF_LIGHT_KM_S
    if place.toward_sun_s is not None:
        return unit_vector(*sun_radec_deg(t0_utc)) * place.toward_sun_s, place.halo_s
    return None, 0.0


def _extremes(region: SkyMap, vector_s: FloatArray) -> tuple[float, float]:
    """Least and greatest ``r . n / c`` that the central `LEVEL` of a map gives, s."""
    offsets = pixels.centres_mixed(region.order, region.pixel) @ vector_s
    order = np.argsort(offsets)
    below = np.cumsum(region.probability[order])
    tail = 0.5 * (1.0 - LEVEL)
    first, last = np.searchsorted(below, [tail, 1.0 - tail])
    last = min(int(last), len(order) - 1)
    return float(offsets[order[int(first)]]), float(offsets[order[last]])
