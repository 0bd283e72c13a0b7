"""Counterparts: an excess counts for the event whose gamma rays could have arrived then, and for no other."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from workflow_desk import settings

from tocsin.app.build import build_rules
from tocsin.domain.events import Event, EventKind
from tocsin.workflow.counterparts import ArrivalWindow, arrival_window, counterpart, window_of
from triangulation.geometry import SPEED_OF_LIGHT_KM_S, SpacecraftPosition
from triangulation.skymap import SkyMap

T0 = datetime(2024, 10, 17, 3, 0, tzinfo=UTC)
#: Half a light-minute from the Earth, towards RA 0, Dec 0.
FAR = SpacecraftPosition(
    spacecraft="Mars", epoch_utc=T0, vector_km=np.array([30.0 * SPEED_OF_LIGHT_KM_S, 0.0, 0.0]), error_km=3e4
)
AROUND_S = (-2.0, 6.0)


def excess(t_s: float, *, fap: float = 1e-6, snr: float = 9.0, scale_s: float = 1.0) -> dict[str, Any]:
    return {"t_s": t_s, "start_s": t_s - scale_s / 2, "stop_s": t_s + scale_s / 2, "fap": fap, "snr": snr}


def spot(ra_deg: float, dec_deg: float) -> SkyMap:
    return SkyMap.from_position(ra_deg, dec_deg, error_radius_deg=2.0, containment=0.9)


def test_at_the_earth_the_window_is_that_of_the_search() -> None:
    window = arrival_window(None, spot(10.0, 20.0), AROUND_S)
    assert (window.start_s, window.stop_s) == AROUND_S


def test_without_a_map_a_far_craft_may_be_reached_light_travel_earlier_or_later() -> None:
    window = arrival_window(FAR, None, AROUND_S)
    assert (window.start_s, window.stop_s) == pytest.approx((-32.0, 36.0))


@pytest.mark.parametrize(("ra_deg", "arrives_s"), [(0.0, -30.0), (180.0, 30.0), (90.0, 0.0)])
def test_a_map_says_when_a_far_craft_is_reached(ra_deg: float, arrives_s: float) -> None:
    window = arrival_window(FAR, spot(ra_deg, 0.0), AROUND_S)
    assert window.start_s <= arrives_s + AROUND_S[0]
    assert window.stop_s >= arrives_s + AROUND_S[1]
    assert window.stop_s - window.start_s < 14.0


def test_of_two_bursts_in_a_far_file_each_event_takes_its_own() -> None:
    early, late = excess(-29.0, snr=50.0, fap=1e-20), excess(30.5, snr=9.0)
    towards = arrival_window(FAR, spot(0.0, 0.0), AROUND_S, name="towards")
    away = arrival_window(FAR, spot(180.0, 0.0), AROUND_S, name="away")
    assert counterpart([early, late], towards, [away]) is early
    assert counterpart([early, late], away, [towards]) is late


def test_an_excess_that_another_burst_explains_better_is_left_to_it() -> None:
    own = ArrivalWindow(start_s=-20.0, stop_s=20.0)
    other = ArrivalWindow(start_s=8.0, stop_s=24.0)
    assert counterpart([excess(15.0)], own, [other]) is None
    assert counterpart([excess(15.0), excess(2.0, fap=1e-3)], own, [other]) == excess(2.0, fap=1e-3)
    assert counterpart([excess(9.0)], own, [ArrivalWindow(start_s=8.0, stop_s=100.0)]) is not None


def test_what_is_common_or_elsewhere_is_no_counterpart() -> None:
    own = ArrivalWindow(start_s=-2.0, stop_s=6.0)
    assert counterpart([excess(1.0, fap=0.02), excess(40.0)], own) is None
    assert counterpart([], own) is None


def test_a_long_excess_that_reaches_into_the_window_counts() -> None:
    own = ArrivalWindow(start_s=-2.0, stop_s=6.0)
    assert counterpart([excess(10.0, scale_s=10.0)], own) is not None


def test_the_rarest_wins_and_then_the_strongest() -> None:
    own = ArrivalWindow(start_s=-2.0, stop_s=6.0)
    rows = [excess(0.0, fap=1e-5, snr=20.0), excess(1.0, fap=1e-9, snr=7.0), excess(2.0, fap=1e-9, snr=8.0)]
    assert counterpart(rows, own) is rows[2]


def event(kind: EventKind, group: str = "") -> Event:
    return Event(id="e", name="e", kind=kind, t0_utc=T0, details={"group": group})


@pytest.mark.parametrize(
    ("kind", "group", "window"),
    [
        (EventKind.GRAVITATIONAL_WAVE, "CBC", (-1.0, 5.0)),
        (EventKind.GRAVITATIONAL_WAVE, "Burst", (-60.0, 300.0)),
        (EventKind.NEUTRINO, "", (-300.0, 300.0)),
        (EventKind.GAMMA_RAY_BURST, "", (-20.0, 20.0)),
        (EventKind.OTHER, "", (-300.0, 300.0)),
    ],
)
def test_gamma_rays_are_looked_for_in_the_window_of_the_fields_joint_searches(
    kind: EventKind, group: str, window: tuple[float, float]
) -> None:
    windows = build_rules(settings()).book.coincidence.windows
    assert window_of(event(kind, group), windows, 300.0) == window
