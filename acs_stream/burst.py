"""A burst file (TOML): which instruments saw a burst, where their light curves are, where they were.

The file is checked key by key: what is not understood is refused, never passed over. Everything measured comes from
`triangulation`; this module brings files, positions and clocks to it.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from acs_stream.positions import read_positions
from acs_stream.readers import FORMATS, read_channels, read_event_list, read_light_curve
from acs_stream.spacecraft import check_distance, simultaneity_of, spacecraft_of
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import BurstFileError, ScienceError
from tocsin.domain.light_curves import LightCurve
from triangulation.geometry import Simultaneity, SpacecraftPosition

TOP_KEYS = frozenset({"name", "observation"})
KEYS = frozenset(
    {
        "instrument",
        "lightcurve",
        "format",
        "columns",
        "energy_kev",
        "bin_s",
        "t0_utc",
        "position",
        "positions",
        "ephemeris",
        "clock_error_s",
        "simultaneity",
        "spacecraft",
    }
)
#: What positions may say; beyond it a sign, a column or a unit is wrong.
PLACE_RANGES = (("ra_deg", -180.0, 360.0), ("dec_deg", -90.0, 90.0), ("distance_km", 1.0, 1e12), ("error_km", 0.0, 1e9))
PLACE_KEYS = frozenset({"utc", "ra_deg", "dec_deg", "distance_km", "error_km"})
#: Error of a stated position, km, 1 sigma, where the file gives none: the digits positions are published with.
POSITION_ERROR_KM = 10.0
#: Positions from two-line elements reach so far beyond the light curve, s, and not farther than an hour from T0.
MARGIN_S, LONGEST_TRACK_S = 30.0, 3600.0
#: Bins of photon lists where the file asks for none, s.
TTE_BIN_S = 0.004
#: Words in a light curve's timing note that are to be reported with the result.
REPORTED = ("stated T0", "subtracted", "rounded")
#: Bands in which photon lists are counted to measure the spectral lag, keV.
TTE_BANDS_KEV = ((25.0, 50.0), (50.0, 100.0), (100.0, 300.0), (300.0, 1000.0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """One instrument's view of a burst.

    Parameters
    ----------
    instrument, spacecraft
        Names.
    light_curve
        Counts, time zero at this craft.
    positions
        Of the craft, ascending in time; empty: for a delay alone none is needed.
    clock_error_s
        Systematic error of the clock, s, 1 sigma.
    reports
        Remarks to be shown with the result.
    channels
        Curves of the energy channels, where there are several: the burst's spectral lag is measured in them.
    is_band_given
        `light_curve` is in the band that was asked for; otherwise the best sum of channels may be taken.
    """

    instrument: str
    spacecraft: str
    light_curve: LightCurve
    positions: tuple[SpacecraftPosition, ...] = ()
    clock_error_s: float = 0.0
    reports: tuple[str, ...] = ()
    channels: tuple[LightCurve, ...] = ()
    is_band_given: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Burst:
    """A burst as seen by several instruments.

    Parameters
    ----------
    name
        For people.
    observations
        One per instrument.
    """

    name: str
    observations: tuple[Observation, ...] = field(default_factory=tuple)

    def observation(self, instrument: str) -> Observation:
        """Observation of the instrument called so.

        Raises
        ------
        ScienceError
            There is none.
        """
        wanted = instrument.casefold()
        for item in self.observations:
            if wanted in {item.instrument.casefold(), item.spacecraft.casefold()}:
                return item
        names = ", ".join(item.instrument for item in self.observations)
        raise ScienceError(f"{self.name} has no observation by {instrument!r}", remedy=f"there are {names}")


def load_burst(path: Path | str) -> Burst:
    """Burst of a TOML file, with its light curves read.

    Raises
    ------
    BurstFileError
        The file is no TOML, or a key is missing, unknown or of the wrong kind.
    ScienceError
        A light curve or an ephemeris cannot be read honestly.
    """
    file = Path(path)
    try:
        config = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else error
        raise BurstFileError(f"cannot be read: {words}", file=file.name) from error
    return burst_of(config, file=file)


def burst_of(config: Mapping[str, Any], *, file: Path) -> Burst:
    """Burst of the content of a burst file; names of files in it are relative to the folder of `file`.

    Raises
    ------
    BurstFileError, ScienceError
        As `load_burst`.
    """
    _refuse_unknown(config, TOP_KEYS, file.name, "")
    rows = config.get("observation", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BurstFileError("must be [[observation]] tables", file=file.name, key="observation")
    items = tuple(_Entry(row, file=file, key=f"observation[{k}]").observation() for k, row in enumerate(rows, start=1))
    names = [item.instrument for item in items]
    if len(set(names)) != len(names):
        raise BurstFileError("two observations have one instrument name", file=file.name, key="observation")
    return Burst(name=str(config.get("name", file.stem)), observations=items)


def _refuse_unknown(table: Mapping[str, Any], known: frozenset[str], file: str, prefix: str) -> None:
    for key in table:
        if key not in known:
            raise BurstFileError(f"unknown setting; known are {', '.join(sorted(known))}", file=file, key=prefix + key)


class _Entry:
    """One [[observation]] table, being read."""

    def __init__(self, row: Mapping[str, Any], *, file: Path, key: str) -> None:
        self._row = row
        self._file = file
        self._key = key
        _refuse_unknown(row, KEYS, file.name, f"{key}.")

    def observation(self) -> Observation:
        """Observation with its light curve and positions."""
        instrument = self._text("instrument")
        craft = self._text("spacecraft", spacecraft_of(instrument))
        curve = self._light_curve(instrument)
        note = curve.timing.note if curve.timing else ""
        return Observation(
            instrument=instrument,
            spacecraft=craft,
            light_curve=curve,
            positions=self._placed(craft, curve),
            clock_error_s=self._clock_error_s(curve),
            reports=tuple(part for part in note.split("; ") if self._is_reported(part)),
            channels=self._channels(curve),
            is_band_given="energy_kev" in self._row or ("columns" in self._row and not self._has_detectors),
        )

    @property
    def _has_detectors(self) -> bool:
        """Whether `columns` choose detectors, each with all its channels."""
        return self._row.get("format") == "gbm-trigdat"

    def _channels(self, curve: LightCurve) -> tuple[LightCurve, ...]:
        """All energy channels of the file; none where it has one band."""
        path, form, t0_utc = self._path("lightcurve"), self._text("format"), self._time(self._row, "t0_utc")
        if form == "gbm-tte":
            events = read_event_list(path, t0_utc=t0_utc)
            start_s, stop_s, width_s = float(curve.start_s[0]), float(curve.stop_s[-1]), float(curve.width_s[0])
            binned = (events.binned(width_s, start_s=start_s, stop_s=stop_s, energy_kev=band) for band in TTE_BANDS_KEV)
            return tuple(binned) if events.channel is not None else ()
        found = read_channels(
            path,
            format=form,
            columns=self._columns() if self._has_detectors else None,
            instrument=curve.instrument,
            t0_utc=t0_utc,
            bin_s=self._bin_s(),
        )
        return found if len(found) > 1 else ()

    def _is_reported(self, remark: str) -> bool:
        """Whether a remark on the times is to be shown: rounding in the file does not matter where T0 is stated."""
        words = [word for word in REPORTED if word != "rounded" or "t0_utc" not in self._row]
        return any(word in remark for word in words)

    def _fail(self, key: str, message: str) -> BurstFileError:
        return BurstFileError(message, file=self._file.name, key=f"{self._key}.{key}")

    def _text(self, key: str, default: str | None = None) -> str:
        value = self._row.get(key, default)
        if not isinstance(value, str) or not value:
            raise self._fail(key, "must be a text")
        return value

    def _number(self, table: Mapping[str, Any], key: str, default: float | None = None, *, prefix: str = "") -> float:
        value = table.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:
            raise self._fail(prefix + key, f"must be a number, not {value!r}")
        return float(value)

    def _time(self, table: Mapping[str, Any], key: str, *, prefix: str = "") -> datetime | None:
        value = table.get(key)
        if value is None:
            return None
        try:
            return to_utc(value)
        except (ValueError, TypeError, AttributeError) as error:
            raise self._fail(prefix + key, f"must be a UTC time, not {value!r}") from error

    def _path(self, key: str) -> Path:
        return self._file.parent / self._text(key)

    def _light_curve(self, instrument: str) -> LightCurve:
        form = self._text("format")
        if form not in FORMATS:
            raise self._fail("format", f"must be one of {', '.join(FORMATS)}")
        bin_s = self._bin_s()
        return read_light_curve(
            self._path("lightcurve"),
            format=form,
            columns=self._columns(),
            energy_kev=self._energy_kev(),
            instrument=instrument,
            t0_utc=self._time(self._row, "t0_utc"),
            bin_s=TTE_BIN_S if bin_s is None and form == "gbm-tte" else bin_s,
        )

    def _bin_s(self) -> float | None:
        if "bin_s" not in self._row:
            return None
        bin_s = self._number(self._row, "bin_s")
        if bin_s <= 0:
            raise self._fail("bin_s", "must be positive")
        return bin_s

    def _columns(self) -> Sequence[str | int] | None:
        value = self._row.get("columns")
        if value is None:
            return None
        if not isinstance(value, list) or not value or not all(isinstance(item, str | int) for item in value):
            raise self._fail("columns", "must be a list of names or numbers")
        return value

    def _energy_kev(self) -> tuple[float, float] | None:
        value = self._row.get("energy_kev")
        if value is None:
            return None
        if not isinstance(value, list) or len(value) != 2 or not all(isinstance(item, int | float) for item in value):
            raise self._fail("energy_kev", "must be [low, high]")
        low, high = float(value[0]), float(value[1])
        if not 0 <= low < high:
            raise self._fail("energy_kev", "low must be below high")
        return low, high

    def _clock_error_s(self, curve: LightCurve) -> float:
        if "clock_error_s" not in self._row:
            return curve.timing.clock_error_s if curve.timing else 0.0
        value = self._number(self._row, "clock_error_s")
        if value < 0:
            raise self._fail("clock_error_s", "must not be negative")
        return value

    def _placed(self, craft: str, curve: LightCurve) -> tuple[SpacecraftPosition, ...]:
        """Positions, each possible for this craft, with what its UTC means."""
        word = self._text("simultaneity", simultaneity_of(craft).value)
        if word not in set(Simultaneity):
            raise self._fail("simultaneity", f"must be one of {', '.join(Simultaneity)}")
        places = self._positions(craft, curve)
        for place in places:
            check_distance(place)
        return tuple(replace(place, simultaneity=Simultaneity(word)) for place in places)

    def _positions(self, craft: str, curve: LightCurve) -> tuple[SpacecraftPosition, ...]:
        t0_utc = curve.t0_utc
        given = [key for key in ("position", "positions", "ephemeris") if key in self._row]
        if len(given) > 1:
            raise self._fail(given[1], f"{given[0]} is given too; give one of them")
        if not given:
            return ()
        if given[0] == "ephemeris":
            reach_s = MARGIN_S + max(np.abs(curve.start_s).max(initial=0.0), np.abs(curve.stop_s).max(initial=0.0))
            return read_positions(
                self._path("ephemeris"),
                spacecraft=craft,
                epoch_utc=t0_utc,
                half_span_s=min(float(reach_s), LONGEST_TRACK_S),
            )
        rows = self._row[given[0]] if given[0] == "positions" else [self._row["position"]]
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            raise self._fail(given[0], "must be { ra_deg, dec_deg, distance_km } (with utc in a list of positions)")
        places = [self._place(row, craft, t0_utc, f"{given[0]}.") for row in rows]
        if given[0] == "positions" and any("utc" not in row for row in rows):
            raise self._fail("positions", "each needs its utc")
        return tuple(sorted(places, key=lambda place: place.epoch_utc))

    def _place(self, row: Mapping[str, Any], craft: str, t0_utc: datetime, prefix: str) -> SpacecraftPosition:
        _refuse_unknown(row, PLACE_KEYS, self._file.name, f"{self._key}.{prefix}")
        for key, low, high in PLACE_RANGES:
            if key in row and not low <= self._number(row, key, prefix=prefix) <= high:
                raise self._fail(prefix + key, f"must be within {low:g} and {high:g}, not {row[key]!r}")
        return SpacecraftPosition.from_radec(
            craft,
            self._time(row, "utc", prefix=prefix) or t0_utc,
            ra_deg=self._number(row, "ra_deg", prefix=prefix),
            dec_deg=self._number(row, "dec_deg", prefix=prefix),
            distance_km=self._number(row, "distance_km", prefix=prefix),
            error_km=self._number(row, "error_km", POSITION_ERROR_KM, prefix=prefix),
        )
