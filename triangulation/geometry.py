"""Plane-wave geometry: where a craft is, when a burst reaches it, and the baseline that two craft span.

Sign convention, used everywhere: the delay of a pair (a, b) is the arrival at b minus the arrival at a; the axis of the
baseline is ``r_a - r_b``; with `n` the unit vector to the source, ``c * delay = (r_a - r_b) . n``. All vectors are on
ICRF axes. Nothing here reads a file: the motion of the Earth comes in as an `EarthMotion`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray, read_only

SPEED_OF_LIGHT_KM_S = 299_792.458
EARTH_RADIUS_KM = 6378.137

#: A craft below this distance from the geocentre is inside the Earth: a unit vector, or kilometres divided once more.
MIN_GEOCENTRIC_KM = 6400.0
#: Nothing of the network is beyond 15 au: a vector longer than this is in metres.
MAX_GEOCENTRIC_KM = 15 * 149_597_870.7


def unit_vector(ra_deg: npt.ArrayLike, dec_deg: npt.ArrayLike) -> FloatArray:
    """Unit vector to a direction, shape (..., 3).

    Parameters
    ----------
    ra_deg, dec_deg
        Right ascension and declination, deg, any (broadcastable) shape.

    Examples
    --------
    >>> unit_vector(90.0, 0.0).round(12).tolist()
    [0.0, 1.0, 0.0]
    """
    ra, dec = np.broadcast_arrays(np.radians(ra_deg), np.radians(dec_deg))
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)


def radec_deg(vector: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Right ascension in [0, 360) and declination of vectors, deg.

    Parameters
    ----------
    vector
        Any length but zero, shape (..., 3).
    """
    x, y, z = np.moveaxis(np.asarray(vector, dtype=np.float64), -1, 0)
    return np.asarray(np.degrees(np.arctan2(y, x)) % 360.0), np.asarray(np.degrees(np.arctan2(z, np.hypot(x, y))))


def separation_deg(a: npt.ArrayLike, b: npt.ArrayLike) -> FloatArray:
    """Angle between vectors, deg, exact near 0 and 180 deg.

    Parameters
    ----------
    a, b
        Vectors, shape (..., 3), broadcastable.

    Examples
    --------
    >>> float(separation_deg(unit_vector(10, 20), unit_vector(10, 20.5)).round(9))
    0.5
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    sine = np.linalg.norm(np.cross(first, second), axis=-1)
    return np.asarray(np.degrees(np.arctan2(sine, (first * second).sum(axis=-1))))


class EarthMotion(Protocol):
    """Barycentric motion of the geocentre; `triangulation.ephemeris_file.SolarSystem` reads it from de421."""

    def earth_km(self, epoch_utc: datetime) -> tuple[FloatArray, FloatArray]:
        """Barycentric position (km) and velocity (km/s) of the geocentre, ICRF, each of shape (3,)."""
        ...


class Simultaneity(StrEnum):
    """What "the same UTC" means for the clock of a craft, far from the Earth.

    Two events that are simultaneous at the geocentre are not so at the barycentre: the readings differ by
    ``v . r / c^2``, 0.2 ms at L1 and up to 126 ms at Mars.
    """

    GEOCENTRIC = "geocentric"
    BARYCENTRIC = "barycentric"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpacecraftPosition:
    """Where a craft was: geocentric, ICRF axes.

    Parameters
    ----------
    spacecraft
        Name.
    epoch_utc
        Time of the vector.
    vector_km
        Geocentric position, km, shape (3,).
    error_km
        1-sigma error of each axis, km.
    simultaneity
        How its UTC was made from the clock on board; not known: half the difference is an error of the clock.

    Raises
    ------
    ScienceError
        The vector is not finite, inside the Earth, or beyond 15 au (kilometres and metres mistaken).
    """

    spacecraft: str
    epoch_utc: datetime
    vector_km: FloatArray
    error_km: float = 0.0
    simultaneity: Simultaneity = Simultaneity.GEOCENTRIC

    def __post_init__(self) -> None:
        """Normalise, and refuse what could give a silent wrong number."""
        object.__setattr__(self, "epoch_utc", to_utc(self.epoch_utc))
        object.__setattr__(self, "vector_km", vector3(self.vector_km, name=self.spacecraft))
        if not MIN_GEOCENTRIC_KM <= self.distance_km <= MAX_GEOCENTRIC_KM:
            raise ScienceError(
                f"{self.spacecraft}: {self.distance_km:.6g} km from the geocentre cannot be",
                remedy="give geocentric kilometres (POSHIST files are in metres)",
            )
        if not (np.isfinite(self.error_km) and self.error_km >= 0):
            raise ScienceError(f"{self.spacecraft}: position error {self.error_km} km")

    @classmethod
    def from_radec(
        cls,
        spacecraft: str,
        epoch_utc: datetime | str,
        *,
        ra_deg: float,
        dec_deg: float,
        distance_km: float,
        error_km: float = 0.0,
    ) -> "SpacecraftPosition":
        """Position from the geocentric direction (ICRS, deg) and distance (km) that ephemeris files give."""
        vector = distance_km * unit_vector(ra_deg, dec_deg)
        return cls(spacecraft=spacecraft, epoch_utc=to_utc(epoch_utc), vector_km=vector, error_km=error_km)

    @property
    def distance_km(self) -> float:
        """Distance from the geocentre, km."""
        return float(np.linalg.norm(self.vector_km))

    def to_barycentric(self, earth: EarthMotion) -> "BarycentricPosition":
        """Barycentric position and clock offset of the craft at its own epoch.

        Notes
        -----
        Two events that one frame calls simultaneous are not so in the other: with v the barycentric velocity of the
        Earth and r the geocentric vector, barycentric time runs ahead of the craft's UTC by ``v . r / c^2`` (0.18 ms
        for Wind at GRB 200415A, up to 126 ms at Mars), and r shrinks along v by ``(v . r) v / 2 c^2`` (a km at Mars).

        References
        ----------
        Moyer, T. D. 1981, Celestial Mechanics 23, 33 (TDB - TT for a moving clock).
        """
        centre, velocity = earth.earth_km(self.epoch_utc)
        projection = float(velocity @ self.vector_km) / SPEED_OF_LIGHT_KM_S**2
        share = CLOCK_SHARE[self.simultaneity]
        # The Earth is taken where it was at the event's barycentric time, which the craft's own UTC is behind.
        centre = centre + share * projection * velocity
        return BarycentricPosition(
            spacecraft=self.spacecraft,
            vector_km=read_only(centre + self.vector_km - 0.5 * projection * velocity),
            clock_offset_s=share * projection,
            error_km=self.error_km,
            clock_error_s=0.5 * abs(projection) if self.simultaneity is Simultaneity.UNKNOWN else 0.0,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BarycentricPosition:
    """Where a craft was at its own epoch: barycentric, ICRF axes.

    Parameters
    ----------
    spacecraft
        Name.
    vector_km
        Barycentric position, km, shape (3,).
    clock_offset_s
        To be added to the craft's UTC readings, s, before two craft are compared in barycentric time.
    error_km
        1-sigma error of each axis, km.
    clock_error_s
        1-sigma error of the offset, s: where it is not known what the craft's UTC means.
    """

    spacecraft: str
    vector_km: FloatArray
    clock_offset_s: float
    error_km: float = 0.0
    clock_error_s: float = 0.0


#: Share of ``v . r / c^2`` that is added to a clock, by what its UTC means.
CLOCK_SHARE = {Simultaneity.GEOCENTRIC: 1.0, Simultaneity.BARYCENTRIC: 0.0, Simultaneity.UNKNOWN: 0.5}


#: What a pair may be given as: a bare vector (km, common ICRF axes) or a named position.
PositionLike = npt.ArrayLike | SpacecraftPosition


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Baseline:
    """The line between two craft, on which the delay is the projection of the source direction.

    Parameters
    ----------
    axis
        Unit vector along r_a - r_b, shape (3,).
    length_km
        Distance of the craft, each at its own arrival time, km.
    clock_offset_s
        To be added to the delay measured in UTC (arrival at b minus arrival at a), s; 0 for bare or geocentric vectors.
    error_km
        1-sigma error of each axis of r_a - r_b, km.
    clock_error_s
        1-sigma error of the clock offset, s.
    """

    axis: FloatArray
    length_km: float
    clock_offset_s: float = 0.0
    error_km: float = 0.0
    clock_error_s: float = 0.0

    @property
    def light_time_s(self) -> float:
        """Largest possible delay, s."""
        return self.length_km / SPEED_OF_LIGHT_KM_S

    @property
    def error_s(self) -> float:
        """Delay error that the errors of positions and of what the clocks mean stand for, s, 1 sigma.

        An isotropic error of the difference vector projects with the same size on every source direction: the shift of
        the annulus centre and the change of its radius are both in it.
        """
        return float(np.hypot(self.error_km / SPEED_OF_LIGHT_KM_S, self.clock_error_s))

    def delay_s(self, direction: npt.ArrayLike) -> FloatArray:
        """Delay in UTC (arrival at b minus arrival at a), s, for unit directions to sources, shape (..., 3)."""
        return np.asarray(np.asarray(direction) @ self.axis * self.light_time_s - self.clock_offset_s)


def baseline(a: PositionLike, b: PositionLike, *, earth: EarthMotion | None = None) -> Baseline:
    """Baseline of a pair: axis r_a - r_b, each craft where it was at its own arrival time.

    Parameters
    ----------
    a, b
        Bare vectors on common ICRF axes (km, shape (3,)), or `SpacecraftPosition`; both of the same kind.
    earth
        Motion of the Earth. With it, named positions are lifted to the barycentre, each at its own epoch, which takes
        care of aberration (20 arcsec); without it the pair is treated as geocentric.

    Raises
    ------
    ScienceError
        The craft are at the same place, or one is named and the other bare.

    Examples
    --------
    >>> pair = baseline([200_000.0, 0, 0], [0.0, 0, 0])
    >>> round(pair.light_time_s, 6), float(pair.delay_s([1.0, 0, 0]).round(6))
    (0.667128, 0.667128)
    """
    if isinstance(a, SpacecraftPosition) and isinstance(b, SpacecraftPosition):
        if earth is not None:
            return _span(a.to_barycentric(earth), b.to_barycentric(earth))
        return _between(a.vector_km - b.vector_km, 0.0, float(np.hypot(a.error_km, b.error_km)))
    if isinstance(a, SpacecraftPosition) or isinstance(b, SpacecraftPosition):
        raise ScienceError("one position is named, the other a bare vector", remedy="give both in the same way")
    return _between(vector3(a, name="a") - vector3(b, name="b"), 0.0, 0.0)


def _span(a: BarycentricPosition, b: BarycentricPosition) -> Baseline:
    error = float(np.hypot(a.error_km, b.error_km))
    clock_error_s = float(np.hypot(a.clock_error_s, b.clock_error_s))
    return _between(a.vector_km - b.vector_km, b.clock_offset_s - a.clock_offset_s, error, clock_error_s)


def _between(difference: FloatArray, clock_offset_s: float, error_km: float, clock_error_s: float = 0.0) -> Baseline:
    length = float(np.linalg.norm(difference))
    if not length > 1e-3:
        raise ScienceError("the two craft are at the same place: no baseline")
    axis = read_only(difference / length)
    return Baseline(
        axis=axis,
        length_km=length,
        clock_offset_s=clock_offset_s,
        error_km=error_km,
        clock_error_s=clock_error_s,
    )


def arrival_minus_geocentre_s(position: PositionLike, ra_deg: float, dec_deg: float) -> float:
    """Arrival time at a craft minus arrival time at the geocentre, s: positive where the craft is reached later.

    Parameters
    ----------
    position
        Geocentric position, km, or a `SpacecraftPosition`.
    ra_deg, dec_deg
        Direction of the source, deg.

    Notes
    -----
    ``-r . n / c`` of a plane wave. For craft beyond about 1e6 km prefer `baseline` with the motion of the Earth.

    Examples
    --------
    >>> wind = SpacecraftPosition.from_radec("Wind", "2020-04-15T08:48:01.403392", ra_deg=2.14708, dec_deg=1.94712,
    ...                                      distance_km=1428868.0)
    >>> round(arrival_minus_geocentre_s(wind, 11.888, -25.288), 4)
    -4.1757
    """
    vector = position.vector_km if isinstance(position, SpacecraftPosition) else vector3(position, name="position")
    return -float(vector @ unit_vector(ra_deg, dec_deg)) / SPEED_OF_LIGHT_KM_S


def vector3(values: npt.ArrayLike, *, name: str) -> FloatArray:
    """Read-only vector of shape (3,).

    Raises
    ------
    ScienceError
        The shape is another, or a component is not finite.
    """
    vector = read_only(values)
    if vector.shape != (3,) or not np.isfinite(vector).all():
        raise ScienceError(f"{name}: a position is three finite numbers, not {vector!r}")
    return vector
