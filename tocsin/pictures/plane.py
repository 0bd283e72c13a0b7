"""The part of a picture that shows the sky: from directions to user units, curves cut where they leave."""

from dataclasses import dataclass

import numpy as np

from tocsin.pictures.projection import Projection
from tocsin.pictures.svg import FloatArray, element, join, path, picture_id, simplify


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """A projection with its place in the picture, in user units.

    Parameters
    ----------
    projection
        Directions to plane coordinates.
    left, top, width, height
        Where the plane's rectangle stands.
    is_ellipse
        The sky fills an ellipse rather than the rectangle.
    """

    projection: Projection
    left: float
    top: float
    width: float
    height: float
    is_ellipse: bool

    @property
    def units_per_deg(self) -> float:
        """User units of a degree in the middle of the picture."""
        degrees = 2 * np.degrees(np.sqrt(2.0)) if self.is_ellipse else self.projection.half_x
        return float(self.width / 2 / degrees)

    def units(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """User units of plane coordinates."""
        return (
            self.left + self.width * 0.5 * (1 + x / self.projection.half_x),
            self.top + self.height * 0.5 * (1 - y / self.projection.half_y),
        )

    def place(self, ra_deg: float, dec_deg: float) -> tuple[float, float] | None:
        """User units of a direction; None where it is not in the picture."""
        x, y = self.units(*self.projection.forward(np.array([ra_deg]), np.array([dec_deg])))
        seen = self.left <= x[0] <= self.left + self.width and self.top <= y[0] <= self.top + self.height
        return (float(x[0]), float(y[0])) if seen else None

    def curve(self, ra_deg: FloatArray, dec_deg: FloatArray) -> str:
        """Path data of a finely sampled curve, cut at the seam of the sky and where it leaves the picture."""
        x, y = self.units(*self.projection.forward(ra_deg, dec_deg))
        reach = 0.1 * self.width
        with np.errstate(invalid="ignore"):
            near = (np.abs(x - self.left - self.width / 2) < self.width / 2 + reach) & (
                np.abs(y - self.top - self.height / 2) < self.height / 2 + reach
            )
            jumps = np.hypot(np.diff(x), np.diff(y)) > 0.25 * self.width
        breaks = np.flatnonzero(~near[:-1] | ~near[1:] | jumps) + 1
        pieces = [piece for piece in np.split(np.arange(len(x)), breaks) if len(piece) > 1]
        return join(path(*simplify(x[piece], y[piece], 0.12)) for piece in pieces)

    def outline(self, **attributes: str | float | None) -> str:
        """The border of the sky shown, as an element."""
        if self.is_ellipse:
            return element(
                "ellipse",
                cx=self.left + self.width / 2,
                cy=self.top + self.height / 2,
                rx=self.width / 2,
                ry=self.height / 2,
                **attributes,
            )
        return element("rect", x=self.left, y=self.top, width=self.width, height=self.height, **attributes)

    def clip_id(self, title: str) -> str:
        """Id of the clip path of this picture."""
        return picture_id(f"{title}{self.projection}") + "c"
