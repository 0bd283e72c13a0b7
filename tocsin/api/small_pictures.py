"""Small pictures for lists: the first light curve around T0, and where an event is on the sky."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tocsin.domain.light_curves import LightCurve
from tocsin.pictures.contours import contours
from tocsin.pictures.envelope import envelope
from tocsin.pictures.projection import Mollweide
from tocsin.pictures.sky_region import SkyCells, grid, region_field
from tocsin.pictures.svg import element, number
from tocsin.workflow.findings import Finding
from tocsin.workflow.queries import EventListItem, EventView
from triangulation.skymap import SkyMap

WIDTH, HEIGHT = 240.0, 60.0
SKY_WIDTH, SKY_HEIGHT = 120.0, 60.0
#: Drawn around T0, s.
HALF_S = 30.0
#: A picture in a list has no style sheet: colours that show on dark and on light ground, and no meaning of their own.
CURVE_COLOUR, MARK_COLOUR, FRAME_COLOUR = "#5aa9e6", "#e0872a", "#7b8794"
#: Grid of the region on the small map.
COLUMNS, ROWS = 120, 60
#: Seen further from T0 than this, an excess was seen by a craft far from the Earth, s.
FAR_S = 20.0


def small_curve_svg(item: EventListItem, curves: Sequence[LightCurve]) -> str:
    """Rates around T0 of the instrument that says most; empty without any."""
    t0 = item.event.t0_utc
    order = {one.instrument: k for k, one in enumerate(item.findings)}
    shown = sorted(curves, key=lambda curve: order.get(curve.instrument, len(order)))
    if t0 is None or not shown:
        return ""
    curve = shown[0].with_t0(t0)
    drawn = envelope(curve, start_s=-HALF_S, stop_s=HALF_S, columns=int(WIDTH))
    low, high = drawn.range_cts_s
    if not np.isfinite(low):
        return ""
    scale = (HEIGHT - 6) / ((high - low) or 1.0)

    def place(t_s: float, rate: float) -> str:
        x = (min(max(t_s, -HALF_S), HALF_S) + HALF_S) / (2 * HALF_S) * WIDTH
        return f"{number(x)},{number(HEIGHT - 3 - (rate - low) * scale)}"

    lines = []
    for segment in drawn.segments:
        edges = segment.edges_s
        middles = 0.5 * (edges[:-1] + edges[1:])
        points = [
            place(float(t), float(rate))
            for t, bottom, top in zip(middles, segment.low_cts_s, segment.high_cts_s, strict=True)
            for rate in ((bottom, top) if bottom != top else (bottom,))
        ]
        lines.append(element("polyline", points=" ".join(points), fill="none", stroke=CURVE_COLOUR, stroke_width="1"))
    middle = number(WIDTH / 2)
    mark = element("line", x1=middle, x2=middle, y1="0", y2=number(HEIGHT), stroke=MARK_COLOUR, stroke_dasharray="3 3")
    return _document(WIDTH, HEIGHT, mark, *lines)


def small_sky_svg(item: EventListItem, skymap: SkyMap | None) -> str:
    """The 90 % region, or the position, on the whole sky; empty without either."""
    event = item.event
    plane = Mollweide()
    marks: list[str] = []
    if skymap is not None:
        on = grid(plane, columns=COLUMNS, rows=ROWS)
        field = region_field(SkyCells.from_uniq(skymap.uniq, skymap.density_sr), on, plane)
        for outline in contours(field, 0.9):
            points = " ".join(
                f"{number(x / (COLUMNS - 1) * SKY_WIDTH)},{number(y / (ROWS - 1) * SKY_HEIGHT)}"
                for x, y in zip(outline.columns, outline.rows, strict=True)
            )
            marks.append(element("polygon", points=points, fill=CURVE_COLOUR, stroke=CURVE_COLOUR))
        ra_deg, dec_deg = skymap.peak
        marks.append(_dot(plane, ra_deg, dec_deg))
    elif event.ra_deg is not None and event.dec_deg is not None:
        marks.append(_dot(plane, event.ra_deg, event.dec_deg))
    if not marks:
        return ""
    frame = element(
        "ellipse",
        cx=number(SKY_WIDTH / 2),
        cy=number(SKY_HEIGHT / 2),
        rx=number(SKY_WIDTH / 2 - 1),
        ry=number(SKY_HEIGHT / 2 - 1),
        fill="none",
        stroke=FRAME_COLOUR,
    )
    return _document(SKY_WIDTH, SKY_HEIGHT, frame, *marks)


def curve_shifts(view: EventView) -> list[dict[str, Any]]:
    """Instruments with light curves: where their zero is from T0, and how much later than the nearest they saw it."""
    excesses = {one.instrument: one for one in view.item.findings if one.excess is not None}
    reference_s = _reference_s(list(excesses.values()))
    found = []
    for name in view.item.instruments:
        excess = None if name not in excesses else excesses[name].excess
        shift_s = 0.0 if excess is None or not excess.is_counterpart else excess.t_s - reference_s
        found.append({"instrument": name, "zero_s": 0.0, "shift_s": shift_s})
    return found


def _reference_s(found: Sequence[Finding]) -> float:
    """Middle of the best excess near T0."""
    near = [
        one.excess
        for one in found
        if one.excess is not None and one.excess.is_counterpart and abs(one.excess.t_s) <= FAR_S
    ]
    return max(near, key=lambda excess: excess.snr).t_s if near else 0.0


def _dot(plane: Mollweide, ra_deg: float, dec_deg: float) -> str:
    x, y = plane.forward(np.array([ra_deg]), np.array([dec_deg]))
    cx = SKY_WIDTH / 2 * (1 + float(x[0]) / plane.half_x)
    cy = SKY_HEIGHT / 2 * (1 - float(y[0]) / plane.half_y)
    return element("circle", cx=number(cx), cy=number(cy), r="3", fill=MARK_COLOUR)


def _document(width: float, height: float, *parts: str) -> str:
    return element(
        "svg",
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=number(width),
        height=number(height),
    )
