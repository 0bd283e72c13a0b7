"""Two-line elements: where an Earth orbiter was, by sgp4, with an error that grows with the age of the elements.

Old elements are not extrapolated for ever: beyond `Growth.longest_days` the position is refused, by name. Nothing here
reads a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import erfa  # type: ignore[import-untyped]
import numpy as np
from sgp4.api import SGP4_ERRORS, Satrec

from tocsin.domain.clock import iso_utc, to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray
from triangulation.ephemeris_file import julian_date_tdb
from triangulation.geometry import SpacecraftPosition

LINE_LENGTH = 69
SECONDS_PER_DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Error of a position by the age of its elements: base_km hypot (km_at_1_day * age_days ^ power), 1 sigma.

    Parameters
    ----------
    base_km
        Of fresh elements.
    km_at_1_day, power
        How it grows.
    longest_days
        Older elements are refused.
    """

    base_km: float
    km_at_1_day: float
    power: float
    longest_days: float

    def error_km(self, age_days: float) -> float:
        """1-sigma error of each axis, km."""
        return float(np.hypot(self.base_km, self.km_at_1_day * abs(age_days) ** self.power))


#: High orbits, from INTEGRAL against published positions: 40-100 km below 5 d, 1342 km at 73 d, 6000 km at 222 d.
HIGH = Growth(base_km=60.0, km_at_1_day=4.2, power=1.346, longest_days=100.0)
#: Low orbits: Fermi against its position history within a day, 1.3 km; drag makes it 0.5 to 2 km a day after that.
LOW = Growth(base_km=1.3, km_at_1_day=2.0, power=1.0, longest_days=30.0)
#: A mean motion below this, revolutions a day, is a high orbit.
HIGH_BELOW_PER_DAY = 3.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Elements:
    """One set of two-line elements.

    Parameters
    ----------
    line_1, line_2
        As published, 69 characters.
    name
        Line before them, where there is one.
    """

    line_1: str
    line_2: str
    name: str = ""

    @property
    def _model(self) -> Any:
        return Satrec.twoline2rv(self.line_1, self.line_2)

    @property
    def number(self) -> int:
        """Catalogue number."""
        return int(self.line_1[2:7])

    @property
    def epoch_utc(self) -> datetime:
        """Epoch of the elements."""
        year = int(self.line_1[18:20])
        start = to_utc(f"{1900 + year if year >= 57 else 2000 + year}-01-01T00:00:00")
        return start + timedelta(days=float(self.line_1[20:32]) - 1.0)

    @property
    def growth(self) -> Growth:
        """How its error grows."""
        return HIGH if float(self.line_2[52:63]) < HIGH_BELOW_PER_DAY else LOW

    def age_days(self, epoch_utc: datetime) -> float:
        """Age at a time, days; negative before the epoch of the elements."""
        return (to_utc(epoch_utc) - self.epoch_utc).total_seconds() / SECONDS_PER_DAY

    def position(self, spacecraft: str, epoch_utc: datetime | str) -> SpacecraftPosition:
        """Geocentric position at a time, ICRF axes, its error by the age of the elements.

        Raises
        ------
        ScienceError
            The elements are of another epoch, or sgp4 gives up on them.
        """
        epoch = to_utc(epoch_utc)
        age = self.age_days(epoch)
        if abs(age) > self.growth.longest_days:
            raise ScienceError(
                f"{spacecraft}: the elements of {self.epoch_utc:%Y-%m-%d} are {abs(age):.0f} days "
                f"{'older' if age > 0 else 'younger'} than {iso_utc(epoch)}: stale beyond "
                f"{self.growth.longest_days:.0f} days",
                remedy="fetch elements of the burst's own days",
            )
        code, teme_km, _ = self._model.sgp4_tsince(age * 1440.0)
        if code:
            raise ScienceError(f"{spacecraft}: sgp4: {SGP4_ERRORS.get(code, code)}", remedy="take other elements")
        return SpacecraftPosition(
            spacecraft=spacecraft,
            epoch_utc=epoch,
            vector_km=icrf_of_teme(np.array(teme_km), epoch),
            error_km=self.growth.error_km(age),
        )


def icrf_of_teme(teme_km: FloatArray, epoch_utc: datetime) -> FloatArray:
    """Vector on ICRF axes of one on sgp4's (true equator, mean equinox of date), km.

    Notes
    -----
    Mean equinox to true equinox by the equation of the equinoxes of 1994, then out of date by the matrix of bias,
    precession and nutation of 2006/2000A. UT1 does not enter. The two nutations differ by milliarcseconds, 1 m at
    INTEGRAL.
    """
    tt = julian_date_tdb(epoch_utc)
    equinoxes = erfa.eqeq94(*tt)
    true_of_date = erfa.rz(-equinoxes, np.eye(3)) @ teme_km
    return np.asarray(erfa.pnm06a(*tt).T @ true_of_date)


def parse_elements(text: str) -> tuple[Elements, ...]:
    """All sets of elements in a text, ascending in epoch; lines of names and comments are passed over.

    Raises
    ------
    ScienceError
        A line is cut off, its checksum is wrong, or the two lines are of different objects.
    """
    found: list[Elements] = []
    lines = [line.rstrip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for index, line in enumerate(lines):
        if not (line.startswith("1 ") and len(line) > 60):
            continue
        if index + 1 == len(lines) or not lines[index + 1].startswith("2 "):
            raise ScienceError(f"no second line follows {line[:32]!r}")
        name = lines[index - 1].removeprefix("0 ") if index and not lines[index - 1].startswith(("1 ", "2 ")) else ""
        found.append(_checked(line, lines[index + 1], name.strip()))
    if not found:
        raise ScienceError("no two-line elements in the text")
    return tuple(sorted(found, key=lambda one: one.epoch_utc))


def _checked(first: str, second: str, name: str) -> Elements:
    for line in (first, second):
        digits = sum(int(c) if c.isdigit() else c == "-" for c in line[: LINE_LENGTH - 1])
        if len(line) != LINE_LENGTH or str(digits % 10) != line[-1]:
            raise ScienceError(f"two-line elements: cut off or wrong checksum in {line[:24]!r}...")
    if first[2:7] != second[2:7]:
        raise ScienceError(f"two-line elements: lines of objects {first[2:7]} and {second[2:7]}")
    for line, part in ((first, slice(2, 7)), (first, slice(18, 20)), (first, slice(20, 32)), (second, slice(52, 63))):
        try:
            float(line[part])
        except ValueError as error:
            raise ScienceError(f"two-line elements: {error} in {line[:32]!r}") from error
    return Elements(line_1=first, line_2=second, name=name)


def nearest_elements(sets: Sequence[Elements], epoch_utc: datetime | str) -> Elements:
    """Set whose epoch is nearest to a time: the youngest error."""
    epoch = to_utc(epoch_utc)
    return min(sets, key=lambda one: abs((one.epoch_utc - epoch).total_seconds()))


def track(
    sets: Sequence[Elements], spacecraft: str, middle_utc: datetime | str, *, half_span_s: float, step_s: float = 10.0
) -> tuple[SpacecraftPosition, ...]:
    """Positions around a time, `step_s` apart, from the set nearest to it, for `ephemeris_file.interpolated`.

    Parameters
    ----------
    sets
        Of one object.
    spacecraft
        Its name.
    middle_utc
        Time in the middle.
    half_span_s, step_s
        Half the time covered and the step, s.

    Raises
    ------
    ScienceError
        The elements are of several objects, or stale.
    """
    numbers = sorted({one.number for one in sets})
    if len(numbers) != 1:
        raise ScienceError(f"{spacecraft}: elements of objects {numbers}", remedy="give those of one object")
    middle = to_utc(middle_utc)
    chosen = nearest_elements(sets, middle)
    n = int(np.ceil(half_span_s / step_s))
    return tuple(chosen.position(spacecraft, middle + timedelta(seconds=k * step_s)) for k in range(-n, n + 1))
