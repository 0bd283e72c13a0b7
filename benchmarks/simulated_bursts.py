"""Simulated bursts with known delays: Norris pulses seen by detectors like SPI-ACS, Fermi GBM and Konus-Wind."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from tocsin.domain.light_curves import FloatArray, LightCurve
from triangulation.energy import effective_ln_energy

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
class Recipe:
    """Pulses of a burst: starts, widths (s), asymmetries, amplitudes and net counts in three GBM detectors.

    Parameters
    ----------
    narrowing
        Widths go as E^-narrowing.
    hardness
        Amplitudes go as E^hardness, pulse by pulse.
    """

    duration_s: float
    start_s: FloatArray
    width_s: FloatArray
    asymmetry: FloatArray
    amplitude: FloatArray
    counts: float
    narrowing: float = 0.0
    hardness: FloatArray | float = 0.0

    @classmethod
    def draw(cls, family: Family, rng: np.random.Generator) -> "Recipe":
        """Random burst of a family, the same at all energies."""
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
        return cls(
            duration_s=duration,
            start_s=starts,
            width_s=widths,
            asymmetry=rng.uniform(0.3, 0.7, number),
            amplitude=amplitudes,
            counts=_log_uniform(rng, *family.counts),
        )

    def coloured(self, family: Family, rng: np.random.Generator) -> "Recipe":
        """Same burst with pulses that are narrower at higher energies, as real ones are."""
        mean, scatter = (0.30, 0.12) if family.name.endswith("long") else (0.10, 0.08)
        narrowing = float(rng.normal(mean, scatter))
        return replace(self, narrowing=narrowing, hardness=rng.normal(0.0, 0.15, self.start_s.size))

    def pulses(self, ln_energy: float = 0.0, share: float = 1.0) -> "Pulses":
        """Burst at an energy (ln E over the reference), with a share of the counts."""
        duration = self.duration_s
        grid = np.arange(-0.05 * duration, 4.0 * duration, duration / 6000)
        widths = self.width_s * np.exp(-self.narrowing * ln_energy)
        amplitudes = self.amplitude * np.exp(self.hardness * ln_energy)
        rate = sum(
            amplitude * _norris(grid - start, width, asymmetry)
            for start, width, asymmetry, amplitude in zip(self.start_s, widths, self.asymmetry, amplitudes, strict=True)
        )
        total = float(np.trapezoid(rate, grid))
        rate = np.asarray(rate) * self.counts * share / total
        steps = 0.5 * (rate[1:] + rate[:-1]) * np.diff(grid)
        return Pulses(grid_s=grid, cumulative=np.concatenate([[0.0], np.cumsum(steps)]), rate=rate)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pulses:
    """A burst at one energy: times (s), rate (counts/s) and its integral on a grid, each of shape (n,)."""

    grid_s: FloatArray
    cumulative: FloatArray
    rate: FloatArray

    @classmethod
    def draw(cls, family: Family, rng: np.random.Generator) -> "Pulses":
        """Random burst of a family, with counts as three GBM detectors see it."""
        return Recipe.draw(family, rng).pulses()

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
    """A curve with the truth behind it: expected net and background counts per bin, variance over mean.

    `slope` is the derivative of the net counts by the arrival time, counts per s.
    """

    curve: LightCurve
    signal: FloatArray
    slope: FloatArray
    background: FloatArray
    phi: float


def observe(
    pulses: Pulses,
    detector: Detector,
    *,
    arrival_s: float,
    start_s: float,
    stop_s: float,
    rng: np.random.Generator,
    phase_s: float | None = None,
) -> Observation:
    """Curve of a burst that reaches a detector `arrival_s` later than stated, between two times, s."""
    phase = float(rng.uniform(0.0, detector.width_s)) if phase_s is None else phase_s
    n = int(np.ceil((stop_s - start_s) / detector.width_s))
    edges = start_s + phase + detector.width_s * np.arange(n + 1)
    area = detector.area * float(rng.lognormal(0.0, detector.area_scatter)) if detector.area_scatter else detector.area
    signal = area * pulses.counts_in(edges - arrival_s)
    slope = -area * np.diff(np.interp(edges - arrival_s, pulses.grid_s, pulses.rate, left=0.0, right=0.0))
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
    return Observation(curve=curve, signal=signal, slope=slope, background=background, phi=phi)


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


#: Bands of the coloured set, keV; the true effective energies scatter by this about the nominal ones, in ln E.
GBM_BANDS_KEV, ACS_BAND_KEV, BAND_SCATTER = ((40.0, 120.0), (120.0, 360.0)), (80.0, 10_000.0), 0.25


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ColouredPair:
    """SPI-ACS and the two bands of GBM for one burst whose pulses depend on energy, and the truth."""

    acs: LightCurve
    bands: tuple[LightCurve, ...]
    delay_s: float
    max_delay_s: float


def draw_coloured(family: str, seed: int) -> ColouredPair:
    """Pair with energies: GBM sees half the counts in each band, SPI-ACS those of an energy it does not know well."""
    rng = np.random.default_rng([seed, *family.encode(), *b"coloured"])
    recipe = Recipe.draw(FAMILIES[family], rng).coloured(FAMILIES[family], rng)
    reference = float(np.mean([effective_ln_energy(band) for band in GBM_BANDS_KEV]))
    acs_energy = effective_ln_energy(ACS_BAND_KEV) - reference + BAND_SCATTER * float(rng.normal())
    whole = recipe.pulses()
    light_s = PAIRS["ACS", "GBM"]
    delay = float(rng.uniform(-0.9, 0.9)) * light_s
    reach = 3.0 * whole.duration_s + 8.0 + light_s
    stop = float(np.interp(0.99, whole.cumulative / whole.cumulative[-1], whole.grid_s)) + reach
    acs = observe(
        recipe.pulses(acs_energy), DETECTORS["ACS"], arrival_s=0.0, start_s=-reach, stop_s=stop, rng=rng
    ).curve.replace(energy_kev=ACS_BAND_KEV)
    half = replace(DETECTORS["GBM"], background_hz=0.5 * DETECTORS["GBM"].background_hz)
    phase = float(rng.uniform(0.0, half.width_s))
    bands = tuple(
        observe(
            recipe.pulses(effective_ln_energy(band) - reference, 0.5),
            half,
            arrival_s=delay,
            start_s=-reach,
            stop_s=stop,
            rng=rng,
            phase_s=phase,
        ).curve.replace(energy_kev=band)
        for band in GBM_BANDS_KEV
    )
    return ColouredPair(acs=acs, bands=bands, delay_s=delay, max_delay_s=light_s)


def cramer_rao_s(pair: SimulatedPair) -> float:
    """Cramer-Rao bound of the delay for known shape, amplitudes and backgrounds free, s, 1 sigma."""
    return float(np.sqrt(sum(1.0 / _timing_information(each) for each in (pair.a, pair.b))))


def _timing_information(seen: Observation) -> float:
    variance = seen.phi * (seen.signal + seen.background)
    design = np.stack([seen.slope, seen.signal, seen.background])
    fisher = (design / variance) @ design.T
    return float(1.0 / np.linalg.inv(fisher)[0, 0])
