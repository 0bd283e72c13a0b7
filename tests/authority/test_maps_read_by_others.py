"""Maps that we write, read by others' programs: the same pixels, the same areas, the same places.

ligo.skymap and mhealpy are GPL and in an environment of their own: ``make oracles`` makes it.
"""

import hashlib
import io
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from api_night import Night, fill_gw, sky_map
from asgi_browser import Browser
from workflow_desk import MERGER, Desk, PaperSource, at, burst_by_hand, counts, sources, spot

from tocsin.api import build_app
from tocsin.domain.products import ProductKind
from tocsin.simulate.notices import lvk_alert
from triangulation.annulus import Annulus, annulus_from_delay
from triangulation.posterior import DelayPosterior
from triangulation.skymap import SkyMap

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "benchmarks" / "peers" / "read_maps.py"
NO_ORACLES = "no ligo.skymap and mhealpy here: `make oracles` installs them (GPL, for tests alone)"
#: ligo.skymap finds areas on pixels split in its own way.
WITHIN = 0.02


def annulus() -> Annulus:
    return annulus_from_delay(
        np.array([0.0, 0.0, 7000.0]), np.array([1.2e6, 3.0e5, -2.0e5]), DelayPosterior.gaussian(0.8, 0.05)
    )


MAPS: dict[str, Callable[[], SkyMap]] = {
    "of a position": lambda: SkyMap.from_position(123.4, -45.6, error_radius_deg=5.0, containment=0.9),
    "of a small circle at the pole": lambda: SkyMap.from_position(10.0, 89.9, error_radius_deg=0.02, containment=0.9),
    "smooth": sky_map,
    "of an annulus": lambda: SkyMap.from_annuli([annulus()]),
    "combined": lambda: SkyMap.from_annuli([annulus()]).combine(sky_map()),
}


def of_the_service(folder: Path) -> dict[str, bytes]:
    """Every map that a night leaves in the store and gives out: of events, of both of a pair, by REST."""
    kinds = {ProductKind.SKYMAP, ProductKind.JOINT_SKYMAP}
    with Desk(folder, sources=sources(PaperSource("SPI-ACS", counts()))) as desk:
        desk.take(lvk_alert(MERGER, "PRELIMINARY", at(30.0), skymap=spot(120.0, 12.0).to_bytes()))
        desk.wait(30.0)
        burst_by_hand(desk, at(1.7))
        desk.wait(120.0)
        found: dict[str, bytes] = {}
        for event_id in desk.event_ids():
            for one in desk.read(lambda work, of=event_id: work.products(of, with_blob=True)):
                if one.kind in kinds and one.blob is not None:
                    found[f"{one.kind.value} of {event_id}"] = one.blob
    night = Night(folder)
    fill_gw(night)
    found["given out by REST"] = Browser(build_app(night.services())).get("/api/v1/events/s261122a/skymap").content
    night.store.close()
    return found


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files by what the map is."""
    folder = tmp_path_factory.mktemp("maps")
    made = {name: build().to_bytes() for name, build in MAPS.items()} | of_the_service(folder)
    files = {}
    for n, (name, content) in enumerate(made.items()):
        files[name] = folder / f"{n}.fits"
        files[name].write_bytes(content)
    return files


@pytest.fixture(scope="module")
def answers(written: dict[str, Path]) -> dict[str, dict[str, Any]]:
    """What both peers say of each map."""
    folder = Path(os.environ.get("TOCSIN_ORACLES", ROOT / ".oracles"))
    if not (folder / ".installed").exists():
        pytest.skip(NO_ORACLES)
    python = folder / "bin" / "python"
    done = subprocess.run([python, SCRIPT, *written.values()], capture_output=True, text=True, check=True, timeout=600)
    by_file = json.loads(done.stdout.strip().splitlines()[-1])
    return {name: by_file[str(file)] for name, file in written.items()}


def test_there_are_maps_of_every_kind(written: dict[str, Path]) -> None:
    kinds = {name.partition(" of ")[0] for name in written}
    assert {"skymap", "joint_skymap", "given out by REST"} <= kinds
    assert len(written) >= 8


@pytest.mark.parametrize("peer", ["ligo_skymap", "mhealpy"])
def test_every_map_is_read_with_the_same_pixels_and_probability(
    peer: str, written: dict[str, Path], answers: dict[str, dict[str, Any]]
) -> None:
    for name, file in written.items():
        ours, theirs = SkyMap.read(file), answers[name][peer]
        assert "failed" not in theirs, f"{name}: {theirs}"
        digest = hashlib.sha256(np.sort(ours.uniq).astype("<i8").tobytes()).hexdigest()
        assert (theirs["pixels"], theirs["sha256"]) == (len(ours.uniq), digest), name
        assert theirs["total"] == pytest.approx(1.0, rel=1e-6), name
        assert theirs.get("is_moc", True), name


def test_ligo_skymap_finds_the_same_areas(written: dict[str, Path], answers: dict[str, dict[str, Any]]) -> None:
    for name, file in written.items():
        ours = SkyMap.read(file)
        for area, level in zip(answers[name]["ligo_skymap"]["areas_deg2"], (0.5, 0.9), strict=True):
            assert area == pytest.approx(ours.credible_area_deg2(level), rel=WITHIN), (name, level)


def test_mocpy_finds_the_same_region(written: dict[str, Path]) -> None:
    from mocpy import MOC

    for name, file in written.items():
        ours = SkyMap.read(file)
        theirs = MOC.from_multiordermap_fits_file(str(file), cumul_to=0.9)
        area_deg2 = theirs.sky_fraction * 4 * np.pi * (180 / np.pi) ** 2
        assert area_deg2 == pytest.approx(ours.credible_area_deg2(0.9), rel=0.05), name
        again = io.BytesIO()
        ours.credible_moc(0.9).serialize("fits").writeto(again)
        assert again.getvalue().startswith(b"SIMPLE")
