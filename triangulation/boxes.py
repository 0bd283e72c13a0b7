"""Error boxes: where the 3-sigma annuli of two pairs cross, with corners and area, as circulars print them.

A box is the crossing of two 3-sigma annuli; it is *not* a region of 99.73 %. Its sides are arcs of small circles: its
area is found by walking along them, and is not that of the straight polygon of its corners.
"""

from dataclasses import dataclass

import numpy as np

from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray
from triangulation.annulus import Annulus, circle_crossings, crossings
from triangulation.geometry import radec_deg, separation_deg, unit_vector
from triangulation.pixels import SQUARE_DEG

#: Points along each side of a box.
SIDE_POINTS = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ErrorBox:
    """One crossing of two 3-sigma annuli.

    Parameters
    ----------
    ra_deg, dec_deg
        Crossing of the centre lines, deg.
    corners_deg
        Crossings of the edges, RA and Dec in deg, shape (4, 2), in order around the box.
    area_deg2
        Area within the curved sides, deg2.
    extent_deg
        Greatest distance of two corners, deg.
    """

    ra_deg: float
    dec_deg: float
    corners_deg: FloatArray
    area_deg2: float
    extent_deg: float


def error_boxes(a: Annulus, b: Annulus) -> tuple[ErrorBox, ...]:
    """Boxes in which two annuli cross: two, or one where they merge or touch is refused.

    Parameters
    ----------
    a, b
        Annuli of two independent pairs.

    Raises
    ------
    ScienceError
        The annuli do not cross in two clean boxes: they miss each other or cross too obliquely; use a sky map.
    """
    centres = crossings(a, b)
    edges = [
        (circle_crossings(a.pair.axis, ra, b.pair.axis, rb), ra, rb)
        for ra, rb in ((a.inner_deg, b.inner_deg), (a.inner_deg, b.outer_deg), (a.outer_deg, b.outer_deg))
    ]
    edges.append((circle_crossings(a.pair.axis, a.outer_deg, b.pair.axis, b.inner_deg), a.outer_deg, b.inner_deg))
    if not centres or any(not points for points, _, _ in edges):
        raise ScienceError("the annuli do not cross in two clean boxes", remedy="read the region off the sky map")
    return tuple(
        _box(a, b, which, centre, [points[which] for points, _, _ in edges]) for which, centre in enumerate(centres)
    )


def _box(
    a: Annulus, b: Annulus, which: int, centre: tuple[float, float], corners: list[tuple[float, float]]
) -> ErrorBox:
    vectors = np.stack([unit_vector(*corner) for corner in corners])
    outline = np.concatenate(
        [
            _side(a.pair.axis, a.inner_deg, b.pair.axis, (b.inner_deg, b.outer_deg), which),
            _side(b.pair.axis, b.outer_deg, a.pair.axis, (a.inner_deg, a.outer_deg), 1 - which),
            _side(a.pair.axis, a.outer_deg, b.pair.axis, (b.outer_deg, b.inner_deg), which),
            _side(b.pair.axis, b.inner_deg, a.pair.axis, (a.outer_deg, a.inner_deg), 1 - which),
        ]
    )
    return ErrorBox(
        ra_deg=centre[0],
        dec_deg=centre[1],
        corners_deg=np.array(corners),
        area_deg2=spherical_area_deg2(outline),
        extent_deg=float(separation_deg(vectors[:, None, :], vectors[None, :, :]).max()),
    )


def _side(
    axis: FloatArray, radius_deg: float, other: FloatArray, radii_deg: tuple[float, float], which: int
) -> FloatArray:
    """Points along a circle from its crossing with one circle about `other` to that with another, shape (k, 3)."""
    points = [
        circle_crossings(axis, radius_deg, other, float(radius))[which]
        for radius in np.linspace(*radii_deg, SIDE_POINTS, endpoint=False)
    ]
    return np.stack([unit_vector(*point) for point in points])


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
