"""Surroundings of an event: where on the sky it may be, and which other bursts are near it in time."""

from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.domain.clock import iso_utc
from tocsin.domain.events import Event, EventKind
from tocsin.store import UnitOfWork
from tocsin.workflow.associating import neighbours
from tocsin.workflow.context import Context
from tocsin.workflow.counterparts import BURST_WINDOW_S, ArrivalWindow, arrival_window, window_of
from tocsin.workflow.priors import prior_map
from triangulation.geometry import SpacecraftPosition
from triangulation.skymap import SkyMap


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherBurst:
    """Another event's gamma rays: its name, its T0 minus ours in s, and its sky map if it has one."""

    name: str
    after_s: float
    region: SkyMap | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a light curve must be judged against.

    Parameters
    ----------
    event
        The event.
    region
        Its sky map, None if it has none.
    around_s
        When its gamma rays may come at the geocentre, (start, stop), s since T0.
    others
        Bursts near in time that are not this event's own.
    sources
        What region, T0 and others are from, for the lineage of what is judged by them.
    """

    event: Event
    region: SkyMap | None
    around_s: tuple[float, float]
    others: Sequence[OtherBurst] = ()
    sources: tuple[str, ...] = ()

    def windows(self, place: SpacecraftPosition | None) -> tuple[ArrivalWindow, list[ArrivalWindow]]:
        """Arrival windows at a craft: the event's own, and those of the other bursts."""
        own = arrival_window(place, self.region, self.around_s, name=self.event.name)
        return own, [
            arrival_window(
                place,
                other.region,
                (other.after_s + BURST_WINDOW_S[0], other.after_s + BURST_WINDOW_S[1]),
                name=other.name,
            )
            for other in self.others
        ]


def surroundings(context: Context, work: UnitOfWork, event: Event, search_s: float) -> Surroundings:
    """Surroundings of a view of an event as they are known now; `search_s` is the half-span searched, s."""
    around_s = window_of(event, context.rules.book.coincidence.windows, search_s)
    others = [
        OtherBurst(name=other.name, after_s=_after_s(event, other), region=prior_map(work, other)[0])
        for other in neighbours(work, event)
        if _is_another_burst(event, other, around_s)
    ]
    named = {other.name for other in others}
    region, _, source = prior_map(work, event)
    sources = (_told(event, source), *(_told(other, "") for other in neighbours(work, event) if other.name in named))
    return Surroundings(event=event, region=region, around_s=around_s, others=others, sources=sources)


def _told(event: Event, source: str) -> str:
    """Where and when an event is said to be, as one word."""
    place = f"{event.ra_deg},{event.dec_deg},{event.error_radius_deg}"
    return f"{source or f'event:{event.id}'}@{iso_utc(event.t0_utc)}/{place}"


def _is_another_burst(event: Event, other: Event, around_s: tuple[float, float]) -> bool:
    if other.kind is not EventKind.GAMMA_RAY_BURST or other.is_test or other.is_retracted or other.t0_utc is None:
        return False
    if event.kind is EventKind.GAMMA_RAY_BURST:
        return True
    return not around_s[0] <= _after_s(event, other) <= around_s[1]


def _after_s(event: Event, other: Event) -> float:
    if event.t0_utc is None or other.t0_utc is None:
        return 0.0
    return (other.t0_utc - event.t0_utc).total_seconds()
