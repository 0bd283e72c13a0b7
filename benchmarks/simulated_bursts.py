"""Simulated bursts with known delays: Norris pulses seen by detectors like SPI-ACS, Fermi GBM and Konus-Wind."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from tocsin.domain.light_curves import FloatArray, LightCurve

T0 = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A class of bursts: net counts in three GBM detectors, durations (s), numbers of pulses, delays allowed for."""

    name: str
    counts: tuple[float, float]
    duration_s: tuple[float, float]
    pulses: tuple[int, int]


FAMILIES = {
    family.name: family
    for family in (
        Family(name="weak_short", counts=(150, 350), duration_s=(0.15, 0.5), pulses=(1, 3)),
        Family(name="med_short", counts=(800, 3000), duration_s=(0.13, 1.0), pulses=(1, 6)),
        Family(name="bright_short", counts=(5000, 20000), duration_s=(0.2, 1.6), pulses=(2, 10)),
        Family(name="med_long", counts=(3000, 10000), duration_s=(5, 32), pulses=(2, 12)),
        Family(name="bright_long", counts=(32000, 200000), duration_s=(10, 56), pulses=(5, 20)),
        Family(name="smooth_long", counts=(1000, 4000), duration_s=(4, 20), pulses=(1, 1)),
        Family(name="periodic", counts=(1500, 6000), duration_s=(1, 3), pulses=(5, 11)),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """A detector: bin width (s), background (counts/s), counts relative to three GBM detectors and their scatter."""

    name: str
    width_s: float
    background_hz: float
    area: float
    area_scatter: float = 0.0
    phi: tuple[float, float] = (1.0, 1.0)
    is_even: bool = False


DETECTORS = {
    "ACS": Detector(
        name="ACS", width_s=0.05, background_hz=90_000, area=5.0, area_scatter=0.35, phi=(1.1, 1.6), is_even=True
    ),
    "GBM": Detector(name="GBM", width_s=0.004, background_hz=1000, area=1.0),
    "KW": Detector(name="KW", width_s=0.016, background_hz=800, area=0.5, area_scatter=0.2),
}
#: Pairs, and the light time of their baseline, s.
PAIRS = {("ACS", "GBM"): 0.5, ("ACS", "KW"): 5.0, ("GBM", "KW"): 5.0}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pulses:
    """A burst of Norris pulses: times (s), rate (counts/s) and its integral on a grid, each of shape (n,)."""

    grid_s: FloatArray
    cumulative: FloatArray
    rate: FloatArray

    @classmethod
    def draw(cls, family: Family, rng: np.random.Generator) -> "Pulses":
        """Random burst of a family, with counts as three GBM detectors see it."""
        duration = _log_uniform(rng, *family.duration_s)
        number = int(rng.integers(family.pulses[0], family.pulses[1] + 1))
        if family.name == "periodic":
            starts, widths = np.arange(number) * (period := rng.uniform(0.12, 0.3)), np.full(number, 0.45 * period)
            amplitudes = np.ones(number)
            duration = number * period
        else:
            widths = duration / np.sqrt(number) * rng.uniform(0.3, 0.7, number) * (0.6 if number > 1 else 1.0)
            starts = np.sort(rng.uniform(0, 1, number)) * max(duration - widths.mean(), 0.3 * duration)
            amplitudes = rng.lognormal(0.0, 0.7, number)
        shape = rng.uniform(0.3, 0.7, number)
        grid = np.arange(-0.05 * duration, 4.0 * duration, duration / 6000)
        rate = sum(
            amplitude * _norris(grid - start, width, asymmetry)
            for start, width, asymmetry, amplitude in zip(starts, widths, shape, amplitudes, strict=True)
        )
        counts = _log_uniform(rng, *family.counts)
        total = float(np.trapezoid(rate, grid))
        rate = np.asarray(rate) * counts / total
        steps = 0.5 * (rate[1:] + rate[:-1]) * np.diff(grid)
        return cls(grid_s=grid, cumulative=np.concatenate([[0.0], np.cumsum(steps)]), rate=rate)

    def counts_in(self, edges_s: FloatArray) -> FloatArray:
        """Expected counts between edges (s), as three GBM detectors see them."""
        return np.diff(np.interp(edges_s, self.grid_s, self.cumulative))

    @property
    def duration_s(self) -> float:
        """Time that holds 90 % of the counts, s."""
        low, high = np.interp([0.05, 0.95], self.cumulative / self.cumulative[-1], self.grid_s)
        return float(high - low)


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _norris(t: FloatArray, width: float, asymmetry: float) -> FloatArray:
    """Norris 2005 pulse of a given 1/e width and asymmetry k = t2 / width, peak 1."""
    t2 = asymmetry * width
    # width = t2 sqrt(1 + 4 mu), mu = sqrt(t1 / t2)
    mu = max((asymmetry**-2 - 1.0) / 4.0, 1e-3)
    t1 = t2 * mu**2
    positive = np.maximum(t, 1e-12)
    return np.asarray(np.where(t > 0, np.exp(2.0 * mu - t1 / positive - positive / t2), 0.0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """A curve with the truth behind it: expected net and background counts per bin, variance over mean."""

    curve: LightCurve
    signal: FloatArray
    background: FloatArray
    phi: float


def observe(
    pulses: Pulses, detector: Detector, *, arrival_s: float, start_s: float, stop_s: float, rng: np.random.Generator
) -> Observation:
    """Curve of a burst that reaches a detector `arrival_s` later than stated, between two times, s."""
    phase = rng.uniform(0.0, detector.width_s)
    n = int(np.ceil((stop_s - start_s) / detector.width_s))
    edges = start_s + phase + detector.width_s * np.arange(n + 1)
    area = detector.area * float(rng.lognormal(0.0, detector.area_scatter)) if detector.area_scatter else detector.area
    signal = area * pulses.counts_in(edges - arrival_s)
    x = np.linspace(-1, 1, n)
    drift = 1.0 + 0.02 * rng.normal() * x + 0.02 * rng.normal() * x * x
    background = detector.background_hz * detector.width_s * drift
    phi = float(rng.uniform(*detector.phi))
    expected = signal + background
    if phi > 1.0:
        counts = rng.negative_binomial(expected / (phi - 1.0), 1.0 / phi).astype(float)
    else:
        counts = rng.poisson(expected).astype(float)
    if detector.is_even:
        counts = 2.0 * np.floor(counts / 2.0)
    curve = LightCurve(detector.name, T0, start_s=edges[:-1], width_s=detector.width_s, counts=counts)
    return Observation(curve=curve, signal=signal, background=background, phi=phi)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedPair:
    """Two curves of one burst, and the truth."""

    a: Observation
    b: Observation
    delay_s: float
    max_delay_s: float
    duration_s: float
    area_ratio: float


def draw_pair(names: tuple[str, str], family: str, seed: int) -> SimulatedPair:
    """Pair of curves of a random burst of a family."""
    rng = np.random.default_rng([seed, *family.encode(), *"".join(names).encode()])
    pulses = Pulses.draw(FAMILIES[family], rng)
    light_s = PAIRS[names]
    delay = float(rng.uniform(-0.9, 0.9)) * light_s
    span = 3.0 * pulses.duration_s + 8.0
    tail = float(np.interp(0.99, pulses.cumulative / pulses.cumulative[-1], pulses.grid_s))
    a, b = (DETECTORS[name] for name in names)
    reach = span + light_s
    first = observe(pulses, a, arrival_s=0.0, start_s=-reach, stop_s=tail + reach, rng=rng)
    second = observe(pulses, b, arrival_s=delay, start_s=-reach, stop_s=tail + reach, rng=rng)
    return SimulatedPair(
        a=first,
        b=second,
        delay_s=delay,
        max_delay_s=light_s,
        duration_s=pulses.duration_s,
        area_ratio=b.area / a.area,
    )


def cramer_rao_s(pair: SimulatedPair) -> float:
    """Cramer-Rao bound of the delay for known shape, amplitudes and backgrounds free, s, 1 sigma."""
    return float(np.sqrt(sum(1.0 / _timing_information(each) for each in (pair.a, pair.b))))


def _timing_information(seen: Observation) -> float:
    width = float(seen.curve.width_s[0])
    variance = seen.phi * (seen.signal + seen.background)
    slope = np.gradient(seen.signal) / width
    design = np.stack([slope, seen.signal, seen.background])
    fisher = (design / variance) @ design.T
    return float(1.0 / np.linalg.inv(fisher)[0, 0])
