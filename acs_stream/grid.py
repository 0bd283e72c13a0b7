"""A light curve on an even grid of bins, and its background: what makes the search of a whole day quick.

Gaps become bins that are not usable, so that a window is a difference of two places of one cumulative sum. The
background is the straight line of `acs_stream.background`, fitted to cells of about a second instead of bins.
"""

from dataclasses import dataclass

import numpy as np

from acs_stream.background import MIN_LIVE_SHARE
from tocsin.domain.light_curves import BoolArray, FloatArray, IntArray, LightCurve

#: Spacings may differ from whole bins by this share of one: print rounding, and the drift of the clock.
MAX_UNEVEN = 0.1
#: Widths may differ from the bin by this share.
MAX_WIDTH_UNEVEN = 0.03
#: A grid that is mostly gap is not worth its memory: at most so many bins for each bin of data, and so many more.
MAX_STRETCH, FREE_BINS = 3, 200_000
#: Cells of the background, s.
CELL_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """Counts in even bins, gaps filled with bins that are not usable.

    Parameters
    ----------
    bin_s
        Width of a bin, s.
    edges_s
        Edges of the bins as measured, s, shape (n + 1,).
    counts, live_s
        Counts and live time of the bins, 0 where not usable, shape (n,).
    usable
        Shape (n,).
    spread
        Stated variance over counts (1: Poisson).
    """

    bin_s: float
    edges_s: FloatArray
    counts: FloatArray
    live_s: FloatArray
    usable: BoolArray
    spread: float

    def __len__(self) -> int:
        return int(self.counts.size)


def grid_of(curve: LightCurve) -> Grid | None:
    """The light curve on an even grid; None where its bins are not even."""
    width = curve.width_s
    bin_s = float(np.median(np.diff(curve.start_s))) if len(curve) > 1 else 0.0
    if bin_s <= 0 or float(np.abs(width - bin_s).max()) > MAX_WIDTH_UNEVEN * bin_s:
        return None
    steps = np.diff(curve.start_s) / bin_s
    whole = np.rint(steps)
    if float(np.abs(steps - whole).max()) > MAX_UNEVEN:
        return None
    if float(whole.max()) == 1.0:
        return _filled(curve, bin_s, None)
    place = np.concatenate([[0], np.cumsum(whole.astype(np.int64))])
    if place[-1] > MAX_STRETCH * len(curve) + FREE_BINS:
        return None
    return _filled(curve, bin_s, place)


def _filled(curve: LightCurve, bin_s: float, place: IntArray | None) -> Grid:
    use = curve.usable
    all_used = bool(use.all())
    counts = curve.counts if all_used else np.where(use, curve.counts, 0.0)
    live = curve.live_s if all_used else np.where(use, curve.live_s, 0.0)
    spread = 1.0
    if curve.variance_counts is not None and counts.sum() > 0:
        spread = float(np.where(use, curve.variance_counts, 0.0).sum() / counts.sum())
    if place is None:
        edges = np.append(curve.start_s, curve.stop_s[-1])
        return Grid(bin_s=bin_s, edges_s=edges, counts=counts, live_s=live, usable=use, spread=spread)
    n = int(place[-1]) + 1
    edges = np.interp(np.arange(n + 1), np.append(place, n), np.append(curve.start_s, curve.stop_s[-1]))
    filled = [np.zeros(n), np.zeros(n)]
    for target, values in zip(filled, (counts, live), strict=True):
        target[place] = values
    usable = np.zeros(n, dtype=bool)
    usable[place] = use
    return Grid(bin_s=bin_s, edges_s=edges, counts=filled[0], live_s=filled[1], usable=usable, spread=spread)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Quiet bins summed into cells, with the moments in time that a straight line needs.

    Parameters
    ----------
    size
        Bins in a cell.
    width_s
        Length of a cell, s.
    moments
        Cumulative live time, counts, and both times the cell's number, and live time times its square, shape
        (5, cells + 1).
    """

    size: int
    width_s: float
    moments: FloatArray


def cells_of(grid: Grid, quiet: BoolArray) -> Cells:
    """Cells of the quiet bins, shape (n,) of `grid`."""
    size = max(1, round(CELL_S / grid.bin_s))
    n = -(-len(grid) // size)
    all_quiet = bool(quiet.all())
    live, counts = (_summed(values if all_quiet else values * quiet, size, n) for values in (grid.live_s, grid.counts))
    at = np.arange(n) + 0.5
    parts = np.stack([live, counts, live * at, counts * at, live * at * at])
    moments = np.concatenate([np.zeros((5, 1)), np.cumsum(parts, axis=1)], axis=1)
    return Cells(size=size, width_s=size * grid.bin_s, moments=moments)


def _summed(values: FloatArray, size: int, n: int) -> FloatArray:
    whole = values.size // size
    out = np.zeros(n)
    out[:whole] = values[: whole * size].reshape(whole, size).sum(axis=1)
    if whole < n:
        out[whole] = values[whole * size :].sum()
    return out


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """Background at nodes: rate, counts/s, and its variance over the rate, 1/s; NaN where there is too little.

    Parameters
    ----------
    node_bins
        Places of the nodes, in bins, shape (m,).
    rate_cts_s, variance_s
        Shape (m,).
    """

    node_bins: FloatArray
    rate_cts_s: FloatArray
    variance_s: FloatArray

    def at(self, place_bins: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Rate and its variance over the rate at places given in bins."""
        rate = np.interp(place_bins, self.node_bins, self.rate_cts_s)
        return rate, np.interp(place_bins, self.node_bins, self.variance_s)

    def in_bins(self, size: int, n: int) -> FloatArray:
        """Rate at the middle of every bin, shape (n,), for nodes at every edge of cells of `size` bins."""
        share = (np.arange(size) + 0.5) / size
        left, right = self.rate_cts_s[:-1, None], self.rate_cts_s[1:, None]
        return np.asarray((left + (right - left) * share).ravel()[:n])


def line(cells: Cells, *, scale_s: float, reach_s: float, gap_s: float, every: int = 1) -> Line:
    """Straight line through both sides of each node, as `acs_stream.background.background` fits it.

    Parameters
    ----------
    cells
        See `cells_of`.
    scale_s
        Length of the windows, s.
    reach_s, gap_s
        Length of the background on either side, and its distance from the window, s.
    every
        Cells from node to node.
    """
    n = cells.moments.shape[1] - 1
    node = np.arange(0, n + every, every)
    gap = max(1, round((gap_s + scale_s / 2) / cells.width_s))
    reach = max(2, round(reach_s / cells.width_s))
    far = gap + reach
    m = np.pad(cells.moments, ((0, 0), (far, far + every)), mode="edge")
    low, inner_low, inner_high, high = (m[:, far + k : far + k + n + every : every] for k in (-far, -gap, gap, far))
    total = (inner_low - low) + (high - inner_high)
    live, counts, t, ct, tt = total
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_t = t / live
        spread = tt - t * mean_t
        slope = np.where(spread > 0, (ct - counts * mean_t) / spread, 0.0)
        away = node - mean_t
        rate = counts / live + slope * away
        variance = 1.0 / live + np.where(spread > 0, away**2 / spread, 0.0)
    good = (live >= MIN_LIVE_SHARE * reach * cells.width_s) & (rate > 0)
    return Line(
        node_bins=node.astype(np.float64) * cells.size,
        rate_cts_s=np.where(good, rate, np.nan),
        variance_s=np.where(good, variance, np.nan),
    )
