"""Light curves made ready for a delay: one time origin, usable bins, background, burst, measured over-dispersion."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from tocsin.domain.errors import ScienceError
from tocsin.domain.leap_seconds import elapsed_s
from tocsin.domain.light_curves import BoolArray, FloatArray, IntArray, LightCurve

#: Significance at which an instrument counts as showing a burst, and at which a neighbouring window belongs to it.
DETECTED_SIGMA, GROWTH_SIGMA = 5.0, 5.0
#: Blocks that the curve is cut into to find its background.
N_BLOCKS = 240
CLIP_SIGMA = 3.5
#: Curves of more than twice as many bins are searched in joined bins first.
MANY_BINS = 2500
#: What leaving out the largest 0.5 % takes from the mean of a chi-squared variable of one degree of freedom.
TRIMMED_MEAN = 1.046


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """Usable bins of one instrument, in seconds since the common origin.

    Parameters
    ----------
    name
        Instrument.
    start_s, width_s, counts
        Starts and widths of the bins, s, and counts, each of shape (n,); gaps are missing bins.
    live
        Live time over width, shape (n,).
    variance_counts
        Stated variance, shape (n,), or None for (over-dispersed) Poisson counts.
    variance_factor
        Stated variance over mean, or None: to be measured.
    """

    name: str
    start_s: FloatArray
    width_s: FloatArray
    counts: FloatArray
    live: FloatArray
    variance_counts: FloatArray | None
    variance_factor: float | None

    @property
    def stop_s(self) -> FloatArray:
        """Ends of the bins, s, shape (n,)."""
        return np.asarray(self.start_s + self.width_s)

    @property
    def centre_s(self) -> FloatArray:
        """Middles of the bins, s, shape (n,)."""
        return np.asarray(self.start_s + 0.5 * self.width_s)

    @property
    def exposure_s(self) -> FloatArray:
        """Live seconds of the bins, shape (n,)."""
        return np.asarray(self.width_s * self.live)

    def select(self, start_s: float, stop_s: float) -> "Series":
        """Only the bins whose middles lie in [start_s, stop_s), s."""
        low, high = np.searchsorted(self.centre_s, [start_s, stop_s])
        keep = slice(int(low), int(high))
        variance = None if self.variance_counts is None else self.variance_counts[keep]
        return Series(
            name=self.name,
            start_s=self.start_s[keep],
            width_s=self.width_s[keep],
            counts=self.counts[keep],
            live=self.live[keep],
            variance_counts=variance,
            variance_factor=self.variance_factor,
        )

    def merged(self, width_s: float) -> "Series":
        """Neighbouring bins joined as long as they stay within a cell of `width_s`; no bin is joined across a gap."""
        if not self.start_s.size or float(self.width_s.min()) * 2 > width_s:
            return self
        cell = np.floor((self.centre_s - self.start_s[0]) / width_s).astype(np.int64)
        gap = self.start_s[1:] - self.stop_s[:-1] > 0.1 * np.minimum(self.width_s[1:], self.width_s[:-1])
        first = np.flatnonzero(np.concatenate([[True], (np.diff(cell) > 0) | gap]))
        width = np.add.reduceat(self.width_s, first)
        variance = None if self.variance_counts is None else np.add.reduceat(self.variance_counts, first)
        return Series(
            name=self.name,
            start_s=self.start_s[first],
            width_s=width,
            counts=np.add.reduceat(self.counts, first),
            live=np.add.reduceat(self.exposure_s, first) / width,
            variance_counts=variance,
            variance_factor=self.variance_factor,
        )


def series_of(curve: LightCurve, origin_utc: datetime) -> Series:
    """Usable bins of a light curve, in seconds since `origin_utc`.

    Raises
    ------
    ScienceError
        Fewer than eight bins are usable.
    """
    keep = curve.usable & (curve.live_s > 0)
    if keep.sum() < 8:
        raise ScienceError(f"{curve.instrument}: fewer than eight usable bins")
    offset = elapsed_s(origin_utc, curve.t0_utc)
    width, counts = curve.width_s[keep], curve.counts[keep]
    variance = None if curve.variance_counts is None else np.maximum(curve.variance_counts[keep], 1e-9)
    return Series(
        name=curve.instrument,
        start_s=curve.start_s[keep] + offset,
        width_s=width,
        counts=counts,
        live=_live(curve, width, counts, keep),
        variance_counts=variance,
        variance_factor=curve.variance_factor,
    )


def _live(curve: LightCurve, width: FloatArray, counts: FloatArray, keep: BoolArray) -> FloatArray:
    """Live share of each bin: as stated, or from the dead time per event and the counts smoothed over three bins."""
    if curve.exposure_s is not None:
        return np.asarray(curve.exposure_s[keep] / width)
    if curve.dead_time_s is None:
        return np.ones(width.size)
    smooth = np.convolve(np.pad(counts / width, 1, mode="edge"), np.ones(3) / 3.0, mode="valid")
    return np.asarray(np.clip(1.0 - smooth * curve.dead_time_s, 0.05, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Background:
    """Background rate: sum of ``coefficients_hz[k] * ((t - middle_s) / scale_s) ** k``, never below a floor."""

    middle_s: float
    scale_s: float
    coefficients_hz: FloatArray
    floor_hz: float

    def counts(self, series: Series) -> FloatArray:
        """Expected background counts of each bin, shape (n,)."""
        x = (series.centre_s - self.middle_s) / self.scale_s
        rate = np.full(x.size, self.coefficients_hz[-1])
        for coefficient in self.coefficients_hz[-2::-1]:
            rate = rate * x + coefficient
        return np.asarray(np.maximum(rate, self.floor_hz) * series.exposure_s)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Burst:
    """The burst as one instrument shows it.

    Parameters
    ----------
    start_s, stop_s
        Where it is, s since the origin.
    net_counts
        Counts above background.
    signal_to_noise
        Of the best window, sigma.
    background
        What was there without it.
    variance_factor
        Variance over mean, at least 1 (of stated variances: over those).
    """

    start_s: float
    stop_s: float
    net_counts: float
    signal_to_noise: float
    background: Background
    variance_factor: float

    @property
    def duration_s(self) -> float:
        """How long it lasts, s."""
        return self.stop_s - self.start_s

    @property
    def is_detected(self) -> bool:
        """Whether the instrument shows a burst at all."""
        return self.signal_to_noise >= DETECTED_SIGMA


def find_burst(series: Series) -> Burst:
    """The most significant excess of a curve over its quadratic background.

    Parameters
    ----------
    series
        The whole curve.

    Notes
    -----
    Windows of growing width (1, 2, 3, 4, 6, 8, ... bins) are ranked by the signed deviance; neighbours of the best that
    are significant on their own are joined to it. Three times, since the burst must leave the background. Long curves
    are searched in joined bins, and a burst of few of these once more at full resolution.
    """
    span = float(series.stop_s[-1] - series.start_s[0])
    coarse = series.merged(span / MANY_BINS) if series.counts.size > 2 * MANY_BINS else series
    burst = _found(coarse)
    width = float(np.median(coarse.width_s))
    if coarse is not series and burst.duration_s < 12 * width:
        near = series.select(burst.start_s - 12 * width, burst.stop_s + 12 * width)
        burst = _burst_over(near, burst.background, burst.variance_factor)
    return burst


def _found(series: Series) -> Burst:
    off = np.ones(series.counts.size, dtype=bool)
    for attempt in range(3):
        background = _background(series, off)
        factor = _variance_factor(series, background.counts(series), off)
        burst = _burst_over(series, background, factor, grows=attempt > 0)
        margin = max(0.5 * burst.duration_s, float(np.median(series.width_s)))
        off = (series.centre_s < burst.start_s - margin) | (series.centre_s > burst.stop_s + 2.0 * margin)
        if off.sum() < max(8, 0.1 * off.size):
            break
    return burst


def _burst_over(series: Series, background: Background, factor: float, *, grows: bool = True) -> Burst:
    expected = background.counts(series)
    net, variance = series.counts - expected, _variance(series, expected) * factor
    first, last, best = _best_window(series, expected, factor)
    if grows:
        # A thousandth of the background is what a quadratic may leave unexplained.
        first, last = _grown(net, variance, 1e-3 * expected, first, last)
    return Burst(
        start_s=float(series.start_s[first]),
        stop_s=float(series.stop_s[last - 1]),
        net_counts=float(net[first:last].sum()),
        signal_to_noise=best,
        background=background,
        variance_factor=factor,
    )


def _variance(series: Series, expected: FloatArray) -> FloatArray:
    return np.asarray(np.maximum(expected, 1e-9)) if series.variance_counts is None else series.variance_counts


def _background(series: Series, off: BoolArray) -> Background:
    """Quadratic in time fitted to blocks of the off-burst bins, positive outliers clipped."""
    index = np.flatnonzero(off)
    first = np.unique(np.linspace(0, index.size, min(N_BLOCKS, index.size), endpoint=False).astype(np.int64))
    exposure = np.add.reduceat(series.exposure_s[index], first)
    rate = np.add.reduceat(series.counts[index], first) / exposure
    time = np.add.reduceat((series.centre_s * series.exposure_s)[index], first) / exposure
    middle, scale = float(time.mean()), max(float(np.ptp(series.centre_s)), 1e-9)
    design = ((time - middle) / scale)[:, None] ** np.arange(3 if first.size > 12 else 1)
    floor = 0.02 * max(float(np.median(rate)), 1e-6) if series.variance_counts is None else -np.inf
    fitted = _clipped_fit(design, rate, exposure)
    return Background(middle_s=middle, scale_s=scale, coefficients_hz=fitted, floor_hz=floor)


def _clipped_fit(design: FloatArray, rate: FloatArray, exposure: FloatArray) -> FloatArray:
    weight = exposure
    coefficients: FloatArray = np.zeros(design.shape[1])
    for _ in range(8):
        root = np.sqrt(weight)
        solution = np.linalg.lstsq(design * root[:, None], rate * root, rcond=None)[0]
        coefficients = np.asarray(solution, dtype=np.float64)
        residual = (rate - design @ coefficients) * np.sqrt(exposure)
        used = residual[weight > 0]
        spread = 1.4826 * float(np.median(np.abs(used - np.median(used)))) + 1e-12
        clipped = np.where(residual > CLIP_SIGMA * spread, 0.0, exposure)
        if (clipped > 0).sum() < 6 or (clipped == weight).all():
            break
        weight = clipped
    return np.asarray(coefficients)


def _variance_factor(series: Series, expected: FloatArray, off: BoolArray) -> float:
    """Variance over mean off the burst; 1 unless it is significantly above (or stated)."""
    if series.variance_factor is not None and series.variance_factor > 0:
        return float(series.variance_factor)
    residual2 = (series.counts - expected)[off] ** 2 / _variance(series, expected)[off]
    kept = np.sort(residual2)[: max(8, int(0.995 * residual2.size))]
    factor = float(kept.mean()) * (TRIMMED_MEAN if kept.size < residual2.size else 1.0)
    return factor if factor > 1.0 + 2.0 * np.sqrt(2.0 / max(kept.size, 1)) else 1.0


def _windows(n: int) -> list[int]:
    widths, k = [1], 2
    while k <= n // 3:
        widths += [k, k + k // 2] if k + k // 2 <= n // 3 else [k]
        k *= 2
    return widths


def _best_window(series: Series, expected: FloatArray, factor: float) -> tuple[int, int, float]:
    """Window of bins [first, last) of highest significance, with that significance in sigma."""
    sums = (series.counts, expected, _variance(series, expected))
    counts, level, variance = (np.concatenate([[0.0], np.cumsum(each)]) for each in sums)
    best = (0, 1, -np.inf)
    for k in _windows(series.counts.size):
        excess = counts[k:] - counts[:-k] - (level[k:] - level[:-k])
        at = int(np.argmax(excess / np.sqrt(variance[k:] - variance[:-k])))
        net, b = float(excess[at]), float(level[at + k] - level[at])
        if series.variance_counts is None:
            sigma = float(np.sign(net) * np.sqrt(max(_deviance(net + b, b), 0.0) / factor))
        else:
            sigma = net / float(np.sqrt((variance[at + k] - variance[at]) * factor))
        if sigma > best[2]:
            best = (at, at + k, sigma)
    return best


def _deviance(n: float, b: float) -> float:
    return float(2.0 * ((n * np.log(n / b) if n > 0 else 0.0) - (n - b)))


def _grown(net: FloatArray, variance: FloatArray, unsure: FloatArray, first: int, last: int) -> tuple[int, int]:
    """Window joined with neighbours, up to twice its own width away, that are significant on their own."""
    sums = tuple(np.concatenate([[0.0], np.cumsum(each)]) for each in (net, variance, unsure))
    for _ in range(40):
        before = (first, last)
        reach = max(2 * (last - first), 6)
        for k in _windows(3 * (last - first) // 2 + 2):
            starts = np.arange(max(0, first - reach), max(0, first - k) + 1)
            if (found := _significant(sums, starts, k, first, leftwards=True)) is not None:
                first = found
            starts = np.arange(last, min(net.size - k, last + reach - k) + 1)
            if (found := _significant(sums, starts, k, last, leftwards=False)) is not None:
                last = found + k
        if (first, last) == before:
            break
    return first, last


def _significant(sums: tuple[FloatArray, ...], starts: IntArray, k: int, edge: int, *, leftwards: bool) -> int | None:
    """Outermost start of a window of k bins that is significant on its own and lies wholly beyond the edge, or None."""
    starts = starts[(starts + k <= edge) if leftwards else (starts >= edge)]
    net, variance, unsure = (total[starts + k] - total[starts] for total in sums)
    good = starts[net > GROWTH_SIGMA * np.sqrt(variance + unsure**2 + 1.0)]
    if not good.size:
        return None
    return int(good.min()) if leftwards else int(good.max())
