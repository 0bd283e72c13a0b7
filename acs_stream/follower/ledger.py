"""Ledger of a continuous search: what it found of late, and how long it looked; its own background of the day.

A happening that goes on is seen by several searches; it is one entry, as loud as it ever was. What is asked
about, and whatever touches it, is left out of the background that it is compared with.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from acs_stream.excesses import SPIKE_LIKE, Excess
from acs_stream.false_alarms import ISDC_SPIKES, SPIKE_SNR
from acs_stream.far_history import DAY_S, ExcessKind, FarHistory
from acs_stream.follower.intervals import no_intervals, union
from acs_stream.search import BACKGROUND_RATE_HZ
from acs_stream.time_systems import SECOND_US
from tocsin.domain.light_curves import IntArray

#: What is older than this is a matter of the days before, s.
KEPT_S = DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """A background excess.

    Parameters
    ----------
    start_tt_us, stop_tt_us
        Stretch of it, microseconds of TT.
    kind, rank
        See `acs_stream.far_history`.
    is_spike
        Counts for the law of spikes.
    """

    start_tt_us: int
    stop_tt_us: int
    kind: ExcessKind
    rank: float
    is_spike: bool

    @classmethod
    def of(cls, excess: Excess, zero_tt_us: int) -> "LedgerEntry":
        """Entry of an excess whose seconds count from `zero_tt_us`."""
        return cls(
            start_tt_us=zero_tt_us + round(excess.start_s * SECOND_US),
            stop_tt_us=zero_tt_us + round(excess.stop_s * SECOND_US),
            kind=excess.kind,
            rank=excess.rank,
            is_spike=excess.spike_score >= SPIKE_LIKE and excess.snr >= SPIKE_SNR,
        )

    def touches(self, start_tt_us: int, stop_tt_us: int) -> bool:
        """True if it has some time in common with a stretch."""
        return self.start_tt_us < stop_tt_us and start_tt_us < self.stop_tt_us


@dataclass(slots=True, kw_only=True)
class WatchLedger:
    """Excesses of the last 24 hours of a stream, and the stretches that were searched.

    Parameters
    ----------
    entries
        In the order in which they were found.
    searched
        Microseconds of TT, shape (n, 2), apart from each other and rising.
    """

    entries: list[LedgerEntry] = field(default_factory=list)
    searched: IntArray = field(default_factory=no_intervals)

    def take(self, found: Iterable[Excess], *, zero_tt_us: int, start_tt_us: int, stop_tt_us: int) -> None:
        """Enter what a search of a stretch has found; what noise does oftener than 50 times a day is not kept."""
        for excess in found:
            if noise_hz(excess) <= BACKGROUND_RATE_HZ:
                self._enter(LedgerEntry.of(excess, zero_tt_us))
        self.searched = union(self.searched, np.array([[start_tt_us, stop_tt_us]], dtype=np.int64))
        self._forget(int(self.searched[-1, 1]) - round(KEPT_S * SECOND_US))

    @property
    def live_s(self) -> float:
        """Time searched of the last 24 hours, s."""
        return float((self.searched[:, 1] - self.searched[:, 0]).sum()) / SECOND_US

    def background(self, instrument: str, *, but: LedgerEntry) -> FarHistory:
        """Background of the last 24 hours without one excess and what touches it."""
        kept = self._others(but)
        return FarHistory.of(instrument, self.live_s, ((one.kind, one.rank) for one in kept))

    def spikes(self, *, but: LedgerEntry) -> int:
        """Number of spikes of the last 24 hours, without one excess and what touches it."""
        return sum(one.is_spike for one in self._others(but))

    def _others(self, but: LedgerEntry) -> list[LedgerEntry]:
        return [one for one in self.entries if not one.touches(but.start_tt_us, but.stop_tt_us)]

    def _enter(self, fresh: LedgerEntry) -> None:
        """Put in an excess; one of its kind that touches it is the same."""
        same = [
            one for one in self.entries if one.kind is fresh.kind and one.touches(fresh.start_tt_us, fresh.stop_tt_us)
        ]
        for one in same:
            self.entries.remove(one)
            fresh = replace(
                fresh,
                start_tt_us=min(one.start_tt_us, fresh.start_tt_us),
                stop_tt_us=max(one.stop_tt_us, fresh.stop_tt_us),
                rank=max(one.rank, fresh.rank),
                is_spike=one.is_spike or fresh.is_spike,
            )
        self.entries.append(fresh)

    def _forget(self, before_tt_us: int) -> None:
        self.entries = [one for one in self.entries if one.stop_tt_us > before_tt_us]
        late = self.searched[self.searched[:, 1] > before_tt_us]
        self.searched = np.maximum(late, before_tt_us)

    def to_record(self) -> dict[str, Any]:
        """JSON-able form."""
        entries = [
            [one.start_tt_us, one.stop_tt_us, one.kind.value, round(one.rank, 4), one.is_spike] for one in self.entries
        ]
        return {"entries": entries, "searched": self.searched.tolist()}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "WatchLedger":
        """Ledger of `to_record`; raises KeyError, TypeError or ValueError on anything else."""
        entries = [_entry(*one) for one in record["entries"]]
        return cls(entries=entries, searched=np.array(record["searched"], dtype=np.int64).reshape(-1, 2))


def _entry(start: Any, stop: Any, kind: Any, rank: Any, is_spike: Any) -> LedgerEntry:
    """Entry of its JSON-able form."""
    return LedgerEntry(
        start_tt_us=int(start), stop_tt_us=int(stop), kind=ExcessKind(kind), rank=float(rank), is_spike=bool(is_spike)
    )


def noise_hz(excess: Excess) -> float:
    """Rate at which noise alone makes an excess as rare, on any scale, Hz."""
    if excess.kind is ExcessKind.OTHER:
        return math.exp(-min(excess.rank, 700.0))
    spikes_hz = float(ISDC_SPIKES.above_hz(excess.snr, excess.scale_s))
    return max(excess.far_fixed_law_hz - spikes_hz, math.exp(-700.0))
