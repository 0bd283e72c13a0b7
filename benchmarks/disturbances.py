"""Delays of disturbed bursts: spikes, masked gaps, dead time, pairs of unrelated bursts.

    OPENBLAS_NUM_THREADS=1 python benchmarks/disturbances.py --seed 900000 --number 300 --trials delay.jsonl

Seeds below 10000 were used while the method was tuned.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import study
from figures import Figure
from simulated_bursts import SimulatedPair, draw_pair
from study import Job, Trial, coverage

from tocsin.domain.light_curves import LightCurve
from triangulation.delay import estimate_delay

FAMILIES = ("med_short", "bright_short", "bright_long")
PAIR = ("ACS", "GBM")
DISTURBANCES = ("spike", "spike known", "masked gap", "dead time", "dead time known", "unrelated")
#: Flags that say that something is wrong with the data.
WARNINGS = frozenset({"single_bin_dominated", "poor_fit", "unrelated"})
UNLIKE = frozenset({"unrelated", "not_detected", "poor_fit"})
SPIKE_SIGMA, LOST_AT_PEAK = 10.0, 0.25
LEAST_COVERAGE, LEAST_FLAGGED, LEAST_UNRELATED = 0.75, 0.80, 0.90


def spiked(pair: SimulatedPair, rng: np.random.Generator, *, is_known: bool) -> LightCurve:
    """First curve with one bin of the burst raised by 10 sigma of its background, or with that bin masked."""
    bright = np.flatnonzero(pair.a.signal > 0.1 * pair.a.signal.max())
    at = int(rng.choice(bright))
    counts = pair.a.curve.counts.copy()
    if is_known:
        mask = np.arange(len(pair.a.curve)) == at
        return pair.a.curve.replace(counts=np.where(mask, 0.0, counts), mask=mask)
    counts[at] += SPIKE_SIGMA * np.sqrt(pair.a.phi * pair.a.background[at])
    return pair.a.curve.replace(counts=counts)


def with_gap(pair: SimulatedPair, rng: np.random.Generator) -> LightCurve:
    """First curve with a fifth of the burst masked, at least two bins, the counts there lost."""
    bright = np.flatnonzero(pair.a.signal > 0.1 * pair.a.signal.max())
    length = max(2, bright.size // 5)
    start = int(rng.choice(bright))
    mask = np.zeros(len(pair.a.curve), dtype=bool)
    mask[start : start + length] = True
    return pair.a.curve.replace(counts=np.where(mask, 0.0, pair.a.curve.counts), mask=mask)


def dead(pair: SimulatedPair, *, is_known: bool) -> LightCurve:
    """Second curve with a quarter of the counts lost at its peak, as dead time loses them, stated with it or not."""
    expected = pair.b.signal + pair.b.background
    per_count = LOST_AT_PEAK / (1.0 - LOST_AT_PEAK) / expected.max()
    counts = np.round(pair.b.curve.counts / (1.0 + per_count * expected))
    dead_time_s = per_count * float(pair.b.curve.width_s[0]) if is_known else None
    return pair.b.curve.replace(counts=counts, dead_time_s=dead_time_s)


def disturbed(pair: SimulatedPair, job: Job) -> tuple[LightCurve, LightCurve]:
    """Both curves, one of them disturbed."""
    rng = np.random.default_rng([job.seed, 77])
    a, b = pair.a.curve, pair.b.curve
    match job.kind:
        case "spike" | "spike known":
            return spiked(pair, rng, is_known=job.kind == "spike known"), b
        case "masked gap":
            return with_gap(pair, rng), b
        case "unrelated":
            return a, draw_pair(job.pair, job.family, job.seed + 5_000_000).b.curve
        case _:
            return a, dead(pair, is_known=job.kind == "dead time known")


def jobs(seed: int, number: int) -> list[Job]:
    """Bursts of every disturbance and family, `number` each."""
    return [
        Job(kind=kind, family=family, pair=PAIR, seed=seed + k)
        for k in range(number)
        for kind in DISTURBANCES
        for family in FAMILIES
    ]


def measured(job: Job) -> Trial:
    """Trial of one burst."""
    pair = draw_pair(job.pair, job.family, job.seed)
    a, b = disturbed(pair, job)
    found = estimate_delay(a, b, max_delay_s=pair.max_delay_s, area_ratio=pair.area_ratio)
    return Trial.of(job, found, pair.delay_s)


def figures(trials: Sequence[Trial]) -> list[Figure]:
    """Figures of trials, by disturbance and family."""
    return [
        figure
        for kind in DISTURBANCES
        for family in FAMILIES
        for figure in _cell(kind, family, [t for t in trials if (t.job.kind, t.job.family) == (kind, family)])
    ]


def _cell(kind: str, family: str, cell: Sequence[Trial]) -> list[Figure]:
    name = f"{kind}, {family}"
    least = study.required(LEAST_UNRELATED if kind == "unrelated" else LEAST_COVERAGE, cell)
    if kind == "unrelated":
        return [
            Figure(name=f"{name}: flagged", value=_flagged(cell, UNLIKE | WARNINGS), low=least),
            Figure(name=f"{name}: flagged for their shapes", value=_flagged(cell, UNLIKE)),
        ]
    covered, flagged = coverage(cell, 0.9), _flagged(cell, WARNINGS)
    # A spike may be flagged instead of covered.
    excused = kind == "spike" and flagged >= LEAST_FLAGGED
    return [
        Figure(name=f"{name}: coverage at 0.9", value=covered, low=None if excused else least),
        Figure(name=f"{name}: flagged", value=flagged),
    ]


def _flagged(cell: Sequence[Trial], words: frozenset[str]) -> float:
    return float(np.mean([not words.isdisjoint(trial.flags) for trial in cell]))


def run(seed: int = 900_000, number: int = 6, *, processes: int = 1, kept: Path | None = None) -> list[Figure]:
    """Figures of `number` bursts a cell from a seed."""
    return figures(study.collected(jobs(seed, number), measured, processes=processes, kept=kept))


if __name__ == "__main__":
    sys.exit(study.main("disturbances", __doc__, run, number=6))
