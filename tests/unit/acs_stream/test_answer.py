"""The whole answer: two named limits, trial bursts, regions, energies, properties."""

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acs_stream.answer import Known, answer, answer_to_json
from acs_stream.attitude import Attitude
from acs_stream.energetics import isotropic, redshift_of
from acs_stream.far_history import FarHistory
from acs_stream.injection import boxcar, pulse, recover, snr_at
from acs_stream.properties import Durations, burst_properties
from acs_stream.response import ResponseKind, ResponseTable
from acs_stream.search import search, search_with_noise
from acs_stream.sky_limits import limit_map
from acs_stream.sky_sensitivity import ORDER, SkySensitivity
from acs_stream.spectra import Spectrum
from acs_stream.trial_bursts import agreement, bursts_from_config
from tocsin.domain.errors import ConfigurationError, ScienceError
from tocsin.domain.light_curves import LightCurve
from triangulation import pixels
from triangulation.skymap import SkyMap

CONFIG = Path(__file__).resolve().parents[3] / "config"
BIN_S = 0.05
BAND = (75.0, 2000.0)


def config(stem: str) -> dict[str, Any]:
    return tomllib.loads((CONFIG / f"{stem}.toml").read_text())


@pytest.fixture(scope="module")
def table() -> ResponseTable:
    return ResponseTable.from_config(config("response"), file="response.toml")


@pytest.fixture(scope="module")
def bursts() -> Any:
    return bursts_from_config(config("bursts"), file="bursts.toml")


def quiet(seed: int = 1, phi: float = 1.4) -> Any:
    rng = np.random.default_rng(seed)
    return 2 * np.rint(2100 + np.sqrt(phi * 1050) * rng.standard_normal(24_400))


def curve(values: Any, instrument: str = "SPI-ACS") -> LightCurve:
    start = BIN_S * np.arange(values.size) - 610.0
    return LightCurve(instrument, "2023-03-07T15:44:06", start, BIN_S, values, energy_kev=(75.0, 10_000.0))


def test_both_limits_are_named_and_the_one_with_trials_is_the_weaker(table: ResponseTable, bursts: Any) -> None:
    found = answer(curve(quiet()), known=Known(table=table, bursts=bursts, direction_deg=(75.0, None)))
    limits = json.loads(json.dumps(answer_to_json(found)))["limits"]
    sensitivity, upper = limits["sensitivity_3sigma"], limits["upper_limit_90"]
    assert sensitivity["counts_1s"] == pytest.approx(3 * np.sqrt(1.4 * 84_000), rel=0.08)
    assert 1.7 < upper["counts_1s"] / sensitivity["counts_1s"] < 3.5
    assert upper["hard_1s_erg_cm2"] / upper["counts_1s"] == pytest.approx(
        sensitivity["hard_1s_erg_cm2"] / sensitivity["counts_1s"]
    )
    assert limits["is_plain"] is True
    assert limits["hard_1s_erg_cm2"] == sensitivity["hard_1s_erg_cm2"]
    assert limits["response"]["kind"] == "parametric"
    assert limits["response"]["scatter_fraction"] >= 0.4


def test_a_burst_of_the_upper_limit_is_really_louder_than_what_was_seen_nine_times_in_ten() -> None:
    data = curve(quiet(2))
    found = answer(data)
    assert found.upper_limit_90 is not None
    loudest = max(e.rank for e in found.result.excesses if not e.is_spike_like)
    rng, louder = np.random.default_rng(3), 0
    for _ in range(40):
        values = data.counts.copy()
        first = round((rng.uniform(-290, 290) + 610.0) / BIN_S)
        values[first : first + 20] += found.upper_limit_90.counts_1s / 20
        excesses = [e for e in search(curve(values)).excesses if not e.is_spike_like]
        louder += max(e.rank for e in excesses) > max(loudest, 11.0)
    assert 30 <= louder <= 40


def test_an_excess_above_the_reporting_threshold_leaves_no_plain_limit() -> None:
    values = quiet(4)
    values[12_200:12_220] += 250.0
    found = answer(curve(values), known=Known(durations=Durations.from_config(config("bursts"), file="x")))
    assert not found.is_plain
    assert "S/N" in found.threshold
    assert found.properties is not None
    assert found.properties.net_counts.value == pytest.approx(5000, rel=0.35)


@pytest.mark.parametrize(
    ("first_s", "last_s", "words"),
    [(-10.0, 12.0, "in a gap of 22"), (-5.0, 700.0, "on one side of T0 only"), (0.2, 0.6, "")],
)
def test_without_data_at_t0_there_is_no_limit_and_the_reason_is_said(first_s: float, last_s: float, words: str) -> None:
    whole = curve(quiet(4))
    found = answer(whole.select((whole.start_s < first_s) | (whole.start_s >= last_s)))
    assert (found.limits is None) is bool(words)
    assert words in found.limits_reason
    assert len(found.result.scales) > 1, "the rest is searched all the same"


def test_without_a_response_nothing_is_physical(bursts: Any, table: ResponseTable) -> None:
    known = Known(table=table, bursts=bursts).for_instrument("Fermi-GBM")
    found = answer_to_json(answer(curve(quiet(), "Fermi-GBM"), known=known))
    assert found["limits"]["hard_1s_erg_cm2"] is None
    assert found["limits"]["upper_limit_90"]["hard_1s_erg_cm2"] is None
    assert found["trial_bursts"] == []


def test_history_of_another_instrument_is_not_used() -> None:
    known = Known(trailing=FarHistory.of("SPI-ACS", 1.0, []))
    assert known.for_instrument("X").trailing is None
    assert known.for_instrument("SPI-ACS").trailing is not None


def test_a_burst_like_grb_170817a_is_found_as_often_as_not_and_a_brighter_one_always(
    table: ResponseTable, bursts: Any
) -> None:
    found = answer(curve(quiet(5)), known=Known(table=table, bursts=bursts, direction_deg=(75.0, None)))
    like, typical = found.trials
    assert 0.3 < like.probability < 0.8
    assert typical.probability > 0.9
    assert 1.1e-7 < like.fluence_50_erg_cm2 < 1.8e-7
    assert 600 < like.expected_counts < 1400


def test_recovery_of_a_boxcar_needs_what_a_filter_needs() -> None:
    _, measured = search_with_noise(curve(quiet(6)))
    recovery = recover(measured, boxcar(1.0, BIN_S), 1e-5, t0_s=0.0, window_s=300.0)
    item = min(measured.scales, key=lambda s: abs(s.scale_s - 1.0))
    ideal = snr_at(1e-5, item.scale_s, item.stride_s, 19) * np.sqrt(1.4 * 84_000)
    assert 0.85 * ideal < recovery.counts_at(0.5) < 1.15 * ideal
    assert recovery.probability(0.0) == 0.0
    assert recovery.probability(10 * ideal) == 1.0
    assert recovery.probability(recovery.counts_at(0.5), 0.4) == pytest.approx(0.5, abs=0.1)


def test_nothing_is_injected_over_a_burst_nor_where_there_are_no_data() -> None:
    _, measured = search_with_noise(curve(quiet(6)))
    with pytest.raises(ScienceError, match="no burst of that length"):
        recover(measured, boxcar(1.0, BIN_S), 1e-5, t0_s=0.0, window_s=300.0, avoid_s=[(-400.0, 400.0)])


def test_a_pulse_holds_nine_tenths_in_about_its_length() -> None:
    shape = pulse(2.0, 0.01)
    share = np.cumsum(shape) / shape.sum()
    length_s = 0.01 * (np.searchsorted(share, 0.95) - np.searchsorted(share, 0.05))
    assert 1.3 < length_s < 2.4


def test_limits_over_the_sky_follow_the_response_and_the_regions_nest(table: ResponseTable) -> None:
    attitude = Attitude.from_radec("2023-03-07", x_deg=(0.0, 0.0), z_deg=(0.0, 90.0), spacecraft="INTEGRAL")
    skymap = SkyMap.from_position(75.0, 0.0, error_radius_deg=8.0)
    found = answer(curve(quiet(7)), known=Known(table=table, attitude=attitude, skymap=skymap))
    half, most = found.regions
    assert half.angle_deg == pytest.approx(75.0, abs=1.0)
    assert most.hard_1s_erg_cm2[0] <= half.hard_1s_erg_cm2[0] <= half.hard_1s_erg_cm2[1] <= half.hard_1s_erg_cm2[2]
    assert half.hard_1s_erg_cm2[2] <= most.hard_1s_erg_cm2[2]
    assert found.limits is not None
    assert found.limits.response is not None
    assert found.limits.response.angle_deg == pytest.approx(75.0, abs=1.0)
    over = limit_map(found.limits, table, attitude, np.array([75.0, 139.0]), np.array([0.0, 0.0]))
    assert over["hard_1s_erg_cm2"][1] / over["hard_1s_erg_cm2"][0] == pytest.approx(0.94 / 0.385, rel=0.05)


def test_a_table_of_directions_knows_the_azimuth_and_needs_its_directions() -> None:
    rows = [
        {"theta_deg": 90.0, "phi_deg": phi, "fraction_of_best": fraction, "soft_over_hard": 0.9}
        for phi, fraction in ((0.0, 0.8), (90.0, 0.4), (-90.0, 0.5), (180.0, 0.6))
    ]
    values = config("response") | {"kind": "table", "directions": rows, "scatter_fraction": 0.2, "source": "a matrix"}
    found = ResponseTable.from_config(values, file="r")
    assert found.at(91.0, 80.0).fraction_of_best == 0.4
    assert found.at(91.0, 80.0).kind is ResponseKind.TABLE
    assert found.at(91.0, 80.0).total_fraction == pytest.approx(0.2)
    with pytest.raises(ConfigurationError) as caught:
        ResponseTable.from_config(values | {"directions": []}, file="r")
    assert caught.value.key == "directions"
    with pytest.raises(ConfigurationError):
        ResponseTable.from_config(values | {"kind": "guess"}, file="r")


def test_the_standard_spectra_give_the_published_ratio_near_the_best_direction(table: ResponseTable) -> None:
    assert table.erg_cm2_per_count(table.hard) == pytest.approx(1.4206e-10)
    assert table.erg_cm2_per_count(table.soft) / table.erg_cm2_per_count(table.hard) == pytest.approx(0.86, abs=0.03)


def test_energy_is_corrected_for_band_and_redshift_and_the_simple_form_stands_beside_it() -> None:
    hard = Spectrum(alpha=-0.5, peak_kev=600.0)
    near = isotropic(3.3e-7, hard, band_kev=BAND, distance_mpc=108.0, distance_error_mpc=30.0)
    assert f"{near.simple:.1e}" == "4.6e+47"
    assert near.low < near.median < near.high
    assert near.median == pytest.approx(near.simple * near.k_correction / (1 + near.redshift), rel=0.01)
    assert near.k_correction == pytest.approx(1.08, abs=0.03)
    far = isotropic(1e-7, hard, band_kev=BAND, distance_mpc=10_000.0)
    flux = isotropic(1e-7, hard, band_kev=BAND, distance_mpc=10_000.0, is_flux=True)
    assert flux.median == pytest.approx(far.median * (1 + far.redshift))


def test_redshifts_are_those_of_the_standard_universe() -> None:
    from astropy.cosmology import Planck18, z_at_value
    from astropy.units import Mpc

    distance = np.array([40.0, 500.0, 6000.0])
    expected = [float(z_at_value(Planck18.luminosity_distance, d * Mpc)) for d in distance]
    assert redshift_of(distance) == pytest.approx(expected, rel=0.005)


def test_expected_counts_of_another_instruments_spectrum_agree_or_do_not(table: ResponseTable) -> None:
    spectrum = Spectrum(alpha=-0.5, peak_kev=600.0)
    known = {"table": table, "response": table.at(75.0), "measured_error": 400.0}
    arguments = (2e-6, 1e-7, spectrum, (75.0, 2000.0))
    same = agreement(*arguments, **known, measured_counts=13_000.0)
    none = agreement(*arguments, **known, measured_counts=0.0)
    weak = agreement(2e-8, 1e-9, spectrum, (75.0, 2000.0), **known, measured_counts=50.0)
    assert same.agrees
    assert same.expected_counts == pytest.approx(2e-6 / 1.4206e-10 * 0.94, rel=0.01)
    assert not none.agrees or none.sigmas < -2
    assert weak.agrees
    assert "not seen" in weak.words


@pytest.mark.parametrize("length_s", [0.5, 4.0, 20.0])
def test_durations_and_counts_of_a_burst_are_measured(length_s: float) -> None:
    values = quiet(8)
    n = round(length_s / BIN_S)
    values[12_200 : 12_200 + n] += 30_000.0 / n
    mixture = Durations.from_config(config("bursts"), file="bursts.toml")
    found = burst_properties(curve(values), 0.0, length_s, durations=mixture)
    assert found.t90_s.value == pytest.approx(0.9 * length_s, rel=0.15, abs=0.1)
    assert found.t50_s.value == pytest.approx(0.5 * length_s, rel=0.2, abs=0.1)
    assert found.net_counts.low < 30_000 * 1.12
    assert found.net_counts.high > 30_000 * 0.88
    assert found.probability_long is not None
    assert (found.probability_long.value > 0.5) == (length_s > 3)
    assert found.band_kev == (75.0, 10_000.0)
    json.dumps(found.to_json())


def in_band(values: Any, low: float, high: float) -> LightCurve:
    return curve(values).replace(energy_kev=(low, high))


def test_hardness_is_the_ratio_of_two_bands_that_are_named() -> None:
    soft, hard, harder = quiet(9), quiet(10), quiet(12)
    soft[12_200:12_240] += 1000.0
    hard[12_200:12_240] += 500.0
    bands = [in_band(soft, 10, 50), in_band(hard, 50, 300), in_band(harder, 300, 1000)]
    found = burst_properties(curve(soft + hard + harder), 0.0, 2.0, channels=bands)
    assert found.hardness is not None
    assert (found.hardness.lower_kev, found.hardness.upper_kev) == ((10, 50), (50, 300))
    assert found.hardness.ratio.value == pytest.approx(0.5, abs=0.05)
    assert found.hardness.ratio.low < 0.52
    assert found.hardness.ratio.high > 0.48
    of_konus = burst_properties(
        curve(soft + hard), 0.0, 2.0, channels=[in_band(soft, 80, 300), in_band(hard, 300, 1200)]
    )
    assert of_konus.hardness is not None
    assert of_konus.hardness.upper_kev == (300, 1200)
    assert burst_properties(curve(soft), 0.0, 2.0).hardness is None


def test_no_burst_has_no_properties() -> None:
    values = quiet(11)
    values[12_200:12_240] -= 500.0
    with pytest.raises(ScienceError, match="no counts above background"):
        burst_properties(curve(values), 0.0, 2.0)


def test_what_a_burst_was_worth_is_said_with_the_spectrum_it_would_have_had(table: ResponseTable) -> None:
    values = quiet(13)
    values[12_200:12_220] += 2000.0
    found = answer(curve(values), known=Known(table=table, direction_deg=(75.0, None))).properties
    assert found is not None
    hard, soft = found.brightness
    assert hard.spectrum == table.hard_spectrum
    assert hard.band_kev == (75, 2000)
    assert hard.fluence_erg_cm2.value == pytest.approx(40_000 * 1.4206e-10 / 0.94, rel=0.05)
    assert soft.fluence_erg_cm2.value < hard.fluence_erg_cm2.value
    assert hard.fluence_erg_cm2.low < 0.72 * hard.fluence_erg_cm2.value, "a formula is known to 40 %"
    assert hard.peak_flux_erg_cm2_s is not None
    assert hard.peak_flux_erg_cm2_s.value == pytest.approx(hard.fluence_erg_cm2.value, rel=0.1)
    without = answer(curve(values)).properties
    assert without is not None
    assert without.brightness == ()


def test_the_map_of_the_sensitivity_says_the_same_as_the_limits_and_survives_its_file(
    table: ResponseTable, bursts: Any
) -> None:
    attitude = Attitude.from_radec("2023-03-07", x_deg=(0.0, 0.0), z_deg=(0.0, 90.0), spacecraft="INTEGRAL")
    skymap = SkyMap.from_position(75.0, 0.0, error_radius_deg=8.0)
    found = answer(curve(quiet(7)), known=Known(table=table, attitude=attitude, skymap=skymap, bursts=bursts))
    assert found.sky is not None
    content = found.sky.to_bytes()
    assert content == found.sky.to_bytes()
    read = SkySensitivity.from_bytes(content)
    assert read.bursts == ("like GRB 170817A", "typical short burst")
    most = found.regions[1]
    cells = pixels.finest_at(np.array([75.0]), np.array([0.0])) >> (2 * (29 - ORDER))
    here = int(cells[0])
    assert most.hard_1s_erg_cm2[0] <= read.columns["HARD_1S"][here] * 1.01
    assert read.columns["HARD_1S"][here] <= most.hard_1s_erg_cm2[2] * 1.01
    low, _, high = found.trials_over_region["like GRB 170817A"]
    assert low - 0.02 <= read.chance(0)[here] <= high + 0.02
    assert (read.chance(1) >= read.chance(0)).all()
    assert read.header["RA_X"] == 0.0
    with pytest.raises(ScienceError, match="no map of a sensitivity"):
        SkySensitivity.from_bytes(b"NoData")


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"shape": "square"}, "burst[1].shape"),
        ({"duration_s": -1}, "burst[1].duration_s"),
        ({"band_kev": [5]}, "burst[1].band_kev"),
        ({"spectrum": {"alpha": -3, "peak_kev": 100}}, "burst[1].spectrum"),
        ({"spectrum": {"alpha": "x", "peak_kev": 100}}, "burst[1].spectrum.alpha"),
        ({"colour": "blue"}, "burst[1].colour"),
    ],
)
def test_a_wrong_burst_names_its_key(change: dict[str, Any], key: str) -> None:
    row = config("bursts")["burst"][0] | change
    with pytest.raises(ConfigurationError) as caught:
        bursts_from_config({"burst": [row]}, file="bursts.toml")
    assert caught.value.key == key
