"""ISDC's forms of SPI-ACS rates: "genlc" text, "ipnlc" text, the real-time JSON ("rtlc") and its dump files ("lcdump").

genlc, rtlc and lcdump give the **centre** of each bin as IJD in TT; ipnlc gives its **start** relative to a UTC second
of day (ipnlc time = genlc time - reference - half a bin).
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np

from acs_stream.readers import spi_acs
from acs_stream.readers.content import number_rows, text_of
from acs_stream.readers.table import Channel, ChannelTable
from acs_stream.time_systems import ijd_seconds_since, ijd_to_utc, tt_minus_utc_s
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray, Timing

#: The two time columns of genlc must agree to this; they are printed to 1 us.
AGREEMENT_S = 2e-3
#: How near to TT - UTC a disagreement must be to be called by its name.
NAMED_WITHIN_S = 1.5
#: Real-time rows nearer than this share of a bin are the same bin.
SAME_BIN = 0.5


def read_genlc(content: bytes) -> ChannelTable:
    """SPI-ACS (or other INTEGRAL count rates) in genlc text: IJD, s since reference, counts, s of day."""
    text = text_of(content)
    lines = list(enumerate(text.splitlines(), start=1))
    rows = number_rows([(n, line) for n, line in lines if not line.lstrip().startswith("#")])
    if rows.shape[1] < 3:
        raise ScienceError("genlc rows need IJD, seconds and counts")
    reference = _reference_utc(text)
    t0_utc = reference or _whole_second(float(rows[0, 0]))
    centre_s = ijd_seconds_since(rows[:, 0], t0_utc)
    if reference is not None:
        _refuse_utc_for_tt(centre_s - rows[:, 1], reference)
    return _from_centres(
        centre_s, rows[:, 2], t0_utc=t0_utc, timing=spi_acs.CONSOLIDATED, has_zero=reference is not None
    )


def _reference_utc(text: str) -> datetime | None:
    found = re.search(
        r"reference[^\n]*?UTC[^\n]*?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?)", text, flags=re.IGNORECASE
    )
    return to_utc(found.group(1)) if found else None


def _whole_second(ijd: float) -> datetime:
    return ijd_to_utc(ijd).replace(microsecond=0)


def _refuse_utc_for_tt(difference_s: FloatArray, reference: datetime) -> None:
    """Refuse rows whose IJD contradicts their seconds since the reference: most often an IJD made from UTC."""
    worst = float(difference_s[np.argmax(np.abs(difference_s))])
    if abs(worst) <= AGREEMENT_S:
        return
    offset = tt_minus_utc_s(reference)
    if abs(abs(worst) - offset) < NAMED_WITHIN_S:
        raise ScienceError(
            f"the IJD column counts UTC, not TT: it is {worst:+.3f} s from the seconds column (TT - UTC is {offset} s)",
            remedy="have the file made again with IJD in TT",
        )
    raise ScienceError(f"the IJD and the seconds columns disagree by {worst:+.4f} s", remedy="is a leap second inside?")


def _from_centres(
    centre_s: FloatArray, counts: FloatArray, *, t0_utc: datetime, timing: Timing, has_zero: bool
) -> ChannelTable:
    width = _native_width_s(centre_s)
    if abs(width - spi_acs.BIN_S) < 1e-9:
        return _acs_table(centre_s, counts, width, t0_utc=t0_utc, timing=timing, has_zero=has_zero)
    return ChannelTable(
        instrument="INTEGRAL",
        t0_utc=t0_utc,
        start_s=centre_s - width / 2,
        width_s=np.full(centre_s.size, width),
        channels=(Channel(name="counts"),),
        counts=counts[None, :],
        timing=timing,
        has_zero=has_zero,
    )


def _acs_table(
    centre_s: FloatArray,
    counts: FloatArray,
    width_s: float,
    *,
    t0_utc: datetime,
    timing: Timing,
    has_zero: bool = False,
) -> ChannelTable:
    width = np.full(centre_s.size, width_s)
    return spi_acs.corrected(
        ChannelTable(
            instrument=spi_acs.INSTRUMENT,
            t0_utc=t0_utc,
            start_s=centre_s - width_s / 2,
            width_s=width,
            channels=(spi_acs.BAND,),
            counts=counts[None, :],
            mask=spi_acs.unusable(counts, width),
            timing=timing,
            has_zero=has_zero,
        )
    )


def _native_width_s(centre_s: FloatArray) -> float:
    if centre_s.size < 2:
        return spi_acs.BIN_S
    # Dropped rows leave longer steps: the step that nearly all others reach or exceed is the bin.
    steps = np.diff(centre_s)
    if not (steps > 0).any():
        raise ScienceError("time goes backwards or repeats in every row")
    step = float(np.quantile(steps[steps > 0], 0.1, method="lower"))
    return spi_acs.BIN_S if abs(step - spi_acs.BIN_S) < 1e-4 else step


def read_lcdump(content: bytes) -> ChannelTable:
    """SPI-ACS real-time counts in a dump file (``lcdump-revol-NNNN*.csv``).

    White-space separated; the last two columns are counts and IJD of the bin centre, whatever stands before them. A
    last line without an end is still being written and left out; packets that came late or twice are put in order.
    """
    counts, ijd = lcdump_rows(content)
    return table_of_packets(counts, ijd)


def lcdump_rows(content: bytes) -> tuple[FloatArray, FloatArray]:
    """Counts and IJD of the whole lines of a dump file, each shape (n,), in the file's order.

    Raises
    ------
    ScienceError
        No line is whole, or one has another number of columns or no numbers in the last two.
    """
    whole = content[: content.rfind(b"\n") + 1]
    rows: list[tuple[int, str]] = []
    columns = 0
    for number, line in enumerate(text_of(whole).splitlines(), start=1):
        fields = line.split()
        if not fields or line.lstrip().startswith("#"):
            continue
        if not columns and _is_heading(fields):
            continue
        columns = columns or len(fields)
        if len(fields) != columns or columns < 2:
            raise ScienceError(f"line {number}: {len(fields)} columns instead of {max(columns, 2)}")
        rows.append((number, " ".join(fields[-2:])))
    table = number_rows(rows, columns=2)
    return table[:, 0], table[:, 1]


def _is_heading(fields: list[str]) -> bool:
    """Names of columns rather than numbers."""
    return all(re.fullmatch(r"[A-Za-z_]\w*", field) and field.lower() != "nan" for field in fields[-2:])


def table_of_packets(counts: FloatArray, ijd: FloatArray) -> ChannelTable:
    """Real-time SPI-ACS rows in any order, some of them twice: in order of time, of each bin the one that came last.

    Parameters
    ----------
    counts, ijd
        Counts per bin and its centre, d, TT; shape (n,), n at least 1.
    """
    order = np.argsort(ijd, kind="stable")
    counts, ijd = counts[order], ijd[order]
    t0_utc = _whole_second(float(ijd[0]))
    centre_s = ijd_seconds_since(ijd, t0_utc)
    is_last = np.append(np.diff(centre_s) > SAME_BIN * spi_acs.BIN_S, [True])
    return _acs_table(centre_s[is_last], counts[is_last], spi_acs.BIN_S, t0_utc=t0_utc, timing=spi_acs.REALTIME)


def read_rtlc(content: bytes) -> ChannelTable:
    """SPI-ACS real-time counts in the JSON of the rtlc service; late and repeated packets are put in order."""
    counts, ijd = rtlc_rows(parse_rtlc(content))
    return table_of_packets(counts, ijd)


def parse_rtlc(content: bytes) -> Mapping[str, Any]:
    """Object of an rtlc reply.

    Raises
    ------
    ScienceError
        No JSON object came.
    """
    try:
        reply = json.loads(content)
        reply = json.loads(reply) if isinstance(reply, str) and reply.lstrip().startswith("{") else reply
    except (ValueError, RecursionError) as error:
        text_of(content)  # an error word or a page says more than "no JSON"
        raise ScienceError(f"the rtlc reply is no JSON: {error}") from error
    if isinstance(reply, str):
        text_of(content)
    if not isinstance(reply, dict):
        raise ScienceError("the rtlc reply is no JSON object")
    return reply


def rtlc_rows(reply: Mapping[str, Any]) -> tuple[FloatArray, FloatArray]:
    """Counts and IJD of an rtlc reply, each shape (n,); rows with a null or NaN are dropped.

    Raises
    ------
    ScienceError
        The reply holds no rows, or not as columns ``counts`` and ``ijd``.
    """
    frame = reply.get("lc", reply)
    frame = json.loads(frame) if isinstance(frame, str) and frame.startswith("{") else frame
    rows = frame.get("data") if isinstance(frame, dict) else None
    if not rows:
        raise ScienceError("the service has no data for this time (an empty table)")
    try:
        names = [str(name).lower() for name in frame.get("columns", ("counts", "ijd"))]
        table = np.array(rows, dtype=np.float64)
        counts, ijd = table[:, names.index("counts")], table[:, names.index("ijd")]
    except (ValueError, TypeError, IndexError) as error:
        raise ScienceError(f"the rtlc table is not one of counts and ijd: {error}") from error
    good = np.isfinite(counts) & np.isfinite(ijd)
    if not good.any():
        raise ScienceError("the service sent only empty rows for this time")
    return counts[good], ijd[good]
