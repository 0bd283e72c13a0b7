"""Sky maps of a sensitivity: how likely a burst would have been found, everywhere, with the event's regions on top."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tocsin.domain.late import spatial
from tocsin.pictures.contours import contours
from tocsin.pictures.graticule import graticule
from tocsin.pictures.plane import Plane
from tocsin.pictures.projection import Mollweide
from tocsin.pictures.sky_items import SkyPoint
from tocsin.pictures.sky_legend import LINE_HEIGHT, MARGIN, symbol_svg
from tocsin.pictures.sky_region import MultiOrderMap, SkyCells, grid, region_field
from tocsin.pictures.svg import FloatArray, document, element, join, number, path, simplify, text_element

WIDTH = 480.0
#: Units between nodes of the grid of the chance, which is smooth, and of that of the regions.
CHANCE_STEP, REGION_STEP = 4.0, 1.6
#: Chances that are told apart, and how dark each of them adds to what is below it.
STEPS, SHADE = (0.1, 0.3, 0.5, 0.7, 0.9), 0.17
#: The chance between cells is the mean of so many around, each weighed by a Gaussian of this width, deg.
NEIGHBOURS, SMOOTH_DEG = 8, 2.5
LEVELS = (0.9, 0.5)
TOLERANCE = 0.35


def sensitivity_svg(
    ra_deg: FloatArray,
    dec_deg: FloatArray,
    chance: FloatArray,
    *,
    skymap: MultiOrderMap | None = None,
    points: Sequence[SkyPoint] = (),
    title: str = "Chance of detection",
    what: str = "a burst",
) -> str:
    """Chance of finding a burst over the whole sky in Mollweide's projection, as SVG text.

    Parameters
    ----------
    ra_deg, dec_deg
        Centres of cells that cover the sky evenly, deg, shape (n,).
    chance
        Chance in each, 0 to 1, shape (n,).
    skymap
        Where the event is: the outlines of its 50 and 90 % regions are drawn.
    points
        With symbol and name: the pointing axis.
    title, what
        Title, and the burst's name, for those who cannot see the picture and for the legend.
    """
    width = WIDTH - 2 * MARGIN
    plane = Plane(
        projection=Mollweide(centre_ra_deg=180.0),
        left=MARGIN,
        top=8.0,
        width=width,
        height=width / 2,
        is_ellipse=True,
    )
    clip_id = plane.clip_id(title)
    legend = _legend(what, plane.top + plane.height + 24, has_regions=skymap is not None, points=points)
    return document(
        element("defs", element("clipPath", plane.outline(class_="clip"), id=clip_id)),
        element("g", _shades(plane, ra_deg, dec_deg, chance), clip_path=f"url(#{clip_id})"),
        graticule(plane, clip_id),
        element("g", _regions(plane, skymap), clip_path=f"url(#{clip_id})"),
        plane.outline(class_="frame", fill="none", stroke="currentColor", stroke_opacity=0.6),
        join(_point(plane, point) for point in points),
        join(legend),
        width=WIDTH,
        height=plane.top + plane.height + 18 + LINE_HEIGHT * len(legend),
        title=title,
        description=_described(what, chance),
        class_="skymap sensitivity",
    )


def _shades(plane: Plane, ra_deg: FloatArray, dec_deg: FloatArray, chance: FloatArray) -> str:
    """One fill for each step, over those of the lower ones: darker is likelier."""
    on = grid(plane.projection, columns=_nodes(plane.width, CHANCE_STEP), rows=_nodes(plane.height, CHANCE_STEP))
    values = _between(ra_deg, dec_deg, chance, on.ra_deg[on.on_sky], on.dec_deg[on.on_sky])
    missing = on.filled(1.0 - values)
    # Nodes off the sky take the value of the nearest on it: the fill runs up to the outline, and is clipped there.
    missing = _spread(missing, on.on_sky)
    return join(
        _closed(plane, missing, 1.0 - step, class_="chance", fill="currentColor", fill_opacity=SHADE) for step in STEPS
    )


def _spread(values: FloatArray, known: npt.NDArray[np.bool_]) -> FloatArray:
    nearest = spatial.cKDTree(np.argwhere(known)).query(np.argwhere(~known))[1]
    spread = values.copy()
    spread[~known] = values[known][nearest]
    return spread


def _between(
    ra_deg: FloatArray, dec_deg: FloatArray, values: FloatArray, at_ra_deg: FloatArray, at_dec_deg: FloatArray
) -> FloatArray:
    distance, index = spatial.cKDTree(_vectors(ra_deg, dec_deg)).query(_vectors(at_ra_deg, at_dec_deg), k=NEIGHBOURS)
    weight = np.exp(-0.5 * (np.degrees(distance) / SMOOTH_DEG) ** 2)
    return np.asarray((weight * values[index]).sum(axis=1) / weight.sum(axis=1))


def _vectors(ra_deg: FloatArray, dec_deg: FloatArray) -> FloatArray:
    ra, dec = np.radians(ra_deg), np.radians(dec_deg)
    return np.column_stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])


def _regions(plane: Plane, skymap: MultiOrderMap | None) -> str:
    if skymap is None:
        return ""
    on = grid(plane.projection, columns=_nodes(plane.width, REGION_STEP), rows=_nodes(plane.height, REGION_STEP))
    field = region_field(SkyCells.from_uniq(skymap.uniq, skymap.density_sr), on, plane.projection)
    return join(
        _closed(
            plane,
            field,
            level,
            class_="annulus",
            fill="none",
            stroke="currentColor",
            stroke_width=1.4,
            stroke_dasharray="3 2" if level > LEVELS[-1] else None,
        )
        for level in LEVELS
    )


def _closed(plane: Plane, field: FloatArray, level: float, **attributes: str | float | None) -> str:
    rows, columns = field.shape
    outlines = [
        simplify(
            plane.left + one.columns * plane.width / (columns - 1),
            plane.top + one.rows * plane.height / (rows - 1),
            TOLERANCE,
        )
        for one in contours(field, level)
    ]
    d = join(path(x, y, closed=True) for x, y in outlines)
    return element("path", d=d, fill_rule="evenodd", stroke_linejoin="round", **attributes) if d else ""


def _nodes(length: float, step: float) -> int:
    return round(length / step) + 1


def _point(plane: Plane, point: SkyPoint) -> str:
    place = plane.place(point.ra_deg, point.dec_deg)
    return "" if place is None else symbol_svg(point.symbol, *place)


def _legend(what: str, top: float, *, has_regions: bool, points: Sequence[SkyPoint]) -> list[str]:
    steps = ", ".join(f"{100 * step:.0f}" for step in STEPS)
    lines = [_scale(what), text_element(f"one shade more from {steps} % on", 0, 0, **_SMALL)]
    if has_regions:
        dashed = element("path", class_="annulus", d="M0 -4h12", stroke="currentColor", stroke_width=1.4)
        dots = element(
            "path", class_="annulus", d="M14 -4h12", stroke="currentColor", stroke_width=1.4, stroke_dasharray="3 2"
        )
        lines.append(dashed + dots + text_element("50 % and 90 % regions of the event", 32, 0, **_SMALL))
    lines += [symbol_svg(one.symbol, 12, -4) + text_element(one.label, 32, 0, **_SMALL) for one in points]
    return [
        element("g", line, transform=f"translate({number(MARGIN)} {number(top + LINE_HEIGHT * i)})")
        for i, line in enumerate(lines)
    ]


_SMALL: dict[str, str | float | None] = {"class_": "legend", "font_size": 11.5}


def _scale(what: str) -> str:
    """Boxes as dark as the map: up to each step."""
    boxes = []
    for i in range(len(STEPS) + 1):
        shades = join(
            element("rect", class_="chance", x=26 * i, y=-10, width=26, height=11, fill_opacity=SHADE) for _ in range(i)
        )
        frame = element(
            "rect", x=26 * i, y=-10, width=26, height=11, fill="none", stroke="currentColor", stroke_opacity=0.6
        )
        boxes.append(shades + frame)
    return join(boxes) + text_element(f"chance of having found {what}", 164, 0, **_SMALL)


def _described(what: str, chance: FloatArray) -> str:
    return (
        f"Right ascension increases to the left, north is up. The chance of having found {what} is between "
        f"{chance.min():.0%} and {chance.max():.0%}, {chance.mean():.0%} in the mean over the sky."
    )
