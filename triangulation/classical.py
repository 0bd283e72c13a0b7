"""The classical delays, because the field reads them: cross-correlation and chi-squared scan. Never published.

Both shift the finer curve over the bins of the coarser one, background subtracted, with the ratio of the counts as
scale. Their widths are not calibrated.
"""

from dataclasses import dataclass

import numpy as np

from tocsin.domain.late import special
from tocsin.domain.light_curves import FloatArray
from triangulation.curves import Burst, Series
from triangulation.posterior import DelayPosterior

#: Finest steps of the scan.
MAX_LAGS = 4001


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scan:
    """Both curves at every delay: net counts and variances per bin of the coarser, shapes (n,) and (lags, n)."""

    delay_s: FloatArray
    net: FloatArray
    variance: FloatArray
    shifted_net: FloatArray
    shifted_variance: FloatArray


def scan(series: tuple[Series, Series], bursts: tuple[Burst, Burst], max_delay_s: float) -> Scan:
    """Finer curve brought to the bins of the coarser one at every delay of a grid.

    Parameters
    ----------
    series, bursts
        Of a and b.
    max_delay_s
        Range of delays, s.
    """
    width = [float(np.median(each.width_s)) for each in series]
    base = 0 if width[0] >= width[1] else 1
    fixed, burst = series[base], bursts[base]
    pad = max(0.5 * burst.duration_s, 2.0 * width[base])
    fixed = fixed.select(burst.start_s - pad, burst.stop_s + pad)
    step = max(min(width), 2.0 * max_delay_s / (MAX_LAGS - 1))
    reach = int(max_delay_s / step)
    delays = np.asarray(step * np.arange(-reach, reach + 1), dtype=np.float64)
    lags = delays if base == 0 else -delays[::-1]
    net, variance = _net(fixed, burst)
    moving, moving_burst = series[1 - base], bursts[1 - base]
    near = moving.select(fixed.start_s[0] + lags[0] - 2.0 * step, fixed.stop_s[-1] + lags[-1] + 2.0 * step)
    moved = [_moved(near, each, fixed, lags) for each in _net(near, moving_burst)]
    order = slice(None) if base == 0 else slice(None, None, -1)
    return Scan(
        delay_s=delays, net=net, variance=variance, shifted_net=moved[0][order], shifted_variance=moved[1][order]
    )


def _moved(moving: Series, counts: FloatArray, fixed: Series, lags: FloatArray) -> FloatArray:
    """Counts of a curve in the bins of another that are moved by each of the lags (s), shape (lags, n)."""
    edges = np.concatenate([moving.start_s, moving.stop_s[-1:]])
    total = np.concatenate([[0.0], np.cumsum(counts)])
    step = float(lags[1] - lags[0])
    if np.abs(np.diff(edges) - step).max() > 1e-6 * step:
        low, high = fixed.start_s[None, :] + lags[:, None], fixed.stop_s[None, :] + lags[:, None]
        return np.asarray(np.interp(high, edges, total) - np.interp(low, edges, total))
    # A lag more is a bin further: rows of one running window.
    padded = np.concatenate([np.zeros(lags.size + 2), total, np.full(lags.size + 2, total[-1])])
    windows = np.lib.stride_tricks.sliding_window_view(padded, lags.size)

    def below(time_s: FloatArray) -> FloatArray:
        place = np.clip((time_s + lags[0] - edges[0]) / step + lags.size + 2, 0.0, windows.shape[0] - 2.0)
        at = place.astype(np.int64)
        share = (place - at)[:, None]
        return np.asarray(windows[at] * (1.0 - share) + windows[at + 1] * share)

    return np.asarray((below(fixed.stop_s) - below(fixed.start_s)).T)


def _net(series: Series, burst: Burst) -> tuple[FloatArray, FloatArray]:
    variance = series.counts if series.variance_counts is None else series.variance_counts
    return series.counts - burst.background.counts(series), np.maximum(variance, 1.0)


def chi2_posterior(found: Scan) -> DelayPosterior:
    """Curve ``exp(-chi2 / 2)`` of the scan, with the 3-sigma interval of the reduced chi-squared rule in its figures.

    References
    ----------
    Pal'shin, V. D. et al. 2013, ApJS 207, 38, equation 5.
    """
    # The scale is that of the best-matching shifts: off the burst it would run away with the variance.
    most = float(found.shifted_net.sum(axis=1).max())
    scale = max(float(found.net.sum()), 1e-9) / max(most, 1e-9)
    r2 = ((found.net - scale * found.shifted_net) ** 2 / (found.variance + scale**2 * found.shifted_variance)).sum(
        axis=1
    )
    dof = max(found.net.size - 1, 1)
    allowed = found.delay_s[r2 / dof < r2.min() / dof + special.chdtri(dof, 1.0 - 0.9973) / dof - 1.0]
    figures = {
        "chi2": float(r2.min()),
        "dof": float(dof),
        "low_3sigma_s": float(allowed.min()),
        "high_3sigma_s": float(allowed.max()),
    }
    density = np.exp(-0.5 * (r2 - r2.min()) / max(1.0, r2.min() / dof))
    return DelayPosterior(delay_s=found.delay_s, density=density, method="chi2", figures=figures)


def ccf_posterior(found: Scan) -> DelayPosterior:
    """Curve ``(1 - r^2)^(-n/2)`` of the cross-correlation r of the scan; the peak r is among its figures.

    References
    ----------
    Zucker, S. 2003, MNRAS 342, 1291 (cross-correlation as maximum likelihood).
    """
    a = found.net - found.net.mean()
    b = found.shifted_net - found.shifted_net.mean(axis=1, keepdims=True)
    r = (b @ a) / np.maximum(np.sqrt((a @ a) * (b * b).sum(axis=1)), 1e-12)
    log = -0.5 * found.net.size * np.log1p(-(np.clip(r, 0.0, 0.999999) ** 2))
    return DelayPosterior(
        delay_s=found.delay_s, density=np.exp(log - log.max()), method="ccf", figures={"correlation": float(r.max())}
    )
