"""What can stand on a sky map besides a posterior: points, annuli, discs; and the field to show."""

from dataclasses import dataclass
from enum import StrEnum


class Symbol(StrEnum):
    """Shapes that tell points apart without colour."""

    SUN = "sun"
    MOON = "moon"
    STAR = "star"
    DIAMOND = "diamond"
    CROSS = "cross"


@dataclass(frozen=True, slots=True, kw_only=True)
class SkyPoint:
    """A point with a name: the Sun, the Moon, a candidate."""

    label: str
    ra_deg: float
    dec_deg: float
    symbol: Symbol = Symbol.DIAMOND
    error_radius_deg: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnAnnulus:
    """An annulus with a name: centre, radius and 3 sigma half-widths, deg."""

    label: str
    ra_deg: float
    dec_deg: float
    radius_deg: float
    minus_3sigma_deg: float
    plus_3sigma_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Disc:
    """A part of the sky that is hidden: the Earth as `seen_from` a craft, by its centre and angular radius, deg.

    `layer` is a class of its own for the style sheet, by which it can be hidden.
    """

    label: str
    ra_deg: float
    dec_deg: float
    radius_deg: float
    seen_from: str = ""
    layer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The edge of what an instrument sees, or (`is_poor`) of where it sees less than half as well, deg.

    `layer` as in `Disc`.
    """

    label: str
    words: str
    ra_deg: float
    dec_deg: float
    radius_deg: float
    is_poor: bool = False
    layer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A field of the sky to be drawn large: its centre and half its width, deg."""

    ra_deg: float
    dec_deg: float
    half_width_deg: float
