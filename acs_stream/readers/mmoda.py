"""MMODA's FITS product of SPI-ACS (`spiacs_lc_query`): RATE extension, times in TT.

The bins are 0.1 s but for a few of 0.05 or 0.15 s (1 or 3 raw samples): the width of each row is read off its own error
(ERROR^2 = RATE / width) and the times are taken row by row, never from TIMEDEL. DATE-OBS and DATE-END are not used.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from acs_stream.readers import spi_acs
from acs_stream.readers.content import open_fits
from acs_stream.readers.table import Channel, ChannelTable, add_note
from acs_stream.time_systems import integral_met_seconds_since, integral_met_to_utc, tt_minus_utc_s
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray

MJDREF = 51544.0
#: First row and TSTART may differ by a few bins, never by TT - UTC.
START_TOLERANCE_S = 5.0


def read_mmoda(content: bytes) -> ChannelTable:
    """SPI-ACS light curve of an MMODA FITS file.

    Raises
    ------
    ScienceError
        The times are not said to be TT since MJD 51544, or contradict the header.
    """
    with open_fits(content) as hdus:
        header, data = hdus["RATE"].header, hdus["RATE"].data
        return rate_table(header, {name: np.asarray(data[name]) for name in ("TIME", "RATE", "ERROR")})


def rate_table(header: Any, columns: Mapping[str, Any]) -> ChannelTable:
    """Light curve of the header and the columns TIME, RATE, ERROR of MMODA's RATE extension.

    Raises
    ------
    ScienceError
        As `read_mmoda`.
    """
    time_s, rate, error = (np.asarray(columns[name], dtype=np.float64) for name in ("TIME", "RATE", "ERROR"))
    zero_s = float(header["TIMEZERO"])
    _check_time_system(header, zero_s, time_s)
    nominal_s = float(header.get("TIMEDEL", 0.1))
    instrument = str(header.get("INSTRUME", "")).strip().upper()
    if instrument.startswith("POLAR"):
        return _plain_table(time_s, rate, error, zero_s=zero_s, width_s=nominal_s)
    if not instrument.startswith("SPI-ACS"):
        raise ScienceError("the file is no SPI-ACS light curve (INSTRUME)")
    return _table(time_s, rate, error, zero_s=zero_s, nominal_s=nominal_s)


def _plain_table(
    time_s: FloatArray, rate: FloatArray, error: FloatArray, *, zero_s: float, width_s: float
) -> ChannelTable:
    """Rates with their stated errors, all bins of one width, times their middles."""
    good = np.isfinite(time_s) & np.isfinite(rate) & np.isfinite(error)
    if not good.any() or width_s <= 0:
        raise ScienceError("no finite row in the file, or no width of its bins (TIMEDEL)")
    t0_utc = integral_met_to_utc(zero_s)
    start_s = integral_met_seconds_since(time_s[good], t0_utc, zero_s=zero_s) - width_s / 2
    return ChannelTable(
        instrument="POLAR",
        t0_utc=t0_utc,
        start_s=start_s,
        width_s=np.full(start_s.size, width_s),
        channels=(Channel(name="rate"),),
        counts=(rate[good] * width_s)[None, :],
        variance_counts=((error[good] * width_s) ** 2)[None, :],
        timing=spi_acs.CONSOLIDATED,
    )


def _check_time_system(header: Any, zero_s: float, time_s: FloatArray) -> None:
    system = str(header.get("TIMESYS", "")).strip().upper()
    if system != "TT" or float(header.get("MJDREF", MJDREF)) != MJDREF:
        raise ScienceError(
            f"times are in {system or 'an unnamed system'} since MJD {header.get('MJDREF')}, not in TT since MJD 51544",
            remedy="UTC would be 69 s off: have the file made again",
        )
    if "TSTART" not in header:
        return
    offset_s = zero_s + float(np.nanmin(time_s)) - float(header["TSTART"])
    if abs(offset_s) > START_TOLERANCE_S:
        tt_utc_s = tt_minus_utc_s(integral_met_to_utc(zero_s))
        hint = ": one of them is UTC" if abs(abs(offset_s) - tt_utc_s) < START_TOLERANCE_S else ""
        raise ScienceError(f"the first row and TSTART are {offset_s:+.3f} s apart{hint}")


def _table(time_s: FloatArray, rate: FloatArray, error: FloatArray, *, zero_s: float, nominal_s: float) -> ChannelTable:
    good = np.isfinite(time_s) & np.isfinite(rate) & np.isfinite(error)
    time_s, rate, error = time_s[good], rate[good], error[good]
    if not time_s.size:
        raise ScienceError("no finite row in the file")
    known = (rate > 0) & (error > 0)
    samples = np.round(np.where(known, rate, 1.0) / np.where(known, error, 1.0) ** 2 / spi_acs.BIN_S)
    width = np.where(known & (samples >= 1), samples * spi_acs.BIN_S, nominal_s)
    t0_utc = integral_met_to_utc(zero_s)
    counts = rate * width
    unusable = spi_acs.unusable(counts, width)
    mask = ~known if unusable is None else ~known | unusable
    note = "rows of rate 0 are masked" if (~known).any() else ""
    return ChannelTable(
        instrument=spi_acs.INSTRUMENT,
        t0_utc=t0_utc,
        start_s=integral_met_seconds_since(time_s, t0_utc, zero_s=zero_s) - width / 2,
        width_s=width,
        channels=(spi_acs.BAND,),
        counts=np.round(counts, 6)[None, :],
        mask=mask if mask.any() else None,
        timing=add_note(spi_acs.CONSOLIDATED, note) if note else spi_acs.CONSOLIDATED,
    )
