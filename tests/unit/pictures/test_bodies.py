"""Sun and Moon stand where astropy puts them."""

from datetime import UTC, datetime

import numpy as np
import pytest
from astropy.coordinates import get_body
from astropy.time import Time
from astropy.utils import iers

from tocsin.pictures.bodies import moon_direction, sun_direction
from tocsin.pictures.sphere import separation_deg

MOMENTS = [
    datetime(2003, 5, 1, tzinfo=UTC),
    datetime(2012, 2, 11, 13, tzinfo=UTC),
    datetime(2020, 4, 15, 8, 48, tzinfo=UTC),
    datetime(2026, 11, 22, 12, tzinfo=UTC),
]


@pytest.mark.parametrize("moment", MOMENTS)
def test_sun_and_moon_agree_with_the_ephemeris(moment: datetime) -> None:
    with iers.conf.set_temp("auto_download", False), iers.conf.set_temp("auto_max_age", None):
        for name, direction, tolerance_deg in (("sun", sun_direction, 0.02), ("moon", moon_direction, 0.5)):
            expected = get_body(name, Time(moment.replace(tzinfo=None)))
            ra_deg, dec_deg = direction(moment)
            offset = separation_deg(np.array([expected.ra.deg]), np.array([expected.dec.deg]), ra_deg, dec_deg)
            assert offset[0] < tolerance_deg, name
