"""What instruments see of the sky, and how much of a localization."""

import math

import numpy as np
import pytest

from acs_stream.field_of_view import FieldKind, FieldOfView, coverage_of, earth_seen_from, field_from_json
from triangulation.skymap import SkyMap

SKY = FieldOfView(kind=FieldKind.SKY)
EARTH = FieldOfView(kind=FieldKind.EARTH)
CONE = FieldOfView(kind=FieldKind.CONE, half_width_deg=39.0, words="half coded")


def everywhere() -> SkyMap:
    return SkyMap(uniq=np.arange(4 * 4**4, 16 * 4**4), density_sr=np.full(12 * 4**4, 1 / (4 * math.pi)))


def spot(ra_deg: float, dec_deg: float) -> SkyMap:
    return SkyMap.from_position(ra_deg, dec_deg, error_radius_deg=2.0, containment=0.9)


def test_an_instrument_that_sees_the_whole_sky_saw_all_of_any_map() -> None:
    assert coverage_of("Konus-Wind", SKY).share(spot(10.0, 20.0)) == pytest.approx(1.0)


def test_the_earth_hides_what_is_behind_it() -> None:
    seen = coverage_of("Fermi-GBM", EARTH, vector_km=(6900.0, 0.0, 0.0))
    assert seen.hidden is not None
    assert (seen.hidden.ra_deg, seen.hidden.dec_deg) == pytest.approx((180.0, 0.0))
    assert seen.hidden.radius_deg == pytest.approx(math.degrees(math.asin(6378.137 / 6900.0)))
    assert seen.share(spot(180.0, 0.0)) == pytest.approx(0.0, abs=1e-6)
    assert seen.share(spot(0.0, 0.0)) == pytest.approx(1.0)
    share = 0.5 * (1.0 + math.cos(math.radians(seen.hidden.radius_deg)))
    assert seen.share(everywhere()) == pytest.approx(share, abs=0.01)


def test_from_far_the_earth_hides_nothing_and_from_an_unknown_place_nobody_knows() -> None:
    assert earth_seen_from((150_000.0, 0.0, 0.0)) is None
    assert earth_seen_from((0.0, 0.0, 0.0)) is None
    assert coverage_of("X", EARTH, vector_km=(150_000.0, 0.0, 0.0)).share(everywhere()) == pytest.approx(1.0)
    assert coverage_of("X", EARTH).share(everywhere()) is None


def test_a_cone_sees_what_is_about_its_axis_and_nothing_is_said_where_that_is_not_known() -> None:
    seen = coverage_of("Swift-BAT", CONE, axis_deg=(100.0, -30.0), vector_km=(6900.0, 0.0, 0.0))
    assert seen.share(spot(100.0, -30.0)) == pytest.approx(1.0)
    assert seen.share(spot(100.0, 30.0)) == pytest.approx(0.0, abs=1e-6)
    assert "half coded" in seen.words
    unknown = coverage_of("Swift-BAT", CONE)
    assert unknown.share(everywhere()) is None
    assert "not known" in unknown.words


def test_where_an_instrument_is_poor_is_told_apart() -> None:
    seen = coverage_of("SPI-ACS", SKY, axis_deg=(30.0, 10.0), poor_beyond_deg=123.0)
    assert seen.poor is not None
    assert (seen.poor.ra_deg, seen.poor.dec_deg, seen.poor.radius_deg) == pytest.approx((210.0, -10.0, 57.0))
    assert seen.poor_share(spot(210.0, -10.0)) == pytest.approx(1.0)
    assert seen.share(spot(210.0, -10.0)) == pytest.approx(1.0), "poor is not blind"
    assert seen.poor_share(spot(30.0, 10.0)) == pytest.approx(0.0, abs=1e-6)


def test_a_field_comes_back_from_its_record() -> None:
    assert field_from_json(CONE.to_json()) == CONE
