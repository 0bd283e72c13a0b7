"""A time taken at a planet is moved to the Earth by its ephemeris, or its window is as wide as the light time."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from astropy.coordinates import get_body_barycentric, solar_system_ephemeris
from astropy.time import Time
from workflow_desk import MERGER, T0, Desk, at, spot

from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ConflictError
from tocsin.domain.events import EventKind
from tocsin.domain.products import ProductKind
from tocsin.simulate.notices import lvk_alert
from tocsin.workflow.associating import neighbours
from tocsin.workflow.attach import visible_event
from tocsin.workflow.by_hand import Place, create_event
from triangulation.geometry import SPEED_OF_LIGHT_KM_S, unit_vector

HERE = Place(ra_deg=120.0, dec_deg=20.0, error_radius_deg=0.3)


def early_at_mars_s() -> float:
    """How long before the Earth Mars sees a burst from there, s: by astropy's own ephemeris, good to 0.1 s."""
    with solar_system_ephemeris.set("builtin"):
        mars, earth = (get_body_barycentric(name, Time(T0)).xyz.to_value("km") for name in ("mars", "earth"))
    return float((mars - earth) @ np.asarray(unit_vector(HERE.ra_deg, HERE.dec_deg))) / SPEED_OF_LIGHT_KM_S


def made(desk: Desk, t0_utc: datetime, *, place: Place | None = HERE, taken_at: str = "mars") -> str:
    return create_event(
        desk.context,
        "vance",
        "page",
        kind=EventKind.GAMMA_RAY_BURST,
        t0_utc=t0_utc,
        reason="seen by HEND",
        place=place,
        taken_at=taken_at,
    )


def test_a_burst_timed_at_mars_crosses_the_earth_when_its_ephemeris_says(tmp_path: Path) -> None:
    with Desk(tmp_path, now=at(3600.0)) as desk:
        event_id = made(desk, T0)
        desk.wait(60.0)
        (product,) = desk.read(lambda work: work.products(event_id, ProductKind.EARTH_CROSSING))
        assert product.content["place"] == "mars"
        assert product.content["offset_s"] == pytest.approx(early_at_mars_s(), abs=1.5)
        assert abs(product.content["offset_s"]) > 60.0
        moved_s = (to_utc(product.content["crossing_utc"]) - T0).total_seconds()
        assert moved_s == pytest.approx(product.content["offset_s"], abs=1e-5)
        # A region of 0.3 deg on a baseline of minutes leaves seconds; the Earth's way meanwhile a tenth of one.
        assert 0.05 < product.content["half_width_s"] < 15.0


def test_a_merger_is_associated_with_a_burst_whose_time_at_mars_is_minutes_off(tmp_path: Path) -> None:
    with Desk(tmp_path, now=at(3600.0)) as desk:
        desk.take(lvk_alert(MERGER, "PRELIMINARY", at(30.0), skymap=spot(120.0, 12.0).to_bytes()))
        desk.wait(30.0)
        event_id = made(desk, at(1.7) - timedelta(seconds=early_at_mars_s()))
        desk.wait(120.0)
        found = desk.read(lambda work: work.products(event_id, ProductKind.ASSOCIATION))
        assert [one.content["other_id"] for one in found] == ["s241017ab"]
        assert found[0].content["difference_s"] == pytest.approx(1.7, abs=1.5)
        assert found[0].content["length_s"] < 40.0


@pytest.mark.parametrize(("taken_at", "is_found"), [("mars", True), ("", False)])
def test_the_merger_finds_a_time_taken_at_a_planet_by_itself_and_no_other_as_far_off(
    tmp_path: Path, *, taken_at: str, is_found: bool
) -> None:
    with Desk(tmp_path, now=at(3600.0)) as desk:
        desk.take(lvk_alert(MERGER, "PRELIMINARY", at(30.0), skymap=spot(120.0, 12.0).to_bytes()))
        event_id = made(desk, at(1300.0), taken_at=taken_at)
        merger = desk.read(lambda work: visible_event(work, "s241017ab", frozenset()))
        assert merger is not None
        found = desk.read(lambda work: neighbours(work, merger))
        assert [one.id for one in found] == ([event_id] if is_found else [])


def test_without_a_direction_the_window_is_as_wide_as_the_light_time(tmp_path: Path) -> None:
    with Desk(tmp_path, now=at(3600.0)) as desk:
        event_id = made(desk, T0, place=None)
        desk.wait(60.0)
        (product,) = desk.read(lambda work: work.products(event_id, ProductKind.EARTH_CROSSING))
        with solar_system_ephemeris.set("builtin"):
            mars, earth = (get_body_barycentric(name, Time(T0)).xyz.to_value("km") for name in ("mars", "earth"))
        light_s = float(np.linalg.norm(mars - earth)) / SPEED_OF_LIGHT_KM_S
        assert product.content["offset_s"] == 0.0
        assert product.content["half_width_s"] == pytest.approx(light_s, abs=0.5)


def test_a_place_that_is_none_is_refused(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk, pytest.raises(ConflictError, match="no place") as refused:
        made(desk, T0, taken_at="pluto")
    assert "mars" in str(refused.value.remedy)
