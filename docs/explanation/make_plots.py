"""Draws the pictures of the explanation of the search, from the code it explains.

python docs/explanation/make_plots.py --days days.jsonl     # days: of `benchmarks/search.py --keep`
"""
# ruff: noqa: INP001 - a tool beside the pages, run by itself: no package

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acs_stream.far_history import DAY_S, ExcessKind, FarHistory
from acs_stream.injection import boxcar, found_rate_hz, recover
from acs_stream.limits import upper_limits
from acs_stream.search import search_with_noise
from acs_stream.search_day import search_day
from tocsin.domain.light_curves import LightCurve

HERE = Path(__file__).resolve().parent
BENCHMARKS = HERE.parents[1] / "benchmarks"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, FOOT = 640, 400, 70, 20, 20, 50
COLOURS = ("#1f4e8c", "#b5541c", "#3a7d44", "#7a3f8f")
DAYS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One curve, or points where `is_points`."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    is_points: bool = False
    is_dashed: bool = False


def plot(name: str, lines: Sequence[Line], *, x_label: str, y_label: str, logs: tuple[bool, bool]) -> None:
    """Write a picture of some curves."""
    x = _axis(np.concatenate([np.asarray(one.x, float) for one in lines]), LEFT, WIDTH - RIGHT, is_log=logs[0])
    top = TOP + 10 + 18 * len(lines)
    y = _axis(np.concatenate([np.asarray(one.y, float) for one in lines]), HEIGHT - FOOT, top, is_log=logs[1])
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
            f'font-size="12" role="img"><title>{y_label} against {x_label}</title>'
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        )
    ]
    for place, label in x.ticks:
        parts.append(
            f'<path d="M{place:.1f} {top}V{HEIGHT - FOOT}" stroke="#ddd"/>'
            f'<text x="{place:.1f}" y="{HEIGHT - FOOT + 16}" text-anchor="middle">{label}</text>'
        )
    for place, label in y.ticks:
        parts.append(
            f'<path d="M{LEFT} {place:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
            f'<text x="{LEFT - 6}" y="{place + 4:.1f}" text-anchor="end">{label}</text>'
        )
    for k, one in enumerate(lines):
        parts.append(_drawn(one, x, y, COLOURS[k % len(COLOURS)]))
        parts.append(
            f'<rect x="{LEFT + 12}" y="{TOP + 2 + 18 * k}" width="16" height="4" fill="{COLOURS[k % len(COLOURS)]}"/>'
            f'<text x="{LEFT + 34}" y="{TOP + 8 + 18 * k}">{one.name}</text>'
        )
    middle = (TOP + HEIGHT - FOOT) / 2
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{x_label}</text>'
        f'<text x="16" y="{middle}" text-anchor="middle" transform="rotate(-90 16 {middle})">{y_label}</text></svg>'
    )
    (HERE / "pictures" / f"{name}.svg").write_text("\n".join(parts) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Places of values on the page."""

    low: float
    high: float
    first: float
    last: float
    is_log: bool
    ticks: Sequence[tuple[float, str]] = ()

    def at(self, value: float) -> float:
        """Place of a value."""
        scaled = np.log10(max(value, 1e-300)) if self.is_log else value
        return float(self.first + (scaled - self.low) / (self.high - self.low) * (self.last - self.first))


def _axis(values: np.ndarray, first: float, last: float, *, is_log: bool) -> Axis:
    good = values[np.isfinite(values) & ((values > 0) | (not is_log))]
    scaled = np.log10(good) if is_log else good
    low, high = float(scaled.min()), float(scaled.max())
    margin = 0.05 * (high - low)
    low, high = (
        (np.floor(low), np.ceil(high)) if is_log else (0.0 if low < 0.6 * high / 2 else low - margin, high + margin)
    )
    bare = Axis(low=low, high=high, first=first, last=last, is_log=is_log)
    if is_log:
        marks = [10.0**k for k in range(int(low), int(high) + 1)]
    else:
        step = 10 ** np.floor(np.log10(high - low))
        step /= 5 if (high - low) / step < 2 else 2 if (high - low) / step < 5 else 1
        marks = list(np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step)
    ticks = [(bare.at(mark), f"{mark:.4g}") for mark in marks if mark <= (10**high if is_log else high) * 1.0001]
    return Axis(low=low, high=high, first=first, last=last, is_log=is_log, ticks=ticks)


def _drawn(one: Line, x: Axis, y: Axis, colour: str) -> str:
    places = [
        (x.at(a), y.at(b)) for a, b in zip(one.x, one.y, strict=True) if np.isfinite(b) and (b > 0 or not y.is_log)
    ]
    if one.is_points:
        return "".join(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.5" fill="{colour}"/>' for a, b in places)
    dash = ' stroke-dasharray="6 4"' if one.is_dashed else ""
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'


def scales_and_tails() -> None:
    """Scatter by scale of one day; background excesses of some days with the tail that is fitted to them."""
    from simulated_days import simulated_day  # noqa: PLC0415 - benchmarks are put in reach by main

    rng = np.random.default_rng(77)
    days = [search_day(simulated_day(rng, 1.4).curve) for _ in range(DAYS)]
    scales = [item.scale_s for item in days[0].scales]
    plot(
        "scatter",
        [
            Line(name="measured over Poisson standard deviation", x=scales, y=[s.scatter for s in days[0].scales]),
            Line(name="square root of phi = 1.4", x=scales, y=[1.4**0.5] * len(scales), is_dashed=True),
        ],
        x_label="time scale, s",
        y_label="ratio",
        logs=(True, False),
    )
    history = FarHistory.joined([day.history for day in days])
    for kind, name, words in (
        (ExcessKind.OTHER, "tail_other", "rank: -ln of the rate (Hz) at which noise alone does it"),
        (ExcessKind.SPIKE_LIKE, "tail_spikes", "rank: ln of S/N"),
    ):
        ranks = history.ranks[kind]
        counted = (np.arange(ranks.size) + 1) / history.live_s * DAY_S
        grid = np.linspace(ranks[min(300, ranks.size - 1)], ranks[0] + 0.3 * (ranks[0] - ranks[100]), 60)
        # A rate counts both kinds; half of it is this kind's.
        fitted = [found.far_hz * DAY_S / 2 if (found := history.rate(kind, r)) else np.nan for r in grid]
        plot(
            name,
            [
                Line(name=f"counted in {DAYS} simulated days", x=ranks[:300], y=counted[:300], is_points=True),
                Line(name="stated rate", x=grid, y=fitted),
            ],
            x_label=words,
            y_label="louder excesses of this kind, 1/day",
            logs=(False, True),
        )


def claimed_and_counted(path: Path) -> None:
    """Excesses by claimed false-alarm rate, against that rate."""
    from search_false_alarms import claims, read  # noqa: PLC0415 - as above

    found = claims(read(path))
    days = sum(day.live_s for day in found) / DAY_S
    claimed = np.geomspace(0.5 / days, 2.0, 40)
    lines = [Line(name="as claimed", x=claimed, y=claimed, is_dashed=True)]
    for name, column in (("counted on background", "far_hz"), ("by the model of noise and spikes", "model_hz")):
        fars = np.sort(np.concatenate([np.asarray(getattr(day, column)) for day in found])) * DAY_S
        lines.append(Line(name=name, x=claimed, y=np.searchsorted(fars, claimed, side="right") / days))
    plot(
        "claimed_and_counted",
        lines,
        x_label=f"claimed false-alarm rate, 1/day ({days:.0f} simulated days)",
        y_label="excesses of at most that rate, 1/day",
        logs=(True, True),
    )


def limits() -> None:
    """Chance of detection against counts for bursts of 1 s and 8 s, with the two limits."""
    rng = np.random.default_rng(78)
    counts = 2 * np.rint(2100 + np.sqrt(1.4 * 1050) * rng.standard_normal(24_400))
    curve = LightCurve("SPI-ACS", "2023-03-07T00:00:00", 0.05 * np.arange(24_400) - 610.0, 0.05, counts)
    _, measured = search_with_noise(curve)
    plain = upper_limits(curve)
    grid = np.linspace(0, 9000, 181)
    lines = []
    for length_s, three_sigma in ((1.0, plain.counts_1s), (8.0, plain.counts_8s)):
        recovery = recover(measured, boxcar(length_s, 0.05), found_rate_hz(300.0), t0_s=0.0, window_s=300.0)
        chance = [recovery.probability(float(c)) for c in grid]
        lines.append(Line(name=f"burst of {length_s:g} s, anywhere in the window", x=grid, y=chance))
        lines.append(
            Line(name=f"its 3-sigma counts: {three_sigma:.0f}", x=[three_sigma] * 2, y=[0.0, 1.0], is_dashed=True)
        )
    plot(
        "detection",
        lines,
        x_label="counts of the burst",
        y_label="chance of being found (expected of noise: 0.01)",
        logs=(False, False),
    )


def main() -> None:
    """Draw all pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=Path)
    options = parser.parse_args()
    sys.path.insert(0, str(BENCHMARKS))
    (HERE / "pictures").mkdir(exist_ok=True)
    limits()
    scales_and_tails()
    if options.days is not None:
        claimed_and_counted(options.days)


if __name__ == "__main__":
    main()
