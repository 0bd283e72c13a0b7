"""Which format a file is in, told by its content, never by its name."""

import re
from itertools import pairwise
from pathlib import Path

from acs_stream.readers.content import ServerWordError, load, name_of, open_fits, text_of
from tocsin.domain.errors import ScienceError

FITS_MAGIC = b"SIMPLE  ="
#: Extension names that tell a file, to format.
EXTENSIONS = {
    "EVNTRATE": "gbm-trigdat",
    "EVENTS": "gbm-tte",
    "SPECTRUM": "gbm-cspec",
    "RATE": "mmoda-fits",
    "GLAST POS HIST": "gbm-poshist",
    "INTL-ORBI-SCP": "orbi-scp",
}
#: Columns that tell a file of a mission, to format.
COLUMNS = {
    ("TIME", "CHANNEL", "PULSE_WIDTH"): "hxmt-he-evt",
    ("TIME", "TIMEDEL", "COUNTS", "TRIGGERS"): "stix-ql-lc",
    ("TIME", "COUNTS", "FRACEXP"): "hxmt-lc",
}
#: GRM has three detectors; GECAM's satellites have twelve or twenty-five.
MOST_OF_GRM = 4
#: First numbers of rows beyond this and with three columns are Modified Julian Dates.
MJD_FROM = 40_000.0
#: First line of two-line elements; a name may stand before it.
TLE_LINE = re.compile(r"1 [ \d]{5}[A-Z ] .{50,}$")
TEXT_HEAD_BYTES = 20_000
#: The last column of dump files is an IJD that grows by about a bin a row (50 ms are 5.8e-7 d), d.
IJD_RANGE = (900.0, 20_000.0)
LARGEST_IJD_STEP = 1e-5


def guess_format(path_or_bytes: Path | str | bytes) -> str:
    """Format of a file: of a light curve, or of positions.

    Those of positions are ``eph``, ``ephs``, ``tle``, ``horizons``, ``gbm-poshist``, ``orbi-scp``.

    Raises
    ------
    ScienceError
        It is none that Tocsin reads, or what a server says where it has no data.
    """
    content = load(path_or_bytes)
    found = _fits_format(content) if content.startswith(FITS_MAGIC) else _text_format(content)
    if found is None:
        _refuse_failure(content, name_of(path_or_bytes))
        raise ScienceError(f"{name_of(path_or_bytes)}: the format is not known", remedy="name it")
    return found


def _refuse_failure(content: bytes, name: str) -> None:
    """Call a page, or a server's word of failure, by its name."""
    try:
        text_of(content)
    except ServerWordError:
        raise
    except ScienceError as error:
        raise ScienceError(f"{name}: {error.message}", remedy=error.remedy) from error


def _fits_format(content: bytes) -> str | None:
    with open_fits(content) as hdus:
        names = [str(hdu.name).strip().upper() for hdu in hdus]
        craft = {str(hdu.header.get("TELESCOP", "")).strip().upper() for hdu in hdus}
        columns = [{str(name).upper() for name in getattr(getattr(hdu, "columns", None), "names", ())} for hdu in hdus]
    if (found := _mission_format(names, craft, columns)) is not None:
        return found
    if "RATE" in names and "SWIFT" in craft:
        return "swift-bat-rate"
    return next((kind for name, kind in EXTENSIONS.items() if name in names), None)


def _mission_format(names: list[str], craft: set[str], columns: list[set[str]]) -> str | None:
    """Forms told by their columns: numbered photon lists, HXMT's, STIX's; see `acs_stream.readers.missions`."""
    numbered = [name for name in names if re.fullmatch(r"EVENTS\d\d", name)]
    if numbered:
        told = " ".join(craft)
        is_grm = "SVOM" in told or ("GECAM" not in told and len(numbered) <= MOST_OF_GRM)
        return "svom-grm-evt" if is_grm else "gecam-evt"
    for wanted, form in COLUMNS.items():
        if any(set(wanted) <= each for each in columns):
            return form
    return "hxmt-lc" if "HXMT" in " ".join(craft) and any({"TIME", "COUNTS"} <= one for one in columns) else None


def _text_format(content: bytes) -> str | None:
    head = content[:TEXT_HEAD_BYTES].decode("utf-8", errors="replace").strip().lstrip("\ufeff")
    if b"$$SOE" in content:
        return "horizons"
    if head.startswith("{"):
        return "rtlc-json"
    if head.startswith('"') and "\\n" in head:
        head = head.strip('"').replace("\\n", "\n")
    if re.search(r"reference \(start\) UTC|\[IJD\]", head, flags=re.IGNORECASE):
        return "genlc"
    if head.startswith(("'", '"')):
        return "ipnlc" if "INTEGRAL" in head.splitlines()[0].upper() else "ipn-thr"
    if head.lower().startswith("srcname"):
        return "ipn-thr"
    return _by_rows(head)


def _by_rows(head: str) -> str | None:
    rows = [line for line in head.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not rows:
        return None
    if re.match(r"\s*\d{8}\s+[\d.]+\s+\d\d:\d\d:\d\d", rows[0]):
        return "eph"
    if TLE_LINE.match(rows[0]) or (len(rows) > 1 and TLE_LINE.match(rows[1])):
        return "tle"
    if _is_dump(rows):
        return "lcdump"
    if any(sign in rows[0] for sign in ",;") or ("\t" in rows[0] and re.search(r"[A-Za-z]{2}", rows[0])):
        return "csv"
    return _by_numbers(rows)


def _is_dump(rows: list[str]) -> bool:
    """Rows that end in counts and IJD; the last may be cut off."""
    if re.fullmatch(r"[A-Za-z_\s]+", rows[0]):
        rows = rows[1:]  # names of the columns
    try:
        last = [float(row.split()[-1]) for row in rows[:4][: max(2, len(rows) - 1)]]
    except (ValueError, IndexError):
        return False
    steps = [b - a for a, b in pairwise(last)]
    is_slow = bool(steps) and all(abs(step) < LARGEST_IJD_STEP for step in steps) and any(steps)
    return is_slow and len(rows[0].split()) >= 2 and IJD_RANGE[0] < last[0] < IJD_RANGE[1]


def _by_numbers(rows: list[str]) -> str | None:
    try:
        first = [float(field) for field in rows[0].split()]
    except ValueError:
        return None
    if len(rows) <= 2 and len(first) in {3, 6}:
        return "ephs"
    if len(first) == 3 and first[0] > MJD_FROM:
        return "picsit"
    return "ipn-thr" if len(first) >= 2 else None
