"""Rows of the real-time stream as they come, in any order and repeated, into rows of the archive. Pure."""

import numpy as np

from acs_stream.archive.rows import RateKind, RateRows
from acs_stream.readers.isdc import table_of_packets
from acs_stream.readers.table import ChannelTable
from acs_stream.time_systems import SECOND_US, utc_to_tt_us
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray, IntArray


def rows_of_packets(counts: FloatArray, ijd: FloatArray) -> RateRows:
    """Rows of real-time SPI-ACS counts: in order of time, each bin once.

    Unlike a light curve, rows may overlap a little where the time correlation was corrected between two packets.

    Parameters
    ----------
    counts, ijd
        Counts per bin and its centre, d, TT; shape (n,), n at least 1.

    Raises
    ------
    ScienceError
        Counts are negative, or a time is out of any range.
    """
    if (counts < 0).any():
        raise ScienceError("negative counts in the real-time data")
    return _rows(table_of_packets(counts, ijd))


def _rows(table: ChannelTable) -> RateRows:
    if table.t0_utc is None:
        raise ScienceError("real-time data without a time zero")
    n = table.start_s.size
    width = _us(table.width_s)
    kind = RateKind(
        product=table.timing.product,
        clock_error_s=table.timing.clock_error_s,
        is_approximate=table.timing.is_approximate,
        note=table.timing.note,
        energy_kev=table.channels[0].energy_kev,
    )
    return RateRows(
        start_tt_us=utc_to_tt_us(table.t0_utc) + _us(table.start_s),
        width_us=width,
        live_us=width,
        counts=table.counts[0],
        variance_counts=np.full(n, np.nan),
        is_masked=np.zeros(n, dtype=bool) if table.mask is None else table.mask,
        kind=np.zeros(n, dtype=np.int64),
        revision=np.zeros(n, dtype=np.int64),
        kinds=(kind,),
    )


def _us(seconds: FloatArray) -> IntArray:
    return np.asarray(np.round(seconds * SECOND_US), dtype=np.int64)
