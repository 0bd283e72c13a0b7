"""Upper limits as circulars state them: three standard deviations of the counts at 1 s and 8 s, times the response.

The standard deviation is the measured one (see `acs_stream.windows`), not the Poisson one, and holds the uncertainty
of the background. Dead time is not corrected for; the response has a systematic error of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from acs_stream.measured import Look, Measured
from acs_stream.noise import around, completeness, measure
from acs_stream.response import Response
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import LightCurve

SIGMAS = 3.0
SHORT_S, LONG_S = 1.0, 8.0
#: Shorter scales that anchor the noise of 1 s and 8 s, s.
NOISE_SCALES_S = (0.25, 0.5, 2.0, 4.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """3-sigma upper limits of one light curve around T0.

    Parameters
    ----------
    counts_1s, counts_8s
        Counts in 1 s and 8 s.
    hard_1s_erg_cm2
        Fluence of a burst shorter than 1 s with the hard spectrum; None without a response.
    soft_1s_erg_cm2_s, soft_8s_erg_cm2_s
        Mean flux over 1 s and 8 s with the soft spectrum; None without a response.
    response
        The response used, None if there is none for the instrument.
    excess_std_ratio
        Measured over Poisson standard deviation at 1 s.
    sigmas
        How many standard deviations.
    """

    counts_1s: float
    counts_8s: float
    hard_1s_erg_cm2: float | None
    soft_1s_erg_cm2_s: float | None
    soft_8s_erg_cm2_s: float | None
    response: Response | None
    excess_std_ratio: float
    sigmas: float = SIGMAS


def upper_limits(
    light_curve: LightCurve, *, t0_s: float = 0.0, window_s: float = 300.0, response: Response | None = None
) -> Limits:
    """3-sigma limits on counts, fluence and flux from the noise within `window_s` of T0.

    Parameters
    ----------
    light_curve
        Counts; bursts in it are left out of the noise.
    t0_s, window_s
        T0 in the light curve's own seconds, and half-span, s.
    response
        What a count is worth in the direction of the source; None: counts only.

    Raises
    ------
    ScienceError
        Too little data, or bins longer than 1 s.
    """
    curve = around(light_curve, t0_s, window_s)
    completeness(curve, t0_s, window_s)
    bin_s = float(np.median(curve.width_s))
    if bin_s > SHORT_S:
        raise ScienceError(f"{curve.instrument}: bins of {bin_s:g} s give no limit at 1 s")
    wanted = sorted({max(1, round(s / bin_s)) * bin_s for s in (*NOISE_SCALES_S, SHORT_S, LONG_S)})
    look = Look(start_s=t0_s - window_s, stop_s=t0_s + window_s, least_snr=lambda _scale_s, _stride_s: float("inf"))
    noise = measure(curve, wanted, [look])
    (short, ratio), (long, _) = (_sigma_counts(noise, scale, curve.instrument) for scale in (SHORT_S, LONG_S))
    return limits_from_counts(SIGMAS * short, SIGMAS * long, response=response, excess_std_ratio=ratio)


def _sigma_counts(noise: Measured, scale_s: float, instrument: str) -> tuple[float, float]:
    """Standard deviation of the counts in windows of one scale, and its ratio to the Poisson one."""
    item = min(noise.scales, key=lambda w: abs(w.scale_s - scale_s))
    if abs(item.scale_s - scale_s) > 0.3 * scale_s or not item.windows:
        raise ScienceError(f"{instrument}: no window of {scale_s:g} s fits into the data")
    # Windows of exactly 1 s or 8 s are wanted; bins that do not divide them make windows a little longer or shorter.
    stretch = float(np.sqrt(scale_s / item.scale_s))
    return item.sigma_counts * item.scatter * stretch, item.scatter


def limits_from_counts(
    counts_1s: float, counts_8s: float, *, response: Response | None, excess_std_ratio: float = 1.0
) -> Limits:
    """Fluence and flux limits of given 3-sigma count limits.

    Parameters
    ----------
    counts_1s, counts_8s
        3-sigma limits on the counts in 1 s and 8 s.
    response, excess_std_ratio
        As in `Limits`.
    """
    hard = None if response is None else response.hard_erg_cm2_per_count
    soft = None if response is None else response.soft_erg_cm2_per_count
    return Limits(
        counts_1s=counts_1s,
        counts_8s=counts_8s,
        hard_1s_erg_cm2=None if hard is None else counts_1s * hard,
        soft_1s_erg_cm2_s=None if soft is None else counts_1s * soft / SHORT_S,
        soft_8s_erg_cm2_s=None if soft is None else counts_8s * soft / LONG_S,
        response=response,
        excess_std_ratio=excess_std_ratio,
    )


def limits_to_json(limits: Limits) -> Mapping[str, Any]:
    """JSON-able form of limits; null where there is no response."""
    response = limits.response
    return {
        "sigmas": limits.sigmas,
        "counts_1s": limits.counts_1s,
        "counts_8s": limits.counts_8s,
        "hard_1s_erg_cm2": limits.hard_1s_erg_cm2,
        "soft_1s_erg_cm2_s": limits.soft_1s_erg_cm2_s,
        "soft_8s_erg_cm2_s": limits.soft_8s_erg_cm2_s,
        "excess_std_ratio": limits.excess_std_ratio,
        "response": None
        if response is None
        else {
            "fraction_of_best": response.fraction_of_best,
            "spread": response.spread,
            "quality": response.quality,
            "angle_deg": response.angle_deg,
            "azimuth_deg": response.azimuth_deg,
            "kind": response.kind.value,
            "source": response.source,
            "scatter_fraction": response.scatter_fraction,
            "total_fraction": response.total_fraction,
            "band_kev": list(response.band_kev),
            "systematic_fraction": response.systematic_fraction,
            "hard_spectrum": response.hard_spectrum,
            "soft_spectrum": response.soft_spectrum,
        },
    }
