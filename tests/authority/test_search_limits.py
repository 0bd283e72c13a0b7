"""Published limits and chance probabilities of SPI-ACS, reproduced from their own inputs."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from acs_stream.false_alarms import isdc_chance_probability
from acs_stream.limits import limits_from_counts
from acs_stream.readers import read_light_curve
from acs_stream.response import ResponseTable
from acs_stream.search import search

CONFIG = Path(__file__).resolve().parents[2] / "config" / "response.toml"


@pytest.fixture(scope="module")
def table() -> Any:
    return ResponseTable.from_config(tomllib.loads(CONFIG.read_text()), file=CONFIG.name)


def test_worked_case_s230627c(table: ResponseTable) -> None:
    """Count limits 1035.18 (1 s) and 2910.31 (8 s), response 1.756e-10 at 94 deg (81 %): to the printed digits."""
    response = table.with_fraction(1.4206 / 1.756, angle_deg=92.0)
    assert response.hard_erg_cm2_per_count == pytest.approx(1.756e-10, rel=1e-3)
    limits = limits_from_counts(1035.18, 2910.31, response=response)
    assert f"{limits.hard_1s_erg_cm2:.1e}" == "1.8e-07"
    assert f"{limits.soft_1s_erg_cm2_s:.1e}" == "1.6e-07"
    assert f"{limits.soft_8s_erg_cm2_s:.1e}" == "5.5e-08"
    assert response.quality == "near-optimal"


@pytest.mark.parametrize(
    ("t_s", "scale_s", "snr", "printed"),
    [(-0.221, 2.4, 3.37, 0.00943), (-24.6, 0.4, 3.6, 0.349), (-56.4, 1.0, 3.3, 0.643), (277.0, 0.7, 4.7, 0.728)],
)
def test_chance_probabilities_of_s230627c_in_isdcs_form(t_s: Any, scale_s: Any, snr: float, printed: Any) -> None:
    """To 15 %: scale and S/N are printed to two or three digits, and S/N enters with a power and a Gaussian tail."""
    assert isdc_chance_probability(snr, scale_s, t_s) == pytest.approx(printed, rel=0.15)


@pytest.mark.parametrize(
    ("angle", "percent"),
    [(75, 97), (75, 89), (125, 53), (139, 40), (91, 58), (90, 61), (94, 81), (136, 35), (153, 44), (170, 38)],
)
def test_responses_printed_in_circulars_lie_within_three_spreads(
    table: ResponseTable, angle: float, percent: Any
) -> None:
    response = table.at(float(angle))
    assert abs(percent / 100 - response.fraction_of_best) < 3 * response.spread * response.fraction_of_best


def test_grb_230307a_is_found_as_one_burst_at_its_time(samples: Path) -> None:
    curve = read_light_curve(samples / "data/spiacs/spiacs_lc_query-3.1.fits", format="mmoda-fits")
    t0_s = -90.0
    result = search(curve, t0_s=t0_s, window_s=170.0)
    best = result.excesses[0]
    assert best.snr > 1000
    assert best.start_s + t0_s == pytest.approx(-88.85, abs=0.3)  # onset 15:44:07.13
    assert best.spike_score < 0.1
    assert sum(e.snr > 8 for e in result.excesses) == 1
    assert result.background.rate_cts_s == pytest.approx(91000, rel=0.02)
