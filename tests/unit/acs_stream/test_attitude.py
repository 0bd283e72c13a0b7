"""Attitude of INTEGRAL: angles as the pointing service states them, real orbit rows, refusals."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from acs_stream.attitude import Attitude, attitude_at, attitude_from_json, parse_pointing, read_orbi_attitudes
from tocsin.domain.errors import ScienceError
from triangulation.geometry import radec_deg, separation_deg, unit_vector

GRB_221009A = (288.26429, 19.77308)


def turned(epoch_utc: str = "2022-10-09T13:17:00", x_deg: tuple[float, float] = (261.096, -41.012)) -> Attitude:
    z_deg = (176.327, 5.985)
    if x_deg != (261.096, -41.012):
        z_deg = ((x_deg[0] + 90.0) % 360.0, 0.0)
    return Attitude.from_radec(epoch_utc, x_deg=x_deg, z_deg=z_deg, spacecraft="INTEGRAL")


@pytest.mark.samples
@pytest.mark.parametrize("pointing", ["sc", "sc_second_pointing"])
def test_angles_of_a_burst_are_those_of_the_pointing_service(samples: Path, pointing: str) -> None:
    reply = yaml.safe_load((samples / "data/spiacs/grb221009a_results.yaml").read_text())[pointing]
    found = parse_pointing(json.dumps(reply).encode(), epoch_utc="2022-10-09T13:16:59.988")
    theta, phi = found.angles_deg(*GRB_221009A)
    assert float(theta) == pytest.approx(reply["theta"], abs=2e-3)
    assert float(phi) == pytest.approx(reply["phi"], abs=2e-3)
    y = unit_vector(reply["scy"]["ra"], reply["scy"]["dec"])
    assert float(separation_deg(found.y_axis, y)) < 2e-3


@pytest.mark.samples
def test_rows_of_a_real_orbit_file_are_perpendicular_axes_eight_seconds_apart(samples: Path) -> None:
    rows = read_orbi_attitudes(samples / "data/spiacs/sc_orbit_param.fits.gz", first_row_utc="2009-04-01T02:11:00")
    assert len(rows) == 244
    assert (rows[1].epoch_utc - rows[0].epoch_utc).total_seconds() == pytest.approx(8.0, abs=0.01)
    assert [float(angle) for angle in radec_deg(rows[0].x_axis)] == pytest.approx([300.603825, -4.186967], abs=1e-5)
    between = attitude_at(rows, "2009-04-01T02:11:04")
    step = float(separation_deg(rows[1].x_axis, rows[0].x_axis))  # the craft was slewing
    assert float(separation_deg(between.x_axis, rows[0].x_axis)) == pytest.approx(step / 2, rel=1e-3)
    with pytest.raises(ScienceError, match="no attitude within"):
        attitude_at(rows, "2009-04-01T05:00:00")


def test_the_pointing_axis_has_angle_zero_and_the_z_axis_lies_at_ninety_and_zero() -> None:
    one = turned()
    assert float(one.angles_deg(261.096, -41.012)[0]) == pytest.approx(0.0, abs=1e-6)
    theta, phi = one.angles_deg(*(float(angle) for angle in radec_deg(one.z_axis)))
    assert (float(theta), float(phi)) == pytest.approx((90.0, 0.0), abs=1e-9)
    theta, phi = one.angles_deg(*(float(angle) for angle in radec_deg(one.y_axis)))
    assert (float(theta), float(phi)) == pytest.approx((90.0, 90.0), abs=1e-9)


def test_angles_of_many_directions_come_as_arrays() -> None:
    theta, phi = turned().angles_deg(np.array([10.0, 20.0]), np.array([0.0, 5.0]))
    assert theta.shape == phi.shape == (2,)


def test_an_attitude_survives_its_json_form() -> None:
    again = attitude_from_json(json.loads(json.dumps(turned().to_json())))
    assert float(separation_deg(again.x_axis, turned().x_axis)) < 1e-9
    assert again.epoch_utc == turned().epoch_utc


def test_a_slew_between_two_rows_is_refused() -> None:
    rows = [turned("2022-10-09T13:00:00"), turned("2022-10-09T13:10:00", (200.0, 0.0))]
    with pytest.raises(ScienceError, match="was turning"):
        attitude_at(rows, "2022-10-09T13:05:00")


def test_one_pointing_holds_for_a_quarter_of_an_hour_and_no_longer() -> None:
    assert attitude_at([turned()], "2022-10-09T13:30:00").spacecraft == "INTEGRAL"
    with pytest.raises(ScienceError, match="no attitude"):
        attitude_at([turned()], "2022-10-09T14:00:00")


@pytest.mark.parametrize(
    "reply", [b"{}", b'{"scx": {"ra": 1}}', b'{"scx": 3, "scz": 4}', b"1 2 3", b"10 0 20 0", b"{broken"]
)
def test_replies_without_two_perpendicular_axes_are_refused(reply: bytes) -> None:
    with pytest.raises(ScienceError):
        parse_pointing(reply, epoch_utc="2022-10-09T13:17:00")
