"""SPI-ACS from ISDC's stream service, JSON with its prophecy; and what all of ISDC's services have in common."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from acs_stream.attitude import Attitude, parse_pointing
from acs_stream.instruments import Instrument
from acs_stream.positions import parse_ephs
from acs_stream.readers import read_light_curve
from acs_stream.readers.content import ServerWordError
from acs_stream.readers.isdc import parse_rtlc, rtlc_rows
from acs_stream.sources.http import get
from acs_stream.sources.http_source import HttpSource
from acs_stream.sources.model import Availability, AvailabilityState, FetchedLightCurve
from acs_stream.sources.prophecy import Prophecy, read_prophecy
from acs_stream.time_systems import ijd_to_utc, tt_minus_utc_s
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import DataNotYetError, RemoteError, ScienceError
from tocsin.domain.light_curves import LightCurve
from triangulation.geometry import SpacecraftPosition

API = "/gw/integralhk/api/v1.0"
POINTING_API = "/gw/scsystem/api/v1.0"
#: The service answers once it has data this many windows past the time asked for.
SERVER_WINDOWS = 2.0
#: Data reach the end of the window if they come this close, s.
REACH_S = 1.0
#: First row and start of the request may differ by this; more, and near TT - UTC, is a wrong time system, s.
START_TOLERANCE_S = 5.0


class IsdcSource(HttpSource):
    """What the services have in common: requests, the position of INTEGRAL, its axes."""

    def position(self, t0_utc: datetime) -> SpacecraftPosition | None:
        """Position of INTEGRAL at T0, None where the service does not tell."""
        try:
            content = get(self._client, self._ephs_url(t0_utc))
            place = parse_ephs(content, epoch_utc=t0_utc, spacecraft=self.table.spacecraft)
            return replace(place, simultaneity=self.table.simultaneity)
        except (RemoteError, ScienceError):
            return None

    def attitude(self, t0_utc: datetime) -> Attitude | None:
        """Axes of INTEGRAL at T0, None where the service does not tell; the direction it is asked for plays no part."""
        try:
            content = get(self._client, f"{self._base}{POINTING_API}/sc/{stamp(t0_utc)}/0/0")
            return parse_pointing(content, epoch_utc=t0_utc)
        except (RemoteError, ScienceError):
            return None

    def _ephs_url(self, t0_utc: datetime) -> str:
        return f"{self._base}{API}/ephs/{stamp(t0_utc)}"

    def _fetched(self, content: bytes, form: str, url: str, t0_utc: datetime) -> FetchedLightCurve:
        curve = read_light_curve(content, format=form, instrument=self.table.archived_as).with_t0(t0_utc)
        curve = with_clock_error(curve, self.table)
        return FetchedLightCurve(
            channels=(curve,),
            total=curve,
            position=self.position(t0_utc),
            origin=url,
            raw=content,
            attitude=self.attitude(t0_utc),
        )


def with_clock_error(curve: LightCurve, table: Instrument) -> LightCurve:
    """Light curve whose timing has the instrument table's clock error for its product kind."""
    timing = curve.timing
    if timing is None or timing.product not in table.clock_error_s:
        return curve
    return curve.replace(
        timing=replace(timing, clock_error_s=max(timing.clock_error_s, table.clock_error_s[timing.product]))
    )


class IsdcRealtimeSource(IsdcSource):
    """SPI-ACS from the real-time service (rtlc): its prophecy says when to ask again."""

    def availability(self, t0_utc: datetime, window_s: float, now: datetime) -> Availability:
        """See `LightCurveSource`; a service that does not answer leaves it unknown, with a time to ask again."""
        t0 = to_utc(t0_utc)
        if (never := self._never(t0)) is not None:
            return never
        try:
            _, reply = self._ask(t0, window_s)
        except RemoteError as error:
            return self._unknown(error, now)
        return self._judge(reply, t0, window_s, now)

    def fetch(self, t0_utc: datetime, window_s: float) -> FetchedLightCurve:
        """See `LightCurveSource`."""
        t0 = to_utc(t0_utc)
        self._refuse_never(t0)
        content, reply = self._ask(t0, window_s)
        verdict = self._judge(reply, t0, window_s, self._clock.now())
        if verdict.state is AvailabilityState.EXPECTED and verdict.expected_utc is not None:
            raise DataNotYetError(verdict.reason, expected_utc=verdict.expected_utc)
        if verdict.state is not AvailabilityState.AVAILABLE:
            raise ScienceError(f"{self.instrument}: {verdict.reason}")
        return self._fetched(content, "rtlc-json", self._url(t0, window_s), t0)

    def _url(self, t0_utc: datetime, window_s: float) -> str:
        return f"{self._base}{API}/rtlc/{stamp(t0_utc)}/{window_s:g}?json&prophecy"

    def _ask(self, t0_utc: datetime, window_s: float) -> tuple[bytes, Mapping[str, Any]]:
        content = get(self._client, self._url(t0_utc, window_s))
        try:
            return content, parse_rtlc(content)
        except ServerWordError as error:
            return content, {"data": [], "words": error.message}
        except ScienceError as error:
            raise RemoteError(f"{self.instrument}: {error.message}", remedy="asked again later") from error

    def _judge(self, reply: Mapping[str, Any], t0: datetime, window_s: float, now: datetime) -> Availability:
        prophecy = read_prophecy(reply.get("prophecy"))
        if words := reply.get("words"):
            prophecy = replace(prophecy, text=str(words))
        span = _span(reply)
        if span is not None:
            refuse_other_times(*span, t0, window_s, self.instrument)
            return self._with_rows(span, prophecy, t0, window_s, now)
        return self._without_rows(prophecy, t0, window_s, now)

    def _with_rows(
        self, span: tuple[datetime, datetime], prophecy: Prophecy, t0: datetime, window_s: float, now: datetime
    ) -> Availability:
        first, last = span
        end = t0 + timedelta(seconds=window_s - REACH_S)
        if last >= end:
            return Availability(state=AvailabilityState.AVAILABLE, reason=_cover(first, last, t0, window_s))
        if last <= t0 and prophecy.gap_at(t0) is not None:
            return self._without_rows(prophecy, t0, window_s, now)
        revolution = prophecy.revolution_at(t0)
        over = revolution is not None and revolution.stop_utc <= end and now > revolution.stop_utc
        if over and last > t0:
            return Availability(
                state=AvailabilityState.AVAILABLE,
                reason=f"data end {(last - t0).total_seconds():.0f} s after T0, at the perigee passage",
            )
        if last > t0 and (self.table.has_ended(now) or now > t0 + timedelta(seconds=self.table.give_up_after_s)):
            return Availability(
                state=AvailabilityState.AVAILABLE, reason=f"data end {(last - t0).total_seconds():.0f} s after T0"
            )
        return self._later(prophecy, t0, window_s, now, f"data reach {last:%H:%M:%S} UTC so far")

    def _without_rows(self, prophecy: Prophecy, t0: datetime, window_s: float, now: datetime) -> Availability:
        gap = prophecy.gap_at(t0)
        if gap is not None:
            reason = (
                f"perigee passage: {self.table.spacecraft} sends no data "
                f"from {gap[0]:%Y-%m-%dT%H:%M} to {gap[1]:%Y-%m-%dT%H:%M} UTC"
            )
            return Availability(state=AvailabilityState.NEVER, reason=reason)
        latest = prophecy.last_data_utc
        if latest is not None and latest > t0 + timedelta(seconds=window_s):
            reason = (
                f"no data at T0 although there are later ones (until {latest:%Y-%m-%dT%H:%M:%S} UTC): a telemetry gap"
            )
            return Availability(state=AvailabilityState.NEVER, reason=reason)
        says_something = any(map(str.isalnum, prophecy.text))
        return self._later(prophecy, t0, window_s, now, prophecy.text if says_something else "no data yet")

    def _later(self, prophecy: Prophecy, t0: datetime, window_s: float, now: datetime, reason: str) -> Availability:
        """Expected, unless the instrument has ended or patience with it: then never."""
        if self.table.has_ended(now) or now > t0 + timedelta(seconds=self.table.give_up_after_s):
            return Availability(state=AvailabilityState.NEVER, reason=f"{reason}; nothing more will come")
        latency = timedelta(seconds=self.table.latency_s)
        ready = t0 + timedelta(seconds=SERVER_WINDOWS * window_s) + latency
        if prophecy.is_online is False and prophecy.next_data_utc is not None:
            ready = max(ready, prophecy.next_data_utc + latency)
        expected = max(ready, now + timedelta(seconds=self.table.retry_s))
        return Availability(state=AvailabilityState.EXPECTED, expected_utc=expected, reason=reason)


def stamp(moment_utc: datetime) -> str:
    """ISO time in milliseconds, colons escaped as the legacy page wants them."""
    return quote(to_utc(moment_utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3])


def _span(reply: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    try:
        _, ijd = rtlc_rows(reply)
    except (ScienceError, json.JSONDecodeError):
        return None
    return ijd_to_utc(float(ijd.min())), ijd_to_utc(float(ijd.max()))


def _cover(first: datetime, last: datetime, t0: datetime, window_s: float) -> str:
    """What the data cover, in words; a late beginning is said."""
    text = f"data from {first:%H:%M:%S} to {last:%H:%M:%S} UTC"
    begins_s = (first - t0).total_seconds()
    if begins_s > -window_s + START_TOLERANCE_S:
        side = "after" if begins_s > 0 else "before"
        return f"{text}: they begin only {abs(begins_s):.0f} s {side} T0"
    return text


def refuse_other_times(
    first: datetime, last: datetime, t0: datetime, window_s: float, name: str, *, slack_s: float = START_TOLERANCE_S
) -> None:
    """Refuse data that reach outside the interval asked for: by TT - UTC, they were made in the wrong time system.

    Raises
    ------
    ScienceError
        They do, by more than `slack_s` on either side.
    """
    window = timedelta(seconds=window_s)
    early_s, late_s = (t0 - window - first).total_seconds(), (last - t0 - window).total_seconds()
    if max(early_s, late_s) <= slack_s:
        return
    is_early = early_s >= late_s
    words = f"{early_s:.1f} s before" if is_early else f"{late_s:.1f} s after"
    if abs(max(early_s, late_s) - tt_minus_utc_s(t0)) < slack_s:
        which = "IJD counted in UTC instead of TT" if is_early else "UTC counted in TT"
        raise ScienceError(
            f"{name}: the data {'begin' if is_early else 'end'} {words} the time asked for: {which}",
            remedy="the service must be corrected; the times cannot be trusted",
        )
    raise ScienceError(f"{name}: the data reach {words} the interval asked for", remedy="ask for another interval")
