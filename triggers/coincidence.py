r"""How likely a coincidence is by chance: in time, in time and sky, and in the shield's own noise.

Rates are in Hz, windows are *total* lengths in s unless called half-spans, differences are time of the second minus
time of the first. Everything here is a formula; joint rates of pairs are in `triggers.joint_far`, which pairs are
looked at in `triggers.companions`.

References
----------
LIGO/Virgo/KAGRA public alerts user guide, "Coincidence with external triggers" (windows);
Abbott et al. 2017, ApJL 848, L13 (GW170817 and GRB 170817A: +1.74 s);
Savchenko et al. 2012, A&A 541, A122 (SPI-ACS: spikes and bursts).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tocsin.domain.late import special
from tocsin.domain.light_curves import FloatArray, IntArray

DAY_S = 86400.0
YEAR_S = 365.25 * DAY_S

#: Spikes of SPI-ACS at a signal-to-noise ratio of 6 or more on 0.1 s: 60 a day.
SPIKE_RATE_HZ = 60.0 / DAY_S
SPIKE_SNR = 6.0
SPIKE_SCALE_S = 0.1
#: The number of spikes falls with the signal-to-noise ratio by this power.
SPIKE_INDEX = 2.7
#: Scales looked at near a trigger, s: their ratio gives the trials.
SCALES_S = (0.1, 30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoincidenceWindow:
    """Differences of time that count as a coincidence: second minus first, s, both ends included.

    Parameters
    ----------
    start_s, stop_s
        Ends; `start_s` before `stop_s`.
    """

    start_s: float
    stop_s: float

    def __post_init__(self) -> None:
        """Refuse a window without length."""
        if not self.start_s < self.stop_s:
            raise ValueError(f"a coincidence window from {self.start_s:g} to {self.stop_s:g} s has no length")

    @property
    def length_s(self) -> float:
        """Length, s."""
        return self.stop_s - self.start_s

    def contains(self, difference_s: float, *, margin_s: float = 0.0) -> bool:
        """Whether a difference of times lies inside, the window widened by a margin at both ends."""
        return self.start_s - margin_s <= difference_s <= self.stop_s + margin_s


def chance_probability(rate_hz: float, window_s: float, *, trials: float = 1.0) -> float:
    """Probability of one or more background events in a window: 1 - exp(-rate x window x trials).

    Parameters
    ----------
    rate_hz
        Rate of background events at least as strong, Hz.
    window_s
        Total length of the window, s.
    trials
        Number of independent windows looked at.

    Raises
    ------
    ValueError
        A negative rate, window or number of trials.

    Examples
    --------
    >>> round(chance_probability(1.0 / 86400.0, 600.0), 5)
    0.00692
    """
    if min(rate_hz, window_s, trials) < 0.0:
        raise ValueError("rates, windows and trials are not negative")
    return -math.expm1(-rate_hz * window_s * trials)


def with_trials(probability: float, trials: float) -> float:
    """Probability that at least one of `trials` independent looks is as extreme: 1 - (1 - p)^trials."""
    if probability >= 1.0:
        return 1.0
    return -math.expm1(trials * math.log1p(-probability))


def spiacs_false_alarm_rate_hz(snr: float, scale_s: float) -> float:
    """Rate at which SPI-ACS shows an excess as strong with no burst, Hz: spikes and Gaussian noise.

    Parameters
    ----------
    snr
        Signal-to-noise ratio of the excess on its own time scale.
    scale_s
        Time scale, s.

    Notes
    -----
    A prior for instruments and days that were not calibrated themselves. Spikes of 6 sigma on 0.1 s come 60 times a
    day; they become fewer as 1 / scale from 0.1 s on and as (S/N / 6)^-2.7; the Gaussian part is the tail probability
    per scale.
    """
    if snr <= 0.0 or scale_s <= 0.0:
        raise ValueError("a signal-to-noise ratio and a time scale are positive")
    spikes_hz = SPIKE_RATE_HZ * (SPIKE_SCALE_S / max(scale_s, SPIKE_SCALE_S)) * math.pow(snr / SPIKE_SNR, -SPIKE_INDEX)
    return spikes_hz + float(special.ndtr(-snr)) / scale_s


def spiacs_association_probability(snr: float, scale_s: float, *, difference_s: float) -> float:
    """Probability of a chance excess in SPI-ACS as strong and as close to a given time.

    Parameters
    ----------
    snr, scale_s
        Of the excess.
    difference_s
        Time of the excess minus the time it is compared with, s.

    Returns
    -------
    float
        2 R max(abs(difference), scale) (1 + ln(30 / 0.1)), at most 1: the bracket counts the time scales tried.

    Examples
    --------
    The strongest excess near S230627c, published as 0.00943:

    >>> round(spiacs_association_probability(3.37, 2.4, difference_s=-0.221), 5)
    0.00946
    """
    trials = 1.0 + math.log(SCALES_S[1] / SCALES_S[0])
    reach_s = max(abs(difference_s), scale_s)
    return min(1.0, 2.0 * spiacs_false_alarm_rate_hz(snr, scale_s) * reach_s * trials)


def significance_sigma(probability: float) -> float:
    """One-sided Gaussian significance of a probability, in standard deviations."""
    return -float(special.ndtri(probability))


def count_within(times_a_s: npt.ArrayLike, times_b_s: npt.ArrayLike, half_spans_s: npt.ArrayLike) -> IntArray:
    """Number of times in A that have a time of B within each half-span.

    Parameters
    ----------
    times_a_s, times_b_s
        Times since one common zero, s, shapes (n,) and (m,), in any order.
    half_spans_s
        Half-spans, s, shape (k,); the ends count as within.

    Returns
    -------
    numpy.ndarray
        Counts, shape (k,), never above n; 0 where A or B is empty.
    """
    nearest = nearest_s(times_a_s, times_b_s)
    spans = np.atleast_1d(np.asarray(half_spans_s, dtype=np.float64))
    return np.asarray((np.abs(nearest)[None, :] <= spans[:, None]).sum(axis=1), dtype=np.int64)


def nearest_s(times_a_s: npt.ArrayLike, times_b_s: npt.ArrayLike) -> FloatArray:
    """Time of the nearest of B minus each of A, s, shape (n,); infinite where B is empty."""
    a = np.asarray(times_a_s, dtype=np.float64).ravel()
    b = np.sort(np.asarray(times_b_s, dtype=np.float64).ravel())
    if b.size == 0:
        return np.full(a.shape, np.inf)
    after = np.clip(np.searchsorted(b, a), 0, b.size - 1)
    before = np.clip(after - 1, 0, b.size - 1)
    to_after, to_before = b[after] - a, b[before] - a
    return np.where(np.abs(to_before) <= np.abs(to_after), to_before, to_after)
