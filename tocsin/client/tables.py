"""JSON of the service as astropy tables, quantities and times."""

from collections.abc import Mapping, Sequence
from typing import Any

import astropy.units as u
import numpy as np
from astropy.table import MaskedColumn, QTable
from astropy.time import Time

from tocsin.domain.light_curves import LightCurve

#: Unit of a name's ending; a name without one has no unit.
UNITS = {
    "_s": u.s,
    "_ms": u.ms,
    "_deg": u.deg,
    "_deg2": u.deg**2,
    "_km": u.km,
    "_hz": u.Hz,
    "_kev": u.keV,
    "_erg_cm2": u.erg / u.cm**2,
    "_counts": u.ct,
}


def time_of(text: str | None) -> Time | None:
    """Time of an ISO 8601 text in UTC; None of None."""
    return None if text is None else Time(text.removesuffix("Z"), format="isot", scale="utc")


def unit_of(name: str) -> u.UnitBase | None:
    """Unit that a name ends in."""
    return next(
        (unit for ending, unit in sorted(UNITS.items(), key=lambda e: -len(e[0])) if name.endswith(ending)), None
    )


def quantity(name: str, value: float | None) -> u.Quantity | None:
    """Value with the unit of its name; None of None."""
    return None if value is None else u.Quantity(value, unit_of(name) or u.dimensionless_unscaled)


def table(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> QTable:
    """Rows as a table: times, quantities by the ending of the name (not a number where there is none), texts."""
    made = QTable()
    for name in names:
        values = [row.get(name) for row in rows]
        made[name.removesuffix("_utc") if name.endswith("_utc") else name] = _column(name, values)
    return made


def _column(name: str, values: Sequence[Any]) -> Any:
    if name.endswith("_utc"):
        return _times(values)
    unit = unit_of(name)
    if unit is not None:
        return u.Quantity([np.nan if value is None else float(value) for value in values], unit)
    if all(isinstance(value, bool) for value in values):
        return np.array(values, dtype=bool)
    if values and all(isinstance(value, int) for value in values):
        return np.array(values, dtype=np.int64)
    if values and all(isinstance(value, int | float) for value in values):
        return np.array(values, dtype=float)
    return MaskedColumn([_text(value) for value in values], mask=[value is None for value in values], dtype="U")


def _times(values: Sequence[str | None]) -> Time:
    known = [value or "1970-01-01T00:00:00Z" for value in values]
    made = Time([value.removesuffix("Z") for value in known], format="isot", scale="utc")
    hidden = np.array([value is None for value in values], dtype=bool)
    if hidden.any():
        made[hidden] = np.ma.masked
    return made


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return "" if value is None else str(value)


def light_curve_of(content: Mapping[str, Any]) -> LightCurve:
    """Light curve of the service's JSON."""
    counts = np.array([np.nan if value is None else value for value in content["counts"]], dtype=float)
    even = content.get("even")
    if even is None:
        start, width = np.array(content["start_s"]), np.array(content["width_s"])
    else:
        width = np.full(counts.size, even["width_s"])
        start = even["start_s"] + even["width_s"] * np.arange(counts.size)
    mask = np.zeros(counts.size, dtype=bool)
    mask[np.array(content.get("masked", []), dtype=int)] = True
    energy = content.get("energy_kev")
    return LightCurve(
        content["instrument"],
        content["t0_utc"],
        start_s=start,
        width_s=width,
        counts=counts,
        exposure_s=None if "exposure_s" not in content else np.array(content["exposure_s"]),
        variance_counts=None if "variance_counts" not in content else np.array(content["variance_counts"]),
        mask=mask if mask.any() else None,
        energy_kev=None if energy is None else (energy[0], energy[1]),
    )


def light_curve_table(curve: LightCurve) -> QTable:
    """Light curve as a table: start of each bin relative to T0 and as a time, width, counts, live time."""
    t0 = Time(curve.t0_utc.replace(tzinfo=None), scale="utc")
    made = QTable(
        {
            "time": t0 + curve.start_s * u.s,
            "start": curve.start_s * u.s,
            "width": curve.width_s * u.s,
            "counts": curve.counts * u.ct,
            "exposure": curve.live_s * u.s,
            "is_usable": curve.usable,
        }
    )
    made.meta = {"instrument": curve.instrument, "t0": t0}
    if curve.energy_kev is not None:
        made.meta["energy"] = curve.energy_kev * u.keV
    return made
