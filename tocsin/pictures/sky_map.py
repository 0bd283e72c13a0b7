"""Sky maps: credible regions, annuli, bodies and points, on the whole sky or on a field of it."""

from collections.abc import Sequence

import numpy as np

from tocsin.pictures.contours import contours
from tocsin.pictures.graticule import graticule
from tocsin.pictures.plane import Plane
from tocsin.pictures.projection import Mollweide, Zenithal
from tocsin.pictures.sky_items import Disc, DrawnAnnulus, Outline, SkyPoint, View
from tocsin.pictures.sky_legend import (
    DASHES,
    FIELD_DASH,
    LINE_HEIGHT,
    MARGIN,
    POOR_DASH,
    description,
    legend_lines,
    symbol_svg,
)
from tocsin.pictures.sky_region import MultiOrderMap, SkyCells, band_field, grid, region_field
from tocsin.pictures.sphere import galactic_plane, small_circle
from tocsin.pictures.svg import FloatArray, document, element, join, path, simplify, text_element

WIDTH = 480.0
#: Units between nodes of the grid on which regions are drawn.
GRID_STEP = 1.6
#: Left, top, right, bottom, user units.
Box = tuple[float, float, float, float]
LEVELS = (0.9, 0.5)
#: How far outlines may be off, in user units, finest first; and the longest path data of one region.
TOLERANCES = (0.35, 0.7, 1.2)
MAX_OUTLINE = 14000


def sky_map_svg(
    skymap: MultiOrderMap | None,
    annuli: Sequence[DrawnAnnulus] = (),
    points: Sequence[SkyPoint] = (),
    *,
    discs: Sequence[Disc] = (),
    outlines: Sequence[Outline] = (),
    view: View | None = None,
    centre_ra_deg: float = 180.0,
    has_legend: bool = True,
    title: str = "Sky map",
) -> str:
    """Localization as SVG text below 60 kB: whole sky in Mollweide's projection, or the field of `view`.

    Parameters
    ----------
    skymap
        Posterior: its 50 and 90 % credible regions are drawn, their areas stated; None: none.
    annuli
        Drawn as exact small circles at both edges of the 3 sigma band.
    points
        With symbol, name and, where given, error circle.
    discs
        Hidden parts of the sky.
    outlines
        Edges of what instruments see.
    view
        Field to draw instead of the whole sky.
    centre_ra_deg
        Right ascension in the middle of the whole sky; it increases to the left.
    has_legend
        False for a field shown beside the whole sky, whose legend holds for both.
    title
        Title for those who cannot see the picture.
    """
    plane = _plane(view, centre_ra_deg)
    cells = None if skymap is None else SkyCells.from_uniq(skymap.uniq, skymap.density_sr)
    legend = legend_lines(cells, annuli, points, discs, outlines, plane.top + plane.height + 24) if has_legend else []
    clip_id = plane.clip_id(title)
    drawing = element(
        "g",
        join(_disc(plane, disc) for disc in discs),
        join(_outline(plane, outline) for outline in outlines),
        join(_annulus_band(plane, annulus) for annulus in annuli),
        _regions(plane, cells),
        join(_annulus(plane, annulus, DASHES[i % len(DASHES)]) for i, annulus in enumerate(annuli)),
        _curve(plane, *galactic_plane(), class_="galactic", stroke_dasharray="1 3", stroke_opacity=0.7),
        join(_error_circle(plane, point) for point in points),
        clip_path=f"url(#{clip_id})",
    )
    return document(
        element("defs", element("clipPath", plane.outline(class_="clip"), id=clip_id)),
        graticule(plane, clip_id),
        drawing,
        plane.outline(class_="frame", fill="none", stroke="currentColor", stroke_opacity=0.6),
        _points(plane, points, discs),
        join(legend),
        width=WIDTH,
        height=plane.top + plane.height + 18 + LINE_HEIGHT * len(legend),
        title=title,
        description=description(cells, annuli, points),
        class_="skymap",
    )


def _plane(view: View | None, centre_ra_deg: float) -> Plane:
    if view is None:
        width = WIDTH - 2 * MARGIN
        return Plane(
            projection=Mollweide(centre_ra_deg=centre_ra_deg),
            left=MARGIN,
            top=8.0,
            width=width,
            height=width / 2,
            is_ellipse=True,
        )
    width, height = WIDTH - MARGIN - 34.0, 280.0
    field = Zenithal(
        ra_deg=view.ra_deg,
        dec_deg=view.dec_deg,
        half_width_deg=view.half_width_deg,
        half_height_deg=view.half_width_deg * height / width,
    )
    return Plane(projection=field, left=42.0, top=8.0, width=width, height=height, is_ellipse=False)


def _regions(plane: Plane, cells: SkyCells | None) -> str:
    """The 90 and 50 % regions: a dashed and a solid outline over fills of two strengths."""
    if cells is None:
        return ""
    on = grid(plane.projection, columns=round(plane.width / GRID_STEP) + 1, rows=round(plane.height / GRID_STEP) + 1)
    field = region_field(cells, on, plane.projection)
    return join(
        _filled(
            plane,
            field,
            level,
            class_=f"region region{round(level * 100)}",
            fill_opacity=0.22 if level > 0.7 else 0.45,
            stroke="currentColor",
            stroke_width=0.9,
            stroke_dasharray="3 2" if level > 0.7 else None,
        )
        for level in LEVELS
    )


def _filled(plane: Plane, field: FloatArray, level: float, **attributes: str | float | None) -> str:
    rows, columns = field.shape
    outlines = [
        (
            plane.left + outline.columns * plane.width / (columns - 1),
            plane.top + outline.rows * plane.height / (rows - 1),
        )
        for outline in contours(field, level)
    ]
    if not outlines:
        return ""
    # A speckled map has thousands of islands: coarser outlines keep the picture small.
    drawings = (join(path(*simplify(x, y, t), closed=True) for x, y in outlines) for t in TOLERANCES)
    d = next((drawing for drawing in drawings if len(drawing) < MAX_OUTLINE), None) or _islands(outlines)
    return element("path", d=d, fill="currentColor", fill_rule="evenodd", stroke_linejoin="round", **attributes)


def _islands(outlines: Sequence[tuple[FloatArray, FloatArray]]) -> str:
    """The largest outlines that fit: the last resort for maps of noise."""
    largest = sorted(outlines, key=lambda xy: -float(np.ptp(xy[0]) + np.ptp(xy[1])))
    parts = [path(*simplify(x, y, TOLERANCES[-1]), closed=True) for x, y in largest[: MAX_OUTLINE // 20]]
    total = np.cumsum([len(part) for part in parts])
    return join(parts[: int(np.searchsorted(total, MAX_OUTLINE))])


def _annulus(plane: Plane, annulus: DrawnAnnulus, dash: str | None) -> str:
    """Both edges of the 3 sigma band, exact small circles; one line where they cannot be told apart."""
    inner, outer = annulus.radius_deg - annulus.minus_3sigma_deg, annulus.radius_deg + annulus.plus_3sigma_deg
    edges = [r for r in (inner, outer) if 0 < r < 180]
    if (outer - inner) * plane.units_per_deg < 1.0:
        edges = [annulus.radius_deg]  # both edges would be one line, drawn twice
    return join(
        _curve(
            plane,
            *small_circle(annulus.ra_deg, annulus.dec_deg, r),
            class_="annulus",
            stroke_dasharray=dash,
            stroke_width=1.3,
        )
        for r in edges
    )


def _annulus_band(plane: Plane, annulus: DrawnAnnulus) -> str:
    """The band's fill, under the credible regions that are made from it."""
    inner, outer = annulus.radius_deg - annulus.minus_3sigma_deg, annulus.radius_deg + annulus.plus_3sigma_deg
    return _band(plane, annulus.ra_deg, annulus.dec_deg, max(inner, 0.0), min(outer, 180.0), "band")


def _band(plane: Plane, ra_deg: float, dec_deg: float, inner_deg: float, outer_deg: float, class_: str) -> str:
    """Fill between two circles, where it is wide enough for the grid to show."""
    if (outer_deg - inner_deg) * plane.units_per_deg < 2 * GRID_STEP:
        return ""
    step = 2 * GRID_STEP
    on = grid(plane.projection, columns=round(plane.width / step) + 1, rows=round(plane.height / step) + 1)
    field = band_field(on, ra_deg, dec_deg, inner_deg, outer_deg)
    return _filled(plane, field, 0.0, class_=class_, fill_opacity=0.16)


def _outline(plane: Plane, outline: Outline) -> str:
    class_ = f"{'poor' if outline.is_poor else 'field'} {outline.layer}".strip()
    circle = small_circle(outline.ra_deg, outline.dec_deg, outline.radius_deg)
    dash = POOR_DASH if outline.is_poor else FIELD_DASH
    drawn = _curve(plane, *circle, stroke_dasharray=dash, stroke_width=1.4)
    place = plane.place(outline.ra_deg, outline.dec_deg)
    name = text_element(outline.label, *place, class_="label", text_anchor="middle", font_size=11) if place else ""
    return element("g", drawn, name, class_=class_)


def _disc(plane: Plane, disc: Disc) -> str:
    fill = _band(plane, disc.ra_deg, disc.dec_deg, -1.0, disc.radius_deg, "earth")
    edge = _curve(
        plane, *small_circle(disc.ra_deg, disc.dec_deg, disc.radius_deg), class_="earth-edge", stroke_opacity=0.6
    )
    return element("g", fill, edge, class_=disc.layer) if disc.layer else fill + edge


def _curve(plane: Plane, ra_deg: FloatArray, dec_deg: FloatArray, **attributes: str | float | None) -> str:
    d = plane.curve(ra_deg, dec_deg)
    return element("path", d=d, fill="none", stroke="currentColor", **attributes) if d else ""


def _error_circle(plane: Plane, point: SkyPoint) -> str:
    if not point.error_radius_deg or point.error_radius_deg * plane.units_per_deg < 5:
        return ""
    circle = small_circle(point.ra_deg, point.dec_deg, point.error_radius_deg)
    return _curve(plane, *circle, class_="error-circle", stroke_dasharray="2 2")


def _points(plane: Plane, points: Sequence[SkyPoint], discs: Sequence[Disc]) -> str:
    """Symbols and discs with their names, each name where none stands yet: right, left, below or above."""
    places = [(point, place) for point in points if (place := plane.place(point.ra_deg, point.dec_deg)) is not None]
    taken = [(x - 6, y - 6, x + 6, y + 6) for _, (x, y) in places]
    parts = []
    for disc in discs:
        if (place := plane.place(disc.ra_deg, disc.dec_deg)) is not None:
            half = 3.1 * len(disc.label)
            taken.append((place[0] - half, place[1] - 10, place[0] + half, place[1] + 2))
            class_ = f"label {disc.layer}".strip()
            parts.append(text_element(disc.label, *place, class_=class_, text_anchor="middle", font_size=11))
    for point, (x, y) in places:
        words = point.label if len(point.label) <= 24 else point.label[:23] + "\N{HORIZONTAL ELLIPSIS}"
        width = 6.2 * len(words)
        choices = (
            ("start", x + 8, y + 4, x + 8),
            ("end", x - 8, y + 4, x - 8 - width),
            ("middle", x, y + 18, x - width / 2),
            ("middle", x, y - 10, x - width / 2),
        )
        boxes = [(left, base - 10, left + width, base + 2) for _, _, base, left in choices]
        best = next((i for i, box in enumerate(boxes) if _is_free(box, taken)), 0)
        taken.append(boxes[best])
        anchor, at_x, at_y, _ = choices[best]
        parts.append(symbol_svg(point.symbol, x, y))
        parts.append(text_element(words, at_x, at_y, class_="label", text_anchor=anchor, font_size=11))
    return join(parts)


def _is_free(box: Box, taken: Sequence[Box]) -> bool:
    inside = box[0] >= 0 and box[2] <= WIDTH
    return inside and all(box[2] < one[0] or box[0] > one[2] or box[3] < one[1] or box[1] > one[3] for one in taken)
