"""One instrument's panel of a light-curve picture: rates, axis, hatched gaps, excesses."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tocsin.domain.light_curves import LightCurve
from tocsin.pictures.axis import Scale, padded, tick_label
from tocsin.pictures.envelope import Envelope, Segment, envelope
from tocsin.pictures.svg import element, join, number, path, text_element

WIDTH = 480.0
LEFT = 54.0
RIGHT = 8.0
#: Columns over all panels: bounds the size of the picture whatever the number of bins.
COLUMN_BUDGET = 1000
MAX_COLUMNS = 360
#: More excesses than this in one panel hide the light curve: the strongest are marked.
MAX_MARKS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcessMark:
    """An excess to be pointed at.

    Parameters
    ----------
    instrument
        Instrument of the light curve it was found in.
    start_s, stop_s
        The interval, s since T0.
    snr
        Signal to noise.
    scale_s
        Time scale of the search it was found at, s.
    """

    instrument: str
    start_s: float
    stop_s: float
    snr: float
    scale_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A light curve with the scales it is drawn by."""

    curve: LightCurve
    drawn: Envelope
    time: Scale
    rate: Scale
    top: float
    marks: tuple[ExcessMark, ...]
    shift_s: float


def make_panel(
    curve: LightCurve,
    time: Scale,
    marks: Sequence[ExcessMark],
    *,
    top: float,
    height: float,
    n: int,
    shift_s: float = 0.0,
) -> Panel:
    """Panel of a curve among `n` whose plot is `height` high from `top` down; curve and marks come shifted."""
    columns = min(MAX_COLUMNS, max(60, COLUMN_BUDGET // n))
    drawn = envelope(curve, start_s=time.low, stop_s=time.high, columns=columns)
    low, high = padded(*drawn.range_cts_s)
    own = [m for m in marks if m.instrument == curve.instrument and m.stop_s >= time.low and m.start_s <= time.high]
    strongest = sorted(own, key=lambda m: -m.snr)[:MAX_MARKS]
    if strongest:  # room for the words above the peaks
        high += 0.22 * (high - low)
    rate = Scale(low=low, high=high, start=top + height, stop=top)
    return Panel(curve=curve, drawn=drawn, time=time, rate=rate, top=top, marks=tuple(strongest), shift_s=shift_s)


def panel_svg(panel: Panel, height: float, hatch_id: str, search_s: tuple[float, float] | None) -> str:
    """Everything between a panel's heading and its lower edge."""
    width = panel.time.stop - panel.time.start
    frame = element(
        "rect",
        class_="frame",
        x=LEFT,
        y=panel.top,
        width=width,
        height=height,
        fill="none",
        stroke="currentColor",
        stroke_opacity=0.45,
    )
    return element(
        "g",
        _heading(panel),
        join(_unusable(panel, span, height, hatch_id) for span in panel.drawn.unusable_s),
        join(_mark_band(panel, mark, height) for mark in panel.marks),
        _rate_axis(panel),
        join(_curve(panel, segment) for segment in panel.drawn.segments),
        _search_window(panel, height, search_s),
        frame,
        _mark_labels(panel),
    )


def _heading(panel: Panel) -> str:
    return text_element(panel.curve.instrument, LEFT, panel.top - 4, class_="name", font_weight="bold") + text_element(
        _particulars(panel), WIDTH - RIGHT, panel.top - 4, class_="small", text_anchor="end", font_size=10
    )


def _particulars(panel: Panel) -> str:
    """Bin width, band, and what a column shows: the small print of a panel."""
    curve = panel.curve
    words = []
    if panel.shift_s:
        words.append(f"0 is T0 {panel.shift_s:+.2f} s".replace("-", "\N{MINUS SIGN}"))
    if len(curve):
        widths = curve.width_s
        narrow, wide = float(widths.min()), float(widths.max())
        words.append(
            f"{_duration(narrow)} bins" if wide < 1.01 * narrow else f"bins {_duration(narrow)} to {_duration(wide)}"
        )
    if curve.energy_kev:
        words.append(f"{curve.energy_kev[0]:g}\N{EN DASH}{curve.energy_kev[1]:g} keV")
    if panel.drawn.bins_per_column > 1:
        words.append(f"min\N{EN DASH}max of {panel.drawn.bins_per_column}")
    if not panel.drawn.segments:
        words.append("no usable data here")
    return ", ".join(words)


def _duration(seconds: float) -> str:
    return f"{seconds * 1e3:.4g} ms" if seconds < 1 else f"{seconds:.4g} s"


def _curve(panel: Panel, segment: Segment) -> str:
    """A step line; where columns hold several bins, the area between lowest and highest rate, and its outline."""
    x = np.repeat(np.clip(panel.time(segment.edges_s), panel.time.start, panel.time.stop), 2)[1:-1]
    high = np.repeat(panel.rate(segment.high_cts_s), 2)
    if (segment.low_cts_s == segment.high_cts_s).all():
        return element("path", class_="rate", d=path(x, high), fill="none", stroke="currentColor", stroke_width=1.1)
    low = np.repeat(panel.rate(segment.low_cts_s), 2)
    around = path(np.concatenate([x, x[::-1]]), np.concatenate([high, low[::-1]]), closed=True)
    return element(
        "path",
        class_="rate range",
        d=around,
        fill="currentColor",
        fill_opacity=0.45,
        stroke="currentColor",
        stroke_width=0.7,
    )


def _unusable(panel: Panel, span: tuple[float, float], height: float, hatch_id: str) -> str:
    left, right = panel.time(span[0]), panel.time(span[1])
    if right - left < 0.3:  # a third of a unit is not seen, and thousands of gaps would make the picture heavy
        return ""
    return element(
        "rect", class_="unusable", x=left, y=panel.top, width=right - left, height=height, fill=f"url(#{hatch_id})"
    )


def hatch(hatch_id: str) -> str:
    """Pattern for times without usable data."""
    line = element("path", d="M-1 7L7 -1", class_="hatch", stroke="currentColor", stroke_opacity=0.4)
    return element("pattern", line, id=hatch_id, width=6, height=6, patternUnits="userSpaceOnUse")


def _rate_axis(panel: Panel) -> str:
    ticks = panel.rate.ticks(3 if panel.rate.start - panel.rate.stop < 100 else 4)
    marks = []
    for value in ticks:
        y = panel.rate(value)
        marks.append(
            element(
                "path",
                class_="grid",
                d=f"M{number(LEFT)} {number(y)}H{number(WIDTH - RIGHT)}",
                stroke="currentColor",
                stroke_opacity=0.15,
            )
        )
        marks.append(
            text_element(tick_label(value, ticks), LEFT - 5, y + 3.5, text_anchor="end", font_size=10.5, class_="tick")
        )
    middle = 0.5 * (panel.rate.start + panel.rate.stop)
    unit = text_element(
        "counts/s",
        11,
        middle,
        transform=f"rotate(-90 11 {number(middle)})",
        text_anchor="middle",
        font_size=10.5,
        class_="unit",
    )
    return join(marks) + unit


def _search_window(panel: Panel, height: float, search_s: tuple[float, float] | None) -> str:
    edges = [panel.time(s) for s in search_s or () if panel.time.low < s < panel.time.high]
    return join(
        element(
            "path",
            class_="window",
            d=f"M{number(x)} {number(panel.top)}v{number(height)}",
            stroke="currentColor",
            stroke_dasharray="5 4",
            stroke_opacity=0.8,
        )
        for x in edges
    )


def _mark_band(panel: Panel, mark: ExcessMark, height: float) -> str:
    left, right = (
        float(np.clip(panel.time(s), panel.time.start, panel.time.stop)) for s in (mark.start_s, mark.stop_s)
    )
    grown = max(right - left, 2.0)
    return element(
        "rect",
        class_="excess",
        x=0.5 * (left + right - grown),
        y=panel.top,
        width=grown,
        height=height,
        fill="currentColor",
        fill_opacity=0.18,
    )


def _mark_labels(panel: Panel) -> str:
    """A triangle over each excess; words for those with room, the strongest first."""
    taken: list[tuple[float, float]] = []
    parts = []
    for mark in panel.marks:
        x = float(np.clip(panel.time(0.5 * (mark.start_s + mark.stop_s)), panel.time.start, panel.time.stop))
        parts.append(element("path", class_="excess-tip", d=f"M{number(x - 4)} {number(panel.top + 1)}h8l-4 7z"))
        words = f"S/N {mark.snr:.1f}, {_duration(mark.scale_s)}"
        width = 6.0 * len(words)
        to_left = x + 7 + width > panel.time.stop
        place = (x - 7 - width, x - 7) if to_left else (x + 7, x + 7 + width)
        if all(place[1] < low or place[0] > high for low, high in taken):
            taken.append(place)
            parts.append(
                text_element(
                    words,
                    place[to_left],
                    panel.top + 11,
                    class_="excess-words",
                    font_weight="bold",
                    font_size=11,
                    text_anchor="end" if to_left else "start",
                )
            )
    return join(parts)
