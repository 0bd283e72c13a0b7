"""Delays of simulated and of thinned real bursts with known truth, beside those of the classical methods.

    OPENBLAS_NUM_THREADS=1 python benchmarks/delay.py --seed 900000 --number 300 --trials delay.jsonl

Seeds below 10000 were used while the method was tuned; the figures in the documentation are from seeds above 800000.
"""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import disturbances
import energy
import numpy as np
import study
import thinned
from figures import Figure
from simulated_bursts import FAMILIES, PAIRS, SimulatedPair, cramer_rao_s, draw_pair
from study import LEVELS, Job, Trial, robust_error

from triangulation import classical
from triangulation.curves import find_burst, series_of
from triangulation.delay import estimate_delay

#: Robust error over the Cramer-Rao bound that a family may reach.
ERROR_RATIOS = {"med_short": 1.5, "med_long": 1.5, "bright_long": 1.5, "bright_short": 1.8, "weak_short": 2.3}
#: Undisturbed bursts whose flags count: weak and very smooth ones have reason to be flagged.
COMMON = ("med_short", "bright_short", "med_long", "bright_long")
#: Flags that say something of the data rather than of what they can tell, and how often they may be raised.
FLAGS = {
    "not_detected": 0.05,
    "insufficient_background": 0.05,
    "several_modes": 0.05,
    "single_bin_dominated": 0.05,
    "poor_fit": 0.05,
    "unrelated": 0.02,
    "no_constraint": 0.05,
}
#: The classical methods take long: measured on every so many bursts, and compared on the same.
CLASSICAL_EVERY = 3
#: A wrong alias is further off than half the shortest period of a train of pulses, s; confident beyond this level.
ALIAS_S, CONFIDENT = 0.06, 0.99


def jobs(seed: int, number: int) -> list[Job]:
    """Bursts of every family and pair of instruments, `number` each."""
    return [
        Job(kind="common", family=family, pair=pair, seed=seed + k)
        for k in range(number)
        for family in FAMILIES
        for pair in PAIRS
    ]


def measured(job: Job) -> Trial:
    """Trial of one undisturbed burst."""
    pair = draw_pair(job.pair, job.family, job.seed)
    start = time.process_time()
    found = estimate_delay(pair.a.curve, pair.b.curve, max_delay_s=pair.max_delay_s, area_ratio=pair.area_ratio)
    cpu = time.process_time() - start
    beside = _classical(pair) if job.seed % CLASSICAL_EVERY == 0 else {}
    return Trial.of(job, found, pair.delay_s, bound_s=cramer_rao_s(pair), cpu_s=cpu, classical=beside)


def _classical(pair: SimulatedPair) -> dict[str, tuple[float, float]]:
    """Error of the best delay (s) and level that reaches the truth, of both classical methods."""
    series = (series_of(pair.a.curve, pair.a.curve.t0_utc), series_of(pair.b.curve, pair.a.curve.t0_utc))
    scan = classical.scan(series, (find_burst(series[0]), find_burst(series[1])), pair.max_delay_s)
    found = {"chi2": classical.chi2_posterior(scan), "ccf": classical.ccf_posterior(scan)}
    return {name: (each.mode_s - pair.delay_s, each.level_of(pair.delay_s)) for name, each in found.items()}


def figures(trials: Sequence[Trial]) -> list[Figure]:
    """Figures of undisturbed bursts: pooled, then by cell, then flags."""
    cpu = np.array([trial.cpu_s for trial in trials]) * 1e3
    ranges = ((0.66, 0.74), (0.88, 0.94), (0.975, 1.0))
    cells = sorted({(trial.job.family, trial.job.pair) for trial in trials})
    # The error of a robust error is about as large, relative to it, as 1.2 over the root of the number.
    slack = 1.0 if len(trials) >= study.ENOUGH * len(cells) else 1.0 + 2.4 / np.sqrt(len(trials))
    pooled = study.pooled("pooled coverage", trials, ranges, len(cells))
    pooled += [
        Figure(name="pooled robust error over Cramer-Rao", value=_over_bound(trials), high=1.35 * slack),
        Figure(name="pooled robust error over chi-squared's", value=_over_classical(trials, "chi2"), high=0.75 * slack),
        Figure(name="pooled robust error over cross-correlation's", value=_over_classical(trials, "ccf")),
        Figure(name="pooled coverage of chi-squared at 0.683", value=_classical_coverage(trials, "chi2")),
        Figure(name="pooled coverage of cross-correlation at 0.683", value=_classical_coverage(trials, "ccf")),
        Figure(name="CPU per pair, median, ms", value=float(np.median(cpu)), high=80.0),
        Figure(name="CPU per pair, 95th percentile, ms", value=float(np.quantile(cpu, 0.95)), high=350.0),
    ]
    return [
        *pooled,
        *_aliases(trials),
        *(f for family, pair in cells for f in _cell(trials, family, pair)),
        *_flags(trials),
    ]


def _cell(trials: Sequence[Trial], family: str, pair: tuple[str, str]) -> list[Figure]:
    here = [trial for trial in trials if (trial.job.family, trial.job.pair) == (family, pair)]
    name = f"{pair[0]}-{pair[1]} {family}"
    least = (0.55, 0.82, 0.96) if family == "smooth_long" else (0.60, 0.84, 0.965)
    z = np.array([trial.error_s / trial.sigma_s for trial in here])
    width = np.array([trial.interval_90_s / (3.29 * trial.bound_s) for trial in here])
    wide = 2.0 if family.startswith(("bright", "med")) else None
    told = (
        ("robust error over Cramer-Rao", _over_bound(here), ERROR_RATIOS.get(family)),
        ("robust error over chi-squared's", _over_classical(here, "chi2"), 1.05),
        ("|median bias| over sigma", float(abs(np.median(z))), 0.3),
        ("90 % interval over that of Cramer-Rao", float(np.median(width)), wide),
    )
    return [
        *study.covered(name, here, least),
        *(Figure(name=f"{name}: {what}", value=value, high=study.required(high, here)) for what, value, high in told),
        Figure(name=f"{name}: robust error, ms", value=1e3 * robust_error([trial.error_s for trial in here])),
    ]


def _aliases(trials: Sequence[Trial]) -> list[Figure]:
    trains = [trial for trial in trials if trial.job.family == "periodic"]
    wrong = [abs(trial.error_s) > ALIAS_S and trial.level > CONFIDENT for trial in trains]
    return (
        [Figure(name="quasi-periodic: confident wrong alias", value=float(np.mean(wrong)), high=0.02)] if wrong else []
    )


def _flags(trials: Sequence[Trial]) -> list[Figure]:
    found = []
    for family in COMMON:
        here = [trial for trial in trials if trial.job.family == family]
        for flag, high in FLAGS.items() if here else ():
            share = float(np.mean([flag in trial.flags for trial in here]))
            found.append(Figure(name=f"undisturbed, {family}: {flag}", value=share, high=study.required(high, here)))
    return found


def _over_bound(trials: Sequence[Trial]) -> float:
    return robust_error([trial.error_s / trial.bound_s for trial in trials])


def _over_classical(trials: Sequence[Trial], method: str) -> float:
    """Robust error over that of a classical method, both in units of the bound so that no cell rules the pool."""
    both = [trial for trial in trials if method in trial.classical]
    if not both:
        return float("nan")
    theirs = robust_error([trial.classical[method][0] / trial.bound_s for trial in both])
    return _over_bound(both) / theirs


def _classical_coverage(trials: Sequence[Trial], method: str) -> float:
    return float(np.mean([trial.classical[method][1] <= LEVELS[0] for trial in trials if method in trial.classical]))


def run(seed: int = 900_000, number: int = 6, *, processes: int = 1, kept: Path | None = None) -> list[Figure]:
    """Figures of all studies of delays: `number` bursts a cell from a seed."""
    parts: list[
        tuple[Callable[[int, int], list[Job]], Callable[[Job], Trial], Callable[[Sequence[Trial]], list[Figure]]]
    ] = [
        (jobs, measured, figures),
        (disturbances.jobs, disturbances.measured, disturbances.figures),
        (energy.jobs, energy.measured, energy.figures),
        (thinned.jobs, thinned.measured, thinned.figures),
    ]
    return [
        figure
        for listed, measure, told in parts
        for figure in told(study.collected(listed(seed, number), measure, processes=processes, kept=kept))
    ]


if __name__ == "__main__":
    sys.exit(study.main("delay", __doc__, run, number=20))
