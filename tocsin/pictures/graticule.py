"""Lines of right ascension and declination, with their labels."""

import math

import numpy as np

from tocsin.pictures.axis import round_ticks, tick_label
from tocsin.pictures.plane import Plane
from tocsin.pictures.projection import Mollweide
from tocsin.pictures.svg import FloatArray, element, join, text_element

DEGREE = "\N{DEGREE SIGN}"


def graticule(plane: Plane, clip_id: str) -> str:
    """Lines every 30 degrees on the whole sky, at round values on a field."""
    lines, labels = _whole_sky(plane) if plane.is_ellipse else _field(plane)
    return element("g", join(lines), class_="graticule", clip_path=f"url(#{clip_id})") + join(labels)


def _whole_sky(plane: Plane) -> tuple[list[str], list[str]]:
    along = np.linspace(-90.0, 90.0, 361)
    around = np.linspace(0.0, 360.0, 1441)
    lines = [_line(plane, np.full_like(along, ra), along) for ra in range(0, 360, 30)]
    lines += [_line(plane, around, np.full_like(around, dec)) for dec in range(-60, 90, 30)]
    middle = plane.projection.centre_ra_deg if isinstance(plane.projection, Mollweide) else 180.0
    labels = [
        _text(f"{(middle + east) % 360:.0f}{DEGREE}", place[0], place[1] + 11, "middle")
        for east in range(-120, 150, 60)
        if (place := plane.place((middle + east) % 360, 0.0))
    ]
    labels += [_limb_label(plane, middle, dec) for dec in (-60, -30, 30, 60)]
    return lines, labels


def _limb_label(plane: Plane, middle: float, dec: int) -> str:
    """Declination, outside the ellipse at its left."""
    place = plane.place((middle + 179.99) % 360, float(dec))
    if place is None:
        return ""
    return _text(tick_label(dec, [0, 30]) + DEGREE, place[0] - 3, place[1] + (0 if dec > 0 else 8), "end")


def _field(plane: Plane) -> tuple[list[str], list[str]]:
    x = np.linspace(-plane.projection.half_x, plane.projection.half_x, 60)
    y = np.linspace(-plane.projection.half_y, plane.projection.half_y, 60)
    ra, dec = plane.projection.inverse(*np.meshgrid(x, y))
    middle = float(plane.projection.inverse(np.zeros(1), np.zeros(1))[0][0])
    east = (ra - middle + 180.0) % 360.0 - 180.0
    decs = round_ticks(float(dec.min()), float(dec.max()), 5)
    has_pole = float(east.max() - east.min()) > 300
    ras = (
        [30.0 * i for i in range(12)]
        if has_pole
        else round_ticks(middle + float(east.min()), middle + float(east.max()), 5)
    )
    along = np.linspace(float(dec.min()), float(dec.max()), 200)
    around = middle + np.linspace(*((-180.0, 180.0) if has_pole else (float(east.min()), float(east.max()))), 400)
    lines = [_line(plane, np.full_like(along, value), along) for value in ras]
    lines += [_line(plane, around, np.full_like(around, value)) for value in decs]
    labels = [_bottom_label(plane, value, along, ras) for value in ras]
    return lines, labels + [_left_label(plane, value, around, decs) for value in decs]


def _line(plane: Plane, ra: FloatArray, dec: FloatArray) -> str:
    d = plane.curve(ra, dec)
    return element("path", d=d, fill="none", stroke="currentColor", stroke_opacity=0.25, stroke_width=0.7) if d else ""


def _bottom_label(plane: Plane, ra: float, decs: FloatArray, ticks: list[float]) -> str:
    x, y = plane.units(*plane.projection.forward(np.full_like(decs, ra), decs))
    bottom = plane.top + plane.height
    at = _nearest(y - bottom)
    if at is None or not plane.left < x[at] < plane.left + plane.width or abs(y[at] - bottom) > 8:
        return ""
    words = tick_label(ra % 360, ticks) if len(ticks) > 1 else f"{ra % 360:g}"
    return _text(words + DEGREE, float(x[at]), bottom + 12, "middle")


def _left_label(plane: Plane, dec: float, ras: FloatArray, ticks: list[float]) -> str:
    x, y = plane.units(*plane.projection.forward(ras, np.full_like(ras, dec)))
    at = _nearest(x - plane.left)
    if at is None or not plane.top < y[at] < plane.top + plane.height or abs(x[at] - plane.left) > 8:
        return ""
    return _text(tick_label(dec, ticks) + DEGREE, plane.left - 4, float(y[at]) + 4, "end")


def _nearest(offset: FloatArray) -> int | None:
    """Index of the smallest offset; None where there is no number."""
    if not np.isfinite(offset).any():
        return None
    return int(np.nanargmin(np.abs(offset)))


def _text(words: str, x: float, y: float, anchor: str) -> str:
    if not (math.isfinite(x) and math.isfinite(y)):
        return ""
    return text_element(words, x, y, text_anchor=anchor, class_="tick", font_size=10)
