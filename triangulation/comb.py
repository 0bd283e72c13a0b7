"""Equal bins seen through splines whose step is a whole number of bins, or a bin of steps: fast products.

The integrals of the splines then depend only on where in a step the bins begin; one small matrix serves all of them,
and a whole number of steps is but an offset. Bins that are missing weigh nothing.
"""

from dataclasses import dataclass

import numpy as np

from tocsin.domain.light_curves import FloatArray
from triangulation.spline import Knots

#: Bins are equal if they are so to this share of a bin.
TOLERANCE = 2e-3
#: Fewest bins; most steps in one bin.
LEAST_BINS, MAX_PER_BIN = 5, 40


@dataclass(frozen=True, kw_only=True, eq=False)
class Comb:
    """Equal bins, gaps filled with weight zero.

    Parameters
    ----------
    start_s, width_s
        Start of the first bin and width of all, s.
    weight
        Weight times squared live share, shape (n,).
    columns
        Weighted columns times live share, shape (n, r).
    """

    start_s: float
    width_s: float
    weight: FloatArray
    columns: FloatArray

    @classmethod
    def of(
        cls, start_s: FloatArray, width_s: FloatArray, live: FloatArray, weight: FloatArray, columns: FloatArray
    ) -> "Comb | None":
        """Comb of the finest bins of a curve, where they are equal and follow each other; else None.

        Parameters
        ----------
        start_s, width_s, live, weight
            Bins (s), live share and weight, shape (n,).
        columns
            Columns already weighted, shape (n, r).
        """
        if start_s.size < LEAST_BINS:
            return None
        width = float(np.median(width_s))
        equal = np.flatnonzero(np.abs(width_s - width) < TOLERANCE * width)
        if equal.size < LEAST_BINS or equal[-1] - equal[0] + 1 != equal.size:
            return None
        part = slice(int(equal[0]), int(equal[-1]) + 1)
        place = (start_s[part] - start_s[part][0]) / width
        index = np.round(place).astype(np.int64)
        if np.abs(place - index).max() > TOLERANCE or index[-1] > 4 * index.size:
            return None
        dense_weight, dense_columns = np.zeros(index[-1] + 1), np.zeros((index[-1] + 1, columns.shape[1]))
        dense_weight[index] = weight[part] * live[part] ** 2
        dense_columns[index] = columns[part] * live[part, None]
        return cls(start_s=float(start_s[part][0]), width_s=width, weight=dense_weight, columns=dense_columns)

    def project(self, knots: Knots, delay_s: float) -> tuple[FloatArray, FloatArray] | None:
        """``P'WP`` (lower band) and ``P'`` times the columns for splines that arrive `delay_s` later, s.

        None where neither step nor bin is a whole number of the other, or the splines reach beyond the bins.
        """
        ratio = knots.step_s / self.width_s
        per_step, per_bin = max(round(ratio), 1), max(round(1.0 / ratio), 1)
        if abs(ratio * per_bin - per_step) > 1e-6 * per_step or per_bin > MAX_PER_BIN:
            return None
        weight, columns = self._blocks(per_step)
        steps = weight.shape[1]
        first = int(np.floor((self.start_s - knots.start_s - delay_s) / knots.step_s)) - 3
        touched = per_bin + 4
        low, high = -(-(-first - touched + 1) // per_bin), -(-(knots.number - first) // per_bin)
        if low < 0 or high > steps:
            return None
        values = self._values(knots, delay_s, per_step, touched, first)
        padded = np.concatenate([values, np.zeros_like(values)], axis=1)
        pairs = np.stack([values * padded[:, d : d + touched] for d in range(touched)])
        products = pairs.transpose(0, 2, 1).reshape(-1, per_step) @ weight[:, low:high]
        sums = columns[:, low:high].reshape(-1, per_step) @ values
        count = high - low
        band = _overlapped(products.reshape(touched, touched, count).transpose(0, 2, 1), per_bin)
        right = _overlapped(sums.reshape(-1, count, touched), per_bin)
        # Of the whole bins only those splines count that are there.
        skip = -(first + low * per_bin)
        gram, sides = (_cut(each, skip, knots.number) for each in (band, right))
        for d in range(1, min(touched, knots.number)):
            gram[d, knots.number - d :] = 0.0
        return gram, sides.T

    def _values(self, knots: Knots, delay_s: float, per_step: int, touched: int, first: int) -> FloatArray:
        """Integrals of the splines from `first` on over the bins of one block, s, shape (per_step, touched)."""
        start = (self.start_s - delay_s - knots.start_s) / knots.step_s - first
        edges = start + self.width_s / knots.step_s * np.arange(per_step + 1, dtype=np.float64)
        x = np.clip(edges[:, None] - np.arange(touched), 0.0, 4.0)
        above = np.maximum(x - np.arange(1.0, 4.0)[:, None, None], 0.0) ** 2
        powers = above * above
        x *= x
        total = x * x - 4.0 * powers[0] + 6.0 * powers[1] - 4.0 * powers[2]
        return np.asarray((total[1:] - total[:-1]) * (knots.step_s / 24.0))

    def _blocks(self, per_step: int) -> tuple[FloatArray, FloatArray]:
        """Weights, shape (per_step, steps), and columns, shape (r, steps, per_step), of whole steps; kept."""
        kept: dict[int, tuple[FloatArray, FloatArray]] = self.__dict__.setdefault("_kept", {})
        if per_step not in kept:
            steps = self.weight.size // per_step
            weight = self.weight[: steps * per_step].reshape(steps, per_step).T
            columns = self.columns[: steps * per_step].reshape(steps, per_step, -1).transpose(2, 0, 1)
            kept[per_step] = (np.ascontiguousarray(weight), np.ascontiguousarray(columns))
        return kept[per_step]


def _overlapped(blocks: FloatArray, per_bin: int) -> FloatArray:
    """Sum of blocks of which each begins `per_bin` after the one before: (k, count, touched) to (k, all)."""
    rows, count, touched = blocks.shape
    reach = -(-touched // per_bin)
    total = np.zeros((rows, count + reach - 1, per_bin))
    for q in range(reach):
        part = blocks[:, :, q * per_bin : (q + 1) * per_bin]
        total[:, q : q + count, : part.shape[2]] += part
    return total.reshape(rows, -1)


def _cut(rows: FloatArray, skip: int, number: int) -> FloatArray:
    """`number` columns of rows from `skip` on, zero where there are none."""
    if skip >= 0 and skip + number <= rows.shape[1]:
        return rows[:, skip : skip + number].copy()
    out = np.zeros((rows.shape[0], number))
    low, high = max(skip, 0), min(skip + number, rows.shape[1])
    out[:, low - skip : high - skip] = rows[:, low:high]
    return out
