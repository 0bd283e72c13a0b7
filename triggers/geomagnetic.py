"""Geomagnetic latitude of a low orbit: where particles precipitate, a trigger is more often theirs."""

import math
from datetime import UTC, datetime

import numpy as np

from tocsin.domain.light_curves import FloatArray

_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
#: North pole of the centred dipole, geographic, deg: IGRF-13 at 2020; it moves by 0.05 deg a year in latitude.
POLE_LATITUDE_DEG, POLE_LONGITUDE_DEG = 80.65, -72.68


def geomagnetic_latitude_deg(vector_km: FloatArray, moment_utc: datetime) -> float:
    """Latitude of a craft in the centred dipole, deg.

    Parameters
    ----------
    vector_km
        Geocentric position, ICRF axes, km, shape (3,).
    moment_utc
        When: the Earth turns.

    References
    ----------
    Alken et al. 2021, Earth Planets Space 73, 49 (IGRF-13); sidereal time as in the Astronomical Almanac, section B.

    Examples
    --------
    Over the geographic pole the dipole's latitude is that of its own pole:

    >>> round(geomagnetic_latitude_deg(np.array([0.0, 0.0, 6900.0]), datetime(2020, 1, 1, tzinfo=UTC)), 2)
    80.65
    """
    days = (moment_utc - _J2000).total_seconds() / 86400.0
    turned = math.radians((280.46061837 + 360.98564736629 * days) % 360.0)
    x, y, z = (float(value) for value in vector_km)
    fixed = (x * math.cos(turned) + y * math.sin(turned), -x * math.sin(turned) + y * math.cos(turned), z)
    return math.degrees(math.asin(max(-1.0, min(1.0, float(np.dot(fixed, _pole())) / math.hypot(*fixed)))))


def share_beyond(latitude_deg: float, *, inclination_deg: float) -> float:
    """Share of its time that a circular orbit spends at a geomagnetic latitude this high or higher, north or south.

    Parameters
    ----------
    latitude_deg
        Limit; its sign does not matter.
    inclination_deg
        Of the orbit.
    """
    phase = np.radians(np.arange(360) + 0.5)[:, None]
    node = np.radians(np.arange(360) + 0.5)[None, :]
    tilt = math.radians(inclination_deg)
    along = np.cos(phase) * np.cos(node) - np.sin(phase) * np.cos(tilt) * np.sin(node)
    across = np.cos(phase) * np.sin(node) + np.sin(phase) * np.cos(tilt) * np.cos(node)
    up = np.broadcast_to(np.sin(phase) * np.sin(tilt), along.shape)
    px, py, pz = _pole()
    sine = np.abs(along * px + across * py + up * pz)
    return float((sine >= math.sin(math.radians(abs(latitude_deg)))).mean())


def _pole() -> tuple[float, float, float]:
    latitude, longitude = math.radians(POLE_LATITUDE_DEG), math.radians(POLE_LONGITUDE_DEG)
    return math.cos(latitude) * math.cos(longitude), math.cos(latitude) * math.sin(longitude), math.sin(latitude)
