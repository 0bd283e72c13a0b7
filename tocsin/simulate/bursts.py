"""Bursts: Norris pulses, their sum as a function of time, and classes of bursts to draw from.

Times are seconds after the burst's own zero, the moment its first pulse begins; where and when a craft sees that
moment is the business of `tocsin.simulate.spacecraft`.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tocsin.domain.light_curves import FloatArray

#: Energy at which pulse widths are stated, keV.
REFERENCE_KEV = 200.0
#: Points of the table a profile is integrated on.
TABLE_POINTS = 8001


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """One pulse: intensity ``exp(2 mu - rise_s / t - t / decay_s)`` with ``mu = sqrt(rise_s / decay_s)``.

    Parameters
    ----------
    start_s
        Time at which it begins, s after the burst's zero.
    rise_s, decay_s
        Time scales of rise (tau 1) and decay (tau 2), s, at `REFERENCE_KEV`.
    amplitude
        Peak intensity, relative to the other pulses of the burst.

    References
    ----------
    Norris et al. 2005, ApJ 627, 324, equations 1 to 3.
    """

    start_s: float
    rise_s: float
    decay_s: float
    amplitude: float = 1.0

    @property
    def peak_s(self) -> float:
        """Time of the peak, s after the burst's zero."""
        return self.start_s + float(np.sqrt(self.rise_s * self.decay_s))

    @property
    def width_s(self) -> float:
        """Width between the points of 1/e of the peak intensity, s."""
        mu = float(np.sqrt(self.rise_s / self.decay_s))
        return self.decay_s * float(np.sqrt(1.0 + 4.0 * mu))

    def intensity(self, t_s: npt.ArrayLike) -> FloatArray:
        """Intensity at times `t_s`, shape as `t_s`, with `amplitude` at the peak and 0 before the start."""
        late = np.asarray(t_s, dtype=np.float64) - self.start_s
        safe = np.where(late > 0.0, late, 1.0)
        mu = np.sqrt(self.rise_s / self.decay_s)
        shape = np.exp(2.0 * mu - self.rise_s / safe - safe / self.decay_s)
        return np.asarray(np.where(late > 0.0, self.amplitude * shape, 0.0), dtype=np.float64)

    def stretched(self, factor: float) -> "Pulse":
        """Same start and height, `factor` times as wide: a pulse of another energy."""
        return Pulse(
            start_s=self.start_s, rise_s=self.rise_s * factor, decay_s=self.decay_s * factor, amplitude=self.amplitude
        )


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Time profile of a burst in one energy band: which share of its photons has come by when.

    Parameters
    ----------
    t_s
        Times of the table, shape (n,), s after the burst's zero, ascending.
    share
        Share of the photons that came before each, shape (n,), from 0 to 1.
    """

    t_s: FloatArray
    share: FloatArray

    def share_before(self, t_s: npt.ArrayLike) -> FloatArray:
        """Share of all photons that came before times `t_s`: 0 before the burst, 1 after it."""
        return np.asarray(np.interp(np.asarray(t_s, dtype=np.float64), self.t_s, self.share))

    def share_in(self, edges_s: FloatArray) -> FloatArray:
        """Share of all photons in each bin between consecutive `edges_s`, shape (n,) for n + 1 edges."""
        return np.asarray(np.diff(self.share_before(edges_s)))

    def draw_times(self, rng: np.random.Generator, n: int) -> FloatArray:
        """Arrival times of `n` photons, ascending, s after the burst's zero."""
        return np.asarray(np.sort(np.interp(rng.random(n), self.share, self.t_s)))

    def duration_s(self, level: float = 0.9) -> float:
        """Time in which the middle `level` of the photons comes: T90 at the default, s."""
        tail = 0.5 * (1.0 - level)
        return self.time_of_share(1.0 - tail) - self.time_of_share(tail)

    def time_of_share(self, share: float) -> float:
        """Time by which `share` of the photons has come, s after the burst's zero."""
        return float(np.interp(share, self.share, self.t_s))

    def best_window(self) -> tuple[float, float]:
        """Window (start, width) in s with the largest ratio of burst photons to the square root of its width."""
        widths = np.geomspace(max(self.duration_s() / 20.0, 1e-3), 2.0 * self.duration_s(0.99), 40)
        starts = np.linspace(self.t_s[0], self.time_of_share(0.95), 200)
        gain = self.share_before(starts[:, None] + widths) - self.share_before(starts)[:, None]
        row, column = np.unravel_index(np.argmax(gain / np.sqrt(widths)), gain.shape)
        return float(starts[row]), float(widths[column])


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """A burst: its pulses and how their width depends on energy.

    Parameters
    ----------
    pulses
        At least one.
    width_index
        w of width proportional to energy^-w: 0.3 for typical long bursts, about 0 (no measurable lag) for short ones.
    fluence_erg_cm2
        Fluence in 75-2000 keV, erg/cm2.
    """

    pulses: tuple[Pulse, ...]
    width_index: float = 0.0
    fluence_erg_cm2: float = 1e-6

    def profile(self, energy_kev: tuple[float, float] | None = None) -> Profile:
        """Profile in the band `energy_kev` (by its geometric mean), at `REFERENCE_KEV` without one."""
        energy = REFERENCE_KEV if energy_kev is None else float(np.sqrt(energy_kev[0] * energy_kev[1]))
        factor = (energy / REFERENCE_KEV) ** -self.width_index
        return _tabulate(tuple(pulse.stretched(factor) for pulse in self.pulses))

    def intensity(self, t_s: npt.ArrayLike) -> FloatArray:
        """Relative intensity at times `t_s` at `REFERENCE_KEV`: the sum of its pulses."""
        times = np.asarray(t_s, dtype=np.float64)
        return np.asarray(np.sum([pulse.intensity(times) for pulse in self.pulses], axis=0))

    def scaled(self, fluence_erg_cm2: float) -> "Burst":
        """Same shape with another fluence."""
        return Burst(pulses=self.pulses, width_index=self.width_index, fluence_erg_cm2=fluence_erg_cm2)


@lru_cache(maxsize=64)
def _tabulate(pulses: tuple[Pulse, ...]) -> Profile:
    """Integrated sum of pulses, on a table from the first start to where the last tail has died (1e-9)."""
    first = min(pulse.start_s for pulse in pulses)
    last = max(pulse.start_s + 2.0 * (pulse.peak_s - pulse.start_s) + 22.0 * pulse.decay_s for pulse in pulses)
    # A finer grid early, where the rises are: quadratic spacing keeps both ends resolved.
    grid = first + (last - first) * np.linspace(0.0, 1.0, TABLE_POINTS) ** 2
    rate = np.sum([pulse.intensity(grid) for pulse in pulses], axis=0)
    grown = np.concatenate([[0.0], np.cumsum(0.5 * (rate[1:] + rate[:-1]) * np.diff(grid))])
    return Profile(grid, grown / grown[-1])


class BurstClass(StrEnum):
    """Kinds of bursts to draw from."""

    WEAK_SHORT = "weak_short"
    BRIGHT_SHORT = "bright_short"
    MEDIUM_LONG = "medium_long"
    BRIGHT_LONG = "bright_long"
    SMOOTH_LONG = "smooth_long"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recipe:
    """Ranges that a class is drawn from: span of the pulse starts (s), pulses, fluence (erg/cm2), width index."""

    span_s: tuple[float, float]
    pulses: tuple[int, int]
    fluence_erg_cm2: tuple[float, float]
    width_index: tuple[float, float]


_RECIPES = {
    BurstClass.WEAK_SHORT: _Recipe(
        span_s=(0.15, 0.5), pulses=(1, 2), fluence_erg_cm2=(1e-7, 3e-7), width_index=(0.0, 0.0)
    ),
    BurstClass.BRIGHT_SHORT: _Recipe(
        span_s=(0.12, 0.26), pulses=(2, 5), fluence_erg_cm2=(1.5e-6, 5e-6), width_index=(0.0, 0.0)
    ),
    BurstClass.MEDIUM_LONG: _Recipe(
        span_s=(5.0, 32.0), pulses=(3, 9), fluence_erg_cm2=(3e-6, 1e-5), width_index=(0.30, 0.12)
    ),
    BurstClass.BRIGHT_LONG: _Recipe(
        span_s=(10.0, 56.0), pulses=(5, 20), fluence_erg_cm2=(3e-5, 2e-4), width_index=(0.30, 0.12)
    ),
    BurstClass.SMOOTH_LONG: _Recipe(
        span_s=(4.0, 20.0), pulses=(1, 1), fluence_erg_cm2=(1e-6, 4e-6), width_index=(0.30, 0.12)
    ),
}


def draw_burst(kind: BurstClass, rng: np.random.Generator) -> Burst:
    """Burst of a class: pulses with log-normal heights spread over the class's span of time.

    Parameters
    ----------
    kind
        Class to draw from.
    rng
        Source of all random numbers.
    """
    recipe = _RECIPES[kind]
    span_s = rng.uniform(*recipe.span_s)
    n = int(rng.integers(recipe.pulses[0], recipe.pulses[1] + 1))
    starts = np.concatenate([[0.0], np.sort(rng.uniform(0.0, 0.6 * span_s, n - 1))])
    widths = span_s / (1.0 + 0.6 * n) * rng.uniform(0.5, 1.0, n)
    pulses = tuple(_pulse(float(start), float(width), rng) for start, width in zip(starts, widths, strict=True))
    index = max(0.0, rng.normal(*recipe.width_index))
    fluence = float(np.exp(rng.uniform(*np.log(recipe.fluence_erg_cm2))))
    return Burst(pulses=pulses, width_index=index, fluence_erg_cm2=fluence)


def _pulse(start_s: float, width_s: float, rng: np.random.Generator) -> Pulse:
    """Pulse of the given 1/e width, with decay over width drawn from 0.3 to 0.7 as observed."""
    decay_s = width_s * rng.uniform(0.3, 0.7)
    mu = ((width_s / decay_s) ** 2 - 1.0) / 4.0
    return Pulse(start_s=start_s, rise_s=mu**2 * decay_s, decay_s=decay_s, amplitude=float(rng.lognormal(0.0, 0.7)))
