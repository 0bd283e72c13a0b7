"""Light curves of the archive in any wider bins. Pure."""

import numpy as np

from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import OVERLAP_TOLERANCE, BoolArray, FloatArray, IntArray, LightCurve


def regrid(curve: LightCurve, bin_s: float) -> LightCurve:
    """Light curve in bins of about `bin_s`, each the sum of whole native bins; a bin with a gap inside is absent.

    Parameters
    ----------
    curve
        Native bins.
    bin_s
        Wanted width, s; not below the native one. Where it is no multiple of it, widths differ by one native bin, and
        each bin states its own. The edges lie on the native edge nearest to T0.

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
    edge_s = float(curve.start_s[np.argmin(np.abs(curve.start_s))])
    place = np.floor((curve.start_s + curve.width_s / 2 - edge_s) / bin_s + 1e-9).astype(np.int64)
    head = np.flatnonzero(np.concatenate([[True], np.diff(place) > 0]))
    width_s = np.add.reduceat(curve.width_s, head)
    whole = _are_whole(curve, head, width_s, bin_s - native_s / 2)
    return _summed(curve, head, width_s).select(whole)


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
