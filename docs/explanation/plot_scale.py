"""Draws the picture of the explanation of scale from the figures of its bench.

python docs/explanation/plot_scale.py scale.jsonl     # of `benchmarks/scale.py`
"""
# ruff: noqa: INP001 - a tool beside the pages, run by itself: no package

import argparse
import json
from pathlib import Path

import numpy as np
from make_plots import Line, plot

#: What begins the names of a curve's figures; the number of what grows follows.
CURVES = {
    "CPU of a notice, ms, with events in the store: ": "a notice, with events in the store",
    "CPU of a page of the list, ms, with events: ": "a page of the list, with events",
    "CPU of 10 minutes of rates, ms, with days in the archive: ": "10 minutes of rates, with days",
    "CPU of telling a change, ms, with partners: ": "telling a change, with partners",
}


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", type=Path)
    text = parser.parse_args().figures.read_text(encoding="utf-8")
    figures = {one["name"]: one["value"] for one in map(json.loads, text.splitlines())}
    lines = []
    for begins, name in CURVES.items():
        points = sorted(
            (float(key.removeprefix(begins).replace(",", "")), value)
            for key, value in figures.items()
            if key.startswith(begins)
        )
        x, y = np.array(points).T
        lines.append(Line(name=name, x=x, y=y))
    plot("scale", lines, x_label="how many", y_label="CPU, ms", logs=(True, True))


if __name__ == "__main__":
    main()
