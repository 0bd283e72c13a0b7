"""What the follower asks, what it believes, what it says of itself: without a network."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.acs_stream.archive.archive_values import T0, after, rows

from acs_stream.follower.health import Evidence, FollowerState, judge
from acs_stream.follower.intervals import covered_by, missing, no_intervals, union
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
    newest_us,
    next_request,
)
from acs_stream.readers.content import ServerWordError
from acs_stream.sources.prophecy import Prophecy, Revolution
from acs_stream.time_systems import utc_to_ijd, utc_to_tt_us
from tocsin.domain.errors import ScienceError

SETTINGS = FollowerSettings()
START_US = utc_to_tt_us(T0)
REVOLUTIONS = (
    Revolution(number=2643, start_utc=after(-100_000), stop_utc=T0),
    Revolution(number=2644, start_utc=after(36_000), stop_utc=after(200_000)),
)


def at(seconds: float, *, clock_error_s: float = 0.0) -> Moment:
    return Moment(utc=after(seconds + clock_error_s), monotonic_s=seconds)


def us(seconds: float) -> int:
    return START_US + round(seconds * 1e6)


def packet(start_s: float, seconds: float, **word: Any) -> Packet:
    found = rows(seconds, t0=after(start_s)) if seconds else rows(0.05).take(np.zeros(1, dtype=bool))
    return Packet(rows=found, prophecy=Prophecy(**word) if word else None)


def running() -> Progress:
    return begin(SETTINGS, at(0), covered=np.array([[us(-300), us(-30)]]))


def test_a_request_ends_early_enough_for_the_service_to_have_twice_its_window() -> None:
    request = next_request(running(), SETTINGS, at(20))
    assert request is not None
    half = (request.stop_us - request.start_us) / 2
    assert request.start_us == us(-30)
    assert request.start_us + half + 2 * half == pytest.approx(us(0), abs=2)


def test_nothing_is_asked_before_it_is_due_or_before_there_is_enough() -> None:
    progress = running()
    assert next_request(progress, SETTINGS, at(-8)) is None
    request = next_request(progress, SETTINGS, at(20))
    assert request is not None
    later = after_reply(progress, SETTINGS, request, packet(-30, 20), at(20))
    assert later.cursor_us == us(-10)
    assert next_request(later, SETTINGS, at(25)) is None
    assert next_request(later, SETTINGS, at(31)) is not None


def test_a_hole_in_a_reply_is_asked_for_again_with_growing_patience() -> None:
    progress = running()
    request = Request(start_us=us(-30), stop_us=us(0), is_gap=False)
    progress = after_reply(progress, SETTINGS, request, packet(-10, 10), at(20))
    assert gaps(progress, SETTINGS).tolist() == [[us(-30), us(-10)]]
    waits, now_s = [], 21.0
    for _ in range(8):
        asked = next_request(progress, SETTINGS, at(now_s))
        assert asked is not None
        assert asked == Request(start_us=us(-30), stop_us=us(-10), is_gap=True)
        progress = after_reply(progress, SETTINGS, asked, packet(0, 0), at(now_s))
        waits.append(progress.retries[0].due_s - now_s)
        now_s = progress.retries[0].due_s
        progress = replace(progress, was_new=True)
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    filled = after_reply(progress, SETTINGS, Request(start_us=us(-30), stop_us=us(-10), is_gap=True),
                         packet(-30, 20), at(now_s))  # fmt: skip
    assert not len(gaps(filled, SETTINGS))
    assert filled.retries == ()


def test_an_empty_interval_is_passed_over_only_when_later_data_exist() -> None:
    request = Request(start_us=us(-30), stop_us=us(0), is_gap=False)
    waiting = after_reply(running(), SETTINGS, request, packet(0, 0, last_data_utc=after(-31)), at(20))
    assert waiting.cursor_us == us(-30)
    passed = after_reply(running(), SETTINGS, request, packet(0, 0, last_data_utc=after(60)), at(20))
    assert passed.cursor_us == us(0)
    assert len(gaps(passed, SETTINGS)) == 1
    unsaid = after_reply(running(), SETTINGS, request, packet(0, 0), at(20))
    assert unsaid.cursor_us == us(-30)
    assert after_reply(running(), SETTINGS, request, packet(0, 0), at(900)).cursor_us == us(0)


def test_the_word_of_the_service_counts_where_the_clock_of_this_machine_is_wrong() -> None:
    request = Request(start_us=us(-30), stop_us=us(0), is_gap=False)
    said = after_reply(running(), SETTINGS, request, packet(-30, 30, last_data_utc=T0, is_online=True), at(20))
    assert newest_us(said, SETTINGS, at(40)) == us(20)
    assert newest_us(said, SETTINGS, at(40, clock_error_s=500)) == us(20)
    assert newest_us(said, SETTINGS, at(40, clock_error_s=-3600)) == us(20)


def test_failures_slow_the_follower_down_and_a_bad_stretch_does_not_stop_it() -> None:
    progress, now_s, pauses, cursors = running(), 2000.0, [], set()
    for _ in range(20):
        request = next_request(progress, SETTINGS, at(now_s))
        assert request is not None
        progress = after_failure(progress, SETTINGS, request, "HTTP 500", at(now_s))
        pauses.append(progress.due_s - now_s)
        now_s = progress.due_s
        cursors.add(progress.cursor_us)
    assert pauses[:4] == [10, 20, 40, 80]
    assert max(pauses) == 300
    assert len(cursors) > 1
    assert progress.cursor_us > us(-30)
    assert len(gaps(progress, SETTINGS)) == 1
    asked = after_failure(progress, SETTINGS, request, "HTTP 429", at(now_s), retry_after_s=1000.0)
    assert asked.due_s - now_s == 1000


def test_a_perigee_passage_is_no_gap_to_be_asked_for() -> None:
    progress = begin(SETTINGS, at(40_000), covered=np.array([[us(-300), us(0)], [us(36_000), us(36_100)]]))
    assert len(gaps(progress, SETTINGS)) == 20
    foretold = after_reply(progress, SETTINGS, Request(start_us=us(36_100), stop_us=us(36_200), is_gap=False),
                           packet(36_100, 100, revolutions=REVOLUTIONS), at(40_000))  # fmt: skip
    assert not len(gaps(foretold, SETTINGS))


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), min_size=1, max_size=20),
    st.randoms(use_true_random=False),
)
@settings(max_examples=50, deadline=None)
def test_stretches_and_what_is_missing_make_up_the_whole(pieces: list[tuple[int, int]], random: Any) -> None:
    scale = 50_000
    wanted = np.zeros(500, dtype=bool)
    found = no_intervals()
    random.shuffle(pieces)
    for start, length in pieces:
        wanted[start : start + length] = True
        found = union(found, np.array([[start * scale, (start + length) * scale]]))
    seen = np.zeros(500, dtype=bool)
    for start, stop in found // scale:
        seen[start:stop] = True
    np.testing.assert_array_equal(seen, wanted)
    lacking = np.zeros(500, dtype=bool)
    for start, stop in missing(found, 0, 500 * scale, longest_us=70 * scale) // scale:
        assert stop - start <= 70
        lacking[start:stop] = True
    np.testing.assert_array_equal(lacking, ~wanted)


def test_rows_cover_what_they_cover() -> None:
    whole = rows(60.0)
    kept = whole.take((np.arange(1200) < 400) | (np.arange(1200) >= 401))
    assert (covered_by(kept) - START_US).tolist() == [[0, 20_000_000], [20_050_000, 60_000_000]]


def reply(data: Any, **more: Any) -> bytes:
    return json.dumps({"lc": {"columns": ["counts", "ijd"], "data": data}, **more}).encode()


def test_a_reply_is_believed_only_if_it_is_of_the_time_asked_for() -> None:
    ijd = utc_to_ijd(T0) + (np.arange(40) + 0.5) * 0.05 / 86400.0
    good = [[4000.0, float(t)] for t in ijd]
    found = read_packet(reply(good[::-1] + good, prophecy=["fine", {}]), start_tt_us=START_US, stop_tt_us=us(2))
    assert len(found.rows) == 40
    assert found.prophecy is not None
    early = [[n, t - 69.184 / 86400] for n, t in good]
    with pytest.raises(ScienceError, match="IJD counted in UTC instead of TT"):
        read_packet(reply(early), start_tt_us=START_US, stop_tt_us=us(2))
    with pytest.raises(ScienceError, match="outside the interval asked for"):
        read_packet(reply(good), start_tt_us=us(600), stop_tt_us=us(700))
    with pytest.raises(ScienceError, match="negative counts"):
        read_packet(reply([[-2, t] for _, t in good]), start_tt_us=START_US, stop_tt_us=us(2))


@pytest.mark.parametrize("content", [b"NoData", b'"ZeroData"', b'{"data": []}', b'{"lc": {"data": []}}'])
def test_no_data_is_no_failure(content: bytes) -> None:
    assert len(read_packet(content, start_tt_us=START_US, stop_tt_us=us(2)).rows) == 0


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode) | st.sampled_from(
    [b"{}", b'{"lc": null}', b'{"lc": "{"}', b'{"lc": {"data": [[1]]}}', b'{"lc": {"data": [["a", "b"]]}}', b"[]",
     b'{"lc": {"columns": ["counts", "ijd"], "data": [[1, 1e300]]}}', b'{"lc": {"columns": 5, "data": [[1, 2]]}}',
     b'{"prophecy": 7, "data": []}', b'{"lc": {"columns": ["counts", "ijd"], "data": [[1, [2]]]}}']))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_garbage_is_refused_by_name_and_never_crashes(content: bytes) -> None:
    try:
        found = read_packet(content, start_tt_us=START_US, stop_tt_us=us(2))
    except ScienceError:
        return
    assert len(found.rows) == 0


def test_words_that_are_failures_are_failures() -> None:
    for word in ("NoAuxData", "Over revolution"):
        with pytest.raises(ServerWordError):
            read_packet(word.encode(), start_tt_us=START_US, stop_tt_us=us(2))


def health(**evidence: Any) -> Any:
    return judge(Evidence(**{"now": after(100), **evidence}), lag_fault_s=300.0, failures_fault=3)


def test_health_tells_what_is_expected_from_what_is_broken() -> None:
    foretold = Prophecy(revolutions=REVOLUTIONS, last_data_utc=T0, is_online=True)
    assert health().state is FollowerState.STARTING
    assert health(last_data_utc=after(70)).words == "data until 2023-05-25 12:01:10 UTC, 30 s ago"
    gap = health(last_data_utc=after(-1), now=after(3600), prophecy=foretold)
    assert (gap.state, gap.until_utc, gap.since_utc) == (FollowerState.EXPECTED_GAP, after(36_000), T0)
    assert gap.words == "perigee passage: data are expected again at 2023-05-25 22:00:00 UTC, in 9.0 h"
    late = health(last_data_utc=after(-1), now=after(37_000), prophecy=foretold)
    assert (late.state, late.since_utc) == (FollowerState.FAULT, after(36_000))
    lost = health(last_data_utc=after(-500))
    assert lost.state is FollowerState.FAULT
    assert "no gap is expected" in lost.words
    assert health(last_data_utc=after(-5000), is_catching_up=True).state is FollowerState.CATCHING_UP
    behind = health(last_data_utc=after(-5000), now=after(600), prophecy=foretold, is_catching_up=True)
    assert behind.state is FollowerState.CATCHING_UP
    failing: Any = {"trouble": "HTTP 500", "trouble_since_utc": after(20), "last_data_utc": after(70)}
    assert health(failures=1, **failing).state is FollowerState.FOLLOWING
    assert health(failures=1, **failing).words.endswith("last request failed: HTTP 500")
    broken = health(failures=3, **failing)
    assert broken.state is FollowerState.FAULT
    assert broken.words == "fault since 2023-05-25 12:00:20 UTC: HTTP 500 (3 requests in a row)"
    offline = Prophecy(is_online=False, last_data_utc=T0, next_data_utc=after(5000))
    assert health(last_data_utc=T0, now=after(1000), prophecy=offline).words.startswith("the service foretells no data")
    assert health(last_data_utc=after(130)).words.endswith("clock behind")
    assert health(now=after(1000), prophecy=offline).until_utc == T0 + timedelta(seconds=5000)
