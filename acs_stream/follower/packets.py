"""A reply of the real-time service: its rows, or why they are not believed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from acs_stream.archive.packets import rows_of_packets
from acs_stream.archive.rows import RateRows, empty_rows
from acs_stream.readers.content import ServerWordError
from acs_stream.readers.isdc import parse_rtlc, rtlc_rows
from acs_stream.sources.prophecy import Prophecy, read_prophecy
from acs_stream.time_systems import SECOND_US, tt_minus_utc_s, tt_us_to_utc
from tocsin.domain.errors import ScienceError

#: Rows this far outside the interval asked for are not believed, us.
OUTSIDE_US = 2 * SECOND_US
#: How near to TT - UTC a shift must be to be called by its name, s.
NAMED_WITHIN_S = 5.0
#: Failure words that mean no more than an empty table.
EMPTY_WORDS = frozenset({"NoData", "ZeroData"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Packet:
    """What one reply holds.

    Parameters
    ----------
    rows
        In order of time, each bin once; may be none.
    prophecy
        What the service expects; None where it does not say.
    """

    rows: RateRows
    prophecy: Prophecy | None


def read_packet(content: bytes, *, start_tt_us: int, stop_tt_us: int) -> Packet:
    """Packet of a reply to a request for [start, stop], microseconds of TT.

    Raises
    ------
    ServerWordError
        A failure word came that is no plain "no data".
    ScienceError
        No JSON, a page, a table of another kind, negative counts, or rows of another time than was asked for.
    """
    try:
        reply = parse_rtlc(content)
    except ServerWordError as error:
        if error.word not in EMPTY_WORDS:
            raise
        return Packet(rows=empty_rows(), prophecy=None)
    prophecy = read_prophecy(reply["prophecy"]) if reply.get("prophecy") else None
    if _is_empty(reply):
        return Packet(rows=empty_rows(), prophecy=prophecy)
    try:
        rows = rows_of_packets(*rtlc_rows(reply))
    except (ValueError, OverflowError) as error:
        raise ScienceError(f"the rtlc table cannot be read: {error}") from error
    _refuse_other_times(rows, start_tt_us, stop_tt_us)
    return Packet(rows=rows, prophecy=prophecy)


def _is_empty(reply: Mapping[str, Any]) -> bool:
    frame = reply.get("lc", reply)
    return isinstance(frame, Mapping) and frame.get("data") == []


def _refuse_other_times(rows: RateRows, start_tt_us: int, stop_tt_us: int) -> None:
    early_us = start_tt_us - int(rows.start_tt_us[0])
    late_us = int(rows.stop_tt_us[-1]) - stop_tt_us
    if max(early_us, late_us) <= OUTSIDE_US:
        return
    if abs(early_us / SECOND_US - tt_minus_utc_s(tt_us_to_utc(start_tt_us))) < NAMED_WITHIN_S:
        raise ScienceError(f"rows begin {early_us / SECOND_US:.1f} s early: IJD counted in UTC instead of TT")
    worst_s = float(np.max([early_us, late_us])) / SECOND_US
    raise ScienceError(f"the reply holds rows {worst_s:.1f} s outside the interval asked for")
