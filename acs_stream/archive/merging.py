"""Merging of rows that arrived late, twice or in a better version: each stretch of time is counted once. Pure.

A row goes where better ones cover more than half of it: better is the better product (consolidated before real-time),
among equals the finer, then the one of the better clock, then the newer. One alone may cover it (a repeat), or several
together (a consolidated grid shifted by half a bin against the real-time one). Rows that overlap less are different
bins seen through a clock correction; both are kept, and `without_overlaps` chooses when a light curve is made of them.
"""

import numpy as np

from acs_stream.archive.rows import RateRows, joined
from tocsin.domain.light_curves import OVERLAP_TOLERANCE, BoolArray, FloatArray, IntArray

#: Rows that overlap by more than this share of the narrower one are the same bin.
SAME_BIN = 0.5
#: A repeated row may be off by this, from the printing of its time, us.
PRINT_ROUNDING_US = 2


def merged(rows: RateRows) -> RateRows:
    """Rows in order of time, each bin once, whatever order they come in; done twice it changes nothing.

    Notes
    -----
    Where three versions of one stretch have three different grids, rows at the ends of the stretch (one bin a side)
    depend on which two were merged first.
    """
    rows = in_order(rows)
    if not (rows.start_tt_us[1:] < rows.stop_tt_us[:-1]).any():
        return rows
    rows = rows.take(~_beaten(rows, by_one=True))
    return rows.take(~_beaten(rows, by_one=False))


def without_overlaps(rows: RateRows) -> RateRows:
    """Rows as a light curve may hold them: of two merged rows that still overlap, the better."""
    while True:
        overlap = rows.stop_tt_us[:-1] - rows.start_tt_us[1:]
        at = np.flatnonzero(overlap > OVERLAP_TOLERANCE * rows.width_us[:-1])
        if not at.size:
            return rows
        keep = np.ones(len(rows), dtype=bool)
        keep[np.where(_is_better(rows, at + 1, at), at, at + 1)] = False
        rows = rows.take(keep)


def news(stored: RateRows, incoming: RateRows) -> RateRows:
    """Incoming rows that would change what is stored: not repeats, not worse versions; merged among themselves.

    Parameters
    ----------
    stored
        What is stored around the incoming ones, merged.
    incoming
        Rows of a revision higher than any stored.
    """
    incoming = merged(incoming)
    incoming = incoming.take(~is_repeat(stored, incoming))
    if not len(incoming) or not len(stored):
        return incoming
    both = merged(joined([stored, incoming]))
    return both.take(both.revision == incoming.revision[0])


def is_repeat(stored: RateRows, incoming: RateRows) -> BoolArray:
    """Which incoming rows are stored already, to the last count and at least as well, shape (n,)."""
    if not len(stored):
        return np.zeros(len(incoming), dtype=bool)
    right = np.searchsorted(stored.start_tt_us, incoming.start_tt_us - PRINT_ROUNDING_US)
    near = np.minimum(right, len(stored) - 1)
    same = np.abs(stored.start_tt_us[near] - incoming.start_tt_us) <= PRINT_ROUNDING_US
    for name in ("width_us", "live_us", "counts", "is_masked"):
        same &= getattr(stored, name)[near] == getattr(incoming, name)
    same &= np.isclose(stored.variance_counts[near], incoming.variance_counts, rtol=0, atol=0, equal_nan=True)
    return np.asarray(same & (stored.rank[near] >= incoming.rank))


def in_order(rows: RateRows) -> RateRows:
    """Rows in order of time, then of arrival."""
    step = np.diff(rows.start_tt_us)
    if (step > 0).all():
        return rows
    return rows.take(np.lexsort((rows.revision, rows.rank, rows.start_tt_us)).astype(np.int64))


def _is_better(rows: RateRows, a: IntArray, b: IntArray) -> BoolArray:
    """Whether rows `a` win against rows `b`: product, resolution, clock, arrival, place."""
    better = a > b
    for key in (rows.revision, -rows.clock_error_s, -rows.width_us, rows.rank):
        better = np.where(key[a] == key[b], better, key[a] > key[b])
    return np.asarray(better, dtype=bool)


def _beaten(rows: RateRows, *, by_one: bool) -> BoolArray:
    """Rows of which better rows cover more than half: one of them alone, or all together; shape (n,)."""
    covered: FloatArray = np.zeros(len(rows))
    index, stop = np.arange(len(rows)), rows.stop_tt_us
    for k in range(1, len(rows)):
        # In order of time: if no row reaches the k-th after it, none reaches the next one.
        first = index[:-k][rows.start_tt_us[k:] < stop[:-k]]
        if not first.size:
            break
        second = first + k
        shared = np.minimum(stop[first], stop[second]) - rows.start_tt_us[second]
        second_wins = _is_better(rows, second, first)
        loser = np.where(second_wins, first, second)
        (np.maximum if by_one else np.add).at(covered, loser, shared / rows.width_us[loser])
    return np.asarray(covered > SAME_BIN)
