"""Injection and recovery: how bright a burst must be to be found in these very data.

A burst of a known shape is laid over the data at many times within the search window. What it adds to each window of
each scale is linear in its counts, so the least counts that lift any window over the threshold follow in one step,
with the real noise, the real spikes and the real background around every time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from acs_stream.excesses import Excess
from acs_stream.false_alarms import clump_rate_hz, far_hz
from acs_stream.measured import Measured
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray, IntArray

#: Number of injections, and windows they are compared with: every tenth of a scale.
INJECTIONS, STRIDES = 1000, 10
#: Scales longer than this many times a burst, and than the shortest useful scale, add nothing to its detection.
LONGEST_SCALES, LONGEST_S = 4.0, 2.0
#: A burst counts as found where noise does it less often than this in the search window.
FOUND_EXPECTED = 0.01


def found_rate_hz(window_s: float) -> float:
    """Rate of noise below which an excess counts as found, Hz, for a search of half-span `window_s`."""
    return FOUND_EXPECTED / (2 * window_s)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recovery:
    """Counts a burst needs to be found, over many times within the window.

    Parameters
    ----------
    counts
        Least counts that are found, for each injection, ascending, shape (n,).
    threshold_far_hz
        False-alarm rate by noise that counts as found, Hz.
    loudest
        What set the threshold, in words.
    """

    counts: FloatArray
    threshold_far_hz: float
    loudest: str

    def counts_at(self, share: float) -> float:
        """Counts of a burst that is found in this share of cases."""
        return float(np.quantile(self.counts, share))

    def probability(self, counts: float, relative_error: float = 0.0) -> float:
        """Chance that a burst of these counts is found.

        Parameters
        ----------
        counts
            Expected.
        relative_error
            What is not known of the response: standard deviation of ln counts.
        """
        z = np.linspace(-2.5, 2.5, 41) if relative_error > 0 else np.zeros(1)
        weight = np.exp(-0.5 * z * z)
        found = np.searchsorted(self.counts, counts * np.exp(relative_error * z), side="right") / self.counts.size
        return float((found * weight).sum() / weight.sum())


def recover(
    measured: Measured,
    shape: FloatArray,
    threshold_far_hz: float,
    *,
    t0_s: float,
    window_s: float,
    injections: int = INJECTIONS,
    loudest: str = "",
    avoid_s: Sequence[tuple[float, float]] = (),
) -> Recovery:
    """Counts a burst of a shape needs to be louder than a threshold.

    Parameters
    ----------
    measured
        Of the light curve, see `acs_stream.noise.measure`.
    shape
        Share of the burst's counts in each of its bins, shape (m,).
    threshold_far_hz
        Rate at which noise makes what must be exceeded, Hz, all scales counted.
    t0_s, window_s
        Where bursts are injected, s.
    injections
        How many, evenly spread.
    loudest
        What set the threshold, in words.
    avoid_s
        Stretches that hold a burst already: nothing is injected there, (start, stop), s since T0.

    Raises
    ------
    ScienceError
        No burst fits into the data.
    """
    starts = _starts(measured, shape.size, t0_s, window_s, injections, avoid_s)
    laid = np.concatenate([[0.0], np.cumsum(shape / shape.sum())])
    least = np.full(starts.size, np.inf)
    bin_s = _bin_s(measured)
    n_scales = len(measured.scales)
    longest_s = max(LONGEST_SCALES * shape.size * bin_s, LONGEST_S)
    for item in measured.scales:
        if item.scale_s > longest_s or not np.isfinite(item.sigma_counts):
            continue
        sigma = item.sigma_counts * item.scatter
        needed = snr_at(threshold_far_hz, item.scale_s, item.stride_s, n_scales) * sigma
        n = max(1, round(item.scale_s / bin_s))
        for offset in range(-n + 1, shape.size, max(1, n // STRIDES)):
            held = float(laid[np.clip(offset + n, 0, shape.size)] - laid[np.clip(offset, 0, shape.size)])
            first = starts + offset
            inside = (first >= 0) & (first + n < measured.residual.size)
            if held <= 0 or not inside.any():
                continue
            there = measured.residual[first[inside] + n] - measured.residual[first[inside]]
            least[inside] = np.minimum(least[inside], np.maximum(needed - there, 0.0) / held)
    if not np.isfinite(least).any():
        raise ScienceError("no burst of that length fits into the data")
    return Recovery(counts=np.sort(least[np.isfinite(least)]), threshold_far_hz=threshold_far_hz, loudest=loudest)


def boxcar(length_s: float, bin_s: float) -> FloatArray:
    """Shape of a burst of constant rate: at least one bin."""
    return np.ones(max(1, round(length_s / bin_s)))


def pulse(length_s: float, bin_s: float) -> FloatArray:
    """Shape of a pulse that rises in a quarter of its time and decays: T90 about `length_s`."""
    t = (np.arange(max(1, round(1.6 * length_s / bin_s))) + 0.5) * bin_s
    rise, decay = 0.12 * length_s, 0.42 * length_s
    return np.asarray(np.exp(-t / decay) * (1 - np.exp(-t / rise)))


def snr_at(rate_hz: float, scale_s: float, stride_s: float, n_scales: int) -> float:
    """S/N that noise reaches at a rate, all scales counted."""
    z = np.arange(2.0, 37.0, 0.02)
    rates = far_hz(clump_rate_hz(z, scale_s, stride_s), np.zeros(z.size), n_scales)
    return float(np.interp(-np.log(max(rate_hz, 1e-290)), -np.log(np.maximum(rates, 1e-300)), z))


def threshold_of(excesses: Sequence[Excess], window_s: float) -> tuple[float, str]:
    """What a burst must be louder than: the loudest excess seen, spikes left aside; its rate by noise, Hz, and words.

    A spike is shorter than any burst that limits are stated for, and it is compared with other spikes; a burst that
    is weaker than a spike of the same counts is still told from noise.
    """
    others = [e for e in excesses if not e.is_spike_like]
    at_most = found_rate_hz(window_s)
    loudest = max(others, key=lambda e: e.rank, default=None)
    if loudest is None or (rate := float(np.exp(-loudest.rank))) >= at_most:
        return at_most, f"noise: expected {FOUND_EXPECTED:g} times in the window"
    return rate, f"the excess of S/N {loudest.snr:.1f} at T0 {loudest.t_s:+.1f} s"


def _bin_s(measured: Measured) -> float:
    return float(np.median(measured.stop_s[:1000] - measured.start_s[:1000]))


def _starts(
    measured: Measured,
    length: int,
    t0_s: float,
    window_s: float,
    injections: int,
    avoid_s: Sequence[tuple[float, float]],
) -> IntArray:
    known = np.isfinite(measured.background_cts_s)
    for start, stop in avoid_s:
        known &= (measured.stop_s <= t0_s + start) | (measured.start_s >= t0_s + stop)
    good = np.concatenate([[0], np.cumsum(~known)])
    first = np.flatnonzero((measured.start_s >= t0_s - window_s) & (measured.start_s <= t0_s + window_s))
    first = first[first + length < known.size]
    first = first[good[first + length] - good[first] == 0]
    if not first.size:
        raise ScienceError("no burst of that length fits into the data")
    return np.asarray(first[np.unique(np.linspace(0, first.size - 1, injections).astype(np.int64))])
