"""Light curves of several instruments, one above the other, on one axis of seconds from T0."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tocsin.domain.clock import to_utc
from tocsin.domain.light_curves import LightCurve
from tocsin.pictures.axis import Scale, tick_label
from tocsin.pictures.panel import LEFT, RIGHT, WIDTH, ExcessMark, Panel, hatch, make_panel, panel_svg
from tocsin.pictures.svg import document, element, join, number, picture_id, text_element

TOP = 20.0
STRIP = 17.0
BOTTOM = 40.0
#: Panels get lower when there are many: a phone shows three instruments without scrolling.
PANEL_HEIGHTS = {1: 170.0, 2: 112.0}
MANY_PANELS_HEIGHT = 84.0


def light_curve_svg(
    curves: Sequence[LightCurve],
    *,
    t0_utc: datetime,
    window_s: tuple[float, float] | None = None,
    search_s: tuple[float, float] | None = None,
    marks: Sequence[ExcessMark] = (),
    shifts_s: Mapping[str, float] | None = None,
    title: str = "Light curves",
) -> str:
    """Rates of all instruments against seconds from T0, as SVG text below 60 kB.

    Parameters
    ----------
    curves
        One panel each, in the order given.
    t0_utc
        Zero of the time axis; each curve's times are as its own instrument saw them.
    window_s
        Interval drawn, s since T0; None: all that the curves cover.
    search_s
        Interval searched, s since T0: marked by dashed lines.
    marks
        Excesses to point at.
    shifts_s
        By instrument, s: its panel's zero is that much after T0, to lay a far craft's burst under the others'.
    title
        Title for those who cannot see the picture.

    Notes
    -----
    With more bins than columns each column shows the lowest and the highest rate of its bins, said beside the
    instrument's name: no spike is averaged away. Hatching marks times without usable data.
    """
    t0 = to_utc(t0_utc)
    shifts = shifts_s or {}
    moved = [curve.with_t0(t0 + timedelta(seconds=shifts.get(curve.instrument, 0.0))) for curve in curves]
    marks = [_shifted(mark, shifts.get(mark.instrument, 0.0)) for mark in marks]
    start_s, stop_s = window_s or _span(moved)
    time = Scale(low=start_s, high=stop_s, start=LEFT, stop=WIDTH - RIGHT)
    height = PANEL_HEIGHTS.get(len(moved), MANY_PANELS_HEIGHT)
    panels = [
        make_panel(
            curve,
            time,
            marks,
            top=TOP + i * (height + STRIP) + STRIP,
            height=height,
            n=len(moved),
            shift_s=shifts.get(curve.instrument, 0.0),
        )
        for i, curve in enumerate(moved)
    ]
    foot = TOP + len(moved) * (height + STRIP)
    hatch_id = picture_id(f"{title}{t0}{start_s}{stop_s}") + "h"
    return document(
        element("defs", hatch(hatch_id)),
        join(panel_svg(panel, height, hatch_id, search_s) for panel in panels),
        _t0_line(time, panels, height),
        _time_axis(time, foot, t0),
        width=WIDTH,
        height=foot + BOTTOM,
        title=title,
        description=_description(panels, t0),
        class_="lightcurve",
    )


def _shifted(mark: ExcessMark, shift_s: float) -> ExcessMark:
    return replace(mark, start_s=mark.start_s - shift_s, stop_s=mark.stop_s - shift_s)


def _span(curves: Sequence[LightCurve]) -> tuple[float, float]:
    full = [curve for curve in curves if len(curve)]
    if not full:
        return -1.0, 1.0
    return min(float(c.start_s[0]) for c in full), max(float(c.stop_s[-1]) for c in full)


def _t0_line(time: Scale, panels: Sequence[Panel], height: float) -> str:
    """T0 through every panel, not through what is written between them."""
    if not time.low <= 0 <= time.high:
        return ""
    x = time(0.0)
    anchor = "middle" if LEFT + 8 < x < WIDTH - RIGHT - 8 else "start" if x <= LEFT + 8 else "end"
    line = element(
        "path",
        class_="t0",
        d=join(f"M{number(x)} {number(panel.top)}v{number(height)}" for panel in panels if not panel.shift_s),
        stroke="currentColor",
        stroke_width=1.2,
        stroke_dasharray="1.5 2.5",
        stroke_linecap="round",
    )
    return line + text_element("T0", x, TOP - 7, class_="t0-words", text_anchor=anchor, font_weight="bold")


def _time_axis(time: Scale, foot: float, t0: datetime) -> str:
    ticks = time.ticks(7)
    marks = [
        element("path", d=f"M{number(time(value))} {number(foot)}v5", stroke="currentColor")
        + text_element(
            tick_label(value, ticks),
            min(time(value), WIDTH - 15),
            foot + 16,
            text_anchor="middle",
            font_size=10.5,
            class_="tick",
        )
        for value in ticks
    ]
    words = f"seconds from T0 = {t0:%Y-%m-%d %H:%M:%S}.{t0.microsecond // 1000:03d} UTC, at each instrument"
    middle = 0.5 * (time.start + time.stop)
    return join(marks) + text_element(words, middle, foot + 33, text_anchor="middle", font_size=11, class_="unit")


def _description(panels: Sequence[Panel], t0: datetime) -> str:
    """The picture in words."""
    sentences = [f"Count rates against seconds from T0, {t0:%Y-%m-%d %H:%M:%S} UTC."]
    for panel in panels:
        low, high = panel.drawn.range_cts_s
        said = f"{low:.5g} to {high:.5g} counts/s" if panel.drawn.segments else "no usable data"
        found = "; ".join(f"excess of S/N {m.snr:.1f} at {m.start_s + panel.shift_s:+.2f} s" for m in panel.marks)
        sentences.append(f"{panel.curve.instrument}: {said}{'; ' + found if found else ''}.")
    return " ".join(sentences)
