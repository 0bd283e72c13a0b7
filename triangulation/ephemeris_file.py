"""Ephemeris files, by explicit path: the Sun's family from a JPL kernel (de421), tables of vectors of craft."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import numpy as np
from jplephem.spk import SPK

from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray, read_only
from triangulation.geometry import SpacecraftPosition

#: Leap seconds since 1972 as YYYYMM (IERS Bulletin C); TT - UTC is 42.184 s from the first and grows by 1 s at each.
LEAP_MONTHS = (
    *(197201, 197207, 197301, 197401, 197501, 197601, 197701, 197801, 197901, 198001, 198107, 198207, 198307, 198507),
    *(198801, 199001, 199101, 199207, 199307, 199407, 199601, 199707, 199901, 200601, 200901, 201207, 201507, 201701),
)
TT_MINUS_UTC = tuple(
    (datetime(month // 100, month % 100, 1, tzinfo=UTC), 42.184 + index) for index, month in enumerate(LEAP_MONTHS)
)
J2000_TT = datetime(2000, 1, 1, 12, tzinfo=UTC)
SECONDS_PER_DAY = 86_400.0

#: Bodies that craft orbit: name -> numbers of (centre, target) from the barycentre on.
PLANETS = {
    "Mercury": ((0, 1), (1, 199)),
    "Venus": ((0, 2), (2, 299)),
    "Mars": ((0, 4), (4, 499)),
    "Jupiter": ((0, 5),),
    "Saturn": ((0, 6),),
}
#: A craft within this distance of a planet goes along with it.
PLANET_REACH_KM = 1.0e6
#: Gravitational parameter of the Earth, and twice the Sun's pull at 1 au, which bends the path of a far craft.
EARTH_GM_KM3_S2, SUN_PULL_KM_S2 = 398_600.44, 1.2e-5
#: Typical orbital speed around a planet, km/s: how fast an unmoved relative vector goes wrong.
ORBITAL_SPEED_KM_S = 3.4


def packaged_de421() -> Path:
    """Path of the de421 kernel that comes with the package skyfield-data.

    Raises
    ------
    ScienceError
        The package is not installed.
    """
    spec = find_spec("skyfield_data")
    if spec is None or spec.origin is None:
        raise ScienceError("no planetary ephemeris", remedy="pip install skyfield-data")
    return Path(spec.origin).parent / "data" / "de421.bsp"


def julian_date_tdb(epoch_utc: datetime) -> tuple[float, float]:
    """Julian date in TDB as (whole, fraction), good to 2 ms (TDB - TT is left out).

    Examples
    --------
    >>> whole, fraction = julian_date_tdb(datetime(2017, 1, 1, 12, tzinfo=UTC))
    >>> whole, round(fraction * 86400, 3)
    (2457755.0, 69.184)
    """
    epoch = to_utc(epoch_utc)
    offset = next((seconds for start, seconds in reversed(TT_MINUS_UTC) if epoch >= start), None)
    if offset is None:
        raise ScienceError(f"no leap seconds before 1972: {epoch:%Y-%m-%d}")
    since = epoch - J2000_TT
    return 2_451_545.0 + since.days, (since.seconds + since.microseconds * 1e-6 + offset) / SECONDS_PER_DAY


def utc_of_julian_date_tdb(julian_date: float) -> datetime:
    """UTC of a Julian date in TDB, to the 40 us that one double holds (TDB - TT, below 2 ms, is left out).

    Examples
    --------
    >>> f"{utc_of_julian_date_tdb(2457755.0 + 69.184 / 86400):%Y-%m-%dT%H:%M:%S}"
    '2017-01-01T12:00:00'
    """
    tt = J2000_TT + timedelta(days=julian_date - 2_451_545.0)
    for start, offset in reversed(TT_MINUS_UTC):
        utc = tt - timedelta(seconds=offset)
        if utc >= start:
            return utc
    raise ScienceError(f"no leap seconds before 1972: JD {julian_date}")


class SolarSystem:
    """Barycentric motion of the Earth and the planets, read from a JPL kernel.

    Parameters
    ----------
    path
        A de4xx kernel, e.g. `packaged_de421`. Nothing is downloaded.

    Raises
    ------
    ScienceError
        The file is not there.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ScienceError(f"no ephemeris file {path}")
        self._kernel = SPK.open(str(path))

    def close(self) -> None:
        """Close the file."""
        self._kernel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def earth_km(self, epoch_utc: datetime) -> tuple[FloatArray, FloatArray]:
        """Barycentric position (km) and velocity (km/s) of the geocentre, ICRF, each of shape (3,)."""
        return self._chain(((0, 3), (3, 399)), epoch_utc)

    def planet_km(self, name: str, epoch_utc: datetime) -> FloatArray:
        """Geocentric position of a planet, km, ICRF, shape (3,): where it is, not where it is seen."""
        return self._chain(PLANETS[name], epoch_utc)[0] - self.earth_km(epoch_utc)[0]

    def planet_of(self, position: SpacecraftPosition) -> str | None:
        """Planet that a craft is within 1e6 km of, or None."""
        distances = {
            name: float(np.linalg.norm(position.vector_km - self.planet_km(name, position.epoch_utc)))
            for name in PLANETS
        }
        nearest = min(distances, key=distances.__getitem__)
        return nearest if distances[nearest] < PLANET_REACH_KM else None

    def moved(self, position: SpacecraftPosition, epoch_utc: datetime) -> SpacecraftPosition:
        """Position of a craft at another epoch, as far as one vector tells, with its error widened.

        Parameters
        ----------
        position
            Geocentric position at its own epoch.
        epoch_utc
            When it is wanted.

        Notes
        -----
        A craft at a planet goes along with the planet; its place relative to it is kept and the error grows by the
        orbital motion, up to the diameter of the orbit. Any other craft beyond 1e6 km keeps its place relative to the
        Earth and the error grows by 1 km/s (the Earth-relative drift of craft at L1 is below that).

        Raises
        ------
        ScienceError
            A craft near the Earth: one vector does not tell where it is at another time.
        """
        epoch = to_utc(epoch_utc)
        gap_s = abs((epoch - position.epoch_utc).total_seconds())
        planet = self.planet_of(position)
        if planet is None:
            return _drifted(position, epoch, gap_s)
        relative = position.vector_km - self.planet_km(planet, position.epoch_utc)
        growth = min(ORBITAL_SPEED_KM_S * gap_s, 2.0 * float(np.linalg.norm(relative)))
        return replace(
            position,
            epoch_utc=epoch,
            vector_km=self.planet_km(planet, epoch) + relative,
            error_km=float(np.hypot(position.error_km, growth)),
        )

    def _chain(self, pairs: tuple[tuple[int, int], ...], epoch_utc: datetime) -> tuple[FloatArray, FloatArray]:
        whole, fraction = julian_date_tdb(epoch_utc)
        place, speed = np.zeros(3), np.zeros(3)
        for centre, target in pairs:
            segment = self._kernel[centre, target]
            if not segment.start_jd <= whole + fraction <= segment.end_jd:
                raise ScienceError(f"the ephemeris does not cover {epoch_utc:%Y-%m-%d}")
            position, velocity = segment.compute_and_differentiate(whole, fraction)
            place, speed = place + position, speed + velocity / SECONDS_PER_DAY
        return read_only(place), read_only(speed)


def _drifted(position: SpacecraftPosition, epoch_utc: datetime, gap_s: float) -> SpacecraftPosition:
    if gap_s > 1.0 and position.distance_km < PLANET_REACH_KM:
        raise ScienceError(
            f"{position.spacecraft}: one vector does not tell where it is {gap_s:.0f} s away",
            remedy="give positions around the arrival time, or an ephemeris",
        )
    return replace(position, epoch_utc=epoch_utc, error_km=float(np.hypot(position.error_km, gap_s)))


def interpolated(positions: tuple[SpacecraftPosition, ...], epoch_utc: datetime) -> SpacecraftPosition:
    """Position at an epoch from tabulated ones around it: cubic Lagrange through the four nearest.

    Parameters
    ----------
    positions
        Of one craft, ascending in time, at least two.
    epoch_utc
        When it is wanted.

    Raises
    ------
    ScienceError
        The table does not cover the epoch: a stale ephemeris is refused, never extrapolated.
    """
    epoch = to_utc(epoch_utc)
    if len(positions) == 1 and abs((positions[0].epoch_utc - epoch).total_seconds()) <= 1.0:
        return positions[0]
    if len(positions) < 2 or not positions[0].epoch_utc <= epoch <= positions[-1].epoch_utc:
        raise ScienceError(
            f"{positions[0].spacecraft if positions else 'craft'}: the table does not cover {epoch.isoformat()}",
            remedy="fetch an ephemeris that covers the burst",
        )
    seconds = np.array([(place.epoch_utc - epoch).total_seconds() for place in positions])
    first = int(np.clip(np.searchsorted(seconds, 0.0) - 2, 0, max(0, seconds.size - 4)))
    near, t = positions[first : first + 4], seconds[first : first + 4]
    weights = [float(np.prod([t[k] / (t[k] - t[j]) for k in range(t.size) if k != j])) for j in range(t.size)]
    vector = np.sum([w * place.vector_km for w, place in zip(weights, near, strict=True)], axis=0)
    error_km = max(place.error_km for place in near)
    return replace(
        near[0], epoch_utc=epoch, vector_km=vector, error_km=float(np.hypot(error_km, _coarseness_km(near, t)))
    )


def _coarseness_km(near: Sequence[SpacecraftPosition], t: FloatArray) -> float:
    """Error of interpolating between vectors, km: from the cubic term, or the sagitta where there are but two.

    A table in steps too wide for the orbit has a large cubic term, and so says itself that it is too coarse.
    """
    vectors = np.stack([place.vector_km for place in near])
    if t.size == 2:
        gravity = EARTH_GM_KM3_S2 / float(np.linalg.norm(vectors[0])) ** 2 + SUN_PULL_KM_S2
        return 0.5 * gravity * abs(float(t[0] * t[1]))
    for level in range(1, t.size):
        vectors = np.diff(vectors, axis=0) / (t[level:] - t[:-level])[:, None]
    nodes = np.sort(np.abs(t))[: t.size - 1]
    return float(np.linalg.norm(vectors[0]) * np.prod(nodes))
