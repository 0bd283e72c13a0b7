"""Stretches of time that are stored, and those that are missing: arrays (n, 2) of microseconds of TT. Pure."""

import numpy as np

from acs_stream.archive.rows import RateRows
from tocsin.domain.light_curves import IntArray

#: Steps shorter than this are no gap: corrections of an approximate clock, us.
SLACK_US = 25_000
#: Least that is missing where a bin of 50 ms is, us.
LEAST_US = 45_000


def no_intervals() -> IntArray:
    """No stretch."""
    return np.zeros((0, 2), dtype=np.int64)


def covered_by(rows: RateRows) -> IntArray:
    """Stretches that rows in order of time cover, ascending."""
    if not len(rows):
        return no_intervals()
    return union(np.stack([rows.start_tt_us, rows.stop_tt_us], axis=1), no_intervals())


def union(a: IntArray, b: IntArray) -> IntArray:
    """Stretches in one or the other, ascending, those that all but touch joined."""
    both = np.concatenate([a, b])
    if not len(both):
        return both
    both = both[np.argsort(both[:, 0], kind="stable")]
    reach = np.maximum.accumulate(both[:, 1])
    begins = np.concatenate([[True], both[1:, 0] > reach[:-1] + SLACK_US])
    ends = np.append(np.flatnonzero(begins)[1:], len(both)) - 1
    return np.stack([both[begins, 0], reach[ends]], axis=1)


def missing(covered: IntArray, start_us: int, stop_us: int, *, longest_us: int) -> IntArray:
    """Stretches of [start, stop] that are not covered, ascending, cut into pieces of at most `longest_us`."""
    inside = covered[(covered[:, 1] > start_us) & (covered[:, 0] < stop_us)]
    begins = np.concatenate([[start_us], inside[:, 1]])
    ends = np.concatenate([inside[:, 0], [stop_us]])
    pieces = [
        (piece, min(piece + longest_us, end))
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)
        if end - begin >= LEAST_US
        for piece in range(begin, end, longest_us)
    ]
    return np.array(pieces, dtype=np.int64).reshape(-1, 2)


def after(covered: IntArray, start_us: int) -> IntArray:
    """Stretches, or their parts, from a moment on."""
    late = covered[covered[:, 1] > start_us]
    return np.maximum(late, start_us)
