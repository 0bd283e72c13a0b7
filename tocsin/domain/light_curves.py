"""Light curves and event lists: counts against time at one instrument.

Times are float64 seconds relative to a stated T0 in true UTC at the instrument's own place; one float64 Julian
date would step by 40 us.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.leap_seconds import elapsed_s

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

#: Two bins may overlap by this share of a bin: print rounding of time columns, never more.
OVERLAP_TOLERANCE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How far the times of a light curve can be trusted.

    Parameters
    ----------
    product
        Product kind the data came from, e.g. ``realtime``, ``consolidated``, ``tte``, ``trigdat``.
    clock_error_s
        Systematic error of the clock, 1 sigma.
    is_approximate
        True for data whose time correlation will still be improved (real-time telemetry).
    note
        What a person should know: corrections applied, doubts.
    """

    product: str
    clock_error_s: float = 0.0
    is_approximate: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class LightCurve:
    """Counts per bin of one instrument in one energy band.

    Parameters
    ----------
    instrument
        Name of the instrument, e.g. ``SPI-ACS``, ``Fermi-GBM``, ``Konus-Wind``.
    t0_utc
        Time zero of `start_s`: true UTC at the instrument; aware datetime or ISO 8601 string.
    start_s
        Starts of the bins, shape (n,), s since T0, ascending; bins need not touch.
    width_s
        Widths of the bins, s, shape (n,) or one number.
    counts
        Counts per bin, shape (n,). May be non-integer (dead-time corrected) and, with `variance_counts`, negative
        (background-subtracted rates times widths).
    exposure_s
        Live time per bin, s, shape (n,); None: equal to the width.
    variance_factor
        Measured variance over mean (phi); None: not known.
    mask
        Shape (n,), True where a bin must not be used (gap, saturation, NaN); None: all usable.
    energy_kev
        Energy band (low, high), keV.
    dead_time_s
        Dead time per event, s.
    timing
        See `Timing`.
    variance_counts
        Variance of each bin's counts, shape (n,), where it is not the Poisson one.

    Raises
    ------
    ScienceError
        Lengths differ, times go backwards or overlap, an unmasked bin is NaN, or negative without a variance.
    """

    instrument: str
    t0_utc: datetime
    start_s: FloatArray
    width_s: FloatArray
    counts: FloatArray
    exposure_s: FloatArray | None = None
    variance_factor: float | None = None
    mask: BoolArray | None = None
    energy_kev: tuple[float, float] | None = None
    dead_time_s: float | None = None
    timing: Timing | None = None
    variance_counts: FloatArray | None = None

    def __post_init__(self) -> None:
        """Normalise the arrays, make them read-only and refuse what could give a silent wrong number."""
        put = object.__setattr__
        put(self, "t0_utc", to_utc(self.t0_utc))
        start = read_only(self.start_s)
        n = start.size
        put(self, "start_s", start)
        put(self, "width_s", read_only(np.broadcast_to(np.asarray(self.width_s, dtype=float), (n,))))
        put(self, "counts", read_only(self.counts))
        for name in ("exposure_s", "variance_counts"):
            if (value := getattr(self, name)) is not None:
                put(self, name, read_only(np.broadcast_to(np.asarray(value, dtype=float), (n,))))
        if self.mask is not None:
            mask = np.array(self.mask, dtype=bool)
            mask.flags.writeable = False
            put(self, "mask", mask)
        self._check()

    def _check(self) -> None:
        n = self.start_s.size
        for name in ("width_s", "counts", "exposure_s", "mask", "variance_counts"):
            value = getattr(self, name)
            if value is not None and value.shape != (n,):
                raise ScienceError(f"{self.instrument}: {name} has shape {value.shape}, bins are {n}")
        if not (np.isfinite(self.start_s).all() and np.isfinite(self.width_s).all() and (self.width_s > 0).all()):
            raise ScienceError(f"{self.instrument}: bin times are not finite or widths not positive")
        step = np.diff(self.start_s)
        if (step <= 0).any():
            at = self.start_s[1:][step <= 0][0]
            raise ScienceError(
                f"{self.instrument}: time goes backwards or repeats at {at:.3f} s",
                remedy="sort the rows, drop repeats",
            )
        overlap = self.width_s[:-1] - step
        if (overlap > OVERLAP_TOLERANCE * self.width_s[:-1] + 1e-9).any():
            at = self.start_s[1:][overlap > OVERLAP_TOLERANCE * self.width_s[:-1] + 1e-9][0]
            raise ScienceError(f"{self.instrument}: bins overlap at {at:.3f} s")
        used = self.counts[self.usable]
        if not np.isfinite(used).all():
            raise ScienceError(f"{self.instrument}: counts are not finite in unmasked bins", remedy="mask those bins")
        if self.variance_counts is None and (used < 0).any():
            raise ScienceError(
                f"{self.instrument}: negative counts without a variance",
                remedy="give variance_counts for rates",
            )

    def __len__(self) -> int:
        return int(self.start_s.size)

    @property
    def usable(self) -> BoolArray:
        """Bins that may be used, shape (n,)."""
        return np.ones(self.start_s.size, dtype=bool) if self.mask is None else ~self.mask

    @property
    def stop_s(self) -> FloatArray:
        """Ends of the bins, s since T0, shape (n,)."""
        return np.asarray(self.start_s + self.width_s)

    @property
    def live_s(self) -> FloatArray:
        """Live time of each bin, s, shape (n,)."""
        return self.width_s if self.exposure_s is None else self.exposure_s

    def replace(self, **changes: Any) -> "LightCurve":
        """Copy with some fields changed."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return LightCurve(**(fields | changes))

    def select(self, keep: BoolArray) -> "LightCurve":
        """Only the bins where `keep` is True, shape (n,)."""
        names = ("start_s", "width_s", "counts", "exposure_s", "mask", "variance_counts")
        return self.replace(**{k: v[keep] for k in names if (v := getattr(self, k)) is not None})

    def between(self, start_s: float, stop_s: float) -> "LightCurve":
        """Only the bins that lie wholly within [start_s, stop_s], s since T0."""
        return self.select((self.start_s >= start_s - 1e-9) & (self.stop_s <= stop_s + 1e-9))

    def with_t0(self, t0_utc: datetime | str) -> "LightCurve":
        """Same bins, times relative to another T0."""
        new = to_utc(t0_utc)
        return self.replace(t0_utc=new, start_s=self.start_s + elapsed_s(new, self.t0_utc))


@dataclass(frozen=True, slots=True, eq=False)
class EventList:
    """Single photons of one instrument.

    Parameters
    ----------
    instrument
        Name of the instrument.
    t0_utc
        Time zero of `times_s`, true UTC at the instrument.
    times_s
        Arrival times, shape (n,), s since T0, ascending.
    channel
        Detector channel of each photon, shape (n,), or None.
    channel_edges_kev
        Energy edges of the channels, keV, shape (n_channels, 2), or None.
    good_s
        Good-time intervals, s since T0, shape (m, 2), or None for the whole span.
    dead_time_s
        Dead time per event, s.
    timing
        See `Timing`.
    """

    instrument: str
    t0_utc: datetime
    times_s: FloatArray
    channel: IntArray | None = None
    channel_edges_kev: FloatArray | None = None
    good_s: FloatArray | None = None
    dead_time_s: float | None = None
    timing: Timing | None = None

    def __post_init__(self) -> None:
        """Normalise the arrays and make them read-only."""
        put = object.__setattr__
        put(self, "t0_utc", to_utc(self.t0_utc))
        put(self, "times_s", read_only(self.times_s))
        if (np.diff(self.times_s) < 0).any() or not np.isfinite(self.times_s).all():
            raise ScienceError(f"{self.instrument}: event times are not finite and ascending", remedy="sort them")

    def in_band(self, energy_kev: tuple[float, float]) -> FloatArray:
        """Arrival times of the photons whose channel centre lies within `energy_kev`, s since T0, shape (k,)."""
        if self.channel is None or self.channel_edges_kev is None:
            raise ScienceError(f"{self.instrument}: this event list has no energies")
        centre = np.sqrt(self.channel_edges_kev[:, 0] * self.channel_edges_kev[:, 1])
        wanted = (centre >= energy_kev[0]) & (centre < energy_kev[1])
        return self.times_s[wanted[self.channel]]

    def binned(
        self, width_s: float, *, start_s: float, stop_s: float, energy_kev: tuple[float, float] | None = None
    ) -> LightCurve:
        """Light curve with bins of `width_s` from `start_s` to about `stop_s`; bins off the good times masked."""
        n = max(1, round((stop_s - start_s) / width_s))
        edges = np.asarray(start_s + width_s * np.arange(n + 1), dtype=np.float64)
        times = self.times_s if energy_kev is None else self.in_band(energy_kev)
        counts = np.diff(np.searchsorted(times, edges)).astype(float)
        good = np.array([[self.times_s[0], self.times_s[-1]]]) if self.good_s is None else np.asarray(self.good_s)
        inside = ((edges[:-1, None] >= good[None, :, 0]) & (edges[1:, None] <= good[None, :, 1])).any(axis=1)
        return LightCurve(
            self.instrument,
            self.t0_utc,
            start_s=edges[:-1],
            width_s=np.asarray(np.diff(edges), dtype=np.float64),
            counts=counts,
            mask=np.logical_not(inside),
            energy_kev=energy_kev,
            dead_time_s=self.dead_time_s,
            timing=self.timing,
        )


def read_only(values: npt.ArrayLike) -> FloatArray:
    """Read-only float64 copy."""
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array
