"""Uploaded files, before anything reads them: unpacked within bounds, and no larger than they say.

A file may declare a billion rows in a header of 3 kB, or a gzip of 10 kB may hold gigabytes: both are refused from
their first bytes, before memory is taken.
"""

import base64
import binascii
import zlib

from tocsin.domain.errors import ScienceError

#: Of one file, unpacked.
MOST_BYTES = 64 * 1024 * 1024
BLOCK = 2880
CARD = 80
MOST_HEADER_BLOCKS = 200
GZIP_MAGIC = b"\x1f\x8b"


def content_of(encoded: str) -> bytes:
    """Bytes of a file sent as base64, unpacked where it is gzip.

    Raises
    ------
    ScienceError
        It is no base64, unpacks to more than `MOST_BYTES`, or is a FITS file that declares more than it holds.
    """
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ScienceError("an uploaded file must be sent as base64") from error
    if content.startswith(GZIP_MAGIC):
        content = _unpacked(content)
    if content.startswith(b"SIMPLE  ="):
        check_fits_size(content)
    return content


def _unpacked(content: bytes) -> bytes:
    unpacking = zlib.decompressobj(wbits=31)
    try:
        plain = unpacking.decompress(content, MOST_BYTES + 1)
    except zlib.error as error:
        raise ScienceError(f"the gzip is broken: {error}") from error
    if len(plain) > MOST_BYTES:
        raise ScienceError(f"the file unpacks to more than {MOST_BYTES} bytes", remedy="send the part that is needed")
    if not unpacking.eof:
        raise ScienceError("the gzip is cut off")
    if plain.startswith(GZIP_MAGIC):
        raise ScienceError("a gzip within a gzip is not read")
    return plain


def check_fits_size(content: bytes) -> None:
    """Refuse a FITS file whose headers declare more data than follow, or data that unpack.

    Raises
    ------
    ScienceError
        They do.
    """
    place = 0
    while place < len(content):
        cards, place = _header(content, place)
        if any(cards.get(name) == "T" for name in ("ZIMAGE", "ZTABLE")):
            raise ScienceError("compressed FITS is not read", remedy="send it unpacked")
        size = _declared_bytes(cards)
        if place + size > len(content):
            raise ScienceError(f"the FITS file declares {size} bytes of data and holds {len(content) - place}")
        place += -(-size // BLOCK) * BLOCK


def _header(content: bytes, place: int) -> tuple[dict[str, str], int]:
    """Cards of a header by name, and where its data begin."""
    cards: dict[str, str] = {}
    for n in range(MOST_HEADER_BLOCKS):
        block = content[place + n * BLOCK : place + (n + 1) * BLOCK]
        for k in range(0, len(block), CARD):
            card = block[k : k + CARD].decode("ascii", "replace")
            name, value = card[:8].strip(), card[10:].partition("/")[0].strip()
            if name == "END":
                return cards, place + (n + 1) * BLOCK
            cards.setdefault(name, value)
        if len(block) < BLOCK:
            break
    raise ScienceError("a FITS header has no end")


def _declared_bytes(cards: dict[str, str]) -> int:
    axes = _whole(cards, "NAXIS", 0)
    if not 0 <= axes <= 999:
        raise ScienceError(f"a FITS header declares {axes} axes")
    elements = 1 if axes else 0
    for axis in range(1, axes + 1):
        elements *= max(0, _whole(cards, f"NAXIS{axis}", 0))
    size = abs(_whole(cards, "BITPIX", 8)) // 8
    return size * max(1, _whole(cards, "GCOUNT", 1)) * (max(0, _whole(cards, "PCOUNT", 0)) + elements)


def _whole(cards: dict[str, str], name: str, default: int) -> int:
    text = cards.get(name, str(default))
    if not text.lstrip("-").isdecimal() or len(text) > 18:
        raise ScienceError(f"the FITS keyword {name} is no whole number: {text[:20]!r}")
    return int(text)
