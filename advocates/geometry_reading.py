"""Annuli, boxes, points and areas as circulars print them, read back from the text. Pure.

The forms are those of three decades of IPN circulars: prose ("centered at RA, Decl(2000) = 182.935, 36.337 degrees,
with radius 78.549 +/- 0.023 degrees"), lists under "Center:" and "Corners:", tables "pair RA Dec R dR", and the notice
field ANNULUS_WIDTH, which is the total width. Nothing is read where a form is not clear.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from advocates.numbers import last_place

#: Longer texts are cut by GCN's own mails.
MAX_CHARACTERS = 200_000
#: No circular prints more positions than this.
MAX_POINTS = 300
#: White space that no circular prints; patterns would crawl through it.
_LONG_RUN = re.compile(r"\s{41,}")
_N = r"(?<![\d.])[+-]?\d++(?:\.\d++)?"
_DEG = r"(?:\s*(?:degrees?|deg\.?|d\b))?"
_RA = r"(?<![A-Za-z])(?:ANNULUS_)?(?:R\.?\s?A\.?|right\s+ascension)(?![A-Za-z])"
_DEC = r"(?<![A-Za-z])(?:ANNULUS_)?(?:Decl(?:ination)?|Dec|DEC)\b\.?"
_GAP = r"[^\d+-]{0,18}?"
_PAIR = re.compile(
    rf"{_RA}[^\w+-]{{0,20}}(?:and\s+)?{_DEC}{_GAP}({_N}){_DEG}\s*[,;/]?\s*({_N})(?!\d|\s*[hms]\b)|"
    rf"{_RA}{_GAP}({_N})[^\d+-]{{0,40}}?{_DEC}{_GAP}({_N})",
    re.IGNORECASE,
)
_FURTHER = re.compile(rf"{_DEG}\s*,?\s*(?:and|to)\s*\(?\s*({_N}){_DEG}\s*,\s*({_N})")
_BRACKETED = re.compile(rf"\(\s*(\d+(?:\.\d+)?){_DEG}\s*,\s*({_N}){_DEG}\s*\)")
_LISTED = re.compile(
    rf"[\s:|]*(?:[-=]{{3,}}\s*)?(?:corner\s+)?(?:\(?[1-9][.):]\s+|#[1-9]:?\s+)?\(?\s*(?:{_RA}\s*[:=]?\s*)?({_N}){_DEG}\s*(?:,|;|\s)\s*"
    rf"(?:{_DEC}\s*[:=]?\s*)?({_N}){_DEG}\s*\)?(?=[\s,;.]|$)[,;.]?",
    re.IGNORECASE,
)
_CORNERS = re.compile(
    r"\bcorners?\b(?:\s+(?:are|at|of the (?:error )?box(?: are)?|coordinates|\([^)\d]*\)))*\s*[:=]?", re.IGNORECASE
)
_CENTRE = re.compile(
    r"\bcent(?:er|re)(?:ed|d)?\b(?:\s+(?:is|at|of the (?:error )?box(?: is)?|\([^)\d]*\)))*\s*[:=]?", re.IGNORECASE
)
_RADIUS = re.compile(rf"(?:\b(?:ANNULUS_)?radius\b|(?<![\w.])R(?=\s*[=:(]))[^\d+-]{{0,18}}?({_N})", re.IGNORECASE)
_ROW = re.compile(
    rf"^[ \t]*(?:(?P<label>[A-Za-z][^\n]*?)[ \t]{{1,}}|)(?P<ra>{_N})[ \t,|]+(?P<dec>{_N})[ \t,|]+(?P<r>\d+(?:\.\d+)?)"
    r"[ \t,|]+(?:\+/-[ \t]*)?(?P<plus>\+?\d+(?:\.\d+)?)(?:[ \t,/|]+(?P<minus>-?\d+(?:\.\d+)?))?[ \t|]*$",
    re.MULTILINE,
)
_BOTH_WIDTHS = re.compile(r"\s*\(?\+\s?(\d+(?:\.\d+)?)\s*[/,]?\s*-\s?(\d+(?:\.\d+)?)\)?")
_HALF_WIDTH = re.compile(
    r"\s*(?:\+/-|\+-)\s*(\d+(?:\.\d+)?)|"
    r"[^\d]{0,50}?(?:[13][- ]?sigma\s+)?half[- ]?width[^\d+-]{0,25}?(?:\+/-\s*)?(\d+(?:\.\d+)?)|"
    r"[^\d]{0,12}\bdR\b[^\d]{0,12}(\d+(?:\.\d+)?)"
)
_SIGNED_HALF_WIDTH = re.compile(r"[^\d]{0,50}?(?:[13][- ]?sigma\s+)?half[- ]?width[^\d+-]{0,25}?(?=\+\s?\d)")
_FULL_WIDTH = re.compile(
    r"[^\d]{0,50}?(?:\b[13][- ]sigma\s+)?(?:ANNULUS_|full |total )?width[^\d+-]{0,25}?(\d+(?:\.\d+)?)", re.IGNORECASE
)
_AREA = re.compile(
    r"\barea\b[^\d]{0,40}?(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(sq\.?|square)?\s*-?(deg|arc-?\s?min|arc-?\s?sec)\w*\.?\s*"
    r"(?:\^?\s?2)?",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"\(\s*J?2000(?:\.0)?\s*\)|,?\s*\bJ2000(?:\.0)?\b|\bequinox 2000(?:\.0)?", re.IGNORECASE)
_SEXAGESIMAL = re.compile(
    rf"({_N}){_DEG}\s*[=({{\s]\s*([+-]?\d{{1,3}})\s*([hdoHD])\s*(\d{{1,2}})\s*['mM]\s*(\d{{1,2}}(?:\.\d+)?)\s*(?:\"|''|[sS]\b)?\s*[)}}]?"
)
_SEXAGESIMAL_FIRST = re.compile(
    rf"([+-]?\d{{1,3}})\s*([hdHD])\s*(\d{{1,2}})\s*['mM]\s*(\d{{1,2}}(?:\.\d+)?)\s*(?:\"|''|[sS]\b)?\s*[(=]\s*({_N}){_DEG}\s*\)?"
)
_UNIT_DEG2 = {"deg": 1.0, "arcmin": 1 / 3600, "arcsec": 1 / 3600**2}


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
    body = _LONG_RUN.sub(lambda found: " " * 20 + "\0" * (len(found[0]) - 20), body[:MAX_CHARACTERS])
    sexagesimals = tuple(_sexagesimals(body))
    clean = _blanked(_EPOCH, body)
    clean = _SEXAGESIMAL.sub(lambda found: found[1] + " " * (len(found[0]) - len(found[1])), clean)
    clean = _SEXAGESIMAL_FIRST.sub(lambda found: found[5] + " " * (len(found[0]) - len(found[5])), clean)
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
    for match in _PAIR.finditer(flat):
        first, second = (match[1], match[2]) if match[1] else (match[3], match[4])
        point = _point(first, second, match)
        found[point.start] = point
        while further := _FURTHER.match(flat, point.stop):
            point = _point(further[1], further[2], further)
            found[point.start] = point
    headings = itertools.islice(_CENTRE.finditer(flat), MAX_POINTS)
    listed = [centre for heading in headings if (centre := _LISTED.match(flat, heading.end()))]
    for match in (*itertools.islice(_BRACKETED.finditer(flat), MAX_POINTS), *listed):
        if not any(point.start < match.end() and match.start() < point.stop for point in found.values()):
            found[match.start()] = _point(match[1], match[2], match)
    yield from (found[start] for start in sorted(found))


def _annulus(flat: str, centre: PrintedPoint) -> PrintedAnnulus | None:
    """Annulus whose centre was just read, None if no radius with a width follows."""
    found = _RADIUS.search(flat, centre.stop, centre.stop + 110) or _radius_before(flat, centre.start)
    if found is None or (found.start() > centre.stop and _PAIR.search(flat, centre.stop, found.end())):
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
    return _RADIUS.search(flat, opening.start(), position)


def _widths(flat: str, position: int) -> tuple[float, float] | None:
    """Half-widths (minus, plus) printed after a radius."""
    unit = re.compile(r"\s*(?:degrees?|deg\.?|d\b|\[deg\])?")
    after = unit.match(flat, position)
    position = after.end() if after else position
    signed = _SIGNED_HALF_WIDTH.match(flat, position)
    if both := _BOTH_WIDTHS.match(flat, signed.end() if signed else position):
        scale = _scale(flat, both.end())
        return float(both[2]) * scale, float(both[1]) * scale
    if half := _HALF_WIDTH.match(flat, position):
        value = float(half[1] or half[2] or half[3]) * _scale(flat, half.end())
        return value, value
    if full := _FULL_WIDTH.match(flat, position):
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
    for row in _ROW.finditer(clean):
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
    for heading in _CORNERS.finditer(flat):
        corners = list(_listed(flat, heading.end()))
        if len(corners) == 4:
            area, error = _area(flat, corners[-1].stop, heading.start())
            boxes.append(
                PrintedBox(
                    corners=tuple(corners),
                    centre=_centre(flat, heading.start(), corners[-1].stop),
                    area_deg2=area,
                    area_error_deg2=error,
                    start=heading.start(),
                )
            )
    return boxes


def _listed(flat: str, position: int) -> Iterator[PrintedPoint]:
    while found := _LISTED.match(flat, position):
        yield _point(found[1], found[2], found)
        position = found.end()


def _centre(flat: str, start: int, stop: int) -> PrintedPoint | None:
    """Centre printed last before the corners, else first after them."""
    before = list(_CENTRE.finditer(flat, max(0, start - 400), start))
    after = list(_CENTRE.finditer(flat, stop, stop + 300))
    for heading, limit in (*((item, start) for item in reversed(before)), *((item, stop + 400) for item in after)):
        listed = _LISTED.match(flat, heading.end(), limit)
        labelled = _PAIR.search(flat, heading.start(), limit)
        if listed:
            return _point(listed[1], listed[2], listed)
        if labelled:
            first, second = (labelled[1], labelled[2]) if labelled[1] else (labelled[3], labelled[4])
            return _point(first, second, labelled)
    return None


def _area(flat: str, stop: int, start: int) -> tuple[float | None, float]:
    """Area printed after the corners, else shortly before them, with half a unit of its last digit."""
    found = _AREA.search(flat, stop, stop + 600) or _AREA.search(flat, max(0, start - 400), start)
    if found is None or not (found[2] or re.search(r"2\s*$", found[0])):
        return None, 0.0
    unit = _UNIT_DEG2[re.sub(r"[-\s]", "", found[3]).lower()]
    return float(found[1]) * unit, last_place(found[1]) / 2 * unit


def _sexagesimals(body: str) -> Iterator[Sexagesimal]:
    for found in _SEXAGESIMAL.finditer(body):
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
