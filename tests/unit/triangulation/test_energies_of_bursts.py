"""Bursts that are earlier at high energies: their lag is measured, taken out, and never left out of the width."""

from itertools import pairwise

import numpy as np
import pytest

from tocsin.domain import light_curve_codec
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import LightCurve
from triangulation.annulus import annulus_from_delay
from triangulation.delay import DelayPosterior, estimate_delay
from triangulation.energy import (
    View,
    chosen_band,
    coloured_delay,
    effective_ln_energy,
    grouped,
    kernel_sigma_s,
    population_lag,
    spectral_lag,
    summed,
)

T0 = to_utc("2020-01-01T00:00:00")
BANDS = ((40.0, 120.0), (120.0, 360.0))


def band_curve(arrival: float, band: tuple[float, float] | None, *, seed: int, width: float = 0.016) -> LightCurve:
    """Three broad pulses over ten seconds."""
    rng = np.random.default_rng(seed)
    edges = np.arange(-40.0, 50.0, width)
    t = edges + 0.5 * width - arrival
    rate = 400.0 + sum(4000.0 * np.exp(-0.5 * ((t - at) / wide) ** 2) for at, wide in ((1, 0.5), (4, 0.9), (8, 0.7)))
    counts = rng.poisson(rate * width).astype(float)
    return LightCurve("X", T0, start_s=edges, width_s=np.full(edges.size, width), counts=counts, energy_kev=band)


def soft_and_hard(lag: float, delay: float = 0.0) -> tuple[LightCurve, LightCurve]:
    return band_curve(delay + lag, BANDS[0], seed=1), band_curve(delay, BANDS[1], seed=2)


def test_a_lag_between_channels_is_found_per_unit_of_ln_energy() -> None:
    lag = spectral_lag(soft_and_hard(0.2))
    assert lag.is_measured
    assert abs(lag.slope_s + 0.2 / np.log(3.0)) < 3 * lag.sigma_s
    assert lag.sigma_s < 0.03


def test_a_measured_lag_is_taken_out_and_widens_the_delay() -> None:
    channels = soft_and_hard(0.3, delay=0.5)
    # The partner sees the burst at an energy above both channels: earlier still than the hard one.
    partner = band_curve(-0.3, (360.0, 1080.0), seed=3)
    gbm = View(total=summed(channels), channels=channels)
    plain = estimate_delay(gbm.total, partner, max_delay_s=3.0)
    treated = coloured_delay(gbm, View(total=partner), max_delay_s=3.0)
    assert treated.energy == "measured"
    assert abs(treated.median_s + 0.5) < 3 * treated.sigma_s
    assert abs(plain.median_s + 0.5) > 10 * plain.sigma_s
    assert treated.sigma_s > 3 * treated.statistical_sigma_s


def test_without_channels_the_lags_of_the_population_are_folded_in_and_it_is_said() -> None:
    a, b = band_curve(0.0, None, seed=1), band_curve(0.4, None, seed=2)
    treated = coloured_delay(View(total=a), View(total=b), max_delay_s=3.0)
    assert treated.energy == "population"
    assert treated.sigma_s > 0.02 > treated.statistical_sigma_s
    assert abs(treated.median_s - 0.4) < 3 * treated.sigma_s
    assert DelayPosterior.from_json(treated.to_json()).energy == "population"


def test_exchanging_the_instruments_turns_the_treated_delay_around() -> None:
    channels = soft_and_hard(0.3, delay=0.5)
    gbm, partner = View(total=summed(channels), channels=channels), View(total=band_curve(0.0, (80.0, 9e3), seed=3))
    there, back = coloured_delay(gbm, partner, max_delay_s=3.0), coloured_delay(partner, gbm, max_delay_s=3.0)
    assert there.median_s == pytest.approx(-back.median_s, abs=1e-5)


def test_the_band_nearest_to_the_partner_is_chosen_unless_one_is_given() -> None:
    channels = soft_and_hard(0.1)
    assert chosen_band(channels, effective_ln_energy((80.0, 10_000.0))).energy_kev == BANDS[1]
    assert chosen_band(channels, effective_ln_energy((40.0, 120.0))).energy_kev == BANDS[0]
    given = View(total=channels[0], channels=channels, is_band_given=True)
    partner = View(total=band_curve(0.0, (80.0, 10_000.0), seed=3))
    assert coloured_delay(given, partner, max_delay_s=1.0).figures["energy_difference"] > 0.9


def test_the_kernel_grows_with_the_distance_of_the_bands() -> None:
    lag = population_lag(20.0)
    widths = [kernel_sigma_s(lag, difference, 0.25) for difference in (0.0, 0.5, 1.0)]
    assert widths == sorted(widths)
    assert widths[0] > 0.01


def test_a_statistical_width_is_marked_on_its_annulus_and_a_treated_one_is_not() -> None:
    a, b = band_curve(0.0, None, seed=1), band_curve(0.4, None, seed=2)
    places = ([900_000.0, 0.0, 0.0], [0.0, 0.0, 0.0])
    plain = annulus_from_delay(*places, estimate_delay(a, b, max_delay_s=3.0))
    treated = annulus_from_delay(*places, coloured_delay(View(total=a), View(total=b), max_delay_s=3.0))
    assert "statistical_only" in plain.flags
    assert "statistical_only" not in treated.flags
    assert treated.half_width_3sigma_deg > 2 * plain.half_width_3sigma_deg


def test_many_channels_are_joined_to_a_few_and_overlapping_ones_are_not_used() -> None:
    edges = np.geomspace(10.0, 900.0, 33).tolist()
    many = [band_curve(0.0, (low, high), seed=k) for k, (low, high) in enumerate(pairwise(edges))]
    few = grouped(many)
    assert 3 <= len(few) <= 6
    assert float(sum(curve.counts.sum() for curve in few)) == float(sum(curve.counts.sum() for curve in many))
    assert grouped([band_curve(0.0, (20.0, 100.0), seed=1), band_curve(0.0, (50.0, 300.0), seed=2)]) == ()


def test_channels_without_energies_or_on_unlike_bins_are_refused() -> None:
    with pytest.raises(ScienceError, match="two channels"):
        spectral_lag([band_curve(0.0, None, seed=1), band_curve(0.0, None, seed=2)])
    with pytest.raises(ScienceError, match="same bins"):
        spectral_lag([band_curve(0.0, BANDS[0], seed=1), band_curve(0.0, BANDS[1], seed=2, width=0.032)])


def test_channels_too_weak_for_a_lag_leave_the_population() -> None:
    channels = tuple(curve.replace(counts=np.round(0.02 * curve.counts)) for curve in soft_and_hard(0.2))
    assert not spectral_lag([channels[0], channels[1].replace(counts=np.ones(len(channels[1])))]).is_measured


def test_channels_are_kept_with_a_stored_light_curve() -> None:
    channels = soft_and_hard(0.1)
    content = light_curve_codec.to_bytes(summed(channels), channels)
    assert light_curve_codec.from_bytes(content).energy_kev == (40.0, 360.0)
    kept = light_curve_codec.channels_from_bytes(content)
    assert [curve.energy_kev for curve in kept] == list(BANDS)
    assert np.array_equal(kept[1].counts, channels[1].counts)
    assert light_curve_codec.channels_from_bytes(light_curve_codec.to_bytes(channels[0])) == ()


@pytest.mark.parametrize("clock_error_s", [0.0, 0.1])
def test_a_delay_that_light_cannot_have_is_called_so_however_wide_the_lags_are(clock_error_s: float) -> None:
    a, b = band_curve(0.0, None, seed=1), band_curve(2.0, None, seed=2)
    treated = coloured_delay(View(total=a), View(total=b), max_delay_s=1.0, clock_error_s=clock_error_s)
    with pytest.raises(ScienceError, match="inconsistent"):
        annulus_from_delay([299_792.458, 0.0, 0.0], [0.0, 0.0, 0.0], treated)


def test_a_delay_just_beyond_light_by_the_error_of_the_clock_is_found() -> None:
    a, b = band_curve(0.0, None, seed=1), band_curve(2.0, None, seed=2)
    treated = coloured_delay(View(total=a), View(total=b), max_delay_s=1.0, clock_error_s=0.8)
    assert 0.6 < treated.median_s <= 1.0
    assert not treated.flags
