"""False alarms of the search on simulated data, against what it claims: within a factor of 1.5."""

from typing import Any

import numpy as np
import pytest

from acs_stream.false_alarms import NO_SPIKES, SpikeModel
from acs_stream.search import search
from tocsin.domain.light_curves import LightCurve

BIN_S = 0.05
WINDOW_S = 300.0
N = 16000


def stretch(rng: Any, *, mean: Any, phi: float, even: Any = True) -> Any:
    """800 s of background: over-dispersed, even counts, a slow drift of a per cent."""
    t = np.linspace(-1, 1, N)
    level = mean * (1 + 0.01 * rng.normal() * t + 0.004 * rng.normal() * t**2)
    counts = level + np.sqrt(phi * level) * rng.standard_normal(N)
    return 2 * np.rint(counts / 2) if even else np.rint(counts)


def searched(days: Any, *, seed: int, model: Any = NO_SPIKES, make: Any) -> Any:
    rng = np.random.default_rng(seed)
    results = []
    for _ in range(round(days * 86400 / (2 * WINDOW_S))):
        curve = LightCurve("SIM", "2023-03-07T00:00:00", BIN_S * np.arange(N) - 400.0, BIN_S, make(rng))
        results.append(search(curve, t0_s=0.0, window_s=WINDOW_S, spikes=model))
    return results


def ratio(results: Any, far_hz: Any) -> Any:
    """Measured over claimed number of excesses at or below a false-alarm rate."""
    found = sum(e.far_hz <= far_hz for r in results for e in r.excesses)
    return found / (far_hz * 2 * WINDOW_S * len(results))


@pytest.mark.parametrize(("phi", "seed"), [(1.1, 11), (1.4, 12)])
def test_claimed_false_alarm_rates_are_those_measured(phi: float, seed: int) -> None:
    results = searched(0.4, seed=seed, make=lambda rng: stretch(rng, mean=4200, phi=phi))
    for far_hz in (4e-3, 2e-3):
        assert 1 / 1.5 < ratio(results, far_hz) < 1.5


@pytest.mark.long
@pytest.mark.parametrize(("phi", "seed"), [(1.1, 21), (1.4, 22), (2.0, 23)])
def test_claimed_false_alarm_rates_hold_for_rare_ones_too(phi: float, seed: int, effort: float) -> None:
    results = searched(5.0 * effort, seed=seed, make=lambda rng: stretch(rng, mean=4200, phi=phi))
    for far_hz in (4e-3, 1e-3, 2.5e-4):
        assert 1 / 1.5 < ratio(results, far_hz) < 1.5
    smallest = np.array([min((e.fap for e in r.excesses), default=1.0) for r in results])
    for level in (0.5, 0.2, 0.1):
        assert 0.4 < (smallest <= level).mean() / level < 1.5


@pytest.mark.long
def test_claims_hold_with_spikes_of_the_law(effort: float) -> None:
    """Single-bin spikes of the law's S/N distribution, at 20 times its rate."""
    model = SpikeModel(rate_hz=20 * 60 / 86400)
    per_stretch = float(model.above_hz(4.0, 0.1)) * N * BIN_S

    def make(rng: Any) -> Any:
        counts = stretch(rng, mean=4200, phi=1.4)
        size = 4.0 * (1 - rng.random(rng.poisson(per_stretch))) ** (-1 / 2.7)
        np.add.at(counts, rng.integers(0, N, size.size), 2 * np.rint(size * np.sqrt(1.4 * 4200) / 2))
        return counts

    results = searched(3.0 * effort, seed=31, model=model, make=make)
    for far_hz in (4e-3, 1e-3):
        two_counting_errors = 1 + 2 / np.sqrt(far_hz * 2 * WINDOW_S * len(results))
        assert 1 / (1.6 * two_counting_errors) < ratio(results, far_hz) < 1.6 * two_counting_errors
