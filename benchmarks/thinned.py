"""Real bursts against themselves: the photons of one GBM detector dealt out to two instruments, without a delay.

    TOCSIN_SAMPLES=.../shared OPENBLAS_NUM_THREADS=1 python benchmarks/thinned.py --number 100

The photons of two bursts (`data/gbm` of the samples) go at random to the one instrument, to the other or to none; the
halves are independent and have one shape, whatever it is. Read faster they are a short burst of the same structure.
Nothing is measured, and that is said, where the samples are not there.
"""

import gzip
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import study
from figures import Figure
from study import Job, Trial, coverage

from acs_stream.readers import read_event_list
from tocsin.domain.light_curves import EventList, FloatArray, LightCurve
from triangulation.delay import estimate_delay

FILES = {"080916C": "glg_tte_n3_bn080916009_v01.fit.gz", "110721A": "glg_tte_n6_bn110721200_v00.fit"}
#: What is done to the one curve, and the coverage at 90 % that is required.
KINDS = {
    "as it was": 0.84,
    "50 times faster": 0.84,
    "millisecond spikes": 0.84,
    "masked gap": 0.75,
    "dead time known": 0.75,
    "saturated bins masked": 0.75,
    "saturated bins": None,
}
WIDTHS_S, MAX_DELAY_S, FASTER = (0.050, 0.008), 0.5, 50.0
#: Share of the photons for the first instrument; the second gets at most what is left.
FIRST, SECOND = (0.2, 0.5), (0.1, 0.5)
SPIKES, SPIKE_PHOTONS, SPIKE_S = 3, 60, 0.002
DEAD_S = 1e-4
SATURATED = 0.6


def jobs(seed: int, number: int) -> list[Job]:
    """Every burst and kind, `number` each; none where the samples are not there."""
    if not all((_folder() / name).exists() for name in FILES.values()):
        sys.stderr.write(f"no photon lists of real bursts in {_folder()}: nothing measured of them (TOCSIN_SAMPLES)\n")
        return []
    return [
        Job(kind=kind, family=burst, pair=("half", "half"), seed=seed + k)
        for k in range(number)
        for kind in KINDS
        for burst in FILES
    ]


def _folder() -> Path:
    samples = Path(os.environ.get("TOCSIN_SAMPLES", Path(__file__).resolve().parents[2] / "shared"))
    return samples / "data" / "gbm"


@lru_cache
def _photons(burst: str) -> EventList:
    content = (_folder() / FILES[burst]).read_bytes()
    return read_event_list(gzip.decompress(content) if FILES[burst].endswith(".gz") else content)


def measured(job: Job) -> Trial:
    """Trial of one dealing out: the delay is none."""
    rng = np.random.default_rng([job.seed, *job.kind.encode(), *job.family.encode()])
    whole = _photons(job.family)
    times = whole.times_s
    if job.kind == "50 times faster":
        times = times / FASTER
    if job.kind == "millisecond spikes":
        times = _with_spikes(times, rng)
    lot = rng.uniform(size=times.size)
    first, second = rng.uniform(*FIRST), rng.uniform(*SECOND)
    a = _curve(whole, times[lot < first], WIDTHS_S[0], rng)
    b_times = times[lot > 1.0 - second]
    if job.kind == "dead time known":
        b_times = _seen(b_times)
    b = _curve(whole, b_times, WIDTHS_S[1], rng)
    a = _disturbed(a, job.kind, rng)
    if job.kind == "dead time known":
        b = b.replace(dead_time_s=DEAD_S)
    found = estimate_delay(a, b, max_delay_s=MAX_DELAY_S, area_ratio=second / first)
    return Trial.of(job, found, 0.0)


def _with_spikes(times: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Photons with spikes of milliseconds added within the first seconds of the burst."""
    at = rng.uniform(0.5, 8.0, SPIKES)
    spikes = at[:, None] + SPIKE_S * rng.normal(size=(SPIKES, SPIKE_PHOTONS))
    return np.sort(np.concatenate([times, spikes.ravel()]))


def _seen(times: FloatArray) -> FloatArray:
    """Photons that a detector sees that is blind for a while after each."""
    kept, free = [], -np.inf
    for time in times.tolist():
        if time >= free:
            kept.append(time)
            free = time + DEAD_S
    return np.array(kept)


def _curve(whole: EventList, times: FloatArray, width_s: float, rng: np.random.Generator) -> LightCurve:
    phase = float(rng.uniform(0.0, width_s))
    photons = replace(whole, times_s=times, channel=None, channel_edges_kev=None, good_s=None, dead_time_s=None)
    return photons.binned(width_s, start_s=float(times[0]) + phase, stop_s=float(times[-1]) - width_s)


def _disturbed(curve: LightCurve, kind: str, rng: np.random.Generator) -> LightCurve:
    top = curve.counts.max()
    if kind == "masked gap":
        bright = np.flatnonzero(curve.counts > 0.5 * top)
        start = int(rng.choice(bright))
        mask = np.zeros(len(curve), dtype=bool)
        mask[start : start + max(2, bright.size // 5)] = True
        return curve.replace(counts=np.where(mask, 0.0, curve.counts), mask=mask)
    if kind.startswith("saturated"):
        full = curve.counts > SATURATED * top
        clipped = np.minimum(curve.counts, SATURATED * top)
        return curve.replace(counts=clipped, mask=full) if kind.endswith("masked") else curve.replace(counts=clipped)
    return curve


def figures(trials: Sequence[Trial]) -> list[Figure]:
    """Coverage and errors of each kind, both bursts together."""
    found = []
    for kind, least in KINDS.items():
        cell = [trial for trial in trials if trial.job.kind == kind]
        if cell:
            error = study.robust_error([trial.error_s for trial in cell])
            z = float(np.median([trial.error_s / trial.sigma_s for trial in cell]))
            name = f"real photons, {kind}"
            found += [
                Figure(name=f"{name}: coverage at 0.683", value=coverage(cell, 0.683)),
                Figure(name=f"{name}: coverage at 0.9", value=coverage(cell, 0.9), low=study.required(least, cell)),
                Figure(name=f"{name}: coverage at 0.99", value=coverage(cell, 0.99)),
                Figure(name=f"{name}: robust error, ms", value=1e3 * error),
                Figure(name=f"{name}: median error over sigma", value=z),
            ]
    return found


def run(seed: int = 900_000, number: int = 10, *, processes: int = 1, kept: Path | None = None) -> list[Figure]:
    """Figures of `number` dealings of each kind and burst from a seed."""
    return figures(study.collected(jobs(seed, number), measured, processes=processes, kept=kept))


if __name__ == "__main__":
    sys.exit(study.main("thinned", __doc__, run, number=10))
