"""Light curves from MMODA's dispatcher: asked for, waited for, and read from its JSON.

::

    {base}/run_analysis?instrument=spi_acs&product_type=spi_acs_lc&T1=...&T2=...&T_format=isot&time_bin=0.05&api=True...

The reply names the state of the query; while it is worked on (``submitted``, ``progress``), the same request is sent
again later. When ``done``, ``products.numpy_data_product_list`` holds tables: a header, a NumPy ``dt``, rows as JSON.
Pickled tables are refused: reading one runs whatever it says.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
import numpy as np

from acs_stream.instruments import Instrument
from acs_stream.positions import parse_ephs
from acs_stream.readers.mmoda import rate_table
from acs_stream.readers.table import to_light_curve
from acs_stream.sources.http import get
from acs_stream.sources.http_source import HttpSource
from acs_stream.sources.isdc import refuse_other_times, with_clock_error
from acs_stream.sources.model import Availability, AvailabilityState, FetchedLightCurve
from tocsin.domain.clock import Clock, to_utc
from tocsin.domain.errors import DataNotYetError, RemoteError, ScienceError
from tocsin.domain.light_curves import LightCurve
from triangulation.geometry import SpacecraftPosition

WORKING = frozenset({"submitted", "progress", "ready"})
#: While a query is worked on, it is asked for again after this, s.
WORKING_RETRY_S = 15.0
#: MMODA's files cover some seconds more than was asked for.
SLACK_S = 10.0
NO_DATA_WORDS = ("no data", "nodata", "zerodata", "no scw", "empty")


class MmodaSource(HttpSource):
    """An instrument at MMODA.

    Parameters
    ----------
    instrument
        Entry of the instrument table; `base_url` is the dispatcher, `target` MMODA's name of the instrument.
    clock
        Tells the time.
    token
        For data that are not public; empty: none.
    transport
        For tests; None: the network.
    """

    def __init__(
        self, instrument: Instrument, *, clock: Clock, token: str = "", transport: httpx.BaseTransport | None = None
    ) -> None:
        super().__init__(instrument, clock=clock, transport=transport)
        self._token = token
        self._target = instrument.target or "spi_acs"

    def availability(self, t0_utc: datetime, window_s: float, now: datetime) -> Availability:
        """See `LightCurveSource`; asking sets the query going."""
        t0 = to_utc(t0_utc)
        if (never := self._never(t0)) is not None:
            return never
        try:
            self._ask(t0, window_s, now)
        except DataNotYetError as error:
            return Availability(state=AvailabilityState.EXPECTED, expected_utc=error.expected_utc, reason=error.message)
        except RemoteError as error:
            return self._unknown(error, now)
        except ScienceError as error:
            return Availability(state=AvailabilityState.NEVER, reason=error.message)
        return Availability(state=AvailabilityState.AVAILABLE, reason="at MMODA")

    def fetch(self, t0_utc: datetime, window_s: float) -> FetchedLightCurve:
        """See `LightCurveSource`."""
        t0 = to_utc(t0_utc)
        self._refuse_never(t0)
        content, curve, header = self._ask(t0, window_s, self._clock.now())
        curve = with_clock_error(curve.with_t0(t0), self.table)
        position = _position(header, t0, self.table.spacecraft)
        return FetchedLightCurve(
            channels=(curve,), total=curve, position=position, origin=self._shown(t0, window_s), raw=content
        )

    def _parameters(self, t0: datetime, window_s: float) -> dict[str, str]:
        window = timedelta(seconds=window_s)
        return {
            "instrument": self._target,
            "product_type": f"{self._target}_lc",
            "product": f"{self._target}_lc",
            "T1": (t0 - window).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3],
            "T2": (t0 + window).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3],
            "T_format": "isot",
            "time_bin": f"{self.table.bin_s:g}",
            "query_type": "Real",
            "query_status": "new",
            "off_line": "False",
            "api": "True",
        }

    def _shown(self, t0: datetime, window_s: float) -> str:
        """The request without the token: for lineage and people."""
        return str(httpx.URL(f"{self._base}/run_analysis", params=self._parameters(t0, window_s)))

    def _ask(self, t0: datetime, window_s: float, now: datetime) -> tuple[bytes, LightCurve, Mapping[str, Any]]:
        parameters = self._parameters(t0, window_s)
        if self._token:
            parameters["token"] = self._token
        content = get(self._client, str(httpx.URL(f"{self._base}/run_analysis", params=parameters)))
        reply = _reply(content, self.instrument)
        status = str(reply.get("query_status", ""))
        if status in WORKING:
            again = now + timedelta(seconds=max(WORKING_RETRY_S, self.table.retry_s))
            raise DataNotYetError(f"{self.instrument}: MMODA is working on it ({status})", expected_utc=again)
        if status != "done":
            raise self._failure(reply)
        header, columns = _table_of(reply, self.instrument)
        curve = to_light_curve(rate_table(header, columns)).replace(instrument=self.table.archived_as)
        first, last = (curve.t0_utc + timedelta(seconds=float(s)) for s in (curve.start_s[0], curve.stop_s[-1]))
        refuse_other_times(first, last, t0, window_s, self.instrument, slack_s=SLACK_S)
        near = curve.with_t0(t0).between(-window_s, window_s)
        if not len(near):
            raise ScienceError(f"{self.instrument}: MMODA's table holds nothing within the window")
        return content, near, header

    def _failure(self, reply: Mapping[str, Any]) -> ScienceError | RemoteError:
        """What a failed query says: no data is an answer, anything else a failure of the service."""
        said = reply.get("exit_status")
        said = said if isinstance(said, Mapping) else {}
        words = (
            " ".join(str(said.get(name) or "") for name in ("message", "error_message")).strip() or "no reason given"
        )
        if any(word in words.lower() for word in NO_DATA_WORDS):
            return ScienceError(f"{self.instrument}: MMODA has no data for this time: {words}")
        return RemoteError(f"{self.instrument}: MMODA failed: {words[:300]}", remedy="asked again later")


def _reply(content: bytes, name: str) -> Mapping[str, Any]:
    try:
        reply = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RemoteError(f"{name}: MMODA sent no JSON", remedy="asked again later") from error
    if not isinstance(reply, Mapping):
        raise RemoteError(f"{name}: MMODA sent JSON of another kind", remedy="asked again later")
    return reply


def _table_of(reply: Mapping[str, Any], name: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and columns of the first table of rates in a reply."""
    problem = "no table of rates in the reply"
    for unit in _units(reply):
        header = unit.get("header")
        if not isinstance(header, Mapping) or "TIMEZERO" not in header:
            continue
        if unit.get("data") is None and unit.get("binarys") is not None:
            problem = "the table came pickled, and is not read for safety"
            continue
        try:
            return header, _columns(unit)
        except (ValueError, TypeError, KeyError, IndexError) as error:
            problem = f"the table cannot be read: {error}"
    raise ScienceError(f"{name}: {problem}")


def _units(reply: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    products = reply.get("products")
    listed = products.get("numpy_data_product_list") if isinstance(products, Mapping) else None
    for product in listed if isinstance(listed, list) else []:
        decoded = _decoded(product)
        units = decoded.get("data_unit_list") if isinstance(decoded, Mapping) else None
        for unit in units if isinstance(units, list) else []:
            found = _decoded(unit)
            if isinstance(found, Mapping):
                yield found


def _decoded(value: Any) -> Any:
    """Objects may stand as themselves or as JSON in a text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None


def _columns(unit: Mapping[str, Any]) -> Mapping[str, Any]:
    kinds = _decoded(unit["dt"])
    names = [str(kind[0]).upper() for kind in kinds]
    rows = np.array(_decoded(unit["data"]), dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != len(names):
        raise ValueError(f"rows of shape {rows.shape} for {len(names)} columns")
    return {name: rows[:, names.index(name)] for name in ("TIME", "RATE", "ERROR")}


def _position(header: Mapping[str, Any], t0: datetime, spacecraft: str) -> SpacecraftPosition | None:
    words = header.get("EPHS")
    if not isinstance(words, str):
        return None
    try:
        return parse_ephs(words.encode(), epoch_utc=t0, spacecraft=spacecraft)
    except ScienceError:
        return None
