"""FITS files of one binary table, written at once: for small sky maps astropy's way costs more than making the map.

Byte for byte what astropy writes; what is written here is read by `triangulation.skymap_file`.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from tocsin.domain.late import fits
from tocsin.domain.light_curves import FloatArray, IntArray

BLOCK = 2880
PLAIN_KEY = 8
#: Longest plain string that fits a card beside its key.
PLAIN_TEXT = 60

Value = str | float | int
_PRIMARY = (
    ("SIMPLE", True, "conforms to FITS standard"),
    ("BITPIX", 8, "array data type"),
    ("NAXIS", 0, "number of array dimensions"),
    ("EXTEND", True, ""),
)


def table_file(
    columns: Sequence[tuple[str, IntArray | FloatArray, str | None]],
    keywords: Sequence[tuple[str, Value, str]],
    further: Mapping[str, Value],
) -> bytes:
    """Bytes of a file with one table.

    Parameters
    ----------
    columns
        Name, data of shape (n,) and unit of each column; integers are written with 64 bits, the rest as doubles.
    keywords
        Keyword, value and comment of header cards that follow those of the table's structure.
    further
        Further header values by keyword; long ones in ESO's HIERARCH form.
    """
    kinds = [">i8" if np.issubdtype(data.dtype, np.integer) else ">f8" for _, data, _ in columns]
    rows = np.empty(len(columns[0][1]), dtype=[(name, kind) for (name, _, _), kind in zip(columns, kinds, strict=True)])
    for name, data, _ in columns:
        rows[name] = data
    structure: list[tuple[str, Value, str]] = [
        ("XTENSION", "BINTABLE", "binary table extension"),
        ("BITPIX", 8, "array data type"),
        ("NAXIS", 2, "number of array dimensions"),
        ("NAXIS1", rows.itemsize, "length of dimension 1"),
        ("NAXIS2", rows.size, "length of dimension 2"),
        ("PCOUNT", 0, "number of group parameters"),
        ("GCOUNT", 1, "number of groups"),
        ("TFIELDS", len(columns), "number of table fields"),
    ]
    for number, ((name, _, unit), kind) in enumerate(zip(columns, kinds, strict=True), 1):
        structure += [(f"TTYPE{number}", name, ""), (f"TFORM{number}", "K" if kind == ">i8" else "D", "")]
        structure += [(f"TUNIT{number}", unit, "")] if unit else []
    cards = [_card(*one) for one in (*structure, *keywords)] + [_card(key, value, "") for key, value in further.items()]
    return _header([_card(*one) for one in _PRIMARY]) + _header(cards) + _padded(rows.tobytes(), b"\0")


def _card(key: str, value: Value, comment: str) -> str:
    """One card, or several where a value is long."""
    if isinstance(value, bool):
        text = f"{'T' if value else 'F':>20}"
    elif isinstance(value, int):
        text = f"{value:>20}"
    elif isinstance(value, str) and value and value.isascii() and value.isprintable() and len(value) <= PLAIN_TEXT:
        quoted = value.replace("'", "''")
        text = f"'{quoted:8}'"
        text = f"{text:20}"
    else:
        text = ""
    card = f"{key:8}= {text}" + (f" / {comment}" if comment else "")
    if text and len(key) <= PLAIN_KEY and key.isupper() and len(card) <= fits.Card.length:
        return f"{card:80}"
    return str(fits.Card(key if len(key) <= PLAIN_KEY else f"HIERARCH {key}", value, comment))


def _header(cards: list[str]) -> bytes:
    return _padded("".join((*cards, f"{'END':80}")).encode("ascii"), b" ")


def _padded(content: bytes, filling: bytes) -> bytes:
    return content + filling * (-len(content) % BLOCK)
