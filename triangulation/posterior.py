"""The posterior of a delay: a density on a grid, as many modes as the data leave, never a Gaussian in disguise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from tocsin.domain.errors import ScienceError
from tocsin.domain.late import special
from tocsin.domain.light_curves import FloatArray, read_only

#: A density that changes less than e-fold in so many sigma is not changed by folding (by 2 % at most).
SMOOTH_SIGMAS = 5.0


@dataclass(frozen=True, kw_only=True, eq=False)
class DelayPosterior:
    """Posterior of the delay of a pair (arrival at b minus arrival at a, true UTC at each craft).

    Parameters
    ----------
    delay_s
        Grid of delays, s, shape (n,), ascending, not uniform.
    density
        Probability density per s at the grid points, shape (n,), linear between them, 0 outside; of the *total* error.
        Normalised on construction.
    detected
        Both instruments show the burst.
    flags
        What a person must know: ``not_detected``, ``insufficient_background``, ``several_modes``,
        ``single_bin_dominated``, ``poor_fit``, ``unrelated``, ``no_constraint``, ``at_range_edge``.
    statistical_sigma_s
        Standard deviation from the counts alone, s.
    systematic_sigma_s
        What was folded in beside it (clocks, floor), s, 1 sigma.
    method
        ``joint``, ``ccf``, ``chi2`` or ``given``.
    energy
        What was done about the bands of the instruments: ``measured`` (lag of this burst, from its channels),
        ``population`` (lags of bursts like it), or empty: nothing, the width is that of counts and clocks alone.
    figures
        Further numbers of the fit by name (``signal_to_noise_a``, ``inflation``, ``entropy_gain_bit``, ...).

    Raises
    ------
    ScienceError
        The grid is no grid, or the density is nowhere positive.
    """

    delay_s: FloatArray
    density: FloatArray
    detected: bool = True
    flags: tuple[str, ...] = ()
    statistical_sigma_s: float = float("nan")
    systematic_sigma_s: float = 0.0
    method: str = "given"
    energy: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Normalise the density, make the arrays read-only."""
        grid, density = read_only(self.delay_s), np.array(self.density, dtype=np.float64)
        if grid.ndim != 1 or grid.shape != density.shape or grid.size < 3 or not (np.diff(grid) > 0).all():
            raise ScienceError("the grid of a delay posterior must ascend and match its density")
        area = float(np.trapezoid(density, grid))
        if not (np.isfinite(density).all() and (density >= 0).all() and area > 0):
            raise ScienceError("the density of a delay posterior must be finite, not negative and somewhere positive")
        object.__setattr__(self, "delay_s", grid)
        object.__setattr__(self, "density", read_only(density / area))

    @classmethod
    def gaussian(cls, mean_s: float, sigma_s: float) -> "DelayPosterior":
        """Normal posterior of a published delay.

        Parameters
        ----------
        mean_s, sigma_s
            Mean and 1-sigma error, s.

        Examples
        --------
        >>> posterior = DelayPosterior.gaussian(0.5, 0.01)
        >>> round(posterior.quantile(0.5), 6), round(posterior.sigma_s, 6)
        (0.5, 0.01)
        """
        if not (np.isfinite(mean_s) and np.isfinite(sigma_s) and sigma_s > 0):
            raise ScienceError(
                f"a Gaussian delay needs a finite mean and a positive sigma, not {mean_s} +- {sigma_s} s"
            )
        z = np.linspace(-8.0, 8.0, 1601)
        return cls(delay_s=mean_s + sigma_s * z, density=np.exp(-0.5 * z * z), statistical_sigma_s=float(sigma_s))

    @classmethod
    def uniform(cls, max_delay_s: float, *, flags: tuple[str, ...] = (), method: str = "joint") -> "DelayPosterior":
        """Prior of an isotropic sky: uniform in the delay within +-`max_delay_s`; what is left when nothing is seen."""
        grid = np.linspace(-max_delay_s, max_delay_s, 201)
        sigma = max_delay_s / np.sqrt(3.0)
        return cls(
            delay_s=grid, density=np.ones(201), detected=False, flags=flags, statistical_sigma_s=sigma, method=method
        )

    @cached_property
    def _cdf(self) -> FloatArray:
        steps = 0.5 * (self.density[1:] + self.density[:-1]) * np.diff(self.delay_s)
        total = np.concatenate([[0.0], np.cumsum(steps)])
        return np.asarray(total / total[-1])

    @cached_property
    def mean_s(self) -> float:
        """Mean, s."""
        return self._mean_power(0.0, 1)

    @cached_property
    def sigma_s(self) -> float:
        """Standard deviation of the whole posterior, s: statistical and systematic together."""
        return float(np.sqrt(max(self._mean_power(self.mean_s, 2), 0.0)))

    def _mean_power(self, origin_s: float, power: int) -> float:
        # Simpson's rule on each cell: exact, since the density is linear there.
        left, right = self.delay_s[:-1] - origin_s, self.delay_s[1:] - origin_s
        p0, p1 = self.density[:-1], self.density[1:]
        middle = (0.5 * (left + right)) ** power * 0.5 * (p0 + p1)
        return float(((right - left) * (left**power * p0 + 4.0 * middle + right**power * p1)).sum() / 6.0)

    @property
    def median_s(self) -> float:
        """Median, s."""
        return self.quantile(0.5)

    @property
    def mode_s(self) -> float:
        """Delay of the highest density, s."""
        return float(self.delay_s[int(np.argmax(self.density))])

    def cumulative(self, delay_s: npt.ArrayLike) -> FloatArray:
        """Probability of a delay below the given ones (s, any shape), exact for the piecewise linear density."""
        x = np.asarray(delay_s, dtype=np.float64)
        cell = np.clip(np.searchsorted(self.delay_s, x, side="right") - 1, 0, self.delay_s.size - 2)
        left, right = self.delay_s[cell], self.delay_s[cell + 1]
        u = np.clip(x, left, right) - left
        slope = (self.density[cell + 1] - self.density[cell]) / (right - left)
        return np.asarray(np.clip(self._cdf[cell] + u * (self.density[cell] + 0.5 * slope * u), 0.0, 1.0))

    def at(self, delay_s: npt.ArrayLike) -> FloatArray:
        """Probability density per s at the given delays (s, any shape)."""
        return np.asarray(
            np.interp(np.asarray(delay_s, dtype=np.float64), self.delay_s, self.density, left=0.0, right=0.0)
        )

    def quantile(self, q: float) -> float:
        """Delay below which a share `q` (0..1) of the probability lies, s."""
        if not 0.0 <= q <= 1.0:
            raise ScienceError(f"a quantile lies between 0 and 1, not at {q}")
        cell = int(np.clip(np.searchsorted(self._cdf, q, side="left") - 1, 0, self.delay_s.size - 2))
        rest, step = q - self._cdf[cell], self.delay_s[cell + 1] - self.delay_s[cell]
        p0 = self.density[cell]
        slope = (self.density[cell + 1] - p0) / step
        root = np.sqrt(max(p0 * p0 + 2.0 * slope * rest, 0.0))
        u = 2.0 * rest / (p0 + root) if p0 + root > 0 else 0.0
        return float(self.delay_s[cell] + np.clip(u, 0.0, step))

    def interval(self, level: float) -> tuple[float, float]:
        """Equal-tailed interval of probability `level` (0..1), s."""
        return self.quantile(0.5 * (1.0 - level)), self.quantile(0.5 * (1.0 + level))

    def hpd(self, level: float) -> list[tuple[float, float]]:
        """Smallest set of intervals that holds probability `level` (0..1), s, ascending.

        Examples
        --------
        >>> [[round(edge, 3) for edge in part] for part in DelayPosterior.gaussian(0.0, 1.0).hpd(0.6827)]
        [[-1.0, 1.0]]
        """
        if not 0.0 < level < 1.0:
            raise ScienceError(f"a credible level lies between 0 and 1, not at {level}")
        low, high = 0.0, float(self.density.max())
        for _ in range(50):
            threshold = 0.5 * (low + high)
            mass = sum(self._mass(part) for part in self._above(threshold))
            low, high = (threshold, high) if mass > level else (low, threshold)
        return self._above(low) or [(self.mode_s, self.mode_s)]

    def level_of(self, delay_s: float) -> float:
        """Credible level at which the smallest region (`hpd`) reaches a delay (s); 1 where it never does.

        Examples
        --------
        >>> round(DelayPosterior.gaussian(0.0, 1.0).level_of(1.0), 3)
        0.683
        """
        here = float(self.at(delay_s))
        return 1.0 if here <= 0 else min(1.0, sum(self._mass(part) for part in self._above(here)))

    def _mass(self, part: tuple[float, float]) -> float:
        low, high = self.cumulative(part)
        return float(high - low)

    def _above(self, threshold: float) -> list[tuple[float, float]]:
        over = np.concatenate([[False], self.density > threshold, [False]])
        edges = np.flatnonzero(over[1:] != over[:-1])
        return [
            (self._crossing(first - 1, threshold), self._crossing(last - 1, threshold))
            for first, last in zip(edges[::2], edges[1::2], strict=True)
        ]

    def _crossing(self, cell: int, threshold: float) -> float:
        if cell < 0 or cell > self.delay_s.size - 2:
            return float(self.delay_s[max(0, min(cell, self.delay_s.size - 1))])
        p0, p1 = self.density[cell], self.density[cell + 1]
        share = (threshold - p0) / (p1 - p0)
        return float(self.delay_s[cell] + share * (self.delay_s[cell + 1] - self.delay_s[cell]))

    def modes(self, *, depth: float = 0.2) -> list[tuple[float, float]]:
        """Modes as (delay of the peak in s, probability), most probable first.

        Parameters
        ----------
        depth
            Two peaks are two modes where the density between them falls below this share of the lower one.
        """
        cuts = valleys(self.density, depth)
        bounds = [0, *cuts, self.delay_s.size - 1]
        found = []
        for first, last in pairwise(bounds):
            peak = first + int(np.argmax(self.density[first : last + 1]))
            found.append((float(self.delay_s[peak]), float(self._cdf[last] - self._cdf[first])))
        return sorted(found, key=lambda mode: -mode[1])

    def broadened(self, sigma_s: float, *, max_delay_s: float | None = None) -> "DelayPosterior":
        """Same posterior with a further independent Gaussian error of `sigma_s` folded in, s.

        Parameters
        ----------
        sigma_s
            1-sigma error, s; 0 changes nothing.
        max_delay_s
            The delay cannot be beyond +-this, s (None: no limit).
        """
        if sigma_s <= 0:
            return self
        sharp = _sharp(self, sigma_s)
        if not sharp.size:
            return replace(self, systematic_sigma_s=float(np.hypot(self.systematic_sigma_s, sigma_s)))
        grid = _broadened_grid(self, sharp, sigma_s)
        density = self.at(grid)
        near = np.searchsorted(sharp, grid + 8.5 * sigma_s) > np.searchsorted(sharp, grid - 8.5 * sigma_s)
        density[near] = _folded(self.delay_s, self.density, grid[near], sigma_s)
        systematic = float(np.hypot(self.systematic_sigma_s, sigma_s))
        folded = replace(self, delay_s=grid, density=density, systematic_sigma_s=systematic)
        return folded if max_delay_s is None else folded.within(max_delay_s)

    def shifted(self, offset_s: float) -> "DelayPosterior":
        """Same posterior with `offset_s` added to every delay, s."""
        return replace(self, delay_s=self.delay_s + offset_s)

    def within(self, max_delay_s: float) -> "DelayPosterior":
        """Same posterior, nothing beyond +-`max_delay_s`; unchanged where hardly anything of it lies within."""
        inside = np.abs(self.delay_s) <= max_delay_s
        if inside.all() or inside.sum() < 3 or float(np.diff(self.cumulative([-max_delay_s, max_delay_s]))[0]) < 1e-4:
            return self
        low, high = max(-max_delay_s, float(self.delay_s[0])), min(max_delay_s, float(self.delay_s[-1]))
        inner = self.delay_s[inside]
        grid = np.concatenate([[low] if inner[0] > low else [], inner, [high] if inner[-1] < high else []])
        # Between points that are almost one, interpolation may round to below zero, or to nothing finite.
        density = np.maximum(self.at(grid), 0.0)
        is_sound = bool(np.isfinite(density).all()) and float(np.trapezoid(density, grid)) > 0
        return replace(self, delay_s=grid, density=density) if is_sound else self

    def with_flags(self, *flags: str) -> "DelayPosterior":
        """Same posterior with further flags."""
        return replace(self, flags=tuple(dict.fromkeys((*self.flags, *flags))))

    def entropy_gain_bit(self, max_delay_s: float) -> float:
        """Information gained over the uniform prior within +-`max_delay_s`, bit."""
        inside = np.where(self.density > 0, self.density, 1.0)
        gain = np.trapezoid(np.log2(inside * 2.0 * max_delay_s) * self.density, self.delay_s)
        return max(float(gain), 0.0)

    def to_json(self) -> dict[str, Any]:
        """JSON-able form, lossless: `from_json` gives the posterior back."""
        return {
            "method": self.method,
            "energy": self.energy,
            "detected": self.detected,
            "flags": list(self.flags),
            "median_s": self.median_s,
            "mean_s": self.mean_s,
            "sigma_s": self.sigma_s,
            "statistical_sigma_s": self.statistical_sigma_s if np.isfinite(self.statistical_sigma_s) else None,
            "systematic_sigma_s": self.systematic_sigma_s,
            "figures": dict(self.figures),
            "grid_s": self.delay_s.tolist(),
            "density": self.density.tolist(),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "DelayPosterior":
        """Posterior from its JSON-able form."""
        statistical = record["statistical_sigma_s"]
        return cls(
            delay_s=np.array(record["grid_s"]),
            density=np.array(record["density"]),
            detected=record["detected"],
            flags=tuple(record["flags"]),
            statistical_sigma_s=float("nan") if statistical is None else statistical,
            systematic_sigma_s=record["systematic_sigma_s"],
            method=record["method"],
            energy=record.get("energy", ""),
            figures=record["figures"],
        )


def valleys(density: FloatArray, depth: float) -> Sequence[int]:
    """Indices that part the modes of a density: between any two peaks it falls below `depth` of the lower one there."""
    rises = np.diff(density, prepend=-np.inf, append=-np.inf) > 0
    cuts: list[int] = []
    peak, valley, valley_at, falling = 0.0, np.inf, 0, False
    # Only where it turns.
    for index in np.flatnonzero(rises[1:] != rises[:-1]).tolist():
        value = float(density[index])
        if not falling:
            peak = max(peak, value)
            if value < depth * peak:
                falling, valley, valley_at = True, value, index
        elif value < valley:
            valley, valley_at = value, index
        elif valley < depth * value and value > 1e-6 * peak:
            cuts.append(valley_at)
            peak, falling = value, False
    return cuts


def thinned(points: FloatArray, spacing: float) -> FloatArray:
    """Sorted points of which no two are nearer than `spacing`."""
    cells = np.floor((points - points[0]) / spacing).astype(np.int64)
    return np.asarray(points[np.concatenate([[True], np.diff(cells) > 0])])


def _sharp(posterior: DelayPosterior, sigma_s: float) -> FloatArray:
    """Points of the grid about which a density changes within a few sigma, s, shape (k,): folding matters there."""
    least = 1e-6 * float(posterior.density.max())
    log = np.log(np.maximum(posterior.density, least))
    steep = np.abs(np.diff(log)) * SMOOTH_SIGMAS * sigma_s > np.diff(posterior.delay_s)
    ends = posterior.density[[0, -1]] > least
    return np.asarray(posterior.delay_s[np.append(ends[0] | steep[:1], steep) | np.append(steep, ends[1] | steep[-1:])])


def _broadened_grid(posterior: DelayPosterior, sharp: FloatArray, sigma_s: float) -> FloatArray:
    """Grid for the folded density: the old one where it is smooth, else steps of sigma / 10."""
    old = thinned(posterior.delay_s, sigma_s / 10)
    centres = thinned(sharp, 2 * sigma_s)
    tail = np.arange(5.5, 10.0, 0.5)
    offsets = np.concatenate([-tail[::-1], np.arange(-5.4, 5.45, 0.1), tail])
    around = (centres[:, None] + sigma_s * offsets[None, :]).ravel()
    grid = np.sort(np.concatenate([old, around]))
    return thinned(grid, sigma_s / 12)


def _folded(x: FloatArray, p: FloatArray, at: FloatArray, sigma: float) -> FloatArray:
    """Piecewise linear density (x, p) convolved with a Gaussian, exactly, at the points `at`, not normalised.

    On each cell p = p0 + s (t - x0); the integrals of N and t N over it are differences of Phi and of the density.
    """
    out = np.empty(at.size)
    slope = np.diff(p) / np.diff(x)
    for block in range(0, at.size, 64):
        here = at[block : block + 64, None]
        first = max(int(np.searchsorted(x, here[0, 0] - 8.5 * sigma)) - 1, 0)
        last = min(int(np.searchsorted(x, here[-1, 0] + 8.5 * sigma)) + 1, x.size)
        z = (x[None, first:last] - here) / sigma
        phi, cdf = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi), special.ndtr(z)
        steepness = slope[None, first : last - 1]
        level = p[None, first : last - 1] + steepness * (here - x[None, first : last - 1])
        cells = level * np.diff(cdf, axis=1) - sigma * steepness * np.diff(phi, axis=1)
        out[block : block + 64] = cells.sum(axis=1)
    return np.asarray(np.maximum(out, 0.0))
