"""Published delays, annuli and crossings: signs and geometry against other people's numbers."""

import csv
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from tocsin.domain.clock import to_utc
from triangulation.annulus import circle_crossings
from triangulation.ephemeris_file import SolarSystem, packaged_de421
from triangulation.geometry import (
    SpacecraftPosition,
    arrival_minus_geocentre_s,
    baseline,
    separation_deg,
    unit_vector,
)

pytestmark = pytest.mark.samples
GRB_221009A = (288.2643, 19.7712)
NGC_4993 = (197.4504, -23.3815)


@pytest.fixture(scope="module")
def craft(samples: Path) -> list[dict[str, str]]:
    with (samples / "data/ephem/spacecraft_positions.csv").open() as file:
        return list(csv.DictReader(file))


def place(row: dict[str, str]) -> SpacecraftPosition:
    return SpacecraftPosition.from_radec(
        row["spacecraft"],
        to_utc(row["epoch_utc"]),
        ra_deg=float(row["ra_deg_geocentric"]),
        dec_deg=float(row["dec_deg_geocentric"]),
        distance_km=float(row["distance_km"]),
    )


def test_twelve_published_delays_of_grb_221009a_come_out_to_the_last_printed_digit(craft: list[dict[str, str]]) -> None:
    rows = [row for row in craft if row["event"] == "GRB 221009A" and row["arrival_minus_geocentre_s_published"]]
    assert len(rows) == 12
    for row in rows:
        published = row["arrival_minus_geocentre_s_published"]
        decimals = len(published.partition(".")[2])
        mine = arrival_minus_geocentre_s(place(row), *GRB_221009A)
        assert f"{mine:.{decimals}f}" == published, row["spacecraft"]
        assert mine == pytest.approx(float(row["arrival_minus_geocentre_s_computed"]), abs=1e-6)


def test_integral_and_gbm_delays_of_grb_170817a(craft: list[dict[str, str]]) -> None:
    row = next(row for row in craft if row["event"] == "GRB 170817A")
    integral = arrival_minus_geocentre_s(place(row), *NGC_4993)
    assert integral == pytest.approx(0.14896, abs=3e-4)
    fermi = -0.003176
    assert fermi - integral == pytest.approx(-0.1521, abs=3e-4)


def published(samples: Path, grb: str, pair: str) -> tuple[np.ndarray, float, float, float]:
    with (samples / "data/ipn/published_annuli.csv").open() as file:
        row = next(row for row in csv.DictReader(file) if row["grb"] == grb and row["pair"] == pair)
    axis = unit_vector(float(row["center_ra_deg"]), float(row["center_dec_deg"]))
    return axis, float(row["radius_deg"]), float(row["dr_minus_deg"]), float(row["dr_plus_deg"])


def test_annuli_of_grb_211019a_cross_at_the_published_points(samples: Path) -> None:
    first, second = published(samples, "GRB 211019A", "MGNS-HEND"), published(samples, "GRB 211019A", "KW-HEND")
    points = circle_crossings(first[0], first[1], second[0], second[1])
    expected = [(188.017, 79.469), (106.987, -38.780)]
    for ra, dec in expected:
        nearest = min(float(separation_deg(unit_vector(ra, dec), unit_vector(*point))) for point in points)
        assert nearest < 0.002


def test_the_box_of_grb_170522a_lies_on_its_annulus(samples: Path) -> None:
    axis, radius, minus, plus = published(samples, "GRB 170522A", "GBM-HEND")
    distance = float(separation_deg(axis, unit_vector(139.1949, 25.6971)))
    assert distance == pytest.approx(53.120, abs=1e-3)
    assert radius + minus <= distance <= radius + plus


@pytest.mark.parametrize("point", [(282.557459, 31.832096), (282.642596, 31.932013)])
def test_printed_points_of_grb_021219_lie_on_the_outer_edge(samples: Path, point: tuple[float, float]) -> None:
    axis, radius, _, plus = published(samples, "GRB 021219", "Ulysses-INTEGRAL")
    assert float(separation_deg(axis, unit_vector(*point))) == pytest.approx(radius + plus, abs=0.002)


def test_the_axis_of_grb_200415a_is_the_difference_of_positions(craft: list[dict[str, str]]) -> None:
    wind, fermi = (
        next(place(row) for row in craft if row["event"] == "GRB 200415A" and row["spacecraft"] == name)
        for name in ("Wind", "Fermi")
    )
    pair = baseline(wind, fermi)
    assert float(separation_deg(pair.axis, unit_vector(1.9364, 2.0646))) < 1e-4
    assert pair.light_time_s == pytest.approx(4.7548, abs=1e-4)
    assert float(pair.delay_s(unit_vector(11.888, -25.288))) == pytest.approx(4.15852, abs=1e-5)
    assert float(separation_deg(pair.axis, unit_vector(11.888, -25.288))) == pytest.approx(29.002, abs=1e-3)


def circular_rows(samples: Path, kind: str) -> list[dict[str, str]]:
    with (samples / "circulars/circular_cases.csv").open() as file:
        return [row for row in csv.DictReader(file) if row["kind"] == kind]


def test_points_named_in_circulars_lie_as_far_from_their_annuli_as_they_should(samples: Path) -> None:
    rows = [row for row in circular_rows(samples, "annulus") if row["true_ra"]]
    assert len(rows) >= 12
    for row in rows:
        axis = unit_vector(float(row["ra"]), float(row["dec"]))
        point = unit_vector(float(row["true_ra"]), float(row["true_dec"]))
        offset = float(separation_deg(axis, point)) - float(row["r"])
        assert offset == pytest.approx(float(row["offset_deg"]), abs=2e-4), row["event"]
        width = float(row["dr_plus"]) if offset > 0 else float(row["dr_minus"])
        assert (abs(offset) <= width) == (row["inside"] == "yes"), row["event"]


@pytest.mark.parametrize("event", ["GRB 990311 (BATSE 7464)", "GRB 000519 (BATSE 8111)"])
def test_tabulated_points_of_two_notices_lie_on_the_centre_line(samples: Path, event: str) -> None:
    (row,) = (row for row in circular_rows(samples, "annulus") if row["event"] == event)
    axis = unit_vector(float(row["ra"]), float(row["dec"]))
    distance = float(separation_deg(axis, unit_vector(float(row["true_ra"]), float(row["true_dec"]))))
    assert distance == pytest.approx(float(row["r"]), abs=5e-4)


def test_the_error_ellipse_of_grb_021206_has_the_printed_area(samples: Path) -> None:
    (row,) = circular_rows(samples, "error_ellipse")
    assert np.pi / 4 * 20.4 * 0.53 / 3600.0 == pytest.approx(float(row["area_deg2"]), rel=0.02)


#: Barycentric minus geocentric delay against Fermi for GRB 221009A, ms: what a plane geocentric wave neglects.
BARYCENTRIC_MINUS_GEOCENTRIC_MS = {
    "Swift": (0.0, 0.01),
    "INTEGRAL": (0.0, 0.06),
    "Wind": (0.01, 0.5),
    "SRG": (0.01, 0.5),
    "Mars Odyssey": (1.0, 126.0),
    "BepiColombo": (1.0, 126.0),
    "Solar Orbiter": (1.0, 126.0),
}


def test_barycentric_delays_of_grb_221009a_differ_from_the_published_geocentric_ones_by_aberration(
    craft: list[dict[str, str]],
) -> None:
    rows = {row["spacecraft"]: row for row in craft if row["event"] == "GRB 221009A" and row["accuracy"] == "published"}
    source, at_geocentre = unit_vector(*GRB_221009A), to_utc(rows["Fermi"]["epoch_utc"])

    def when_reached(row: dict[str, str]) -> SpacecraftPosition:
        later = timedelta(seconds=float(row["arrival_minus_geocentre_s_published"]))
        return replace(place(row), epoch_utc=at_geocentre + later)

    with SolarSystem(packaged_de421()) as sun:
        for name, (low, high) in BARYCENTRIC_MINUS_GEOCENTRIC_MS.items():
            pair = (when_reached(rows["Fermi"]), when_reached(rows[name]))
            difference_ms = 1e3 * abs(
                float(baseline(*pair, earth=sun).delay_s(source)) - float(baseline(*pair).delay_s(source))
            )
            assert low <= difference_ms <= high, (name, difference_ms)
