"""ISDC's forms of SPI-ACS rates: "genlc" text, "ipnlc" text and the real-time JSON ("rtlc").

genlc and rtlc give the **centre** of each bin as IJD in TT; ipnlc gives its **start** relative to a UTC second of day
(ipnlc time = genlc time - reference - half a bin).
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
    is_acs = abs(width - spi_acs.BIN_S) < 1e-9
    table = ChannelTable(
        instrument=spi_acs.INSTRUMENT if is_acs else "INTEGRAL",
        t0_utc=t0_utc,
        start_s=centre_s - width / 2,
        width_s=np.full(centre_s.size, width),
        channels=(spi_acs.BAND if is_acs else Channel(name="counts"),),
        counts=counts[None, :],
        mask=spi_acs.saturated(counts, np.full(centre_s.size, width)) if is_acs else None,
        timing=timing,
        has_zero=has_zero,
    )
    return spi_acs.corrected(table)


def _native_width_s(centre_s: FloatArray) -> float:
    if centre_s.size < 2:
        return spi_acs.BIN_S
    # Dropped rows leave longer steps: the step that nearly all others reach or exceed is the bin.
    steps = np.diff(centre_s)
    if not (steps > 0).any():
        raise ScienceError("time goes backwards or repeats in every row")
    step = float(np.quantile(steps[steps > 0], 0.1, method="lower"))
    return spi_acs.BIN_S if abs(step - spi_acs.BIN_S) < 1e-4 else step


def read_rtlc(content: bytes) -> ChannelTable:
    """SPI-ACS real-time counts in the JSON of the rtlc service."""
    counts, ijd = rtlc_rows(parse_rtlc(content))
    t0_utc = _whole_second(float(ijd[0]))
    return _from_centres(ijd_seconds_since(ijd, t0_utc), counts, t0_utc=t0_utc, timing=spi_acs.REALTIME, has_zero=False)


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
