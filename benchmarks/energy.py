"""Coverage of delays of bursts that depend on energy: SPI-ACS against GBM in two bands, and against their sum.

    OPENBLAS_NUM_THREADS=1 python benchmarks/energy.py --seed 500000 --number 150 --processes 2

Seeds below 10000 were used while the method was tuned.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import Pool

import numpy as np
from figures import Figure
from simulated_bursts import draw_coloured

from triangulation.delay import DelayPosterior, estimate_delay
from triangulation.energy import View, coloured_delay, summed

LEVELS = (0.683, 0.90, 0.99)
FAMILIES = ("med_short", "bright_short", "med_long", "bright_long", "smooth_long")
LEAST, POOLED = (0.58, 0.78, 0.87), (0.64, 0.86, 0.95)
TREATMENTS = ("channels", "population", "untreated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One burst: error and width in s, which levels hold the truth."""

    family: str
    treatment: str
    error_s: float
    sigma_s: float
    covered: tuple[bool, ...]


def measured(job: tuple[str, int, str]) -> Trial:
    """Trial of one seed."""
    family, seed, treatment = job
    pair = draw_coloured(family, seed)
    total = summed(pair.bands)
    if treatment == "untreated":
        found = estimate_delay(pair.acs, total, max_delay_s=pair.max_delay_s)
    else:
        gbm = View(total=total, channels=pair.bands if treatment == "channels" else ())
        found = coloured_delay(View(total=pair.acs), gbm, max_delay_s=pair.max_delay_s)
    return Trial(
        family=family,
        treatment=treatment,
        error_s=found.median_s - pair.delay_s,
        sigma_s=found.sigma_s,
        covered=tuple(_covers(found, pair.delay_s, level) for level in LEVELS),
    )


def _covers(posterior: DelayPosterior, delay_s: float, level: float) -> bool:
    return any(low <= delay_s <= high for low, high in posterior.hpd(level))


def trials(seed: int, number: int, *, families: Sequence[str] = FAMILIES, processes: int = 1) -> list[Trial]:
    """Trials of every family: with the channels of GBM, with the lags of the population, without treatment."""
    jobs = [(family, seed + k, treatment) for family in families for treatment in TREATMENTS for k in range(number)]
    if processes == 1:
        return [measured(job) for job in jobs]
    with Pool(processes) as pool:
        return pool.map(measured, jobs, chunksize=4)


def figures(found: Sequence[Trial]) -> list[Figure]:
    """Figures of trials: pooled, then by family."""
    result: list[Figure] = []
    for treatment in TREATMENTS:
        is_required = treatment == "channels"
        here = [trial for trial in found if trial.treatment == treatment]
        result += _coverage(f"pooled, {treatment}", here, POOLED if is_required else None)
        for family in FAMILIES:
            cell = [trial for trial in here if trial.family == family]
            name = f"{family}, {treatment}"
            result += _coverage(name, cell, LEAST if is_required else None)
            error = np.array([trial.error_s for trial in cell])
            sigma = float(np.median([trial.sigma_s for trial in cell]))
            result += [
                Figure(name=f"{name}: robust error, ms", value=float(1482.6 * np.median(np.abs(error)))),
                Figure(name=f"{name}: median error, ms", value=float(1e3 * np.median(error))),
                Figure(name=f"{name}: median sigma, ms", value=1e3 * sigma),
            ]
    return result


def _coverage(name: str, found: Sequence[Trial], least: tuple[float, ...] | None) -> list[Figure]:
    covered = np.array([trial.covered for trial in found]).mean(axis=0)
    return [
        Figure(name=f"{name}: coverage at {level:g}", value=float(value), low=None if least is None else least[k])
        for k, (level, value) in enumerate(zip(LEVELS, covered, strict=True))
    ]


def run(seed: int = 500_000, number: int = 10, *, processes: int = 1) -> list[Figure]:
    """Figures of `number` bursts a family from a seed."""
    return figures(trials(seed, number, processes=processes))


def main() -> int:
    """Print the figures; 1 where one is unmet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=500_000)
    parser.add_argument("--number", type=int, default=10)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    found = run(options.seed, options.number, processes=options.processes)
    print(json.dumps({"name": "energy", "seed": options.seed, "figures": [figure.to_json() for figure in found]}))
    return 0 if all(figure.is_met for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
