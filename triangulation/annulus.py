"""Annuli: the ring on the sky that a delay between two craft allows.

With D the length of the baseline, ``cos(radius) = c * delay / D`` around the axis r_a - r_b. The edges are exact
arccosines of the delay's quantiles: near |c delay| = D they are far from symmetric, or the ring closes to a disc.
"""

from dataclasses import dataclass
from math import erfc, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray
from triangulation.geometry import Baseline, EarthMotion, PositionLike, baseline, radec_deg, separation_deg, unit_vector
from triangulation.posterior import DelayPosterior

#: Quantiles of "3 sigma", to which the half-widths of IPN annuli are published.
LOW_3SIGMA, HIGH_3SIGMA = 0.00135, 0.99865
#: A delay whose 4-sigma quantile is still beyond the light time of the baseline contradicts the positions.
INCONSISTENT_Q = 0.5 * erfc(4.0 / sqrt(2.0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Annulus:
    """Annulus of one pair of craft on the sky, ICRS.

    Parameters
    ----------
    ra_deg, dec_deg
        Centre, deg: direction of r_a - r_b.
    radius_deg
        Radius of the centre line, deg, 0 to 180: from the median of the delay.
    minus_3sigma_deg, plus_3sigma_deg
        Positive distances from the centre line to the inner and outer 3-sigma edge, deg.
    posterior
        Posterior of the delay with the errors of the positions folded in, in the frame of `pair`.
    pair
        The baseline.
    flags
        Those of the posterior; ``disc`` where the ring closes around the centre (or around its opposite);
        ``statistical_only`` where a measured delay knows nothing of energies: not to be published.
    """

    ra_deg: float
    dec_deg: float
    radius_deg: float
    minus_3sigma_deg: float
    plus_3sigma_deg: float
    posterior: DelayPosterior
    pair: Baseline
    flags: tuple[str, ...] = ()

    @property
    def inner_deg(self) -> float:
        """Radius of the inner 3-sigma edge, deg; 0 where it is a disc."""
        return self.radius_deg - self.minus_3sigma_deg

    @property
    def outer_deg(self) -> float:
        """Radius of the outer 3-sigma edge, deg; 180 where it is a disc around the opposite point."""
        return self.radius_deg + self.plus_3sigma_deg

    @property
    def half_width_3sigma_deg(self) -> float:
        """Half the distance between the 3-sigma edges, deg."""
        return 0.5 * (self.minus_3sigma_deg + self.plus_3sigma_deg)

    def offset_deg(self, ra_deg: npt.ArrayLike, dec_deg: npt.ArrayLike) -> FloatArray:
        """Signed distance of points (deg) from the centre line, deg: positive outside."""
        return separation_deg(self.pair.axis, unit_vector(ra_deg, dec_deg)) - self.radius_deg

    def offset_half_widths(self, ra_deg: float, dec_deg: float) -> float:
        """Signed distance of a point (deg) from the centre line in units of the 3-sigma half-width on its side."""
        offset = float(self.offset_deg(ra_deg, dec_deg))
        width = self.plus_3sigma_deg if offset > 0 else self.minus_3sigma_deg
        return offset / width if width > 0 else float(np.copysign(np.inf, offset)) if offset else 0.0

    def contains(self, ra_deg: float, dec_deg: float) -> bool:
        """Whether a point (deg) lies between the 3-sigma edges."""
        return abs(self.offset_half_widths(ra_deg, dec_deg)) <= 1.0

    def rings_deg(self, level: float) -> list[tuple[float, float]]:
        """Smallest set of rings (inner, outer radius, deg) that holds probability `level` (0..1): one per mode."""
        edges = self.posterior.hpd(level)
        return [(_radius(high, self.pair), _radius(low, self.pair)) for low, high in reversed(edges)]

    def published(self) -> tuple[float, float, float, float, float]:
        """Centre RA, Dec, radius <= 90, minus, plus (deg), as circulars print it: if need be of the opposite centre."""
        if self.radius_deg <= 90.0:
            return self.ra_deg, self.dec_deg, self.radius_deg, self.minus_3sigma_deg, self.plus_3sigma_deg
        ra = (self.ra_deg + 180.0) % 360.0
        return ra, -self.dec_deg, 180.0 - self.radius_deg, self.plus_3sigma_deg, self.minus_3sigma_deg

    def to_json(self) -> dict[str, Any]:
        """JSON-able form, without the posterior."""
        return {
            "ra_deg": self.ra_deg,
            "dec_deg": self.dec_deg,
            "radius_deg": self.radius_deg,
            "minus_3sigma_deg": self.minus_3sigma_deg,
            "plus_3sigma_deg": self.plus_3sigma_deg,
            "baseline_light_s": self.pair.light_time_s,
            "energy": self.posterior.energy,
            "statistical_sigma_s": self.posterior.statistical_sigma_s,
            "sigma_s": self.posterior.sigma_s,
            "rings_90_deg": [list(ring) for ring in self.rings_deg(0.9)],
            "flags": list(self.flags),
        }


def annulus_from_delay(
    position_a_km: PositionLike,
    position_b_km: PositionLike,
    posterior: DelayPosterior,
    *,
    earth: EarthMotion | None = None,
) -> Annulus:
    """Annulus of a pair from the posterior of its delay.

    Parameters
    ----------
    position_a_km, position_b_km
        Where the craft were, each at its own arrival time: vectors on common ICRF axes (km, shape (3,)) or
        `SpacecraftPosition`, whose errors are folded into the delay.
    posterior
        Of the arrival at b minus the arrival at a, UTC.
    earth
        Motion of the Earth, to treat named positions barycentrically, see `triangulation.geometry.baseline`.

    Raises
    ------
    ScienceError
        The craft are at one place, or the delay is longer than light needs between them by more than 4 sigma.

    Examples
    --------
    >>> ring = annulus_from_delay([299_792.458, 0, 0], [0, 0, 0], DelayPosterior.gaussian(0.5, 0.001))
    >>> round(ring.radius_deg, 3), round(ring.half_width_3sigma_deg, 3)
    (60.0, 0.198)
    """
    pair = baseline(position_a_km, position_b_km, earth=earth)
    total = posterior.broadened(pair.error_s)
    low, median, high = (total.quantile(q) for q in (LOW_3SIGMA, 0.5, HIGH_3SIGMA))
    _check_possible(total, pair)
    radius, inner, outer = (_radius(delay, pair) for delay in (median, high, low))
    ra, dec = radec_deg(pair.axis)
    reach = max(abs(high + pair.clock_offset_s), abs(low + pair.clock_offset_s))
    disc = ("disc",) if reach >= pair.light_time_s else ()
    untreated = ("statistical_only",) if posterior.method != "given" and not posterior.energy else ()
    return Annulus(
        ra_deg=float(ra),
        dec_deg=float(dec),
        radius_deg=radius,
        minus_3sigma_deg=radius - inner,
        plus_3sigma_deg=outer - radius,
        posterior=total,
        pair=pair,
        flags=(*posterior.flags, *disc, *untreated),
    )


def _radius(delay_s: float, pair: Baseline) -> float:
    cosine = (delay_s + pair.clock_offset_s) / pair.light_time_s
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def _check_possible(posterior: DelayPosterior, pair: Baseline) -> None:
    nearest = max(
        posterior.quantile(INCONSISTENT_Q) + pair.clock_offset_s,
        -posterior.quantile(1.0 - INCONSISTENT_Q) - pair.clock_offset_s,
    )
    if nearest > pair.light_time_s:
        raise ScienceError(
            f"inconsistent: a delay of {posterior.median_s:.6g} s is longer than the {pair.light_time_s:.6g} s "
            "light needs between the craft, by more than 4 sigma",
            remedy="check positions, epochs and clocks, and that both curves show the same burst",
        )


def crossings(a: Annulus, b: Annulus) -> tuple[tuple[float, float], ...]:
    """Points (RA, Dec, deg) where the centre lines of two annuli cross: two, or none where they do not meet.

    Examples
    --------
    >>> x, y = ([299_792.458, 0, 0], [0, 299_792.458, 0])
    >>> rings = [annulus_from_delay(place, [0, 0, 0], DelayPosterior.gaussian(0.0, 0.001)) for place in (x, y)]
    >>> [round(abs(dec), 6) for ra, dec in crossings(*rings)]
    [90.0, 90.0]
    """
    return circle_crossings(a.pair.axis, a.radius_deg, b.pair.axis, b.radius_deg)


def circle_crossings(
    axis_a: FloatArray, radius_a_deg: float, axis_b: FloatArray, radius_b_deg: float
) -> tuple[tuple[float, float], ...]:
    """Points (RA, Dec, deg) where two small circles cross: two, or none; axes are unit vectors, shape (3,)."""
    cosine = float(axis_a @ axis_b)
    sine2 = 1.0 - cosine * cosine
    if sine2 < 1e-18:
        return ()
    ca, cb = np.cos(np.radians([radius_a_deg, radius_b_deg]))
    foot = ((ca - cosine * cb) * axis_a + (cb - cosine * ca) * axis_b) / sine2
    rest = 1.0 - float(foot @ foot)
    if rest < 0:
        return ()
    normal = np.cross(axis_a, axis_b) * np.sqrt(rest / sine2)
    points = (radec_deg(foot + sign * normal) for sign in (1.0, -1.0))
    return tuple((float(ra), float(dec)) for ra, dec in points)
