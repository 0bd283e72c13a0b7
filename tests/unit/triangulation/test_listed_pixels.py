"""Flat maps that list some pixels of the sky (INDXSCHM EXPLICIT)."""

import io
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from tocsin.domain.errors import ScienceError
from triangulation.skymap import SkyMap, overlap

NSIDE = 8


def written(path: Path, pixel: list[int] | None, values: list[float], nside: int = NSIDE) -> Path:
    columns = [fits.Column("PROB", "D", array=np.array(values))]
    if pixel is not None:
        columns.insert(0, fits.Column("PIXEL", "K", array=np.array(pixel)))
    table = fits.BinTableHDU.from_columns(columns)
    table.header["ORDERING"], table.header["NSIDE"], table.header["COORDSYS"] = "NESTED", nside, "C"
    content = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(content)
    path.write_bytes(content.getvalue())
    return path


def test_a_map_that_lists_its_pixels_is_the_one_that_holds_them_all(tmp_path: Path) -> None:
    whole = np.zeros(12 * NSIDE * NSIDE)
    whole[[7, 300]] = 0.25, 0.75
    listed = SkyMap.read(written(tmp_path / "listed.fits", [300, 7], [0.75, 0.25]))
    full = SkyMap.read(written(tmp_path / "full.fits", None, whole.tolist()))
    assert overlap(listed, full) == pytest.approx(overlap(full, full), rel=1e-12)


@pytest.mark.parametrize(("pixel", "nside"), [([768, 1], NSIDE), ([-1, 1], NSIDE), ([1, 2], 4096), ([1, 2], 0)])
def test_pixels_that_the_map_cannot_have_are_refused(tmp_path: Path, pixel: list[int], nside: int) -> None:
    with pytest.raises(ScienceError, match=r"nside|NSIDE"):
        SkyMap.read(written(tmp_path / "bad.fits", pixel, [0.5, 0.5], nside))
