"""Delays of bursts that depend on energy: SPI-ACS against GBM in two bands, and against their sum.

    OPENBLAS_NUM_THREADS=1 python benchmarks/energy.py --seed 900000 --number 300 --trials delay.jsonl

Seeds below 10000 were used while the method was tuned.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import study
from figures import Figure
from simulated_bursts import draw_coloured
from study import Job, Trial, robust_error

from triangulation.delay import estimate_delay
from triangulation.energy import View, coloured_delay, summed

PAIR = ("ACS", "GBM")
FAMILIES = ("med_short", "bright_short", "med_long", "bright_long", "smooth_long")
LEAST, POOLED = (0.58, 0.78, 0.87), (0.64, 0.86, 0.95)
#: With the channels of GBM; with the lags of the population; without treatment. The last two are for comparison, and
#: measured on every so many bursts only.
TREATMENTS = {"channels": 1, "population": 5, "untreated": 5}


def jobs(seed: int, number: int) -> list[Job]:
    """Bursts of every family, `number` each, with every treatment."""
    return [
        Job(kind=treatment, family=family, pair=PAIR, seed=seed + k)
        for k in range(number)
        for treatment, every in TREATMENTS.items()
        if k % every == 0
        for family in FAMILIES
    ]


def measured(job: Job) -> Trial:
    """Trial of one burst."""
    pair = draw_coloured(job.family, job.seed)
    total = summed(pair.bands)
    if job.kind == "untreated":
        found = estimate_delay(pair.acs, total, max_delay_s=pair.max_delay_s)
    else:
        gbm = View(total=total, channels=pair.bands if job.kind == "channels" else ())
        found = coloured_delay(View(total=pair.acs), gbm, max_delay_s=pair.max_delay_s)
    return Trial.of(job, found, pair.delay_s)


def figures(trials: Sequence[Trial]) -> list[Figure]:
    """Figures of trials: pooled, then by family."""
    result: list[Figure] = []
    nothing = (None, None, None)
    for treatment in TREATMENTS:
        is_required = treatment == "channels"
        here = [trial for trial in trials if trial.job.kind == treatment]
        ranges = [(low if is_required else 0.0, 1.0) for low in POOLED]
        result += study.pooled(f"energies, pooled, {treatment}: coverage", here, ranges, len(FAMILIES))
        for family in FAMILIES:
            cell = [trial for trial in here if trial.job.family == family]
            name = f"energies, {family}, {treatment}"
            result += study.covered(name, cell, LEAST if is_required else nothing)
            sigma = float(np.median([trial.sigma_s for trial in cell]))
            result += [
                Figure(name=f"{name}: robust error, ms", value=1e3 * robust_error([trial.error_s for trial in cell])),
                Figure(name=f"{name}: median error, ms", value=float(1e3 * np.median([t.error_s for t in cell]))),
                Figure(name=f"{name}: median sigma, ms", value=1e3 * sigma),
            ]
    return result


def run(seed: int = 900_000, number: int = 10, *, processes: int = 1, kept: Path | None = None) -> list[Figure]:
    """Figures of `number` bursts a family from a seed."""
    return figures(study.collected(jobs(seed, number), measured, processes=processes, kept=kept))


if __name__ == "__main__":
    sys.exit(study.main("energy", __doc__, run, number=10))
