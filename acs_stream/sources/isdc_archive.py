"""INTEGRAL's rates from ISDC's archive: genlc text of the service, or ipnlc text of the legacy page."""

import math
from dataclasses import replace
from datetime import datetime, timedelta

from acs_stream.archive.regrid import put_together
from acs_stream.readers import read_light_curve
from acs_stream.readers.content import NoReplyError, ServerWordError
from acs_stream.sources.http import get
from acs_stream.sources.isdc import API, IsdcSource, refuse_other_times, stamp, with_clock_error
from acs_stream.sources.model import Availability, AvailabilityState, FetchedLightCurve
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import DataNotYetError, RemoteError, ScienceError
from tocsin.domain.light_curves import OVERLAP_TOLERANCE, LightCurve

#: Asked again this often while a word says that auxiliary data are missing, s.
AUXILIARY_RETRY_S = 21_600.0
#: One revolution only is served per request: one that is refused for that is halved, down to this half-span, s.
SHORTEST_S = 5.0
OVER_REVOLUTION = "Over revolution"

#: A reply and what is in it.
Part = tuple[bytes, LightCurve]


class IsdcArchiveSource(IsdcSource):
    """Archived rates; a request over the end of a revolution is asked in parts."""

    @property
    def _form(self) -> str:
        return "ipnlc" if self.table.kind == "isdc-spiacs" else "genlc"

    def _url(self, t0_utc: datetime, window_s: float) -> str:
        if self._form == "genlc":
            return f"{self._base}{API}/genlc/{self.table.target or 'ACS'}/{stamp(t0_utc)}/{window_s:g}"
        return self._page_url(t0_utc, window_s, "ipnlc")

    def _page_url(self, t0_utc: datetime, window_s: float, what: str) -> str:
        request = f"{stamp(t0_utc)}+{window_s:g}"
        return f"{self._base}/spiacs.pl?requeststring={request}&generate={what}&submit=Submit"

    def _ephs_url(self, t0_utc: datetime) -> str:
        return super()._ephs_url(t0_utc) if self._form == "genlc" else self._page_url(t0_utc, 10.0, "ephs")

    def availability(self, t0_utc: datetime, window_s: float, now: datetime) -> Availability:
        """See `LightCurveSource`."""
        t0 = to_utc(t0_utc)
        if (never := self._never(t0)) is not None:
            return never
        try:
            parts = self._ask(t0, window_s, now)
        except DataNotYetError as error:
            return Availability(state=AvailabilityState.EXPECTED, expected_utc=error.expected_utc, reason=error.message)
        except RemoteError as error:
            return self._unknown(error, now)
        except ScienceError as error:
            return Availability(state=AvailabilityState.NEVER, reason=error.message)
        return Availability(state=AvailabilityState.AVAILABLE, reason=_reason(parts))

    def fetch(self, t0_utc: datetime, window_s: float) -> FetchedLightCurve:
        """See `LightCurveSource`."""
        t0 = to_utc(t0_utc)
        self._refuse_never(t0)
        parts = self._ask(t0, window_s, self._clock.now())
        curve = put_together(_without_shared_bins([part.with_t0(t0) for _, part in parts]))
        if len(parts) > 1 and curve.timing is not None:
            words = "; ".join(note for note in (curve.timing.note, _reason(parts)) if note)
            curve = curve.replace(timing=replace(curve.timing, note=words))
        curve = with_clock_error(curve, self.table)
        return FetchedLightCurve(
            channels=(curve,),
            total=curve,
            position=self.position(t0),
            origin=self._url(t0, window_s),
            raw=b"\n".join(content for content, _ in parts),
            attitude=self.attitude(t0),
        )

    def _ask(self, t0: datetime, window_s: float, now: datetime) -> list[Part]:
        """Replies that cover the interval, in order of time, at least one.

        Raises
        ------
        DataNotYetError, RemoteError, ScienceError
            See `LightCurveSource.fetch`.
        """
        try:
            return [self._ask_once(t0, window_s, now)]
        except ServerWordError as error:
            if error.word != OVER_REVOLUTION or window_s <= SHORTEST_S:
                raise
            refusal = error
        parts: list[Part] = []
        for side in (-1, 1):
            try:
                parts += self._ask(t0 + side * timedelta(seconds=window_s / 2), window_s / 2, now)
            except ServerWordError as error:
                refusal = error
        if not parts:
            raise refusal
        return parts

    def _ask_once(self, t0: datetime, window_s: float, now: datetime) -> Part:
        middle, half_s = _on_whole_seconds(t0, window_s)
        content = get(self._client, self._url(middle, half_s))
        try:
            curve = read_light_curve(content, format=self._form, instrument=self.table.archived_as)
        except ServerWordError as error:
            if error.word == "NoAuxData" and not self.table.has_ended(now):
                again = now + timedelta(seconds=AUXILIARY_RETRY_S)
                raise DataNotYetError(f"{self.instrument}: {error.message}", expected_utc=again) from error
            raise
        except NoReplyError as error:  # the server, or something before it, failed
            raise RemoteError(f"{self.instrument}: {error.message}", remedy="asked again later") from error
        first = curve.t0_utc + timedelta(seconds=float(curve.start_s[0]))
        last = curve.t0_utc + timedelta(seconds=float(curve.stop_s[-1]))
        refuse_other_times(first, last, middle, half_s, self.instrument)
        if (middle, half_s) == (t0, window_s):
            return content, curve
        near = curve.with_t0(t0).between(-window_s, window_s)
        if not len(near):
            raise ServerWordError("NoData")
        return content, near


def _on_whole_seconds(t0: datetime, window_s: float) -> tuple[datetime, float]:
    """Middle and half-span of the interval that begins and ends on whole seconds, as genlc prints its reference."""
    start = (t0 - timedelta(seconds=window_s)).replace(microsecond=0)
    length_s = math.ceil((t0 - start).total_seconds() + window_s)
    length_s += length_s % 2
    return start + timedelta(seconds=length_s // 2), float(length_s // 2)


def _without_shared_bins(curves: list[LightCurve]) -> list[LightCurve]:
    """Light curves in order of time, of which each begins where the one before ends."""
    kept = curves[:1]
    for curve in curves[1:]:
        end_s = float(kept[-1].stop_s[-1]) - OVERLAP_TOLERANCE * float(curve.width_s[0])
        later = curve.select(curve.start_s >= end_s)
        kept += [later] if len(later) else []
    return kept


def _reason(parts: list[Part]) -> str:
    if len(parts) == 1:
        return "in the archive"
    return f"in the archive, in {len(parts)} parts: the request reaches over a revolution boundary"
