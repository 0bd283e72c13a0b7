"""The archive of rates: append, read any interval in any bins, compact.

Layout: ``instrument=NAME/day=YYYY-MM-DD/part-*.parquet``. Parts are immutable and whichever of them exist are merged on
reading; so a writer may be killed at any moment, a packet may be stored twice, two writers may work at once, and what
is read is the same.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, unquote

import numpy as np

from acs_stream.archive.days import days_between, split_by_day
from acs_stream.archive.merging import merged, news, without_overlaps
from acs_stream.archive.parts import PartName, new_name, parse_name, read_parquet, to_parquet
from acs_stream.archive.regrid import nearest_edge_s, put_together, regrid
from acs_stream.archive.rows import Appended, RateRows, empty_rows, from_light_curve, joined, to_light_curve
from acs_stream.archive.storage import Storage, open_storage
from acs_stream.time_systems import SECOND_US, tt_us_to_utc, utc_to_tt_us
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import RemoteError, ScienceError
from tocsin.domain.light_curves import LightCurve

#: Rows this far around an interval take part in merging; no bin is wider (IBIS/Veto has 8 s), us.
MARGIN_US = 10 * SECOND_US
#: Parts below this many rows are small; so many small ones of a day are made into one.
SMALL_ROWS, SMALL_PARTS = 100_000, 16
#: Files may vanish under a reader while another process compacts: looked again so often.
TRIES = 50
#: Longer intervals are put into wider bins piece by piece, us.
PIECE_US = 86_400 * SECOND_US
ALL_TIME_US = (-(2**62), 2**62)


class RateArchive:
    """Rates of all instruments, kept for ever.

    Parameters
    ----------
    place
        Folder, fsspec URL or storage.
    """

    def __init__(self, place: str | Path | Storage) -> None:
        self._storage = open_storage(place) if isinstance(place, str | Path) else place

    @property
    def url(self) -> str:
        """Where it lies."""
        return self._storage.url

    def add(self, curve: LightCurve) -> Appended:
        """Store a light curve under its instrument's name; see `append`."""
        return self.append(curve.instrument, from_light_curve(curve))

    def append(self, instrument: str, rows: RateRows) -> Appended:
        """Store rows; when this returns they survive a power cut. Repeats and worse versions are left out.

        Raises
        ------
        RemoteError
            Not all could be stored: hand in the same again.
        """
        new = sum(self._append_day(instrument, day, part) for day, part in split_by_day(rows))
        return Appended(new=new, repeated=len(rows) - new)

    def _append_day(self, instrument: str, day: date, rows: RateRows) -> int:
        folder = _folder(instrument, day)
        names = self._names(folder)
        revision = 1 + max((name.revision for name in names), default=0)
        span = int(rows.start_tt_us.min()) - MARGIN_US, int(rows.stop_tt_us.max()) + MARGIN_US
        fresh = news(self._readable(folder, *span), rows.with_revision(revision))
        if len(fresh):
            self._storage.write(f"{folder}/{new_name(fresh)}", to_parquet(fresh))
            with suppress(ScienceError):  # a damaged file is left for people; what is new is stored
                self._tidy(instrument, day, names)
        return len(fresh)

    def _readable(self, folder: str, start_tt_us: int, stop_tt_us: int) -> RateRows:
        """Rows of a day; none where a file is damaged, so that it does not keep new rows from being stored."""
        try:
            return self._day(folder, start_tt_us, stop_tt_us)
        except ScienceError:
            return empty_rows()

    def _tidy(self, instrument: str, day: date, before: Sequence[PartName]) -> None:
        """Keep the number of parts small: now and then within the day, wholly when the next day begins."""
        if not before:
            self.compact(instrument, day - timedelta(days=1))
        if 1 + sum(name.rows < SMALL_ROWS for name in before) >= SMALL_PARTS:
            self.compact(instrument, day, below_rows=SMALL_ROWS)

    def compact(self, instrument: str, day: date, *, below_rows: int | None = None) -> int:
        """Make one part of a day's parts (those below a size); how many there were. Nothing that is read changes."""
        folder = _folder(instrument, day)
        for _ in range(TRIES):
            names = [name for name in self._names(folder) if below_rows is None or name.rows < below_rows]
            if len(names) < 2:
                return 0
            try:
                rows = self._merged(folder, names, *ALL_TIME_US)
            except FileNotFoundError:
                continue
            self._storage.write(f"{folder}/{new_name(rows)}", to_parquet(rows))
            for name in names:
                self._storage.remove(f"{folder}/{name.name}")
            return len(names)
        return 0

    def rows(self, instrument: str, start_utc: datetime | str, stop_utc: datetime | str) -> RateRows:
        """Rows whose bins lie wholly within an interval, merged: with kind and revision of each.

        Raises
        ------
        RemoteError
            The storage does not answer.
        ScienceError
            A file of the archive is damaged.
        """
        return self.rows_between(instrument, utc_to_tt_us(start_utc), utc_to_tt_us(stop_utc))

    def rows_between(self, instrument: str, start_tt_us: int, stop_tt_us: int) -> RateRows:
        """Rows whose bins lie wholly within an interval, microseconds of TT; see `rows`."""
        span = start_tt_us - MARGIN_US, stop_tt_us + MARGIN_US
        parts = [self._day(_folder(instrument, day), *span) for day in days_between(*span)]
        found = merged(joined(parts))
        return found.take((found.start_tt_us >= start_tt_us) & (found.stop_tt_us <= stop_tt_us))

    def read(
        self,
        instrument: str,
        start_utc: datetime | str,
        stop_utc: datetime | str,
        *,
        t0_utc: datetime | str | None = None,
        bin_s: float | None = None,
    ) -> LightCurve:
        """Light curve of an interval; gaps are absent, unusable bins masked, the timing is that of the worst rows.

        Parameters
        ----------
        instrument
            As stored.
        start_utc, stop_utc
            Interval: bins wholly within it.
        t0_utc
            Time zero of the answer; None: the start.
        bin_s
            Width of the bins, s; None: native. See `acs_stream.archive.regrid`.

        Raises
        ------
        ScienceError
            There are no data in the interval, a file is damaged, or `bin_s` is finer than the data.
        RemoteError
            The storage does not answer.
        """
        zero = to_utc(start_utc if t0_utc is None else t0_utc)
        start, stop = utc_to_tt_us(start_utc), utc_to_tt_us(stop_utc)
        if bin_s is None or stop - start <= PIECE_US:
            rows = without_overlaps(self.rows_between(instrument, start, stop))
            curve = to_light_curve(rows, instrument=instrument, t0_utc=zero)
            return curve if bin_s is None else regrid(curve, bin_s)
        return put_together(list(self._pieces(instrument, start, stop, zero, bin_s)))

    def _pieces(
        self, instrument: str, start_tt_us: int, stop_tt_us: int, zero: datetime, bin_s: float
    ) -> Iterator[LightCurve]:
        """Wider bins of a long interval, a day or so at a time: never more native rows in memory than that."""
        bin_us = max(round(bin_s * SECOND_US), 1)
        step_us = max(PIECE_US // bin_us, 1) * bin_us
        zero_us = utc_to_tt_us(zero)
        edge_s: float | None = None
        for number, low in enumerate(range(start_tt_us, stop_tt_us, step_us)):
            low_us, high_us = max(low - 2 * bin_us, start_tt_us), min(low + step_us + 2 * bin_us, stop_tt_us)
            rows = without_overlaps(self.rows_between(instrument, low_us, high_us))
            if not len(rows):
                continue
            curve = to_light_curve(rows, instrument=instrument, t0_utc=zero)
            edge_s = nearest_edge_s(curve) if edge_s is None else edge_s
            wide = regrid(curve, bin_s, edge_s=edge_s)
            middle_s = (np.floor((wide.start_s + wide.width_s / 2 - edge_s) / bin_s) + 0.5) * bin_s + edge_s
            first_s, last_s = (low - zero_us) / SECOND_US, (low + step_us - zero_us) / SECOND_US
            yield wide.select((middle_s >= (first_s if number else -np.inf)) & (middle_s < last_s))

    def instruments(self) -> tuple[str, ...]:
        """Names of the instruments it holds."""
        names = (name.partition("=") for name in self._storage.names(""))
        return tuple(unquote(value) for key, _, value in names if key == "instrument")

    def days(self, instrument: str) -> tuple[date, ...]:
        """UTC days of which it holds rows, in order."""
        names = (name.partition("=") for name in self._storage.names(_top(instrument)))
        return tuple(date.fromisoformat(value) for key, _, value in names if key == "day")

    def parts_of(self, instrument: str, day: date) -> tuple[str, ...]:
        """Names of the files of a day, sorted: they never change, so the same names are the same rows."""
        return tuple(name.name for name in self._names(_folder(instrument, day)))

    def last_tt_us(self, instrument: str) -> int | None:
        """End of the latest bin, microseconds of TT; None where there is none."""
        for day in reversed(self.days(instrument)):
            names = self._names(_folder(instrument, day))
            if names:
                end = max(name.last_tt_s for name in names) * SECOND_US
                rows = self._day(_folder(instrument, day), end - 2 * MARGIN_US, end)
                return int(rows.stop_tt_us.max())
        return None

    def last_utc(self, instrument: str) -> datetime | None:
        """End of the latest bin; None where there is none."""
        last = self.last_tt_us(instrument)
        return None if last is None else tt_us_to_utc(last)

    def _names(self, folder: str) -> list[PartName]:
        found = (parse_name(name) for name in self._storage.names(folder))
        return [name for name in found if name is not None]

    def _day(self, folder: str, start_tt_us: int, stop_tt_us: int) -> RateRows:
        """Rows of a day that start within [start, stop), merged; looked at again if files vanish meanwhile."""
        for _ in range(TRIES):
            names = [name for name in self._names(folder) if name.overlaps(start_tt_us, stop_tt_us)]
            try:
                return self._merged(folder, names, start_tt_us, stop_tt_us)
            except FileNotFoundError:
                continue
        raise RemoteError(f"files of {folder} vanish faster than they are read", remedy="is something deleting them?")

    def _merged(self, folder: str, names: Sequence[PartName], start_tt_us: int, stop_tt_us: int) -> RateRows:
        if not names:
            return empty_rows()
        return merged(joined([self._part(f"{folder}/{name.name}", start_tt_us, stop_tt_us) for name in names]))

    def _part(self, path: str, start_tt_us: int, stop_tt_us: int) -> RateRows:
        with self._storage.open(path) as file:
            return read_parquet(file, start_tt_us, stop_tt_us, name=path)


def _top(instrument: str) -> str:
    if not instrument.strip("."):
        raise ScienceError(f"{instrument!r} is no name of an instrument")
    return f"instrument={quote(instrument, safe='')}"


def _folder(instrument: str, day: date) -> str:
    return f"{_top(instrument)}/day={day.isoformat()}"


def span_utc(rows: RateRows) -> tuple[datetime, datetime] | None:
    """First start and last end of rows; None where there are none."""
    if not len(rows):
        return None
    return tt_us_to_utc(int(np.min(rows.start_tt_us))), tt_us_to_utc(int(np.max(rows.stop_tt_us)))
