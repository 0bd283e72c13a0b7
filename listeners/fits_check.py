"""Whether FITS bytes are whole, and numbers of their headers, without a FITS library.

A sky map may come cut off and must not stop its notice; that is told from the headers alone.
"""

import re

_BLOCK = 2880
_CARD = 80
_GZIP = b"\x1f\x8b"
_LONGEST_HEADER = 40 * _BLOCK
_MOST_AXES = 999


def is_whole_fits(content: bytes) -> bool:
    """Whether the bytes are a FITS file with some data and none of it missing.

    Parameters
    ----------
    content
        The file; gzip-compressed ones are taken on trust.

    Notes
    -----
    Sizes are computed from BITPIX, NAXISn, PCOUNT and GCOUNT of each header (FITS standard 4.0, section 4.4.1).
    """
    if content.startswith(_GZIP):
        return True
    if not content.startswith((b"SIMPLE  =", b"XTENSION=")):
        return False
    position, data_bytes = 0, 0
    while position < len(content):
        header = _read_header(content, position)
        if header is None:
            return data_bytes > 0 and not content[position:].strip(b"\0 ")
        cards, position = header
        size = _data_size(cards)
        if size is None or position + size > len(content):
            return False
        data_bytes += size
        position += -(-size // _BLOCK) * _BLOCK
    return data_bytes > 0


def header_number(content: bytes, key: str) -> float | None:
    """Value of a number in any header of the file; None where there is none.

    Parameters
    ----------
    content
        The file, uncompressed.
    key
        Keyword, up to 8 characters.
    """
    match = re.search(rb"%-8b= +([-+0-9.EeD]{1,30})" % key.encode("ascii"), content[:_LONGEST_HEADER])
    try:
        return None if match is None else float(match[1].replace(b"D", b"E"))
    except ValueError:
        return None


def _read_header(content: bytes, start: int) -> tuple[dict[str, int], int] | None:
    """Whole-number cards of the header that starts at a position, and the position of its data; None without END."""
    cards: dict[str, int] = {}
    for position in range(start, min(len(content), start + _LONGEST_HEADER) - _CARD + 1, _CARD):
        card = content[position : position + _CARD]
        key = card[:8].rstrip()
        if key == b"END":
            used = position + _CARD - start
            return cards, start + -(-used // _BLOCK) * _BLOCK
        if card[8:10] == b"= ":
            value = card[10:].partition(b"/")[0].strip()
            if value.lstrip(b"-").isdigit() and len(value) < 20:
                cards[key.decode("ascii", "replace")] = int(value)
    return None


def _data_size(cards: dict[str, int]) -> int | None:
    axes, bits = cards.get("NAXIS"), cards.get("BITPIX")
    if axes is None or bits is None or not 0 <= axes <= _MOST_AXES:
        return None
    if axes == 0:
        return 0
    elements = 1
    for axis in range(1, axes + 1):
        length = cards.get(f"NAXIS{axis}")
        if length is None or length < 0:
            return None
        elements *= length
    return abs(bits) // 8 * cards.get("GCOUNT", 1) * (cards.get("PCOUNT", 0) + elements)
