"""Upper limits, and what a count is worth."""

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acs_stream.false_alarms import ISDC_SPIKES, chance_probability, clump_rate_hz, gaussian_equivalent
from acs_stream.limits import limits_to_json, upper_limits
from acs_stream.response import ResponseTable
from tocsin.domain.errors import ConfigurationError, ScienceError
from tocsin.domain.light_curves import LightCurve

CONFIG = Path(__file__).resolve().parents[3] / "config" / "response.toml"


@pytest.fixture(scope="module")
def config() -> Any:
    return tomllib.loads(CONFIG.read_text())


@pytest.fixture(scope="module")
def table(config: dict[str, Any]) -> Any:
    return ResponseTable.from_config(config, file=CONFIG.name)


def data(phi: float = 1.4, *, burst: Any = 0.0, bin_s: Any = 0.05) -> Any:
    n = round(800 / bin_s)
    rng = np.random.default_rng(9)
    mean = 84000 * bin_s
    values = np.rint(mean + np.sqrt(phi * mean) * rng.standard_normal(n))
    start = bin_s * np.arange(n) - 400
    values[(start > 20) & (start < 40)] += burst
    return LightCurve("SPI-ACS", "2023-03-07T15:44:06", start, bin_s, values)


def test_limits_are_three_measured_standard_deviations(table: ResponseTable) -> None:
    limits = upper_limits(data(), t0_s=0.0, window_s=300.0, response=table.at(75.0))
    assert limits.counts_1s == pytest.approx(3 * np.sqrt(1.4 * 84000), rel=0.06)
    assert limits.counts_8s == pytest.approx(3 * np.sqrt(1.4 * 84000 * 8), rel=0.15)
    assert limits.hard_1s_erg_cm2 == pytest.approx(limits.counts_1s * table.at(75.0).hard_erg_cm2_per_count)
    assert limits.soft_8s_erg_cm2_s < limits.soft_1s_erg_cm2_s


def test_a_burst_in_the_window_does_not_loosen_the_limit(table: ResponseTable) -> None:
    quiet, loud = (upper_limits(data(burst=b), t0_s=0.0, window_s=300.0, response=table.at(75.0)) for b in (0, 30000))
    assert loud.counts_1s == pytest.approx(quiet.counts_1s, rel=0.05)


def test_without_a_response_there_are_limits_on_counts_alone() -> None:
    limits = upper_limits(data(), t0_s=0.0, window_s=300.0)
    assert limits.hard_1s_erg_cm2 is None
    record = json.loads(json.dumps(limits_to_json(limits)))
    assert record["response"] is None
    assert record["counts_1s"] > 0


def test_long_bins_give_no_limit_at_one_second() -> None:
    with pytest.raises(ScienceError, match="1 s"):
        upper_limits(data(bin_s=2.0), t0_s=0.0, window_s=300.0)


@pytest.mark.parametrize(
    ("angle", "fraction", "word"),
    [(75.0, 0.94, "near-optimal"), (125.0, 0.53, "somewhat suppressed"), (139.0, 0.40, "strongly suppressed")],
)
def test_the_response_depends_on_the_angle(table: ResponseTable, angle: float, fraction: float, word: str) -> None:
    response = table.at(angle)
    assert response.fraction_of_best == pytest.approx(fraction, abs=0.05)
    assert response.quality == word
    assert response.hard_erg_cm2_per_count == pytest.approx(1.4206e-10 / response.fraction_of_best)


@pytest.mark.parametrize("angle", [None, 10.0, 179.0])
def test_an_unknown_direction_gets_the_average_with_its_spread_never_the_best(
    table: ResponseTable, angle: float
) -> None:
    response = table.at(angle)
    assert response.quality == "unknown direction"
    assert response.fraction_of_best < 0.8
    assert response.spread >= 0.3


@pytest.mark.parametrize(
    ("fraction", "word"), [(0.84, "near-optimal"), (0.61, "somewhat suppressed"), (0.35, "strongly suppressed")]
)
def test_quality_words(table: ResponseTable, fraction: float, word: str) -> None:
    assert table.with_fraction(fraction).quality == word


def test_a_fraction_over_one_cannot_be(table: ResponseTable) -> None:
    with pytest.raises(ValueError, match="within"):
        table.with_fraction(1.2)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"best_hard_erg_cm2_per_count": "x"}, "best_hard_erg_cm2_per_count"),
        ({"nonsense": 1}, "nonsense"),
        ({"angles": []}, "angles"),
        ({"band_kev": 75}, "band_kev"),
        ({"quality": {}}, "quality"),
        ({"unknown": 1}, "unknown"),
        ({"unknown": {"fraction_of_best": 0.5}}, "unknown.spread"),
    ],
)
def test_a_wrong_setting_names_file_and_key(config: dict[str, Any], change: Any, key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ResponseTable.from_config(config | change, file="response.toml")
    assert (caught.value.file, caught.value.key) == ("response.toml", key)


def test_angles_must_ascend(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="ascend"):
        ResponseTable.from_config(config | {"angles": config["angles"][::-1]}, file="response.toml")


def test_clumps_of_independent_windows_are_as_rare_as_single_ones() -> None:
    for z in (3.0, 4.0, 5.0):
        tail = {3.0: 1.35e-3, 4.0: 3.17e-5, 5.0: 2.87e-7}[z]
        assert float(clump_rate_hz(z, 1.0, 1.0)) == pytest.approx(tail, rel=0.2)


def test_windows_that_slide_finely_make_more_clumps() -> None:
    assert float(clump_rate_hz(4.0, 1.0, 0.1)) > 4 * float(clump_rate_hz(4.0, 1.0, 1.0))


def test_a_poorly_known_scatter_makes_an_excess_less_rare() -> None:
    assert float(gaussian_equivalent(5.0, 5.0)) < 3.0 < float(gaussian_equivalent(5.0, 1e4)) <= 5.0


def test_spikes_follow_their_law() -> None:
    assert float(ISDC_SPIKES.above_hz(6.0, 0.1)) == pytest.approx(60 / 86400)
    assert float(ISDC_SPIKES.above_hz(12.0, 0.2)) == pytest.approx(60 / 86400 / 2 * 2**-2.7)
    assert ISDC_SPIKES.updated(0, 86400.0).rate_hz < ISDC_SPIKES.rate_hz < ISDC_SPIKES.updated(600, 86400.0).rate_hz


def test_chance_probability_never_leaves_zero_to_one() -> None:
    far = np.array([0.0, 1e-12, 1e-3, 1e6])
    found = chance_probability(far, 1.0, scales_s=[0.05, 1.0, 100.0], window_s=300.0)
    assert (np.diff(found) >= 0).all()
    assert found[0] == 0.0
    assert found[-1] == 1.0
