"""Light curves of the archive in any wider bins. Pure."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import OVERLAP_TOLERANCE, BoolArray, FloatArray, IntArray, LightCurve, Timing

#: Remarks kept of a light curve put together of many pieces.
NOTES = 20


def nearest_edge_s(curve: LightCurve) -> float:
    """Start of the native bin nearest to T0, s."""
    return float(curve.start_s[np.argmin(np.abs(curve.start_s))])


def regrid(curve: LightCurve, bin_s: float, *, edge_s: float | None = None) -> LightCurve:
    """Light curve in bins of about `bin_s`, each the sum of whole native bins; a bin with a gap inside is absent.

    Parameters
    ----------
    curve
        Native bins.
    bin_s
        Wanted width, s; not below the native one. Where it is no multiple of it, widths differ by one native bin, and
        each bin states its own.
    edge_s
        Where one edge lies, s since T0; None: on the native edge nearest to T0.

    Raises
    ------
    ScienceError
        `bin_s` is finer than the data.

    Notes
    -----
    Counts are never shared between bins: sums of whole bins keep their Poisson variance. A bin with a masked native bin
    inside is masked.
    """
    if not len(curve):
        return curve
    native_s = float(np.median(curve.width_s))
    if bin_s < native_s * (1.0 - OVERLAP_TOLERANCE):
        raise ScienceError(f"{curve.instrument}: bins of {native_s:g} s cannot be made into bins of {bin_s:g} s")
    if abs(bin_s - native_s) <= OVERLAP_TOLERANCE * native_s:
        return curve
    edge_s = nearest_edge_s(curve) if edge_s is None else edge_s
    place = np.floor((curve.start_s + curve.width_s / 2 - edge_s) / bin_s + 1e-9).astype(np.int64)
    head = np.flatnonzero(np.concatenate([[True], np.diff(place) > 0]))
    width_s = np.add.reduceat(curve.width_s, head)
    whole = _are_whole(curve, head, width_s, bin_s - native_s / 2)
    return _summed(curve, head, width_s).select(whole)


def put_together(pieces: Sequence[LightCurve]) -> LightCurve:
    """One light curve of pieces that follow each other, of one instrument and T0; timing is the worst of them.

    Raises
    ------
    ScienceError
        There is no piece.
    """
    if not pieces:
        raise ScienceError("no data in the whole interval")
    if len(pieces) == 1:
        return pieces[0]
    timings = [piece.timing or Timing(product="") for piece in pieces]
    worst = max(timings, key=lambda timing: (timing.is_approximate, timing.clock_error_s))
    notes = dict.fromkeys(timing.note for timing in timings if timing.note)

    def column(name: str, fallback: str) -> FloatArray | None:
        if all(getattr(piece, name) is None for piece in pieces):
            return None
        values = [getattr(p, fallback) if getattr(p, name) is None else getattr(p, name) for p in pieces]
        return np.concatenate(values)

    usable = np.concatenate([piece.usable for piece in pieces])
    return pieces[0].replace(
        start_s=np.concatenate([piece.start_s for piece in pieces]),
        width_s=np.concatenate([piece.width_s for piece in pieces]),
        counts=np.concatenate([piece.counts for piece in pieces]),
        exposure_s=column("exposure_s", "width_s"),
        variance_counts=column("variance_counts", "counts"),
        mask=None if usable.all() else np.logical_not(usable),
        energy_kev=pieces[0].energy_kev if len({piece.energy_kev for piece in pieces}) == 1 else None,
        timing=replace(worst, note="; ".join(list(notes)[:NOTES])),
    )


def _are_whole(curve: LightCurve, head: IntArray, width_s: FloatArray, least_s: float) -> BoolArray:
    """Groups without a gap inside that are wide enough, or touch both neighbours."""
    tail = np.concatenate([head[1:], [len(curve)]]) - 1
    room_s = curve.width_s * 0.5
    touches_next = np.append(curve.start_s[1:] - curve.stop_s[:-1] <= room_s[:-1], False)
    breaks = np.concatenate([[0], np.cumsum(~touches_next)])
    is_joined = breaks[tail] == breaks[head]
    before = np.concatenate([[False], touches_next[:-1]])[head]
    return np.asarray(is_joined & ((width_s >= least_s) | (before & touches_next[tail])))


def _summed(curve: LightCurve, head: IntArray, width_s: FloatArray) -> LightCurve:
    def sums(values: FloatArray | None) -> FloatArray | None:
        return None if values is None else np.asarray(np.add.reduceat(values, head))

    mask = None if curve.mask is None else np.logical_or.reduceat(curve.mask, head)
    return curve.replace(
        start_s=curve.start_s[head],
        width_s=width_s,
        counts=sums(curve.counts),
        exposure_s=sums(curve.exposure_s),
        variance_counts=sums(curve.variance_counts),
        mask=mask if mask is not None and mask.any() else None,
    )
