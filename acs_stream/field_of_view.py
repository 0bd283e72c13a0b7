"""What an instrument sees of the sky: all of it, all but the Earth, or a cone about its axis; and how much of a map."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from tocsin.domain.light_curves import FloatArray
from triangulation.geometry import radec_deg, separation_deg, unit_vector
from triangulation.pixels import centres_mixed
from triangulation.skymap import SkyMap

#: Equatorial radius (IERS Conventions 2010); from further than low orbit the Earth hides next to nothing.
EARTH_RADIUS_KM = 6378.137
LOW_ORBIT_KM = 9000.0


class FieldKind(StrEnum):
    """What limits the view."""

    SKY = "sky"
    EARTH = "earth"
    CONE = "cone"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOfView:
    """What an instrument sees: nothing hidden, all but the Earth, or a cone of `half_width_deg`; the rest in words."""

    kind: FieldKind
    half_width_deg: float = 0.0
    words: str = ""

    def to_json(self) -> dict[str, Any]:
        """JSON-able form; `field_from_json` gives it back."""
        return {"kind": self.kind.value, "half_width_deg": self.half_width_deg, "words": self.words}


def field_from_json(record: Mapping[str, Any]) -> FieldOfView:
    """Field from its JSON-able form."""
    return FieldOfView(
        kind=FieldKind(record["kind"]), half_width_deg=float(record["half_width_deg"]), words=str(record["words"])
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """A circle on the sky with all that is within: centre and radius, deg."""

    ra_deg: float
    dec_deg: float
    radius_deg: float

    def holds(self, vectors: FloatArray) -> npt.NDArray[np.bool_]:
        """Whether directions (unit vectors, shape (n, 3)) lie within, shape (n,)."""
        return np.asarray(separation_deg(unit_vector(self.ra_deg, self.dec_deg), vectors) <= self.radius_deg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What an instrument saw of the sky at the time of an event.

    Parameters
    ----------
    instrument
        Its name.
    words
        What limits it.
    inside
        It saw only this; None: no such limit.
    hidden
        It did not see this; None: nothing was hidden.
    poor
        Here it is less than half as sensitive as in its best direction.
    is_known
        False where a pointed instrument's pointing, or a low craft's place, is not known.
    """

    instrument: str
    words: str
    inside: Cap | None = None
    hidden: Cap | None = None
    poor: Cap | None = None
    is_known: bool = True

    def share(self, skymap: SkyMap) -> float | None:
        """Probability of a map that lies in what was seen, 0 to 1; None where that is not known."""
        return self._part(skymap, self.inside, self.hidden) if self.is_known else None

    def poor_share(self, skymap: SkyMap) -> float:
        """Probability of a map that lies where the instrument is poor, 0 to 1."""
        return 0.0 if self.poor is None else self._part(skymap, self.poor, None)

    @staticmethod
    def _part(skymap: SkyMap, inside: Cap | None, outside: Cap | None) -> float:
        vectors = centres_mixed(skymap.order, skymap.pixel)
        probability = skymap.probability
        seen = np.ones(len(probability), dtype=bool)
        if inside is not None:
            seen &= inside.holds(vectors)
        if outside is not None:
            seen &= ~outside.holds(vectors)
        return float(probability[seen].sum() / probability.sum())


def coverage_of(
    instrument: str,
    field: FieldOfView,
    *,
    vector_km: Sequence[float] | None = None,
    axis_deg: tuple[float, float] | None = None,
    poor_beyond_deg: float | None = None,
) -> Coverage:
    """What an instrument saw.

    Parameters
    ----------
    instrument, field
        Its name, and what limits its view.
    vector_km
        Its place, geocentric, km, shape (3,).
    axis_deg
        Right ascension and declination of its axis.
    poor_beyond_deg
        Further from the axis than this it is less than half as sensitive as in its best direction.
    """
    poor = None
    if axis_deg is not None and poor_beyond_deg is not None:
        behind = (axis_deg[0] + 180.0) % 360.0, -axis_deg[1]
        poor = Cap(ra_deg=behind[0], dec_deg=behind[1], radius_deg=180.0 - poor_beyond_deg)
    match field.kind:
        case FieldKind.CONE if axis_deg is None:
            return Coverage(instrument=instrument, words=_said("where it pointed is not known", field), is_known=False)
        case FieldKind.CONE if axis_deg is not None:
            cone = Cap(ra_deg=axis_deg[0], dec_deg=axis_deg[1], radius_deg=field.half_width_deg)
            hidden = None if vector_km is None else earth_seen_from(vector_km)
            words = f"within {field.half_width_deg:g}\N{DEGREE SIGN} of its axis"
            return Coverage(instrument=instrument, words=_said(words, field), inside=cone, hidden=hidden, poor=poor)
        case FieldKind.EARTH:
            hidden = earth_seen_from(vector_km) if vector_km is not None else None
            words = "all but what the Earth hid" if hidden else "all but the Earth; its place is not known"
            if hidden is None and vector_km is not None:
                words = "the whole sky"
            is_known = vector_km is not None
            return Coverage(
                instrument=instrument, words=_said(words, field), hidden=hidden, poor=poor, is_known=is_known
            )
        case _:
            words = "the whole sky"
            if poor is not None:
                words += f", less than half as well beyond {poor_beyond_deg:.0f}\N{DEGREE SIGN} of its axis"
            return Coverage(instrument=instrument, words=_said(words, field), poor=poor)


def earth_seen_from(vector_km: Sequence[float]) -> Cap | None:
    """The Earth as seen from a place (geocentric, km); None from further than low orbit, or from within."""
    distance_km = math.hypot(*vector_km)
    if not EARTH_RADIUS_KM < distance_km < LOW_ORBIT_KM:
        return None
    ra_deg, dec_deg = radec_deg(-np.asarray(vector_km, dtype=np.float64) / distance_km)
    radius_deg = math.degrees(math.asin(EARTH_RADIUS_KM / distance_km))
    return Cap(ra_deg=float(ra_deg) % 360.0, dec_deg=float(dec_deg), radius_deg=radius_deg)


def _said(words: str, field: FieldOfView) -> str:
    return f"{words} ({field.words})" if field.words else words
