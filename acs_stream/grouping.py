"""From thousands of overlapping windows to a short list of excesses, each counted once.

The rarest window is taken; what it holds is subtracted from every window that overlaps it; and so on until nothing
stands out. Strong excesses that touch are then one burst. So a burst is one entry, its shadow on longer and shorter
scales is none, and a weak precursor beside it stays an entry of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from acs_stream.false_alarms import clump_rate_hz, gaussian_equivalent
from acs_stream.windows import Windows
from tocsin.domain.light_curves import BoolArray, FloatArray, IntArray

#: Above this S/N neighbouring excesses are parts of one burst.
STRONG_SNR = 5.5
#: Largest distance between parts of one burst: this long, or this share of the longer part.
LINK_S = 0.5
LINK_SCALES = 0.5
#: Above this z the rate of clumps is far below any that matters; their order is then by z alone.
HUGE_Z = 30.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """Windows that stand out, all scales together, arrays of shape (n,)."""

    scale: IntArray
    first: IntArray
    last: IntArray
    start_s: FloatArray
    stop_s: FloatArray
    excess_counts: FloatArray
    background_counts: FloatArray
    sigma_counts: FloatArray
    scale_s: FloatArray
    stride_s: FloatArray
    degrees_of_freedom: FloatArray

    def take(self, index: IntArray | BoolArray) -> "Candidates":
        """Some of them."""
        return Candidates(**{name: getattr(self, name)[index] for name in self.__dataclass_fields__})

    @property
    def snr(self) -> FloatArray:
        """S/N with the measured noise, shape (n,)."""
        return np.asarray(self.excess_counts / self.sigma_counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One excess: its rarest window, and the stretch that belongs to it.

    Parameters
    ----------
    best
        Index of the rarest window among the candidates.
    start_s, stop_s
        Stretch of all parts, s.
    """

    best: int
    start_s: float
    stop_s: float


def candidates(
    scales: list[Windows], *, least_snr: Callable[[float, float], float], start_s: float, stop_s: float
) -> Candidates:
    """Windows whose centre lies in [start_s, stop_s], of at least the S/N that `least_snr` gives for them."""
    parts = []
    for k, item in enumerate(scales):
        centre = (item.start_s + item.stop_s) / 2
        hit = (item.snr >= least_snr(item.scale_s, item.stride_s)) & (centre >= start_s) & (centre <= stop_s)
        n = int(hit.sum())
        parts.append(
            Candidates(
                scale=np.full(n, k, dtype=np.int64),
                first=item.first[hit],
                last=item.last[hit],
                start_s=item.start_s[hit],
                stop_s=item.stop_s[hit],
                excess_counts=item.excess_counts[hit],
                background_counts=item.background_counts[hit],
                sigma_counts=(item.sigma_counts * item.scatter)[hit],
                scale_s=np.full(n, item.scale_s),
                stride_s=np.full(n, item.stride_s),
                degrees_of_freedom=np.full(n, item.degrees_of_freedom),
            )
        )
    names = Candidates.__dataclass_fields__
    return Candidates(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def tail_z(found: Candidates, excess_counts: FloatArray) -> FloatArray:
    """Gaussian z as improbable as each excess, shape (n,): skewness of counts and poorly known scatter allowed for.

    The signed root of the Poisson deviance is near Gaussian far into the tail where ``(c - b) / sqrt(b)`` is not.
    """
    b = found.background_counts
    c = np.maximum(b + excess_counts, 1e-9)
    root = np.sqrt(2 * np.maximum(c * np.log(c / b) - (c - b), 0.0)) * np.sign(c - b)
    t = root * np.sqrt(b) / found.sigma_counts
    return np.asarray(np.where(t < HUGE_Z, gaussian_equivalent(np.minimum(t, HUGE_Z), found.degrees_of_freedom), t))


def noise_log_rate(found: Candidates, z: FloatArray) -> FloatArray:
    """Natural log of the rate (Hz) of clumps of noise as high, shape (n,); above HUGE_Z it is only an order."""
    z = np.maximum(z, 1.0)
    exact = np.log(clump_rate_hz(np.minimum(z, HUGE_Z), found.scale_s, found.stride_s))
    return np.asarray(exact - 0.5 * np.maximum(z**2 - HUGE_Z**2, 0.0))


def group(found: Candidates, residual: FloatArray, *, least_snr: FloatArray) -> list[Group]:
    """Excesses, in order of time.

    Parameters
    ----------
    found
        Windows that stand out.
    residual
        Cumulative counts above background over the bins, shape (bins + 1,).
    least_snr
        Below it a window does not stand out, shape (n,).
    """
    picks: list[int] = []
    for component in _components(found):
        picks += _pick(found.take(component), component, residual, least_snr[component])
    return _linked(found, picks)


def _components(found: Candidates) -> list[IntArray]:
    """Sets of windows that overlap no window of another set."""
    if not found.start_s.size:
        return []
    order = np.argsort(found.start_s, kind="stable")
    reach = np.maximum.accumulate(found.stop_s[order])
    breaks = np.flatnonzero(found.start_s[order][1:] >= reach[:-1] - 1e-9) + 1
    return [np.asarray(part, dtype=np.int64) for part in np.split(order, breaks)]


def _pick(found: Candidates, names: IntArray, residual: FloatArray, least_snr: FloatArray) -> list[int]:
    if names.size == 1:
        return [int(names[0])]
    excess = found.excess_counts.copy()
    rank = noise_log_rate(found, tail_z(found, excess))
    picks: list[int] = []
    while np.isfinite(rank).any():
        k = int(np.argmin(rank))
        picks.append(int(names[k]))
        low, high = np.maximum(found.first, found.first[k]), np.minimum(found.last, found.last[k])
        touched = np.flatnonzero((high > low) & np.isfinite(rank))
        shared = residual[high[touched]] - residual[low[touched]]
        excess[touched] -= np.maximum(shared, 0.0)
        left = excess[touched] >= least_snr[touched] * found.sigma_counts[touched]
        rank[touched[~left]] = np.inf
        some = touched[left]
        if some.size:
            part = found.take(some)
            rank[some] = noise_log_rate(part, tail_z(part, excess[some]))
        rank[k] = np.inf
    return picks


def _linked(found: Candidates, picks: list[int]) -> list[Group]:
    """Strong picks that touch become one group; weak ones inside a group belong to it, others stand alone."""
    snr = found.snr
    groups: list[list[int]] = []
    for k in sorted((p for p in picks if snr[p] >= STRONG_SNR), key=lambda p: float(found.start_s[p])):
        if groups and _touches(found, groups[-1], k):
            groups[-1].append(k)
        else:
            groups.append([k])
    made = [_as_group(found, members) for members in groups]
    starts, stops = np.array([g.start_s for g in made]), np.array([g.stop_s for g in made])
    for k in (p for p in picks if snr[p] < STRONG_SNR):
        start, stop = float(found.start_s[k]), float(found.stop_s[k])
        if not ((starts <= start) & (stop <= stops)).any():
            made.append(Group(best=k, start_s=start, stop_s=stop))
    return sorted(made, key=lambda g: g.start_s)


def _touches(found: Candidates, members: list[int], k: int) -> bool:
    stop = max(float(found.stop_s[m]) for m in members)
    longest = max(float(found.scale_s[m]) for m in (*members, k))
    return float(found.start_s[k]) - stop <= max(LINK_S, LINK_SCALES * longest)


def _as_group(found: Candidates, members: list[int]) -> Group:
    part = found.take(np.array(members))
    rank = noise_log_rate(part, tail_z(part, part.excess_counts))
    return Group(
        best=members[int(np.argmin(rank))],
        start_s=min(float(found.start_s[m]) for m in members),
        stop_s=max(float(found.stop_s[m]) for m in members),
    )
