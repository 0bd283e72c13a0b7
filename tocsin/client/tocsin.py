"""The client itself."""

import base64
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import astropy.units as u
import httpx
from astropy.coordinates import SkyCoord
from astropy.table import QTable
from astropy.time import Time

from tocsin.client import tables
from tocsin.client.connection import Connection, part
from tocsin.client.requests import request_of
from tocsin.client.stream import StreamedEvent, follow
from tocsin.domain.light_curves import LightCurve
from triangulation.skymap import SkyMap

EVENT_COLUMNS = (
    "id", "name", "kind", "t0_utc", "tier", "state", "is_test", "is_replay", "is_retracted", "ra_deg", "dec_deg",
    "error_radius_deg", "far_hz", "streams",
)  # fmt: skip
DELAY_COLUMNS = ("a", "b", "delay_s", "minus_3sigma_s", "plus_3sigma_s", "detected", "flags")
ANNULUS_COLUMNS = ("a", "b", "ra_deg", "dec_deg", "radius_deg", "minus_3sigma_deg", "plus_3sigma_deg")
PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Triangulation:
    """Result of a triangulation.

    Parameters
    ----------
    id
        Under which the service keeps it.
    delays, annuli
        One row for each pair; half-widths are 3 sigma.
    area_50, area_90
        Of the credible regions; None without a sky map.
    peak
        Most probable direction.
    reports
        Remarks.
    raw
        The service's JSON.
    """

    id: str
    delays: QTable
    annuli: QTable
    area_50: u.Quantity | None
    area_90: u.Quantity | None
    peak: SkyCoord | None
    reports: tuple[str, ...]
    raw: Mapping[str, Any] = field(repr=False)


class Tocsin:
    """A Tocsin service, to be asked from a notebook.

    Parameters
    ----------
    url
        Base of the service.
    token
        Secret of a token (``tocsin token add``); None: anonymous, which sees public events only.
    raw
        Answer with plain JSON instead of tables, quantities and times; may be said for each call too.
    timeout_s
        For one answer.
    transport, pause
        For tests: how requests are sent, how waiting is done.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        token: str | None = None,
        *,
        raw: bool = False,
        timeout_s: float = 60.0,
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connection = Connection(url, token, timeout_s=timeout_s, transport=transport)
        self._raw = raw
        self._pause = pause

    def events(
        self,
        *,
        limit: int = 200,
        start: Time | str | None = None,
        stop: Time | str | None = None,
        region: tuple[SkyCoord, u.Quantity] | None = None,
        raw: bool | None = None,
        **filters: Any,
    ) -> Any:
        """Events, newest T0 first, as a table.

        Parameters
        ----------
        limit
            Most rows; pages are fetched as needed.
        start, stop
            Only T0 in [start, stop).
        region
            Only with a position within (centre, radius).
        raw
            A list of plain JSON instead.
        **filters
            ``kind, stream, messenger, instrument, classification, tier, is_test, text`` as in the REST reference.
        """
        rows = list(self._rows("/api/v1/events", "events", limit, self._filters(start, stop, region, filters)))
        return rows if self._is_raw(raw) else tables.table(rows, EVENT_COLUMNS)

    def event(self, event_id: str, *, raw: bool | None = None) -> Any:
        """One event: its JSON with times, quantities and, as ``position``, a `SkyCoord`."""
        found = self._json(f"/api/v1/events/{part(event_id)}")
        return found if self._is_raw(raw) else _with_units(found)

    def light_curve(
        self,
        event_id: str,
        instrument: str,
        *,
        bin_s: float | None = None,
        start_s: float | None = None,
        stop_s: float | None = None,
        raw: bool | None = None,
    ) -> Any:
        """Light curve of an instrument as a table; bins summed and cut on request."""
        found = self._curve(event_id, instrument, bin_s=bin_s, start_s=start_s, stop_s=stop_s)
        return found if self._is_raw(raw) else tables.light_curve_table(tables.light_curve_of(found))

    def counts(self, event_id: str, instrument: str, **cut: float | None) -> LightCurve:
        """Light curve as the value that `acs_stream.search` and `triangulation.delay` take."""
        return tables.light_curve_of(self._curve(event_id, instrument, **cut))

    def triangulate(
        self,
        burst: Path | str | Mapping[str, Any],
        *,
        check: SkyCoord | None = None,
        raw: bool | None = None,
    ) -> Any:
        """Triangulation of a burst file (its light curves are uploaded) or of a request as in the REST reference."""
        request = dict(burst) if isinstance(burst, Mapping) else request_of(Path(burst))
        if check is not None:
            request["check"] = [float(check.icrs.ra.deg), float(check.icrs.dec.deg)]
        found = self._connection.post("/api/v1/triangulations", request).json()
        return found if self._is_raw(raw) else _triangulation(found)

    def overlap(self, a: SkyMap | str, b: SkyMap | str) -> float:
        """Overlap of two sky maps, each a map or the id of an event; 1 for unrelated ones."""
        request = {"a": _map_request(a), "b": _map_request(b)}
        return float(self._connection.post("/api/v1/overlaps", request).json()["overlap"])

    def skymap(self, event_id: str, *, raw: bool | None = None) -> Any:
        """Newest sky map of an event; raw: the bytes of its FITS file."""
        content = self._connection.get(f"/api/v1/events/{part(event_id)}/skymap", accept="application/fits").content
        return content if self._is_raw(raw) else SkyMap.from_bytes(content)

    def limits(
        self,
        *,
        region: tuple[SkyCoord, u.Quantity] | None = None,
        start: Time | str | None = None,
        stop: Time | str | None = None,
        limit: int = 1000,
        raw: bool | None = None,
        **filters: Any,
    ) -> Any:
        """Upper limits of all events that fit, one row per event and instrument."""
        rows = list(self._rows("/api/v1/limits", "limits", limit, self._filters(start, stop, region, filters)))
        if self._is_raw(raw):
            return rows
        flat = [{**row, **{k: v for k, v in row["limits"].items() if isinstance(v, int | float)}} for row in rows]
        names = dict.fromkeys(name for row in rows for name, value in row["limits"].items() if _is_number(value))
        return tables.table(flat, ("event_id", "event_name", "instrument", "t0_utc", "ra_deg", "dec_deg", *names))

    def stream(self, *, last_id: int | None = None, reconnect: bool = True) -> Iterator[StreamedEvent]:
        """Changes as they come, for ever; after a break, and from `last_id`, without missing or repeating any."""
        return follow(self._connection, last_id=last_id, pause=self._pause, reconnect=reconnect)

    def on_call(self) -> dict[str, Any]:
        """Who is on call, plain JSON."""
        return self._json("/api/v1/oncall")

    def statistics(self) -> dict[str, Any]:
        """Events by kind, tier and month, and latencies, plain JSON."""
        return self._json("/api/v1/statistics")

    def close(self) -> None:
        """Close the connections."""
        self._connection.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _is_raw(self, raw: bool | None) -> bool:
        return self._raw if raw is None else raw

    def _json(self, path: str, **query: Any) -> dict[str, Any]:
        found: dict[str, Any] = self._connection.get(path, **query).json()
        return found

    def _curve(self, event_id: str, instrument: str, **cut: float | None) -> dict[str, Any]:
        return self._json(f"/api/v1/events/{part(event_id)}/lightcurves/{part(instrument)}", form="json", **cut)

    def _rows(self, path: str, name: str, limit: int, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        before = None
        left = limit
        while left > 0:
            page = self._json(path, limit=min(left, PAGE), before=before, **query)
            yield from page[name][:left]
            left -= len(page[name])
            before = page["next"]
            if before is None:
                return

    @staticmethod
    def _filters(
        start: Time | str | None,
        stop: Time | str | None,
        region: tuple[SkyCoord, u.Quantity] | None,
        filters: Mapping[str, Any],
    ) -> dict[str, Any]:
        made = {name: str(value).lower() if isinstance(value, bool) else value for name, value in filters.items()}
        made |= {"start_utc": _iso(start), "stop_utc": _iso(stop)}
        if region is not None:
            centre, radius = region[0].icrs, u.Quantity(region[1], u.deg)
            made["region"] = f"{centre.ra.deg},{centre.dec.deg},{radius.to_value(u.deg)}"
        return made


def _iso(moment: Time | str | None) -> str | None:
    return moment if moment is None or isinstance(moment, str) else f"{moment.utc.isot}Z"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _with_units(found: Mapping[str, Any]) -> dict[str, Any]:
    """The event's own values with units and times, under names without them."""
    made: dict[str, Any] = {}
    for name, value in found.items():
        if name.endswith("_utc"):
            made[name.removesuffix("_utc")] = tables.time_of(value)
        elif tables.unit_of(name) is not None and (value is None or _is_number(value)):
            made[name] = tables.quantity(name, value)
        else:
            made[name] = value
    has_place = found.get("ra_deg") is not None and found.get("dec_deg") is not None
    made["position"] = SkyCoord(found["ra_deg"], found["dec_deg"], unit="deg", frame="icrs") if has_place else None
    return made


def _map_request(given: SkyMap | str) -> dict[str, str]:
    if isinstance(given, str):
        return {"event_id": given}
    return {"content": base64.b64encode(given.to_bytes()).decode()}


def _triangulation(found: Mapping[str, Any]) -> Triangulation:
    skymap = found["skymap"] or {}
    return Triangulation(
        id=found["id"],
        delays=tables.table(found["delays"], DELAY_COLUMNS),
        annuli=tables.table(found["annuli"], ANNULUS_COLUMNS),
        area_50=tables.quantity("area_deg2", skymap.get("area_50_deg2")),
        area_90=tables.quantity("area_deg2", skymap.get("area_90_deg2")),
        peak=SkyCoord(skymap["peak_ra_deg"], skymap["peak_dec_deg"], unit="deg") if skymap else None,
        reports=tuple(found["reports"]),
        raw=found,
    )
