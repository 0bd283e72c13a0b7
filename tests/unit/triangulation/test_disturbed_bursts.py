"""Spikes, other bursts and real millisecond structure: what is left out, what is flagged, what is not."""

import numpy as np
import pytest

from tocsin.domain.clock import to_utc
from tocsin.domain.light_curves import LightCurve
from triangulation.delay import estimate_delay

T0 = to_utc("2020-01-01T00:00:00")


def short_burst(
    delay: float, *, width: float, background: float, peak: float, seed: int, spike_at: float | None = None
) -> LightCurve:
    """Three pulses within half a second; the spike is ten sigma of the background in one bin."""
    rng = np.random.default_rng(seed)
    edges = np.arange(-10.0, 10.0, width) + 0.31 * width
    fine = edges[:, None] + width * (np.arange(20) + 0.5)[None, :] / 20 - delay
    rate = sum(np.exp(-0.5 * ((fine - at) / wide) ** 2) for at, wide in ((0.0, 0.05), (0.2, 0.03), (0.4, 0.06)))
    counts = rng.poisson(width * (background + peak * rate.mean(axis=1))).astype(float)
    if spike_at is not None:
        counts[int(np.searchsorted(edges, spike_at)) - 1] += 10.0 * np.sqrt(background * width)
    return LightCurve("X", T0, start_s=edges, width_s=np.full(edges.size, width), counts=counts)


def acs(seed: int, spike_at: float | None = None) -> LightCurve:
    return short_burst(0.0, width=0.05, background=90_000.0, peak=30_000.0, seed=seed, spike_at=spike_at)


def gbm(seed: int) -> LightCurve:
    return short_burst(0.1, width=0.004, background=1000.0, peak=7000.0, seed=seed)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_spike_in_one_bin_of_the_burst_does_not_move_the_delay(seed: int) -> None:
    found = estimate_delay(acs(seed, spike_at=0.11), gbm(seed + 100), max_delay_s=0.5)
    assert abs(found.median_s - 0.1) < 3.5 * found.sigma_s


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_an_undisturbed_burst_raises_no_flag(seed: int) -> None:
    found = estimate_delay(acs(seed), gbm(seed + 100), max_delay_s=0.5)
    assert found.flags == ()
    assert found.figures["same_event_p"] > 0.008
    assert abs(found.median_s - 0.1) < 3.5 * found.sigma_s


def test_the_chance_of_a_worse_match_is_even_for_one_burst_and_tiny_for_two() -> None:
    chances = [estimate_delay(acs(s), gbm(s + 100), max_delay_s=0.5).figures["same_event_p"] for s in range(10, 18)]
    assert np.median(chances) > 0.05
    one_pulse = short_burst(0.0, width=0.004, background=1000.0, peak=0.0, seed=5)
    t = one_pulse.start_s
    rng = np.random.default_rng(6)
    other = one_pulse.replace(counts=rng.poisson(4.0 + 28.0 * np.exp(-0.5 * ((t - 0.2) / 0.25) ** 2)).astype(float))
    found = estimate_delay(acs(1), other, max_delay_s=0.5)
    assert "unrelated" in found.flags
    assert found.figures["same_event_p"] < 1e-3
