"""Counterparts: which excess of a light curve may belong to an event, by when it should have arrived there.

A far craft is reached minutes before or after the Earth, so its whole file would match everything. What the event's
sky map allows is what counts; and an excess that another burst explains is that burst's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tocsin.domain.events import Event, EventKind
from tocsin.domain.light_curves import FloatArray
from triangulation import pixels
from triangulation.geometry import SPEED_OF_LIGHT_KM_S, SpacecraftPosition
from triangulation.skymap import SkyMap
from triggers.coincidence_config import PairWindow

#: An excess is called a counterpart where the chance of one like it, trials included, is below this.
COUNTERPART_FAP = 0.01
#: Gamma rays of one burst are looked for within this of its T0, s: triggers may be on different pulses.
BURST_WINDOW_S = (-20.0, 20.0)
#: The region of the sky map that arrival times are worked out for.
REGION_LEVEL = 0.999
#: The Earth moves while the wave travels on to a far craft: the share of that time which a geocentric wave neglects.
ABERRATION = 2e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalWindow:
    """Times at a craft, s since the event's T0, within which its gamma rays may arrive.

    Parameters
    ----------
    start_s, stop_s
        Ends.
    name
        Whose gamma rays.
    """

    start_s: float
    stop_s: float
    name: str = ""

    def meets(self, row: Mapping[str, Any]) -> bool:
        """Whether an excess lies within, or reaches into, the window."""
        return float(row["stop_s"]) >= self.start_s and float(row["start_s"]) <= self.stop_s

    def off_s(self, row: Mapping[str, Any]) -> float:
        """Distance of an excess's middle from the middle of the window, s."""
        return abs(float(row["t_s"]) - 0.5 * (self.start_s + self.stop_s))


def arrival_window(
    place: SpacecraftPosition | None, region: SkyMap | None, around_s: tuple[float, float], *, name: str = ""
) -> ArrivalWindow:
    """When gamma rays that pass the geocentre within `around_s` of T0 reach a craft, from all of the region.

    Parameters
    ----------
    place
        Of the craft; None: taken to be at the geocentre.
    region
        Sky map of the event; None: any direction.
    around_s
        Window at the geocentre, (start, stop), s since T0.
    name
        Whose gamma rays.
    """
    if place is None:
        return ArrivalWindow(start_s=around_s[0], stop_s=around_s[1], name=name)
    light_s = place.distance_km / SPEED_OF_LIGHT_KM_S
    earliest, latest = -light_s, light_s
    if region is not None:
        offsets = -_directions(region) @ np.asarray(place.vector_km) / SPEED_OF_LIGHT_KM_S
        margin_s = ABERRATION * light_s + place.error_km / SPEED_OF_LIGHT_KM_S
        earliest, latest = float(offsets.min()) - margin_s, float(offsets.max()) + margin_s
    return ArrivalWindow(start_s=earliest + around_s[0], stop_s=latest + around_s[1], name=name)


def counterpart(
    rows: Sequence[Mapping[str, Any]], own: ArrivalWindow, others: Sequence[ArrivalWindow] = ()
) -> Mapping[str, Any] | None:
    """The rarest excess that may be the event's; None if there is none, or other bursts explain them better."""
    rare = [row for row in rows if float(row["fap"]) < COUNTERPART_FAP and own.meets(row)]
    free = [row for row in rare if not any(other.meets(row) and other.off_s(row) < own.off_s(row) for other in others)]
    return min(free, key=lambda row: (float(row["fap"]), -float(row["snr"])), default=None)


def window_of(event: Event, windows: Sequence[PairWindow], search_s: float) -> tuple[float, float]:
    """Window at the geocentre in which gamma rays of an event are looked for: as the fields' joint searches have it."""
    if event.kind is EventKind.GAMMA_RAY_BURST:
        return BURST_WINDOW_S
    for pair in windows:
        kinds = {pair.first.kind, pair.second.kind}
        if kinds == {event.kind, EventKind.GAMMA_RAY_BURST} and _fits_group(event, pair):
            # The window is time of the second minus time of the first; gamma rays after the event are positive here.
            is_first = pair.first.kind is event.kind
            start, stop = pair.window.start_s, pair.window.stop_s
            own = (start, stop) if is_first else (-stop, -start)
            return max(own[0], -search_s), min(own[1], search_s)
    return -search_s, search_s


def _fits_group(event: Event, pair: PairWindow) -> bool:
    return pair.first.kind is not event.kind or pair.holds_for(event)


def _directions(region: SkyMap) -> FloatArray:
    """Unit vectors of the cells of the region, shape (n, 3)."""
    keep = np.isin(region.uniq, region.credible_region(REGION_LEVEL))
    return pixels.centres_mixed(region.order[keep], region.pixel[keep])
