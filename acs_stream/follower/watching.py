"""Continuous search of a followed stream: what is stored is searched at once, and searched again where it changes.

Every window of time is judged once, when its last bin has come (see `acs_stream.search_stretch`): a burst that is cut
in two by the arrival of the data is whole in the search that has its end. What was searched, and which triggers were
told, is remembered in a file: a service that was killed goes on where it stopped and tells nothing twice.
"""

import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from acs_stream.archive.merging import without_overlaps
from acs_stream.archive.rows import Appended, RateRows, to_light_curve
from acs_stream.excesses import Excess
from acs_stream.far_history import FarHistory
from acs_stream.follower.intervals import no_intervals, union
from acs_stream.follower.ledger import WatchLedger, noise_hz
from acs_stream.follower.own_far import StatedFar, stated_far
from acs_stream.follower.realtime import RateStore
from acs_stream.follower.triggers import SAME_WITHIN_S, StreamTrigger, judge_triggers, trigger_of
from acs_stream.search import BACKGROUND_RATE_HZ
from acs_stream.search_stretch import DATA_BEFORE_S, Stretch, search_stretch
from acs_stream.time_systems import SECOND_US, tt_us_to_utc
from tocsin.domain.errors import RemoteError, ScienceError
from tocsin.domain.light_curves import IntArray

DAY_S = 86_400.0
#: A search that cannot be made known is tried again after this long, s of real time.
AGAIN_S = 5.0

#: Background of the days before a time, of an instrument; None: not known.
Trailing = Callable[[str, datetime], FarHistory | None]


def no_days_before(_instrument: str, _t0_utc: datetime) -> FarHistory | None:
    """Nothing is known of the days before."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """How a stream is watched.

    Parameters
    ----------
    far_per_day
        Excesses that the stream's own background makes at most this often are triggers, 1/day.
    margin_s
        Data after a stretch that was filled in later: they serve background and noise, s.
    longest_s
        Longest stretch of one search, s.
    catch_up_s
        After a stop, what was stored longer ago than this is not searched any more, s.
    same_within_s
        Excesses closer than this are one trigger, s.
    """

    far_per_day: float = 1.0
    margin_s: float = 500.0
    longest_s: float = 600.0
    catch_up_s: float = DAY_S
    same_within_s: float = SAME_WITHIN_S


@dataclass(slots=True, kw_only=True)
class WatchState:
    """What a watch remembers: the end of what was searched, the triggers that were told, the background of a day."""

    searched_tt_us: int | None = None
    triggers: tuple[StreamTrigger, ...] = ()
    ledger: WatchLedger = field(default_factory=WatchLedger)


class WatchMemory(Protocol):
    """Where a watch keeps what it remembers."""

    def load(self) -> WatchState:
        """What was kept last; empty at first."""
        ...

    def save(self, state: WatchState) -> None:
        """Keep it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMemory:
    """Memory in one file, replaced as a whole; a damaged one counts as none, since the search then only repeats."""

    path: Path

    def load(self) -> WatchState:
        """See `WatchMemory`."""
        try:
            return _state(json.loads(self.path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            return WatchState()

    def save(self, state: WatchState) -> None:
        """See `WatchMemory`; a full disk costs a repetition after the next start, nothing else."""
        record = {
            "searched_tt_us": state.searched_tt_us,
            "triggers": [one.to_record() for one in state.triggers],
            "ledger": state.ledger.to_record(),
        }
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.path.with_suffix(f".{os.getpid()}.new")
            fresh.write_text(json.dumps(record), encoding="utf-8")
            os.replace(fresh, self.path)  # noqa: PTH105 - atomic, whatever stands there


def _state(record: Mapping[str, Any]) -> WatchState:
    searched = record["searched_tt_us"]
    return WatchState(
        searched_tt_us=None if searched is None else int(searched),
        triggers=tuple(StreamTrigger.from_record(one) for one in record["triggers"]),
        ledger=WatchLedger.from_record(record["ledger"]) if "ledger" in record else WatchLedger(),
    )


@dataclass(slots=True)
class WatchCounts:
    """What a watch has done: searches, stretches that could not be searched, triggers told (revisions counted)."""

    searches: int = 0
    unsearched: int = 0
    told: int = 0
    last_reason: str = field(default="")


class StreamWatch:
    """Searches one instrument's followed stream.

    Parameters
    ----------
    instrument
        Name in the archive.
    store
        The archive.
    memory
        See `WatchMemory`.
    tell
        Makes triggers known, all or none; if it raises `RemoteError`, the same are told again later.
    settings
        See `WatchSettings`.
    trailing
        Background of the days before a time; quick, since it is asked for each excess that noise makes seldom.
    """

    def __init__(
        self,
        instrument: str,
        *,
        store: RateStore,
        memory: WatchMemory,
        tell: Callable[[Sequence[StreamTrigger]], None],
        settings: WatchSettings | None = None,
        trailing: Trailing = no_days_before,
    ) -> None:
        self.settings = settings or WatchSettings()
        self.counts = WatchCounts()
        self._instrument = instrument
        self._store = store
        self._memory = memory
        self._tell = tell
        self._trailing = trailing
        self._lock = threading.Lock()
        self._fresh: IntArray = no_intervals()
        self._news = threading.Event()
        self._is_searching = False
        self._state: WatchState | None = None

    def notice(self, rows: RateRows) -> None:
        """Take note of rows that were stored; they are searched in the next step."""
        if len(rows):
            with self._lock:
                self._fresh = union(self._fresh, _stretch(rows))
            self._news.set()

    @property
    def is_idle(self) -> bool:
        """True if everything noticed so far has been searched."""
        with self._lock:
            return not len(self._fresh) and not self._is_searching

    def run(self, stop: threading.Event) -> None:
        """Search whatever is stored until told to stop."""
        while not stop.is_set():
            if self._news.wait(0.2):
                self._news.clear()
                try:
                    self.step()
                except RemoteError:
                    self._news.set()
                    stop.wait(AGAIN_S)

    def step(self) -> tuple[StreamTrigger, ...]:
        """Search what is new; the triggers told.

        Raises
        ------
        RemoteError
            The archive does not answer, or a trigger could not be made known: call again.
        """
        state = self._known()
        with self._lock:
            fresh, self._fresh = self._fresh, no_intervals()
            self._is_searching = True
        told: list[StreamTrigger] = []
        left = fresh.tolist()
        try:
            while left:
                for start, stop in self._pieces(*left[0]):
                    told += self._search(state, start, stop)
                left.pop(0)
        finally:
            with self._lock:
                self._is_searching = False
                self._fresh = union(self._fresh, _intervals(left))
        return tuple(told)

    def _known(self) -> WatchState:
        """What was remembered; what was stored since and not searched is put to the fresh."""
        if self._state is None:
            state = self._memory.load()
            last = self._store.last_tt_us(self._instrument)
            if state.searched_tt_us is not None and last is not None and last > state.searched_tt_us:
                start = max(state.searched_tt_us, last - round(self.settings.catch_up_s * SECOND_US))
                with self._lock:
                    self._fresh = union(self._fresh, _intervals([(start, last)]))
            self._state = state
        return self._state

    def _pieces(self, start: int, stop: int) -> list[tuple[int, int]]:
        longest = round(self.settings.longest_s * SECOND_US)
        return [(low, min(low + longest, stop)) for low in range(start, stop, longest)]

    def _search(self, state: WatchState, start: int, stop: int) -> tuple[StreamTrigger, ...]:
        """Search one stretch, and tell what is new."""
        last = max(stop, state.searched_tt_us or stop)
        told = judge_triggers(
            state.triggers, self._found(state, start, stop), now_tt_us=last, same_within_s=self.settings.same_within_s
        )
        if told.news:
            self._tell(told.news)
            self.counts.told += len(told.news)
        state.triggers, state.searched_tt_us = told.known, last
        self._memory.save(state)
        return told.news

    def _found(self, state: WatchState, start: int, stop: int) -> list[StreamTrigger]:
        """Excesses of a stretch that are rare enough, the rarest first; none where it cannot be searched honestly."""
        zero = tt_us_to_utc(start)
        # What comes after it is searched in its turn, unless it was before: then the stretch was filled in.
        is_filled_in = state.searched_tt_us is not None and stop < state.searched_tt_us
        end = stop + round(self.settings.margin_s * SECOND_US) if is_filled_in else stop
        try:
            stored = self._store.rows_between(self._instrument, start - round(DATA_BEFORE_S * SECOND_US), end)
            curve = to_light_curve(without_overlaps(stored), instrument=self._instrument, t0_utc=zero)
            found = search_stretch(curve, Stretch(start_s=0.0, stop_s=(stop - start) / SECOND_US))
        except ScienceError as error:
            self.counts.unsearched += 1
            self.counts.last_reason = error.message
            return []
        self.counts.searches += 1
        state.ledger.take(found, zero_tt_us=start, start_tt_us=start, stop_tt_us=stop)
        return [
            trigger_of(one, far, instrument=self._instrument, zero_utc=zero, timing=curve.timing)
            for one, far in self._rare(state, found, start)
        ]

    def _rare(self, state: WatchState, found: Sequence[Excess], zero_us: int) -> list[tuple[Excess, StatedFar]]:
        """Excesses rare enough to be told, the rarest first, with their false-alarm rates."""
        asked = [one for one in found if noise_hz(one) <= BACKGROUND_RATE_HZ]
        trailing = self._trailing(self._instrument, tt_us_to_utc(zero_us)) if asked else None
        judged = [
            (
                one,
                stated_far(
                    one, zero_tt_us=zero_us, instrument=self._instrument, ledger=state.ledger, trailing=trailing
                ),
            )
            for one in asked
        ]
        rare = [pair for pair in judged if pair[1].far_hz * DAY_S <= self.settings.far_per_day]
        return sorted(rare, key=lambda pair: (pair[1].far_hz, -pair[0].snr))


class WatchedStore:
    """A store that tells a watch of the rows it takes; of repeats it does not."""

    def __init__(self, store: RateStore, watch: StreamWatch) -> None:
        self._store = store
        self._watch = watch

    def append(self, instrument: str, rows: RateRows) -> object:
        """See `RateStore`."""
        done = self._store.append(instrument, rows)
        if not isinstance(done, Appended) or done.new:
            self._watch.notice(rows)
        return done

    def rows_between(self, instrument: str, start_tt_us: int, stop_tt_us: int) -> RateRows:
        """See `RateStore`."""
        return self._store.rows_between(instrument, start_tt_us, stop_tt_us)

    def last_tt_us(self, instrument: str) -> int | None:
        """See `RateStore`."""
        return self._store.last_tt_us(instrument)


def _stretch(rows: RateRows) -> IntArray:
    """From the first row to the last."""
    return _intervals([(int(rows.start_tt_us.min()), int(rows.stop_tt_us.max()))])


def _intervals(pairs: Sequence[Sequence[int]]) -> IntArray:
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)
