"""What a sky map is multiplied from: annuli, the Earth in the way, circles, other maps; as means over HEALPix cells.

A term answers with its *mean* over a cell that is too coarse for it, so that refinement can start from large cells
without missing a thin ring, and with its value at the centre once the cell resolves it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from tocsin.domain.errors import ScienceError
from tocsin.domain.late import optimize, special
from tocsin.domain.light_curves import BoolArray, FloatArray, IntArray, read_only
from triangulation import pixels
from triangulation.annulus import Annulus
from triangulation.geometry import EARTH_RADIUS_KM, SpacecraftPosition, unit_vector
from triangulation.posterior import DelayPosterior, valleys

#: A term never says "impossible": relative to an even spread, this much always remains.
FLOOR = 1e-12
#: A cell resolves a ring when its side is below this many sigma of the ring's profile.
RESOLVED_SIGMA = 0.6
#: The values at the centres of cells up to this side, in sigma, sample a ring as well as their means do (to 3e-4).
SAMPLED_SIGMA = 1.5
#: Half-extent of a cell in units of its side: of the farthest corner of any (at the edge of the polar caps, so that
#: nothing is missed), and on the average.
CORNER_SIDES, MEAN_SIDES = 1.05, 0.5
#: Farther from its mean than this, in sigma, a delay's error tells nothing more of another's: tails are not Gaussian,
#: and a correlation taken into them without bound would outgrow what the posteriors themselves say.
CORRELATED_SIGMA = 3.0
#: Height of the atmosphere that stops gamma rays, km, and the softness of its limb, rad.
ATMOSPHERE_KM = 70.0
LIMB_RAD = float(np.radians(0.5))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Cells of one order: nested numbers, shape (n,), and unit vectors to their centres, shape (n, 3).

    `is_last`: they will not be split, so a mean over them must not reach beyond them.
    """

    order: int
    pixel: IntArray
    centre: FloatArray
    is_last: bool = False

    @classmethod
    def of(cls, order: int, pixel: IntArray) -> "Cells":
        """Cells of one order from their nested numbers."""
        return cls(order=order, pixel=pixel, centre=pixels.centres(order, pixel))

    def along(self, axis: FloatArray) -> FloatArray:
        """Projection of the centres on an axis, shape (n,): written out, since threads of BLAS cost more than it is."""
        x, y, z = self.centre.T
        return np.asarray(x * axis[0] + y * axis[1] + z * axis[2])

    @property
    def side_rad(self) -> float:
        """Side of the cells, rad."""
        return pixels.scale_rad(self.order)


def _coarseness(is_fine: BoolArray) -> FloatArray:
    """Coarseness of cells that are either fine enough or not at all, shape (n,)."""
    return np.where(is_fine, 0.0, np.inf)


class SkyTerm(Protocol):
    """One factor of a sky map."""

    def evaluate(self, cells: Cells) -> tuple[FloatArray, FloatArray]:
        """Log of the term's mean over each cell, up to a constant, and how coarse the cells are; shapes (n,).

        Coarseness is the side of a cell in sigma of what the term shows there: 0 where any cell will do, infinite where
        the cell hides something.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnnulusTerm:
    """The delay of one pair as a function of direction.

    Parameters
    ----------
    axis
        Unit vector r_a - r_b.
    light_time_s
        Length of the baseline, light seconds.
    posterior
        Of the delay in the frame of the axis.
    width_s
        Local width of the posterior at its grid points, s, 1 sigma of the mode there.
    """

    axis: FloatArray
    light_time_s: float
    posterior: DelayPosterior
    width_s: FloatArray

    @classmethod
    def of(cls, annulus: Annulus) -> "AnnulusTerm":
        """Term of an annulus."""
        posterior = annulus.posterior.shifted(annulus.pair.clock_offset_s)
        return cls(
            axis=annulus.pair.axis,
            light_time_s=annulus.pair.light_time_s,
            posterior=posterior,
            width_s=_local_width_s(posterior),
        )

    def delay_s(self, cells: Cells) -> FloatArray:
        """Delay at the centre of each cell, s."""
        return cells.along(self.axis) * self.light_time_s

    def _span_s(self, delay_s: FloatArray, half_extent_rad: float) -> FloatArray:
        """Half the range of the delay over a cell, s: first order in its extent, second where the ring is a point."""
        sine = np.sqrt(np.maximum(1.0 - (delay_s / self.light_time_s) ** 2, 0.0))
        return np.asarray(self.light_time_s * np.maximum(sine * np.sin(half_extent_rad), 0.5 * half_extent_rad**2))

    def evaluate(self, cells: Cells) -> tuple[FloatArray, FloatArray]:
        """Mean of the posterior over the delays of each cell; its value at the centre where it is resolved.

        A cell resolves the annulus where the delay changes over it by less than the posterior does.
        """
        delay = self.delay_s(cells)
        width = np.interp(delay, self.posterior.delay_s, self.width_s)
        sides = 2.0 * self._span_s(delay, MEAN_SIDES * cells.side_rad) / width
        sampled = sides < (SAMPLED_SIGMA if cells.is_last else RESOLVED_SIGMA)
        value = np.empty(delay.size)
        value[sampled] = self.posterior.at(delay[sampled])
        value[~sampled] = self._mean(delay[~sampled], (MEAN_SIDES if cells.is_last else CORNER_SIDES) * cells.side_rad)
        return np.log(np.maximum(value, FLOOR / self.light_time_s)), sides

    def _mean(self, delay_s: FloatArray, half_extent_rad: float) -> FloatArray:
        half = self._span_s(delay_s, half_extent_rad)
        low = np.maximum(delay_s - half, -self.light_time_s)
        high = np.minimum(delay_s + half, self.light_time_s)
        return np.asarray((self.posterior.cumulative(high) - self.posterior.cumulative(low)) / (high - low))

    def z(self, cells: Cells) -> FloatArray:
        """Distance of each cell from the mean delay, in standard deviations, as far as it tells of other delays."""
        z = (self.delay_s(cells) - self.posterior.mean_s) / self.posterior.sigma_s
        return np.asarray(np.clip(z, -CORRELATED_SIGMA, CORRELATED_SIGMA))

    @property
    def best_log(self) -> float:
        """Logarithm of the highest density at a possible delay."""
        possible = np.abs(self.posterior.delay_s) <= self.light_time_s
        edges = self.posterior.at([-self.light_time_s, self.light_time_s])
        best = max(float(self.posterior.density[possible].max(initial=0.0)), float(edges.max()))
        return float(np.log(max(best, FLOOR / self.light_time_s)))


def _local_width_s(posterior: DelayPosterior) -> FloatArray:
    """Gaussian-equivalent width of the mode that each grid point belongs to, s: probability over peak density."""
    grid, density = posterior.delay_s, posterior.density
    bounds = [0, *valleys(density, 0.2), grid.size - 1]
    width = np.empty(grid.size)
    for first, last in pairwise(bounds):
        part = slice(first, last + 1)
        width[part] = np.trapezoid(density[part], grid[part]) / density[part].max() / np.sqrt(2.0 * np.pi)
    return width


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EarthTerm:
    """The Earth as a craft that saw the burst sees it: the burst cannot have come from there.

    Parameters
    ----------
    axis
        Unit vector from the craft to the geocentre.
    radius_rad
        Angular radius of the Earth with its atmosphere, rad.
    """

    axis: FloatArray
    radius_rad: float

    @classmethod
    def of(cls, craft: SpacecraftPosition) -> "EarthTerm":
        """Term of a craft."""
        radius = np.arcsin(min((EARTH_RADIUS_KM + ATMOSPHERE_KM) / craft.distance_km, 1.0))
        return cls(axis=read_only(-craft.vector_km / craft.distance_km), radius_rad=float(radius))

    def _beyond_rad(self, cells: Cells) -> FloatArray:
        return np.asarray(np.arccos(np.clip(cells.along(self.axis), -1.0, 1.0)) - self.radius_rad)

    def evaluate(self, cells: Cells) -> tuple[FloatArray, FloatArray]:
        """Share of each cell that is not behind the Earth; fine far from the limb, or if smaller than its softness."""
        beyond = self._beyond_rad(cells)
        softness = max(LIMB_RAD, 0.3 * cells.side_rad)
        share = np.log(FLOOR + (1.0 - FLOOR) * special.ndtr(beyond / softness))
        far = np.abs(beyond) > cells.side_rad + 3.0 * LIMB_RAD
        return np.asarray(share), _coarseness(far | (cells.side_rad < LIMB_RAD))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CircleTerm:
    """A Fisher distribution about a position.

    Parameters
    ----------
    axis
        Unit vector to the position.
    concentration
        kappa: density proportional to exp(kappa (cos(distance) - 1)).
    """

    axis: FloatArray
    concentration: float

    @classmethod
    def of(cls, ra_deg: float, dec_deg: float, radius_deg: float, containment: float) -> "CircleTerm":
        """Term of a position (deg) with a radius (deg) that holds the probability `containment` (0..1)."""
        if not (0.0 < radius_deg < 180.0 and 0.0 < containment < 1.0):
            raise ScienceError(f"an error circle of {radius_deg} deg at {containment} is none")
        return cls(
            axis=read_only(unit_vector(ra_deg, dec_deg)),
            concentration=_concentration(float(np.radians(radius_deg)), containment),
        )

    def evaluate(self, cells: Cells) -> tuple[FloatArray, FloatArray]:
        """The density, blurred by cells that are too coarse for it; fine once they are finer than the circle."""
        sides = float(cells.side_rad * np.sqrt(self.concentration))
        blur = 0.0 if sides < RESOLVED_SIGMA else cells.side_rad**2 / 6.0
        kappa = 1.0 / (1.0 / self.concentration + blur)
        # 1 - cos(distance) from the chord, exact for arcseconds.
        chord2 = ((cells.centre - self.axis) ** 2).sum(axis=1)
        log = np.log(kappa / self.concentration) - 0.5 * kappa * chord2
        return np.maximum(log, np.log(FLOOR)), np.full(cells.pixel.size, sides)


def _concentration(radius_rad: float, containment: float) -> float:
    """Kappa of the Fisher distribution that holds `containment` within a radius; almost 0 where an even spread does."""
    versine = 2.0 * np.sin(0.5 * radius_rad) ** 2
    if containment <= 0.5 * versine:
        return 1e-9

    def excess(log_kappa: float) -> float:
        kappa = np.exp(log_kappa)
        return float(np.expm1(-kappa * versine) / np.expm1(-2.0 * kappa) - containment)

    guess = float(np.log(-np.log1p(-containment) / versine))
    return float(np.exp(optimize.brentq(excess, min(guess, 0.0) - 25.0, max(guess, 0.0) + 5.0, xtol=1e-13)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MixtureTerm:
    """Several Fisher distributions about one position, each with its share: a core and a tail.

    Parameters
    ----------
    shares
        Their weights, shape (k,), of sum 1.
    circles
        The distributions.
    """

    shares: tuple[float, ...]
    circles: tuple[CircleTerm, ...]

    @classmethod
    def of(
        cls,
        ra_deg: float,
        dec_deg: float,
        radius_deg: float,
        containment: float,
        systematic: Sequence[tuple[float, float]],
    ) -> "MixtureTerm":
        """Term of a position (deg) whose statistical circle is widened by each systematic radius (68 %, deg).

        Raises
        ------
        ScienceError
            The shares do not make one, or a radius is none.
        """
        if abs(sum(share for share, _ in systematic) - 1.0) > 1e-6 or any(r < 0 for _, r in systematic):
            raise ScienceError(f"shares and radii of a systematic error: {list(systematic)}")
        if not (0.0 < radius_deg < 180.0 and 0.0 < containment < 1.0):
            raise ScienceError(f"an error circle of {radius_deg} deg at {containment} is none")
        radius_68 = radius_deg * np.sqrt(np.log1p(-0.68) / np.log1p(-containment))
        circles = (
            CircleTerm.of(ra_deg, dec_deg, min(float(np.hypot(radius_68, r)), 179.0), 0.68) for _, r in systematic
        )
        return cls(shares=tuple(share for share, _ in systematic), circles=tuple(circles))

    def evaluate(self, cells: Cells) -> tuple[FloatArray, FloatArray]:
        """Sum of the densities; fine once the cells are finer than the narrowest."""
        if len(self.circles) == 1:
            return self.circles[0].evaluate(cells)
        found = [circle.evaluate(cells) for circle in self.circles]
        kappa = np.array([circle.concentration for circle in self.circles])
        peak = np.array(self.shares) * kappa / -np.expm1(-2.0 * kappa)
        density = sum(height * np.exp(log) for height, (log, _) in zip(peak, found, strict=True))
        return np.log(density / peak.sum()), np.maximum.reduce([sides for _, sides in found])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MapTerm:
    """Another sky map, as its exact mean over any cell.

    Parameters
    ----------
    start
        First numbers of its cells on the finest grid and the end of the sky, shape (n + 1,).
    cumulative
        Probability before each of them, shape (n + 1,).
    """

    start: IntArray
    cumulative: FloatArray

    @classmethod
    def of(cls, start: IntArray, probability: FloatArray) -> "MapTerm":
        """Term of a map: first numbers of its cells on the finest grid, and the probability in each, shape (n,)."""
        return cls(
            start=np.append(start, pixels.N_FINEST),
            cumulative=np.concatenate([[0.0], np.cumsum(probability)]),
        )

    def evaluate(self, cells: Cells) -> tuple[FloatArray, FloatArray]:
        """Mean density over each cell, in units of an even spread; fine within one cell of the map."""
        shift = 2 * (pixels.FINEST_ORDER - cells.order)
        first, last = cells.pixel << shift, (cells.pixel + 1) << shift
        share = self._before(last) - self._before(first)
        own = np.searchsorted(self.start, first, side="right")
        is_fine = own == np.searchsorted(self.start, last - 1, side="right")
        return np.log(np.maximum(share * 12.0 * 4.0**cells.order, FLOOR)), _coarseness(is_fine)

    def _before(self, number: IntArray) -> FloatArray:
        cell = np.clip(np.searchsorted(self.start, number, side="right") - 1, 0, self.start.size - 2)
        part = (number - self.start[cell]) / (self.start[cell + 1] - self.start[cell])
        return np.asarray(self.cumulative[cell] + part * (self.cumulative[cell + 1] - self.cumulative[cell]))
