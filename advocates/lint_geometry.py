"""Impossible geometry in a circular: proven from the numbers it prints itself. Pure.

Tolerances are those of honest boxes: corners are the crossings of two annuli, so opposite sides are nearly parallel
(they fail to close by about the product of the sides in radians), long boxes are arcs (their middle leaves the chord
by L^2 / 8 radians), and everything is printed with rounded digits.
"""

import math
import re
from collections.abc import Iterator

import numpy as np

from advocates.box_shape import crossing, is_along_arc, sum_of_cotangents
from advocates.findings import blocking, line_of, shown, warning
from advocates.geometry_reading import PrintedAnnulus, PrintedBox, PrintedGeometry, PrintedPoint, read_geometry
from advocates.sphere import FloatArray, Point, is_crossed, plane_deg, polygon_area_deg2, separation
from tocsin.domain.drafts import Finding

#: A point is off its annulus beyond this many half-widths (3 sigma each), rounding aside.
MAX_HALF_WIDTHS = 2.0
#: Printed over true area beyond which nobody can mean the box printed.
MAX_AREA_RATIO = 1.5
#: A maximum dimension may differ from the distance of the farthest corners by this share.
MAX_DIMENSION_SHARE = 0.25
#: No plane shows a box larger than this, and no circular has had one.
MAX_SPAN_DEG = 80.0
#: Opposite sides of a box differ by at most the product of its sides times this: cotangent of an annulus' radius.
MAX_COTANGENT = 1.5
#: Sums of two cotangents where a text prints no annuli: of most boxes, and of radii of 15 deg (GRB 030102B's was 14.8).
USUAL, EXTREME = 2.0, 7.5
#: Shares by which opposite sides of a long box may differ at most, along it and across.
MAX_LONG_DIFFERENCE, MAX_SHORT_DIFFERENCE = 0.15, 0.25
#: Sides of a box whose directions have a larger cosine are nearly parallel.
GRAZING_COSINE = 0.9
#: Shorter boxes are taken as straight.
MAX_STRAIGHT_DEG = 8.0
_RAD = 180 / math.pi
_REJECTED = re.compile(
    r"\b(reject|inconsistent|exclud|outside|rule[sd]? out|disagree|not consistent|away from)", re.IGNORECASE
)
_LOOK = "compare with the product the numbers are from"


def lint_geometry(body: str) -> list[Finding]:
    """Findings about the annuli, boxes and positions printed in a body; none where it prints none."""
    read = read_geometry(body)
    found = list(_ranges(body, read))
    if found:
        return found
    for annulus in read.annuli:
        found += _off_annulus(body, read, annulus)
    for box in read.boxes:
        found += _box(body, box, sum_of_cotangents([annulus.radius_deg for annulus in read.annuli]))
    found += _sexagesimals(body, read)
    return found


def _ranges(body: str, read: PrintedGeometry) -> Iterator[Finding]:
    centres = [annulus.centre for annulus in read.annuli]
    corners = [corner for box in read.boxes for corner in box.corners]
    for point in (*centres, *corners, *read.points, *(box.centre for box in read.boxes if box.centre)):
        if not (0 <= point.ra_deg <= 360 and abs(point.dec_deg) <= 90):
            words = f"RA {point.ra_deg:g}, Dec {point.dec_deg:g} is nowhere on the sky"
            yield blocking("geometry.range", line_of(body, point.start), words, _LOOK)
    for annulus in read.annuli:
        if not 0 < annulus.radius_deg < 180 or min(annulus.minus_deg, annulus.plus_deg) <= 0:
            words = f"radius {annulus.radius_deg:g} -{annulus.minus_deg:g} +{annulus.plus_deg:g} deg is no annulus"
            yield blocking("geometry.range", line_of(body, annulus.centre.start), words, _LOOK)


def _off_annulus(body: str, read: PrintedGeometry, annulus: PrintedAnnulus) -> Iterator[Finding]:
    for point in read.points:
        if not _REJECTED.search(_sentence(body, point)) and (off := half_widths_off(annulus, point)) > MAX_HALF_WIDTHS:
            yield _is_off(body, point, annulus, off, "the position")
    misses = [(box, min(half_widths_off(annulus, point) for point in _outline(box))) for box in read.boxes]
    if misses and all(off > MAX_HALF_WIDTHS and _is_beside(annulus, box) for box, off in misses):
        box, off = misses[0]
        yield _is_off(body, box.corners[0], annulus, off, "the box")


def half_widths_off(annulus: PrintedAnnulus, point: PrintedPoint) -> float:
    """Half-widths by which a point is off the middle of an annulus, rounding of all digits allowed for."""
    offset = separation(annulus.centre.point, point.point) - annulus.radius_deg
    half = annulus.plus_deg if offset > 0 else annulus.minus_deg
    return max(0.0, abs(offset) - annulus.error_deg - point.error_deg) / half


def _is_beside(annulus: PrintedAnnulus, box: PrintedBox) -> bool:
    """Whether the whole box lies on one side of the ring."""
    offsets = [separation(annulus.centre.point, point.point) - annulus.radius_deg for point in _outline(box)]
    return min(offsets) > 0 or max(offsets) < 0


def _outline(box: PrintedBox) -> tuple[PrintedPoint, ...]:
    return box.corners if box.centre is None else (*box.corners, box.centre)


def _is_off(body: str, point: PrintedPoint, annulus: PrintedAnnulus, off: float, what: str) -> Finding:
    centre = annulus.centre
    words = (
        f"{what} at RA {point.ra_deg:g}, Dec {point.dec_deg:g} is {off:.1f} half-widths off the annulus about "
        f"RA {centre.ra_deg:g}, Dec {centre.dec_deg:g}"
    )
    return blocking("geometry.box-off-annulus", line_of(body, point.start), words, _LOOK)


def _box(body: str, box: PrintedBox, cotangents: float | None) -> Iterator[Finding]:
    place = line_of(body, box.start)
    corners = [corner.point for corner in box.corners]
    if (span_deg := max(separation(corners[0], corner) for corner in corners)) > MAX_SPAN_DEG:
        words = f"corners of one box are {span_deg:.0f} deg apart"
        yield warning("geometry.corners-uneven", place, words, _LOOK)
        return
    plane = plane_deg([*corners, *([box.centre.point] if box.centre else [])])
    long_deg, short_deg = _sides(plane)
    is_bent = (
        is_crossed(corners)
        and box.centre is not None
        and _is_arc(long_deg, short_deg)
        and is_along_arc(corners, box.centre.point)
    )
    if is_crossed(corners) and not is_bent:
        yield blocking("geometry.corners-crossed", place, "sides of the box cross", "print the corners in their order")
        return
    yield from _longest(place, box, corners)
    rounding = 2 * max(corner.error_deg for corner in box.corners)
    sides = crossing(plane, rounding)
    open_deg = float(np.linalg.norm(plane[0] - plane[1] + plane[2] - plane[3])) - 2 * rounding
    is_even = open_deg <= max(
        MAX_COTANGENT * long_deg * short_deg / _RAD, sides.open_deg(USUAL if cotangents is None else cotangents)
    )
    if _is_arc(long_deg, short_deg) and (words := _uneven_arc(corners, rounding)):
        yield blocking("geometry.corners-uneven", place, words, _LOOK)
        return
    if is_bent or (not is_even and _is_arc(long_deg, short_deg)):
        return  # annuli that cross at grazing incidence: a lens, no straight-sided figure compares with it
    if not is_even:
        is_proven = cotangents is not None or open_deg > sides.open_deg(EXTREME)
        words = f"opposite sides of the box differ by {open_deg + 2 * rounding:.3f} deg: "
        words += "a corner does not belong to it" if is_proven else "more than those of most boxes do"
        yield (blocking if is_proven else warning)("geometry.corners-uneven", place, words, _LOOK)
    if box.centre is not None:
        yield from _centre(
            body, box.centre, plane, rounding, sides.bow_deg(EXTREME if cotangents is None else cotangents)
        )
    if box.area_deg2 is not None:
        yield from _area(place, box, polygon_area_deg2(corners), long_deg, (long_deg + short_deg) * rounding / 2)


def _longest(place: str, box: PrintedBox, corners: list[Point]) -> Iterator[Finding]:
    """The maximum dimension against the farthest corners; authors take those, or the length along the arc."""
    if box.longest_deg is None:
        return
    true_deg = max(separation(a, b) for a in corners for b in corners)
    off = max(0.0, abs(box.longest_deg - true_deg) - box.longest_error_deg)
    if off > MAX_DIMENSION_SHARE * true_deg:
        words = f"the maximum dimension printed is {box.longest_deg:.3g} deg, its corners are {true_deg:.3g} deg apart"
        yield warning("geometry.dimension", place, words, _LOOK)


def _is_arc(long_deg: float, short_deg: float) -> bool:
    """Whether a box is so long that it leaves its chord by more than half its width."""
    return long_deg > MAX_STRAIGHT_DEG and long_deg**2 / 8 / _RAD > short_deg / 2


def _uneven_arc(corners: list[Point], rounding: float) -> str:
    """How opposite sides of a long box differ in length where those of no true box do; empty where they may.

    They are arcs of circles with one centre, and differ by the product of both sides (in radians) times the cotangent
    of its radius; where annuli cross at grazing incidence (a published one differs by 12 %) by more, but not much more.
    """
    sides = [separation(corners[i], corners[(i + 1) % 4]) for i in range(4)]
    for first, second, other in ((sides[0], sides[2], sides[1]), (sides[1], sides[3], sides[0])):
        longer = max(first, second)
        share = MAX_LONG_DIFFERENCE if longer > other else MAX_SHORT_DIFFERENCE
        allowed = 2 * rounding + max(MAX_COTANGENT * longer * other / _RAD, share * longer)
        if abs(first - second) > allowed:
            return (
                f"opposite sides of the box are {first:.3f} and {second:.3f} deg long: a corner does not belong to it"
            )
    return ""


def _sides(plane: FloatArray) -> tuple[float, float]:
    """Lengths of the longer and the shorter sides."""
    first = float(np.linalg.norm(plane[1] - plane[0]) + np.linalg.norm(plane[2] - plane[3])) / 2
    second = float(np.linalg.norm(plane[3] - plane[0]) + np.linalg.norm(plane[2] - plane[1])) / 2
    return max(first, second), min(first, second)


def _centre(body: str, centre: PrintedPoint, plane: FloatArray, rounding: float, bow_deg: float) -> Iterator[Finding]:
    """The centre lies in the middle along the box, and within it across, the arc of a long one allowed for."""
    first = (plane[1] - plane[0] + plane[2] - plane[3]) / 2
    second = (plane[3] - plane[0] + plane[2] - plane[1]) / 2
    sides = np.array([first, second]).T
    if abs(np.linalg.det(sides)) < 1e-12:
        return
    long_deg, short_deg = _sides(plane)
    offset = plane[4] - plane[:4].mean(axis=0)
    if float(np.linalg.norm(offset)) <= 2 * rounding + bow_deg:
        return
    off_along, off_across = _off_middle(sides, offset, long_deg, short_deg)
    arc = long_deg**2 / 8 / _RAD
    if off_along > 2 * rounding + 0.06 * long_deg or off_across > 2 * rounding + 0.25 * short_deg + 2.5 * arc:
        words = f"the centre is {math.hypot(off_along, off_across):.3f} deg from the middle of its corners"
        yield blocking("geometry.centre-off", line_of(body, centre.start), words, _LOOK)


def _off_middle(sides: FloatArray, offset: FloatArray, long_deg: float, short_deg: float) -> tuple[float, float]:
    """How far the centre is from the middle of the corners along the box and across it, deg.

    In shares of its sides; where these are nearly parallel (annuli that cross at grazing incidence) small offsets
    make large shares, and the distances along and beside the long side count where they are the smaller ones.
    """
    lengths = np.linalg.norm(sides, axis=0)
    shares = np.abs(np.linalg.solve(sides, offset))[np.argsort(lengths)[::-1]] * (long_deg, short_deg)
    if abs(float(sides[:, 0] @ sides[:, 1])) > GRAZING_COSINE * float(lengths.prod()):
        axis = sides[:, int(np.argmax(lengths))] / lengths.max()
        along = float(offset @ axis)
        shares = np.minimum(shares, np.array([abs(along), float(np.linalg.norm(offset - along * axis))]))
    return float(shares[0]), float(shares[1])


def _area(place: str, box: PrintedBox, true_deg2: float, long_deg: float, rounding_deg2: float) -> Iterator[Finding]:
    printed = box.area_deg2 or 0.0
    if printed <= 0 or true_deg2 <= 0:
        return
    ratio = printed / true_deg2
    slack = 0.01 + 0.8 * (long_deg / _RAD) ** 2 + rounding_deg2 / true_deg2 + box.area_error_deg2 / printed
    words = f"the area printed is {printed:.4g} sq. deg, its corners enclose {true_deg2:.4g} sq. deg"
    if not 1 / MAX_AREA_RATIO < ratio < MAX_AREA_RATIO and abs(math.log(ratio)) > slack:
        yield blocking("geometry.area", place, words, _LOOK)
    elif abs(math.log(ratio)) > slack:
        yield warning("geometry.area", place, words, _LOOK)


def _sexagesimals(body: str, read: PrintedGeometry) -> Iterator[Finding]:
    for item in read.sexagesimals:
        off = abs(item.printed_deg - item.sexagesimal_deg)
        if min(off, abs(off - 360)) > 1.5 * item.error_deg:
            words = f"degrees and sexagesimals differ by {off:.4f} deg: {item.text}"
            yield blocking("geometry.sexagesimal-differs", line_of(body, item.start), words, _LOOK)


def _sentence(body: str, point: PrintedPoint) -> str:
    start = max(body.rfind(". ", 0, point.start), body.rfind("\n\n", 0, point.start), 0)
    stop = body.find(". ", point.stop)
    return shown(body, start, stop if stop > 0 else len(body))
