"""Files into the archive: genlc, ipnlc, MMODA FITS, real-time JSON and dump files, told by their content."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from acs_stream.archive.packets import rows_of_packets
from acs_stream.archive.rate_archive import RateArchive
from acs_stream.archive.rows import Appended, RateRows, from_light_curve
from acs_stream.readers import guess_format, read_light_curve
from acs_stream.readers.content import load
from acs_stream.readers.isdc import lcdump_rows, parse_rtlc, rtlc_rows
from acs_stream.readers.spi_acs import INSTRUMENT
from acs_stream.readers.table import add_note
from tocsin.domain.errors import ScienceError

#: Formats whose rows have absolute times and a product kind that the archive knows how to rank.
IMPORTED = ("genlc", "ipnlc", "mmoda-fits", "rtlc-json", "lcdump")
#: What readers call rates that do not say of which of INTEGRAL's instruments they are.
UNNAMED = "INTEGRAL"
#: The IPN's text form rounds times to this, s: other forms of the same product are better.
PRINTED_TO_S = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of one file.

    Parameters
    ----------
    path
        The file.
    format, instrument
        As found; empty where it was not read.
    appended
        Rows stored and left out.
    refused
        Why it was not read; empty if it was.
    """

    path: Path
    format: str = ""
    instrument: str = ""
    appended: Appended = field(default_factory=Appended)
    refused: str = ""


def import_files(
    archive: RateArchive,
    paths: Sequence[Path],
    *,
    format: str | None = None,  # noqa: A002 - the word of burst files
    instrument: str | None = None,
) -> Iterator[Imported]:
    """Store files, and those in folders; one that is refused stops nothing. Done twice it changes nothing.

    Parameters
    ----------
    archive
        Where to.
    paths
        Files and folders; those in a folder in order of their names.
    format
        Of all of them; None: told by the content.
    instrument
        Name to store them under; None: the file's own.

    Raises
    ------
    RemoteError
        The archive cannot be written: start again.
    """
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
        for file in files if path.is_dir() else [path]:
            yield _import_one(archive, file, format, instrument)


def _import_one(archive: RateArchive, path: Path, form: str | None, instrument: str | None) -> Imported:
    try:
        content = load(path)
        form = form or guess_format(content)
        name, rows = _rates(content, form, instrument)
    except ScienceError as error:
        return Imported(path=path, refused=str(error))
    return Imported(path=path, format=form, instrument=name, appended=archive.append(name, rows))


def _rates(content: bytes, form: str, instrument: str | None) -> tuple[str, RateRows]:
    """Name of the instrument and its rows; real-time forms may hold packets in any order."""
    if form not in IMPORTED:
        raise ScienceError(f"the format is {form}: not a form of rates", remedy=f"one of {', '.join(IMPORTED)}")
    if form == "rtlc-json":
        return instrument or INSTRUMENT, rows_of_packets(*rtlc_rows(parse_rtlc(content)))
    if form == "lcdump":
        return instrument or INSTRUMENT, rows_of_packets(*lcdump_rows(content))
    curve = read_light_curve(content, format=form, instrument=instrument)
    if form == "ipnlc" and curve.timing is not None:
        rounded = replace(curve.timing, clock_error_s=math.hypot(curve.timing.clock_error_s, PRINTED_TO_S / 12**0.5))
        curve = curve.replace(timing=add_note(rounded, "times printed to 1 ms"))
    if curve.instrument == UNNAMED:
        raise ScienceError("the file does not say which instrument's rates it holds", remedy="name the instrument")
    return curve.instrument, from_light_curve(curve)
