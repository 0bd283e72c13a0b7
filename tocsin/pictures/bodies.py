"""Where the Sun and the Moon stand, well enough to be drawn: low-precision series, no ephemeris file."""

from datetime import UTC, datetime

import numpy as np

from tocsin.domain.clock import to_utc
from triggers.sun import sun_radec_deg

_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


def sun_direction(moment: datetime) -> tuple[float, float]:
    """Right ascension and declination of the Sun, J2000, deg, to 0.02 deg from 1950 to 2050."""
    return sun_radec_deg(to_utc(moment))


def moon_direction(moment: datetime) -> tuple[float, float]:
    """Right ascension and declination of the Moon from the Earth's centre, J2000, deg, to 0.5 deg.

    From an observer on the ground or in low orbit the parallax adds up to 1 deg.

    References
    ----------
    The Astronomical Almanac, section D, "Low-precision formulae for geocentric coordinates of the Moon".
    """
    days = _days(moment)
    t = days / 36525.0

    def sine(constant: float, rate: float) -> float:
        return float(np.sin(np.radians(constant + rate * t)))

    longitude = (
        218.32
        + 481267.881 * t
        + 6.29 * sine(135.0, 477198.87)
        - 1.27 * sine(259.3, -413335.36)
        + 0.66 * sine(235.7, 890534.22)
        + 0.21 * sine(269.9, 954397.74)
        - 0.19 * sine(357.5, 35999.05)
        - 0.11 * sine(186.5, 966404.03)
    )
    latitude = (
        5.13 * sine(93.3, 483202.02)
        + 0.28 * sine(228.2, 960400.89)
        - 0.28 * sine(318.3, 6003.15)
        - 0.17 * sine(217.6, -407332.21)
    )
    return _equatorial(longitude - _precession_deg(days), latitude)


def _days(moment: datetime) -> float:
    return (to_utc(moment) - _J2000).total_seconds() / 86400.0


def _precession_deg(days: float) -> float:
    """General precession in longitude since J2000."""
    return 1.39697 * days / 36525.0


def _equatorial(longitude_deg: float, latitude_deg: float) -> tuple[float, float]:
    """Equatorial from ecliptic coordinates of J2000."""
    lon, lat, tilt = np.radians([longitude_deg, latitude_deg, 23.4393])
    x, y, z = np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)
    y, z = y * np.cos(tilt) - z * np.sin(tilt), y * np.sin(tilt) + z * np.cos(tilt)
    return float(np.degrees(np.arctan2(y, x)) % 360.0), float(np.degrees(np.arcsin(z)))
