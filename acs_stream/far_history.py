"""False-alarm rates measured on an instrument's own background: how often background alone was as loud.

Excesses are ranked within two kinds that nature tells apart: those that look like a cosmic-ray spike, by S/N, and all
others, by how rare Gaussian noise of the measured scatter makes them. The rate of background excesses of at least a
rank is counted where there are enough of them; beyond, an exponential is fitted to the highest ranks. An excess is
the louder of two kinds, so its rate counts twice.

References
----------
Pickands 1975, Ann. Statist. 3, 119 (exceedances over a high threshold tend to an exponential).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from tocsin.domain.light_curves import FloatArray, read_only

DAY_S = 86_400.0
#: The tail is fitted to so many of the highest ranks, at most; and to at most this share of them.
TAIL_EVENTS, TAIL_SHARE = 30, 1 / 3
#: Fewer background excesses than this make no fit.
MIN_TAIL_EVENTS = 8
#: The slope expected beforehand weighs as much as so many excesses.
SLOPE_WEIGHT = 2.0
#: Ranks further above the threshold than so many slopes are no tail of noise: bursts, say, which count by number.
CAP_SLOPES = 10.0
#: A day's own activity is counted at this rate, and the usual one weighs as much as so many excesses.
ACTIVITY_PER_DAY, ACTIVITY_WEIGHT = 20.0, 20.0
#: The day's own excesses are counted, instead of the trailing ones scaled, where so many are louder.
MIN_SAME_DAY = 10
#: Version of what a rank means: histories of another version cannot be joined.
RANK_VERSION = 1


class ExcessKind(StrEnum):
    """What an excess looks like."""

    SPIKE_LIKE = "spike_like"
    OTHER = "other"


#: Mean of the ranks above a threshold, as expected beforehand: ISDC's law (S/N to -2.7), and Gaussian noise.
EXPECTED_SLOPE = {ExcessKind.SPIKE_LIKE: 1 / 2.7, ExcessKind.OTHER: 1.0}


class FarSource(StrEnum):
    """Where a false-alarm rate is from."""

    SAME_DAY = "same_day"
    TRAILING = "trailing"
    TAIL_FIT = "tail_fit"
    EXTRAPOLATED = "extrapolated"
    MODEL = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredFar:
    """A false-alarm rate, its 68 % interval, Hz, and where it is from."""

    far_hz: float
    low_hz: float
    high_hz: float
    source: FarSource


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FarHistory:
    """Ranks of background excesses of one instrument, and the time they were found in.

    Parameters
    ----------
    instrument
        Which.
    live_s
        Time searched, s.
    ranks
        Of each kind, falling, shape (n,).
    """

    instrument: str
    live_s: float
    ranks: Mapping[ExcessKind, FloatArray]

    @classmethod
    def of(cls, instrument: str, live_s: float, found: Iterable[tuple[ExcessKind, float]]) -> "FarHistory":
        """History of the kinds and ranks of background excesses."""
        kept: dict[ExcessKind, list[float]] = {kind: [] for kind in ExcessKind}
        for kind, rank in found:
            kept[kind].append(rank)
        ranks = {kind: read_only(np.sort(values)[::-1]) for kind, values in kept.items()}
        return cls(instrument=instrument, live_s=live_s, ranks=ranks)

    @classmethod
    def joined(cls, parts: Iterable["FarHistory"]) -> "FarHistory":
        """Several stretches of the same instrument as one."""
        several = list(parts)
        if len({one.instrument for one in several}) > 1:
            raise ValueError("histories of different instruments cannot be joined")
        ranks = {
            kind: read_only(np.sort(np.concatenate([one.ranks[kind] for one in several]))[::-1]) for kind in ExcessKind
        }
        return cls(instrument=several[0].instrument, live_s=sum(one.live_s for one in several), ranks=ranks)

    def to_record(self) -> dict[str, Any]:
        """JSON-able form."""
        ranks = {kind.value: [round(float(rank), 4) for rank in self.ranks[kind]] for kind in ExcessKind}
        return {"version": RANK_VERSION, "instrument": self.instrument, "live_s": self.live_s, "ranks": ranks}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "FarHistory":
        """History of its JSON-able form; `ValueError` where its ranks mean something else by now."""
        if record.get("version") != RANK_VERSION:
            raise ValueError(f"a history of version {record.get('version')}; this one ranks by version {RANK_VERSION}")
        ranks = {kind: read_only(np.sort(record["ranks"][kind.value])[::-1]) for kind in ExcessKind}
        return cls(instrument=str(record["instrument"]), live_s=float(record["live_s"]), ranks=ranks)

    def louder(self, kind: ExcessKind, rank: float) -> int:
        """Number of background excesses of this kind with a higher rank."""
        return int(np.searchsorted(-self.ranks[kind], -rank, side="left"))

    def rate(self, kind: ExcessKind, rank: float) -> MeasuredFar | None:
        """Rate of background excesses of any kind as loud as one of `kind` and `rank`; None without enough of them.

        Examples
        --------
        >>> ranks = -np.log(np.arange(1, 301) / 864000.0)  # Gaussian noise as it should be: the rank is -ln(FAR)
        >>> history = FarHistory.of("X", 864000.0, [(ExcessKind.OTHER, r) for r in ranks])
        >>> found = history.rate(ExcessKind.OTHER, -np.log(1e-6))
        >>> bool(1.0e-6 < found.far_hz < 4.0e-6), found.source.value
        (True, 'extrapolated')
        """
        ranks = self.ranks[kind]
        events = min(TAIL_EVENTS, int(TAIL_SHARE * ranks.size))
        if events < MIN_TAIL_EVENTS or self.live_s <= 0:
            return None
        threshold = float(ranks[events])
        slope, bursts, cap = self._slope(kind, events, threshold)
        while bursts and events - bursts < TAIL_EVENTS and events < int(TAIL_SHARE * ranks.size):
            events = min(TAIL_EVENTS + bursts, int(TAIL_SHARE * ranks.size))
            threshold, before = float(ranks[events]), bursts
            slope, bursts, cap = self._slope(kind, events, threshold)
            if bursts <= before:
                break
        if rank <= threshold:
            return _far(max(1, self.louder(kind, rank)), self.live_s, FarSource.TRAILING)
        above = (rank - threshold) / slope
        source = FarSource.TAIL_FIT if rank <= ranks[0] else FarSource.EXTRAPOLATED
        # Averaged over what the slope may be: exp(-above) alone would promise too little, as the slope is never known.
        weight = events - bursts + SLOPE_WEIGHT
        tail = (events - bursts) * float(np.exp(-(weight + 1) * np.log1p(above / weight)))
        # Bursts are background, too: those in the history count by number.
        number = 0 if not bursts else self.louder(kind, rank) + 1 if rank > threshold + cap else bursts
        error = np.sqrt(1 / events + above**2 / (events + SLOPE_WEIGHT)) if tail >= number else 1 / np.sqrt(number)
        return _interval(len(ExcessKind) * (tail + number) / self.live_s, float(error), source)

    def _slope(self, kind: ExcessKind, events: int, threshold: float) -> tuple[float, int, float]:
        """Mean rank above the threshold, the number of what is no tail of noise, and how far the tail reaches.

        What is left out lies many times further out than the lowest quarter of the ranks says; the tail itself may be
        much flatter than Gaussian noise has it, as two spikes that meet by chance make it.
        """
        exceed = self.ranks[kind][:events] - threshold
        cap = CAP_SLOPES * max(EXPECTED_SLOPE[kind], float(np.quantile(exceed, 0.25)) / float(np.log(4 / 3)))
        far_out = exceed > cap
        total = float(exceed[~far_out].sum()) + SLOPE_WEIGHT * EXPECTED_SLOPE[kind]
        return total / (int((~far_out).sum()) + SLOPE_WEIGHT), int(far_out.sum()), cap

    def without(self, kind: ExcessKind, rank: float) -> "FarHistory":
        """The same without one excess: that which is asked about."""
        ranks = dict(self.ranks)
        same = np.flatnonzero(ranks[kind] == rank)
        if same.size:
            ranks[kind] = read_only(np.delete(ranks[kind], same[0]))
        return FarHistory(instrument=self.instrument, live_s=self.live_s, ranks=ranks)

    def activity(self, same_day: "FarHistory") -> Mapping[ExcessKind, float]:
        """How much more often than in this history excesses came in `same_day`, drawn towards 1."""
        return {kind: self._activity(same_day, kind) for kind in ExcessKind}

    def _activity(self, same_day: "FarHistory", kind: ExcessKind) -> float:
        ranks = self.ranks[kind]
        place = min(int(ACTIVITY_PER_DAY * self.live_s / DAY_S), ranks.size - 1)
        if place < 1:
            return 1.0
        expected = place / self.live_s * same_day.live_s
        return (same_day.louder(kind, float(ranks[place])) + ACTIVITY_WEIGHT) / (expected + ACTIVITY_WEIGHT)


def measured_far(
    kind: ExcessKind, rank: float, *, same_day: FarHistory | None, trailing: FarHistory | None
) -> MeasuredFar | None:
    """False-alarm rate of an excess from the background of its own day and of the days before.

    Where ten background excesses of the same day are louder, they are counted. Rarer ones are compared with the days
    before, whose rate is scaled by how active the day itself was. Without days before, the day's own tail is fitted.

    Parameters
    ----------
    kind, rank
        Of the excess.
    same_day
        Background of the same day, without the window that is searched; None: not known.
    trailing
        Background of days before; None: not known.

    Returns
    -------
    MeasuredFar | None
        None where there is too little background to tell.
    """
    if same_day is not None and (n := same_day.louder(kind, rank)) >= MIN_SAME_DAY:
        return _far(n, same_day.live_s, FarSource.SAME_DAY)
    if trailing is None:
        return None if same_day is None else same_day.rate(kind, rank)
    found = trailing.rate(kind, rank)
    if found is None or same_day is None:
        return found
    scale = trailing.activity(same_day)[kind]
    return MeasuredFar(
        far_hz=found.far_hz * scale, low_hz=found.low_hz * scale, high_hz=found.high_hz * scale, source=found.source
    )


def _far(events: int, live_s: float, source: FarSource) -> MeasuredFar:
    """Rate of a number of louder excesses: of this kind, and as many of the other that are as rare."""
    return _interval(len(ExcessKind) * events / live_s, float(1 / np.sqrt(events)), source)


def _interval(far_hz: float, log_error: float, source: FarSource) -> MeasuredFar:
    factor = float(np.exp(min(log_error, 700.0)))
    return MeasuredFar(far_hz=far_hz, low_hz=far_hz / factor, high_hz=far_hz * factor, source=source)
