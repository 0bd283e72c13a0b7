"""Annuli, boxes, points and areas as circulars print them, read back from the text. Pure.

The forms are those of three decades of IPN circulars: prose ("centered at RA, Decl(2000) = 182.935, 36.337 degrees,
with radius 78.549 +/- 0.023 degrees"), lists under "Center:" and "Corners:", tables "pair RA Dec R dR", and the notice
field ANNULUS_WIDTH, which is the total width. Nothing is read where a form is not clear.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from advocates.geometry_forms import (
    AREA,
    BOTH_WIDTHS,
    BRACKETED,
    CENTRE,
    CORNERS,
    DIMENSION,
    EPOCH,
    EQUIVALENT,
    FULL_WIDTH,
    FURTHER,
    HALF_WIDTH,
    LISTED,
    LONG_RUN,
    MAX_CHARACTERS,
    MAX_POINTS,
    PAIR,
    RADIUS,
    ROW,
    SEXAGESIMAL,
    SEXAGESIMAL_FIRST,
    SIGNED_HALF_WIDTH,
    UNIT_DEG2,
)
from advocates.numbers import last_place


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedPoint:
    """A position as printed, with half a unit of its last digits as error."""

    ra_deg: float
    dec_deg: float
    error_deg: float
    start: int
    stop: int

    @property
    def point(self) -> tuple[float, float]:
        """RA, Dec."""
        return self.ra_deg, self.dec_deg


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedAnnulus:
    """An annulus as printed: half-widths are positive."""

    centre: PrintedPoint
    radius_deg: float
    minus_deg: float
    plus_deg: float
    error_deg: float
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedBox:
    """A box as printed."""

    corners: tuple[PrintedPoint, ...]
    centre: PrintedPoint | None
    area_deg2: float | None
    area_error_deg2: float
    start: int
    longest_deg: float | None = None
    longest_error_deg: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sexagesimal:
    """A number in degrees beside the same in hours or degrees, minutes and seconds."""

    printed_deg: float
    sexagesimal_deg: float
    error_deg: float
    start: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedGeometry:
    """Everything geometric a text prints; `points` are those that are no centre and no corner."""

    annuli: tuple[PrintedAnnulus, ...]
    boxes: tuple[PrintedBox, ...]
    points: tuple[PrintedPoint, ...]
    sexagesimals: tuple[Sexagesimal, ...]


def read_geometry(body: str) -> PrintedGeometry:
    """Geometry of a circular's body."""
    body = LONG_RUN.sub(lambda found: " " * 20 + "\0" * (len(found[0]) - 20), body[:MAX_CHARACTERS])
    sexagesimals = tuple(_sexagesimals(body))
    clean = _blanked(EPOCH, body)
    clean = SEXAGESIMAL.sub(lambda found: found[1] + " " * (len(found[0]) - len(found[1])), clean)
    clean = SEXAGESIMAL_FIRST.sub(lambda found: found[5] + " " * (len(found[0]) - len(found[5])), clean)
    flat = clean.replace("\n", " ")
    rows = list(_row_annuli(clean))
    boxes = _boxes(flat)
    used = [(box.start, _box_stop(box)) for box in boxes] + [(row.centre.start, row.centre.stop) for row in rows]
    annuli, points = list(rows), []
    for pair in _pairs(flat):
        if any(start <= pair.start < stop for start, stop in used):
            continue
        annulus = _annulus(flat, pair)
        if annulus is not None:
            annuli.append(annulus)
        elif not any(box.centre and box.centre.point == pair.point for box in boxes):
            points.append(pair)
    return PrintedGeometry(annuli=tuple(annuli), boxes=tuple(boxes), points=tuple(points), sexagesimals=sexagesimals)


def _pairs(flat: str) -> Iterator[PrintedPoint]:
    """Positions in prose, in their order."""
    found: dict[int, PrintedPoint] = {}
    for match in PAIR.finditer(flat):
        first, second = (match[1], match[2]) if match[1] else (match[3], match[4])
        point = _point(first, second, match)
        found[point.start] = point
        while further := FURTHER.match(flat, point.stop):
            point = _point(further[1], further[2], further)
            found[point.start] = point
    headings = itertools.islice(CENTRE.finditer(flat), MAX_POINTS)
    listed = [centre for heading in headings if (centre := LISTED.match(flat, heading.end()))]
    for match in (*itertools.islice(BRACKETED.finditer(flat), MAX_POINTS), *listed):
        if not any(point.start < match.end() and match.start() < point.stop for point in found.values()):
            found[match.start()] = _point(match[1], match[2], match)
    yield from (found[start] for start in sorted(found))


def _annulus(flat: str, centre: PrintedPoint) -> PrintedAnnulus | None:
    """Annulus whose centre was just read, None if no radius with a width follows."""
    found = RADIUS.search(flat, centre.stop, centre.stop + 110) or _radius_before(flat, centre.start)
    if found is None or (found.start() > centre.stop and PAIR.search(flat, centre.stop, found.end())):
        return None
    widths = _widths(flat, found.end(1))
    if widths is None:
        return None
    return PrintedAnnulus(
        centre=centre,
        radius_deg=abs(float(found[1])),
        minus_deg=widths[0],
        plus_deg=widths[1],
        error_deg=centre.error_deg + last_place(found[1]) / 2,
    )


def _radius_before(flat: str, position: int) -> re.Match[str] | None:
    """Radius in "annulus of radius R +/- dR centred at", where the centre comes last."""
    opening = re.compile(r"\bannulus\b(?:[^.;]|\.\d){0,80}\Z", re.IGNORECASE).search(
        flat, max(0, position - 100), position
    )
    if opening is None or not re.search(r"\bcent(?:er|re)", opening[0]):
        return None
    return RADIUS.search(flat, opening.start(), position)


def _widths(flat: str, position: int) -> tuple[float, float] | None:
    """Half-widths (minus, plus) printed after a radius."""
    unit = re.compile(r"\s*(?:degrees?|deg\.?|d\b|\[deg\])?")
    after = unit.match(flat, position)
    position = after.end() if after else position
    signed = SIGNED_HALF_WIDTH.match(flat, position)
    if both := BOTH_WIDTHS.match(flat, signed.end() if signed else position):
        scale = _scale(flat, both.end())
        return float(both[2]) * scale, float(both[1]) * scale
    if half := HALF_WIDTH.match(flat, position):
        value = float(half[1] or half[2] or half[3]) * _scale(flat, half.end())
        return value, value
    if full := FULL_WIDTH.match(flat, position):
        value = float(full[1]) * _scale(flat, full.end()) / 2
        return value, value
    return None


def _scale(flat: str, position: int) -> float:
    """Degrees per unit of the number that ends at `position`."""
    return 1 / 60 if re.compile(r"\s*(?:arc-?\s?min|')").match(flat, position) else 1.0


def _row_annuli(clean: str) -> Iterator[PrintedAnnulus]:
    """Annuli in tables, where the text speaks of annuli or a column is headed by R."""
    if not re.search(r"\bannul|\bdR\b", clean, re.IGNORECASE):
        return
    for row in ROW.finditer(clean):
        centre = _point(row["ra"], row["dec"], row)
        plus = abs(float(row["plus"]))
        yield PrintedAnnulus(
            centre=centre,
            radius_deg=float(row["r"]),
            minus_deg=abs(float(row["minus"])) if row["minus"] else plus,
            plus_deg=plus,
            error_deg=centre.error_deg + last_place(row["r"]) / 2,
            label=row["label"] or "",
        )


def _boxes(flat: str) -> list[PrintedBox]:
    boxes = []
    for heading in CORNERS.finditer(flat):
        corners = list(_listed(flat, heading.end()))
        if len(corners) == 4:
            area, error = _area(flat, corners[-1].stop, heading.start())
            longest, longest_error = _longest(flat, corners[-1].stop)
            boxes.append(
                PrintedBox(
                    corners=tuple(corners),
                    centre=_centre(flat, heading.start(), corners[-1].stop),
                    area_deg2=area,
                    area_error_deg2=error,
                    start=heading.start(),
                    longest_deg=longest,
                    longest_error_deg=longest_error,
                )
            )
    return boxes


def _listed(flat: str, position: int) -> Iterator[PrintedPoint]:
    while found := LISTED.match(flat, position):
        yield _point(found[1], found[2], found)
        position = found.end()


def _centre(flat: str, start: int, stop: int) -> PrintedPoint | None:
    """Centre printed last before the corners, else first after them."""
    before = list(CENTRE.finditer(flat, max(0, start - 400), start))
    after = list(CENTRE.finditer(flat, stop, stop + 300))
    for heading, limit in (*((item, start) for item in reversed(before)), *((item, stop + 400) for item in after)):
        listed = LISTED.match(flat, heading.end(), limit)
        labelled = PAIR.search(flat, heading.start(), limit)
        if listed:
            return _point(listed[1], listed[2], listed)
        if labelled:
            first, second = (labelled[1], labelled[2]) if labelled[1] else (labelled[3], labelled[4])
            return _point(first, second, labelled)
    return None


def _area(flat: str, stop: int, start: int) -> tuple[float | None, float]:
    """Area printed after the corners, else shortly before them, with half a unit of its last digit."""
    found = AREA.search(flat, stop, stop + 600) or AREA.search(flat, max(0, start - 400), start)
    if found is None or not (found[2] or re.search(r"2\s*$", found[0])):
        return None, 0.0
    unit = UNIT_DEG2[re.sub(r"[-\s]", "", found[3]).lower()]
    return float(found[1]) * unit, last_place(found[1]) / 2 * unit


def _longest(flat: str, stop: int) -> tuple[float | None, float]:
    """Maximum dimension printed after the corners, with half a unit of its last digit."""
    found = DIMENSION.search(flat, stop, stop + 700)
    if found is None:
        return None, 0.0
    unit = UNIT_DEG2[re.sub(r"[-\s]", "", found[2]).lower()] ** 0.5
    return float(found[1]) * unit, last_place(found[1]) / 2 * unit


def _sexagesimals(body: str) -> Iterator[Sexagesimal]:
    for found in SEXAGESIMAL.finditer(body):
        whole, minutes, seconds = abs(int(found[2])), int(found[4]), float(found[5])
        value = whole + minutes / 60 + seconds / 3600
        is_hours = found[3] in "hH"
        is_negative = found[2].startswith("-") or (found[1].startswith("-") and "-" not in found[2] and not is_hours)
        degrees = (15 * value if is_hours else value) * (-1 if is_negative else 1)
        yield Sexagesimal(
            printed_deg=float(found[1]),
            sexagesimal_deg=degrees,
            error_deg=last_place(found[1]) + last_place(found[5]) * (15 if is_hours else 1) / 3600,
            start=found.start(),
            text=" ".join(found[0].split()),
        )
    for found in EQUIVALENT.finditer(body):
        hours, degrees = int(found[3]) + int(found[4]) / 60, int(found[6]) + int(found[7]) / 60
        degrees = -degrees if found[5] == "-" else degrees
        for printed, value, minute in ((found[1], 15 * hours, 15 / 60), (found[2], degrees, 1 / 60)):
            yield Sexagesimal(
                printed_deg=float(printed),
                sexagesimal_deg=value,
                error_deg=last_place(printed) + minute,
                start=found.start(),
                text=" ".join(found[0].split()),
            )


def _point(ra: str, dec: str, match: re.Match[str]) -> PrintedPoint:
    return PrintedPoint(
        ra_deg=float(ra),
        dec_deg=float(dec),
        error_deg=(last_place(ra) ** 2 + last_place(dec) ** 2) ** 0.5 / 2,
        start=match.start(),
        stop=match.end(),
    )


def _box_stop(box: PrintedBox) -> int:
    return box.corners[-1].stop


def _blanked(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda found: " " * len(found[0]), text)
