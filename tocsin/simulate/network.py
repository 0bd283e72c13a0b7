"""The craft of a simulated night: INTEGRAL, Fermi, Wind and Mars Odyssey, placed so that they see what they must."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray
from tocsin.simulate.instruments import acs_response
from tocsin.simulate.spacecraft import (
    MARS_MU_KM3_S2,
    KeplerOrbit,
    LagrangeOrbit,
    MarsOrbiter,
    angle_deg,
    mars_km,
    ra_dec_deg,
    sees,
    sun,
    unit,
)

#: Draws before a network that sees everything is given up; the chance of one draw is above 10 %.
PATIENCE = 2000
#: Response of SPI-ACS to anything that it is to see, at least.
LEAST_RESPONSE = 0.5
#: Angles between a burst and the far craft, deg: near the ends the annulus is wide or a disc.
WANTED_ANGLES_DEG = (25.0, 155.0)
#: Sine of the angle at which the annuli of Wind and Mars cross, at least.
LEAST_CROSSING = 0.4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """Where the craft are, and where INTEGRAL points.

    Parameters
    ----------
    integral, fermi, wind, odyssey
        Ephemerides: time to place relative to the geocentre, km.
    integral_axis
        Pointing axis of INTEGRAL, unit vector, shape (3,).
    """

    integral: KeplerOrbit
    fermi: KeplerOrbit
    wind: LagrangeOrbit
    odyssey: MarsOrbiter
    integral_axis: FloatArray

    def acs_response(self, source: FloatArray) -> float:
        """Response of SPI-ACS to a source relative to the best direction."""
        return acs_response(angle_deg(self.integral_axis, source))

    def ground_place_deg(self, at_utc: datetime) -> tuple[float, float]:
        """East longitude and latitude below Fermi, deg (to about a degree)."""
        ra, dec = ra_dec_deg(self.fermi(at_utc))
        days = (at_utc - datetime(2000, 1, 1, 12, tzinfo=at_utc.tzinfo)).total_seconds() / 86400.0
        return (ra - (280.46062 + 360.98564737 * days)) % 360.0, dec


def draw_network(
    rng: np.random.Generator, epoch_utc: datetime, *, seen: Sequence[tuple[FloatArray, datetime]]
) -> Network:
    """Network in which Fermi and SPI-ACS see every (direction, time) of `seen`.

    Parameters
    ----------
    rng
        Source of all random numbers.
    epoch_utc
        Middle of the night: INTEGRAL is then far from its perigee.
    seen
        Unit vectors to sources, and times at the geocentre.

    Raises
    ------
    ScienceError
        No network sees all of it.
    """
    return Network(
        integral=_draw_integral(rng, epoch_utc),
        fermi=_draw_fermi(rng, epoch_utc, seen),
        wind=LagrangeOrbit(epoch_utc=epoch_utc, phase_deg=float(rng.uniform(0.0, 360.0))),
        odyssey=MarsOrbiter(about_mars=_draw_odyssey(rng, epoch_utc)),
        integral_axis=_draw_pointing(rng, epoch_utc, [source for source, _ in seen]),
    )


def draw_well_placed(rng: np.random.Generator, at_utc: datetime) -> FloatArray:
    """Direction for which annuli with Wind and with Mars are narrow and cross well, unit vector, shape (3,)."""
    wind, mars = sun(at_utc), unit(mars_km(at_utc))
    for _ in range(PATIENCE):
        source = unit(rng.normal(size=3))
        angles = angle_deg(source, wind), angle_deg(source, mars)
        crossing = abs(float(source @ np.cross(wind, mars))) / float(np.prod(np.sin(np.radians(angles))))
        if all(WANTED_ANGLES_DEG[0] < angle < WANTED_ANGLES_DEG[1] for angle in angles) and crossing > LEAST_CROSSING:
            return source
    raise ScienceError(f"Wind and Mars are in one direction on {at_utc:%Y-%m-%d}", remedy="choose another date")


def _draw_integral(rng: np.random.Generator, epoch_utc: datetime) -> KeplerOrbit:
    """Revolution of 2.65 days, apogee in the north, and far from perigee at the epoch."""
    return KeplerOrbit(
        epoch_utc=epoch_utc,
        semi_major_km=80_700.0,
        eccentricity=float(rng.uniform(0.83, 0.88)),
        inclination_deg=float(rng.uniform(55.0, 80.0)),
        node_deg=float(rng.uniform(0.0, 360.0)),
        argument_deg=float(rng.uniform(255.0, 300.0)),
        mean_anomaly_deg=float(rng.uniform(90.0, 270.0)),
    )


def _draw_fermi(
    rng: np.random.Generator, epoch_utc: datetime, seen: Sequence[tuple[FloatArray, datetime]]
) -> KeplerOrbit:
    for _ in range(PATIENCE):
        orbit = KeplerOrbit(
            epoch_utc=epoch_utc,
            semi_major_km=6_905.0,
            eccentricity=0.0012,
            inclination_deg=25.6,
            node_deg=float(rng.uniform(0.0, 360.0)),
            argument_deg=float(rng.uniform(0.0, 360.0)),
            mean_anomaly_deg=float(rng.uniform(0.0, 360.0)),
        )
        if all(sees(orbit, source, at_utc) for source, at_utc in seen):
            return orbit
    raise ScienceError("no orbit of Fermi sees all bursts of this night")


def _draw_odyssey(rng: np.random.Generator, epoch_utc: datetime) -> KeplerOrbit:
    return KeplerOrbit(
        epoch_utc=epoch_utc,
        semi_major_km=3_786.0,
        eccentricity=0.008,
        inclination_deg=93.0,
        node_deg=float(rng.uniform(0.0, 360.0)),
        argument_deg=float(rng.uniform(0.0, 360.0)),
        mean_anomaly_deg=float(rng.uniform(0.0, 360.0)),
        mu_km3_s2=MARS_MU_KM3_S2,
    )


def _draw_pointing(rng: np.random.Generator, epoch_utc: datetime, sources: Sequence[FloatArray]) -> FloatArray:
    """Pointing within 40 deg of square to the Sun, as INTEGRAL must, with a fair response to all sources."""
    sunward = sun(epoch_utc)
    for _ in range(PATIENCE):
        axis = unit(rng.normal(size=3))
        is_allowed = abs(angle_deg(axis, sunward) - 90.0) < 40.0
        if is_allowed and all(acs_response(angle_deg(axis, source)) > LEAST_RESPONSE for source in sources):
            return axis
    raise ScienceError("no pointing of INTEGRAL sees all bursts of this night")
