"""Geometry: plane waves that pass random pairs of craft, worked out apart from the package, against its annuli."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from figures import Figure

from tocsin.domain.clock import to_utc
from tocsin.domain.light_curves import FloatArray
from triangulation.annulus import annulus_from_delay
from triangulation.delay import DelayPosterior
from triangulation.ephemeris_file import SolarSystem, packaged_de421
from triangulation.geometry import SpacecraftPosition, baseline

LIGHT_KM_S = 299_792.458
START = to_utc("2008-01-01T00:00:00")
NUMBER = 2000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Craft:
    """A craft on a straight line past the Earth: geocentric place (km) at a time, and velocity (km/s)."""

    name: str
    epoch_utc: datetime
    place_km: FloatArray
    velocity_km_s: FloatArray

    def at(self, seconds: float) -> FloatArray:
        """Geocentric place so many seconds after its epoch, km."""
        return np.asarray(self.place_km + self.velocity_km_s * seconds)


def direction(rng: np.random.Generator) -> FloatArray:
    """Random unit vector, even over the sky."""
    vector = rng.normal(size=3)
    return np.asarray(vector / np.linalg.norm(vector))


def reached(craft: Craft, source: FloatArray, sky: SolarSystem) -> tuple[float, float]:
    """When a wave that passes where the geocentre was at the craft's epoch reaches it, s after: TDB, and its UTC.

    The wave is plane in the barycentric frame; there the craft is seen shortened along the Earth's motion, and its
    clock, which keeps the geocentre's time, runs behind by v . r / c^2.
    """
    seconds, origin = 0.0, sky.earth_km(craft.epoch_utc)[0]
    for _ in range(6):
        centre, velocity = sky.earth_km(craft.epoch_utc + timedelta(seconds=seconds))
        place = craft.at(seconds)
        behind = float(velocity @ place) / LIGHT_KM_S**2
        barycentric = centre + place - 0.5 * behind * velocity
        seconds = -float((barycentric - origin) @ source) / LIGHT_KM_S
    return seconds, seconds - behind


def low_and_high(rng: np.random.Generator, *, farthest_km: float) -> tuple[Craft, Craft]:
    """INTEGRAL or farther, and a craft in low orbit, at a random time between 2008 and 2024."""
    epoch = START + timedelta(days=float(rng.uniform(0.0, 5800.0)))
    far_km = float(rng.uniform(60e3, farthest_km))
    return (
        Craft(name="far", epoch_utc=epoch, place_km=far_km * direction(rng), velocity_km_s=2.0 * direction(rng)),
        Craft(name="low", epoch_utc=epoch, place_km=6900.0 * direction(rng), velocity_km_s=7.6 * direction(rng)),
    )


def geocentric_off_deg(seed: int) -> float:
    """Largest distance of the truth from the centre line for bare vectors and a wave worked out by hand, deg."""
    rng = np.random.default_rng(seed)
    worst = 0.0
    for _ in range(NUMBER):
        far, low = low_and_high(rng, farthest_km=150e3)
        source = direction(rng)
        arrivals = [-float(craft.place_km @ source) / LIGHT_KM_S for craft in (far, low)]
        ring = annulus_from_delay(far.place_km, low.place_km, DelayPosterior.gaussian(arrivals[1] - arrivals[0], 1e-3))
        worst = max(worst, abs(float(ring.offset_deg(*_radec(source)))))
    return worst


def barycentric(seed: int, sky: SolarSystem, *, farthest_km: float) -> tuple[float, float]:
    """The same with craft and Earth moving, each at its own time (deg); and against the aberrated direction (s)."""
    rng = np.random.default_rng(seed + 1)
    off, aberrated = 0.0, 0.0
    for _ in range(NUMBER):
        pair, source = low_and_high(rng, farthest_km=farthest_km), direction(rng)
        readings = [reached(craft, source, sky)[1] for craft in pair]
        where = [
            SpacecraftPosition(
                spacecraft=craft.name,
                epoch_utc=craft.epoch_utc + timedelta(seconds=reading),
                vector_km=craft.at(reading),
            )
            for craft, reading in zip(pair, readings, strict=True)
        ]
        delay = readings[1] - readings[0]
        ring = annulus_from_delay(*where, DelayPosterior.gaussian(delay, 1e-3), earth=sky)
        off = max(off, abs(float(ring.offset_deg(*_radec(source)))))
        velocity = sky.earth_km(where[0].epoch_utc)[1] / LIGHT_KM_S
        plain = float(baseline(*where).delay_s(_seen_while_moving(source, velocity)))
        lifted = float(baseline(*where, earth=sky).delay_s(source))
        aberrated = max(aberrated, abs(plain - lifted))
    return off, aberrated


def _radec(source: FloatArray) -> tuple[float, float]:
    return float(np.degrees(np.arctan2(source[1], source[0])) % 360.0), float(np.degrees(np.arcsin(source[2])))


def _seen_while_moving(source: FloatArray, velocity: FloatArray) -> FloatArray:
    """Direction of a source as an observer sees it who moves at a velocity (in c): relativistic aberration."""
    gamma = 1.0 / np.sqrt(1.0 - velocity @ velocity)
    along = float(source @ velocity)
    return np.asarray((source / gamma + velocity + gamma / (1.0 + gamma) * along * velocity) / (1.0 + along))


def run(seed: int = 500_000) -> list[Figure]:
    """Figures of random pairs of craft."""
    with SolarSystem(packaged_de421()) as sky:
        off, aberrated = barycentric(seed, sky, farthest_km=150e3)
        at_l1, aberrated_l1 = barycentric(seed, sky, farthest_km=1.5e6)
    return [
        Figure(name="truth off the centre line, plane wave, deg", value=geocentric_off_deg(seed), high=1e-6),
        Figure(name="the same barycentric, craft and Earth moving, deg", value=off, high=1e-6),
        Figure(name="the same with the far craft up to L1, deg", value=at_l1, high=1e-6),
        Figure(name="barycentric against aberrated direction, us", value=1e6 * max(aberrated, aberrated_l1), high=1.0),
    ]
