"""Draws the pictures of the explanation of delays from the trials of its study.

python docs/explanation/plot_delays.py delay.jsonl     # of `benchmarks/delay.py --trials`
"""
# ruff: noqa: INP001 - a tool beside the pages, run by itself: no package

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from make_plots import BENCHMARKS, COLOURS, HERE, Line, plot

WIDTH, ROW, LEFT, RIGHT, TOP, FOOT = 640, 20, 190, 20, 64, 46
LOW, HIGH = 0.5, 50.0
METHODS = ("joint likelihood", "chi-squared scan", "cross-correlation")


def coverage(trials: Sequence[object]) -> None:
    """Share of truths within credible regions, against their level."""
    levels = np.linspace(0.0, 1.0, 101)
    beside = [trial for trial in trials if trial.classical]
    found = (
        ("as claimed", levels),
        (METHODS[0], np.sort([trial.level for trial in trials])),
        (METHODS[1], np.sort([trial.classical["chi2"][1] for trial in beside])),
        (METHODS[2], np.sort([trial.classical["ccf"][1] for trial in beside])),
    )
    shares = [
        values if k == 0 else np.searchsorted(values, levels) / len(values) for k, (_, values) in enumerate(found)
    ]
    plot(
        "delays_coverage",
        [
            Line(name=name, x=levels, y=share, is_dashed=k == 0)
            for k, ((name, _), share) in enumerate(zip(found, shares, strict=True))
        ],
        x_label="level of the credible region",
        y_label="share of true delays within",
        logs=(False, False),
    )


def errors(trials: Sequence[object]) -> None:
    """Robust error over the Cramer-Rao bound of each cell, for all methods on the same bursts."""
    from simulated_bursts import FAMILIES, PAIRS  # noqa: PLC0415 - benchmarks are put in reach by main
    from study import robust_error  # noqa: PLC0415 - as above

    beside = [trial for trial in trials if trial.classical]
    cells = [(family, pair) for family in FAMILIES for pair in PAIRS]
    height = TOP + ROW * len(cells) + FOOT
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
            f'font-size="12" role="img"><title>Robust error over the Cramer-Rao bound by method</title>'
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
        )
    ]
    for mark in (0.5, 1, 2, 5, 10, 20, 50):
        stroke = "#888" if mark == 1 else "#ddd"
        parts.append(
            f'<path d="M{_x(mark):.1f} {TOP - 6}V{height - FOOT}" stroke="{stroke}"/>'
            f'<text x="{_x(mark):.1f}" y="{height - FOOT + 16}" text-anchor="middle">{mark:g}</text>'
        )
    for k, name in enumerate(METHODS):
        x = LEFT + 150 * k
        parts.append(f'<circle cx="{x}" cy="20" r="4" fill="{COLOURS[k]}"/><text x="{x + 10}" y="24">{name}</text>')
    for row, (family, pair) in enumerate(cells):
        y = TOP + ROW * (row + 0.5)
        here = [trial for trial in beside if (trial.job.family, trial.job.pair) == (family, pair)]
        names = f"{family.replace('_', ' ')}, {pair[0]}-{pair[1]}"
        parts.append(f'<text x="{LEFT - 10}" y="{y + 4}" text-anchor="end">{names}</text>')
        values = [
            robust_error([trial.error_s / trial.bound_s for trial in here]),
            *(robust_error([trial.classical[m][0] / trial.bound_s for trial in here]) for m in ("chi2", "ccf")),
        ]
        parts += [f'<circle cx="{_x(values[k]):.1f}" cy="{y}" r="4" fill="{COLOURS[k]}"/>' for k in (2, 1, 0)]
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{height - 10}" text-anchor="middle">robust error over the '
        "Cramer-Rao bound (beyond 50 drawn at the edge)</text></svg>"
    )
    (HERE / "pictures" / "delays_errors.svg").write_text("\n".join(parts) + "\n", encoding="utf-8")


def _x(value: float) -> float:
    share = np.log(np.clip(value, LOW, HIGH) / LOW) / np.log(HIGH / LOW)
    return float(LEFT + share * (WIDTH - RIGHT - LEFT))


def main() -> None:
    """Draw both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trials", type=Path)
    path = parser.parse_args().trials
    sys.path.insert(0, str(BENCHMARKS))
    from study import Trial  # noqa: PLC0415 - as above

    lines = path.read_text(encoding="utf-8").splitlines()
    trials = [trial for line in lines if (trial := Trial.from_line(line)).job.kind == "common"]
    coverage(trials)
    errors(trials)


if __name__ == "__main__":
    main()
