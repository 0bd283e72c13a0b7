"""Limits of published circulars, from the response and the excess variance that each states, at 90,000 counts/s.

Nothing is adjusted per event: the counts follow from the stated excess variance, the fluence from the stated response.
"""

import csv
import tomllib
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest

from acs_stream.limits import limits_from_counts
from acs_stream.response import ResponseTable

CONFIG = Path(__file__).resolve().parents[2] / "config" / "response.toml"
RATE_CTS_S = 90_000.0

pytestmark = pytest.mark.samples


@pytest.fixture(scope="module")
def table() -> ResponseTable:
    return ResponseTable.from_config(tomllib.loads(CONFIG.read_text()), file=CONFIG.name)


def stated(samples: Path) -> list[dict[str, Any]]:
    """Circulars that state response, excess variance and a hard 1 s limit; and the worked case of ISDC's notebook."""
    with (samples / "circulars" / "circular_cases.csv").open() as file:
        rows: list[dict[str, Any]] = [
            {"name": row["event"], "percent": row["resp_acs_pct"], "excess": row["excess_variance"]}
            | {"hard": row["ul_fluence_1s"], "soft_8s": row["ul_flux_8s"], "angle": row["angle_deg"]}
            for row in csv.DictReader(file)
            if row["kind"].startswith("spiacs_limit") and row["resp_acs_pct"] and row["excess_variance"]
        ]
    rows.append({"name": "S230627c", "percent": 81, "excess": 1.2, "hard": 1.8e-7, "soft_8s": 5.5e-8, "angle": 94})
    return [row for row in rows if row["hard"]]


def ratios(rows: list[dict[str, Any]], table: ResponseTable, *, parametric: bool) -> list[float]:
    found = []
    for row in rows:
        response = table.with_fraction(float(row["percent"]) / 100, angle_deg=float(row["angle"]))
        if parametric:
            response = table.at(float(row["angle"]))
        sigma = float(row["excess"]) * np.sqrt(RATE_CTS_S)
        limits = limits_from_counts(3 * sigma, 3 * sigma * np.sqrt(8), response=response)
        found.append(limits.hard_1s_erg_cm2 / float(row["hard"]))
    return found


def test_hard_one_second_limits_are_those_published(samples: Path, table: ResponseTable) -> None:
    rows = stated(samples)
    assert len(rows) >= 10
    found = ratios(rows, table, parametric=False)
    assert 0.85 < median(found) < 1.15
    assert all(0.6 < ratio < 1.6 for ratio in found), dict(zip([r["name"] for r in rows], found, strict=True))


def test_the_parametric_response_scatters_by_no_more_than_it_says(samples: Path, table: ResponseTable) -> None:
    logs = np.log(ratios(stated(samples), table, parametric=True))
    assert float(np.std(logs)) < table.scatter_fraction
    assert abs(float(np.mean(logs))) < 0.2


def test_the_stated_isotropic_energy_follows_from_limit_and_distance(table: ResponseTable) -> None:
    from acs_stream.energetics import isotropic

    found = isotropic(3.3e-7, table.hard, band_kev=table.band_kev, distance_mpc=108.0)
    assert f"{found.simple:.1e}" == "4.6e+47"  # S190930t, GCN 25880


def test_s230627c_follows_from_its_counts_within_four_per_cent(table: ResponseTable) -> None:
    response = table.with_fraction(1.4206 / 1.756, angle_deg=94.0)
    limits = limits_from_counts(1035.18, 2910.31, response=response)
    soft = 1.53e-10  # erg/cm2 per count, inferred
    assert limits.hard_1s_erg_cm2 == pytest.approx(1035.18 * 1.756e-10, rel=0.001)
    assert limits.soft_1s_erg_cm2_s == pytest.approx(1035.18 * soft, rel=0.04)
    assert limits.soft_8s_erg_cm2_s == pytest.approx(2910.31 * soft / 8, rel=0.04)
