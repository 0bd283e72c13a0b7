"""How often noise does this: false-alarm rates and chance probabilities of excesses found on many scales.

Two models are added. **Noise**: a window sliding over white noise makes clumps of high values; the rate of clumps
above z is ``z phi(z) nu(z sqrt(2 d / tau)) / tau`` (a Gaussian process with a triangular correlation, sampled every
d; nu corrects for the sampling), times the effective number of scales, since an excess is looked for on all of them.
**Spikes**: single-bin hits of cosmic rays that no Gaussian knows, with ISDC's empirical law for SPI-ACS, its rate
updated with the spikes seen in the same data.

References
----------
Siegmund 1985, Sequential Analysis, ch. X (nu); Savchenko et al. 2017 (ISDC's spike law and chance probability).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tocsin.domain.late import special
from tocsin.domain.light_curves import FloatArray

#: Share of the scales' false alarms that are not counted twice because neighbouring scales see the same noise.
#: Measured: see tests/authority/test_search_false_alarms.py.
SCALE_OVERLAP = 0.42
#: Chance probability: distances to T0 below this are all "at T0", s.
NEAREST_S = 0.1
#: ISDC's form: searched over 0.1 to 30 s of distance.
ISDC_FARTHEST_S = 30.0
#: Spikes: S/N and scale at which ISDC's rate of 60 a day is given, and how it falls.
SPIKE_SNR, SPIKE_SCALE_S, SPIKE_SNR_SLOPE = 6.0, 0.1, -2.7
ISDC_SPIKES_PER_DAY = 60.0
DAY_S = 86_400.0
LARGEST_Z = 37.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpikeModel:
    """Rate of spikes above an S/N at a scale: ``rate_hz (scale / 0.1 s)^-1 (snr / 6)^-2.7``.

    Parameters
    ----------
    rate_hz
        Of spikes with S/N >= 6 at 0.1 s.
    """

    rate_hz: float

    def above_hz(self, snr: npt.ArrayLike, scale_s: npt.ArrayLike) -> FloatArray:
        """Rate of spikes with at least this S/N at this scale, Hz."""
        size = np.maximum(np.asarray(snr, dtype=np.float64), 1.0) / SPIKE_SNR
        scale = np.maximum(np.asarray(scale_s, dtype=np.float64), SPIKE_SCALE_S) / SPIKE_SCALE_S
        return np.asarray(self.rate_hz * size**SPIKE_SNR_SLOPE / scale)

    def updated(self, n_seen: int, live_s: float) -> "SpikeModel":
        """Model after `n_seen` spikes in `live_s` of data.

        The rate of spikes varies by a factor of a few with the Sun and the orbit: the model is taken for the mean of
        a Gamma distribution of shape 2, so that two spikes weigh as much as the model.
        """
        if self.rate_hz <= 0:
            return self
        shape = 2.0
        return SpikeModel(rate_hz=(shape + n_seen) / (shape / self.rate_hz + live_s))


ISDC_SPIKES = SpikeModel(rate_hz=ISDC_SPIKES_PER_DAY / DAY_S)
NO_SPIKES = SpikeModel(rate_hz=0.0)


def gaussian_equivalent(t_value: npt.ArrayLike, degrees_of_freedom: npt.ArrayLike) -> FloatArray:
    """Gaussian z as improbable as a value of Student's t: for a standard deviation that was itself measured.

    Notes
    -----
    Wallace's approximation, within 0.02 for five degrees of freedom and better for more.

    References
    ----------
    Wallace 1959, Ann. Math. Statist. 30, 1121.

    Examples
    --------
    >>> float(np.round(gaussian_equivalent(5.0, 10.0), 3))  # exact: 3.461
    3.454
    """
    t, dof = np.asarray(t_value, dtype=np.float64), np.asarray(degrees_of_freedom, dtype=np.float64)
    z = (8 * dof + 1) / (8 * dof + 3) * np.sqrt(dof * np.log1p(t * t / dof))
    return np.asarray(np.where(t > 0, z, t))


def clump_rate_hz(z: npt.ArrayLike, scale_s: npt.ArrayLike, stride_s: npt.ArrayLike) -> FloatArray:
    """Rate of clumps above z that noise makes at one scale, Hz.

    Parameters
    ----------
    z
        Gaussian S/N, over 1.
    scale_s, stride_s
        Length of the window, and step by which it slides, s.
    """
    z = np.clip(np.asarray(z, dtype=np.float64), 1.0, LARGEST_Z)
    scale = np.asarray(scale_s, dtype=np.float64)
    return np.asarray(z * _density(z) * _nu(z * np.sqrt(2 * np.asarray(stride_s) / scale)) / scale)


def _density(z: FloatArray) -> FloatArray:
    """Density of the standard normal distribution."""
    return np.asarray(np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi))


def _nu(x: FloatArray) -> FloatArray:
    """Siegmund's correction for a process that is looked at in steps: 1 for x = 0, falling with x."""
    x = np.maximum(x, 1e-6)
    return np.asarray((2 / x) * (special.ndtr(x / 2) - 0.5) / ((x / 2) * special.ndtr(x / 2) + _density(x / 2)))


def far_hz(noise_hz: FloatArray, spike_hz: FloatArray, n_scales: int) -> FloatArray:
    """False-alarm rate of an excess: rate at which noise or spikes make one at least as rare, at any scale, Hz."""
    return np.asarray(noise_hz * max(1.0, SCALE_OVERLAP * n_scales) + spike_hz)


def chance_probability(
    far: npt.ArrayLike, distance_s: npt.ArrayLike, *, scales_s: Sequence[float], window_s: float
) -> FloatArray:
    """Probability that noise makes an excess as rare and as near to T0 as this one, anywhere in the window.

    Excesses are ranked by ``far * max(|t|, scale)``. The number of background excesses that rank as high is
    ``2 far max(|t|, scale) (1 + ln(window / max(scale, 0.1 s)))``, averaged over the scales: the logarithm is the
    trials over distances, the scales' trials are in `far`.

    Parameters
    ----------
    far
        False-alarm rate, Hz.
    distance_s
        max(|t - T0|, scale), s.
    scales_s
        Scales that were searched, s.
    window_s
        Half-span of the search, s.
    """
    nearest = np.minimum(np.maximum(np.asarray(scales_s, dtype=np.float64), NEAREST_S), window_s)
    trials = float(np.mean(1.0 + np.log(window_s / nearest)))
    distance = np.maximum(np.asarray(distance_s, dtype=np.float64), NEAREST_S)
    return np.asarray(-np.expm1(-2.0 * np.asarray(far, dtype=np.float64) * distance * trials))


def isdc_chance_probability(snr: float, scale_s: float, t_s: float, *, spikes: SpikeModel = ISDC_SPIKES) -> float:
    """Chance probability as ISDC's circulars state it.

    ``2 (sf(S/N) / scale + spikes) max(|t|, scale) (1 + ln(30 / 0.1))``: it counts neither overlapping windows nor the
    number of scales, so that it is several times too small; kept to compare with published numbers.

    Examples
    --------
    >>> round(isdc_chance_probability(3.37, 2.4, -0.221), 4)
    0.0095
    """
    rate_hz = float(special.ndtr(-snr)) / scale_s + float(spikes.above_hz(snr, scale_s))
    return float(min(1.0, 2 * rate_hz * max(abs(t_s), scale_s) * (1 + np.log(ISDC_FARTHEST_S / NEAREST_S))))
