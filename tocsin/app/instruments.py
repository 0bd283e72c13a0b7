"""The instrument table for people, and fetching by hand."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from acs_stream.archive.rows import from_light_curve
from acs_stream.sources import Availability, AvailabilityState, LightCurveSource
from acs_stream.sources.building import service_of, source_of
from acs_stream.sources.model import towards_or_not
from tocsin.app.clocks import SystemClock
from tocsin.app.rates import build_archive, build_places, table_of
from tocsin.domain.clock import Clock, iso_utc
from tocsin.domain.errors import ConfigurationError, ScienceError
from tocsin.settings import Settings


def instrument_rows(
    settings: Settings, *, t0_utc: datetime | None = None, window_s: float = 300.0, clock: Clock | None = None
) -> list[dict[str, Any]]:
    """Rows of the instrument table, JSON-able; with a T0, when data of it will exist at each, and why not.

    Parameters
    ----------
    settings
        Of the service: services are asked only where it says so.
    t0_utc, window_s
        Time of interest and half-span, s.
    clock
        Tells the time; None: the wall's.
    """
    clock = clock or SystemClock()
    now = clock.now()
    places = build_places(settings, clock)
    rows = []
    for name, item in table_of(settings).items():
        is_asked = item.has_service and (settings.sources.network or item.is_here)
        row: dict[str, Any] = {
            "name": name,
            "spacecraft": item.spacecraft,
            "kind": item.kind,
            "status": "ended" if item.has_ended(now) else "operating",
            "start_utc": iso_utc(item.start_utc),
            "end_utc": iso_utc(item.end_utc),
            "last_data_utc": iso_utc(item.last_data_utc),
            "from": item.data_from or "files",
            "formats": list(item.formats),
            "clock_error_s": dict(item.clock_error_s),
            "service": item.base_url,
            "is_asked": is_asked,
        }
        if t0_utc is not None:
            verdict = _availability(source_of(item, places=places, clock=clock), t0_utc, window_s, now)
            row |= {
                "availability": verdict.state.value,
                "expected_utc": iso_utc(verdict.expected_utc),
                "reason": verdict.reason,
            }
        rows.append(row)
    return rows


def _availability(source: LightCurveSource | None, t0: datetime, window_s: float, now: datetime) -> Availability:
    if source is None:
        return Availability(state=AvailabilityState.UNKNOWN, reason="no service and no inbox")
    return source.availability(t0, window_s, now)


def fetch_now(
    settings: Settings,
    instrument: str,
    t0_utc: datetime,
    *,
    window_s: float,
    towards: tuple[float, float] | None = None,
    keep: bool = False,
    clock: Clock | None = None,
) -> tuple[Mapping[str, Any], bytes]:
    """Light curve of an instrument's own service, whether or not the service of this machine would ask it.

    Parameters
    ----------
    settings
        Of the service.
    instrument
        Name in the table.
    t0_utc, window_s
        Time of interest and half-span, s.
    towards
        Right ascension and declination, deg: detectors that see this direction, where the instrument has a choice.
    keep
        Store it in the archive of rates.
    clock
        Tells the time; None: the wall's.

    Returns
    -------
    tuple
        What came, JSON-able, and the bytes as received.

    Raises
    ------
    ConfigurationError
        There is no such instrument, or it has no service.
    ScienceError, RemoteError
        There are no data, or not yet; the service failed.
    """
    clock = clock or SystemClock()
    table = table_of(settings)
    if instrument not in table:
        raise ConfigurationError(
            f"no instrument of this name; there are {', '.join(table)}", file="instruments.toml", key=instrument
        )
    places = build_places(settings, clock)
    service = service_of(table[instrument], places=places, clock=clock) if table[instrument].has_service else None
    if service is None:
        words = f"{instrument} has no service: {table[instrument].data_from or 'its data come as files'}"
        raise ConfigurationError(words, file="instruments.toml", key=instrument)
    found = towards_or_not(service, t0_utc, window_s, towards)
    curve = found.total
    if keep:
        if curve.timing is None:
            raise ScienceError("the light curve does not say what its times are worth: it cannot be archived")
        name = table[instrument].archived_as
        kept = build_archive(settings).append(name, from_light_curve(replace(curve, instrument=name)))
    said = {
        "instrument": curve.instrument,
        "t0_utc": iso_utc(curve.t0_utc),
        "bins": len(curve),
        "start_s": float(curve.start_s[0]),
        "stop_s": float(curve.stop_s[-1]),
        "product": curve.timing.product if curve.timing else "",
        "note": curve.timing.note if curve.timing else "",
        "position_km": None if found.position is None else [float(v) for v in found.position.vector_km],
        "origin": found.origin,
        "bytes": len(found.raw),
        "archived": kept.new if keep else None,
    }
    return said, found.raw
