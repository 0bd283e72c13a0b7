"""Merging: each stretch of time once, whatever the order, however often."""

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.acs_stream.archive.archive_values import CONSOLIDATED, REALTIME, after, rows

from acs_stream.archive.days import day_of, days_between, midnight_tt_us, split_by_day
from acs_stream.archive.merging import merged, news, without_overlaps
from acs_stream.archive.rows import RateRows, joined
from acs_stream.time_systems import utc_to_tt_us
from tocsin.domain.clock import to_utc

PIECE = st.tuples(st.integers(0, 60), st.integers(1, 40), st.booleans())


def piece(start: int, bins: int, is_late: Any, revision: int) -> RateRows:
    """Bins of a common grid; their counts tell their place and arrival."""
    timing = CONSOLIDATED if is_late else REALTIME
    made = rows(bins * 0.05, t0=after(start * 0.05), timing=timing, revision=revision)
    return replace(made, counts=np.arange(start, start + bins) * 1000.0 + revision)


def content(found: RateRows) -> list[tuple[int, float]]:
    return list(zip(found.start_tt_us.tolist(), found.counts.tolist(), strict=True))


@given(st.lists(PIECE, min_size=1, max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_order_and_repetition_change_nothing_and_the_best_version_stays(
    pieces: list[tuple[int, int, bool]], random: Any
) -> None:
    parts = [piece(*one, revision=k + 1) for k, one in enumerate(pieces)]
    expected: dict[int, tuple[int, int]] = {}
    for k, (start, bins, is_late) in enumerate(pieces):
        for place in range(start, start + bins):
            expected[place] = max(expected.get(place, (-1, 0)), (2 if is_late else 0, k + 1))
    straight = merged(joined(parts))
    assert straight.counts.tolist() == [place * 1000.0 + expected[place][1] for place in sorted(expected)]
    mixed = [*parts, *random.sample(parts, len(parts))]
    random.shuffle(mixed)
    assert content(merged(joined(mixed))) == content(straight)
    some = merged(joined(mixed[: len(mixed) // 2]))
    assert content(merged(joined([some, *mixed[len(mixed) // 2 :]]))) == content(straight)


@given(st.integers(-24, 24), st.integers(0, 30))
@settings(max_examples=50, deadline=None)
def test_a_shifted_grid_never_counts_a_stretch_twice(shift_ms: int, first: int) -> None:
    early = rows(3.0, timing=REALTIME, revision=1)
    late = rows(1.0, t0=after(first * 0.05 + shift_ms / 1000), timing=CONSOLIDATED, revision=2)
    found = without_overlaps(merged(joined([early, late])))
    assert (np.diff(found.start_tt_us) >= 0.98 * found.width_us[:-1]).all()
    assert int((found.rank == 2).sum()) == 20
    assert 58 <= len(found) <= 61


def test_bins_on_both_sides_of_a_clock_correction_are_kept() -> None:
    before, behind = rows(1.0, timing=REALTIME, revision=1), rows(1.0, t0=after(0.988), timing=REALTIME, revision=2)
    both = merged(joined([before, behind]))
    assert len(both) == 40
    assert len(without_overlaps(both)) == 39


def test_only_what_changes_something_is_news() -> None:
    stored = rows(2.0, timing=REALTIME, revision=1)
    assert not len(news(stored, rows(2.0, timing=REALTIME, revision=2)))
    assert len(news(stored, rows(2.0, timing=CONSOLIDATED, revision=2))) == 40
    assert not len(news(rows(2.0, timing=CONSOLIDATED, revision=1), rows(2.0, seed=7, timing=REALTIME, revision=2)))
    assert len(news(stored, rows(3.0, timing=REALTIME, revision=2, seed=3))) >= 20


def test_days_are_utc_days_and_a_leap_second_belongs_to_the_day_it_ends() -> None:
    new_year = midnight_tt_us(to_utc("2017-01-01").date())
    assert midnight_tt_us(to_utc("2016-12-31").date()) == new_year - 86_401_000_000
    assert day_of(new_year - 1).isoformat() == "2016-12-31"
    assert day_of(new_year - 500_000).isoformat() == "2016-12-31"
    assert day_of(new_year).isoformat() == "2017-01-01"
    assert len(days_between(new_year - 1, new_year)) == 1
    assert len(days_between(new_year - 1, new_year + 1)) == 2
    night = rows(20.0, t0=to_utc("2016-12-31T23:59:50"))
    parts = {day.isoformat(): len(part) for day, part in split_by_day(night)}
    assert parts == {"2016-12-31": 220, "2017-01-01": 180}
    assert utc_to_tt_us("2017-01-01") == new_year
