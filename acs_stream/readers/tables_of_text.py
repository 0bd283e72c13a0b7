"""Plain CSV with named columns, and the text of IBIS/PICsIT light curves."""

import csv
import re
from datetime import datetime

import numpy as np

from acs_stream.readers.content import NOT_A_NUMBER, number_rows, text_of
from acs_stream.readers.ipn import sums_of_others
from acs_stream.readers.table import Channel, ChannelTable, bins_from_starts
from acs_stream.time_systems import ijd_seconds_since, ijd_to_utc, mjd_utc_seconds_since, mjd_utc_to_utc, utc_to_tt_us
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray, Timing

STARTS = ("start_s", "time_s", "time", "t_s", "t")
CENTRES = ("centre_s", "center_s", "mid_s")
ABSOLUTE = ("utc", "start_utc", "ijd", "mjd_utc")
WIDTHS = ("width_s", "bin_s", "dt_s")
COUNTS = re.compile(r"counts(?:_(?P<low>\d+(?:\.\d+)?)_(?P<high>\d+(?:\.\d+)?))?$")
RATES = ("rate_cts_s", "rate")
RATE_ERRORS = ("error_cts_s", "rate_error_cts_s", "error")
#: Columns that mean something; others are channels under their own names, if they hold numbers.
KNOWN = frozenset(
    (*STARTS, *CENTRES, *ABSOLUTE, *WIDTHS, *RATES, *RATE_ERRORS, "variance_counts", "exposure_s", "mask")
)
#: Ends of the names of columns that hold the errors of a channel.
ERROR_ENDS = ("_error", "_err", "_sigma")
DELIMITERS = (",", ";", "\t")
#: Bins of PICsIT overlap by print rounding; their reference within the bin is not documented.
PICSIT_CLOCK_ERROR_S = 0.3


def read_csv(content: bytes) -> ChannelTable:
    """Light curve of a CSV file with a header line.

    Notes
    -----
    Time: ``start_s`` (also ``time_s``, taken for starts), ``centre_s``, ``utc`` (ISO 8601), ``ijd`` (TT) or
    ``mjd_utc``. Width: ``width_s``, or the step. Values: ``counts``, or several ``counts_LOW_HIGH`` (keV), with
    ``variance_counts``; or ``rate_cts_s`` with ``error_cts_s``; or counts under names of their own (``G1``, with
    ``G1_error``), of which the last may be a sum. ``mask`` (1: not to be used), ``exposure_s``. Lines ``# t0_utc: ...``
    and ``# instrument: ...`` before the header, which may follow a ``#`` itself. Commas, semicolons or tabs between.
    """
    comments, columns = _columns(text_of(content))
    t0_utc, start, width, has_zero = _times(comments, columns)
    names, counts, variance = _values(columns, width)
    keep = np.isfinite(start) & np.isfinite(width) & np.isfinite(counts).all(axis=0)
    if not keep.any():
        raise ScienceError("no row of finite numbers in the CSV")
    mask = columns["mask"][keep] != 0 if "mask" in columns else None
    return ChannelTable(
        instrument=comments.get("instrument", "unknown"),
        t0_utc=t0_utc,
        start_s=start[keep],
        width_s=width[keep],
        channels=names,
        counts=counts[:, keep],
        variance_counts=None if variance is None else variance[:, keep],
        exposure_s=columns["exposure_s"][keep] if "exposure_s" in columns else None,
        mask=mask,
        timing=Timing(product="csv", note="" if "time_s" not in columns else "times taken for bin starts"),
        has_zero=has_zero,
    )


def _columns(text: str) -> tuple[dict[str, str], dict[str, FloatArray]]:
    """Comments by key and numeric columns by name; ``utc`` columns become whole microseconds of TT."""
    lines = [line for line in text.splitlines() if line.strip()]
    remarks = [line.lstrip("# ").rstrip() for line in lines if line.lstrip().startswith("#")]
    header, rows = _rows([line for line in lines if not line.lstrip().startswith("#")], remarks)
    if not rows or not any(name[:1].isalpha() for name in header) or len(set(header)) != len(header):
        raise ScienceError("the CSV has no header line of distinct names, or no rows")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise ScienceError(
                f"CSV row {number}: {len(row)} fields instead of {len(header)}", remedy="is the file cut off?"
            )
    columns = {
        name: np.array([_value(name, row[k]) for row in rows], dtype=np.float64)
        for k, name in enumerate(header)
        if name in KNOWN or COUNTS.match(name)
    }
    if not any(name in RATES or COUNTS.match(name) for name in columns):
        columns |= {
            name: own for k, name in enumerate(header) if (own := _own(name, [row[k] for row in rows])) is not None
        }
    notes = [line.partition(":") for line in remarks]
    return {key.strip().lower(): value.strip() for key, _, value in notes}, columns


def _rows(lines: list[str], remarks: list[str]) -> tuple[list[str], list[list[str]]]:
    """Names in the header, and the rows; a header of names may be the last remark before rows of numbers."""
    if not lines:
        return [], []
    delimiter = next((sign for sign in DELIMITERS if sign in lines[0]), DELIMITERS[0])
    rows = list(csv.reader(lines, delimiter=delimiter))
    if remarks and not re.search(r"[A-Za-z]", rows[0][0]):
        named = next(csv.reader(remarks[-1:], delimiter=delimiter))
        if len(named) == len(rows[0]):
            rows = [named, *rows]
    return [name.strip().lower() for name in rows[0]], rows[1:]


def _own(name: str, fields: list[str]) -> FloatArray | None:
    """Numbers of a column with a name of its own; None where it has one of ours, or holds no numbers."""
    if name in KNOWN:
        return None
    try:
        return np.array([_value(name, field) for field in fields], dtype=np.float64)
    except ScienceError:
        return None


def _value(name: str, field: str) -> float:
    text = field.strip()
    try:
        if name in {"utc", "start_utc"}:
            return float(utc_to_tt_us(to_utc(text)))
        return float("nan") if not text or text.lower() in NOT_A_NUMBER else float(text)
    except ValueError:
        raise ScienceError(f"CSV column {name}: {text[:30]!r} is no value") from None


def _times(
    comments: dict[str, str], columns: dict[str, FloatArray]
) -> tuple[datetime | None, FloatArray, FloatArray, bool]:
    name = next((n for n in (*STARTS, *CENTRES, *ABSOLUTE) if n in columns), None)
    if name is None:
        raise ScienceError(
            "the CSV has no time column", remedy=f"name it one of {', '.join((*STARTS[:1], *CENTRES[:1], *ABSOLUTE))}"
        )
    stated = _stated_t0(comments)
    has_zero = name not in ABSOLUTE
    if has_zero:
        t0_utc, time = stated, columns[name]
    else:
        t0_utc, time = _absolute(name, columns[name], stated)
    width = next((columns[n] for n in WIDTHS if n in columns), None)
    width = bins_from_starts(time) if width is None else width
    return t0_utc, time - width / 2 if name in CENTRES else time, width, has_zero or stated is not None


def _stated_t0(comments: dict[str, str]) -> datetime | None:
    text = next((comments[key] for key in ("t0_utc", "t0") if key in comments), None)
    try:
        return None if text is None else to_utc(text)
    except ValueError as error:
        raise ScienceError(f"t0_utc {text!r} is no ISO 8601 time") from error


def _absolute(name: str, values: FloatArray, stated: datetime | None) -> tuple[datetime, FloatArray]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        raise ScienceError(f"CSV column {name} holds no time")
    ijd = values / 86_400e6 if name in {"utc", "start_utc"} else values
    first = float(finite[0]) / 86_400e6 if name in {"utc", "start_utc"} else float(finite[0])
    if name == "mjd_utc":
        t0_utc = stated or mjd_utc_to_utc(first).replace(microsecond=0)
        return t0_utc, mjd_utc_seconds_since(ijd, t0_utc)
    t0_utc = stated or ijd_to_utc(first).replace(microsecond=0)
    return t0_utc, ijd_seconds_since(ijd, t0_utc)


def _values(
    columns: dict[str, FloatArray], width: FloatArray
) -> tuple[tuple[Channel, ...], FloatArray, FloatArray | None]:
    found = [(name, match) for name in columns if (match := COUNTS.match(name))]
    if found:
        channels = tuple(Channel(name=name, energy_kev=_band(match)) for name, match in found)
        counts = np.stack([columns[name] for name, _ in found])
        variance = columns.get("variance_counts")
        return channels, counts, None if variance is None else np.broadcast_to(variance, counts.shape) / len(found)
    rate = next((columns[n] for n in RATES if n in columns), None)
    if rate is None:
        return _own_channels(columns)
    error = next((columns[n] for n in RATE_ERRORS if n in columns), None)
    variance = None if error is None else ((error * width) ** 2)[None, :]
    return (Channel(name="rate"),), (rate * width)[None, :], variance


def _own_channels(columns: dict[str, FloatArray]) -> tuple[tuple[Channel, ...], FloatArray, FloatArray | None]:
    """Channels under names of their own, with the errors stated for all of them, if so."""
    names = [name for name in columns if name not in KNOWN and not name.endswith(ERROR_ENDS)]
    if not names:
        raise ScienceError("the CSV has neither a column of counts nor a rate_cts_s column")
    counts = np.stack([columns[name] for name in names])
    channels = tuple(
        Channel(name=name, is_sum=bool(is_sum)) for name, is_sum in zip(names, sums_of_others(counts), strict=True)
    )
    stated = [next((columns[name + end] for end in ERROR_ENDS if name + end in columns), None) for name in names]
    errors = [error for error in stated if error is not None]
    return channels, counts, np.stack(errors) ** 2 if len(errors) == len(names) else None


def _band(match: re.Match[str]) -> tuple[float, float] | None:
    return (float(match["low"]), float(match["high"])) if match["low"] else None


def read_picsit(content: bytes) -> ChannelTable:
    """IBIS/PICsIT light curve as text: MJD in **UTC**, rate and error in counts/s; times taken for bin centres."""
    rows = number_rows(list(enumerate(text_of(content).splitlines(), start=1)), columns=3)
    t0_utc = mjd_utc_to_utc(float(rows[0, 0])).replace(microsecond=0)
    centre = mjd_utc_seconds_since(rows[:, 0], t0_utc)
    if len(rows) < 2:
        raise ScienceError("a light curve of fewer than two rows has no bin width")
    step = np.diff(centre)
    width = np.minimum(np.minimum(np.append(step, np.inf), np.append(np.inf, step)), np.median(step))
    return ChannelTable(
        instrument="IBIS-PICsIT",
        t0_utc=t0_utc,
        start_s=centre - width / 2,
        width_s=width,
        channels=(Channel(name="rate"),),
        counts=(rows[:, 1] * width)[None, :],
        variance_counts=((rows[:, 2] * width) ** 2)[None, :],
        timing=Timing(
            product="picsit", clock_error_s=PICSIT_CLOCK_ERROR_S, note="MJD is UTC; whether start or centre is unknown"
        ),
        has_zero=False,
    )
