"""Maps that we write, read by others' programs: the same pixels, the same areas, the same places."""

import io
from pathlib import Path

import numpy as np
import pytest
from api_night import sky_map

from triangulation.annulus import Annulus, annulus_from_delay
from triangulation.posterior import DelayPosterior
from triangulation.skymap import SkyMap


def annulus() -> Annulus:
    return annulus_from_delay(
        np.array([0.0, 0.0, 7000.0]), np.array([1.2e6, 3.0e5, -2.0e5]), DelayPosterior.gaussian(0.8, 0.05)
    )


MAPS = {
    "of a position": lambda: SkyMap.from_position(123.4, -45.6, error_radius_deg=5.0, containment=0.9),
    "smooth": sky_map,
    "of an annulus": lambda: SkyMap.from_annuli([annulus()]),
}


@pytest.fixture(params=MAPS)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[SkyMap, Path]:
    made = MAPS[request.param]()
    file = tmp_path / "map.fits"
    made.write(file)
    return made, file


def test_ligo_skymap_finds_the_same_probability_and_area(written: tuple[SkyMap, Path]) -> None:
    reading = pytest.importorskip(
        "ligo.skymap.io.fits", reason="ligo.skymap is not installed: pip install ligo.skymap (GPL, for this test alone)"
    )
    ours, file = written
    table = reading.read_sky_map(str(file), moc=True)
    assert np.array_equal(np.sort(table["UNIQ"]), np.sort(ours.uniq))
    order = np.argsort(table["UNIQ"])
    assert np.allclose(table["PROBDENSITY"][order], ours.density_sr[np.argsort(ours.uniq)], rtol=1e-6)
    crossmatch = pytest.importorskip("ligo.skymap.postprocess.crossmatch")
    found = crossmatch.crossmatch(table, contours=(0.5, 0.9))
    for area, level in zip(found.contour_areas, (0.5, 0.9), strict=True):
        assert area == pytest.approx(ours.credible_area_deg2(level), rel=0.02)


def test_mhealpy_finds_the_same_pixels(written: tuple[SkyMap, Path]) -> None:
    mhealpy = pytest.importorskip(
        "mhealpy", reason="mhealpy is not installed: pip install mhealpy (GPL, for this test alone)"
    )
    ours, file = written
    found = mhealpy.HealpixMap.read_map(str(file), density=True)
    assert found.is_moc
    assert np.array_equal(np.sort(found.uniq), np.sort(ours.uniq))


def test_mocpy_finds_the_same_region(written: tuple[SkyMap, Path]) -> None:
    from mocpy import MOC

    ours, file = written
    theirs = MOC.from_multiordermap_fits_file(str(file), cumul_to=0.9)
    area_deg2 = theirs.sky_fraction * 4 * np.pi * (180 / np.pi) ** 2
    assert area_deg2 == pytest.approx(ours.credible_area_deg2(0.9), rel=0.05)
    again = io.BytesIO()
    ours.credible_moc(0.9).serialize("fits").writeto(again)
    assert again.getvalue().startswith(b"SIMPLE")
