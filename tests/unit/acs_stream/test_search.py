"""Search for excesses: what it finds, what it must not find, and what it says of both."""

import json
from typing import Any

import numpy as np
import pytest

from acs_stream.search import result_to_json, search
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import LightCurve

T0 = "2023-03-07T15:44:06"
BIN_S = 0.05


def counts(seed: int = 1, *, n: int = 16000, mean: Any = 4200.0, phi: float = 1.4) -> Any:
    """Even counts as SPI-ACS gives them, over-dispersed."""
    rng = np.random.default_rng(seed)
    return 2 * np.rint(mean / 2 + np.sqrt(phi * mean / 4) * rng.standard_normal(n))


def curve(values: Any, *, start_s: Any = -400.0, instrument: Any = "SPI-ACS", **more: Any) -> Any:
    values = np.asarray(values, dtype=float)
    return LightCurve(instrument, T0, start_s + BIN_S * np.arange(values.size), BIN_S, values, **more)


def with_burst(at_s: Any, length_s: float, snr: float, *, seed: int = 1, phi: float = 1.4, mean: Any = 4200.0) -> Any:
    values = counts(seed, phi=phi, mean=mean)
    n = max(1, round(length_s / BIN_S))
    first = round((at_s + 400.0) / BIN_S)
    values[first : first + n] += snr * np.sqrt(phi * mean * n) / n
    return curve(values)


@pytest.mark.parametrize("length_s", [0.05, 0.3, 1.0, 4.0, 16.0, 40.0])
def test_a_burst_is_found_at_its_time_and_about_its_length(length_s: float) -> None:
    best = search(with_burst(10.0, length_s, 12.0), t0_s=0.0, window_s=300.0).excesses[0]
    assert best.t_s == pytest.approx(10.0 + length_s / 2, abs=max(0.05, 0.3 * length_s))
    assert 0.3 * length_s <= best.scale_s <= 2.0 * length_s
    assert 6.0 < best.snr < 16.0
    assert best.fap < 0.05


def test_counts_and_rate_are_those_above_background() -> None:
    best = search(with_burst(10.0, 1.0, 30.0), t0_s=0.0, window_s=300.0).excesses[0]
    expected = 30.0 * np.sqrt(1.4 * 4200 * 20)
    assert best.counts == pytest.approx(expected, rel=0.25)
    assert best.rate_cts_s == pytest.approx(best.counts / best.scale_s, rel=0.01)


def test_times_are_relative_to_the_t0_of_the_search() -> None:
    found = search(with_burst(10.0, 1.0, 30.0), t0_s=8.0, window_s=300.0).excesses[0]
    assert found.t_s == pytest.approx(2.5, abs=0.2)


def test_a_very_bright_burst_is_one_excess_and_does_not_bias_its_background() -> None:
    values = counts()
    t = np.arange(values.size) * BIN_S - 400.0
    values += 40000 * np.exp(-0.5 * ((t - 20) / 8.0) ** 2)
    result = search(curve(values), t0_s=0.0, window_s=300.0)
    strong = [e for e in result.excesses if e.snr > 6]
    assert len(strong) == 1
    assert strong[0].start_s < 0
    assert strong[0].stop_s > 40
    assert result.background.rate_cts_s == pytest.approx(84000, rel=0.01)
    assert result.variance_factor == pytest.approx(1.4, abs=0.15)


def test_a_weak_precursor_stays_an_excess_of_its_own() -> None:
    values = with_burst(10.0, 2.0, 60.0).counts.copy()
    first = round((4.0 + 400.0) / BIN_S)
    values[first : first + 10] += 8.0 * np.sqrt(1.4 * 4200 * 10) / 10
    found = search(curve(values), t0_s=0.0, window_s=300.0).excesses
    assert any(abs(e.t_s - 4.25) < 0.5 and e.snr > 5 for e in found)


def test_a_single_bin_spike_is_kept_and_called_one() -> None:
    spike = search(with_burst(10.0, 0.05, 15.0), t0_s=0.0, window_s=300.0).excesses[0]
    burst = search(with_burst(10.0, 2.0, 15.0), t0_s=0.0, window_s=300.0).excesses[0]
    assert spike.spike_score > 0.7
    assert burst.spike_score < 0.3


def test_spikes_make_a_short_excess_less_rare_than_noise_alone_would() -> None:
    data = with_burst(10.0, 0.1, 9.0)
    acs = search(data, t0_s=0.0, window_s=300.0).excesses[0]
    other = search(data.replace(instrument="Other"), t0_s=0.0, window_s=300.0).excesses[0]
    assert acs.far_hz > 1e-5 > other.far_hz


def test_nearer_excesses_are_less_likely_by_chance() -> None:
    near = search(with_burst(1.0, 1.0, 6.0), t0_s=0.0, window_s=300.0).excesses[0]
    far = search(with_burst(250.0, 1.0, 6.0), t0_s=0.0, window_s=300.0).excesses[0]
    assert near.fap < far.fap


@pytest.mark.parametrize("phi", [1.0, 1.4, 2.0])
def test_the_variance_is_measured(phi: float) -> None:
    result = search(curve(counts(2, phi=phi)), t0_s=0.0, window_s=300.0)
    assert result.variance_factor == pytest.approx(phi, rel=0.07)
    assert result.excess_std_ratio == pytest.approx(np.sqrt(phi), rel=0.04)


def test_a_drifting_background_makes_no_excess() -> None:
    t = np.linspace(-1, 1, 16000)
    values = np.rint(counts(3) * (1 + 0.05 * t + 0.03 * t**2))
    assert all(e.snr < 6 for e in search(curve(values), t0_s=0.0, window_s=300.0).excesses)


def test_gaps_and_masked_bins_are_no_excess_and_no_deficit() -> None:
    values = counts(4)
    mask = np.zeros(values.size, dtype=bool)
    values[9000:9200] = np.nan
    mask[9000:9200] = True
    masked = curve(values, mask=mask)
    keep = np.ones(values.size, dtype=bool)
    keep[6000:6400] = False
    result = search(masked.select(keep), t0_s=0.0, window_s=300.0)
    assert all(e.snr < 6 for e in result.excesses)
    assert result.completeness == pytest.approx(1 - 30 / 600, abs=0.01)


def test_too_little_data_is_no_search() -> None:
    data = curve(counts()[:1500], start_s=-200.0)
    with pytest.raises(ScienceError, match="%"):
        search(data, t0_s=0.0, window_s=300.0)
    with pytest.raises(ScienceError, match="no data"):
        search(data, t0_s=5000.0, window_s=300.0)


def test_counts_of_nothing_do_not_crash() -> None:
    with pytest.raises(ScienceError):
        search(curve(np.zeros(16000)), t0_s=0.0, window_s=300.0)


def test_few_counts_a_bin_are_searched_with_the_right_tail() -> None:
    rng = np.random.default_rng(6)
    data = LightCurve("Fermi-GBM", T0, 0.064 * np.arange(10000) - 320, 0.064, rng.poisson(3.0, 10000).astype(float))
    result = search(data, t0_s=0.0, window_s=300.0)
    assert all(e.far_hz > 1e-5 for e in result.excesses)
    assert result.scales[0].scale_s == pytest.approx(0.064)


def test_unequal_bins_are_searched() -> None:
    rng = np.random.default_rng(7)
    width = np.where(np.arange(6000) % 50 == 0, 0.15, 0.1)
    start = np.concatenate([[0.0], np.cumsum(width)[:-1]]) - 300.0
    result = search(
        LightCurve("SPI-ACS", T0, start, width, rng.poisson(84000 * width).astype(float)), t0_s=0.0, window_s=250.0
    )
    assert all(e.snr < 6 for e in result.excesses)


def test_stated_variances_are_used() -> None:
    rng = np.random.default_rng(8)
    values = 50.0 + 20.0 * rng.standard_normal(16000)
    data = LightCurve("X", T0, BIN_S * np.arange(16000) - 400, BIN_S, values, variance_counts=np.full(16000, 400.0))
    result = search(data, t0_s=0.0, window_s=300.0)
    assert result.variance_factor == pytest.approx(8.0, rel=0.1)
    assert all(e.snr < 6 for e in result.excesses)


def test_the_json_form_has_the_names_of_the_contract() -> None:
    record = json.loads(json.dumps(result_to_json(search(with_burst(1.0, 1.0, 9.0), t0_s=0.0, window_s=300.0))))
    assert {"excesses", "limits", "background"} <= set(record)
    assert {"t_s", "scale_s", "snr", "far_hz", "fap", "spike_score"} <= set(record["excesses"][0])


def test_a_search_is_the_same_twice() -> None:
    data = with_burst(1.0, 1.0, 9.0)
    assert search(data, t0_s=0.0, window_s=300.0) == search(data, t0_s=0.0, window_s=300.0)


def test_data_that_end_before_t0_are_said_to_say_nothing_of_it() -> None:
    data = with_burst(-200.0, 1.0, 9.0)
    before = data.between(-390.0, -60.0)
    assert search(before, t0_s=-60.0, window_s=150.0).warnings == (
        "there are data only before T0: an excess at T0 may be cut in two",
    )
    assert search(before, t0_s=0.0, window_s=250.0).warnings == (
        "there are data only before T0, none within 60.0 s of it: nothing is known of T0",
    )
