"""Followed data are replaced when consolidated ones exist: their approximate times with those that are right to 1 ms.

What is still approximate is read from the archive itself, so nothing need be remembered. A stretch is asked for at most
every few hours, in pieces; a piece that reaches over a revolution boundary, which the service refuses, is halved.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

import numpy as np

from acs_stream.archive.days import midnight_tt_us
from acs_stream.archive.rows import Appended, RateRows, from_light_curve
from acs_stream.follower.intervals import covered_by
from acs_stream.readers.content import ServerWordError
from acs_stream.sources.model import FetchedLightCurve
from acs_stream.time_systems import SECOND_US, tt_us_to_utc, utc_to_tt_us
from tocsin.domain.clock import Clock
from tocsin.domain.errors import RemoteError, ScienceError
from tocsin.domain.light_curves import BoolArray

#: Half-span of one request, s, and the least it is halved to.
PIECE_S, SHORTEST_S = 1800.0, 30.0
#: A day is asked for again this long after the last time, s.
AGAIN_S = 21_600.0
#: Days older than this are left as they are.
OLDEST_DAYS = 120
#: Between looks, s.
LOOK_S = 600.0
SHARED_EDGE_S = 0.1


class Consolidated(Protocol):
    """Where consolidated data come from."""

    def fetch(self, t0_utc: datetime, window_s: float) -> FetchedLightCurve:
        """See `acs_stream.sources.model.LightCurveSource`."""
        ...


class DayStore(Protocol):
    """The archive, as far as it is needed here."""

    def days(self, instrument: str) -> Sequence[date]:
        """UTC days of which there are rows."""
        ...

    def rows_between(self, instrument: str, start_tt_us: int, stop_tt_us: int) -> RateRows:
        """Rows of an interval, microseconds of TT, merged."""
        ...

    def append(self, instrument: str, rows: RateRows) -> Appended:
        """Store rows: better ones replace."""
        ...


class Consolidator:
    """Replaces the approximate rows of one instrument.

    Parameters
    ----------
    instrument
        Name in the archive.
    archive
        The archive.
    service
        Gives consolidated data.
    clock
        Tells the time.
    after_s
        Data younger than this are not asked for, s.
    on_words
        Told after each look how it went.
    """

    def __init__(
        self,
        instrument: str,
        *,
        archive: DayStore,
        service: Consolidated,
        clock: Clock,
        after_s: float = 86_400.0,
        on_words: Callable[[str], None] | None = None,
    ) -> None:
        self._instrument = instrument
        self._archive = archive
        self._service = service
        self._clock = clock
        self._after_s = after_s
        self._on_words = on_words
        self._asked: dict[int, float] = {}

    def run(self, stop: threading.Event) -> None:
        """Look now and then until told to stop."""
        while not stop.is_set():
            self.step(stop)
            stop.wait(max(self._clock.wall_s(LOOK_S), 0.05))

    def step(self, stop: threading.Event | None = None) -> int:
        """Ask for whatever is due; number of bins replaced or added."""
        now = self._clock.now()
        latest = utc_to_tt_us(now) - round(self._after_s * SECOND_US)
        replaced, trouble = 0, ""
        for start, end in self._approximate(latest):
            if stop is not None and stop.is_set():
                break
            try:
                replaced += self._replace(start, end)
            except RemoteError as error:
                trouble = error.message
                break
            except ScienceError as error:
                trouble = error.message
        if self._on_words is not None:
            words = f"{replaced} bins consolidated at {now:%Y-%m-%d %H:%M} UTC"
            self._on_words(f"{words}; {trouble}" if trouble else words)
        return replaced

    def _approximate(self, latest_us: int) -> list[tuple[int, int]]:
        """Pieces of time whose rows are approximate and old enough, of days that are due, microseconds of TT."""
        found: list[tuple[int, int]] = []
        now_s = self._clock.monotonic_s()
        for day in self._archive.days(self._instrument):
            first = midnight_tt_us(day)
            last = min(midnight_tt_us(day + timedelta(days=1)), latest_us)
            too_old = first < latest_us - OLDEST_DAYS * 86_400 * SECOND_US
            if last <= first or too_old or now_s < self._asked.get(first, 0.0):
                continue
            rows = self._archive.rows_between(self._instrument, first, last)
            stretches = covered_by(rows.take(_is_approximate(rows))).tolist()
            step = round(2 * PIECE_S * SECOND_US)
            found += [(low, min(low + step, stop)) for start, stop in stretches for low in range(start, stop, step)]
            if stretches:
                self._asked[first] = now_s + AGAIN_S
        return found

    def _replace(self, start_us: int, stop_us: int) -> int:
        """Consolidated rows of a piece, into the archive; halved where it reaches over a revolution's end."""
        middle = tt_us_to_utc((start_us + stop_us) // 2)
        half_s = (stop_us - start_us) / 2 / SECOND_US
        try:
            curve = self._service.fetch(middle, half_s + SHARED_EDGE_S).total
        except ServerWordError as error:
            if error.word == "Over revolution" and half_s > SHORTEST_S:
                cut = (start_us + stop_us) // 2
                return self._replace(start_us, cut) + self._replace(cut, stop_us)
            return 0
        if curve.timing is None or curve.timing.is_approximate:
            return 0
        return self._archive.append(self._instrument, from_light_curve(curve)).new


def _is_approximate(rows: RateRows) -> BoolArray:
    kinds = np.array([kind.is_approximate for kind in rows.kinds] or [False])
    return np.asarray(kinds[rows.kind], dtype=bool)
