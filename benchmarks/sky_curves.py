"""From counts to the sky: simulated light curves at four craft, their delays measured, the map made of them.

python benchmarks/sky_curves.py --seed 620000 --number 300
python benchmarks/sky_curves.py --seed 980000 --number 400 --family weak_short
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from figures import Figure
from scipy.stats import kstest
from simulated_bursts import DETECTORS, FAMILIES, Observation, Pulses, observe
from sky import Pair, Sky, places, seen_from

from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray
from triangulation.delay import estimate_delay
from triangulation.geometry import SpacecraftPosition, baseline
from triangulation.network import star

#: What flies where.
ABOARD = {"low": "GBM", "high": "ACS", "L1": "KW", "DRO": "GBM"}
KINDS = ("weak_short", "med_short", "bright_short", "med_long", "bright_long")


def drawn(family: str, rng: np.random.Generator) -> Sky:
    """Random burst of a family, with the delays measured from its light curves."""
    where = places(rng)
    source = seen_from(where["low"], rng)
    curves = _curves(where, source, Pulses.draw(FAMILIES[family], rng), rng)
    pairs = []
    for a, b in combinations(where, 2):
        light_s = baseline(where[a], where[b]).light_time_s
        posterior = estimate_delay(curves[a].curve, curves[b].curve, max_delay_s=light_s)
        pairs.append(Pair(a=a, b=b, posterior=posterior))
    low = SpacecraftPosition(spacecraft="low", epoch_utc="2020-01-01", vector_km=where["low"])
    return Sky(places_km=where, low=low, source=source, pairs=tuple(pairs))


def _curves(
    where: dict[str, FloatArray], source: FloatArray, pulses: Pulses, rng: np.random.Generator
) -> dict[str, Observation]:
    """Light curve at each craft, later than at the one in low orbit by the path."""
    reach = 3.0 * pulses.duration_s + 18.0
    tail = float(np.interp(0.99, pulses.cumulative / pulses.cumulative[-1], pulses.grid_s))
    return {
        name: observe(
            pulses,
            DETECTORS[ABOARD[name]],
            arrival_s=float(baseline(where["low"], place).delay_s(source)) if name != "low" else 0.0,
            start_s=-reach,
            stop_s=tail + reach,
            rng=rng,
        )
        for name, place in where.items()
    }


@dataclass(kw_only=True)
class Measured:
    """Levels of the truths in maps by family (1 where a map was refused), in the delays; 90 % areas, deg2."""

    levels: dict[str, list[float]]
    delays: list[float] = field(default_factory=list)
    areas: list[float] = field(default_factory=list)


def measure(seed: int, number: int, families: Sequence[str] = KINDS) -> Measured:
    """Delays and maps of random bursts of some families by turns."""
    found = Measured(levels={family: [] for family in families})
    for k in range(number):
        family = families[k % len(families)]
        sky = drawn(family, np.random.default_rng([seed, k]))
        usable = [pair for pair in sky.pairs if pair.posterior.detected]
        found.delays += [pair.posterior.level_of(_delay_s(sky, pair)) for pair in usable]
        try:
            skymap = sky.skymap(star(usable), is_joint=True)
        except ScienceError:
            found.levels[family].append(1.0)
            continue
        found.levels[family].append(sky.level(skymap))
        found.areas.append(skymap.credible_area_deg2(0.9))
    return found


def _delay_s(sky: Sky, pair: Pair) -> float:
    return float(baseline(sky.places_km[pair.a], sky.places_km[pair.b]).delay_s(sky.source))


def figures(found: Measured) -> list[Figure]:
    """Shares of truths in the regions, pooled and by family."""
    pooled = np.array([level for levels in found.levels.values() for level in levels])
    delays = np.array(found.delays)
    by_family = [
        Figure(name=f"90 % region, {family}, of {len(levels)}", value=float((np.array(levels) <= 0.9).mean()))
        for family, levels in found.levels.items()
        if levels
    ]
    return [
        Figure(name="share of truths in the 50 % region", value=float((pooled <= 0.5).mean())),
        Figure(name="share of truths in the 90 % region", value=float((pooled <= 0.9).mean()), low=0.85, high=0.95),
        Figure(name="share of truths in the 99 % region", value=float((pooled <= 0.99).mean())),
        Figure(name="share of truths in the 99.9 % region", value=float((pooled <= 0.999).mean()), low=0.97),
        Figure(name="KS probability of even containment", value=float(kstest(pooled, "uniform").pvalue), low=0.01),
        Figure(name="90 % area, median, deg2", value=float(np.median(found.areas))),
        *by_family,
        *(
            Figure(name=f"true delays in the {100 * level:g} % regions of their posteriors", value=share)
            for level in (0.5, 0.9, 0.99)
            for share in [float((delays <= level).mean())]
        ),
    ]


def run(seed: int = 620_000, number: int = 60) -> list[Figure]:
    """All figures; 300 bursts take some minutes, so fewer unless asked for."""
    return figures(measure(seed, number))


def main() -> int:
    """Print the figures and the levels; 1 where a figure is unmet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=620_000)
    parser.add_argument("--number", type=int, default=300)
    parser.add_argument("--family", nargs="+", choices=list(FAMILIES), default=list(KINDS))
    options = parser.parse_args()
    measured = measure(options.seed, options.number, options.family)
    found = figures(measured)
    shown = {"name": "sky_curves", "seed": options.seed, "figures": [figure.to_json() for figure in found]}
    print(json.dumps(shown | {"levels": measured.levels}))
    return 0 if all(figure.is_met for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
