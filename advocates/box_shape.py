"""How far an honest error box may be from a parallelogram, from its sides and the radii of its annuli. Pure.

Notes
-----
Let u and v be distances from the annuli's centres, R and S their radii, t the angle at which the rings cross. Within a
box the sky is flat and u, v are its coordinates to first order; to second, the Hessian of u is cot R along the ring.
Solving ``u(p) = u, v(p) = v`` to second order gives the position's derivatives, of which

* the mixed one opens the box: opposite sides of lengths a, b differ by up to ``a b (cot R + cot S) |cos t| / sin t``,
* the pure ones bow it: its centre leaves the mean of its corners by up to ``(a^2 + b^2) / 8 (cot R + cot S) / sin t``.

Both grow without limit where rings cross at grazing incidence; angles in radians.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from advocates.sphere import FloatArray, Point, separation
from triangulation.geometry import unit_vector

#: What third order adds at most where a box is short enough to be compared at all.
HIGHER_ORDERS = 1.25
#: Ends of a box longer than this share of its length are no ends of an arc.
MAX_END_SHARE = 0.3
_RAD = 180 / math.pi


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """Two sides of a box and the angle between them, as far as rounded corners tell it."""

    long_deg: float
    short_deg: float
    cosine: float
    sine: float

    def open_deg(self, cotangents: float) -> float:
        """Largest difference of opposite sides for a sum of cotangents of the radii, deg."""
        product = self.long_deg * self.short_deg / _RAD
        return HIGHER_ORDERS * product * cotangents * self.cosine / self.sine

    def bow_deg(self, cotangents: float) -> float:
        """Largest distance of the centre from the mean of the corners, deg."""
        return HIGHER_ORDERS * (self.long_deg**2 + self.short_deg**2) / 8 / _RAD * cotangents / self.sine


def crossing(plane: FloatArray, rounding_deg: float) -> Crossing:
    """Sides of a box.

    Parameters
    ----------
    plane
        Corners in their order on a tangent plane, deg, shape (>= 4, 2).
    rounding_deg
        Error of a corner as printed; it makes the angle of short sides uncertain, and the smaller one is taken.
    """
    first = (plane[1] - plane[0] + plane[2] - plane[3]) / 2
    second = (plane[3] - plane[0] + plane[2] - plane[1]) / 2
    a, b = float(np.linalg.norm(first)), float(np.linalg.norm(second))
    if min(a, b) == 0:
        return Crossing(long_deg=max(a, b), short_deg=min(a, b), cosine=1.0, sine=1e-3)
    angle = math.asin(min(1.0, abs(float(first[0] * second[1] - first[1] * second[0])) / (a * b)))
    angle = max(angle - rounding_deg / min(a, b), 1e-3)
    return Crossing(long_deg=max(a, b), short_deg=min(a, b), cosine=math.cos(angle), sine=math.sin(angle))


def sum_of_cotangents(radii_deg: Sequence[float]) -> float | None:
    """Cotangents of the two radii farthest from 90 deg, added; None for fewer than two annuli."""
    sizes = sorted(abs(1 / math.tan(math.radians(radius))) for radius in radii_deg)
    return sum(sizes[-2:]) if len(sizes) > 1 else None


def is_along_arc(corners: Sequence[Point], centre: Point) -> bool:
    """Whether corners in their order bound a piece of a ring, of a box whose straight sides cross for its length.

    The ring is the circle through the middles of the two ends and the centre. In their right order the corners of one
    long side are both the outer ones, those of the other both the inner ones.

    Parameters
    ----------
    corners
        Four, in their order, deg.
    centre
        Of the box, deg: it tells how far the box is bent.
    """
    sides = [separation(corners[i], corners[(i + 1) % 4]) for i in range(4)]
    ends, lengths = sides[0] + sides[2], sides[1] + sides[3]
    if ends > lengths:
        return is_along_arc((*corners[1:], corners[0]), centre)
    if ends > MAX_END_SHARE * lengths:
        return False
    a, b, c, d = (unit_vector(*corner) for corner in corners)
    middle = unit_vector(*centre)
    one, other = (a + b) / np.linalg.norm(a + b), (c + d) / np.linalg.norm(c + d)
    axis = np.cross(middle - one, other - middle)
    return bool((b @ axis - a @ axis) * (c @ axis - d @ axis) > 0)
