"""Studies of delays: what was measured of one burst, of many by several processes and kept in a file; command line.

A study is a list of jobs and a function that measures one. Trials that are kept in a file are not measured again, so
that a long study can be stopped and gone on with.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from figures import Figure

from triangulation.delay import DelayPosterior

LEVELS = (0.683, 0.90, 0.99)
#: Fewer bursts tell too little for a requirement on a cell; on the pool of all it is then loosened by two errors.
ENOUGH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A burst to be measured: of which kind (what is done to it), family and pair of instruments, and its seed."""

    kind: str
    family: str
    pair: tuple[str, str]
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What was measured of one burst.

    Parameters
    ----------
    job
        Of which burst.
    error_s, sigma_s, interval_90_s
        Median minus truth, standard deviation and length of the 90 % interval, s.
    level
        Level at which the smallest credible region reaches the truth: even between 0 and 1 if calibrated.
    flags
        Of the posterior.
    bound_s
        Cramer-Rao bound, s, where it is known.
    cpu_s
        Processor time of one core, s.
    classical
        Errors (s) and levels of the classical methods, by name.
    """

    job: Job
    error_s: float
    sigma_s: float
    interval_90_s: float
    level: float
    flags: tuple[str, ...]
    bound_s: float = float("nan")
    cpu_s: float = float("nan")
    classical: dict[str, tuple[float, float]]

    @classmethod
    def of(
        cls,
        job: Job,
        posterior: DelayPosterior,
        delay_s: float,
        *,
        bound_s: float = float("nan"),
        cpu_s: float = float("nan"),
        classical: dict[str, tuple[float, float]] | None = None,
    ) -> "Trial":
        """Trial of a posterior with the true delay, s."""
        low, high = posterior.interval(0.9)
        return cls(
            job=job,
            error_s=posterior.median_s - delay_s,
            sigma_s=posterior.sigma_s,
            interval_90_s=high - low,
            level=posterior.level_of(delay_s),
            flags=posterior.flags,
            bound_s=bound_s,
            cpu_s=cpu_s,
            classical=classical or {},
        )

    @classmethod
    def from_line(cls, line: str) -> "Trial":
        """Trial from its line in a file."""
        record = json.loads(line)
        job = record["job"]
        told = {
            **record,
            "job": Job(**{**job, "pair": tuple(job["pair"])}),
            "flags": tuple(record["flags"]),
            "classical": {name: tuple(each) for name, each in record["classical"].items()},
        }
        return cls(**told)


def coverage(trials: Sequence[Trial], level: float) -> float:
    """Share of trials whose region of a level holds the truth."""
    return float(np.mean([trial.level <= level for trial in trials]))


def robust_error(values: Sequence[float]) -> float:
    """Standard deviation of a Gaussian with the same median of absolute values."""
    return float(1.4826 * np.median(np.abs(values)))


def required(limit: float | None, trials: Sequence[Trial]) -> float | None:
    """Requirement on a cell: none where there are too few bursts to tell."""
    return limit if len(trials) >= ENOUGH else None


def loosened(limit: float, trials: Sequence[Trial], cells: int, *, upwards: bool) -> float:
    """Requirement on a share of all bursts of so many cells: loosened by two errors where the cells hold few."""
    if len(trials) >= ENOUGH * cells:
        return limit
    error = 2.0 * float(np.sqrt(limit * (1.0 - limit) / max(len(trials), 1)))
    return min(limit + error, 1.0) if upwards else max(limit - error, 0.0)


def covered(name: str, trials: Sequence[Trial], least: Sequence[float | None]) -> list[Figure]:
    """Figures of the coverage of a cell at the usual levels, each at least so much."""
    return [
        Figure(name=f"{name}: coverage at {level:g}", value=coverage(trials, level), low=required(low, trials))
        for level, low in zip(LEVELS, least, strict=True)
    ]


def pooled(name: str, trials: Sequence[Trial], ranges: Sequence[tuple[float, float]], cells: int) -> list[Figure]:
    """Figures of the coverage of all cells together at the usual levels, each within a range."""
    return [
        Figure(
            name=f"{name} at {level:g}",
            value=coverage(trials, level),
            low=loosened(low, trials, cells, upwards=False),
            high=loosened(high, trials, cells, upwards=True),
        )
        for level, (low, high) in zip(LEVELS, ranges, strict=True)
    ]


def collected(
    jobs: Sequence[Job], measure: Callable[[Job], Trial], *, processes: int = 1, kept: Path | None = None
) -> list[Trial]:
    """Trials of all jobs, those that are kept in a file not measured again.

    Parameters
    ----------
    jobs, measure
        The study.
    processes
        How many at once.
    kept
        File of one trial a line, added to as they are measured.
    """
    known = _known(kept)
    missing = [job for job in jobs if job not in known]
    with Pool(processes) if processes > 1 else nullcontext() as pool:
        found = map(measure, missing) if pool is None else pool.imap_unordered(measure, missing, chunksize=2)
        known |= {trial.job: trial for trial in _noted(found, kept)}
    return [known[job] for job in jobs]


def _known(kept: Path | None) -> dict[Job, Trial]:
    lines = kept.read_text(encoding="utf-8").splitlines() if kept is not None and kept.exists() else []
    return {trial.job: trial for trial in map(Trial.from_line, lines)}


def _noted(found: Iterator[Trial], kept: Path | None) -> Iterator[Trial]:
    with nullcontext() if kept is None else kept.open("a", encoding="utf-8") as file:
        for trial in found:
            if file is not None:
                file.write(json.dumps(asdict(trial)) + "\n")
                file.flush()
            yield trial


def main(name: str, description: str, run: Callable[..., list[Figure]], *, number: int) -> int:
    """Command line of a study: print its figures; 1 where one is unmet.

    Parameters
    ----------
    name, description
        Of the study.
    run
        Figures for seed and number of bursts a cell; takes `processes` and `kept`, too.
    number
        Bursts a cell, if not told otherwise.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=500_000)
    parser.add_argument("--number", type=int, default=number, help="bursts a cell")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--trials", type=Path, help="file that keeps what was measured; gone on with if it is there")
    options = parser.parse_args()
    found = partial(run, processes=options.processes, kept=options.trials)(options.seed, options.number)
    figures = [figure.to_json() for figure in found]
    sys.stdout.write(json.dumps({"name": name, "seed": options.seed, "figures": figures}) + "\n")
    return 0 if all(figure.is_met for figure in found) else 1
