"""What every reader returns first: rows of counts in named channels; and how channels are chosen and summed.

A `ChannelTable` keeps the channels apart; `to_light_curve` sums the wanted ones. Nothing here reads a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from tocsin.domain.clock import iso_utc, to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.leap_seconds import elapsed_s
from tocsin.domain.light_curves import BoolArray, FloatArray, IntArray, LightCurve, Timing

#: A stated T0 that differs from the file's own by more than this is reported.
T0_TOLERANCE_S = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One column of counts.

    Parameters
    ----------
    name
        As burst files select it: ``G2``, ``n3``, ``17``.
    energy_kev
        Band, keV, or None.
    is_sum
        The column is a sum of others: never taken by default.
    is_default
        Taken when nothing is selected.
    """

    name: str
    energy_kev: tuple[float, float] | None = None
    is_sum: bool = False
    is_default: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChannelTable:
    """Counts per row and channel, as read.

    Parameters
    ----------
    instrument
        Name of the instrument.
    t0_utc
        Time zero of `start_s`; None where the file has none and the reader was told none.
    start_s, width_s
        Rows: starts in s since T0 and widths in s, shape (n,).
    channels
        The columns.
    counts, variance_counts
        Shape (channels, n); variance None where it is the Poisson one.
    exposure_s, mask
        As in `LightCurve`.
    dead_time_s, timing
        As in `LightCurve`.
    has_zero
        False where each row has its own absolute time and the file names no time zero: a stated T0 then only moves
        the origin.
    """

    instrument: str
    t0_utc: datetime | None
    start_s: FloatArray
    width_s: FloatArray
    channels: tuple[Channel, ...]
    counts: FloatArray
    variance_counts: FloatArray | None = None
    exposure_s: FloatArray | None = None
    mask: BoolArray | None = None
    dead_time_s: float | None = None
    timing: Timing
    has_zero: bool = True


def to_light_curve(
    table: ChannelTable,
    *,
    columns: Sequence[str | int] | None = None,
    energy_kev: tuple[float, float] | None = None,
    bin_s: float | None = None,
) -> LightCurve:
    """Light curve of the chosen channels, summed."""
    chosen = choose(table.channels, columns=columns, energy_kev=energy_kev, instrument=table.instrument)
    return rebin(_summed(table, chosen), bin_s)


def to_channels(
    table: ChannelTable,
    *,
    columns: Sequence[str | int] | None = None,
    energy_kev: tuple[float, float] | None = None,
    bin_s: float | None = None,
) -> tuple[LightCurve, ...]:
    """One light curve per chosen channel, in the file's order."""
    chosen = choose(table.channels, columns=columns, energy_kev=energy_kev, instrument=table.instrument)
    return tuple(rebin(_summed(table, np.array([index])), bin_s) for index in chosen)


def choose(
    channels: Sequence[Channel],
    *,
    columns: Sequence[str | int] | None,
    energy_kev: tuple[float, float] | None,
    instrument: str,
) -> IntArray:
    """Indices of the channels wanted: by name (or number from 1), by band, or all but sums; never none.

    Parameters
    ----------
    channels
        What the file holds.
    columns
        Names, or numbers counted from 1; a detector's name (``n3``) takes all its channels.
    energy_kev
        Band (low, high): channels whose centre (geometric mean of the edges) lies inside.

    Raises
    ------
    ScienceError
        A name does not exist, or nothing is left.
    """
    wanted = np.array([c.is_default and not c.is_sum for c in channels], dtype=bool)
    if columns is not None:
        wanted[:] = False
        for column in columns:
            wanted |= _named(channels, column, instrument)
    if energy_kev is not None:
        wanted &= np.array([_is_inside(c.energy_kev, energy_kev) for c in channels], dtype=bool)
    if not wanted.any():
        bands = ", ".join(_describe(c) for c in channels[:20])
        raise ScienceError(
            f"{instrument}: no channel is selected by {columns or energy_kev}", remedy=f"there are {bands}"
        )
    return np.flatnonzero(wanted).astype(np.int64)


def _named(channels: Sequence[Channel], column: str | int, instrument: str) -> BoolArray:
    names = [c.name.lower() for c in channels]
    text = str(column).strip().lower()
    hits = np.array([name == text or name.startswith(f"{text}/") for name in names], dtype=bool)
    if not hits.any() and text.isdecimal() and 1 <= int(text) <= len(names):
        hits[int(text) - 1] = True
    if not hits.any():
        raise ScienceError(f"{instrument}: there is no column {column!r}", remedy=f"there are {', '.join(names[:20])}")
    return hits


def _is_inside(band: tuple[float, float] | None, wanted: tuple[float, float]) -> bool:
    return band is not None and wanted[0] <= float(np.sqrt(band[0] * band[1])) < wanted[1]


def _describe(channel: Channel) -> str:
    if channel.energy_kev is None:
        return channel.name
    return f"{channel.name} ({channel.energy_kev[0]:g}-{channel.energy_kev[1]:g} keV)"


def _summed(table: ChannelTable, chosen: IntArray) -> LightCurve:
    if table.t0_utc is None:
        raise ScienceError(
            f"{table.instrument}: the file has no time zero", remedy="give t0_utc, or --file-t0 of tocsin search"
        )
    bands = [band for index in chosen if (band := table.channels[index].energy_kev) is not None]
    variance = table.variance_counts
    return LightCurve(
        table.instrument,
        table.t0_utc,
        table.start_s,
        table.width_s,
        table.counts[chosen].sum(axis=0),
        exposure_s=table.exposure_s,
        mask=table.mask,
        energy_kev=(min(b[0] for b in bands), max(b[1] for b in bands)) if len(bands) == chosen.size else None,
        dead_time_s=table.dead_time_s,
        timing=table.timing,
        variance_counts=None if variance is None else variance[chosen].sum(axis=0),
    )


def with_t0(table: ChannelTable, t0_utc: datetime | str | None) -> ChannelTable:
    """Table whose time zero is the stated one; a difference over 1 ms from the file's is noted in its timing."""
    if t0_utc is None:
        return table
    stated = to_utc(t0_utc)
    if table.t0_utc is None:
        return replace(table, t0_utc=stated)
    difference = elapsed_s(table.t0_utc, stated)
    if not table.has_zero:
        return replace(table, t0_utc=stated, start_s=table.start_s - difference)
    if abs(difference) <= T0_TOLERANCE_S:
        return replace(table, t0_utc=stated)
    note = (
        f"stated T0 {iso_utc(stated)} differs from the file's {iso_utc(table.t0_utc)} by {difference:+.6f} s; "
        "the stated one is used"
    )
    return replace(table, t0_utc=stated, timing=add_note(table.timing, note))


def add_note(timing: Timing, note: str) -> Timing:
    """Timing with a further remark."""
    return replace(timing, note=f"{timing.note}; {note}" if timing.note else note)


def rebin(curve: LightCurve, bin_s: float | None) -> LightCurve:
    """Light curve in wider bins, each the sum of k native ones; a group with a masked bin or a gap is dropped.

    Raises
    ------
    ScienceError
        `bin_s` is no multiple of the native width (to 1 %), or the native bins are of different widths.
    """
    if bin_s is None or not len(curve):
        return curve
    native_s = float(np.median(curve.width_s))
    k = round(bin_s / native_s)
    if k < 1 or abs(k * native_s - bin_s) > 0.01 * bin_s or np.ptp(curve.width_s) > 0.01 * native_s:
        raise ScienceError(
            f"{curve.instrument}: bins of {native_s:g} s cannot be made into bins of {bin_s:g} s",
            remedy="choose a multiple of the native bin",
        )
    return curve if k == 1 else _grouped(curve, k)


def _grouped(curve: LightCurve, k: int) -> LightCurve:
    step_is_gap = np.diff(curve.start_s) > 1.5 * curve.width_s[:-1]
    segment = np.concatenate([[0], np.cumsum(step_is_gap)])
    first = np.concatenate([[0], np.flatnonzero(step_is_gap) + 1])
    place = (np.arange(len(curve)) - first[segment]) // k
    group = np.unique(segment * (len(curve) + 1) + place, return_inverse=True)[1]
    whole = np.bincount(group, weights=curve.usable) == k
    heads = np.searchsorted(group, np.flatnonzero(whole))

    def sums(values: FloatArray | None) -> FloatArray | None:
        return None if values is None else np.bincount(group, weights=np.where(curve.usable, values, 0.0))[whole]

    return curve.replace(
        start_s=curve.start_s[heads],
        width_s=sums(curve.width_s),
        counts=sums(curve.counts),
        exposure_s=sums(curve.exposure_s),
        variance_counts=sums(curve.variance_counts),
        mask=None,
    )


def bins_from_starts(start_s: npt.ArrayLike) -> FloatArray:
    """Widths of bins given by their starts alone, s, shape (n,): the step to the next; a lone long step is a gap."""
    start = np.asarray(start_s, dtype=np.float64)
    if start.size < 2:
        raise ScienceError(
            "a light curve of fewer than two rows has no bin width", remedy="give bin_s or a longer file"
        )
    step = np.diff(start)
    if (step <= 0).any():
        row = int(np.argmax(step <= 0)) + 2
        raise ScienceError(
            f"time goes backwards or repeats at row {row} ({start[row - 1]:g} s)", remedy="sort the rows"
        )
    width = np.append(step, step[-1])
    before, after = step[:-1], np.append(step[2:], step[-2] if step.size > 1 else step[-1])
    if step.size > 1:
        is_gap = (step[1:] > 1.5 * before) & (after < 0.75 * step[1:])
        width[1:-1][is_gap] = before[is_gap]
    return width
