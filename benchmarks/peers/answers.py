"""Answers of peers to questions in a folder, as JSON: run by benchmarks/oracles.py in an environment of their own.

A peer that is not installed, or fails, says so; the others still answer.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits


def table(path: Path) -> tuple[Any, Any]:
    """UNIQ numbers and densities per sr of a map."""
    with fits.open(path) as file:
        data = file[1].data
        return np.array(data["UNIQ"], dtype=np.int64), np.array(data["PROBDENSITY"], dtype=float)


def ligo_skymap(folder: Path, question: dict[str, Any]) -> dict[str, float]:
    """Areas and containment."""
    from astropy.coordinates import SkyCoord
    from ligo.skymap.io import read_sky_map
    from ligo.skymap.postprocess.crossmatch import crossmatch

    sky_map = read_sky_map(str(folder / "ring.fits"), moc=True)
    place = SkyCoord(*question["point_deg"], unit="deg")
    found = crossmatch(sky_map, place, contours=(0.5, 0.9))
    areas = [float(area) for area in found.contour_areas]
    return {"area_50_deg2": areas[0], "area_90_deg2": areas[1], "containment": float(found.searched_prob)}


def mhealpy(folder: Path, _question: dict[str, Any]) -> dict[str, float]:
    """Overlap by the product of two multi-resolution maps."""
    from mhealpy import HealpixMap

    maps = []
    for name in ("ring", "disc"):
        uniq, density = table(folder / f"{name}.fits")
        maps.append(HealpixMap(data=density, uniq=uniq, density=True))
    product = maps[0] * maps[1]
    return {"overlap": float(4 * np.pi * (product.data * product.pixarea().value).sum())}


def raven(folder: Path, _question: dict[str, Any]) -> dict[str, float]:
    """Overlap as the low-latency coincidence search takes it."""
    from ligo.raven.search import skymap_overlap_integral

    (ring_uniq, ring), (disc_uniq, disc) = (table(folder / f"{name}.fits") for name in ("ring", "disc"))
    return {"overlap": float(skymap_overlap_integral(ring, disc, ring_uniq, disc_uniq))}


def gdt_ipn(_folder: Path, question: dict[str, Any]) -> dict[str, float]:
    """Direction of the baseline of two craft, which is the centre of their annulus."""
    from gdt.ipn.instrument import SpacecraftPosition

    a, b = (SpacecraftPosition.from_celestial(*place) for place in question["craft_radec_km"])
    direction = np.asarray(a.unit_vector, dtype=float).ravel() - np.asarray(b.unit_vector, dtype=float).ravel()
    direction /= np.linalg.norm(direction)
    baseline = np.asarray(a.baseline(b), dtype=float).ravel()
    light_s = float(np.ravel(a.light_travel_time(b))[0])
    axis = baseline / np.linalg.norm(baseline) if baseline.size == 3 else direction
    ra, dec = np.degrees(np.arctan2(axis[1], axis[0])) % 360.0, np.degrees(np.arcsin(axis[2]))
    return {"centre_ra_deg": float(ra), "centre_dec_deg": float(dec), "baseline_light_s": abs(light_s)}


PEERS: dict[str, Callable[[Path, dict[str, Any]], dict[str, float]]] = {
    "ligo.skymap": ligo_skymap,
    "mhealpy": mhealpy,
    "ligo-raven": raven,
    "astro-gdt-ipn": gdt_ipn,
}


def main() -> None:
    """Print the answers of all peers."""
    folder = Path(sys.argv[1])
    question = json.loads((folder / "question.json").read_text(encoding="utf-8"))
    answers: dict[str, Any] = {}
    for name, ask in PEERS.items():
        start = time.process_time()
        try:
            answers[name] = ask(folder, question) | {"cpu_s": time.process_time() - start}
        except Exception as error:  # noqa: BLE001 - whatever a peer does, the others still answer
            answers[name] = {"failed": f"{type(error).__name__}: {error}"}
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
