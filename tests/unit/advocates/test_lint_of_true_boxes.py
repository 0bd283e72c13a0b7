"""Boxes that really are the crossings of two annuli are silent in any orientation; slips of a corner are found."""

import numpy as np
import numpy.typing as npt
import pytest

from advocates.lint_geometry import lint_geometry
from advocates.sphere import polygon_area_deg2
from tocsin.domain.drafts import Severity
from triangulation.geometry import radec_deg, unit_vector

FloatArray = npt.NDArray[np.float64]
SIGNS = ((-1, -1), (1, -1), (1, 1), (-1, 1))


def crossing_point(axes: FloatArray, radii_deg: FloatArray, near: FloatArray) -> FloatArray | None:
    """Where two rings cross nearest to a direction, None where they do not."""
    cosines = np.cos(np.radians(radii_deg))
    within = np.linalg.solve(axes @ axes.T, cosines) @ axes
    beyond = 1 - within @ within
    if beyond <= 0:
        return None
    normal = np.cross(*axes)
    normal *= np.sqrt(beyond) / np.linalg.norm(normal)
    found: FloatArray = max((within + normal, within - normal), key=lambda one: float(one @ near))
    return found


def _point(vector: FloatArray) -> tuple[float, float]:
    ra, dec = radec_deg(vector)
    return float(ra), float(dec)


class Box:
    """Two annuli with digits as printed, and the box they make."""

    def __init__(self, rng: np.random.Generator) -> None:
        while not self._drawn(rng):
            pass

    def _drawn(self, rng: np.random.Generator) -> bool:
        source, *axes = (one / np.linalg.norm(one) for one in rng.normal(size=(3, 3)))
        self.centres = [tuple(round(float(x), 3) for x in radec_deg(axis)) for axis in axes]
        units = np.array([unit_vector(*centre) for centre in self.centres])
        self.radii = np.round(np.degrees(np.arccos(units @ source)), 3)
        self.halves = np.round(10 ** rng.uniform(-2, -0.3, size=2), 3)
        edges = [crossing_point(units, self.radii + self.halves * sign, source) for sign in (*SIGNS, (0, 0))]
        if np.min(np.sin(np.radians(self.radii))) < np.sin(np.radians(15)) or any(edge is None for edge in edges):
            return False
        self.points = [_point(edge) for edge in edges if edge is not None]
        vectors = np.array([edge for edge in edges if edge is not None])
        self.span_deg = float(np.degrees(np.arccos(np.min(np.clip(vectors @ vectors.T, -1, 1)))))
        return self.span_deg < 12

    def text(self, *, with_annuli: bool, corner: int = 0, shift_deg: tuple[float, float] = (0.0, 0.0)) -> str:
        *corners, centre = self.points
        area = polygon_area_deg2(corners)
        ra, dec = corners[corner]
        corners[corner] = (ra + shift_deg[0] / np.cos(np.radians(dec)), dec + shift_deg[1])
        lines = [f"{ra % 360:.3f}, {dec:+.3f}" for ra, dec in corners]
        words = f"Center: {centre[0]:.3f}, {centre[1]:+.3f}\nCorners:\n" + "\n".join(lines)
        words += f"\nThe error box area is {area:.4g} sq. deg.\n"
        for (ra, dec), radius, half in zip(self.centres, self.radii, self.halves, strict=True):
            annulus = f"RA, Dec = {ra:.3f}, {dec:+.3f} deg with radius {radius:.3f} +/- {half:.3f} deg"
            words += f"An annulus is centered at {annulus}.\n" * with_annuli
        return words


@pytest.mark.parametrize("with_annuli", [True, False])
def test_true_boxes_have_no_error(with_annuli: bool) -> None:
    rng = np.random.default_rng(20)
    warned = 0
    for _ in range(150):
        box = Box(rng)
        found = lint_geometry(box.text(with_annuli=with_annuli))
        assert [one for one in found if one.severity is Severity.BLOCKING] == [], box.text(with_annuli=True)
        warned += bool(found)
    assert warned <= (0 if with_annuli else 8)


@pytest.mark.parametrize("with_annuli", [True, False])
def test_a_corner_moved_by_a_third_of_the_box_is_found(with_annuli: bool) -> None:
    rng = np.random.default_rng(21)
    missed = 0
    for _ in range(150):
        box, turn = Box(rng), rng.uniform(0, 2 * np.pi)
        shift = 0.34 * max(box.span_deg, 0.03) * np.array([np.cos(turn), np.sin(turn)])
        text = box.text(
            with_annuli=with_annuli, corner=int(rng.integers(4)), shift_deg=(float(shift[0]), float(shift[1]))
        )
        missed += not any(one.severity is Severity.BLOCKING for one in lint_geometry(text))
    assert missed <= 3


def test_an_area_in_the_wrong_unit_is_found_though_its_last_digit_is_coarser_than_the_box() -> None:
    box = Box(np.random.default_rng(22))
    text = box.text(with_annuli=True)
    area = polygon_area_deg2(box.points[:4])
    wrong = text.replace(f"{area:.4g} sq. deg", f"{area * 3600:.0f} sq. deg")
    assert wrong != text
    assert [one.rule for one in lint_geometry(wrong)] == ["geometry.area"]


def test_a_long_arc_whose_straight_sides_cross_is_silent() -> None:
    """GCN 21918 (GRB 170921B): 37.5 deg long, 14 arcmin wide."""
    text = (
        "Center:\n 132.375 +57.057\nCorners:\n 112.726 +39.192\n 113.512 +41.297\n 162.356 +62.282\n 160.088 +62.030\n"
        "The error box area is 8.7 sq. deg, and its maximum dimension is 37.5 deg.\n"
    )
    assert lint_geometry(text) == []
    swapped = text.replace("113.512 +41.297\n 162.356 +62.282", "162.356 +62.282\n 113.512 +41.297")
    assert [one.rule for one in lint_geometry(swapped)] == ["geometry.corners-crossed"]
