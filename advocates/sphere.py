"""Polygons on the sphere, for the lint: area, crossings, where a point lies in a box. Pure."""

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from triangulation.geometry import separation_deg, unit_vector

Point = tuple[float, float]  # RA, Dec, deg
FloatArray = npt.NDArray[np.float64]


def separation(a: Point, b: Point) -> float:
    """Angle between two points, deg."""
    return float(separation_deg(unit_vector(*a), unit_vector(*b)))


def polygon_area_deg2(corners: Sequence[Point]) -> float:
    """Area within great circles from corner to corner, square degrees.

    Notes
    -----
    Signed fan of spherical triangles (Van Oosterom and Strackee 1983, IEEE Trans. Biomed. Eng. 30, 125).
    """
    vectors = [unit_vector(*corner) for corner in corners]
    first = vectors[0]
    excess = sum(_triangle_sr(first, b, c) for b, c in itertools.pairwise(vectors[1:]))
    return abs(float(excess)) * (180 / np.pi) ** 2


def plane_deg(points: Sequence[Point]) -> FloatArray:
    """Points on the tangent plane at their mean direction, deg, shape (n, 2); great circles become straight lines."""
    vectors = np.array([unit_vector(*point) for point in points])
    centre = vectors.mean(axis=0)
    centre /= np.linalg.norm(centre)
    east = np.cross([0.0, 0.0, 1.0] if abs(centre[2]) < 0.99 else [1.0, 0.0, 0.0], centre)
    east /= np.linalg.norm(east)
    north = np.cross(centre, east)
    depth = vectors @ centre
    offsets: FloatArray = np.degrees(np.stack([vectors @ east / depth, vectors @ north / depth], axis=-1))
    return offsets


def is_crossed(corners: Sequence[Point]) -> bool:
    """Whether two sides of a four-cornered box that do not share a corner cross."""
    a, b, c, d = plane_deg(corners)
    return _cross(a, b, c, d) or _cross(b, c, d, a)


def _cross(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> bool:
    return _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0


def _turn(a: FloatArray, b: FloatArray, c: FloatArray) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def _triangle_sr(a: FloatArray, b: FloatArray, c: FloatArray) -> float:
    triple = float(np.dot(a, np.cross(b, c)))
    return 2 * float(np.arctan2(triple, 1 + a @ b + b @ c + c @ a))
