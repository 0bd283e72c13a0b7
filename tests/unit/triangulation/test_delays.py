"""Delays of simulated bursts: right, calibrated in kind, and honest where nothing can be said."""

import numpy as np
import pytest

from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import LightCurve
from triangulation.delay import estimate_delay

T0 = "2020-01-01T00:00:00"


def pulse(t: np.ndarray, start: float = 0.0, rise: float = 0.05, decay: float = 0.3) -> np.ndarray:
    since = np.maximum(t - start, 1e-9)
    return np.where(t > start, np.exp(2.0 * np.sqrt(rise / decay) - rise / since - since / decay), 0.0)


def curve(
    delay: float,
    *,
    width: float = 0.016,
    background: float = 800.0,
    peak: float = 8000.0,
    seed: int = 1,
    phase: float = 0.0,
    phi: float = 1.0,
    span: float = 12.0,
    t0: str = T0,
) -> LightCurve:
    rng = np.random.default_rng(seed)
    edges = np.arange(-span, span, width) + phase
    fine = np.linspace(0, 1, 21)[None, :] * width + edges[:-1, None]
    signal = (
        peak * pulse(fine - delay).mean(axis=1) * width
        + 0.6 * peak * pulse(fine - delay, 0.8, 0.02, 0.1).mean(axis=1) * width
    )
    expected = signal + background * width
    counts = rng.poisson(expected) if phi == 1.0 else rng.negative_binomial(expected / (phi - 1.0), 1.0 / phi)
    return LightCurve("X", t0, start_s=edges[:-1], width_s=width, counts=counts.astype(float))


def test_the_delay_of_a_bright_burst_is_found_within_its_width() -> None:
    posterior = estimate_delay(curve(0.0), curve(0.123, seed=2, width=0.004, phase=0.0013), max_delay_s=1.0)
    assert posterior.detected
    assert posterior.flags == ()
    assert posterior.sigma_s < 0.003
    assert abs(posterior.median_s - 0.123) < 4 * posterior.sigma_s


@pytest.mark.parametrize("sign", [1, -1])
def test_a_delay_at_the_end_of_the_range_is_never_ruled_out(sign: int) -> None:
    faint = {"peak": 400.0, "background": 1000.0}
    a, b = curve(0.0, **faint), curve(0.1 * sign, seed=2, width=0.05, **faint)
    posterior = estimate_delay(a, b, max_delay_s=0.1)
    assert posterior.detected
    assert posterior.at(0.0998 * sign) > 0.1 * posterior.density.max()
    assert posterior.level_of(0.0998 * sign) < 0.999


def test_bins_of_two_and_of_256_milliseconds_go_together() -> None:
    a, b = curve(0.0, width=0.002), curve(-0.3, width=0.256, seed=3, peak=40_000.0, background=4000.0, phase=0.07)
    posterior = estimate_delay(a, b, max_delay_s=2.0)
    assert abs(posterior.median_s + 0.3) < 4 * posterior.sigma_s
    assert posterior.sigma_s < 0.03


def test_each_curve_has_its_own_time_zero() -> None:
    later = curve(0.123, seed=2).with_t0("2020-01-01T00:00:04.5")
    posterior = estimate_delay(curve(0.0), later, max_delay_s=1.0)
    assert abs(posterior.median_s - 0.123) < 4 * posterior.sigma_s


def test_the_same_curves_give_the_same_posterior_to_the_last_bit() -> None:
    a, b = curve(0.0), curve(0.1, seed=2)
    one, two = (estimate_delay(a, b, max_delay_s=1.0) for _ in range(2))
    assert np.array_equal(one.density, two.density)


def test_exchanging_the_curves_turns_the_delay_around() -> None:
    a, b = curve(0.0, seed=5), curve(0.2, seed=6, width=0.05, peak=30_000.0)
    one, two = estimate_delay(a, b, max_delay_s=1.0), estimate_delay(b, a, max_delay_s=1.0)
    assert one.median_s == pytest.approx(-two.median_s, abs=1e-6)


def test_clock_errors_widen_the_total_and_leave_the_statistical_width() -> None:
    a, b = curve(0.0), curve(0.1, seed=2)
    plain, clocked = (estimate_delay(a, b, max_delay_s=1.0, clock_error_s=error) for error in (0.0, 0.01))
    assert clocked.statistical_sigma_s == pytest.approx(plain.statistical_sigma_s, rel=0.2)
    assert clocked.sigma_s == pytest.approx(np.hypot(clocked.statistical_sigma_s, 0.01), rel=0.02)


def test_a_burst_that_the_second_curve_does_not_show_leaves_the_prior() -> None:
    posterior = estimate_delay(curve(0.0), curve(0.0, seed=2, peak=0.0), max_delay_s=1.0, area_ratio=0.02)
    assert not posterior.detected
    assert "not_detected" in posterior.flags
    assert posterior.entropy_gain_bit(1.0) < 1.0


def test_two_empty_curves_leave_the_prior() -> None:
    posterior = estimate_delay(curve(0.0, peak=0.0), curve(0.0, seed=2, peak=0.0), max_delay_s=1.0)
    assert not posterior.detected
    assert posterior.interval(0.9) == pytest.approx((-0.9, 0.9), abs=0.01)


@pytest.mark.parametrize("which", ["first", "both"])
def test_curves_of_zeros_leave_the_prior(which: str) -> None:
    zero = curve(0.0).replace(counts=np.zeros(len(curve(0.0))))
    posterior = estimate_delay(zero, zero if which == "both" else curve(0.1), max_delay_s=1.0)
    assert "not_detected" in posterior.flags


def test_identical_curves_have_no_delay() -> None:
    posterior = estimate_delay(curve(0.0), curve(0.0), max_delay_s=1.0)
    assert abs(posterior.median_s) < 4 * posterior.sigma_s


def test_half_the_bins_masked_costs_width_not_truth() -> None:
    b = curve(0.123, seed=2, width=0.004)
    mask = np.arange(len(b)) % 20 < 10
    posterior = estimate_delay(curve(0.0), b.replace(mask=mask), max_delay_s=1.0)
    assert abs(posterior.median_s - 0.123) < 4 * posterior.sigma_s


def test_over_dispersion_of_three_is_measured_and_widens_the_posterior() -> None:
    a = curve(0.0, background=8000.0, phi=3.0)
    posterior = estimate_delay(a, curve(0.1, seed=2), max_delay_s=1.0)
    assert posterior.figures["variance_factor_a"] == pytest.approx(3.0, rel=0.15)
    calm = estimate_delay(curve(0.0, background=8000.0), curve(0.1, seed=2), max_delay_s=1.0)
    assert posterior.sigma_s > 1.2 * calm.sigma_s


def test_background_subtracted_rates_come_with_their_variance() -> None:
    b = curve(0.123, seed=2)
    rates = replace_counts(b, b.counts - 800.0 * 0.016)
    posterior = estimate_delay(curve(0.0), rates, max_delay_s=1.0)
    assert abs(posterior.median_s - 0.123) < 4 * posterior.sigma_s


def replace_counts(light_curve: LightCurve, counts: np.ndarray) -> LightCurve:
    return light_curve.replace(counts=counts, variance_counts=np.maximum(light_curve.counts, 1.0))


def test_a_curve_that_ends_with_the_burst_is_flagged_for_its_background() -> None:
    posterior = estimate_delay(curve(0.0).between(-0.5, 2.0), curve(0.1, seed=2), max_delay_s=1.0)
    assert "insufficient_background" in posterior.flags


def test_unrelated_bursts_are_flagged() -> None:
    other = curve(0.0, seed=9, width=0.004)
    shape = 9000.0 * 0.004 * (pulse(other.start_s, -0.9, 0.01, 0.08) + pulse(other.start_s, 0.4, 0.3, 0.2))
    rng = np.random.default_rng(3)
    unrelated = other.replace(counts=rng.poisson(3.2 + shape).astype(float))
    assert "unrelated" in estimate_delay(curve(0.0), unrelated, max_delay_s=1.0).flags


@pytest.mark.parametrize("method", ["ccf", "chi2"])
def test_classical_methods_find_a_bright_burst(method: str) -> None:
    posterior = estimate_delay(curve(0.0), curve(0.123, seed=2, width=0.004), max_delay_s=1.0, method=method)
    assert posterior.method == method
    assert posterior.median_s == pytest.approx(0.123, abs=0.02)


@pytest.mark.parametrize(("limit", "clock"), [(0.0, 0.0), (-1.0, 0.0), (np.nan, 0.0), (1.0, -1.0), (1.0, np.inf)])
def test_a_range_that_is_none_is_refused(limit: float, clock: float) -> None:
    with pytest.raises(ScienceError, match="range"):
        estimate_delay(curve(0.0), curve(0.0), max_delay_s=limit, clock_error_s=clock)


def test_a_curve_without_usable_bins_is_refused() -> None:
    a = curve(0.0)
    with pytest.raises(ScienceError, match="usable"):
        estimate_delay(a.replace(mask=np.ones(len(a), dtype=bool)), a, max_delay_s=1.0)


def test_a_noiseless_burst_in_unequal_bins_has_no_bias() -> None:
    t = np.arange(-10.0, 10.0, 0.0005)
    rate = sum(pulse(t, 0.2 * k, 0.02, 0.08) for k in range(6)) * 6000.0

    def noiseless(delay: float, width: float, area: float, background: float) -> LightCurve:
        edges = np.arange(-8.0, 8.0, width) + 0.37 * width
        total = np.concatenate([[0.0], np.cumsum(rate) * 0.0005])
        signal = np.diff(np.interp(edges - delay, np.append(t, t[-1] + 0.0005), total))
        counts = area * signal + background * width
        return LightCurve("X", T0, start_s=edges[:-1], width_s=width, counts=counts, variance_factor=1.0)

    posterior = estimate_delay(
        noiseless(0.0, 0.05, 5.0, 90_000.0), noiseless(0.05, 0.004, 1.0, 1000.0), max_delay_s=0.5
    )
    assert abs(posterior.median_s - 0.05) < 0.25 * posterior.sigma_s
