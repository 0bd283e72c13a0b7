"""Boxes as circulars print them, by their corners: straight polygons on the sphere.

The sides of a true box are arcs of small circles, see `triangulation.regions`: for long ones the straight polygon has
another area.
"""

import numpy as np

from tocsin.domain.light_curves import FloatArray
from triangulation.geometry import radec_deg, unit_vector
from triangulation.pixels import SQUARE_DEG


def spherical_area_deg2(outline: FloatArray) -> float:
    """Area of a polygon with great-circle sides, deg2.

    Parameters
    ----------
    outline
        Unit vectors to its corners in order, shape (n, 3); smaller than half the sky.
    """
    centre = outline.mean(axis=0)
    centre = centre / np.linalg.norm(centre)
    following = np.roll(outline, -1, axis=0)
    triple = np.cross(outline, following) @ centre
    below = 1.0 + (outline * following).sum(axis=1) + outline @ centre + following @ centre
    return abs(float(2.0 * np.arctan2(triple, below).sum())) * SQUARE_DEG


def polygon_area_deg2(corners_deg: FloatArray) -> float:
    """Area of the polygon with great-circle sides through corners (RA and Dec, deg, shape (n, 2)), deg2.

    Examples
    --------
    >>> corners = np.array([[11.338, 42.297], [10.223, 43.210], [10.840, 42.317], [11.949, 41.375]])
    >>> round(polygon_area_deg2(corners), 3)
    0.325
    """
    corners = np.asarray(corners_deg, dtype=np.float64)
    return spherical_area_deg2(unit_vector(corners[:, 0], corners[:, 1]))


def centre_of(corners_deg: FloatArray) -> tuple[float, float]:
    """RA and Dec (deg) of the mean direction of corners, shape (n, 2)."""
    corners = np.asarray(corners_deg, dtype=np.float64)
    ra, dec = radec_deg(unit_vector(corners[:, 0], corners[:, 1]).mean(axis=0))
    return float(ra), float(dec)
