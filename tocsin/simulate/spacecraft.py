"""Where the simulated craft are, and when a burst passes each of them.

Directions and vectors are ICRF. A burst is a plane wave in the barycentric frame: it passes a craft at the time t for
which ``t - t_geocentre = (r_earth(t_geocentre) - r_craft(t)) . n / c``, with each place at its own time, and both times
barycentric (`triangulation.geometry.SpacecraftPosition.to_barycentric` lifts place and clock).
"""

import atexit
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np

from tocsin.domain.clock import to_utc
from tocsin.domain.light_curves import FloatArray
from triangulation.ephemeris_file import SolarSystem, packaged_de421
from triangulation.geometry import (
    EARTH_RADIUS_KM,
    SPEED_OF_LIGHT_KM_S,
    SpacecraftPosition,
    radec_deg,
    separation_deg,
    unit_vector,
)

EARTH_MU_KM3_S2 = 398_600.4418
MARS_MU_KM3_S2 = 42_828.37
#: The Earth's atmosphere stops gamma rays up to this height, km.
ATMOSPHERE_KM = 70.0

#: Place of a craft relative to the geocentre: time (aware UTC) to vector, km, shape (3,).
Ephemeris = Callable[[datetime], FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeplerOrbit:
    """An unperturbed orbit about a body: its call gives the place relative to that body, km.

    Parameters
    ----------
    epoch_utc
        Epoch of the mean anomaly.
    semi_major_km, eccentricity
        Size and shape.
    inclination_deg, node_deg, argument_deg
        Orientation against the ICRF equator.
    mean_anomaly_deg
        At the epoch.
    mu_km3_s2
        Gravitational parameter of the body.
    """

    epoch_utc: datetime
    semi_major_km: float
    eccentricity: float
    inclination_deg: float
    node_deg: float
    argument_deg: float
    mean_anomaly_deg: float
    mu_km3_s2: float = EARTH_MU_KM3_S2

    @property
    def period_s(self) -> float:
        """Period of revolution, s."""
        return float(2.0 * np.pi * np.sqrt(self.semi_major_km**3 / self.mu_km3_s2))

    def phase(self, at_utc: datetime) -> float:
        """Share of the revolution since perigee, 0 to 1."""
        elapsed_s = (to_utc(at_utc) - self.epoch_utc).total_seconds()
        return (self.mean_anomaly_deg / 360.0 + elapsed_s / self.period_s) % 1.0

    def __call__(self, at_utc: datetime) -> FloatArray:
        """Place relative to the body, km, shape (3,)."""
        mean = 2.0 * np.pi * self.phase(at_utc)
        anomaly = mean if self.eccentricity < 0.8 else np.pi
        for _ in range(30):
            slope = 1.0 - self.eccentricity * np.cos(anomaly)
            anomaly -= (anomaly - self.eccentricity * np.sin(anomaly) - mean) / slope
        x = self.semi_major_km * (np.cos(anomaly) - self.eccentricity)
        y = self.semi_major_km * np.sqrt(1.0 - self.eccentricity**2) * np.sin(anomaly)
        return np.asarray(self._axes() @ np.array([x, y]))

    def _axes(self) -> FloatArray:
        """Unit vectors to perigee and a quarter turn on, as columns, shape (3, 2)."""
        node, tilt, turn = np.radians([self.node_deg, self.inclination_deg, self.argument_deg])
        to_node = np.array([np.cos(node), np.sin(node), 0.0])
        ahead = np.array([-np.sin(node) * np.cos(tilt), np.cos(node) * np.cos(tilt), np.sin(tilt)])
        perigee = np.cos(turn) * to_node + np.sin(turn) * ahead
        return np.stack([perigee, np.cos(turn) * ahead - np.sin(turn) * to_node], axis=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LagrangeOrbit:
    """A loose orbit about the Sun-Earth point L1, where Wind is.

    Parameters
    ----------
    distance_km
        Towards the Sun.
    aside_km
        Radius of the loop across.
    phase_deg
        Place in the loop at `epoch_utc`.
    epoch_utc
        See `phase_deg`.
    """

    epoch_utc: datetime
    distance_km: float = 1.45e6
    aside_km: float = 4.0e5
    phase_deg: float = 0.0

    def __call__(self, at_utc: datetime) -> FloatArray:
        """Place relative to the geocentre, km, shape (3,)."""
        sunward = sun(at_utc)
        side = unit(np.cross([0.0, -0.39777, 0.91748], sunward))
        days = (to_utc(at_utc) - self.epoch_utc).total_seconds() / 86400.0
        turn = np.radians(self.phase_deg + 360.0 * days / 178.0)
        loop = np.cos(turn) * side + 0.3 * np.sin(turn) * np.cross(sunward, side)
        return np.asarray(self.distance_km * sunward + self.aside_km * loop)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarsOrbiter:
    """A craft about Mars: its call gives its place relative to the geocentre at the same moment, km."""

    about_mars: KeplerOrbit

    def __call__(self, at_utc: datetime) -> FloatArray:
        """Place relative to the geocentre, km, shape (3,)."""
        return np.asarray(mars_km(at_utc) + self.about_mars(at_utc))


def position(spacecraft: str, ephemeris: Ephemeris, at_utc: datetime, *, error_km: float = 0.0) -> SpacecraftPosition:
    """Place of a craft at a time, as triangulation takes it."""
    return SpacecraftPosition(spacecraft=spacecraft, epoch_utc=at_utc, vector_km=ephemeris(at_utc), error_km=error_km)


def arrival_utc(ephemeris: Ephemeris, source: FloatArray, at_geocentre_utc: datetime) -> datetime:
    """Time at which a plane wave from `source` passes a craft, true UTC, to the microsecond.

    Parameters
    ----------
    ephemeris
        Place of the craft relative to the geocentre.
    source
        Unit vector to the source, shape (3,).
    at_geocentre_utc
        Time at which the wave passes the geocentre.
    """
    solar_system = _solar_system()
    geocentre, _ = solar_system.earth_km(at_geocentre_utc)
    moment = at_geocentre_utc
    for _ in range(8):
        craft = position("craft", ephemeris, moment).to_barycentric(solar_system)
        travel_s = float((geocentre - craft.vector_km) @ source) / SPEED_OF_LIGHT_KM_S
        moment = at_geocentre_utc + timedelta(seconds=travel_s - craft.clock_offset_s)
    return moment


def sees(ephemeris: Ephemeris, source: FloatArray, at_utc: datetime, *, margin_deg: float = 3.0) -> bool:
    """Whether the Earth leaves the source free at the craft, with `margin_deg` to spare."""
    place = ephemeris(at_utc)
    limb = np.degrees(np.arcsin((EARTH_RADIUS_KM + ATMOSPHERE_KM) / np.linalg.norm(place)))
    return bool(angle_deg(-place, source) > limb + margin_deg)


def sun(at_utc: datetime) -> FloatArray:
    """Unit vector from the Earth to the Sun (taken at the barycentre: half a degree off at most), shape (3,)."""
    return unit(-_solar_system().earth_km(at_utc)[0])


def mars_km(at_utc: datetime) -> FloatArray:
    """Mars relative to the geocentre at `at_utc` (no light time), km, shape (3,)."""
    return np.asarray(_solar_system().planet_km("Mars", at_utc))


@lru_cache(maxsize=1)
def _solar_system() -> SolarSystem:
    system = SolarSystem(packaged_de421())
    atexit.register(system.close)
    return system


def unit(vector: FloatArray) -> FloatArray:
    """Vector of length 1 in the same direction, shape (3,)."""
    return np.asarray(vector / np.linalg.norm(vector))


def angle_deg(a: FloatArray, b: FloatArray) -> float:
    """Angle between two vectors, deg."""
    return float(separation_deg(a, b))


def direction(ra_deg: float, dec_deg: float) -> FloatArray:
    """Unit vector towards a place on the sky, shape (3,)."""
    return unit_vector(ra_deg, dec_deg)


def ra_dec_deg(vector: FloatArray) -> tuple[float, float]:
    """Right ascension (0 to 360) and declination of a vector, deg."""
    ra, dec = radec_deg(vector)
    return float(ra), float(dec)


def near(ra_deg: float, dec_deg: float, sigma_deg: float, rng: np.random.Generator) -> tuple[float, float]:
    """Place on the sky drawn about another: a Fisher distribution whose 68 % radius is `sigma_deg`."""
    # cos(theta) = 1 + log(1 - u) / kappa; 68 % within sigma fixes kappa.
    kappa = np.log(1.0 - 0.683) / (np.cos(np.radians(min(sigma_deg, 60.0))) - 1.0)
    theta = np.arccos(np.clip(1.0 + np.log(1.0 - rng.random() * (1.0 - np.exp(-2.0 * kappa))) / kappa, -1.0, 1.0))
    centre = direction(ra_deg, dec_deg)
    aside = unit(np.cross(centre, [0.0, 0.0, 1.0] if abs(dec_deg) < 80.0 else [1.0, 0.0, 0.0]))
    turn = rng.uniform(0.0, 2.0 * np.pi)
    across = np.cos(turn) * aside + np.sin(turn) * np.cross(centre, aside)
    return ra_dec_deg(np.asarray(np.cos(theta) * centre + np.sin(theta) * across))
