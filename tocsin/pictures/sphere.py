"""Directions on the sky: unit vectors, small circles, the galactic plane. Degrees in and out, ICRS."""

import numpy as np

from tocsin.pictures.svg import FloatArray

#: North galactic pole and galactic longitude of the north celestial pole (ESA SP-1200, vol. 1, 1.5.3), deg, ICRS.
GALACTIC_POLE_DEG = (192.85948, 27.12825)


def unit_vectors(ra_deg: FloatArray | float, dec_deg: FloatArray | float) -> FloatArray:
    """Unit vectors of directions, shape (..., 3)."""
    ra, dec = np.radians(ra_deg), np.radians(dec_deg)
    return np.stack(np.broadcast_arrays(np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)), axis=-1)


def directions(vectors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Right ascension (0..360) and declination of vectors of shape (..., 3), deg."""
    ra = np.degrees(np.arctan2(vectors[..., 1], vectors[..., 0])) % 360.0
    dec = np.degrees(np.arctan2(vectors[..., 2], np.hypot(vectors[..., 0], vectors[..., 1])))
    return ra, dec


def separation_deg(ra_deg: FloatArray, dec_deg: FloatArray, centre_ra_deg: float, centre_dec_deg: float) -> FloatArray:
    """Angles of directions from a centre, deg; exact also for tiny and for nearly opposite ones."""
    a, b = unit_vectors(ra_deg, dec_deg), unit_vectors(centre_ra_deg, centre_dec_deg)
    cross = np.linalg.norm(np.cross(a, b), axis=-1)
    return np.asarray(np.degrees(np.arctan2(cross, a @ b)))


def small_circle(ra_deg: float, dec_deg: float, radius_deg: float, points: int = 3601) -> tuple[FloatArray, FloatArray]:
    """Directions at `radius_deg` from a centre, a closed round of `points`: (ra, dec), deg."""
    axis = unit_vectors(ra_deg, dec_deg)
    north = np.array([0.0, 0.0, 1.0]) if abs(axis[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    first = np.cross(north, axis)
    first /= np.linalg.norm(first)
    second = np.cross(axis, first)
    angle = np.linspace(0.0, 2.0 * np.pi, points)[:, None]
    radius = np.radians(radius_deg)
    return directions(np.cos(radius) * axis + np.sin(radius) * (np.cos(angle) * first + np.sin(angle) * second))


def galactic_plane() -> tuple[FloatArray, FloatArray]:
    """The great circle of galactic latitude 0: (ra, dec), deg."""
    return small_circle(*GALACTIC_POLE_DEG, 90.0)
