"""Where annuli overlap: the parts of the sky within all of them, with corners, exact area and greatest extent.

What circulars call an error box is the overlap of 3-sigma annuli; it is *not* a region of 99.73 %. Long arcs, grazing
crossings and discs are treated as what they are: on each circle about one annulus' axis the arcs within all the others
are known in closed form, and the area is the integral of their lengths.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray
from triangulation.annulus import Annulus, circle_crossings
from triangulation.geometry import radec_deg, separation_deg, unit_vector
from triangulation.pixels import SQUARE_DEG

#: Circles on which the arcs are worked out: nodes of an integration in pieces between the corners.
CIRCLES = 24
TWO_PI = 2.0 * np.pi
#: Corners lie on the edges: to this, deg, they count as within.
EDGE_DEG = 1e-7
#: (start, stop) angles of arcs on one circle, rad, 0 to 2 pi.
Arcs = list[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ring:
    """Part of the sky between two circles: unit vector to their centre and both radii, deg."""

    axis: FloatArray
    inner_deg: float
    outer_deg: float

    @classmethod
    def of(cls, annulus: Annulus) -> "Ring":
        """Ring between the 3-sigma edges of an annulus."""
        return cls(axis=annulus.pair.axis, inner_deg=annulus.inner_deg, outer_deg=annulus.outer_deg)

    @classmethod
    def disc(cls, ra_deg: float, dec_deg: float, radius_deg: float) -> "Ring":
        """Error circle about a position, deg."""
        return cls(axis=unit_vector(ra_deg, dec_deg), inner_deg=0.0, outer_deg=radius_deg)

    @property
    def edges_deg(self) -> tuple[float, ...]:
        """Radii of the edges that are circles, deg."""
        return tuple(radius for radius in (self.inner_deg, self.outer_deg) if 0.0 < radius < 180.0)

    def holds(self, points: FloatArray) -> FloatArray:
        """Whether unit vectors, shape (..., 3), lie within, edges included."""
        distance = separation_deg(self.axis, points)
        return np.asarray((distance >= self.inner_deg - EDGE_DEG) & (distance <= self.outer_deg + EDGE_DEG))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ErrorRegion:
    """One connected overlap of annuli.

    Parameters
    ----------
    ra_deg, dec_deg
        Middle, deg: centre of gravity, on the region where it is compact.
    corners_deg
        Crossings of the edges, RA and Dec in deg, shape (n, 2), in order around the middle; none for a whole ring.
    area_deg2
        Area, deg2.
    extent_deg
        Greatest distance between two points of the edge, deg.
    """

    ra_deg: float
    dec_deg: float
    corners_deg: FloatArray
    area_deg2: float
    extent_deg: float


def overlap_regions(annuli: Sequence[Annulus | Ring]) -> tuple[ErrorRegion, ...]:
    """Connected parts of the sky within all annuli, largest first.

    Parameters
    ----------
    annuli
        Annuli (their 3-sigma edges count) or rings.

    Raises
    ------
    ScienceError
        They have no point in common, or there is none.
    """
    rings = [item if isinstance(item, Ring) else Ring.of(item) for item in annuli]
    if not rings:
        raise ScienceError("no annulus, no region")
    base = min(rings, key=lambda ring: ring.outer_deg - ring.inner_deg)
    others = [ring for ring in rings if ring is not base]
    corners = _corners(rings)
    strips = _strips(base, others, corners)
    parts = _connected(strips)
    if not parts:
        raise ScienceError(
            "the 3-sigma annuli have no point in common", remedy="read the region off the sky map, check the delays"
        )
    regions = [_region(base, part, corners) for part in parts]
    # The mirror images that two rings make are as large as each other but for rounding.
    return tuple(sorted(regions, key=lambda region: (-float(f"{region.area_deg2:.6g}"), region.ra_deg)))


def _corners(rings: Sequence[Ring]) -> FloatArray:
    """Crossings of edges of different rings that lie within all rings, unit vectors of shape (n, 3)."""
    found = [
        unit_vector(*point)
        for a, b in combinations(rings, 2)
        for radius_a in a.edges_deg
        for radius_b in b.edges_deg
        for point in circle_crossings(a.axis, radius_a, b.axis, radius_b)
    ]
    kept = [point for point in found if all(bool(ring.holds(point)) for ring in rings)]
    return np.array(kept).reshape(-1, 3)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Strip:
    """A circle about the base axis: its radius, the width it stands for, and its arcs within all rings."""

    theta_rad: float
    width_rad: float
    arcs: Arcs


def _strips(base: Ring, others: Sequence[Ring], corners: FloatArray) -> list[_Strip]:
    inner, outer = np.radians(max(base.inner_deg, 0.0)), np.radians(min(base.outer_deg, 180.0))
    kinks = np.radians(separation_deg(base.axis, corners)) if corners.size else np.empty(0)
    # Where a circle of another ring touches one about the base, the length of the arcs has a kink, too.
    touching = [
        np.radians(np.abs(sign * separation_deg(base.axis, ring.axis) + edge))
        for ring in others
        for edge in ring.edges_deg
        for sign in (1.0, -1.0)
    ]
    cuts = np.unique(np.clip(np.concatenate([[inner, outer], kinks, np.array(touching).ravel()]), inner, outer))
    nodes, weights = np.polynomial.legendre.leggauss(CIRCLES)
    # Nodes crowd to the ends of each piece, where arcs begin like square roots: theta = low + span sin^2(u).
    u = 0.25 * np.pi * (nodes + 1.0)
    place, width = np.sin(u) ** 2, 0.25 * np.pi * weights * np.sin(2.0 * u)
    strips = []
    for low, high in pairwise(cuts):
        if high - low > 1e-12:
            strips += [
                _Strip(theta_rad=float(theta), width_rad=float(d), arcs=_arcs(base, others, float(theta)))
                for theta, d in zip(low + (high - low) * place, (high - low) * width, strict=True)
            ]
    return strips


def _arcs(base: Ring, others: Sequence[Ring], theta_rad: float) -> Arcs:
    arcs: Arcs = [(0.0, TWO_PI)]
    for ring in others:
        arcs = _common(arcs, _arcs_within(base, ring, theta_rad))
    return arcs


def _frame(axis: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Two directions at right angles to an axis, from which angles about it are counted."""
    first = np.cross(axis, np.eye(3)[int(np.argmin(np.abs(axis)))])
    first = first / np.linalg.norm(first)
    return first, np.cross(axis, first)


def _arcs_within(base: Ring, ring: Ring, theta_rad: float) -> Arcs:
    """Arcs of a circle about the base axis that lie within another ring, in closed form."""
    first, second = _frame(base.axis)
    along = np.cos(theta_rad) * float(ring.axis @ base.axis)
    across = np.sin(theta_rad) * float(np.hypot(ring.axis @ first, ring.axis @ second))
    middle = float(np.arctan2(ring.axis @ second, ring.axis @ first))
    if across < 1e-15:
        inside = np.cos(np.radians(ring.outer_deg)) <= along <= np.cos(np.radians(ring.inner_deg))
        return [(0.0, TWO_PI)] if inside else []
    # cos(distance from the ring's axis) = along + across cos(phi - middle)
    near = np.arccos(np.clip((np.cos(np.radians(ring.inner_deg)) - along) / across, -1.0, 1.0))
    far = np.arccos(np.clip((np.cos(np.radians(min(ring.outer_deg, 180.0))) - along) / across, -1.0, 1.0))
    if near <= 0.0:
        spans = [(middle - far, middle + far)]
    elif far >= np.pi:
        spans = [(middle + near, middle + TWO_PI - near)]
    else:
        spans = [(middle - far, middle - near), (middle + near, middle + far)]
    return [part for low, high in spans if high > low for part in _unwrapped(float(low), float(high))]


def _unwrapped(low: float, high: float) -> Arcs:
    start = low % TWO_PI
    stop = start + high - low
    return [(start, stop)] if stop <= TWO_PI else [(start, TWO_PI), (0.0, stop - TWO_PI)]


def _common(one: Arcs, other: Arcs) -> Arcs:
    pairs = ((max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other)
    return [(low, high) for low, high in pairs if high > low]


def _connected(strips: Sequence[_Strip]) -> list[list[tuple[float, float, float, float]]]:
    """Arcs grouped into connected parts, as (theta, width, start, stop): those that meet on neighbouring circles."""
    cells: list[tuple[float, float, float, float]] = []
    parent: dict[int, int] = {}
    before: list[int] = []
    for strip in strips:
        now: list[int] = []
        for low, high in strip.arcs:
            index = len(cells)
            cells.append((strip.theta_rad, strip.width_rad, low, high))
            parent[index] = index
            touching = [k for k in before if cells[k][2] < high and cells[k][3] > low]
            touching += [k for k in now if _wraps(cells[k], (low, high))]
            for k in touching:
                parent[_root(parent, k)] = _root(parent, index)
            now.append(index)
        before = now
    labels = [_root(parent, index) for index in range(len(cells))]
    return [[cell for cell, label in zip(cells, labels, strict=True) if label == each] for each in sorted(set(labels))]


def _wraps(cell: tuple[float, float, float, float], arc: tuple[float, float]) -> bool:
    """Whether two arcs of one circle are one that passes through the zero of its angle."""
    return {cell[2], arc[0]} >= {0.0} and max(cell[3], arc[1]) >= TWO_PI - 1e-12


def _root(parent: dict[int, int], index: int) -> int:
    while parent[index] != index:
        index = parent[index]
    return index


def _region(base: Ring, part: Sequence[tuple[float, float, float, float]], corners: FloatArray) -> ErrorRegion:
    theta, width, low, high = np.array(part).T
    weight = np.sin(theta) * width * (high - low)
    # Ends of the arcs; on long ones points between, for rings and discs reach around.
    ends = np.concatenate([_points(base, theta, low + share * (high - low)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)])
    own = corners[[_is_of(base, point, theta, low, high) for point in corners]] if corners.size else corners
    outline = np.concatenate([ends, own])
    middles = _points(base, theta, 0.5 * (low + high))
    # The centre of gravity of an arc: sin(x) / x shortens its chord.
    shorter = np.sinc(0.5 * (high - low) / np.pi)[:, None]
    along = np.cos(theta)[:, None] * base.axis
    centre = (weight[:, None] * (along + shorter * (middles - along))).sum(axis=0)
    ra, dec = radec_deg(centre if np.linalg.norm(centre) > 1e-12 * weight.sum() else middles[0])
    return ErrorRegion(
        ra_deg=float(ra),
        dec_deg=float(dec),
        corners_deg=_around(own, centre),
        area_deg2=float(weight.sum()) * SQUARE_DEG,
        extent_deg=float(separation_deg(outline[:, None, :], outline[None, :, :]).max()),
    )


def _points(base: Ring, theta: FloatArray, phi: FloatArray) -> FloatArray:
    first, second = _frame(base.axis)
    around = np.cos(phi)[:, None] * first + np.sin(phi)[:, None] * second
    return np.asarray(np.cos(theta)[:, None] * base.axis + np.sin(theta)[:, None] * around)


def _is_of(base: Ring, point: FloatArray, theta: FloatArray, low: FloatArray, high: FloatArray) -> bool:
    """Whether a corner belongs to a part: it lies at the end of an arc on the circle next to it."""
    first, second = _frame(base.axis)
    own = np.radians(float(separation_deg(base.axis, point)))
    phi = float(np.arctan2(point @ second, point @ first)) % TWO_PI
    near = np.abs(theta - own) <= np.abs(theta - own).min() + 1e-3 * max(float(np.ptp(theta)), 1e-12)
    slack = 2e-2 * (high[near] - low[near]) + 1e-9
    return bool(((phi >= low[near] - slack) & (phi <= high[near] + slack)).any())


def _around(corners: FloatArray, centre: FloatArray) -> FloatArray:
    """RA and Dec (deg) of corners in order of their angle about the middle, shape (n, 2)."""
    if not corners.size:
        return np.empty((0, 2))
    first, second = _frame(centre / np.linalg.norm(centre))
    order = np.argsort(np.arctan2(corners @ second, corners @ first))
    return np.column_stack(radec_deg(corners[order]))
