"""Light curves as CSV: one row a bin, safe to open in a spreadsheet."""

from collections.abc import Iterable, Sequence

from tocsin.domain.clock import iso_utc
from tocsin.domain.light_curves import LightCurve

CSV_TYPE = "text/csv; charset=utf-8"
COLUMNS = "instrument,t0_utc,start_s,width_s,counts,exposure_s,is_usable"


def light_curves_csv(curves: Sequence[LightCurve]) -> bytes:
    """Rows of all curves under one heading; times in s from each curve's own T0."""
    return "\r\n".join([COLUMNS, *(row for curve in curves for row in _rows(curve)), ""]).encode()


def _rows(curve: LightCurve) -> Iterable[str]:
    head = f"{text_cell(curve.instrument)},{iso_utc(curve.t0_utc)}"
    columns = (curve.start_s, curve.width_s, curve.counts, curve.live_s)
    for *values, usable in zip(*(column.tolist() for column in columns), curve.usable.tolist(), strict=True):
        yield f"{head},{','.join(f'{value:.9g}' for value in values)},{int(usable)}"


def text_cell(text: str) -> str:
    """A cell of text: quoted, and never a formula (a leading = + - @ makes one in spreadsheets)."""
    safe = f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
    return '"' + safe.replace('"', '""') + '"'
