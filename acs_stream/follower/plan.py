"""What the follower asks next, and what it has learnt from a reply. Pure: time is handed in.

The **cursor** is where new data begin. Everything missing before it, down to the look-back, is a **gap** and asked for
again with growing patience, because packets come late. Nothing of this need be kept: after a restart the archive itself
says what is missing.

References
----------
The service answers for T +- w once it has data 2 w past T: a request must end half its length before the newest data.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from acs_stream.follower.intervals import after, covered_by, missing, no_intervals, union
from acs_stream.follower.packets import Packet
from acs_stream.sources.prophecy import Prophecy
from acs_stream.time_systems import SECOND_US, utc_to_tt_us
from tocsin.domain.light_curves import IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowerSettings:
    """How to follow.

    Parameters
    ----------
    poll_s, catch_up_s, quiet_poll_s
        Pause between requests: as data come; while there is more to fetch; in an expected gap.
    latency_s
        Age of the newest data.
    server_windows
        The service answers once it has data this many half-spans past the middle.
    shortest_s, longest_s
        Of the interval of one request.
    first_look_back_s
        Where to begin with an empty archive.
    look_back_s
        Gaps older than this are not asked for any more.
    gap_retry_s, gap_retry_cap_s
        A gap is asked for again after this long, then twice as long, up to the cap.
    backoff_cap_s
        Longest pause after failures.
    settle_s
        An interval this old that stays empty is passed over; it becomes a gap.
    lag_fault_s, failures_fault
        See `acs_stream.follower.health.judge`.
    """

    poll_s: float = 10.0
    catch_up_s: float = 1.0
    quiet_poll_s: float = 300.0
    latency_s: float = 20.0
    server_windows: float = 2.0
    shortest_s: float = 4.0
    longest_s: float = 1800.0
    first_look_back_s: float = 600.0
    look_back_s: float = 86_400.0
    gap_retry_s: float = 60.0
    gap_retry_cap_s: float = 3600.0
    backoff_cap_s: float = 300.0
    settle_s: float = 300.0
    lag_fault_s: float = 300.0
    failures_fault: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Now, on both clocks: UTC and as TT ticks, which may step; and seconds that only grow."""

    utc: datetime
    monotonic_s: float

    @property
    def tt_us(self) -> int:
        """Microseconds of TT since 2000-01-01T00:00:00 TT."""
        return utc_to_tt_us(self.utc)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An interval to ask for, microseconds of TT."""

    start_us: int
    stop_us: int
    is_gap: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """When the gap that begins at `start_us` is asked for again, on the clock that only grows."""

    start_us: int
    attempts: int
    due_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Progress:
    """What a follower knows.

    Parameters
    ----------
    floor_us, cursor_us
        Nothing before the floor is asked for; new data begin at the cursor; microseconds of TT.
    covered
        Stretches stored from the floor on.
    due_s
        When the next request may go out, on the clock that only grows.
    span_s
        Longest interval asked for at present.
    last_data_us
        End of the latest bin stored.
    prophecy, heard_s
        Latest word of the service, and when it came.
    failures, trouble, trouble_since_utc
        Failures in a row, the last in words, when they began.
    is_catching_up, was_new
        The last request brought data and there is more; it was not for a gap.
    empty_since_s
        Since when requests for new data have come back empty.
    retries
        Gaps that were asked for.
    """

    floor_us: int
    cursor_us: int
    covered: IntArray = field(default_factory=no_intervals)
    due_s: float = 0.0
    span_s: float
    last_data_us: int | None = None
    prophecy: Prophecy | None = None
    heard_s: float | None = None
    failures: int = 0
    trouble: str = ""
    trouble_since_utc: datetime | None = None
    is_catching_up: bool = False
    was_new: bool = False
    empty_since_s: float | None = None
    retries: tuple[Retry, ...] = ()


def begin(settings: FollowerSettings, now: Moment, *, covered: IntArray) -> Progress:
    """Where to go on: after what is stored (stretches within the look-back), or a little before now."""
    if len(covered):
        last = int(covered[-1, 1])
        floor = max(int(covered[0, 0]), last - round(settings.look_back_s * SECOND_US))
        start = Progress(floor_us=floor, cursor_us=last, covered=after(covered, floor), span_s=settings.longest_s)
        return replace(start, last_data_us=last, due_s=now.monotonic_s)
    first = now.tt_us - round((settings.latency_s + settings.first_look_back_s) * SECOND_US)
    return Progress(floor_us=first, cursor_us=first, span_s=settings.longest_s, due_s=now.monotonic_s)


def next_request(progress: Progress, settings: FollowerSettings, now: Moment) -> Request | None:
    """Interval to ask for now, None where there is nothing to ask: new data and gaps take turns."""
    if now.monotonic_s < progress.due_s:
        return None
    room_s = (newest_us(progress, settings, now) - progress.cursor_us) / SECOND_US
    span_s = min(2.0 * room_s / (1.0 + settings.server_windows), progress.span_s)
    silent_s = now.monotonic_s - (progress.heard_s or 0.0)
    if progress.heard_s is not None and silent_s >= settings.quiet_poll_s:
        span_s = max(span_s, settings.shortest_s)  # ask all the same: to hear how things stand
    gap = _due_gap(progress, settings, now)
    if gap is not None and (progress.was_new or span_s < settings.shortest_s):
        return gap
    if span_s < settings.shortest_s:
        return None
    stop = progress.cursor_us + round(span_s * SECOND_US)
    return Request(start_us=progress.cursor_us, stop_us=stop, is_gap=False)


def newest_us(progress: Progress, settings: FollowerSettings, now: Moment) -> int:
    """End of the newest data to be had; by the service's own word where this machine's clock disagrees with it."""
    by_clock = now.tt_us - round(settings.latency_s * SECOND_US)
    word = progress.prophecy
    if word is None or word.last_data_utc is None or progress.heard_s is None or word.is_online is False:
        return by_clock
    passed_us = round((now.monotonic_s - progress.heard_s) * SECOND_US)
    by_word = utc_to_tt_us(word.last_data_utc) + passed_us
    return by_clock if abs(by_clock - by_word) <= settings.latency_s * SECOND_US else by_word


def gaps(progress: Progress, settings: FollowerSettings) -> IntArray:
    """Stretches missing before the cursor, but for foretold perigee passages, shape (n, 2)."""
    found = missing(
        progress.covered,
        progress.floor_us,
        progress.cursor_us,
        longest_us=round(settings.longest_s * SECOND_US),
    )
    return found[[not _is_foretold(progress.prophecy, gap) for gap in found]] if len(found) else found


def _is_foretold(prophecy: Prophecy | None, gap: IntArray) -> bool:
    """Whether a stretch lies within the break between two revolutions."""
    if prophecy is None:
        return False
    breaks = zip(prophecy.revolutions, prophecy.revolutions[1:], strict=False)
    return any(
        utc_to_tt_us(before.stop_utc) <= gap[0] and gap[1] <= utc_to_tt_us(later.start_utc) for before, later in breaks
    )


def _due_gap(progress: Progress, settings: FollowerSettings, now: Moment) -> Request | None:
    waiting = {retry.start_us: retry.due_s for retry in progress.retries}
    for start, stop in gaps(progress, settings).tolist():
        if waiting.get(start, 0.0) <= now.monotonic_s:
            stop_us = max(stop, start + round(settings.shortest_s * SECOND_US))
            return Request(start_us=start, stop_us=stop_us, is_gap=True)
    return None


def after_reply(
    progress: Progress, settings: FollowerSettings, request: Request, packet: Packet, now: Moment
) -> Progress:
    """What is known once the rows of a reply are stored."""
    fresh = covered_by(packet.rows)
    reach = int(fresh[-1, 1]) if len(fresh) else request.start_us
    known = replace(
        progress,
        covered=union(progress.covered, fresh),
        last_data_us=max(reach, progress.last_data_us or reach) if len(fresh) else progress.last_data_us,
        prophecy=packet.prophecy or progress.prophecy,
        heard_s=now.monotonic_s,
        failures=0,
        trouble="",
        trouble_since_utc=None,
        was_new=not request.is_gap,
        span_s=min(settings.longest_s, 2.0 * progress.span_s),
    )
    known = _asked_again(known, settings, request, now) if request.is_gap else _moved_on(known, settings, request, now)
    return _scheduled(_trimmed(known, settings), settings, now)


def _moved_on(progress: Progress, settings: FollowerSettings, request: Request, now: Moment) -> Progress:
    """Cursor after the newest row; past an empty interval only where later data exist, or nothing is to be hoped."""
    reach = _reach(progress.covered, request)
    if reach > request.start_us:
        return replace(progress, cursor_us=max(progress.cursor_us, reach), empty_since_s=None, is_catching_up=True)
    since_s = now.monotonic_s if progress.empty_since_s is None else progress.empty_since_s
    word = progress.prophecy
    settled_us = newest_us(progress, settings, now) - round(settings.settle_s * SECOND_US)
    if word is None or word.last_data_utc is None:
        is_over = request.stop_us < settled_us
    else:
        is_waited_for = now.monotonic_s - since_s >= settings.settle_s and word.is_online is not False
        is_over = utc_to_tt_us(word.last_data_utc) > request.stop_us + SECOND_US
        is_over = is_over or (is_waited_for and request.stop_us < settled_us)
    if is_over:
        return replace(progress, cursor_us=request.stop_us, empty_since_s=None, is_catching_up=True)
    return replace(progress, empty_since_s=since_s, is_catching_up=False)


def _reach(covered: IntArray, request: Request) -> int:
    """End of the latest data within a request, its start if there are none."""
    inside = covered[(covered[:, 0] < request.stop_us) & (covered[:, 1] > request.start_us)]
    return int(inside[-1, 1]) if len(inside) else request.start_us


def _asked_again(progress: Progress, settings: FollowerSettings, request: Request, now: Moment) -> Progress:
    """Gap asked for once more: next time after twice the wait."""
    attempts = next((r.attempts for r in progress.retries if r.start_us == request.start_us), 0) + 1
    wait_s = min(settings.gap_retry_s * 2.0 ** min(attempts - 1, 20), settings.gap_retry_cap_s)
    # What is left of a gap that was filled in part begins later: the same patience holds for it.
    left = missing(progress.covered, request.start_us, request.stop_us, longest_us=2**62)
    starts = {request.start_us, *(int(start) for start in left[:, 0])}
    kept = tuple(retry for retry in progress.retries if retry.start_us not in starts)
    again = tuple(Retry(start_us=s, attempts=attempts, due_s=now.monotonic_s + wait_s) for s in sorted(starts))
    return replace(progress, retries=kept + again)


def _trimmed(progress: Progress, settings: FollowerSettings) -> Progress:
    """Only the look-back is remembered; it begins with a whole bin."""
    floor = max(progress.floor_us, progress.cursor_us - round(settings.look_back_s * SECOND_US))
    covered = after(progress.covered, floor)
    if len(covered) and 0 < covered[0, 0] - floor < 0.05 * SECOND_US:
        floor = int(covered[0, 0])
    starts = set(gaps(replace(progress, floor_us=floor, covered=covered), settings)[:, 0].tolist())
    retries = tuple(retry for retry in progress.retries if retry.start_us in starts)
    return replace(progress, floor_us=floor, covered=covered, retries=retries)


def _scheduled(progress: Progress, settings: FollowerSettings, now: Moment) -> Progress:
    """When to ask next: soon while there is more to fetch, seldom in an expected gap."""
    behind_s = (newest_us(progress, settings, now) - progress.cursor_us) / SECOND_US
    has_more = progress.is_catching_up and behind_s > 2.0 * settings.poll_s + settings.latency_s
    word = progress.prophecy
    is_quiet = word is not None and word.is_online is False and word.next_data_utc is not None
    pause_s = settings.poll_s
    if has_more or _due_gap(progress, settings, now) is not None:
        pause_s = settings.catch_up_s
    elif is_quiet and word is not None and word.next_data_utc is not None and progress.empty_since_s is not None:
        left_s = (word.next_data_utc - now.utc).total_seconds() + settings.latency_s
        pause_s = float(np.clip(left_s, settings.poll_s, settings.quiet_poll_s))
    return replace(progress, due_s=now.monotonic_s + pause_s, is_catching_up=has_more)


def after_failure(
    progress: Progress,
    settings: FollowerSettings,
    request: Request,
    trouble: str,
    now: Moment,
    *,
    retry_after_s: float | None = None,
) -> Progress:
    """What is known after a request that failed: longer pauses, shorter intervals.

    An interval that fails at its shortest so often that it is a fault is passed over; it becomes a gap, asked for again
    later, so that one bad stretch in the service does not stop the stream.
    """
    failures = progress.failures + 1
    pause_s = min(settings.poll_s * 2.0 ** min(failures - 1, 20), settings.backoff_cap_s)
    span_s = max(settings.shortest_s, min(progress.span_s, (request.stop_us - request.start_us) / SECOND_US) / 2.0)
    is_hopeless = failures > 2 * settings.failures_fault and progress.span_s <= settings.shortest_s
    known = replace(
        progress,
        failures=failures,
        trouble=trouble,
        trouble_since_utc=progress.trouble_since_utc or now.utc,
        span_s=progress.span_s if request.is_gap else span_s,
        cursor_us=request.stop_us if is_hopeless and not request.is_gap else progress.cursor_us,
        was_new=not request.is_gap,
        is_catching_up=False,
        due_s=now.monotonic_s + max(pause_s, retry_after_s or 0.0),
    )
    return _asked_again(known, settings, request, now) if request.is_gap else known
