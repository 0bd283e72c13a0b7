"""Files of sky maps, by explicit path: multi-order FITS as LIGO-Virgo-KAGRA and GBM write them, and MOCs."""

import gzip
import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import healpix
import numpy as np

from tocsin.domain.errors import ScienceError
from tocsin.domain.late import fits
from tocsin.domain.light_curves import FloatArray, IntArray
from triangulation import fits_table, pixels

if TYPE_CHECKING:
    from mocpy import MOC

#: Head of the header keys that name what a map was made from.
SOURCE_KEY = "TOCSRC"
#: Finest map that is read where it lists some pixels of the sky.
LARGEST_LISTED_NSIDE = 1024
DISTANCE_COLUMNS = ("DISTMU", "DISTSIGMA", "DISTNORM")
UNITS = {"PROBDENSITY": "sr-1", "DISTMU": "Mpc", "DISTSIGMA": "Mpc", "DISTNORM": "Mpc-2"}
#: Structure of the file itself, never carried on as lineage.
STRUCTURAL = re.compile(
    r"^(XTENSION|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|TFIELDS|T(TYPE|FORM|UNIT|DIM|NULL|SCAL|ZERO)\d+|PIXTYPE|ORDERING|"
    r"COORDSYS|MOCORDER|INDXSCHM|NSIDE|FIRSTPIX|LASTPIX|CHECKSUM|DATASUM|EXTNAME|COMMENT|HISTORY|BAD_DATA|OBJECT)?$"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MapFile:
    """What a sky map file holds: UNIQ numbers, probability per sr, distance layers by column name, header values."""

    uniq: IntArray
    density_sr: FloatArray
    distance: Mapping[str, FloatArray]
    header: Mapping[str, str | float | int]

    @property
    def sources(self) -> frozenset[str]:
        """What the map was made from; one that does not say is a source of its own, named by its content."""
        named = frozenset(str(value) for key, value in self.header.items() if key.startswith(SOURCE_KEY))
        digest = hashlib.sha256(np.ascontiguousarray(self.uniq).tobytes() + self.density_sr.tobytes()).hexdigest()
        return named or frozenset([f"map:{digest[:16]}"])


def to_bytes(
    uniq: IntArray, columns: Mapping[str, FloatArray], header: Mapping[str, str | float | int] | None = None
) -> bytes:
    """Bytes of a multi-order FITS file.

    Parameters
    ----------
    uniq
        UNIQ numbers, shape (n,).
    columns
        ``PROBDENSITY`` (per sr) and any further layers, each of shape (n,).
    header
        Further header values by keyword.
    """
    rows = np.argsort(uniq)
    layers = [(name, data[rows], UNITS.get(name)) for name, data in columns.items()]
    order = int(pixels.order_and_pixel(uniq)[0].max())
    keywords = (
        ("PIXTYPE", "HEALPIX", "HEALPIX pixelisation"),
        ("ORDERING", "NUNIQ", "Pixel ordering scheme: RING, NESTED, or NUNIQ"),
        ("COORDSYS", "C", "Ecliptic, Galactic or Celestial (equatorial)"),
        ("MOCORDER", order, "MOC resolution (best order)"),
        ("INDXSCHM", "EXPLICIT", "Indexing: IMPLICIT or EXPLICIT"),
    )
    cards = {key: _card(value) for key, value in (header or {}).items()}
    return fits_table.table_file([("UNIQ", uniq[rows], None), *layers], keywords, cards)


def _card(value: str | float) -> str | float:
    """Header value that FITS can hold: printable ASCII."""
    if not isinstance(value, str):
        return value
    return "".join(c if " " <= c <= "~" else "?" for c in value)


def write(
    path: Path,
    uniq: IntArray,
    columns: Mapping[str, FloatArray],
    header: Mapping[str, str | float | int],
    *,
    overwrite: bool,
) -> None:
    """Write a multi-order FITS file, gzipped where the name ends in .gz.

    Raises
    ------
    ScienceError
        The file exists and may not be overwritten.
    """
    if path.exists() and not overwrite:
        raise ScienceError(f"{path} exists")
    content = to_bytes(uniq, columns, header)
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def read(source: Path | bytes) -> MapFile:
    """Sky map of a FITS file: multi-order (NUNIQ) or flat (NESTED or RING, probabilities or densities).

    Parameters
    ----------
    source
        Path, or the bytes themselves; gzipped or not.

    Raises
    ------
    ScienceError
        The file is missing, no FITS, or holds no sky map.
    """
    try:
        content = source if isinstance(source, bytes) else source.read_bytes()
        plain = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        with fits.open(io.BytesIO(plain), memmap=False) as file:
            table = next((hdu for hdu in file if isinstance(hdu, fits.BinTableHDU)), None)
            if table is None:
                raise ScienceError("no table in the file")
            return _from_table(table.data, table.header)
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        place = "the bytes" if isinstance(source, bytes) else source
        raise ScienceError(f"no sky map in {place}: {getattr(error, 'strerror', None) or error}") from error


def _from_table(data: Any, header: Any) -> MapFile:
    columns = {name.upper(): np.asarray(data[name]).ravel() for name in data.names}
    kept = {
        key: value
        for key, value in header.items()
        if not STRUCTURAL.match(key) and isinstance(value, (str, int, float))
    }
    if str(header.get("COORDSYS", "C")).strip().upper()[:1] not in {"C", "E", "I", "F", "Q"} - {"E"}:
        raise ScienceError(
            f"a map in coordinates {header['COORDSYS']!r} is not read", remedy="give equatorial coordinates"
        )
    distance = {name: columns[name].astype(np.float64) for name in DISTANCE_COLUMNS if name in columns}
    if "UNIQ" in columns:
        uniq = columns["UNIQ"].astype(np.int64)
        return MapFile(uniq=uniq, density_sr=_density(columns, uniq), distance=distance, header=kept)
    return _from_flat(columns, str(header.get("ORDERING", "RING")).strip().upper(), distance, kept, header.get("NSIDE"))


def _density(columns: Mapping[str, Any], uniq: IntArray) -> FloatArray:
    if "PROBDENSITY" in columns:
        return np.asarray(columns["PROBDENSITY"], dtype=np.float64)
    name = next((name for name in ("PROB", "PROBABILITY") if name in columns), None)
    if name is None:
        raise ScienceError(f"no probability among the columns {', '.join(columns)}")
    return np.asarray(columns[name] / pixels.area_sr(pixels.order_and_pixel(uniq)[0]), dtype=np.float64)


def _from_flat(
    columns: Mapping[str, Any],
    ordering: str,
    distance: Mapping[str, FloatArray],
    header: Mapping[str, str | float | int],
    nside_stated: object,
) -> MapFile:
    name = next((name for name in ("PROB", "PROBABILITY", "PROBDENSITY", "SIGNAL") if name in columns), None)
    if name is None:
        raise ScienceError(f"no probability among the columns {', '.join(columns)}")
    values = np.asarray(columns[name], dtype=np.float64)
    if "PIXEL" in columns:
        values, distance = _whole_sky(values, np.asarray(columns["PIXEL"]), nside_stated), {}
    nside = int(healpix.npix2nside(values.size))
    if nside & (nside - 1):
        raise ScienceError(f"a map of nside {nside} cannot be nested")
    order = nside.bit_length() - 1
    pixel = np.arange(values.size)
    nested = pixel if ordering.startswith("NEST") else healpix.ring2nest(nside, pixel)
    density = values if name == "PROBDENSITY" else values / float(pixels.area_sr(np.array([order]))[0])
    return MapFile(uniq=pixels.uniq_of(order, nested), density_sr=density, distance=distance, header=header)


def _whole_sky(values: FloatArray, pixel: IntArray, nside: object) -> FloatArray:
    """Values of all pixels of a map that lists some of them: nothing in the others."""
    if not isinstance(nside, int) or not 1 <= nside <= LARGEST_LISTED_NSIDE:
        raise ScienceError(f"a map that lists its pixels needs NSIDE up to {LARGEST_LISTED_NSIDE}, not {nside}")
    whole = np.zeros(12 * nside * nside)
    if pixel.size != values.size or not pixel.size or pixel.min() < 0 or pixel.max() >= whole.size:
        raise ScienceError(f"a map of nside {nside} lists pixels that it does not have")
    whole[pixel] = values
    return whole


def moc_of(uniq: IntArray) -> "MOC":
    """Multi-order coverage of cells.

    Raises
    ------
    ScienceError
        The package mocpy is not installed.
    """
    try:
        from mocpy import MOC  # noqa: PLC0415 - belongs to the server's packages, the base install goes without
    except ImportError as error:
        raise ScienceError("a MOC needs the package mocpy", remedy="pip install tocsin[server]") from error
    order, pixel = pixels.order_and_pixel(uniq)
    return MOC.from_healpix_cells(pixel.astype(np.uint64), order.astype(np.uint8), max_depth=np.uint8(order.max()))
