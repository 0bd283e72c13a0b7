"""A counting instrument that never stops: the same seed gives the same counts whichever interval is asked for.

Time is cut into blocks counted from a fixed epoch, and each block draws from a generator of its own, seeded by
(seed, instrument, block). So a server may be asked for any interval, in any order, by anyone.
"""

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from tocsin.domain.clock import to_utc
from tocsin.domain.light_curves import FloatArray, LightCurve
from tocsin.simulate.bursts import Profile

#: Epoch of the bin grid of all simulated instruments; the grid is laid in UTC seconds (no leap second since 2017).
EPOCH_UTC = datetime(2020, 1, 1, tzinfo=UTC)
#: Bins drawn by one generator.
BLOCK_BINS = 2048
#: A spike of the least size has this many sigma in 0.1 s; larger ones fall off as a power law.
SPIKE_SIGMA, SPIKE_INDEX = 6.0, 2.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """How an instrument counts when nothing happens.

    Parameters
    ----------
    rate_cts_s
        Mean rate, counts/s.
    variance_factor
        Variance over mean of the counts per bin, at least 1.
    drift
        Relative amplitude of the slow drift (hours; orbit, Sun).
    spikes_per_day
        Cosmic-ray spikes of at least `SPIKE_SIGMA` in 0.1 s, shorter than 0.25 s.
    is_even
        The counter has lost its lowest bit: all counts are even.
    """

    rate_cts_s: float
    variance_factor: float = 1.0
    drift: float = 0.0
    spikes_per_day: float = 0.0
    is_even: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A burst as it reaches one instrument.

    Parameters
    ----------
    at_utc
        Time at which the burst's zero passes the craft.
    profile
        Profile in the instrument's band.
    counts
        Expected number of its counts.
    """

    at_utc: datetime
    profile: Profile
    counts: float


class CountingStream:
    """Counts of an instrument with equal bins, for ever.

    Parameters
    ----------
    instrument
        Name, e.g. ``SPI-ACS``.
    bin_s
        Width of a bin, s.
    background
        See `Background`.
    arrivals
        Bursts it sees.
    seed
        Seed of all its counts.
    energy_kev
        Energy band, keV.
    """

    def __init__(
        self,
        instrument: str,
        *,
        bin_s: float,
        background: Background,
        arrivals: tuple[Arrival, ...] = (),
        seed: int,
        energy_kev: tuple[float, float] | None = None,
    ) -> None:
        self.instrument = instrument
        self.bin_s = bin_s
        self.background = background
        self.arrivals = arrivals
        self.energy_kev = energy_kev
        self._seed = (seed, zlib.crc32(instrument.encode()))
        whole = np.random.default_rng((*self._seed, 0))
        self._phase_s = float(whole.uniform(0.0, bin_s))
        self._drift_phase = whole.uniform(0.0, 2.0 * np.pi, 3)
        self._drift_period_s = whole.uniform((2e3, 6e3, 2e4), (5e3, 1.5e4, 5e4))

    def light_curve(self, start_utc: datetime, stop_utc: datetime, *, t0_utc: datetime | None = None) -> LightCurve:
        """Light curve of all whole bins within [`start_utc`, `stop_utc`], true UTC at the craft.

        Parameters
        ----------
        start_utc, stop_utc
            Interval asked for.
        t0_utc
            Time zero of the result; `start_utc` if not given.
        """
        first = int(np.ceil((_since_epoch_s(start_utc) - self._phase_s) / self.bin_s - 1e-6))
        stop = int(np.floor((_since_epoch_s(stop_utc) - self._phase_s) / self.bin_s + 1e-6))
        zero = to_utc(t0_utc or start_utc)
        starts = self._start_s(np.arange(first, max(stop, first))) - _since_epoch_s(zero)
        return LightCurve(
            self.instrument,
            zero,
            start_s=np.asarray(starts),
            width_s=np.full(starts.size, self.bin_s),
            counts=self.counts(first, max(stop, first)),
            energy_kev=self.energy_kev,
        )

    def counts(self, first: int, stop: int) -> FloatArray:
        """Counts in bins `first` to `stop` - 1 of the grid, shape (stop - first,)."""
        if stop <= first:
            return np.zeros(0)
        blocks = range(first // BLOCK_BINS, (stop - 1) // BLOCK_BINS + 1)
        drawn = np.concatenate([self._block(block) for block in blocks])
        offset = first - blocks.start * BLOCK_BINS
        return drawn[offset : offset + stop - first]

    def expected(self, first: int, stop: int) -> FloatArray:
        """Expected background counts in bins `first` to `stop` - 1, drift included, shape (stop - first,)."""
        middle = self._start_s(np.arange(first, stop)) + 0.5 * self.bin_s
        waves = np.sin(2.0 * np.pi * middle[:, None] / self._drift_period_s + self._drift_phase)
        return np.asarray(self.background.rate_cts_s * self.bin_s * (1.0 + self.background.drift * waves.mean(axis=1)))

    def burst_counts(self, first: int, stop: int) -> FloatArray:
        """Expected counts of all bursts in bins `first` to `stop` - 1, shape (stop - first,)."""
        edges = self._start_s(np.arange(first, stop + 1))
        total = np.zeros(stop - first)
        for arrival in self.arrivals:
            total += arrival.counts * arrival.profile.share_in(edges - _since_epoch_s(arrival.at_utc))
        return total

    def _start_s(self, bins: np.ndarray) -> FloatArray:
        return np.asarray(bins * self.bin_s + self._phase_s, dtype=np.float64)

    def _block(self, block: int) -> FloatArray:
        rng = np.random.default_rng((*self._seed, 1, block))
        first = block * BLOCK_BINS
        mean = self.expected(first, first + BLOCK_BINS)
        drawn = _overdispersed(rng, mean, self.background.variance_factor) + self._spikes(rng, mean)
        drawn += rng.poisson(self.burst_counts(first, first + BLOCK_BINS))
        return np.asarray(2.0 * (drawn // 2) if self.background.is_even else drawn, dtype=np.float64)

    def _spikes(self, rng: np.random.Generator, mean: FloatArray) -> FloatArray:
        """Spikes: a sharp rise and a decay of some tens of ms."""
        spikes = np.zeros(mean.size)
        n = rng.poisson(self.background.spikes_per_day * mean.size * self.bin_s / 86400.0)
        sigma = np.sqrt(self.background.variance_factor * mean.mean() / self.bin_s * 0.1)
        for _ in range(n):
            size = SPIKE_SIGMA * sigma * rng.random() ** (-1.0 / SPIKE_INDEX)
            bins = np.arange(max(1, round(0.2 / self.bin_s)))
            shape = np.exp(-bins * self.bin_s / rng.uniform(0.02, 0.08))
            at = int(rng.integers(0, mean.size - bins.size))
            spikes[at : at + bins.size] += np.round(size * shape / shape.sum())
        return spikes


def _overdispersed(rng: np.random.Generator, mean: FloatArray, variance_factor: float) -> FloatArray:
    """Counts with the given means and variance over mean: Poisson at 1, negative binomial above."""
    if variance_factor <= 1.0:
        return np.asarray(rng.poisson(mean), dtype=np.float64)
    return np.asarray(rng.negative_binomial(mean / (variance_factor - 1.0), 1.0 / variance_factor), dtype=np.float64)


def _since_epoch_s(moment: datetime) -> float:
    """Seconds since `EPOCH_UTC`; float64 resolves 30 ns there."""
    return (to_utc(moment) - EPOCH_UTC) / timedelta(seconds=1)
