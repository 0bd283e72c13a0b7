"""GRB 200415A, a giant flare in NGC 253: real Konus-Wind and Fermi GBM counts give an annulus that holds the galaxy."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tocsin.domain.clock import to_utc
from tocsin.domain.light_curves import LightCurve
from triangulation.annulus import annulus_from_delay
from triangulation.delay import DelayPosterior, estimate_delay
from triangulation.ephemeris_file import SolarSystem, packaged_de421
from triangulation.geometry import SpacecraftPosition

NGC_253 = (11.888, -25.288)
MIDNIGHT = to_utc("2020-04-15T00:00:00")
WIND = SpacecraftPosition.from_radec(
    "Wind", "2020-04-15T08:48:01.403392", ra_deg=2.14708, dec_deg=1.94712, distance_km=1428868.0
)
FERMI = SpacecraftPosition.from_radec(
    "Fermi", "2020-04-15T08:48:05.564", ra_deg=58.14031, dec_deg=-23.94317, distance_km=6913.6
)

pytestmark = pytest.mark.samples


def at_second_of_day(seconds: float) -> datetime:
    return MIDNIGHT + timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def konus(samples: Path) -> LightCurve:
    rows = np.loadtxt(samples / "data/ipn/GRB20200415_T31685/kw20200415_31681_rc2.thr")
    return LightCurve(
        "Konus-Wind", at_second_of_day(31681.403392), start_s=rows[:, 0], width_s=0.002, counts=rows[:, 2:4].sum(axis=1)
    )


@pytest.fixture(scope="module")
def gbm(samples: Path) -> LightCurve:
    rows = np.loadtxt(samples / "data/ipn/GRB20200415_T31685/GBM/GRB200415_GBM_1ms.thr", skiprows=4)
    start = rows[:, 0]
    return LightCurve(
        "Fermi-GBM", at_second_of_day(31685.563746), start_s=start, width_s=0.001, counts=rows[:, 2:4].sum(axis=1)
    )


@pytest.fixture(scope="module")
def posterior(konus: LightCurve, gbm: LightCurve) -> DelayPosterior:
    return estimate_delay(konus, gbm, max_delay_s=4.755, clock_error_s=0.001)


def test_the_delay_is_that_of_the_galaxy_within_two_milliseconds(posterior: DelayPosterior) -> None:
    assert posterior.detected
    assert posterior.median_s == pytest.approx(4.1585, abs=0.002)
    assert posterior.statistical_sigma_s < 0.001


def test_the_annulus_holds_the_galaxy_and_is_thinner_than_a_tenth_of_a_degree(posterior: DelayPosterior) -> None:
    annulus = annulus_from_delay(WIND.vector_km, FERMI.vector_km, posterior)
    assert (annulus.ra_deg, annulus.dec_deg) == pytest.approx((1.9364, 2.0646), abs=1e-3)
    assert annulus.half_width_3sigma_deg < 0.1
    assert annulus.contains(*NGC_253)


def test_the_barycentric_annulus_holds_the_galaxy_too(posterior: DelayPosterior) -> None:
    with SolarSystem(packaged_de421()) as sun:
        annulus = annulus_from_delay(WIND, FERMI, posterior, earth=sun)
    assert annulus.contains(*NGC_253)


def test_exchanging_the_instruments_turns_the_delay_around(
    konus: LightCurve, gbm: LightCurve, posterior: DelayPosterior
) -> None:
    reverse = estimate_delay(gbm, konus, max_delay_s=4.755, clock_error_s=0.001)
    assert reverse.median_s == pytest.approx(-posterior.median_s, abs=1e-5)
