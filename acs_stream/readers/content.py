"""Bytes into text, number rows or FITS: what servers put around the data, and what they send instead of data.

The service names its failures with a word and HTTP 200; proxies send HTML pages; replies come as JSON-quoted strings.
Anything that is no data raises `ScienceError` here, so that no reader makes numbers of it.
"""

import gzip
import io
import json
import re
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tocsin.domain.errors import ScienceError
from tocsin.domain.late import astropy_exceptions, fits
from tocsin.domain.light_curves import FloatArray

GZIP_MAGIC = b"\x1f\x8b"
#: Failure words of the ISDC services, each sent with HTTP 200, and what they mean.
ERROR_WORDS = {
    "NoData": "the archive holds no data for this time",
    "ZeroData": "the archive holds only zeros for this time",
    "NoAuxData": "there are no auxiliary data (time correlation, orbit) for this time yet",
    "Over revolution": "the request reaches over a revolution boundary; one revolution only is served per request",
}
#: A real reply is long; an error word stands in a short one.
ERROR_REPLY_CHARACTERS = 2000
NOT_A_NUMBER = frozenset({"nan", "-nan", "null", "none", "inf", "-inf", "--"})


class ServerWordError(ScienceError):
    """A server's failure word came instead of data; `word` is one of `ERROR_WORDS`."""

    def __init__(self, word: str) -> None:
        super().__init__(f"the server answered {word}: {ERROR_WORDS[word]}")
        self.word = word


class NoReplyError(ScienceError):
    """A reply that says nothing of the data, not even that there are none: a page, nothing, something cut off."""


def load(source: Path | str | bytes) -> bytes:
    """Content of a file or of bytes already in memory, gunzipped where it is gzip.

    Raises
    ------
    NoReplyError
        The file cannot be read, is empty, or its gzip is broken.
    """
    try:
        content = source if isinstance(source, bytes) else Path(source).read_bytes()
        content = gzip.decompress(content) if content.startswith(GZIP_MAGIC) else content
    except (OSError, EOFError, zlib.error) as error:
        raise NoReplyError(f"cannot read {name_of(source)}: {error}") from error
    if not content.strip():
        raise NoReplyError(f"{name_of(source)} is empty")
    return content


def name_of(source: Path | str | bytes) -> str:
    """What to call an input in messages."""
    return "the data" if isinstance(source, bytes) else Path(source).name


def text_of(content: bytes) -> str:
    """Text of a reply or file: JSON quotes and HTML line ends undone; failure words and pages refused.

    Raises
    ------
    ServerWordError
        An error word came instead.
    NoReplyError
        An HTML page or binary data did, or a part of a reply.
    """
    text = content.decode("utf-8", errors="replace").strip().lstrip("\ufeff")
    if text.startswith('"') and text.endswith('"'):
        try:
            text = str(json.loads(text)).strip()
        except ValueError as error:
            raise NoReplyError("a quoted reply is cut off") from error
    if "\0" in text:
        raise NoReplyError("binary data where text was expected")
    text = re.sub(r"<br\s*/?>", "\n", text, flags=re.IGNORECASE)
    _refuse_failure(text)
    return text


def _refuse_failure(text: str) -> None:
    if re.match(r"<(!doctype|html|head|body|\?xml)", text, flags=re.IGNORECASE):
        raise NoReplyError("an HTML or XML page came instead of data", remedy="the server or a proxy failed: ask again")
    if len(text) < ERROR_REPLY_CHARACTERS and (word := error_word(text)):
        raise ServerWordError(word)


def error_word(text: str) -> str | None:
    """Failure word of the ISDC services in a short reply, None if there is none."""
    return next((w for w in ERROR_WORDS if re.search(rf"\b{re.escape(w)}\b", text, flags=re.IGNORECASE)), None)


def number_rows(lines: Iterator[tuple[int, str]] | list[tuple[int, str]], *, columns: int | None = None) -> FloatArray:
    """Rows of numbers, shape (n, columns); rows with a NaN are dropped, never filled.

    Parameters
    ----------
    lines
        Line number and text.
    columns
        How many columns there must be; None: as many as the first row has.

    Raises
    ------
    ScienceError
        A row has another number of columns (a cut-off file) or holds something that is no number; or no row is left.
    """
    rows: list[list[float]] = []
    for number, line in lines:
        fields = line.split()
        if not fields:
            continue
        columns = columns or len(fields)
        if len(fields) != columns:
            raise ScienceError(
                f"line {number}: {len(fields)} columns instead of {columns}", remedy="is the file cut off?"
            )
        rows.append([_number(field, number) for field in fields])
    table = np.array(rows, dtype=np.float64).reshape(len(rows), columns or 0)
    table = table[np.isfinite(table).all(axis=1)]
    if not table.size:
        raise ScienceError("no row of numbers in the data")
    return table


def _number(field: str, line: int) -> float:
    if field.lower() in NOT_A_NUMBER:
        return float("nan")
    try:
        return float(field)
    except ValueError:
        raise ScienceError(f"line {line}: {field[:30]!r} is no number") from None


@contextmanager
def open_fits(content: bytes) -> Iterator[Any]:
    """FITS file in memory, an astropy HDU list; whatever is wrong with it is a `ScienceError`."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message=".*truncated.*", category=astropy_exceptions.AstropyUserWarning)
            warnings.filterwarnings("ignore", category=fits.verify.VerifyWarning)
            with fits.open(io.BytesIO(content), memmap=False) as hdus:
                yield hdus
    except (OSError, KeyError, ValueError, TypeError, IndexError, AttributeError, OverflowError, MemoryError) as error:
        raise ScienceError(f"the FITS file is broken or of another kind: {error}") from error
    except (fits.VerifyError, astropy_exceptions.AstropyUserWarning) as error:
        raise ScienceError(f"the FITS file is broken: {error}") from error
