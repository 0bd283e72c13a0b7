"""All windows of one length over a light curve: counts, background, S/N; and the scatter that S/N really has.

The S/N of a window is ``((counts - background) / sqrt(background (1 + live * v)) - m) / s``: Poisson noise of the
window and of its background, with the **measured** median m and scatter s of this very scale, since red noise, not
over-dispersion, rules the long scales.
"""

from dataclasses import dataclass, replace

import numpy as np

from acs_stream.background import Sums, background
from tocsin.domain.light_curves import BoolArray, FloatArray, IntArray

#: Windows slide by a tenth of their length, or by one bin.
STRIDES = 10
#: Share of a window that must hold usable bins.
MIN_COVERED = 0.9
#: Below this many counts a window the scatter of S/N is not Gaussian: taken from the next longer scale that has them.
MIN_COUNTS = 10.0
#: The scatter's quantiles that stand for +-1 sigma.
QUANTILES = (0.158655, 0.841345)
#: Independent measurements of the scatter per length of a window in the data: overlapping windows, robust estimate.
INDEPENDENT = 0.7
#: Weight of the next shorter scale's scatter, in measurements, where a scale has only few of its own.
BORROWED = 3.0
#: Up to this scale red noise adds little to the scatter, s.
WHITE_BELOW_S = 10.0
#: The scatter cannot be believed below this.
MIN_SCATTER = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Windows:
    """Windows of one scale, all arrays of shape (n,).

    Parameters
    ----------
    scale_s, stride_s
        Length of the windows and the step between them, s.
    first, last
        Index of the first bin and of the one after the last.
    start_s, stop_s
        Edges, s.
    counts, background_counts, live_s
        In each window; live time in s.
    poisson_snr
        S/N with Poisson noise of window and background alone.
    sigma_counts
        The noise it was divided by.
    is_quiet
        No bin of a known excess inside.
    offset, scatter
        Measured median and standard deviation of `poisson_snr` where there is no excess: m and s above. A median off
        zero is the curvature of the background, which a straight line does not follow.
    degrees_of_freedom
        How well the scatter is known.
    """

    scale_s: float
    stride_s: float
    first: IntArray
    last: IntArray
    start_s: FloatArray
    stop_s: FloatArray
    counts: FloatArray
    background_counts: FloatArray
    live_s: FloatArray
    poisson_snr: FloatArray
    sigma_counts: FloatArray
    is_quiet: BoolArray
    offset: float = 0.0
    scatter: float = 1.0
    degrees_of_freedom: float = 1e6

    @property
    def snr(self) -> FloatArray:
        """S/N with the measured scatter, shape (n,)."""
        return np.asarray((self.poisson_snr - self.offset) / self.scatter)

    @property
    def excess_counts(self) -> FloatArray:
        """Counts above background, shape (n,)."""
        return np.asarray((self.poisson_snr - self.offset) * self.sigma_counts)


def windows(sums: Sums, scale_s: float, bin_s: float, quiet_bins: FloatArray, covered_s: FloatArray) -> Windows:
    """Windows of one scale.

    Parameters
    ----------
    sums
        Of the light curve.
    scale_s
        Length, s: a multiple of `bin_s`.
    bin_s
        Median width of the bins, s.
    quiet_bins
        Cumulative number of bins without excess, shape (n + 1,).
    covered_s
        Cumulative width of usable bins, s, shape (n + 1,).
    """
    stride = max(1, round(scale_s / bin_s) // STRIDES)
    i = np.arange(0, sums.start_s.size, stride)
    j = np.searchsorted(sums.stop_s, sums.start_s[i] + scale_s + 0.25 * bin_s, side="right")
    j = np.maximum(j, i + 1)
    span = sums.stop_s[j - 1] - sums.start_s[i]
    whole = (np.abs(span - scale_s) <= 0.3 * max(bin_s, 0.1 * scale_s)) & (
        covered_s[j] - covered_s[i] >= MIN_COVERED * scale_s
    )
    i, j = i[whole], j[whole]
    start, stop = sums.start_s[i], sums.stop_s[j - 1]
    behind = background(sums, (start + stop) / 2, scale_s)
    live = sums.live_s[j] - sums.live_s[i]
    expected = behind.rate_cts_s * live
    spread = sums.variance[-1] / sums.counts[-1] if sums.counts[-1] > 0 else 1.0
    sigma = np.sqrt(expected * spread * (1.0 + live * behind.relative_variance_per_cts))
    good = np.isfinite(sigma) & (sigma > 0)
    counts = sums.counts[j] - sums.counts[i]
    return Windows(
        scale_s=scale_s,
        stride_s=stride * bin_s,
        first=i[good],
        last=j[good],
        start_s=start[good],
        stop_s=stop[good],
        counts=counts[good],
        background_counts=expected[good],
        live_s=live[good],
        poisson_snr=((counts - expected) / sigma)[good],
        sigma_counts=sigma[good],
        is_quiet=(quiet_bins[j] - quiet_bins[i] == j - i)[good],
    )


def with_scatter(scales: list[Windows], *, ceiling: float | None = None) -> list[Windows]:
    """Windows of all scales (shortest first) with their measured scatter.

    Where a scale has few independent windows, the scatter of the next shorter one lends some weight, and the degrees of
    freedom say how few. `ceiling` bounds the scatter of the shorter scales, for a first pass over data full of burst.
    """
    done: list[Windows] = []
    reference = next((k for k, w in enumerate(scales) if w.counts.size and _mean_counts(w) >= MIN_COUNTS), None)
    if reference is None:
        return scales
    before: float | None = None
    for item in scales[reference:]:
        scatter, dof = _scatter(item, before)
        if ceiling is not None and item.scale_s <= WHITE_BELOW_S:
            scatter = min(scatter, ceiling)
        before = scatter
        done.append(replace(item, offset=_offset(item), scatter=scatter, degrees_of_freedom=dof))
    first = done[0]
    short = [replace(w, scatter=first.scatter, degrees_of_freedom=first.degrees_of_freedom) for w in scales[:reference]]
    return [*short, *done]


def _mean_counts(item: Windows) -> float:
    return float(np.mean(item.background_counts))


def _offset(item: Windows) -> float:
    """Median S/N of quiet windows, drawn towards 0 where there are few."""
    quiet = item.poisson_snr[item.is_quiet]
    dof = INDEPENDENT * quiet.size * item.stride_s / item.scale_s
    return float(np.median(quiet)) * dof / (dof + BORROWED) if quiet.size else 0.0


def _scatter(item: Windows, before: float | None) -> tuple[float, float]:
    quiet = item.poisson_snr[item.is_quiet]
    dof = INDEPENDENT * quiet.size * item.stride_s / item.scale_s
    if quiet.size < 2:
        return (before or 1.0), BORROWED
    low, high = np.quantile(quiet, QUANTILES)
    measured = max((high - low) / 2, MIN_SCATTER)
    if before is None:
        return measured, max(dof, BORROWED)
    total = dof + BORROWED
    return float(np.sqrt((dof * measured**2 + BORROWED * before**2) / total)), total
