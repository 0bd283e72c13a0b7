"""Noise and outstanding windows of an even light curve: a whole day in well under two seconds.

As in `acs_stream.windows`, but a window is a difference on a grid: scales whose windows slide bin by bin share one
background and one cumulative sum, longer ones are looked at every tenth of their length. The scatter is measured in
blocks of an hour, so that it follows the day.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from acs_stream.background import GAP_SCALES, MIN_GAP_S, MIN_REACH_S, REACH_SCALES
from acs_stream.grid import Cells, Grid, Line, cells_of, line
from acs_stream.grouping import STRONG_SNR, Candidates
from acs_stream.measured import Look, Measured, ScaleNoise
from acs_stream.runs import Runs
from acs_stream.windows import BORROWED, INDEPENDENT, MIN_COUNTS, MIN_COVERED, MIN_SCATTER, QUANTILES, STRIDES
from acs_stream.windows import WHITE_BELOW_S as WHITE_S
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import BoolArray, FloatArray, IntArray

#: The scatter is measured in blocks of about this length, s.
BLOCK_S = 3600.0
#: Windows beyond so many standard deviations are left out of the scatter; its loss by that, for normal noise.
CLIP, CLIP_LOSS = 4.0, 0.99893
#: The standard deviation of the first guess is taken from about so many windows.
GUESS_WINDOWS = 20_000
#: Blocks of at most so many windows are measured by quantiles.
FEW_WINDOWS = 12_500
MAX_PASSES = 9
#: The first pass looks at every third scale.
QUICK_EVERY = 3
#: A pass that adds less than this share to the bins left out is the last.
FEW = 0.02
#: The same as a share of all bins of a long curve.
FEW_OF_ALL = 0.003


@dataclass(slots=True, eq=False)
class _Scale:
    """One scale while it is worked on: S/N of its windows with Poisson noise, and the scatter of that in blocks."""

    n: int
    stride: int
    line: Line
    z: FloatArray
    offset: FloatArray = field(default_factory=lambda: np.zeros(1))
    scatter: FloatArray = field(default_factory=lambda: np.ones(1))
    dof: FloatArray = field(default_factory=lambda: np.full(1, 1e6))
    per_block: int = 1

    def blocks(self, index: IntArray) -> IntArray:
        return np.asarray(np.minimum(index // self.per_block, self.scatter.size - 1))

    def snr(self, index: IntArray) -> FloatArray:
        block = self.blocks(index)
        return np.asarray((self.z[index] - self.offset[block]) / self.scatter[block])

    def above(self, snr: float) -> IntArray:
        """Windows of at least this S/N with the measured scatter."""
        least = float((snr * self.scatter + self.offset).min())
        index = np.flatnonzero(self.z >= least)
        return np.asarray(index[self.snr(index) >= snr])


class GridNoise:
    """Passes over a grid; see `measure_grid`."""

    def __init__(self, grid: Grid, scales_s: Sequence[float], ceiling: float) -> None:
        """Cumulative sums of the grid; `ceiling` bounds the scatter of short scales while excesses are being found."""
        self._grid = grid
        self._bins = sorted({max(1, round(s / grid.bin_s)) for s in scales_s})
        self._ceiling: float | None = ceiling
        self._is_bound = False
        self._counts = _cumulative(grid.counts)
        self._live = _cumulative(grid.live_s)
        self._has_gaps = not bool(grid.usable.all())
        self._unusable = _cumulative_int(~grid.usable) if self._has_gaps else np.zeros(0, dtype=np.int64)
        live = grid.live_s[:: max(1, len(grid) // 10_000)]
        self._typical_live_s = float(np.median(live[live > 0])) if (live > 0).any() else grid.bin_s
        self._mean_counts = float(grid.counts.sum()) / max(1, int(grid.usable.sum()))
        self._runs = Runs.none()
        # A first look on a few scales finds most of what must be left out, at a third of the cost.
        self._is_long = len(grid) * grid.bin_s > 2 * BLOCK_S
        self._pass(self._bins[::QUICK_EVERY] if self._is_long else None)

    def settle(self) -> None:
        """Passes until no more excesses are found: those of one pass are left out of the background of the next."""
        for number in range(MAX_PASSES):
            new = self._strong_runs()
            quiet = new.outside(self._grid.usable)
            added = new.bins - self._runs.bins
            # What the first look on few scales missed is weak: in a long curve a little of it changes nothing.
            little = FEW_OF_ALL * len(self._grid) if number and self._is_long else 0.0
            settled = added <= max(FEW * new.bins, little) or not quiet.any()
            if (number or not self._is_long) and settled and (not self._is_bound or not added):
                return
            if quiet.any():
                self._runs = new
            if settled:
                self._ceiling = None
            self._pass()

    def _pass(self, bins: Sequence[int] | None = None) -> None:
        self._is_bound = False
        cells = cells_of(self._grid, self._runs.outside(self._grid.usable))
        short = line(cells, scale_s=MIN_GAP_S, reach_s=MIN_REACH_S, gap_s=MIN_GAP_S)
        self.rate = short.in_bins(cells.size, len(self._grid))
        known = np.isfinite(self.rate)
        self._unknown = None if known.all() else _cumulative_int(~known)
        expected = np.nan_to_num(self.rate) * self._grid.live_s
        above = self._grid.counts - expected
        if self._unknown is not None:
            above = np.where(known, above, 0.0)
        self.residual = _cumulative(above)
        variance = float(np.nanmedian(short.variance_s)) if np.isfinite(short.variance_s).any() else np.nan
        if not np.isfinite(variance):
            self.scales: list[_Scale] = []
            return
        typical = np.sqrt(np.maximum(np.nan_to_num(self.rate, nan=1.0), 1e-12) * self._typical_live_s)
        normal = _cumulative(above / (typical * np.sqrt(self._grid.spread)))
        self.scales = []
        before: FloatArray | None = None
        for n in self._bins if bins is None else bins:
            item = self._fine(n, normal, short, variance) if n < 2 * STRIDES else self._coarse(n, cells)
            if item is None:
                continue
            before = self._measure(item, before)
            self.scales.append(item)
        self._lend_to_few_counts()

    def _fine(self, n: int, normal: FloatArray, short: Line, variance_s: float) -> _Scale | None:
        if n >= normal.size:
            return None
        z = normal[n:] - normal[:-n]
        z /= np.sqrt(n * (1.0 + n * self._grid.bin_s * variance_s))
        item = _Scale(n=n, stride=1, line=short, z=z)
        self._drop_uncovered(item, self._unknown)
        return item

    def _coarse(self, n: int, cells: Cells) -> _Scale | None:
        scale_s = n * self._grid.bin_s
        stride = n // STRIDES
        if n > len(self._grid):
            return None
        fit = line(
            cells,
            scale_s=scale_s,
            reach_s=max(MIN_REACH_S, REACH_SCALES * scale_s),
            gap_s=max(MIN_GAP_S, GAP_SCALES * scale_s),
            every=max(1, int(scale_s / 10 / cells.width_s)),
        )
        first = np.arange(0, len(self._grid) - n + 1, stride)
        z, _, _, _ = self._exact(fit, first, n, stride)
        unknown = ~np.isfinite(z)
        item = _Scale(n=n, stride=stride, line=fit, z=np.where(unknown, 0.0, z))
        self._drop_uncovered(item, None)
        return None if unknown.all() else item

    def _exact(
        self, fit: Line, first: IntArray, n: int, stride: int = 0
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """S/N with Poisson noise, counts, background and its sigma of windows; NaN where the background is unknown."""
        rate, variance = fit.at(np.asarray(first + n / 2, dtype=np.float64))
        if stride:  # all windows of a stride: slices, not places
            every, after = slice(0, first[-1] + 1, stride), slice(n, first[-1] + n + 1, stride)
            live, counts = self._live[after] - self._live[every], self._counts[after] - self._counts[every]
        else:
            live = self._live[first + n] - self._live[first]
            counts = self._counts[first + n] - self._counts[first]
        expected = rate * live
        with np.errstate(invalid="ignore", divide="ignore"):
            sigma = np.sqrt(expected * self._grid.spread * (1.0 + live * variance))
            z = (counts - expected) / sigma
        return z, counts, expected, sigma

    def _drop_uncovered(self, item: _Scale, unknown: IntArray | None) -> None:
        """Windows with too little data count as nothing."""
        for sums, most in ((self._unusable, (1 - MIN_COVERED) * item.n), (unknown, 0.0)):
            if sums is None or not sums.size:
                continue
            held = sums[item.n :: item.stride] - sums[: -item.n : item.stride]
            item.z[held[: item.z.size] > most + 1e-9] = np.nan

    def _measure(self, item: _Scale, before: FloatArray | None) -> FloatArray:
        """Offset and scatter of a scale in blocks; the scale before lends weight where windows are few."""
        n_blocks = max(1, round(len(self._grid) * self._grid.bin_s / BLOCK_S))
        item.per_block = max(1, -(-item.z.size // n_blocks))
        starts = np.arange(0, item.z.size, item.per_block)
        touched = self._runs.windows_touched(item.z.size, item.n, item.stride)
        few = item.per_block <= FEW_WINDOWS
        kept, middle, spread = (_quantiles if few else _moments)(item.z, touched, starts)
        dof = INDEPENDENT * kept * item.stride / item.n
        item.offset = middle * dof / (dof + BORROWED)
        item.scatter, item.dof = self._joined(item, spread, dof, before)
        return item.scatter

    def _joined(
        self, item: _Scale, spread: FloatArray, dof: FloatArray, before: FloatArray | None
    ) -> tuple[FloatArray, FloatArray]:
        measured = np.maximum(spread, MIN_SCATTER)
        if before is None:
            # Blocks without data take the mean of the others.
            mean = np.sqrt(float((dof * measured**2).sum()) / max(float(dof.sum()), 1e-9)) if dof.sum() > 0 else 1.0
            before = np.full(measured.size, max(mean, MIN_SCATTER))
        if before.size != measured.size:
            before = np.interp(np.linspace(0, 1, measured.size), np.linspace(0, 1, before.size), before)
        total = dof + BORROWED
        joined = np.sqrt((dof * measured**2 + BORROWED * before**2) / total)
        if self._ceiling is not None and item.n * self._grid.bin_s <= WHITE_S:
            self._is_bound |= bool((joined > self._ceiling).any())
            joined = np.minimum(joined, self._ceiling)
        return joined, total

    def _lend_to_few_counts(self) -> None:
        """Scales of few counts take the scatter of the shortest one that has enough."""
        enough = [k for k, item in enumerate(self.scales) if item.n * self._mean_counts >= MIN_COUNTS]
        if not enough:
            for item in self.scales:
                item.scatter, item.offset = np.ones_like(item.scatter), np.zeros_like(item.offset)
            return
        source = self.scales[enough[0]]
        for item in self.scales[: enough[0]]:
            item.scatter = np.interp(
                np.linspace(0, 1, item.scatter.size), np.linspace(0, 1, source.scatter.size), source.scatter
            )
            item.offset = np.zeros_like(item.scatter)

    def _strong_runs(self) -> Runs:
        """Runs of bins inside any window of high S/N, from the shortest scale up.

        Each longer scale is judged without the bins already found: a long window that is high only for the short
        burst inside it would take its whole length from the background.
        """
        runs = self._runs
        for item in self.scales:
            index = item.above(STRONG_SNR)
            if not index.size:
                continue
            first = index * item.stride
            _, counts, expected, sigma = self._exact(item.line, first, item.n)
            own_live = np.maximum(self._live[first + item.n] - self._live[first], 1e-12)
            held_live = runs.sum_within(self._live, first, first + item.n)
            held = runs.sum_within(self._counts, first, first + item.n)
            excess = (counts - held) - expected * (1.0 - held_live / own_live)
            block = item.blocks(index)
            hit = excess - item.offset[block] * sigma >= STRONG_SNR * sigma * item.scatter[block]
            runs = runs.with_windows(first[hit], first[hit] + item.n)
        return runs

    def candidates(self, look: Look) -> Candidates:
        """Windows that stand out, whose centre lies in the stretch looked at."""
        bin_s = self._grid.bin_s
        parts = [
            self._candidates(k, item, look.least_snr(item.n * bin_s, item.stride * bin_s), look.start_s, look.stop_s)
            for k, item in enumerate(self.scales)
        ]
        names = Candidates.__dataclass_fields__
        return Candidates(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})

    def _candidates(self, k: int, item: _Scale, min_snr: float, start_s: float, stop_s: float) -> Candidates:
        index = item.above(min_snr)
        first = index * item.stride
        centre = self._centre_s(first, item.n)
        keep = (centre >= start_s) & (centre <= stop_s)
        index, first = index[keep], first[keep]
        z, _, expected, sigma = self._exact(item.line, first, item.n)
        block = item.blocks(index)
        real = np.isfinite(z) & ((z - item.offset[block]) / item.scatter[block] >= min_snr)
        first, z, expected, sigma, block = first[real], z[real], expected[real], sigma[real], block[real]
        edges = self._grid.edges_s
        count = first.size
        return Candidates(
            scale=np.full(count, k, dtype=np.int64),
            first=first,
            last=first + item.n,
            start_s=edges[first],
            stop_s=edges[first + item.n],
            excess_counts=(z - item.offset[block]) * sigma,
            background_counts=expected,
            sigma_counts=sigma * item.scatter[block],
            scale_s=np.full(count, item.n * self._grid.bin_s),
            stride_s=np.full(count, item.stride * self._grid.bin_s),
            degrees_of_freedom=item.dof[block],
        )

    def _centre_s(self, first: IntArray, n: int) -> FloatArray:
        return np.asarray((self._grid.edges_s[first] + self._grid.edges_s[first + n]) / 2)

    def scale_noise(self, item: _Scale, start_s: float, stop_s: float) -> ScaleNoise:
        """Noise of one scale among windows whose centre lies in [start_s, stop_s]."""
        bin_s, edges = self._grid.bin_s, self._grid.edges_s
        half = item.n / 2
        low = max(0, int(np.ceil((np.searchsorted(edges, start_s) - half) / item.stride)))
        high = min(
            item.z.size, int(np.floor((np.searchsorted(edges, stop_s, side="right") - 1 - half) / item.stride)) + 1
        )
        z = item.z[low:high]
        looked = int(np.isfinite(z).sum())
        middle = np.asarray([(low + max(high, low + 1) - 1) // 2])
        block = item.blocks(middle)
        best = float("nan")
        if looked:
            index = low + np.flatnonzero(z >= float(np.nanmax(z)) - 3.0)
            best = float(np.nanmax(item.snr(index)))
        rate, variance = item.line.at(
            np.linspace(low * item.stride + half, (max(high, low + 1) - 1) * item.stride + half, 101)
        )
        live = item.n * self._typical_live_s
        sigma = np.sqrt(rate * live * self._grid.spread * (1.0 + live * variance))
        known = np.isfinite(sigma)
        return ScaleNoise(
            scale_s=item.n * bin_s,
            stride_s=item.stride * bin_s,
            sigma_counts=float(np.median(sigma[known])) if known.any() else float("nan"),
            scatter=float(item.scatter[block][0]),
            degrees_of_freedom=float(item.dof[block][0]),
            windows=looked,
            max_snr=best,
        )


def measure_grid(grid: Grid, scales_s: Sequence[float], looks: Sequence[Look], *, ceiling: float) -> Measured:
    """Background and noise of a grid, and its windows that stand out.

    Parameters
    ----------
    grid
        Counts.
    scales_s
        Multiples of the bin, s.
    looks
        Where to look, and from which S/N on.
    ceiling
        The scatter of short scales stays below this while excesses are still being found.

    Raises
    ------
    ScienceError
        There is nowhere enough quiet data to know a background.
    """
    noise = GridNoise(grid, scales_s, ceiling)
    noise.settle()
    if not noise.scales:
        raise ScienceError("too few quiet data around any window to know the background")
    return Measured(
        start_s=grid.edges_s[:-1],
        stop_s=grid.edges_s[1:],
        scales=tuple(noise.scale_noise(item, looks[0].start_s, looks[0].stop_s) for item in noise.scales),
        found=tuple(noise.candidates(look) for look in looks),
        residual=noise.residual,
        background_cts_s=noise.rate,
        spread=grid.spread,
    )


def _quantiles(z: FloatArray, touched: IntArray, starts: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Number, median and standard deviation of the quiet windows of each block: robust, for few windows."""
    quiet = z.copy()
    quiet[touched] = np.nan
    kept, middle, spread = np.zeros(starts.size), np.zeros(starts.size), np.zeros(starts.size)
    for k, part in enumerate(np.split(quiet, starts[1:])):
        known = part[np.isfinite(part)]
        kept[k] = known.size
        if known.size >= 2:
            low, middle[k], high = np.quantile(known, (QUANTILES[0], 0.5, QUANTILES[1]))
            spread[k] = (high - low) / 2
    return kept, middle, spread


def _moments(z: FloatArray, touched: IntArray, starts: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The same as number, mean and standard deviation of what is within a few sigma: quick, for many windows."""
    keep = np.abs(z) <= CLIP * _guess(z)
    keep[touched] = False
    quiet = np.where(keep, z, 0.0)
    kept = np.add.reduceat(keep, starts, dtype=np.float64)
    some = np.maximum(kept, 1.0)
    mean = np.add.reduceat(quiet, starts) / some
    variance = np.add.reduceat(quiet * quiet, starts) / some - mean**2
    return kept, mean, np.sqrt(np.maximum(variance, 0.0) / CLIP_LOSS)


def _guess(z: FloatArray) -> float:
    """Rough standard deviation, from quantiles of some of the windows."""
    some = z[:: max(1, z.size // GUESS_WINDOWS)]
    some = some[np.isfinite(some)]
    if some.size < 2:
        return 1.0
    low, high = np.quantile(some, QUANTILES)
    return max(float(high - low) / 2, MIN_SCATTER)


def _cumulative(values: FloatArray) -> FloatArray:
    out = np.empty(values.size + 1)
    out[0] = 0.0
    np.cumsum(values, out=out[1:])
    return out


def _cumulative_int(values: BoolArray) -> IntArray:
    out = np.zeros(values.size + 1, dtype=np.int64)
    np.cumsum(values, out=out[1:])
    return out
