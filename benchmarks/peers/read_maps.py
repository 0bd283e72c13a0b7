"""What ligo.skymap and mhealpy read in sky maps, as JSON: run by tests in the environment of ``make oracles``.

python read_maps.py FILE...
"""

import hashlib
import json
import sys
from typing import Any

import numpy as np

LEVELS = (0.5, 0.9)


def pixels(uniq: Any, density: Any) -> dict[str, Any]:
    """Number of pixels, digest of their numbers in order, and the integral of the density over the sphere."""
    numbers = np.asarray(uniq, dtype=np.int64)
    order = np.argsort(numbers)
    side = np.left_shift(1, (np.log2(numbers / 4) / 2).astype(np.int64))
    areas_sr = 4 * np.pi / (12.0 * side.astype(float) ** 2)
    digest = hashlib.sha256(numbers[order].astype("<i8").tobytes()).hexdigest()
    total = float((np.asarray(density, dtype=float) * areas_sr).sum())
    return {"pixels": len(numbers), "sha256": digest, "total": total}


def ligo_skymap(file: str) -> dict[str, Any]:
    """Pixels, and areas of credible regions, deg2."""
    from ligo.skymap.io import read_sky_map
    from ligo.skymap.postprocess.crossmatch import crossmatch

    table = read_sky_map(file, moc=True)
    found = crossmatch(table, contours=LEVELS)
    return pixels(table["UNIQ"], table["PROBDENSITY"]) | {"areas_deg2": [float(one) for one in found.contour_areas]}


def mhealpy(file: str) -> dict[str, Any]:
    """Pixels."""
    from mhealpy import HealpixMap

    found = HealpixMap.read_map(file, density=True)
    return pixels(found.uniq, found.data) | {"is_moc": bool(found.is_moc)}


def main() -> None:
    """Print the answers of both to every file."""
    answers: dict[str, dict[str, Any]] = {}
    for file in sys.argv[1:]:
        answers[file] = {}
        for peer in (ligo_skymap, mhealpy):
            try:
                answers[file][peer.__name__] = peer(file)
            except Exception as error:  # noqa: BLE001 - whatever a peer cannot read is its answer
                answers[file][peer.__name__] = {"failed": f"{type(error).__name__}: {error}"}
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
