"""How a follower fares, in words: a gap that is expected is told from a fault. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from acs_stream.sources.prophecy import Prophecy

#: A break begins where the data end; the service's times are whole seconds.
BREAK_TOLERANCE = timedelta(seconds=60)


class FollowerState(StrEnum):
    """What a follower is doing."""

    STARTING = "starting"
    FOLLOWING = "following"
    CATCHING_UP = "catching_up"
    EXPECTED_GAP = "expected_gap"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowerHealth:
    """How a follower fares.

    Parameters
    ----------
    state
        See `FollowerState`.
    words
        For people.
    last_data_utc
        End of the latest bin stored; None before the first.
    lag_s
        Age of that, s.
    since_utc
        When the gap or fault began.
    until_utc
        When an expected gap ends.
    failures
        Requests in a row that brought nothing that could be believed.
    missing_s
        Time before the latest bin of which there are no data yet, within the look-back, s; expected gaps left out.
    """

    state: FollowerState
    words: str
    last_data_utc: datetime | None = None
    lag_s: float | None = None
    since_utc: datetime | None = None
    until_utc: datetime | None = None
    failures: int = 0
    missing_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What health is judged by.

    Parameters
    ----------
    now
        Moment of the judgement.
    last_data_utc
        End of the latest bin stored.
    prophecy
        Latest word of the service.
    failures, trouble, trouble_since_utc
        Failures in a row, the last of them in words, when they began.
    is_catching_up
        The last request brought data older than the newest.
    missing_s
        See `FollowerHealth`.
    """

    now: datetime
    last_data_utc: datetime | None = None
    prophecy: Prophecy | None = None
    failures: int = 0
    trouble: str = ""
    trouble_since_utc: datetime | None = None
    is_catching_up: bool = False
    missing_s: float = 0.0


def judge(evidence: Evidence, *, lag_fault_s: float, failures_fault: int) -> FollowerHealth:
    """Health of a follower.

    Parameters
    ----------
    evidence
        See `Evidence`.
    lag_fault_s
        Data older than this are a fault, unless a gap is expected.
    failures_fault
        So many failures in a row are a fault; fewer are only mentioned.
    """
    last = evidence.last_data_utc
    lag_s = None if last is None else (evidence.now - last).total_seconds()
    state, words, since, until = _verdict(evidence, lag_s, lag_fault_s, failures_fault)
    return FollowerHealth(
        state=state,
        words=words,
        last_data_utc=last,
        lag_s=lag_s,
        since_utc=since,
        until_utc=until,
        failures=evidence.failures,
        missing_s=evidence.missing_s,
    )


Verdict = tuple[FollowerState, str, datetime | None, datetime | None]


def _verdict(evidence: Evidence, lag_s: float | None, lag_fault_s: float, failures_fault: int) -> Verdict:
    is_late = lag_s is not None and lag_s > lag_fault_s
    since = evidence.trouble_since_utc
    if evidence.failures >= failures_fault or (evidence.failures and is_late):
        words = f"fault since {_clock(since)}: {evidence.trouble} ({evidence.failures} requests in a row)"
        return FollowerState.FAULT, words, since, None
    if (gap := _expected_gap(evidence, lag_fault_s)) is not None:
        return gap
    last = evidence.last_data_utc
    if last is None or lag_s is None:
        words = evidence.trouble or "no data yet"
        return FollowerState.STARTING, words, None, None
    if is_late and evidence.is_catching_up:
        return FollowerState.CATCHING_UP, f"catching up: data stored until {_clock(last)}", None, None
    if is_late:
        words = f"fault since {_clock(last)}: the service sends no data, and no gap is expected"
        return FollowerState.FAULT, words, last, None
    words = (
        f"data until {_clock(last)}, {lag_s:.0f} s ago" if lag_s >= 0 else f"data until {_clock(last)}: clock behind"
    )
    if evidence.failures:
        words += f"; last request failed: {evidence.trouble}"
    return FollowerState.FOLLOWING, words, None, None


def _expected_gap(evidence: Evidence, lag_fault_s: float) -> Verdict | None:
    """A break that was foretold and that no data have ended yet; a fault where it should long be over."""
    found = _break_now(evidence)
    if found is None:
        return None
    cause, begin, end = found
    if evidence.now > end + timedelta(seconds=lag_fault_s):
        return FollowerState.FAULT, f"fault since {_clock(end)}: data were expected again then", end, None
    hours = max((end - evidence.now).total_seconds(), 0.0) / 3600.0
    words = f"{cause}: data are expected again at {_clock(end)}, in {hours:.1f} h"
    return FollowerState.EXPECTED_GAP, words, begin, end


def _break_now(evidence: Evidence) -> tuple[str, datetime, datetime] | None:
    """Latest break that has begun, as (cause, begin, end), if all data before it are stored and none after it."""
    begun = [one for one in _breaks(evidence.prophecy) if one[1] <= evidence.now]
    if evidence.prophecy is None or not begun:
        return None
    found = max(begun, key=lambda one: one[2])
    last, latest = evidence.last_data_utc, evidence.prophecy.last_data_utc
    if last is None:
        return found if evidence.now <= found[2] else None
    has_all = latest is None or latest <= last + BREAK_TOLERANCE
    return found if last < found[2] and (has_all or last >= found[1] - BREAK_TOLERANCE) else None


def _breaks(prophecy: Prophecy | None) -> list[tuple[str, datetime, datetime]]:
    if prophecy is None:
        return []
    found = [
        ("perigee passage", before.stop_utc, later.start_utc)
        for before, later in pairwise(prophecy.revolutions)
        if before.stop_utc < later.start_utc
    ]
    if prophecy.is_online is False and prophecy.last_data_utc and prophecy.next_data_utc:
        begin, end = prophecy.last_data_utc, prophecy.next_data_utc
        if begin < end and not any(b <= begin + BREAK_TOLERANCE and end <= e + BREAK_TOLERANCE for _, b, e in found):
            found.append(("the service foretells no data", begin, end))
    return found


def _clock(moment: datetime | None) -> str:
    return "the start" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"
