"""Pulses, profiles and classes of simulated bursts."""

import numpy as np
import pytest

from tocsin.simulate.bursts import Burst, BurstClass, Pulse, draw_burst

PULSE = Pulse(start_s=1.0, rise_s=0.2, decay_s=0.5, amplitude=3.0)


def test_a_pulse_has_its_amplitude_at_its_peak_and_nothing_before_its_start() -> None:
    assert PULSE.intensity([PULSE.peak_s]) == pytest.approx(3.0)
    times = np.linspace(0.0, 5.0, 2001)
    assert PULSE.intensity(times).max() <= 3.0 + 1e-9
    assert (PULSE.intensity(times[times <= 1.0]) == 0.0).all()


def test_the_width_of_a_pulse_is_between_the_points_of_1_over_e() -> None:
    times = np.linspace(1.0, 12.0, 400_001)
    above = times[PULSE.intensity(times) >= 3.0 / np.e]
    assert above[-1] - above[0] == pytest.approx(PULSE.width_s, rel=1e-3)


def test_shares_of_a_profile_are_the_integral_of_the_intensity() -> None:
    burst = Burst(pulses=(PULSE, Pulse(start_s=0.0, rise_s=0.05, decay_s=0.1)))
    edges = np.linspace(0.0, 15.0, 301)
    fine = np.linspace(0.0, 15.0, 300_001)
    grown = np.concatenate([[0.0], np.cumsum(burst.intensity(0.5 * (fine[1:] + fine[:-1])))])
    expected = np.diff(grown[::1000]) / grown[-1]
    assert burst.profile().share_in(edges) == pytest.approx(expected, abs=1e-5)
    assert burst.profile().share_in(np.array([-10.0, 100.0])) == pytest.approx([1.0])


def test_drawn_photons_follow_the_profile() -> None:
    profile = draw_burst(BurstClass.MEDIUM_LONG, np.random.default_rng(3)).profile()
    times = profile.draw_times(np.random.default_rng(4), 20_000)
    share = profile.share_before(times)
    assert np.abs(share - np.linspace(0.0, 1.0, times.size)).max() < 0.02


def test_pulses_are_longer_at_low_energies_with_a_width_index_and_equal_without() -> None:
    long = Burst(pulses=(PULSE,), width_index=0.3)
    assert long.profile((10.0, 20.0)).duration_s() > 1.5 * long.profile((300.0, 1000.0)).duration_s()
    short = Burst(pulses=(PULSE,))
    assert short.profile((10.0, 20.0)).duration_s() == short.profile((300.0, 1000.0)).duration_s()


@pytest.mark.parametrize("kind", list(BurstClass))
def test_every_class_gives_finite_bursts_and_the_same_ones_for_the_same_seed(kind: BurstClass) -> None:
    for seed in range(10):
        burst = draw_burst(kind, np.random.default_rng(seed))
        assert burst == draw_burst(kind, np.random.default_rng(seed))
        assert 0.0 < burst.profile().duration_s() < 100.0
        assert np.isfinite(burst.profile().share).all()
    is_short = kind in {BurstClass.WEAK_SHORT, BurstClass.BRIGHT_SHORT}
    assert (burst.profile().duration_s() < 2.0) == is_short


def test_the_best_window_beats_its_neighbours() -> None:
    profile = draw_burst(BurstClass.WEAK_SHORT, np.random.default_rng(1)).profile()
    start, width = profile.best_window()

    def merit(first: float, length: float) -> float:
        return float(np.diff(profile.share_before([first, first + length]))[0] / np.sqrt(length))

    assert merit(start, width) >= 0.99 * max(merit(start, 0.5 * width), merit(start, 2.0 * width))
