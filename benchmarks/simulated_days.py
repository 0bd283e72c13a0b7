"""Simulated days of SPI-ACS: over-dispersed even counts, drifts, red noise, gaps, cosmic-ray spikes by a power law."""

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from tocsin.domain.light_curves import LightCurve

BIN_S, DAY_S = 0.05, 86_400
BINS = round(DAY_S / BIN_S)
RATE_CTS_S = 84_000.0
#: Slow drifts: relative amplitude and period, s.
DRIFTS = ((0.03, 40_000.0), (0.01, 7_000.0), (0.003, 1_800.0))
#: Red noise: relative standard deviation and correlation time, s; it rules the scales of tens of seconds.
RED, RED_S = 1e-3, 300.0
#: Spikes: mean number a day with S/N >= 6 in 0.1 s, scatter of that from day to day (ln), least size, slope.
SPIKES_PER_DAY, SPIKES_SCATTER, SPIKES_FROM, SPIKES_SLOPE = 200.0, 0.3, 4.0, 2.7
#: Share of days with a gap, and its length, s.
GAP_SHARE, GAP_S = 0.3, (600.0, 36_000.0)
PHIS = (1.2, 1.4, 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A simulated day and the variance factor it was made with."""

    curve: LightCurve
    phi: float


def simulated_day(
    rng: np.random.Generator, phi: float, *, spikes_per_day: float = SPIKES_PER_DAY, with_gaps: bool = True
) -> Day:
    """One day of background.

    Parameters
    ----------
    rng
        Random numbers.
    phi
        Variance over mean; it wanders by a tenth over the day.
    spikes_per_day
        Mean number of cosmic-ray spikes with S/N >= 6 in 0.1 s.
    with_gaps
        With gaps on some of the days.
    """
    second = np.arange(DAY_S)
    level = np.ones(DAY_S)
    for size, period in DRIFTS:
        level += size * np.sin(2 * np.pi * (second / period + rng.random()))
    decay = float(np.exp(-1.0 / RED_S))
    level += lfilter([RED * np.sqrt(1 - decay**2)], [1.0, -decay], rng.standard_normal(DAY_S))
    mean = RATE_CTS_S * BIN_S * level
    spread = np.sqrt(phi * (1 + 0.1 * np.sin(2 * np.pi * (second / 50_000.0 + rng.random()))) * mean)
    noise = rng.standard_normal(BINS, dtype=np.float32).reshape(DAY_S, -1)
    counts = (mean[:, None] + spread[:, None] * noise).ravel()
    if spikes_per_day > 0:
        _add_spikes(counts, rng, np.sqrt(phi * RATE_CTS_S * BIN_S), spikes_per_day)
    counts *= 0.5
    np.rint(counts, out=counts)
    counts *= 2.0
    curve = LightCurve("SPI-ACS", "2023-03-07T00:00:00", BIN_S * np.arange(BINS), BIN_S, counts)
    if rng.random() < GAP_SHARE and with_gaps:
        length = int(rng.uniform(*GAP_S) / BIN_S)
        first = int(rng.integers(0, BINS - length))
        keep = np.ones(BINS, dtype=bool)
        keep[first : first + length] = False
        curve = curve.select(keep)
    return Day(curve=curve, phi=phi)


def _add_spikes(counts: np.ndarray, rng: np.random.Generator, sigma: float, per_day: float) -> None:
    """Spikes in one bin or shared by two neighbours; sizes in sigma of 0.1 s by the power law."""
    often = per_day * (6.0 / SPIKES_FROM) ** SPIKES_SLOPE * rng.lognormal(0.0, SPIKES_SCATTER)
    n = rng.poisson(often)
    size = SPIKES_FROM * (1 - rng.random(n)) ** (-1 / SPIKES_SLOPE) * sigma * np.sqrt(2)
    share = np.where(rng.random(n) < 0.7, 1.0, rng.random(n))
    at = rng.integers(0, BINS - 1, n)
    np.add.at(counts, at, size * share)
    np.add.at(counts, at + 1, size * (1 - share))
