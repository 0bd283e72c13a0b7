"""Light curves made small enough to draw: lowest and highest rate of each column, so that no spike is lost."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tocsin.domain.light_curves import LightCurve
from tocsin.pictures.svg import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of bins that touch.

    Parameters
    ----------
    edges_s
        Edges of the bins or columns, shape (n + 1,), s since T0.
    low_cts_s, high_cts_s
        Lowest and highest rate within each, shape (n,); equal where a column is one bin.
    """

    edges_s: FloatArray
    low_cts_s: FloatArray
    high_cts_s: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What is drawn of a light curve.

    Parameters
    ----------
    segments
        Stretches of usable bins.
    unusable_s
        Stretches without usable data within the window, (start, stop), s since T0.
    bins_per_column
        1 where every bin is drawn, else the largest number of bins in a column.
    """

    segments: tuple[Segment, ...]
    unusable_s: tuple[tuple[float, float], ...]
    bins_per_column: int

    @property
    def range_cts_s(self) -> tuple[float, float]:
        """Lowest and highest rate drawn; (nan, nan) without any."""
        if not self.segments:
            return float("nan"), float("nan")
        lows = min(float(s.low_cts_s.min()) for s in self.segments)
        return lows, max(float(s.high_cts_s.max()) for s in self.segments)


def envelope(curve: LightCurve, *, start_s: float, stop_s: float, columns: int) -> Envelope:
    """Rates of `curve` within [start_s, stop_s], in at most about `columns` columns.

    With fewer usable bins than columns each bin is drawn as it is. Otherwise bins are grouped by the column that
    holds their centre, and the column keeps its lowest and highest rate: what is left out lies between the two.
    """
    inside = (curve.stop_s > start_s) & (curve.start_s < stop_s)
    part = curve.select(inside)
    usable = part.select(part.usable & (part.live_s > 0))
    if not len(usable):
        return Envelope(segments=(), unusable_s=((start_s, stop_s),), bins_per_column=1)
    column_s = (stop_s - start_s) / columns if len(usable) > columns else None
    drawn = [_segment(usable, first, last, column_s) for first, last in _runs(usable, column_s or 0.0)]
    segments = [segment for segment, _ in drawn]
    covered = [(float(s.edges_s[0]), float(s.edges_s[-1])) for s in segments]
    return Envelope(
        segments=tuple(segments),
        unusable_s=_between(covered, start_s, stop_s),
        bins_per_column=max(bins for _, bins in drawn),
    )


def _runs(curve: LightCurve, column_s: float) -> list[tuple[int, int]]:
    """Index ranges [first, last) of bins that touch: to half a bin, since printed times are rounded, or to a column."""
    space = curve.start_s[1:] - curve.stop_s[:-1]
    least = np.maximum(0.5 * np.minimum(curve.width_s[1:], curve.width_s[:-1]), column_s)
    breaks = np.flatnonzero(space > least) + 1
    edges = [0, *breaks.tolist(), len(curve)]
    return list(pairwise(edges))


def _segment(curve: LightCurve, first: int, last: int, column_s: float | None) -> tuple[Segment, int]:
    """Bins [first, last) as they are, or in columns of `column_s`; with the largest number of bins in a column."""
    rate = curve.counts[first:last] / curve.live_s[first:last]
    edges = np.append(curve.start_s[first:last], curve.stop_s[last - 1])
    if column_s is None:
        return Segment(edges_s=edges, low_cts_s=rate, high_cts_s=rate), 1
    column = np.floor((0.5 * (edges[:-1] + edges[1:]) - edges[0]) / column_s).astype(np.int64)
    starts = _firsts(column)
    bins = int(np.diff(np.append(starts, len(column))).max())
    segment = Segment(
        edges_s=np.append(edges[starts], edges[-1]),
        low_cts_s=np.minimum.reduceat(rate, starts),
        high_cts_s=np.maximum.reduceat(rate, starts),
    )
    return segment, bins


def _firsts(groups: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """Index of the first member of each group of equal neighbours."""
    return np.concatenate([[0], np.flatnonzero(np.diff(groups)) + 1])


def _between(covered: list[tuple[float, float]], start_s: float, stop_s: float) -> tuple[tuple[float, float], ...]:
    """What of [start_s, stop_s] lies in none of the ascending intervals."""
    gaps = []
    at = start_s
    for low, high in covered:
        if low > at:
            gaps.append((at, low))
        at = max(at, high)
    if at < stop_s:
        gaps.append((at, stop_s))
    return tuple(gaps)
