"""Direction of the Sun, to 0.02 deg: whether it lies in a localization, where the line from the Earth to it is."""

import math
from datetime import UTC, datetime

_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


def sun_radec_deg(moment_utc: datetime) -> tuple[float, float]:
    """Right ascension and declination of the Sun, deg, ICRS.

    Parameters
    ----------
    moment_utc
        When, 1950 to 2050.

    Notes
    -----
    Within 0.02 deg: the formula of date, its longitude brought back to J2000 by the general precession of 0.014 deg a
    year, with the obliquity of J2000.

    References
    ----------
    The Astronomical Almanac, section C, "low-precision formulas for the Sun".

    Examples
    --------
    The spring equinox of 2024, 03:06 UTC:

    >>> ra, dec = sun_radec_deg(datetime(2024, 3, 20, 3, 6, tzinfo=UTC))
    >>> abs(dec - -0.13) < 0.02
    True
    """
    days = (moment_utc - _J2000).total_seconds() / 86400.0
    mean_deg = (280.460 + 0.9856474 * days) % 360.0
    anomaly = math.radians((357.528 + 0.9856003 * days) % 360.0)
    longitude_deg = mean_deg + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2.0 * anomaly)
    # General precession in longitude brings the ecliptic longitude back to J2000.
    longitude = math.radians(longitude_deg - 1.3968e-2 * days / 365.25)
    obliquity = math.radians(23.4393)
    ra_deg = math.degrees(math.atan2(math.cos(obliquity) * math.sin(longitude), math.cos(longitude))) % 360.0
    return ra_deg, math.degrees(math.asin(math.sin(obliquity) * math.sin(longitude)))
