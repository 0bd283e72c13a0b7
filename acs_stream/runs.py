"""Stretches of bins that hold an excess, kept as sorted runs: a day with hundreds of spikes costs nothing."""

from dataclasses import dataclass

import numpy as np

from tocsin.domain.light_curves import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Runs:
    """Disjoint runs of bins [start, stop), ascending, shape (k,) each."""

    start: IntArray
    stop: IntArray

    @classmethod
    def none(cls) -> "Runs":
        """No run."""
        empty = np.zeros(0, dtype=np.int64)
        return cls(start=empty, stop=empty)

    def with_windows(self, first: IntArray, last: IntArray) -> "Runs":
        """These and the bins of windows [first, last); what touches becomes one run."""
        start, stop = np.concatenate([self.start, first]), np.concatenate([self.stop, last])
        if not start.size:
            return self
        order = np.argsort(start, kind="stable")
        start, reach = start[order], np.maximum.accumulate(stop[order])
        begins = np.concatenate([[True], start[1:] > reach[:-1]])
        ends = np.concatenate([np.flatnonzero(begins)[1:] - 1, [start.size - 1]])
        return Runs(start=start[begins], stop=reach[ends])

    @property
    def bins(self) -> int:
        """Number of bins in all runs."""
        return int((self.stop - self.start).sum())

    def outside(self, usable: BoolArray) -> BoolArray:
        """Usable bins that are in no run, shape (n,)."""
        free = usable.copy()
        for a, b in zip(self.start, self.stop, strict=True):
            free[a:b] = False
        return free

    def sum_within(self, cumulative: FloatArray, first: IntArray, last: IntArray) -> FloatArray:
        """Sum over the bins of each window [first, last) that are in a run, of what `cumulative` is the sum of.

        Parameters
        ----------
        cumulative
            Shape (bins + 1,).
        first, last
            Shape (n,).
        """
        if not self.start.size:
            return np.zeros(first.size)
        return self._before(cumulative, last) - self._before(cumulative, first)

    def _before(self, cumulative: FloatArray, place: IntArray) -> FloatArray:
        """Sum over the bins in runs before each place."""
        each = cumulative[self.stop] - cumulative[self.start]
        before = np.concatenate([[0.0], np.cumsum(each)])
        k = np.searchsorted(self.start, place, side="right") - 1
        inside = np.where(k >= 0, cumulative[np.minimum(place, self.stop[k])] - cumulative[self.start[k]], 0.0)
        return np.asarray(before[np.maximum(k, 0)] + inside)

    def windows_touched(self, n_windows: int, bins: int, stride: int) -> IntArray:
        """Numbers of the windows (of `bins`, every `stride` bins) that hold a bin of a run."""
        low = np.maximum(-(-(self.start - bins + 1) // stride), 0)
        high = np.minimum(-(-self.stop // stride), n_windows)
        size = np.maximum(high - low, 0)
        if not size.sum():
            return np.zeros(0, dtype=np.int64)
        offsets = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        return np.unique(np.repeat(low, size) + offsets)
