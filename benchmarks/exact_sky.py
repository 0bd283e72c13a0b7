"""Exact answers for maps: densities on the sphere in closed form, and their overlaps by quadrature.

Nothing here uses pixels, so it can be wrong only together with nothing of what it measures.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tocsin.domain.light_curves import FloatArray
from triangulation import pixels
from triangulation.annulus import Annulus, annulus_from_delay
from triangulation.delay import DelayPosterior
from triangulation.geometry import SPEED_OF_LIGHT_KM_S, radec_deg, unit_vector
from triangulation.sky_terms import MixtureTerm
from triangulation.skymap import SkyMap

Density = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ring:
    """Annulus of a far craft: centre (deg), radius and width (deg, 1 sigma)."""

    centre_deg: tuple[float, float]
    radius_deg: float
    sigma_deg: float

    LIGHT_S = 1.4e6 / SPEED_OF_LIGHT_KM_S

    @property
    def delay_s(self) -> float:
        """Mean delay, s."""
        return float(self.LIGHT_S * np.cos(np.radians(self.radius_deg)))

    @property
    def sigma_s(self) -> float:
        """Width of the delay, s."""
        return float(self.LIGHT_S * np.sin(np.radians(self.radius_deg)) * np.radians(self.sigma_deg))

    def annulus(self) -> Annulus:
        """The annulus as the package makes it."""
        posterior = DelayPosterior.gaussian(self.delay_s, self.sigma_s)
        return annulus_from_delay(1.4e6 * unit_vector(*self.centre_deg), [0.0, 0.0, 0.0], posterior)

    def density(self, n: FloatArray) -> FloatArray:
        """Probability per sr at unit vectors, shape (..., 3)."""
        z = (n @ unit_vector(*self.centre_deg) * self.LIGHT_S - self.delay_s) / self.sigma_s
        return np.asarray(np.exp(-0.5 * z * z) / (np.sqrt(2 * np.pi) * self.sigma_s) * self.LIGHT_S / (2 * np.pi))

    def area_deg2(self, sigmas: float) -> float:
        """Area within so many sigma of the delay, deg2."""
        return 4 * np.pi * sigmas * self.sigma_s / self.LIGHT_S * pixels.SQUARE_DEG

    def point(self, off_deg: float, angle_rad: float) -> tuple[float, float]:
        """RA and Dec (deg) of a point off the centre line, at an angle about the centre."""
        axis = unit_vector(*self.centre_deg)
        first = np.cross(axis, [0.0, 0.0, 1.0])
        first /= np.linalg.norm(first)
        radius = np.radians(self.radius_deg + off_deg)
        around = np.cos(angle_rad) * first + np.sin(angle_rad) * np.cross(axis, first)
        ra, dec = radec_deg(np.cos(radius) * axis + np.sin(radius) * around)
        return float(ra), float(dec)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Disc:
    """Fisher distribution about a place (deg) that holds 68 % within a radius (deg)."""

    place_deg: tuple[float, float]
    radius_deg: float

    @property
    def kappa(self) -> float:
        """Concentration."""
        return MixtureTerm.of(*self.place_deg, self.radius_deg, 0.68, ((1.0, 0.0),)).circles[0].concentration

    def skymap(self, max_order: int = 14) -> SkyMap:
        """Map as the package makes it."""
        return SkyMap.from_position(*self.place_deg, error_radius_deg=self.radius_deg, max_order=max_order)

    def density(self, n: FloatArray) -> FloatArray:
        """Probability per sr at unit vectors, shape (..., 3)."""
        chord2 = ((n - unit_vector(*self.place_deg)) ** 2).sum(axis=-1)
        height = self.kappa / (2 * np.pi * -np.expm1(-2 * self.kappa))
        return np.asarray(height * np.exp(-0.5 * self.kappa * chord2))


def exact_overlap(other: Density, disc: Disc) -> float:
    """4 pi times the integral of a density and a disc, by Gauss-Legendre rings about the disc's place."""
    nodes, weights = np.polynomial.legendre.leggauss(300)
    highest = min(60.0 / disc.kappa, 2.0)
    versine, weight = 0.5 * highest * (nodes + 1.0), 0.5 * highest * weights
    phi = np.linspace(0.0, 2 * np.pi, 1000, endpoint=False)
    axis = unit_vector(*disc.place_deg)
    first = np.cross(axis, [0.0, 0.0, 1.0])
    first /= np.linalg.norm(first)
    second = np.cross(axis, first)
    sine = np.sqrt(versine * (2.0 - versine))
    around = np.cos(phi)[None, :, None] * first + np.sin(phi)[None, :, None] * second
    n = (1.0 - versine)[:, None, None] * axis + sine[:, None, None] * around
    values = other(n) * disc.density(n)
    return float(4 * np.pi * (weight[:, None] * values).sum() * 2 * np.pi / phi.size)


def pixel_means(density: Density, order: int, *, deeper: int, chunk: int = 512) -> FloatArray:
    """Exact mean of a density over every pixel of an order: from points in 4^deeper parts of each, shape (npix,)."""
    count = 12 * 4**order
    means = np.empty(count)
    parts = np.arange(4**deeper)
    for first in range(0, count, chunk):
        own = np.arange(first, min(first + chunk, count))
        inner = ((own << 2 * deeper)[:, None] + parts).ravel()
        values = density(pixels.centres(order + deeper, inner)).reshape(own.size, -1)
        means[own] = values.mean(axis=1)
    return means
