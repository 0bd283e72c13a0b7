"""The archive as a source of light curves: asked before any service."""

from datetime import datetime, timedelta

import numpy as np

from acs_stream.archive.merging import without_overlaps
from acs_stream.archive.parts import to_parquet
from acs_stream.archive.rate_archive import RateArchive, span_utc
from acs_stream.archive.rows import RateRows, to_light_curve
from acs_stream.instruments import Instrument
from acs_stream.sources.isdc import REACH_S, with_clock_error
from acs_stream.sources.model import Availability, AvailabilityState, Craft, FetchedLightCurve
from acs_stream.time_systems import SECOND_US
from tocsin.domain.clock import Clock, to_utc
from tocsin.domain.errors import DataNotYetError, ScienceError

#: A step between bins longer than this many widths is a gap.
GAP_WIDTHS = 1.5
#: With less than this share of the window archived, another place may have more.
WHOLE_SHARE = 0.98


class ArchiveSource:
    """Rates of one instrument in the archive.

    Parameters
    ----------
    instrument
        Entry of the instrument table.
    archive
        See `RateArchive`.
    clock
        Tells the time.
    stored_as
        Name in the archive; None: the instrument's.
    is_followed
        Data are being appended as they are taken: what is missing of a recent T0 is expected.
    craft
        Where the craft was, and how it stood; the archive of rates does not know.
    """

    def __init__(
        self,
        instrument: Instrument,
        *,
        archive: RateArchive,
        clock: Clock,
        stored_as: str | None = None,
        is_followed: bool = False,
        craft: Craft | None = None,
    ) -> None:
        self.table = instrument
        self._archive = archive
        self._clock = clock
        self._stored_as = stored_as or instrument.name
        self._is_followed = is_followed
        self._craft = craft

    @property
    def instrument(self) -> str:
        """Name of the instrument."""
        return self.table.name

    def availability(self, t0_utc: datetime, window_s: float, now: datetime) -> Availability:
        """See `LightCurveSource`: unknown, with a reason, where the archive has nothing and follows nothing."""
        t0 = to_utc(t0_utc)
        if (reason := self.table.never_reason(t0)) is not None:
            return Availability(state=AvailabilityState.NEVER, reason=reason)
        return self._judge(self._rows(t0, window_s), t0, window_s, now)

    def fetch(self, t0_utc: datetime, window_s: float) -> FetchedLightCurve:
        """See `LightCurveSource`; `raw` is a Parquet file of the rows, with kind and revision of each."""
        t0 = to_utc(t0_utc)
        if (reason := self.table.never_reason(t0)) is not None:
            raise ScienceError(reason)
        rows = self._rows(t0, window_s)
        verdict = self._judge(rows, t0, window_s, self._clock.now())
        if verdict.state is AvailabilityState.EXPECTED and verdict.expected_utc is not None:
            raise DataNotYetError(verdict.reason, expected_utc=verdict.expected_utc)
        if verdict.state is not AvailabilityState.AVAILABLE:
            raise ScienceError(verdict.reason)
        curve = with_clock_error(to_light_curve(rows, instrument=self.instrument, t0_utc=t0), self.table)
        return FetchedLightCurve(
            channels=(curve,),
            total=curve,
            position=None if self._craft is None else self._craft.position(t0),
            origin=self._origin(rows),
            raw=to_parquet(rows),
            attitude=None if self._craft is None else self._craft.attitude(t0),
        )

    def _rows(self, t0: datetime, window_s: float) -> RateRows:
        half = timedelta(seconds=window_s)
        return without_overlaps(self._archive.rows(self._stored_as, t0 - half, t0 + half))

    def _origin(self, rows: RateRows) -> str:
        span = span_utc(rows)
        words = "" if span is None else f" from {span[0]:%Y-%m-%dT%H:%M:%S.%f} to {span[1]:%Y-%m-%dT%H:%M:%S.%f} UTC"
        return f"{self._archive.url}/instrument={self._stored_as}{words}"

    def _judge(self, rows: RateRows, t0: datetime, window_s: float, now: datetime) -> Availability:
        span = span_utc(rows)
        end, reach = t0 + timedelta(seconds=window_s), timedelta(seconds=REACH_S)
        if span is not None and span[1] >= end - reach:
            return _available(rows, window_s, is_cut=span[0] > t0 - timedelta(seconds=window_s) + reach)
        due = end + timedelta(seconds=self.table.latency_s)
        patience = timedelta(seconds=self.table.give_up_after_s)
        if self._is_followed and not self.table.has_ended(now) and now < end + patience:
            retry = now + timedelta(seconds=self.table.retry_s)
            reason = "no data yet" if span is None else f"data reach {span[1]:%H:%M:%S} UTC so far"
            return Availability(state=AvailabilityState.EXPECTED, expected_utc=max(due, retry), reason=reason)
        if span is not None and span[1] > t0:
            return _available(rows, window_s, is_cut=True)
        reason = f"the archive holds no {self.instrument} data of this time"
        return Availability(state=AvailabilityState.UNKNOWN, reason=reason)


def _available(rows: RateRows, window_s: float, *, is_cut: bool) -> Availability:
    """What there is of the window, in words; `is_cut`: its beginning or end is not there."""
    covered_s = float(rows.width_us.sum()) / SECOND_US
    return Availability(
        state=AvailabilityState.AVAILABLE,
        reason=_cover(rows, covered_s, window_s),
        is_partial=is_cut or covered_s < WHOLE_SHARE * 2 * window_s,
    )


def _cover(rows: RateRows, covered_s: float, window_s: float) -> str:
    """What the rows cover of the window, in words."""
    steps = np.diff(rows.start_tt_us)
    gaps = int((steps > GAP_WIDTHS * rows.width_us[:-1]).sum())
    words = f"{covered_s:.1f} of {2 * window_s:.1f} s archived"
    return f"{words}, {gaps} gaps between" if gaps else words
