"""Delays: the arrival-time difference of a burst between two instruments, as a whole posterior."""

from dataclasses import replace
from typing import Literal

import numpy as np

from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import EventList, LightCurve
from triangulation import classical
from triangulation.curves import find_burst, series_of
from triangulation.joint_delay import joint_posterior
from triangulation.posterior import DelayPosterior

__all__ = ["DelayPosterior", "estimate_delay"]

Method = Literal["joint", "ccf", "chi2"]
#: Bins in which a burst of photons is looked for, s; it is then cut into so many, no finer than the least, s.
PHOTON_BIN_S, BURST_BINS, LEAST_BIN_S = 0.004, 1000, 2.0**-14


def estimate_delay(
    a: LightCurve | EventList,
    b: LightCurve | EventList,
    *,
    max_delay_s: float,
    clock_error_s: float = 0.0,
    area_ratio: float | None = None,
    method: Method = "joint",
) -> DelayPosterior:
    """Posterior of the delay of a burst: arrival at b minus arrival at a, in true UTC at each instrument.

    Parameters
    ----------
    a, b
        Light curves, bins of any widths, or photons; each has its own T0.
    max_delay_s
        Largest possible delay, s: the light time of the baseline. The prior is uniform within: that of an even sky.
    clock_error_s
        Systematic error of both clocks together, s, 1 sigma.
    area_ratio
        Expected counts of b over those of a, where known.
    method
        ``joint``, or ``ccf`` and ``chi2`` for the classical curves, which are not calibrated.

    Raises
    ------
    ScienceError
        `max_delay_s` is not positive, or a curve has hardly any usable bin.
    """
    if not (np.isfinite(max_delay_s) and max_delay_s > 0 and np.isfinite(clock_error_s) and clock_error_s >= 0):
        raise ScienceError(f"a delay is sought within a positive range, not {max_delay_s} s +- {clock_error_s} s")
    series = (series_of(_curve(a), a.t0_utc), series_of(_curve(b), a.t0_utc))
    bursts = (find_burst(series[0]), find_burst(series[1]))
    if method == "joint":
        return joint_posterior(
            series, bursts, max_delay_s=max_delay_s, clock_error_s=clock_error_s, area_ratio=area_ratio
        )
    found = classical.scan(series, bursts, max_delay_s)
    posterior = classical.chi2_posterior(found) if method == "chi2" else classical.ccf_posterior(found)
    posterior = replace(posterior, detected=all(burst.is_detected for burst in bursts))
    return posterior.broadened(clock_error_s, max_delay_s=max_delay_s)


def _curve(seen: LightCurve | EventList) -> LightCurve:
    """Light curve as it is; of photons one whose bins are far finer than the burst: nothing is lost by them."""
    if isinstance(seen, LightCurve):
        return seen
    coarse = _even(seen, PHOTON_BIN_S)
    wanted_s = find_burst(series_of(coarse, seen.t0_utc)).duration_s / BURST_BINS
    if wanted_s >= PHOTON_BIN_S:
        return coarse
    return _even(seen, PHOTON_BIN_S * 2.0 ** np.floor(np.log2(max(wanted_s, LEAST_BIN_S) / PHOTON_BIN_S)))


def _even(photons: EventList, width_s: float) -> LightCurve:
    if photons.times_s.size < 2:
        raise ScienceError(f"{photons.instrument}: fewer than two photons")
    return photons.binned(width_s, start_s=float(photons.times_s[0]), stop_s=float(photons.times_s[-1]))
