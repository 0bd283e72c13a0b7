"""Error boxes against the sky map and against printed areas."""

import csv
from pathlib import Path

import numpy as np
import pytest

from tocsin.domain.errors import ScienceError
from triangulation.annulus import Annulus, annulus_from_delay
from triangulation.boxes import error_boxes, polygon_area_deg2
from triangulation.delay import DelayPosterior
from triangulation.geometry import baseline, separation_deg, unit_vector

SOURCE = (30.0, 40.0)


def ring(position_km: list[float], sigma_deg: float) -> Annulus:
    pair = baseline(position_km, [0.0, 0.0, 0.0])
    delay = float(pair.delay_s(unit_vector(*SOURCE)))
    sine = np.sqrt(1.0 - (delay / pair.light_time_s) ** 2)
    posterior = DelayPosterior.gaussian(delay, float(pair.light_time_s * sine * np.radians(sigma_deg)))
    return annulus_from_delay(position_km, [0.0, 0.0, 0.0], posterior)


def test_two_annuli_give_two_boxes_one_of_which_holds_the_source() -> None:
    boxes = error_boxes(ring([1e6, 0, 0], 0.1), ring([0, 4e5, 1e5], 0.2))
    nearest = min(
        boxes, key=lambda box: float(separation_deg(unit_vector(box.ra_deg, box.dec_deg), unit_vector(*SOURCE)))
    )
    assert (nearest.ra_deg, nearest.dec_deg) == pytest.approx(SOURCE, abs=1e-5)
    assert nearest.corners_deg.shape == (4, 2)


def test_the_area_of_a_box_is_that_counted_on_a_fine_grid() -> None:
    a, b = ring([1e6, 0, 0], 0.1), ring([0, 4e5, 1e5], 0.2)
    box = min(error_boxes(a, b), key=lambda each: abs(each.ra_deg - SOURCE[0]))
    x = np.linspace(-3, 3, 1201)
    ra, dec = np.meshgrid(SOURCE[0] + x / np.cos(np.radians(SOURCE[1])), SOURCE[1] + x)
    n = unit_vector(ra, dec)
    inside = np.ones(ra.shape, dtype=bool)
    for each in (a, b):
        distance = np.degrees(np.arccos(n @ each.pair.axis))
        inside &= (distance > each.inner_deg) & (distance < each.outer_deg)
    cell = (x[1] - x[0]) ** 2 * np.cos(np.radians(dec)) / np.cos(np.radians(SOURCE[1]))
    assert box.area_deg2 == pytest.approx(float(cell[inside].sum()), rel=5e-3)


def test_annuli_that_miss_each_other_have_no_box() -> None:
    far = annulus_from_delay([1e6, 0, 0], [0, 0, 0], DelayPosterior.gaussian(3.2, 0.001))
    opposite = annulus_from_delay([-1e6, 0, 0], [0, 0, 0], DelayPosterior.gaussian(3.2, 0.001))
    with pytest.raises(ScienceError, match="cross"):
        error_boxes(far, opposite)


@pytest.mark.samples
def test_printed_areas_of_compact_boxes_come_out_to_a_percent(samples: Path) -> None:
    with (samples / "circulars/circular_cases.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if "straight-edge polygon reproduces" in row["note"]]
    assert len(rows) == 12
    for row in rows:
        corners = np.array([[float(x) for x in corner.split(",")] for corner in row["corners"].split()])
        assert polygon_area_deg2(corners) == pytest.approx(float(row["area_deg2"]), rel=0.012), row["event"]
