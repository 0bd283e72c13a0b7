"""Rows of the archive: one bin each, with its absolute time, its product kind and how far its time can be trusted.

Times are whole microseconds of **TT** since 2000-01-01T00:00:00 TT (the epoch of IJD): integers, so that a repeated
packet has exactly the same time, and TT, so that a leap second neither repeats nor leaves out anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

import numpy as np

from acs_stream.time_systems import SECOND_US, tt_us_to_utc, utc_to_tt_us
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import BoolArray, FloatArray, IntArray, LightCurve, Timing

#: Product kind of data that are right to about 1 ms and will not be improved.
CONSOLIDATED = "consolidated"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateKind:
    """What rows have in common: product kind, timing quality, band.

    Parameters
    ----------
    product, clock_error_s, is_approximate, note
        As in `Timing`.
    energy_kev
        Band (low, high), keV, or None.
    dead_time_s
        Dead time per event, s, or None.
    """

    product: str
    clock_error_s: float = 0.0
    is_approximate: bool = False
    note: str = ""
    energy_kev: tuple[float, float] | None = None
    dead_time_s: float | None = None

    @property
    def rank(self) -> int:
        """Higher replaces lower: 0 approximate (real-time), 1 others, 2 consolidated."""
        if self.is_approximate:
            return 0
        return 2 if self.product == CONSOLIDATED else 1

    @property
    def timing(self) -> Timing:
        """Timing of a light curve made of such rows alone."""
        return Timing(
            product=self.product,
            clock_error_s=self.clock_error_s,
            is_approximate=self.is_approximate,
            note=self.note,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateRows:
    """Bins of one instrument, in order of time.

    Parameters
    ----------
    start_tt_us
        Starts of the bins, microseconds of TT since 2000-01-01T00:00:00 TT, shape (n,).
    width_us, live_us
        Widths and live times, microseconds, shape (n,).
    counts
        Shape (n,).
    variance_counts
        Shape (n,); NaN where the variance is the Poisson one.
    is_masked
        Bins that must not be used (saturated, lost), shape (n,).
    kind
        Index into `kinds`, shape (n,).
    revision
        Order of arrival within a day, shape (n,): higher is newer.
    kinds
        See `RateKind`.
    """

    start_tt_us: IntArray
    width_us: IntArray
    live_us: IntArray
    counts: FloatArray
    variance_counts: FloatArray
    is_masked: BoolArray
    kind: IntArray
    revision: IntArray
    kinds: tuple[RateKind, ...]

    def __len__(self) -> int:
        return int(self.start_tt_us.size)

    @property
    def stop_tt_us(self) -> IntArray:
        """Ends of the bins, shape (n,)."""
        return np.asarray(self.start_tt_us + self.width_us)

    @property
    def rank(self) -> IntArray:
        """Rank of each row's kind, shape (n,)."""
        return np.array([kind.rank for kind in self.kinds] or [0], dtype=np.int64)[self.kind]

    @property
    def clock_error_s(self) -> FloatArray:
        """Systematic clock error of each row's kind, s, shape (n,)."""
        return np.array([kind.clock_error_s for kind in self.kinds] or [0.0])[self.kind]

    def take(self, which: BoolArray | IntArray) -> "RateRows":
        """Rows where a mask is True, or at given places in their order."""
        return replace(self, **{name: getattr(self, name)[which] for name in COLUMNS})

    def with_revision(self, revision: int) -> "RateRows":
        """Same rows as of another arrival."""
        return replace(self, revision=np.full(len(self), revision, dtype=np.int64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What became of rows handed in.

    Parameters
    ----------
    new
        Rows stored: bins that were not there, or better versions.
    repeated
        Rows left out: stored before, or worse than what is stored.
    """

    new: int = 0
    repeated: int = 0


COLUMNS = tuple(field.name for field in fields(RateRows) if field.name != "kinds")


def empty_rows() -> RateRows:
    """No rows."""
    whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
    return RateRows(
        start_tt_us=whole,
        width_us=whole,
        live_us=whole,
        counts=real,
        variance_counts=real,
        is_masked=np.zeros(0, dtype=bool),
        kind=whole,
        revision=whole,
        kinds=(),
    )


def joined(parts: Sequence[RateRows]) -> RateRows:
    """Rows of several tables one after the other, kinds unified; not yet sorted or merged."""
    parts = [part for part in parts if len(part)]
    if len(parts) < 2:
        return parts[0] if parts else empty_rows()
    kinds = tuple(dict.fromkeys(kind for part in parts for kind in part.kinds))
    places = [np.array([kinds.index(kind) for kind in part.kinds], dtype=np.int64)[part.kind] for part in parts]
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS if name != "kind"}
    return RateRows(kind=np.concatenate(places), kinds=kinds, **columns)


def from_light_curve(curve: LightCurve) -> RateRows:
    """Rows of a light curve; bins without a finite count are left out, never filled.

    Raises
    ------
    ScienceError
        The light curve does not say what its times are worth (no timing).
    """
    if curve.timing is None:
        raise ScienceError(f"{curve.instrument}: a light curve of no known product kind cannot be archived")
    curve = curve.select(np.isfinite(curve.counts))
    n = len(curve)
    timing = curve.timing or Timing(product="")
    variance = curve.variance_counts
    return RateRows(
        start_tt_us=utc_to_tt_us(curve.t0_utc) + _us(curve.start_s),
        width_us=_us(curve.width_s),
        live_us=_us(curve.live_s),
        counts=curve.counts,
        variance_counts=np.full(n, np.nan) if variance is None else variance,
        is_masked=np.logical_not(curve.usable),
        kind=np.zeros(n, dtype=np.int64),
        revision=np.zeros(n, dtype=np.int64),
        kinds=(
            RateKind(
                product=timing.product,
                clock_error_s=timing.clock_error_s,
                is_approximate=timing.is_approximate,
                note=timing.note,
                energy_kev=curve.energy_kev,
                dead_time_s=curve.dead_time_s,
            ),
        ),
    )


def _us(seconds: FloatArray) -> IntArray:
    return np.asarray(np.round(seconds * SECOND_US), dtype=np.int64)


def to_light_curve(rows: RateRows, *, instrument: str, t0_utc: datetime) -> LightCurve:
    """Light curve of merged rows that do not overlap; its timing is that of the worst of them, stretches named.

    Parameters
    ----------
    rows
        At least one.
    instrument
        Name of the instrument.
    t0_utc
        Time zero of the answer; bins are elapsed SI seconds from it.

    Raises
    ------
    ScienceError
        There is no row.
    """
    if not len(rows):
        raise ScienceError(f"the archive holds no {instrument} data for this time")
    kinds = [rows.kinds[k] for k in np.unique(rows.kind)]
    bands = [kind.energy_kev for kind in kinds]
    dead_times = {kind.dead_time_s for kind in kinds}
    poisson = np.isnan(rows.variance_counts)
    width_s, live_s = rows.width_us / SECOND_US, rows.live_us / SECOND_US
    return LightCurve(
        instrument,
        t0_utc,
        start_s=np.asarray((rows.start_tt_us - utc_to_tt_us(t0_utc)) / SECOND_US),
        width_s=np.asarray(width_s),
        counts=rows.counts,
        exposure_s=None if np.array_equal(rows.width_us, rows.live_us) else np.asarray(live_s),
        mask=rows.is_masked if rows.is_masked.any() else None,
        energy_kev=bands[0] if len(set(bands)) == 1 else None,
        dead_time_s=dead_times.pop() if len(dead_times) == 1 else None,
        timing=_timing(rows, kinds),
        variance_counts=None if poisson.all() else np.where(poisson, rows.counts, rows.variance_counts),
    )


def _timing(rows: RateRows, kinds: Sequence[RateKind]) -> Timing:
    """Timing of the worst rows; with several kinds, which stretch is of which."""
    worst = min(kinds, key=lambda kind: (kind.rank, -kind.clock_error_s))
    if len(kinds) == 1:
        return worst.timing
    notes = [note for kind in kinds if (note := kind.note)]
    return Timing(
        product=worst.product,
        clock_error_s=max(kind.clock_error_s for kind in kinds),
        is_approximate=any(kind.is_approximate for kind in kinds),
        note="; ".join(dict.fromkeys([*_stretches(rows, kinds), *notes])),
    )


def _stretches(rows: RateRows, kinds: Sequence[RateKind]) -> list[str]:
    found = []
    for product in dict.fromkeys(kind.product for kind in kinds):
        numbers = [k for k, kind in enumerate(rows.kinds) if kind.product == product]
        mine = np.isin(rows.kind, numbers)
        first, last = (tt_us_to_utc(int(t)) for t in (rows.start_tt_us[mine].min(), rows.stop_tt_us[mine].max()))
        found.append(f"{product}: {int(mine.sum())} bins from {first:%H:%M:%S} to {last:%H:%M:%S} UTC")
    return found
