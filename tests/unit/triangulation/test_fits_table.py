"""FITS tables written at once are those astropy writes, byte for byte."""

import io
from collections.abc import Mapping

import numpy as np
import pytest
from astropy.io import fits

from triangulation.fits_table import Value, table_file

KEYWORDS = (
    ("PIXTYPE", "HEALPIX", "HEALPIX pixelisation"),
    ("ORDERING", "NUNIQ", "Pixel ordering scheme: RING, NESTED, or NUNIQ"),
    ("MOCORDER", 14, "MOC resolution (best order)"),
)
UNIQ = np.arange(1024, 1060)
DENSITY = np.linspace(0.0, 1.0, UNIQ.size)


def astropys(further: Mapping[str, Value]) -> bytes:
    """The same file by astropy."""
    table = fits.BinTableHDU.from_columns(
        [fits.Column("UNIQ", "K", array=UNIQ), fits.Column("PROBDENSITY", "D", array=DENSITY, unit="sr-1")]
    )
    table.header.update({key: (value, comment) for key, value, comment in KEYWORDS})
    for key, value in further.items():
        table.header[key if len(key) <= 8 else f"HIERARCH {key}"] = value
    out = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "further",
    [
        {},
        {"OBJECT": "S230518h", "DISTMEAN": 204.5, "NUMBER": -12, "DATE-OBS": "2023-05-18T12:59:08.167000"},
        {"a lower one": "x", "LINEAGE_OF_A_MAP": "notice:ab", "QUOTED": "O'Brien", "EMPTY": "", "GOOD": True},
        {"LONG": "words " * 30, "TINY": 1.25e-300, "HUGE": 2**70, "ACCENT": "10 deg"},
    ],
)
def test_the_bytes_are_those_of_astropy(further: Mapping[str, Value]) -> None:
    columns = [("UNIQ", UNIQ, None), ("PROBDENSITY", DENSITY, "sr-1")]
    assert table_file(columns, KEYWORDS, further) == astropys(further)


def test_a_table_without_rows_is_a_file() -> None:
    content = table_file([("UNIQ", np.arange(0), None)], (), {})
    with fits.open(io.BytesIO(content)) as file:
        assert len(file[1].data) == 0
