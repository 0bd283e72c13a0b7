"""Triggers of a followed stream: which excesses of its search are news, and which belong to one already told. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from acs_stream.excesses import Excess
from acs_stream.follower.own_far import StatedFar
from acs_stream.time_systems import SECOND_US, tt_us_to_utc, utc_to_tt_us
from tocsin.domain.light_curves import Timing

#: An excess this near to a trigger's stretch is of the same trigger: pulses of one burst, s.
SAME_WITHIN_S = 20.0
#: A trigger is told again once its S/N has grown by this factor.
GROWN_BY = 1.3
#: Triggers older than this are forgotten, s.
REMEMBERED_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamTrigger:
    """An excess of a followed stream that is rare enough to be told.

    Parameters
    ----------
    id
        Name of the trigger, the same in all its revisions: ``ACS20241017T020412.3``.
    revision
        0 when first told, higher as it grows.
    instrument
        Whose stream it is.
    t0_utc
        Start of the rarest window, UTC at the craft.
    start_tt_us, stop_tt_us
        Stretch of the whole excess so far, microseconds of TT.
    scale_s, snr, far_hz, counts, spike_score
        As in `acs_stream.search.Excess`.
    clock_error_s, is_approximate
        Of the data it was found in.
    far_source, far_basis
        Where `far_hz` is from: counted on the stream's own background, or a law; the same in words.
    """

    id: str
    revision: int = 0
    instrument: str
    t0_utc: datetime
    start_tt_us: int
    stop_tt_us: int
    scale_s: float
    snr: float
    far_hz: float
    counts: float
    spike_score: float
    clock_error_s: float = 0.0
    is_approximate: bool = False
    far_source: str = ""
    far_basis: str = ""

    @property
    def duration_s(self) -> float:
        """Length of the whole excess so far, s."""
        return (self.stop_tt_us - self.start_tt_us) / SECOND_US

    def to_record(self) -> dict[str, Any]:
        """JSON-able form."""
        return {name: getattr(self, name) for name in _PLAIN} | {"t0_tt_us": utc_to_tt_us(self.t0_utc)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "StreamTrigger":
        """Trigger of `to_record`; raises KeyError, TypeError or ValueError on anything else."""
        return cls(
            id=str(record["id"]),
            revision=int(record["revision"]),
            instrument=str(record["instrument"]),
            t0_utc=tt_us_to_utc(int(record["t0_tt_us"])),
            start_tt_us=int(record["start_tt_us"]),
            stop_tt_us=int(record["stop_tt_us"]),
            is_approximate=bool(record["is_approximate"]),
            far_source=str(record.get("far_source", "")),
            far_basis=str(record.get("far_basis", "")),
            **{name: float(record[name]) for name in _NUMBERS},
        )


_NUMBERS = ("scale_s", "snr", "far_hz", "counts", "spike_score", "clock_error_s")
_PLAIN = (
    "id",
    "revision",
    "instrument",
    "start_tt_us",
    "stop_tt_us",
    *_NUMBERS,
    "is_approximate",
    "far_source",
    "far_basis",
)


def trigger_of(
    excess: Excess, far: StatedFar, *, instrument: str, zero_utc: datetime, timing: Timing | None
) -> StreamTrigger:
    """Trigger of an excess whose seconds count from `zero_utc`; `timing` is that of its data."""
    zero_us = utc_to_tt_us(zero_utc)
    onset_us = zero_us + round((excess.t_s - excess.scale_s / 2) * SECOND_US)
    t0_utc = tt_us_to_utc(onset_us)
    return StreamTrigger(
        id=f"ACS{t0_utc:%Y%m%dT%H%M%S}.{t0_utc.microsecond // 100_000}",
        instrument=instrument,
        t0_utc=t0_utc,
        start_tt_us=zero_us + round(excess.start_s * SECOND_US),
        stop_tt_us=zero_us + round(excess.stop_s * SECOND_US),
        scale_s=excess.scale_s,
        snr=excess.snr,
        far_hz=far.far_hz,
        counts=excess.counts,
        spike_score=excess.spike_score,
        clock_error_s=0.0 if timing is None else timing.clock_error_s,
        is_approximate=timing is not None and timing.is_approximate,
        far_source=far.source.value,
        far_basis=far.basis,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is to be told, and all triggers then known.

    Parameters
    ----------
    news
        Triggers to tell: new ones, and grown ones with their next revision.
    known
        To remember.
    """

    news: tuple[StreamTrigger, ...]
    known: tuple[StreamTrigger, ...]


def judge_triggers(
    known: Sequence[StreamTrigger], found: Sequence[StreamTrigger], *, now_tt_us: int, same_within_s: float
) -> Told:
    """Which triggers are news.

    Parameters
    ----------
    known
        Told before.
    found
        Of this search, rare enough, the rarest first.
    now_tt_us
        End of the data, microseconds of TT; what is old is forgotten.
    same_within_s
        See `SAME_WITHIN_S`.
    """
    kept = [one for one in known if one.stop_tt_us > now_tt_us - REMEMBERED_S * SECOND_US]
    news: dict[str, StreamTrigger] = {}
    for one in found:
        at = next((k for k, old in enumerate(kept) if is_same(old, one, same_within_s)), None)
        if at is None:
            kept.append(one)
            news[one.id] = one
            continue
        old = kept[at]
        start, stop = min(old.start_tt_us, one.start_tt_us), max(old.stop_tt_us, one.stop_tt_us)
        has_grown = one.snr >= GROWN_BY * old.snr and old.id not in news
        best = replace(one, id=old.id, revision=old.revision + 1) if has_grown else old
        kept[at] = replace(best, start_tt_us=start, stop_tt_us=stop)
        if has_grown or old.id in news:
            news[old.id] = kept[at]
    return Told(news=tuple(news.values()), known=tuple(kept))


def is_same(a: StreamTrigger, b: StreamTrigger, within_s: float) -> bool:
    """True if two triggers are so near to each other that they are of one burst."""
    reach_us = within_s * SECOND_US
    return a.start_tt_us - reach_us <= b.stop_tt_us and b.start_tt_us - reach_us <= a.stop_tt_us
