"""Calibration, accuracy and cost of sky maps: random bursts seen by four craft, thin annuli, overlaps.

python benchmarks/sky.py --seed 500000 --number 300
"""

import argparse
import json
import sys
import time

import numpy as np
from figures import Figure
from scipy.special import ndtri
from scipy.stats import kstest

from tocsin.domain.light_curves import FloatArray
from triangulation import pixels
from triangulation.annulus import Annulus, annulus_from_delay
from triangulation.delay import DelayPosterior
from triangulation.geometry import (
    EARTH_RADIUS_KM,
    SpacecraftPosition,
    baseline,
    radec_deg,
    separation_deg,
    unit_vector,
)
from triangulation.skymap import SkyMap, overlap


def direction(rng: np.random.Generator) -> FloatArray:
    """Random unit vector, even over the sky."""
    vector = rng.normal(size=3)
    return np.asarray(vector / np.linalg.norm(vector))


def craft(rng: np.random.Generator) -> tuple[SpacecraftPosition, list[FloatArray]]:
    """A craft in low orbit, and three far ones: high orbit, L1, distant retrograde orbit (km)."""
    low = SpacecraftPosition(spacecraft="low", epoch_utc="2020-01-01", vector_km=6920.0 * direction(rng))
    return low, [rng.uniform(60e3, 150e3) * direction(rng), 1.5e6 * direction(rng), 4e5 * direction(rng)]


def observed(far_km: FloatArray, low: SpacecraftPosition, source: FloatArray, rng: np.random.Generator) -> Annulus:
    """Annulus of a measured delay: the true one plus an error, with a posterior as wide as the error."""
    delay = float(baseline(far_km, low.vector_km).delay_s(source))
    sigma = float(np.exp(rng.uniform(np.log(3e-4), np.log(3e-2))))
    posterior = DelayPosterior.gaussian(delay + sigma * rng.normal(), sigma)
    return annulus_from_delay(far_km, low.vector_km, posterior)


def calibration(seed: int, number: int) -> list[Figure]:
    """Containment of the truth in maps of three annuli and the Earth, and what a map costs."""
    rng = np.random.default_rng(seed)
    contained, built_s, integrals = [], [], []
    while len(contained) < number:
        low, far = craft(rng)
        source = direction(rng)
        behind = float(separation_deg(source, -low.vector_km))
        if behind < np.degrees(np.arcsin((EARTH_RADIUS_KM + 70.0) / low.distance_km)):
            continue
        rings = [observed(each, low, source, rng) for each in far]
        start = time.process_time()
        skymap = SkyMap.from_annuli(rings, detected_by=[low])
        built_s.append(time.process_time() - start)
        contained.append(skymap.containment(*(float(angle) for angle in radec_deg(source))))
        integrals.append(abs(float(skymap.probability.sum()) - 1.0))
    levels = np.array(contained)
    return [
        Figure(name="share of truths in the 50 % region", value=float((levels <= 0.5).mean())),
        Figure(name="share of truths in the 90 % region", value=float((levels <= 0.9).mean()), low=0.85, high=0.95),
        Figure(name="share of truths in the 99.9 % region", value=float((levels <= 0.999).mean()), low=0.99),
        Figure(name="KS probability of even containment", value=float(kstest(levels, "uniform").pvalue), low=0.01),
        Figure(name="build, median, ms", value=float(np.median(built_s) * 1e3), high=50.0),
        Figure(name="build, 95th percentile, ms", value=float(np.quantile(built_s, 0.95) * 1e3)),
        Figure(name="|integral - 1|, largest", value=max(integrals), high=1e-9),
    ]


def thin_annulus(seed: int) -> list[Figure]:
    """Areas of an annulus of 0.05 deg against the analytic ones."""
    rng = np.random.default_rng(seed)
    far = 1.4e6 * direction(rng)
    pair = baseline(far, [0.0, 0.0, 0.0])
    sigma = pair.light_time_s * np.sin(np.radians(63.0)) * np.radians(0.05)
    ring = annulus_from_delay(
        far, [0.0, 0.0, 0.0], DelayPosterior.gaussian(pair.light_time_s * np.cos(np.radians(63.0)), float(sigma))
    )
    start = time.process_time()
    skymap = SkyMap.from_annuli([ring])
    cpu = time.process_time() - start
    errors = []
    for level in (0.5, 0.9, 0.99):
        exact = 4 * np.pi * sigma / pair.light_time_s * ndtri(0.5 + 0.5 * level) * pixels.SQUARE_DEG
        errors.append(abs(skymap.credible_area_deg2(level) / exact - 1.0))
    return [
        Figure(name="thin annulus: largest relative error of areas", value=float(max(errors)), high=1e-3),
        Figure(name="thin annulus: build, s", value=cpu, high=0.3),
    ]


def overlaps() -> list[Figure]:
    """Overlap of two discs against the closed form, its symmetry and cost."""
    a = SkyMap.from_position(10.0, 0.0, error_radius_deg=3.0)
    b = SkyMap.from_position(12.0, 0.0, error_radius_deg=0.5)
    sigma2 = sum((np.radians(radius)) ** 2 / (-2 * np.log(1 - 0.68)) for radius in (3.0, 0.5))
    distance = np.radians(float(separation_deg(unit_vector(10.0, 0.0), unit_vector(12.0, 0.0))))
    exact = 2.0 / sigma2 * np.exp(-0.5 * distance**2 / sigma2)
    start = time.process_time()
    value = overlap(a, b)
    cpu = time.process_time() - start
    return [
        Figure(name="overlap of discs: relative error", value=abs(value / exact - 1.0), high=2e-3),
        Figure(name="overlap: asymmetry", value=abs(overlap(b, a) / value - 1.0), high=1e-12),
        Figure(name="overlap: cost, ms", value=cpu * 1e3, high=50.0),
    ]


def geometry(seed: int, number: int = 2000) -> list[Figure]:
    """Distance of the truth from the centre line for random pairs of a high and a low orbit."""
    rng = np.random.default_rng(seed)
    worst = 0.0
    for _ in range(number):
        high, low = rng.uniform(60e3, 150e3) * direction(rng), rng.uniform(6800, 7000) * direction(rng)
        source = direction(rng)
        delay = float(baseline(high, low).delay_s(source))
        ring = annulus_from_delay(high, low, DelayPosterior.gaussian(delay, 1e-3))
        worst = max(worst, abs(float(separation_deg(ring.pair.axis, source)) - ring.radius_deg))
    return [Figure(name="truth off the centre line, largest, deg", value=worst, high=1e-6)]


def run(seed: int = 500_000, number: int = 300) -> list[Figure]:
    """All figures."""
    return [*calibration(seed, number), *thin_annulus(seed), *overlaps(), *geometry(seed)]


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
