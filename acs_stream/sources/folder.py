"""Light curves that arrive as files: the IPN inbox.

Formats and instruments are told from the content, positions come from .eph files beside, from the file itself, or from
elements (.tle) and tables (.vec, .horizons, GBM position history) of the craft.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path

from acs_stream.instruments import Instrument
from acs_stream.positions import read_eph, read_mmoda_position, read_positions, read_trigdat_positions
from acs_stream.readers import FORMATS, guess_format, read_channels, read_light_curve
from acs_stream.readers.content import load
from acs_stream.sources.isdc import with_clock_error
from acs_stream.sources.model import Availability, AvailabilityState, FetchedLightCurve
from tocsin.domain.clock import Clock, to_utc
from tocsin.domain.errors import DataNotYetError, ScienceError
from tocsin.domain.leap_seconds import elapsed_s
from tocsin.domain.light_curves import LightCurve
from triangulation.ephemeris_file import interpolated
from triangulation.geometry import SpacecraftPosition

#: Files above this size are no light curve of a burst.
LARGEST_BYTES = 500_000_000
#: A position this far from the light curve in time says nothing of it, s.
POSITION_REACH_S = 600.0
#: Endings of files of positions, whose names hold that of the craft.
EPHEMERIS_ENDINGS = (".tle", ".vec", ".horizons", ".ephs")
#: Bins of photon lists read from the inbox, s.
TTE_BIN_S = 0.004
#: Finer formats first where several files of one instrument cover a time.
PREFERENCE = (
    "gbm-tte",
    "ipn-thr",
    "mmoda-fits",
    "swift-bat-rate",
    "genlc",
    "rtlc-json",
    "lcdump",
    "ipnlc",
    "gbm-trigdat",
    "gbm-cspec",
    "csv",
    "picsit",
)


class FolderSource:
    """Files of one instrument in a folder and the folders in it.

    Parameters
    ----------
    instrument
        Entry of the instrument table.
    folder
        The inbox; it need not exist yet.
    clock
        Tells the time.
    hint
        Said wherever there is no file: why nobody else is asked.
    """

    def __init__(self, instrument: Instrument, *, folder: Path, clock: Clock, hint: str = "") -> None:
        self.table = instrument
        self._hint = f" ({hint})" if hint else ""
        self._folder = folder
        self._clock = clock
        self._seen: dict[tuple[str, int, int], FetchedLightCurve | None] = {}

    @property
    def instrument(self) -> str:
        """Name of the instrument."""
        return self.table.name

    def availability(self, t0_utc: datetime, window_s: float, now: datetime) -> Availability:
        """See `LightCurveSource`: expected while a file may still come, never after the instrument's end."""
        t0 = to_utc(t0_utc)
        if (reason := self.table.never_reason(t0)) is not None:
            return Availability(state=AvailabilityState.NEVER, reason=reason)
        found = self._find(t0, window_s)
        if found is not None:
            return Availability(state=AvailabilityState.AVAILABLE, reason=f"file {Path(found.origin).name}")
        if self.table.has_ended(now):
            reason = f"no file of {self.instrument} covers T0, and the instrument has ended{self._hint}"
            return Availability(state=AvailabilityState.UNKNOWN, reason=reason)
        if now > t0 + timedelta(seconds=self.table.give_up_after_s):
            reason = f"no file of {self.instrument} came in time{self._hint}"
            return Availability(state=AvailabilityState.NEVER, reason=reason)
        due = t0 + timedelta(seconds=self.table.typical_delay_s)
        hours = f"{self.table.typical_delay_s / 3600:.1f} h"
        reason = f"files of {self.instrument} arrive about {hours} after a burst{self._hint}"
        expected = max(due, now + timedelta(seconds=self.table.retry_s))
        return Availability(state=AvailabilityState.EXPECTED, expected_utc=expected, reason=reason)

    def fetch(self, t0_utc: datetime, window_s: float) -> FetchedLightCurve:
        """See `LightCurveSource`."""
        t0 = to_utc(t0_utc)
        found = self._find(t0, window_s)
        if found is not None:
            return found
        verdict = self.availability(t0, window_s, self._clock.now())
        if verdict.state is AvailabilityState.EXPECTED and verdict.expected_utc is not None:
            raise DataNotYetError(verdict.reason, expected_utc=verdict.expected_utc)
        raise ScienceError(verdict.reason)

    def _find(self, t0: datetime, window_s: float) -> FetchedLightCurve | None:
        """Best file whose data overlap T0 within the light travel time; longest cover of the window first."""
        reach = self.table.light_travel_s
        best: tuple[float, int, FetchedLightCurve] | None = None
        for path in self._files():
            item = self._read(path)
            if item is None:
                continue
            first = elapsed_s(t0, item.total.t0_utc) + float(item.total.start_s[0])
            last = elapsed_s(t0, item.total.t0_utc) + float(item.total.stop_s[-1])
            if first > reach or last < -reach:
                continue
            cover = min(last, window_s) - max(first, -window_s)
            key = (min(cover, 1.0) if reach > window_s else cover, -_rank(item))
            if best is None or key > best[:2]:
                best = (*key, item)
        return None if best is None else best[2]

    def _files(self) -> Iterator[Path]:
        if not self._folder.is_dir():
            return
        for path in sorted(self._folder.rglob("*")):
            if path.is_file() and not path.name.startswith(".") and path.stat().st_size <= LARGEST_BYTES:
                yield path

    def _read(self, path: Path) -> FetchedLightCurve | None:
        """Data of a file if it is this instrument's, remembered until the file changes; other files are passed over."""
        stat = path.stat()
        key = (str(path), stat.st_mtime_ns, stat.st_size)
        if key not in self._seen:
            try:
                self._seen[key] = self._load(path)
            except ScienceError:
                return None  # an .eph may still arrive beside it, or the file is still being written
        return self._seen[key]

    def _load(self, path: Path) -> FetchedLightCurve | None:
        content = load(path)
        form = guess_format(content)
        if form not in (self.table.formats or FORMATS):
            return None
        by_name = any(fnmatch(path.name, pattern) for pattern in self.table.files)
        positions = self._positions_beside(path) if by_name else ()
        t0_utc = _epoch_of(path, positions) if form == "ipn-thr" and _has_no_zero(content) else None
        bin_s = TTE_BIN_S if form == "gbm-tte" else None
        total = read_light_curve(content, format=form, t0_utc=t0_utc, bin_s=bin_s)
        if not (self.table.is_called(total.instrument) or (by_name and total.instrument == "unknown")):
            return None
        channels = read_channels(content, format=form, t0_utc=t0_utc, bin_s=bin_s)
        positions = positions or self._positions_beside(path) or _positions_within(content, form)
        positions = positions or self._ephemeris(path, total)
        return FetchedLightCurve(
            channels=tuple(self._named(curve) for curve in channels),
            total=self._named(total),
            position=self._place(positions, total),
            origin=str(path),
            raw=content,
        )

    def _named(self, curve: LightCurve) -> LightCurve:
        return with_clock_error(curve.replace(instrument=self.table.name), self.table)

    def _ephemeris(self, path: Path, total: LightCurve) -> tuple[SpacecraftPosition, ...]:
        """Position at T0 from a longer table or elements of this craft: beside the file, or in the inbox itself.

        A file that does not cover T0, or is stale, is passed over: without a position the curve makes no annulus.
        """
        for file in sorted({*path.parent.iterdir(), *self._folder.glob("*")}):
            if file == path or not file.is_file() or not self._is_ephemeris(file.name):
                continue
            try:
                table = read_positions(file, spacecraft=self.table.spacecraft, epoch_utc=total.t0_utc, half_span_s=60.0)
                return (interpolated(table, total.t0_utc),)
            except ScienceError:
                continue
        return ()

    def _is_ephemeris(self, name: str) -> bool:
        low, craft = name.casefold(), self.table.spacecraft.casefold()
        return (craft in low and low.endswith(EPHEMERIS_ENDINGS)) or (craft == "fermi" and "poshist" in low)

    def _place(self, positions: tuple[SpacecraftPosition, ...], total: LightCurve) -> SpacecraftPosition | None:
        """Position nearest in time to the light curve, with what the instrument's UTC means."""
        place = _nearest(positions, total)
        return None if place is None else replace(place, simultaneity=self.table.simultaneity)

    def _positions_beside(self, path: Path) -> tuple[SpacecraftPosition, ...]:
        """Positions of this craft in .eph files of the same folder."""
        found: list[SpacecraftPosition] = []
        for eph in sorted(path.parent.glob("*.eph")):
            if self.table.spacecraft.casefold() in eph.stem.casefold():
                found += read_eph(eph, spacecraft=self.table.spacecraft)
        return tuple(found)


def _positions_within(content: bytes, form: str) -> tuple[SpacecraftPosition, ...]:
    """Positions that the light-curve file itself holds."""
    if form == "gbm-trigdat":
        return read_trigdat_positions(content)
    if form == "mmoda-fits" and (place := read_mmoda_position(content)) is not None:
        return (place,)
    return ()


def _rank(item: FetchedLightCurve) -> int:
    form = guess_format(item.raw)
    return PREFERENCE.index(form) if form in PREFERENCE else len(PREFERENCE)


def _has_no_zero(content: bytes) -> bool:
    """A bare table of numbers, as Konus-Wind's: its time zero is in the .eph beside it."""
    first = content.lstrip()[:1]
    return first.isdigit() or first in {b"-", b"+", b"."}


def _epoch_of(path: Path, positions: tuple[SpacecraftPosition, ...]) -> datetime:
    """Time zero of a file that has none: the epoch of the .eph whose second is in the file's name, or the only one."""
    named = [p for p in positions if str(int(_second_of_day(p.epoch_utc))) in path.name]
    if len(named) == 1 or (not named and len(positions) == 1):
        return (named or list(positions))[0].epoch_utc
    raise ScienceError(f"{path.name} has no time zero", remedy="put the .eph of its trigger beside it")


def _second_of_day(moment: datetime) -> float:
    return moment.hour * 3600.0 + moment.minute * 60 + moment.second


def _nearest(positions: tuple[SpacecraftPosition, ...], curve: LightCurve) -> SpacecraftPosition | None:
    """Position nearest in time to the light curve's T0, None if none is within ten minutes."""
    if not positions:
        return None
    nearest = min(positions, key=lambda p: abs((p.epoch_utc - curve.t0_utc).total_seconds()))
    return nearest if abs((nearest.epoch_utc - curve.t0_utc).total_seconds()) <= POSITION_REACH_S else None
