"""Delay posteriors as distributions: quantiles, regions, modes, broadening, JSON."""

import json

import numpy as np
import pytest
from scipy.special import ndtr

from tocsin.domain.errors import ScienceError
from triangulation.posterior import DelayPosterior


def two_modes() -> DelayPosterior:
    grid = np.linspace(-5.0, 5.0, 4001)
    density = np.exp(-0.5 * ((grid - 1.0) / 0.05) ** 2) + np.exp(-0.5 * ((grid + 3.0) / 0.1) ** 2)
    return DelayPosterior(delay_s=grid, density=density)


@pytest.mark.parametrize("sigmas", [-3.0, -1.0, 0.0, 2.0])
def test_quantiles_of_a_gaussian_are_those_of_the_normal_law(sigmas: float) -> None:
    posterior = DelayPosterior.gaussian(4.0, 0.25)
    assert posterior.quantile(float(ndtr(sigmas))) == pytest.approx(4.0 + 0.25 * sigmas, abs=1e-4)


def test_the_cumulative_inverts_the_quantile() -> None:
    posterior = two_modes()
    for q in (0.001, 0.3, 0.5, 0.77, 0.999):
        assert float(posterior.cumulative(posterior.quantile(q))) == pytest.approx(q, abs=1e-9)


def test_a_posterior_of_two_modes_has_two_intervals_that_hold_what_they_say() -> None:
    posterior = two_modes()
    parts = posterior.hpd(0.9)
    assert len(parts) == 2
    assert sum(float(np.diff(posterior.cumulative(part))[0]) for part in parts) == pytest.approx(0.9, abs=1e-6)
    assert [round(delay, 2) for delay, _ in posterior.modes()] == [-3.0, 1.0]
    assert posterior.modes()[0][1] == pytest.approx(2 / 3, abs=1e-3)


@pytest.mark.parametrize("sigma", [0.002, 0.1, 3.0])
def test_broadening_adds_variances_and_keeps_the_mean(sigma: float) -> None:
    posterior = two_modes().broadened(sigma)
    assert posterior.mean_s == pytest.approx(two_modes().mean_s, abs=0.003 * max(sigma, 0.1))
    assert posterior.sigma_s == pytest.approx(np.hypot(two_modes().sigma_s, sigma), rel=2e-3)
    assert posterior.systematic_sigma_s == sigma


def test_a_sharp_posterior_broadened_by_a_clock_has_the_tails_of_the_clock() -> None:
    posterior = DelayPosterior.gaussian(4.0, 1e-5).broadened(1e-3, max_delay_s=5.0)
    low, high = posterior.interval(0.9973)
    assert (high - low) / 6.0 == pytest.approx(1e-3, rel=2e-3)
    assert posterior.sigma_s == pytest.approx(1e-3, rel=2e-3)


def test_json_gives_the_posterior_back() -> None:
    posterior = two_modes().broadened(0.01).with_flags("several_modes")
    again = DelayPosterior.from_json(json.loads(json.dumps(posterior.to_json())))
    assert np.array_equal(again.delay_s, posterior.delay_s)
    assert again.quantile(0.3) == pytest.approx(posterior.quantile(0.3), abs=1e-12)
    assert again.flags == ("several_modes",)


def test_a_uniform_posterior_says_nothing() -> None:
    posterior = DelayPosterior.uniform(2.0)
    assert posterior.entropy_gain_bit(2.0) == pytest.approx(0.0, abs=1e-9)
    assert not posterior.detected


@pytest.mark.parametrize("density", [[0.0, 0.0, 0.0], [1.0, -1.0, 1.0], [1.0, np.nan, 1.0]])
def test_a_density_that_is_none_is_refused(density: list[float]) -> None:
    with pytest.raises(ScienceError, match="density"):
        DelayPosterior(delay_s=np.arange(3.0), density=np.array(density))


def test_a_grid_that_does_not_ascend_is_refused() -> None:
    with pytest.raises(ScienceError, match="ascend"):
        DelayPosterior(delay_s=np.array([0.0, 2.0, 1.0]), density=np.ones(3))
