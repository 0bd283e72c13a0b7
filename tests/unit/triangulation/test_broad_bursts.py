"""Broad, smooth bursts over long baselines: their delay is as wide as their rise, and in one piece."""

import numpy as np
import pytest

from tocsin.domain.light_curves import LightCurve
from triangulation.delay import estimate_delay


def seen(width_s: float, background_hz: float, counts: float, delay_s: float, seed: int) -> LightCurve:
    """One pulse of some seconds, as an instrument of such bins, background and area sees it."""
    edges = np.arange(-40.0, 50.0, width_s)
    fine = edges[:-1, None] + width_s * np.linspace(0.0, 1.0, 9)
    since = np.maximum(fine - delay_s, 1e-9) / 1.6
    rate = np.where(fine > delay_s, np.exp(2.0 - 1.0 / since - since), 0.0).mean(axis=1)
    expected = background_hz * width_s + counts * rate / rate.sum()
    drawn = np.random.default_rng(seed).poisson(expected).astype(float)
    return LightCurve("X", "2020-01-01T00:00:00", start_s=edges[:-1], width_s=width_s, counts=drawn)


@pytest.mark.parametrize("seed", [8, 9, 10, 12, 14, 16, 20])
def test_the_posterior_of_a_broad_pulse_is_not_torn_to_pieces(seed: int) -> None:
    a, b = seen(0.05, 90_000.0, 12_000.0, 0.0, seed), seen(0.016, 800.0, 1_100.0, 1.7, seed + 100)
    posterior = estimate_delay(a, b, max_delay_s=5.0)
    assert "several_modes" not in posterior.flags
    assert len(posterior.modes()) < 5
    assert posterior.density[np.abs(posterior.delay_s - posterior.median_s) < 0.5 * posterior.sigma_s].min() > (
        0.3 * posterior.density.max()
    )
    assert posterior.level_of(1.7) < 0.999
