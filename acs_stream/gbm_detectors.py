"""Which of GBM's detectors see a direction: the twelve sodium-iodide ones on Fermi's axes, and Fermi's attitude.

References
----------
Meegan et al. 2009, ApJ 702, 791, table 1 (directions of the detectors). The sense of the quaternion (from the
spacecraft's axes to J2000, scalar last) is checked on two bursts of known place: the detectors it names are the bright
ones.
"""

import numpy as np

from acs_stream.readers.content import open_fits
from acs_stream.readers.gbm import N_NAI
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray
from triangulation.geometry import unit_vector

#: Azimuth and zenith of each detector on Fermi's axes, deg.
NAI_AZIMUTH_ZENITH_DEG = {
    "n0": (45.89, 20.58),
    "n1": (45.11, 45.31),
    "n2": (58.44, 90.21),
    "n3": (314.87, 45.24),
    "n4": (303.15, 90.27),
    "n5": (3.35, 89.79),
    "n6": (224.93, 20.43),
    "n7": (224.62, 46.18),
    "n8": (236.61, 89.97),
    "n9": (135.19, 45.55),
    "na": (123.73, 90.42),
    "nb": (183.74, 90.32),
}
#: A detector further from the source than this adds little but background, deg.
USEFUL_DEG = 60.0
#: On-board channels in which bursts stand out, 44 to 300 keV.
BRIGHT_CHANNELS = slice(3, 5)


def detectors_towards(
    quaternion: FloatArray, ra_deg: float, dec_deg: float, *, count: int = 3
) -> tuple[tuple[str, float], ...]:
    """Detectors nearest to a direction and their angles to it, deg, the nearest first; at least one.

    Parameters
    ----------
    quaternion
        Attitude, scalar last, shape (4,).
    ra_deg, dec_deg
        Direction, J2000.
    count
        At most so many; those beyond 60 deg are left out, but for the nearest.
    """
    source = _on_craft(quaternion, unit_vector(ra_deg, dec_deg))
    angles = {name: float(np.degrees(np.arccos(np.clip(_axis(name) @ source, -1, 1)))) for name in DETECTOR_NAMES}
    ordered = sorted(angles.items(), key=lambda item: item[1])
    return tuple(item for k, item in enumerate(ordered[:count]) if not k or item[1] <= USEFUL_DEG)


DETECTOR_NAMES = tuple(NAI_AZIMUTH_ZENITH_DEG)


def _axis(name: str) -> FloatArray:
    azimuth, zenith = NAI_AZIMUTH_ZENITH_DEG[name]
    return unit_vector(azimuth, 90.0 - zenith)


def _on_craft(quaternion: FloatArray, direction: FloatArray) -> FloatArray:
    """Direction on the spacecraft's axes: turned back by the attitude."""
    q = np.asarray(quaternion, dtype=np.float64)
    norm = float(np.linalg.norm(q))
    if not (np.isfinite(norm) and abs(norm - 1.0) < 0.01):
        raise ScienceError("Fermi's attitude is no quaternion of length 1")
    axis, scalar = -q[:3] / norm, q[3] / norm
    turn = 2.0 * np.cross(axis, direction)
    return np.asarray(direction + scalar * turn + np.cross(axis, turn))


def trigdat_attitude(content: bytes) -> FloatArray:
    """Attitude of Fermi at the trigger, from trigger data: quaternion, scalar last, shape (4,)."""
    with open_fits(content) as hdus:
        rows = hdus["EVNTRATE"].data
        zero_s = float(hdus[0].header.get("TRIGTIME", rows["TIME"][0]))
        nearest = int(np.argmin(np.abs(np.asarray(rows["TIME"], dtype=np.float64) - zero_s)))
        return np.asarray(rows["SCATTITD"][nearest], dtype=np.float64)


def poshist_attitude(content: bytes, met_s: float) -> FloatArray:
    """Attitude of Fermi at a time (Fermi MET, s) from a position history, shape (4,)."""
    with open_fits(content) as hdus:
        rows = hdus["GLAST POS HIST"].data
        nearest = int(np.argmin(np.abs(np.asarray(rows["SCLK_UTC"], dtype=np.float64) - met_s)))
        return np.array([float(rows[f"QSJ_{k}"][nearest]) for k in (1, 2, 3, 4)])


def brightest_detectors(content: bytes, *, count: int = 3) -> tuple[str, ...]:
    """Detectors whose rates rise most in trigger data, the brightest first: where no direction is known."""
    with open_fits(content) as hdus:
        rows = hdus["EVNTRATE"].data
        rates = np.asarray(rows["RATE"], dtype=np.float64).reshape(len(rows), -1, 8)[:, :N_NAI, BRIGHT_CHANNELS]
        width = np.asarray(rows["ENDTIME"], dtype=np.float64) - np.asarray(rows["TIME"], dtype=np.float64)
    total = rates.sum(axis=2)
    good = np.isfinite(total).all(axis=1) & (width > 0.5)
    if not good.any():
        raise ScienceError("the trigger data hold no rates")
    rise = total[good].max(axis=0) - np.median(total[good], axis=0)
    order = np.argsort(-rise / np.sqrt(np.maximum(np.median(total[good], axis=0), 1.0)))
    return tuple(DETECTOR_NAMES[int(k)] for k in order[:count])
