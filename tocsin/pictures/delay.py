"""Delays: the posterior of each pair, with its intervals, and the classical curves beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tocsin.pictures.axis import Scale, tick_label
from tocsin.pictures.svg import FloatArray, document, element, join, number, path, text_element

WIDTH, LEFT, RIGHT = 480.0, 14.0, 14.0
TOP, HEADING, HEIGHT, FOOT = 10.0, 34.0, 84.0, 40.0
#: What lies beyond these shares of the probability is not drawn; at least so much of the interval is margin.
DRAWN_SHARE, MARGIN = 1e-4, 0.35
#: Columns of the curve.
COLUMNS = 400


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnDelay:
    """A delay to be drawn.

    Parameters
    ----------
    label
        Pair: ``Konus-Wind to Fermi-GBM``.
    delay_s, density
        Posterior on its grid, shape (n,).
    median_s, minus_3sigma_s, plus_3sigma_s
        Median and positive distances to the 3-sigma quantiles, s.
    interval_90_s
        Smallest intervals that hold 90 %, s.
    remark
        Small print: widths, what was done about energies, flags.
    classical
        (name, grid in s, curve) of classical methods, drawn as thin lines of the same height.
    """

    label: str
    delay_s: FloatArray
    density: FloatArray
    median_s: float
    minus_3sigma_s: float
    plus_3sigma_s: float
    interval_90_s: Sequence[tuple[float, float]] = ()
    remark: str = ""
    classical: Sequence[tuple[str, FloatArray, FloatArray]] = ()


def delays_svg(delays: Sequence[DrawnDelay], *, title: str = "Delays") -> str:
    """Posteriors of delays, one panel each with an axis of its own, as SVG text.

    Parameters
    ----------
    delays
        In the order to be shown.
    title
        Title for those who cannot see the picture.

    Notes
    -----
    Filled: the smallest intervals of 90 %. Ticks below the curve: the median and the 3-sigma quantiles. Thin dashed
    lines: classical curves, scaled to the same height; their widths are not calibrated.
    """
    step = HEADING + HEIGHT + FOOT
    panels = [_panel(delay, TOP + i * step + HEADING) for i, delay in enumerate(delays)]
    words = "; ".join(
        f"{d.label}: {d.median_s:+.4g} s, 3 sigma from {d.median_s - d.minus_3sigma_s:+.4g} to "
        f"{d.median_s + d.plus_3sigma_s:+.4g} s"
        for d in delays
    )
    return document(
        join(panels),
        width=WIDTH,
        height=TOP + step * max(len(delays), 1),
        title=title,
        description=f"Posterior probability of arrival-time delays. {words}.",
        class_="delays",
    )


def _panel(delay: DrawnDelay, top: float) -> str:
    scale = _scale(delay)
    x = np.linspace(scale.low, scale.high, COLUMNS)
    y = np.interp(x, delay.delay_s, delay.density, left=0.0, right=0.0)
    peak = float(max(delay.density[(delay.delay_s >= scale.low) & (delay.delay_s <= scale.high)].max(), y.max()))
    height = Scale(low=0.0, high=1.06 * peak, start=top + HEIGHT, stop=top)
    value = f"{delay.median_s:+.4f} s, \N{MINUS SIGN}{delay.minus_3sigma_s:.4f} +{delay.plus_3sigma_s:.4f} (3 sigma)"
    return element(
        "g",
        text_element(delay.label, LEFT, top - 20, class_="name", font_weight="bold"),
        text_element(value, WIDTH - RIGHT, top - 20, class_="small", text_anchor="end", font_size=10.5),
        text_element(delay.remark, LEFT, top - 6, class_="small", font_size=10),
        join(_filled(delay, interval, scale, height) for interval in delay.interval_90_s),
        join(_classical(curve, scale, height, i) for i, curve in enumerate(delay.classical)),
        element(
            "path",
            class_="rate",
            d=path(np.asarray(scale(x)), np.asarray(height(y))),
            fill="none",
            stroke="currentColor",
            stroke_width=1.4,
        ),
        _quantiles(delay, scale, top + HEIGHT),
        _axis(scale, top + HEIGHT),
    )


def _scale(delay: DrawnDelay) -> Scale:
    """Range that holds all but a ten-thousandth of the probability, and the 3-sigma quantiles with a margin."""
    steps = 0.5 * (delay.density[1:] + delay.density[:-1]) * np.diff(delay.delay_s)
    below = np.concatenate([[0.0], np.cumsum(steps)]) / steps.sum()
    low = min(float(np.interp(DRAWN_SHARE, below, delay.delay_s)), delay.median_s - delay.minus_3sigma_s)
    high = max(float(np.interp(1.0 - DRAWN_SHARE, below, delay.delay_s)), delay.median_s + delay.plus_3sigma_s)
    margin = MARGIN * (high - low) or 1e-6
    return Scale(low=low - margin, high=high + margin, start=LEFT, stop=WIDTH - RIGHT)


def _filled(delay: DrawnDelay, interval: tuple[float, float], scale: Scale, height: Scale) -> str:
    inner = delay.delay_s[(delay.delay_s > interval[0]) & (delay.delay_s < interval[1])]
    x = np.concatenate([[interval[0]], inner, [interval[1]]])
    y = np.interp(x, delay.delay_s, delay.density)
    around_x = np.concatenate([[x[0]], x, [x[-1]]])
    around_y = np.concatenate([[0.0], y, [0.0]])
    d = path(np.asarray(scale(around_x)), np.asarray(height(around_y)), closed=True)
    return element("path", class_="region", d=d, fill="currentColor", fill_opacity=0.22)


def _classical(curve: tuple[str, FloatArray, FloatArray], scale: Scale, height: Scale, index: int) -> str:
    name, grid, density = curve
    x = np.linspace(scale.low, scale.high, COLUMNS)
    y = np.interp(x, grid, density, left=0.0, right=0.0)
    if not y.max() > 0:
        return ""
    y = y / y.max() * height.high / 1.06
    line = element(
        "path",
        class_="annulus",
        d=path(np.asarray(scale(x)), np.asarray(height(y))),
        fill="none",
        stroke="currentColor",
        stroke_width=0.8,
        stroke_dasharray=("4 3", "1 3")[index % 2],
        stroke_opacity=0.8,
    )
    words = text_element(name, WIDTH - RIGHT, height.stop + 12 + 13 * index, text_anchor="end", font_size=10)
    dash = element(
        "path",
        class_="annulus",
        d=f"M{number(WIDTH - RIGHT - 8 - 5.6 * len(name) - 24)} {number(height.stop + 8.5 + 13 * index)}h22",
        stroke="currentColor",
        stroke_width=0.8,
        stroke_dasharray=("4 3", "1 3")[index % 2],
    )
    return line + words + dash


def _quantiles(delay: DrawnDelay, scale: Scale, foot: float) -> str:
    """A bracket under the curve from the one 3-sigma quantile to the other, a tick at the median."""
    low, middle, high = (
        scale(delay.median_s - delay.minus_3sigma_s),
        scale(delay.median_s),
        scale(delay.median_s + delay.plus_3sigma_s),
    )
    d = f"M{number(low)} {number(foot - 6)}v6H{number(high)}v-6M{number(middle)} {number(foot - 9)}v9"
    return element("path", class_="t0", d=d, fill="none", stroke="currentColor", stroke_width=1.6)


def _axis(scale: Scale, foot: float) -> str:
    ticks = scale.ticks(5)
    line = element(
        "path", class_="frame", d=f"M{number(LEFT)} {number(foot)}H{number(WIDTH - RIGHT)}", stroke="currentColor"
    )
    marks = [
        element("path", d=f"M{number(scale(value))} {number(foot)}v4", stroke="currentColor")
        + text_element(
            tick_label(value, ticks), scale(value), foot + 15, text_anchor="middle", font_size=10.5, class_="tick"
        )
        for value in ticks
    ]
    unit = text_element("delay, s", WIDTH / 2, foot + 28, text_anchor="middle", font_size=10.5, class_="unit")
    return line + join(marks) + unit
