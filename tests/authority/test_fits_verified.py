"""FITS files that we write, judged by HEASARC's own `fitsverify`: not an error, not a warning."""

import io
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from api_night import T0, Night, fill_gw, light_curve, sky_map
from asgi_browser import Browser
from astropy.io import fits

from acs_stream.writers.ogip import ogip_fits
from tocsin.api import build_app
from tocsin.domain.light_curves import LightCurve
from triangulation.annulus import annulus_from_delay
from triangulation.posterior import DelayPosterior
from triangulation.skymap import SkyMap

#: What OGIP memo 93-003 asks of a light curve, beside what makes it FITS.
OGIP = (
    "TELESCOP", "INSTRUME", "ORIGIN", "HDUCLASS", "HDUCLAS1", "TIMESYS", "TIMEUNIT", "TIMEREF", "TASSIGN", "CLOCKAPP",
    "MJDREFI", "MJDREFF", "TIMEZERO", "TSTART", "TSTOP", "DATE-OBS", "DATE-END", "TIMEDEL", "TIMEPIXR", "BACKAPP",
    "DEADAPP",
)  # fmt: skip


def uneven() -> LightCurve:
    edges = np.cumsum(np.linspace(0.01, 1.0, 200))
    return LightCurve(
        "Konus-Wind", T0, start_s=edges[:-1], width_s=np.diff(edges), counts=np.full(199, 7.5), energy_kev=(20.0, 400.0)
    )


def masked() -> LightCurve:
    curve = light_curve(half_s=20.0)
    return replace(curve, mask=np.arange(len(curve)) % 3 == 0, exposure_s=np.full(len(curve), 0.04))


def ring() -> SkyMap:
    delay = DelayPosterior.gaussian(0.8, 0.05)
    return SkyMap.from_annuli(
        [annulus_from_delay(np.array([0.0, 0.0, 7000.0]), np.array([1.2e6, 3.0e5, -2.0e5]), delay)]
    )


def coverage() -> bytes:
    target = io.BytesIO()
    sky_map().credible_moc(0.5).serialize("fits").writeto(target)
    return target.getvalue()


FILES: dict[str, Callable[[], bytes]] = {
    "light curve": lambda: ogip_fits(light_curve(), object_name="S261122a"),
    "uneven bins": lambda: ogip_fits(uneven()),
    "masked, with exposure": lambda: ogip_fits(masked(), object_name="GRB 261122A \N{GREEK SMALL LETTER ALPHA}"),
    "one bin": lambda: ogip_fits(light_curve().between(0.0, 0.05)),
    "smooth map": lambda: sky_map().to_bytes(),
    "map of an annulus": lambda: ring().to_bytes(),
    "combined map": lambda: ring().combine(sky_map()).to_bytes(),
    "map of a position": lambda: SkyMap.from_position(123.4, -45.6, error_radius_deg=5.0, containment=0.9).to_bytes(),
    "coverage": coverage,
}


def verdict(content: bytes, folder: Path) -> tuple[int, str]:
    """How many errors and warnings there are, and what was said of them."""
    program = shutil.which("fitsverify")
    if program is None:
        pytest.skip("no fitsverify: apt-get install fitsverify")
    file = folder / "file.fits"
    file.write_bytes(content)
    done = subprocess.run([program, str(file)], capture_output=True, text=True, check=False)
    return done.returncode, "\n".join(line for line in done.stdout.splitlines() if line.startswith("***"))


@pytest.mark.parametrize("name", FILES)
def test_fitsverify_finds_nothing_to_say(name: str, tmp_path: Path) -> None:
    remarks, said = verdict(FILES[name](), tmp_path)
    assert remarks == 0, said
    assert "0 warning(s) and 0 error(s)" in said


@pytest.mark.parametrize(
    "asked", ["lightcurves/SPI-ACS?form=fits&bin_s=0.5", "lightcurves/Fermi-GBM?form=fits", "skymap", "moc?form=fits"]
)
def test_fitsverify_finds_nothing_to_say_of_what_the_service_gives_out(asked: str, tmp_path: Path) -> None:
    night = Night(tmp_path)
    fill_gw(night)
    answer = Browser(build_app(night.services())).get(f"/api/v1/events/s261122a/{asked}")
    night.store.close()
    assert answer.status_code == 200
    assert verdict(answer.content, tmp_path)[0] == 0


def test_fitsverify_would_say_so_of_a_broken_file(tmp_path: Path) -> None:
    broken = ogip_fits(light_curve()).replace(b"TFORM2  = 'D       '", b"TFORM2  = 'Q       '")
    assert verdict(broken, tmp_path)[0] > 0


@pytest.mark.parametrize("name", ["light curve", "uneven bins", "masked, with exposure", "one bin"])
def test_every_keyword_that_ogip_asks_of_a_light_curve_is_there(name: str) -> None:
    with fits.open(io.BytesIO(FILES[name]())) as hdus:
        hdus.verify("exception")
        header = hdus["RATE"].header
        assert [key for key in OGIP if key not in header] == []
        assert header["TSTART"] < header["TSTOP"]
        assert {column.name for column in hdus["RATE"].columns} >= {"TIME", "RATE", "ERROR", "FRACEXP", "TIMEDEL"}
        assert np.all(np.diff(hdus["RATE"].data["TIME"]) > 0)
