"""Readers: one function for every light-curve format, `read_light_curve`; pure but for reading the file it is given.

What cannot be read honestly (gaps in the header, repeated rows, times in the wrong system, a page or an error word
instead of data) is a `ScienceError`; rows that hold no number are dropped, saturated and lost bins masked; nothing is
filled in.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

from acs_stream.readers import gbm, ipn, isdc, missions, mmoda, swift, tables_of_text
from acs_stream.readers.content import NoReplyError, ServerWordError, load, name_of
from acs_stream.readers.formats import guess_format
from acs_stream.readers.table import ChannelTable, to_channels, to_light_curve, with_t0
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import EventList, FloatArray, LightCurve

__all__ = [
    "FORMATS",
    "ServerWordError",
    "guess_format",
    "read_channels",
    "read_event_list",
    "read_light_curve",
    "read_table",
]

READERS: Mapping[str, Callable[[bytes], ChannelTable]] = {
    "ipn-thr": ipn.read_thr,
    "ipnlc": ipn.read_thr,
    "genlc": isdc.read_genlc,
    "rtlc-json": isdc.read_rtlc,
    "lcdump": isdc.read_lcdump,
    "mmoda-fits": mmoda.read_mmoda,
    "gbm-cspec": gbm.read_cspec,
    "gbm-trigdat": gbm.read_trigdat,
    "swift-bat-rate": swift.read_bat_rate,
    "svom-grm-evt": missions.read_grm_events,
    "gecam-evt": missions.read_gecam_events,
    "hxmt-he-evt": missions.read_hxmt_events,
    "hxmt-lc": missions.read_hxmt_curve,
    "stix-ql-lc": missions.read_stix_quicklook,
    "csv": tables_of_text.read_csv,
    "picsit": tables_of_text.read_picsit,
}
#: Names that burst files and the command line know.
FORMATS = (*READERS, "gbm-tte")
#: Bins of photon lists where none are asked for, s.
TTE_BIN_S = 0.064


def read_light_curve(
    path_or_bytes: Path | str | bytes,
    *,
    format: str,  # noqa: A002 - the word of burst files
    columns: Sequence[str | int] | None = None,
    energy_kev: tuple[float, float] | None = None,
    instrument: str | None = None,
    t0_utc: datetime | str | None = None,
    bin_s: float | None = None,
) -> LightCurve:
    """Light curve in a file: the chosen channels summed.

    Parameters
    ----------
    path_or_bytes
        File, or its content.
    format
        One of `FORMATS`; see `guess_format`.
    columns
        Channels by name, by number from 1, or by detector; None: all but columns that are sums.
    energy_kev
        Band (low, high): channels whose centre lies inside.
    instrument
        Name to use instead of the file's own.
    t0_utc
        Time zero of the file at the craft; wins over the file, a difference over 1 ms is noted in ``timing.note``.
    bin_s
        Bin width: a multiple of the native one; for photon lists any (default 64 ms).

    Raises
    ------
    ScienceError
        The data are not what they should be, or there is no time zero, or no such channel.
    """
    content = load(path_or_bytes)
    if format == "gbm-tte":
        return _named(_binned(gbm.read_tte(content), columns, energy_kev, t0_utc, bin_s), instrument)
    table = read_table(content, format=format, t0_utc=t0_utc, name=name_of(path_or_bytes))
    return _named(to_light_curve(table, columns=columns, energy_kev=energy_kev, bin_s=bin_s), instrument)


def read_channels(
    path_or_bytes: Path | str | bytes,
    *,
    format: str,  # noqa: A002 - the word of burst files
    columns: Sequence[str | int] | None = None,
    energy_kev: tuple[float, float] | None = None,
    instrument: str | None = None,
    t0_utc: datetime | str | None = None,
    bin_s: float | None = None,
) -> tuple[LightCurve, ...]:
    """One light curve per chosen channel of a file; arguments as of `read_light_curve`."""
    content = load(path_or_bytes)
    if format == "gbm-tte":
        return (_named(_binned(gbm.read_tte(content), columns, energy_kev, t0_utc, bin_s), instrument),)
    table = read_table(content, format=format, t0_utc=t0_utc, name=name_of(path_or_bytes))
    return tuple(_named(c, instrument) for c in to_channels(table, columns=columns, energy_kev=energy_kev, bin_s=bin_s))


def read_table(
    content: bytes,
    *,
    format: str,  # noqa: A002 - the word of burst files
    t0_utc: datetime | str | None = None,
    name: str = "the data",
) -> ChannelTable:
    """Channels as read, with the time zero applied."""
    reader = READERS.get(format)
    if reader is None:
        raise ScienceError(f"there is no light-curve format {format!r}", remedy=f"one of {', '.join(FORMATS)}")
    try:
        table = with_t0(reader(content), t0_utc)
    except ServerWordError:
        raise
    except NoReplyError as error:
        raise NoReplyError(f"{name}: {error.message}", remedy=error.remedy) from error
    except ScienceError as error:
        raise ScienceError(f"{name}: {error.message}", remedy=error.remedy) from error
    except (OverflowError, ValueError) as error:
        raise ScienceError(f"{name} is no {format} data: {error}") from error
    return table


def read_event_list(path_or_bytes: Path | str | bytes, *, t0_utc: datetime | str | None = None) -> EventList:
    """Photon list of one GBM detector (TTE), time zero its trigger time or the stated one."""
    events = gbm.read_tte(load(path_or_bytes))
    return events if t0_utc is None else _at(events, t0_utc)


def _at(events: EventList, t0_utc: datetime | str) -> EventList:
    """Photon list whose time zero is the stated one, which wins."""
    table = ChannelTable(
        instrument=events.instrument,
        t0_utc=events.t0_utc,
        start_s=np.zeros(1),
        width_s=np.ones(1),
        channels=(),
        counts=np.zeros((0, 1)),
        timing=events.timing or gbm.TTE_TIMING,
    )
    moved = with_t0(table, t0_utc)
    return replace(events, t0_utc=moved.t0_utc or events.t0_utc, timing=moved.timing)


def _binned(
    events: EventList,
    columns: Sequence[str | int] | None,
    energy_kev: tuple[float, float] | None,
    t0_utc: datetime | str | None,
    bin_s: float | None,
) -> LightCurve:
    events = events if t0_utc is None else _at(events, t0_utc)
    if columns is not None:
        events = _only_channels(events, columns)
    width_s = bin_s or TTE_BIN_S
    start_s, stop_s = (np.floor(float(events.times_s[k]) / width_s) * width_s for k in (0, -1))
    curve = events.binned(width_s, start_s=float(start_s), stop_s=float(stop_s) + width_s, energy_kev=energy_kev)
    if energy_kev is not None and not curve.counts.any():
        raise ScienceError(f"{events.instrument}: no photon of {energy_kev[0]:g} to {energy_kev[1]:g} keV")
    return curve.select(curve.usable).replace(mask=None)


def _only_channels(events: EventList, columns: Sequence[str | int]) -> EventList:
    channel: FloatArray | None = None if events.channel is None else np.asarray(events.channel, dtype=np.float64)
    try:
        wanted = [int(column) for column in columns]
    except ValueError as error:
        raise ScienceError("columns of a photon list are channel numbers from 0") from error
    keep = np.isin(channel, wanted) if channel is not None else np.zeros(events.times_s.size, dtype=bool)
    if not keep.any():
        raise ScienceError(f"no photon in channels {columns}")
    return replace(
        events, times_s=events.times_s[keep], channel=None if events.channel is None else events.channel[keep]
    )


def _named(curve: LightCurve, instrument: str | None) -> LightCurve:
    return curve if instrument is None else curve.replace(instrument=instrument)
