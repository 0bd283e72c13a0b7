"""From directions to the plane and back: the whole sky (Mollweide) or a field around a direction (zenithal).

Both put east to the left, as the sky is seen from inside, and give plane coordinates with y upwards.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tocsin.pictures.sphere import directions, unit_vectors
from tocsin.pictures.svg import FloatArray


class Projection(Protocol):
    """A map of the sky onto a rectangle of half-widths `half_x`, `half_y` around the origin."""

    @property
    def half_x(self) -> float:
        """Half the width of the plane shown."""
        ...

    @property
    def half_y(self) -> float:
        """Half the height of the plane shown."""
        ...

    def forward(self, ra_deg: FloatArray, dec_deg: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Plane coordinates; NaN for directions that have none."""
        ...

    def inverse(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Directions, deg; NaN for points off the sky."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Mollweide:
    """Equal-area map of the whole sky, an ellipse of half-axes 2 and 1.

    Parameters
    ----------
    centre_ra_deg
        Right ascension in the middle; it increases to the left.
    """

    centre_ra_deg: float = 180.0

    @property
    def half_x(self) -> float:
        """Half the width of the ellipse."""
        return 2.0

    @property
    def half_y(self) -> float:
        """Half the height of the ellipse."""
        return 1.0

    def forward(self, ra_deg: FloatArray, dec_deg: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Plane coordinates."""
        east = (np.asarray(ra_deg) - self.centre_ra_deg + 180.0) % 360.0 - 180.0
        theta = _auxiliary(np.radians(dec_deg))
        return -east / 90.0 * np.cos(theta), np.sin(theta)

    def inverse(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Directions; NaN outside the ellipse."""
        inside = (x / 2.0) ** 2 + y**2 <= 1.0
        theta = np.arcsin(np.clip(y, -1.0, 1.0))
        dec = np.degrees(np.arcsin(np.clip((2 * theta + np.sin(2 * theta)) / np.pi, -1.0, 1.0)))
        with np.errstate(divide="ignore", invalid="ignore"):
            east = np.clip(np.nan_to_num(-90.0 * x / np.cos(theta)), -180.0, 180.0)
        ra = (self.centre_ra_deg + east) % 360.0
        return np.where(inside, ra, np.nan), np.where(inside, dec, np.nan)


def _auxiliary(dec_rad: FloatArray) -> FloatArray:
    """Theta with 2 theta + sin 2 theta = pi sin(dec), by Newton's steps from a start good at the poles too."""
    dec = np.asarray(dec_rad, dtype=np.float64)
    wanted = np.pi * np.sin(dec)
    near_pole = np.pi / 2 - np.cbrt(3 * np.pi / 8 * (np.pi / 2 - np.abs(dec)) ** 2)
    theta = np.where(np.abs(dec) > 1.2, np.sign(dec) * near_pole, 0.8 * dec)
    for _ in range(12):
        slope = 2.0 + 2.0 * np.cos(2.0 * theta)
        step = np.where(slope > 1e-9, (2 * theta + np.sin(2 * theta) - wanted) / np.maximum(slope, 1e-9), 0.0)
        theta = np.clip(theta - step, -np.pi / 2, np.pi / 2)
    return np.asarray(theta)


@dataclass(frozen=True, slots=True, kw_only=True)
class Zenithal:
    """Equal-distance map of a field: distance from the middle is the angle from the centre.

    Parameters
    ----------
    ra_deg, dec_deg
        Direction in the middle.
    half_width_deg, half_height_deg
        Half the field shown.
    """

    ra_deg: float
    dec_deg: float
    half_width_deg: float
    half_height_deg: float

    @property
    def half_x(self) -> float:
        """Half the width, deg."""
        return self.half_width_deg

    @property
    def half_y(self) -> float:
        """Half the height, deg."""
        return self.half_height_deg

    def forward(self, ra_deg: FloatArray, dec_deg: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Plane coordinates, deg; NaN beyond 1.5 times the field."""
        axis, east, north = self._axes()
        vectors = unit_vectors(ra_deg, dec_deg)
        across, up, along = vectors @ east, vectors @ north, vectors @ axis
        sine = np.hypot(across, up)
        distance = np.degrees(np.arctan2(sine, along))
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = np.where(sine > 0, distance / sine, np.degrees(1.0))
        near = distance <= 1.5 * np.hypot(self.half_width_deg, self.half_height_deg)
        return np.where(near, -across * scale, np.nan), np.where(near, up * scale, np.nan)

    def inverse(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Directions of plane points."""
        axis, east, north = self._axes()
        distance = np.radians(np.hypot(x, y))
        ratio = np.radians(np.sinc(distance / np.pi))  # sin(d) / d, in radians per degree
        vectors = np.cos(distance)[..., None] * axis - (x * ratio)[..., None] * east + (y * ratio)[..., None] * north
        return directions(vectors)

    def _axes(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        ra, dec = np.radians(self.ra_deg), np.radians(self.dec_deg)
        axis = unit_vectors(self.ra_deg, self.dec_deg)
        east = np.array([-np.sin(ra), np.cos(ra), 0.0])
        north = np.array([-np.sin(dec) * np.cos(ra), -np.sin(dec) * np.sin(ra), np.cos(dec)])
        return axis, east, north
