"""Running background of a count rate: a straight line through both sides of each window, from bins that hold no burst.

For a window of scale `tau` the line is fitted (weighted by live time) to the counts between ``gap`` and ``gap +
reach`` before and after the window; what lies within the window and the gap never enters, and bins that an earlier
pass found to hold an excess are left out, so that a burst cannot bias its own background.
"""

from dataclasses import dataclass

import numpy as np

from tocsin.domain.light_curves import BoolArray, FloatArray, LightCurve

#: Reach of the background on either side: at least this, and at least this many times the scale.
MIN_REACH_S = 60.0
REACH_SCALES = 1.5
#: Distance between window and background: at least this, and at least this many times the scale.
MIN_GAP_S = 1.0
GAP_SCALES = 0.5
#: The line is evaluated on a grid of this step (or a tenth of the scale, if longer) and interpolated.
MIN_GRID_STEP_S = 1.0
#: Least live time of background, as a share of the reach on one side.
MIN_LIVE_SHARE = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Cumulative sums over the bins, for sums over any stretch in one step; each of shape (n + 1,).

    Parameters
    ----------
    start_s, stop_s
        Edges of the bins, shape (n,).
    counts, variance, live_s
        Cumulative counts, their variance beyond Poisson (0 where Poisson), and live time of usable bins.
    quiet_counts, quiet_live_s, quiet_t, quiet_tt, quiet_ct
        The same of bins without excess, with the moments in time that a straight line needs.
    """

    start_s: FloatArray
    stop_s: FloatArray
    counts: FloatArray
    variance: FloatArray
    live_s: FloatArray
    quiet_counts: FloatArray
    quiet_live_s: FloatArray
    quiet_t: FloatArray
    quiet_tt: FloatArray
    quiet_ct: FloatArray


def sums(curve: LightCurve, quiet: BoolArray) -> Sums:
    """Cumulative sums of a light curve; `quiet` marks the bins the background may be taken from, shape (n,)."""
    use = curve.usable
    counts = np.where(use, curve.counts, 0.0)
    live = np.where(use, curve.live_s, 0.0)
    variance = counts if curve.variance_counts is None else np.where(use, curve.variance_counts, 0.0)
    keep = use & quiet
    t = curve.start_s + curve.width_s / 2
    quiet_live, quiet_counts = np.where(keep, live, 0.0), np.where(keep, counts, 0.0)
    return Sums(
        start_s=curve.start_s,
        stop_s=curve.stop_s,
        counts=_cumulative(counts),
        variance=_cumulative(variance),
        live_s=_cumulative(live),
        quiet_counts=_cumulative(quiet_counts),
        quiet_live_s=_cumulative(quiet_live),
        quiet_t=_cumulative(quiet_live * t),
        quiet_tt=_cumulative(quiet_live * t * t),
        quiet_ct=_cumulative(quiet_counts * t),
    )


def _cumulative(values: FloatArray) -> FloatArray:
    return np.concatenate([[0.0], np.cumsum(values)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """Background rate at some times, and how well it is known.

    Parameters
    ----------
    rate_cts_s
        Shape (n,); NaN where there is too little to tell.
    relative_variance_per_cts
        Variance of the rate over the rate, 1/s, shape (n,): Poisson.
    """

    rate_cts_s: FloatArray
    relative_variance_per_cts: FloatArray


def background(sums_: Sums, centre_s: FloatArray, scale_s: float) -> Background:
    """Background at window centres, for windows of `scale_s`.

    Parameters
    ----------
    sums_
        See `sums`.
    centre_s
        Centres of the windows, ascending, s, shape (n,).
    scale_s
        Length of the windows, s.
    """
    if not centre_s.size:
        return Background(rate_cts_s=centre_s, relative_variance_per_cts=centre_s)
    step = max(MIN_GRID_STEP_S, scale_s / 10)
    n = max(2, int(np.ceil((centre_s[-1] - centre_s[0]) / step)) + 1)
    grid = np.linspace(centre_s[0], centre_s[-1], n)
    rate, variance = _line(sums_, grid, scale_s)
    known = np.isfinite(rate)
    if not known.any():
        nothing = np.full(centre_s.size, np.nan)
        return Background(rate_cts_s=nothing, relative_variance_per_cts=nothing)
    near = np.interp(centre_s, grid, known.astype(float)) > 0.5
    return Background(
        rate_cts_s=np.where(near, np.interp(centre_s, grid[known], rate[known]), np.nan),
        relative_variance_per_cts=np.where(near, np.interp(centre_s, grid[known], variance[known]), np.nan),
    )


def _line(sums_: Sums, grid_s: FloatArray, scale_s: float) -> tuple[FloatArray, FloatArray]:
    """Rate of the fitted line at the grid points and its variance over the rate, shape (n,) each."""
    reach, gap = max(MIN_REACH_S, REACH_SCALES * scale_s), max(MIN_GAP_S, GAP_SCALES * scale_s) + scale_s / 2
    total = np.zeros((5, grid_s.size))
    for low, high in ((-gap - reach, -gap), (gap, gap + reach)):
        i = np.searchsorted(sums_.start_s, grid_s + low)
        j = np.maximum(np.searchsorted(sums_.stop_s, grid_s + high, side="right"), i)
        moments = (sums_.quiet_live_s, sums_.quiet_counts, sums_.quiet_t, sums_.quiet_tt, sums_.quiet_ct)
        total += np.stack([m[j] - m[i] for m in moments])
    live, counts, t, tt, ct = total
    enough = live >= MIN_LIVE_SHARE * reach
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_t = t / live
        spread = tt - t * mean_t
        slope = np.where(spread > 0, (ct - counts * mean_t) / spread, 0.0)
        away = grid_s - mean_t
        rate = counts / live + slope * away
        variance = 1.0 / live + np.where(spread > 0, away**2 / spread, 0.0)
    good = enough & (rate > 0)
    return np.where(good, rate, np.nan), np.where(good, variance, np.nan)
