"""Calibration and cost of sky maps: random bursts seen by four craft with clocks of their own; thin annuli.

python benchmarks/sky.py --seed 500000 --number 300
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from exact_sky import Ring
from figures import Figure
from scipy.special import ndtri
from scipy.stats import kstest

from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray
from triangulation.annulus import annulus_from_delay
from triangulation.delay import DelayPosterior
from triangulation.geometry import (
    EARTH_RADIUS_KM,
    SpacecraftPosition,
    baseline,
    radec_deg,
    separation_deg,
)
from triangulation.network import shared_covariance_s2, star
from triangulation.skymap import SkyMap

#: Own timing error of a craft, s, 1 sigma: log-uniform between these.
OWN_ERROR_S = (2e-4, 2e-2)
ATMOSPHERE_KM = 70.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    """A pair of craft with its measured delay."""

    a: str
    b: str
    posterior: DelayPosterior


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sky:
    """A burst that four craft saw: where they were (km), where it came from, and what was measured."""

    places_km: dict[str, FloatArray]
    low: SpacecraftPosition
    source: FloatArray
    pairs: tuple[Pair, ...]

    def skymap(self, pairs: Sequence[Pair], *, is_joint: bool, max_order: int = 14) -> SkyMap:
        """Map of some pairs; with what their delays share, or as if they were independent."""
        rings = [annulus_from_delay(self.places_km[p.a], self.places_km[p.b], p.posterior) for p in pairs]
        covariance = shared_covariance_s2(pairs, self.pairs) if is_joint else None
        return SkyMap.from_annuli(rings, delay_covariance_s2=covariance, detected_by=[self.low], max_order=max_order)

    def tried(self, pairs: Sequence[Pair]) -> SkyMap | None:
        """Map of pairs as if they were independent; None where that makes them contradict each other."""
        try:
            return self.skymap(pairs, is_joint=False)
        except ScienceError:
            return None

    def level(self, skymap: SkyMap) -> float:
        """Credible level at which a map reaches the true source."""
        return skymap.containment(*(float(angle) for angle in radec_deg(self.source)))


def direction(rng: np.random.Generator) -> FloatArray:
    """Random unit vector, even over the sky."""
    vector = rng.normal(size=3)
    return np.asarray(vector / np.linalg.norm(vector))


def places(rng: np.random.Generator) -> dict[str, FloatArray]:
    """A craft in low orbit, and three far ones: high orbit, L1, distant retrograde orbit (km)."""
    return {
        "low": 6920.0 * direction(rng),
        "high": rng.uniform(60e3, 150e3) * direction(rng),
        "L1": 1.5e6 * direction(rng),
        "DRO": 4e5 * direction(rng),
    }


def seen_from(low_km: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Random direction that the Earth does not hide from a craft in low orbit."""
    limb_deg = np.degrees(np.arcsin((EARTH_RADIUS_KM + ATMOSPHERE_KM) / np.linalg.norm(low_km)))
    while True:
        source = direction(rng)
        if float(separation_deg(source, -low_km)) > limb_deg:
            return source


def drawn(rng: np.random.Generator) -> Sky:
    """Random burst: each craft errs by its own, a delay by the difference of two, and its posterior says how much."""
    where = places(rng)
    source = seen_from(where["low"], rng)
    own = {name: float(np.exp(rng.uniform(*np.log(OWN_ERROR_S)))) for name in where}
    error = {name: sigma * float(rng.normal()) for name, sigma in own.items()}
    pairs = []
    for a, b in combinations(where, 2):
        delay = float(baseline(where[a], where[b]).delay_s(source)) + error[b] - error[a]
        pairs.append(Pair(a=a, b=b, posterior=DelayPosterior.gaussian(delay, float(np.hypot(own[a], own[b])))))
    low = SpacecraftPosition(spacecraft="low", epoch_utc="2020-01-01", vector_km=where["low"])
    return Sky(places_km=where, low=low, source=source, pairs=tuple(pairs))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """Levels of the truths in maps made in three ways, their 90 % areas (deg2), and what the first way costs."""

    joint: FloatArray
    independent: FloatArray
    every_pair: FloatArray
    areas_deg2: FloatArray
    cost_s: FloatArray
    integral_error: float


def measure(seed: int, number: int) -> Measured:
    """Maps of random bursts: star with its covariance, star without, and all six pairs as if independent."""
    rng = np.random.default_rng(seed)
    levels, areas, cost, integral = [], [], [], 0.0
    for _ in range(number):
        sky = drawn(rng)
        chosen = star(sky.pairs)
        start = time.process_time()
        joint = sky.skymap(chosen, is_joint=True)
        cost.append(time.process_time() - start)
        integral = max(integral, abs(float(joint.probability.sum()) - 1.0))
        maps = [joint, sky.tried(chosen), sky.tried(sky.pairs)]
        levels.append([1.0 if one is None else sky.level(one) for one in maps])
        areas.append([np.nan if one is None else one.credible_area_deg2(0.9) for one in maps])
    joint_levels, independent, every = np.array(levels).T
    return Measured(
        joint=joint_levels,
        independent=independent,
        every_pair=every,
        areas_deg2=np.array(areas),
        cost_s=np.array(cost),
        integral_error=integral,
    )


def calibration(found: Measured) -> list[Figure]:
    """Containment of the truths, and what a map costs."""
    levels, areas = found.joint, np.nanmedian(found.areas_deg2, axis=0)

    def share(level: float, of: FloatArray = levels) -> float:
        return float((of <= level).mean())

    return [
        Figure(name="share of truths in the 50 % region", value=share(0.5)),
        Figure(name="share of truths in the 90 % region", value=share(0.9), low=0.85, high=0.95),
        Figure(name="share of truths in the 99.9 % region", value=share(0.999), low=0.99),
        Figure(name="KS probability of even containment", value=float(kstest(levels, "uniform").pvalue), low=0.01),
        Figure(name="the same without what delays share: 90 %", value=share(0.9, found.independent)),
        Figure(name="area without over area with it, median", value=float(areas[1] / areas[0])),
        Figure(name="all six pairs as if independent (wrong): 90 %", value=share(0.9, found.every_pair)),
        Figure(name="build, median, ms", value=float(np.median(found.cost_s) * 1e3), high=50.0),
        Figure(name="build, 95th percentile, ms", value=float(np.quantile(found.cost_s, 0.95) * 1e3)),
        Figure(name="|integral - 1|, largest", value=found.integral_error, high=1e-9),
    ]


def thin_annuli() -> list[Figure]:
    """Areas of annuli of 0.05 deg (1 sigma) against the analytic ones, at three radii."""
    worst, slowest = 0.0, 0.0
    for radius in (20.0, 63.0, 90.0):
        ring = Ring(centre_deg=(40.0, 20.0), radius_deg=radius, sigma_deg=0.05)
        start = time.process_time()
        skymap = SkyMap.from_annuli([ring.annulus()])
        slowest = max(slowest, time.process_time() - start)
        for level in (0.5, 0.9, 0.99):
            exact = ring.area_deg2(float(ndtri(0.5 + 0.5 * level)))
            worst = max(worst, abs(skymap.credible_area_deg2(level) / exact - 1.0))
    return [
        Figure(name="thin annuli: largest relative error of areas", value=worst, high=1e-3),
        Figure(name="thin annuli: slowest build, s", value=slowest, high=0.3),
    ]


def order_fourteen() -> list[Figure]:
    """Finest cells of a burst timed to 10 us at three far craft: 13 arcsec, and the truth still in its region."""
    rng = np.random.default_rng(14)
    where = {name: 3e8 * direction(rng) for name in ("a", "b", "c")} | {"low": 6920.0 * direction(rng)}
    source = direction(rng)
    rings = []
    for name in ("a", "b", "c"):
        delay = float(baseline(where[name], where["low"]).delay_s(source))
        rings.append(annulus_from_delay(where[name], where["low"], DelayPosterior.gaussian(delay, 0.05)))
    skymap = SkyMap.from_annuli(rings)
    place = (float(angle) for angle in radec_deg(source))
    return [
        Figure(name="finest order of a map of arcseconds", value=float(skymap.order.max()), low=14.0, high=14.0),
        Figure(name="level of the truth in it", value=skymap.containment(*place), high=0.9),
    ]


def run(seed: int = 500_000, number: int = 300) -> list[Figure]:
    """All figures."""
    return [*calibration(measure(seed, number)), *thin_annuli(), *order_fourteen()]


def main() -> int:
    """Print the figures; 1 where one is unmet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=500_000)
    parser.add_argument("--number", type=int, default=300)
    options = parser.parse_args()
    found = run(options.seed, options.number)
    print(json.dumps({"name": "sky", "seed": options.seed, "figures": [figure.to_json() for figure in found]}))
    return 0 if all(figure.is_met for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
