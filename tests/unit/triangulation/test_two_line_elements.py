"""Two-line elements: places against published ones and a real orbit file, errors by age, refusals."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from acs_stream.positions import read_orbi_scp, read_positions
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError
from triangulation.ephemeris_file import interpolated
from triangulation.geometry import separation_deg, unit_vector
from triangulation.tle import Elements, nearest_elements, parse_elements, track

# Elements of INTEGRAL (NORAD 27540) as published; copied out in ludwischmidt/GRB_Triangulation@640cbdec, tle.txt.
INTEGRAL = """\
1 27540U 02048A   08260.75000000 +.00000476 +00000-0 +10000-3 0  9991
2 27540 087.0942 013.2927 8139491 270.3466 359.1336 00.33408953003386
1 27540U 02048A   09017.37500000 -.00000450 +00000-0 +10000-3 0  9998
2 27540 087.0203 007.7175 8253629 267.2256 356.0569 00.33419043003792
1 27540U 02048A   09089.16666667 +.00000299 +00000-0 +10000-3 0  9996
2 27540 086.8475 004.3521 8311025 265.4768 355.4645 00.33411352004032
1 27540U 02048A   09092.16666667 +.00000341 +00000-0 +10000-3 0  9998
2 27540 086.8245 004.1657 8314620 265.3959 356.5600 00.33415566004045
"""
# The example of a low orbit of the sgp4 package's own documentation (ISS).
STATION = """\
ISS (ZARYA)
1 25544U 98067A   19343.69339541  .00001764  00000-0  38792-4 0  9991
2 25544  51.6439 211.2001 0007417  17.6667  85.6398 15.50103472202482
"""


def test_the_place_of_integral_at_grb_080916c_is_the_published_one() -> None:
    moment = "2008-09-16T00:12:45.61"
    place = nearest_elements(parse_elements(INTEGRAL), moment).position("INTEGRAL", moment)
    assert float(separation_deg(place.vector_km, unit_vector(184.697, 71.094))) < 1e-3
    assert place.distance_km == pytest.approx(130747.0, abs=1.0)


@pytest.mark.samples
def test_elements_and_orbit_file_of_one_morning_agree_within_the_stated_error(samples: Path) -> None:
    rows = read_orbi_scp(samples / "data/spiacs/sc_orbit_param.fits.gz", first_row_utc="2009-04-01T02:11:00")
    near = nearest_elements(parse_elements(INTEGRAL), "2009-04-01T02:11:00")
    start = to_utc("2009-04-01T02:00:00")
    # The file's own clock is on board only: the minute that fits best is taken, both orbits are otherwise independent.
    places = [near.position("INTEGRAL", start + timedelta(seconds=5 * k)) for k in range(300)]
    away_km = [float(np.linalg.norm(place.vector_km - rows[0].vector_km)) for place in places]
    best = int(np.argmin(away_km))
    assert away_km[best] < places[best].error_km == pytest.approx(62.0, abs=3.0)
    later = near.position("INTEGRAL", places[best].epoch_utc + timedelta(seconds=8 * 200))
    assert float(np.linalg.norm(later.vector_km - rows[200].vector_km)) < 60.0


@pytest.mark.parametrize(
    ("age_days", "low_km", "high_km"), [(0.0, 40, 100), (5.0, 40, 100), (73.0, 1000, 1700), (99.0, 1500, 2500)]
)
def test_the_error_of_a_high_orbit_grows_as_measured(age_days: float, low_km: float, high_km: float) -> None:
    old = parse_elements(INTEGRAL)[1]
    place = old.position("INTEGRAL", old.epoch_utc + timedelta(days=age_days))
    assert low_km <= place.error_km <= high_km


def test_elements_seventy_three_days_old_are_wrong_by_about_what_they_say() -> None:
    elements = parse_elements(INTEGRAL)
    moment = elements[2].epoch_utc + timedelta(hours=22)
    old, fresh = elements[1].position("INTEGRAL", moment), elements[2].position("INTEGRAL", moment)
    away_km = float(np.linalg.norm(old.vector_km - fresh.vector_km))
    assert 300.0 < away_km < 3.0 * np.sqrt(3.0) * old.error_km


def test_elements_of_another_epoch_are_refused_by_name() -> None:
    with pytest.raises(ScienceError, match=r"196 days older than .* stale beyond 100 days"):
        parse_elements(INTEGRAL)[0].position("INTEGRAL", "2009-04-01T02:11:00")
    with pytest.raises(ScienceError, match="stale beyond 30 days"):
        parse_elements(STATION)[0].position("ISS", "2020-03-01T00:00:00")


def test_a_low_orbit_is_where_the_reference_program_has_it() -> None:
    # sgp4's documentation: TEME position of this set at JD 2458827.362605.
    place = parse_elements(STATION)[0]
    assert place.name == "ISS (ZARYA)"
    moment = to_utc("2019-12-09T20:42:09.072")
    assert place.position("ISS", moment).distance_km == pytest.approx(
        float(np.linalg.norm([-6102.44, -986.33, -2820.31])), abs=0.05
    )
    assert place.position("ISS", moment).error_km == pytest.approx(1.3, abs=0.2)


def test_axes_of_date_are_turned_to_icrf_by_twenty_years_of_precession() -> None:
    place = parse_elements(STATION)[0].position("ISS", "2019-12-09T20:42:09.072")
    apart = float(separation_deg(place.vector_km, [-6102.44, -986.33, -2820.31]))
    assert 0.15 < apart < 0.30


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no two-line elements"),
        (INTEGRAL[:70], "no second line"),
        (INTEGRAL.replace("9991", "9992", 1), "checksum"),
        (INTEGRAL[:120] + "\n", "cut off"),
        (INTEGRAL.replace("2 27540 087.0942", "2 27541 087.0942", 1).replace("3386", "3387", 1), "of objects"),
        (STATION.replace("19343.69339541", "1934x.69339541"), "checksum"),
    ],
)
def test_broken_elements_are_refused(text: str, words: str) -> None:
    with pytest.raises(ScienceError, match=words):
        parse_elements(text)


def test_elements_of_two_objects_make_no_track() -> None:
    both = [*parse_elements(INTEGRAL), *parse_elements(STATION)]
    with pytest.raises(ScienceError, match="of objects"):
        track(both, "INTEGRAL", "2009-04-01T02:11:00", half_span_s=60.0)


def test_a_track_between_its_steps_is_the_orbit_itself(tmp_path: Path) -> None:
    (tmp_path / "iss.tle").write_text(STATION)
    moment = to_utc("2019-12-09T20:42:03.7")
    table = read_positions(tmp_path / "iss.tle", spacecraft="ISS", epoch_utc="2019-12-09T20:42:00", half_span_s=100.0)
    found, direct = interpolated(table, moment), parse_elements(STATION)[0].position("ISS", moment)
    assert float(np.linalg.norm(found.vector_km - direct.vector_km)) < 1e-3
    assert found.error_km == pytest.approx(direct.error_km, abs=0.05)


def test_the_epoch_of_elements_is_in_the_right_century() -> None:
    assert parse_elements(INTEGRAL)[0].epoch_utc == to_utc("2008-09-16T18:00:00")
    first = STATION.splitlines()[1].replace("19343", "98343")
    assert Elements(line_1=first, line_2=STATION.splitlines()[2]).epoch_utc.year == 1998
