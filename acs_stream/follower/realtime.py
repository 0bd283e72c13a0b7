"""Follower of ISDC's real-time service (rtlc with prophecy): asks politely, stores what comes, says how it fares.

All it knows is in the archive: a new one, started after the old was killed at any moment, goes on without hole or
double.
"""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol
from urllib.parse import quote

import httpx

from acs_stream.archive.rows import RateRows
from acs_stream.follower.health import Evidence, FollowerHealth, judge
from acs_stream.follower.intervals import covered_by, no_intervals
from acs_stream.follower.packets import Packet, read_packet
from acs_stream.follower.plan import (
    FollowerSettings,
    Moment,
    Progress,
    Request,
    after_failure,
    after_reply,
    begin,
    gaps,
    next_request,
)
from acs_stream.instruments import Instrument
from acs_stream.sources.http import get
from acs_stream.sources.isdc import API
from acs_stream.time_systems import SECOND_US, tt_us_to_utc
from tocsin.domain.clock import Clock
from tocsin.domain.errors import RemoteError, ScienceError
from tocsin.domain.light_curves import IntArray

#: Least wait between two looks, s of real time: a clock that is moved by hand must not make it spin.
LEAST_WAIT_S = 0.005
#: A request reaches this far over its ends, so that bins on them are not missed, us.
OVERREACH_US = 100_000


class RateStore(Protocol):
    """Where rows go: the archive, or a fake."""

    def append(self, instrument: str, rows: RateRows) -> object:
        """Store rows durably, each bin once."""
        ...

    def rows_between(self, instrument: str, start_tt_us: int, stop_tt_us: int) -> RateRows:
        """Rows of an interval, microseconds of TT, merged."""
        ...

    def last_tt_us(self, instrument: str) -> int | None:
        """End of the latest bin, None where there is none."""
        ...


def stored_stretches(store: RateStore, instrument: str, *, look_back_s: float) -> IntArray:
    """Stretches that are stored within the look-back before the latest bin, shape (n, 2)."""
    last = store.last_tt_us(instrument)
    if last is None:
        return no_intervals()
    return covered_by(store.rows_between(instrument, last - round(look_back_s * SECOND_US), last))


class RealtimeFollower:
    """Follows one instrument.

    Parameters
    ----------
    instrument
        Entry of the instrument table; its `base_url` is the service.
    store
        The archive.
    clock
        Tells the time; it may step.
    settings
        See `FollowerSettings`.
    stored_as
        Name in the archive; None: the instrument's.
    on_health
        Told after every request.
    transport
        For tests; None: the network.
    """

    def __init__(
        self,
        instrument: Instrument,
        *,
        store: RateStore,
        clock: Clock,
        settings: FollowerSettings | None = None,
        stored_as: str | None = None,
        on_health: Callable[[FollowerHealth], None] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.table = instrument
        self.settings = settings or FollowerSettings(latency_s=instrument.latency_s)
        self._store = store
        self._clock = clock
        self._stored_as = stored_as or instrument.name
        self._on_health = on_health
        self._client = httpx.Client(timeout=instrument.timeout_s, transport=transport, follow_redirects=True)
        self._progress: Progress | None = None
        self._has_tried = False

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def run(self, stop: threading.Event) -> None:
        """Follow until told to stop."""
        while not stop.is_set():
            self.step()
            stop.wait(max(self._clock.wall_s(self.due_in_s()), LEAST_WAIT_S))

    def due_in_s(self) -> float:
        """Seconds of the clock until `step` may have something to do."""
        if self._progress is None:
            return self.settings.poll_s if self._has_tried else 0.0
        return max(self._progress.due_s - self._clock.monotonic_s(), 1.0)

    def step(self) -> FollowerHealth:
        """Send the request that is due, if one is, and store what it brings."""
        now = self._now()
        self._has_tried = True
        try:
            progress = self._known(now)
        except (RemoteError, ScienceError) as error:
            return self._tell(self._judge(None, str(error)))
        request = next_request(progress, self.settings, now)
        if request is not None:
            self._progress = self._asked(progress, request)
            return self._tell(self.health())
        return self.health()

    def health(self) -> FollowerHealth:
        """How it fares now."""
        return self._judge(self._progress)

    def _known(self, now: Moment) -> Progress:
        if self._progress is None:
            stored = stored_stretches(self._store, self._stored_as, look_back_s=self.settings.look_back_s)
            self._progress = begin(self.settings, now, covered=stored)
        return self._progress

    def _asked(self, progress: Progress, request: Request) -> Progress:
        """Progress after one request, whatever came of it; rows are stored before anything is remembered of them."""
        try:
            packet = self._fetch(request)
            if len(packet.rows):
                self._store.append(self._stored_as, packet.rows)
        except RemoteError as error:
            after_s = error.retry_after_s
            return after_failure(progress, self.settings, request, error.message, self._now(), retry_after_s=after_s)
        except ScienceError as error:
            return after_failure(progress, self.settings, request, error.message, self._now())
        return after_reply(progress, self.settings, request, packet, self._now())

    def _fetch(self, request: Request) -> Packet:
        start, stop = request.start_us - OVERREACH_US, request.stop_us + OVERREACH_US
        return read_packet(get(self._client, self._url(start, stop)), start_tt_us=start, stop_tt_us=stop)

    def _url(self, start_us: int, stop_us: int) -> str:
        half_s = (stop_us - start_us) / 2 / SECOND_US
        middle = tt_us_to_utc((start_us + stop_us) // 2) + timedelta(microseconds=500)
        stamp = quote(middle.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3])
        return f"{self.table.base_url.rstrip('/')}{API}/rtlc/{stamp}/{half_s:.6g}?json&prophecy"

    def _now(self) -> Moment:
        return Moment(utc=self._clock.now(), monotonic_s=self._clock.monotonic_s())

    def _judge(self, progress: Progress | None, trouble: str = "") -> FollowerHealth:
        evidence = Evidence(now=self._clock.now(), trouble=trouble, failures=1 if trouble else 0)
        if progress is not None:
            evidence = _evidence(progress, self.settings, self._now())
        settings = self.settings
        return judge(
            evidence,
            lag_fault_s=settings.lag_fault_s,
            failures_fault=1 if progress is None else settings.failures_fault,
        )

    def _tell(self, health: FollowerHealth) -> FollowerHealth:
        if self._on_health is not None:
            self._on_health(health)
        return health


def _evidence(progress: Progress, settings: FollowerSettings, now: Moment) -> Evidence:
    last = progress.last_data_us
    open_gaps = gaps(progress, settings)
    return Evidence(
        now=now.utc,
        last_data_utc=None if last is None else tt_us_to_utc(last),
        prophecy=progress.prophecy,
        failures=progress.failures,
        trouble=progress.trouble,
        trouble_since_utc=progress.trouble_since_utc,
        is_catching_up=progress.is_catching_up,
        missing_s=float((open_gaps[:, 1] - open_gaps[:, 0]).sum()) / SECOND_US,
    )
