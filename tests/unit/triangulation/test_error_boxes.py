"""Error boxes against the sky map and against printed areas."""

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from tocsin.domain.errors import ScienceError
from triangulation.annulus import Annulus, annulus_from_delay
from triangulation.boxes import polygon_area_deg2
from triangulation.delay import DelayPosterior
from triangulation.geometry import baseline, separation_deg, unit_vector
from triangulation.regions import Ring, overlap_regions

SOURCE = (30.0, 40.0)


def ring(position_km: list[float], sigma_deg: float) -> Annulus:
    pair = baseline(position_km, [0.0, 0.0, 0.0])
    delay = float(pair.delay_s(unit_vector(*SOURCE)))
    sine = np.sqrt(1.0 - (delay / pair.light_time_s) ** 2)
    posterior = DelayPosterior.gaussian(delay, float(pair.light_time_s * sine * np.radians(sigma_deg)))
    return annulus_from_delay(position_km, [0.0, 0.0, 0.0], posterior)


def circle(ra: float, dec: float, radius: float, minus: float, plus: float) -> Ring:
    return Ring(axis=unit_vector(ra, dec), inner_deg=radius - minus, outer_deg=radius + plus)


def counted_deg2(rings: list[Ring], n: int = 2_000_000) -> tuple[float, float]:
    """Area by counting random points, and its error."""
    points = np.random.default_rng(3).normal(size=(n, 3))
    points /= np.linalg.norm(points, axis=1)[:, None]
    share = float(np.all([each.holds(points) for each in rings], axis=0).mean())
    return 41252.96 * share, 41252.96 * np.sqrt(share / n)


def test_two_annuli_give_two_boxes_one_of_which_holds_the_source() -> None:
    boxes = overlap_regions([ring([1e6, 0, 0], 0.1), ring([0, 4e5, 1e5], 0.2)])
    assert len(boxes) == 2
    away = [float(separation_deg(unit_vector(box.ra_deg, box.dec_deg), unit_vector(*SOURCE))) for box in boxes]
    assert min(away) < 0.02
    assert [box.corners_deg.shape for box in boxes] == [(4, 2), (4, 2)]


@pytest.mark.parametrize(
    ("rings", "n_regions", "n_corners"),
    [
        ([circle(10, 20, 60, 5, 4), circle(100, -30, 80, 6, 6)], 2, 4),
        ([circle(10, 20, 60, 5, 4), circle(30, 25, 70, 3, 3)], 2, 4),  # grazing: long arcs of 55 deg
        ([circle(10, 20, 60, 5, 4), circle(10, 20, 62, 3, 3)], 1, 0),  # one within the other about one axis
        ([circle(10, 20, 60, 5, 4), Ring.disc(70, 20, 30)], 1, 4),
        ([circle(10, 20, 60, 5, 4), circle(100, -30, 80, 6, 6), Ring.disc(70, 20, 40)], 1, 4),
        ([circle(10, 20, 3, 3, 4), circle(14, 20, 5, 5, 1)], 1, 2),  # two discs
        ([circle(10, 20, 178, 3, 2)], 1, 0),  # a disc about the opposite point
    ],
)
def test_areas_of_overlaps_are_those_counted_on_random_points(
    rings: list[Ring], n_regions: int, n_corners: int
) -> None:
    found = overlap_regions(rings)
    area, error = counted_deg2(rings)
    assert len(found) == n_regions
    assert sum(region.area_deg2 for region in found) == pytest.approx(area, abs=4 * error)
    assert {len(region.corners_deg) for region in found} == {n_corners}


def test_the_area_of_one_ring_is_analytic() -> None:
    (whole,) = overlap_regions([circle(80.195, 23.945, 53.106, 0.07, 0.07)])
    expected = 2 * np.pi * (np.cos(np.radians(53.036)) - np.cos(np.radians(53.176))) * (180 / np.pi) ** 2
    assert whole.area_deg2 == pytest.approx(expected, rel=1e-10)
    assert whole.extent_deg == pytest.approx(2 * 53.176, abs=0.01)


def test_turning_the_sky_turns_the_region() -> None:
    rings = [circle(10, 20, 60, 5, 4), circle(100, -30, 80, 6, 6)]
    turn = Rotation.random(rng=np.random.default_rng(5))
    turned = [Ring(axis=turn.apply(each.axis), inner_deg=each.inner_deg, outer_deg=each.outer_deg) for each in rings]
    for one, other in zip(overlap_regions(rings), overlap_regions(turned), strict=True):
        assert other.area_deg2 == pytest.approx(one.area_deg2, rel=1e-7)
        assert other.extent_deg == pytest.approx(one.extent_deg, rel=1e-4)


def test_the_four_annuli_of_grb_240913c_share_one_long_arc() -> None:
    (arc,) = overlap_regions(
        [
            circle(333.897, -8.566, 50.692, 1.965, 1.965),
            circle(334.296, -2.846, 47.219, 3.486, 3.486),
            circle(56.462, 86.015, 62.390, 17.278, 17.278),
            circle(95.231, 23.495, 73.181, 0.024, 0.024),
        ]
    )
    assert arc.extent_deg == pytest.approx(23.4, abs=0.2)
    ends = [(20.5, 7.2), (12.1, 29.1)]
    for ra, dec in ends:
        near = min(float(separation_deg(unit_vector(ra, dec), unit_vector(*corner))) for corner in arc.corners_deg)
        assert near < 0.2


def test_the_third_annulus_of_grb_211019a_keeps_the_southern_box() -> None:
    thin = [circle(27.190, 10.927, 89.034, 0.022, 0.021), circle(200.705, -8.093, 87.815, 0.017, 0.017)]
    assert len(overlap_regions(thin)) == 2
    (kept,) = overlap_regions([*thin, circle(190.965, -7.594, 80.456, 0.431, 0.431)])
    assert (kept.ra_deg, kept.dec_deg) == pytest.approx((106.987, -38.780), abs=0.01)


def test_annuli_that_miss_each_other_have_no_box() -> None:
    far = annulus_from_delay([1e6, 0, 0], [0, 0, 0], DelayPosterior.gaussian(3.2, 0.001))
    opposite = annulus_from_delay([-1e6, 0, 0], [0, 0, 0], DelayPosterior.gaussian(3.2, 0.001))
    with pytest.raises(ScienceError, match="no point in common"):
        overlap_regions([far, opposite])


@pytest.mark.samples
def test_printed_areas_of_compact_boxes_come_out_to_a_percent(samples: Path) -> None:
    with (samples / "circulars/circular_cases.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if "straight-edge polygon reproduces" in row["note"]]
    assert len(rows) == 12
    for row in rows:
        corners = np.array([[float(x) for x in corner.split(",")] for corner in row["corners"].split()])
        assert polygon_area_deg2(corners) == pytest.approx(float(row["area_deg2"]), rel=0.012), row["event"]
