"""What is it? What a gamma-ray trigger may be instead of a burst of the far sky, and what chance alone would give.

Nothing here decides that an event is no burst: it lists what speaks for something else, so that whoever names it has
looked. A burst that is near a galaxy may be both.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from math import asin, atan2, cos, degrees, pi, radians, sin, sqrt

import numpy as np

from tocsin.domain.events import Event
from tocsin.domain.light_curves import FloatArray, read_only
from triangulation.geometry import SpacecraftPosition
from triangulation.skymap import SkyMap
from triggers.conditions import most_likely_class, number
from triggers.geomagnetic import geomagnetic_latitude_deg, share_beyond
from triggers.naming import BURST_CLASS
from triggers.source_book import SourceBook
from triggers.storms import Storm
from triggers.sun import sun_radec_deg

SKY_DEG2 = 41252.96
#: Points of a rim that are looked at.
RIM = 8
#: Where chance alone gives this many of a list, its members are counted and not named in one line.
CROWDED_FROM = 0.5
#: Inclination of Fermi's orbit, deg.
FERMI_INCLINATION_DEG = 25.6
#: Beyond this from the geocentre a craft is out of the particles' reach, km.
LOW_ORBIT_KM = 8000.0
_SOLAR = frozenset({"solar_flare", "SFLARE"})
#: Classes that speak for nothing else.
_SAYS_NOTHING = frozenset({BURST_CLASS, "GENERIC_SOURCE", "unreliable_location"})


class Suspicion(StrEnum):
    """What an event may be."""

    SUN = "sun"
    CLASS = "class"
    PARTICLES = "particles"
    TGF = "tgf"
    MAGNETAR = "magnetar"
    GALAXY = "galaxy"
    STORM = "storm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at.

    Parameters
    ----------
    suspicion
        What was looked for.
    name
        Its name: ``SGR 1935+2154``, ``NGC 253``, ``solar_flare``.
    is_found
        It speaks for it; False: it was looked at, and does not.
    expected_by_chance
        How many like it would be found in a localization (or a trigger) as this one by chance alone; None where no
        number can be given.
    words
        What was found, in words.
    """

    suspicion: Suspicion
    name: str
    is_found: bool
    expected_by_chance: float | None
    words: str


def identify(
    event: Event,
    book: SourceBook,
    *,
    region: SkyMap | None = None,
    craft: SpacecraftPosition | None = None,
    storm: Storm | None = None,
) -> tuple[Check, ...]:
    """Everything that was looked at for an event: what was found first, then what was not.

    Parameters
    ----------
    event
        A gamma-ray event.
    book
        Known sources, and how they are judged.
    region
        Its sky map; without one, nothing on the sky is looked at.
    craft
        Where the craft that triggered was.
    storm
        The storm it belongs to, if any.
    """
    checks = [*_classes(event, book), *_storm(storm), *_magnetosphere(event, book, craft), *_flash(event, book)]
    if region is not None and event.t0_utc is not None:
        area_deg2 = region.credible_area_deg2(book.level)
        checks += [_sun(event.t0_utc, book, region, area_deg2)]
        checks += _magnetars(event, book, region, area_deg2)
        checks += _galaxies(book, region, area_deg2)
    return tuple(sorted(checks, key=lambda one: not one.is_found))


def verdict(checks: Sequence[Check]) -> str:
    """One line on what an event may be: what was found, each with the number expected by chance."""
    found = [one for one in checks if one.is_found]
    if not found:
        looked = {one.suspicion for one in checks}
        what = "Sun, magnetars, galaxies" if Suspicion.SUN in looked else "class only: no position"
        return f"nothing known found ({what})"
    crowds = [_crowd(found, kind) for kind in (Suspicion.MAGNETAR, Suspicion.GALAXY)]
    told = [one.words for one in found if not _is_crowd(one)]
    return "; ".join([*told, *(words for words in crowds if words)])


def _is_crowd(one: Check) -> bool:
    """Whether chance alone would give about as many: not worth naming each."""
    listed = one.suspicion in {Suspicion.MAGNETAR, Suspicion.GALAXY}
    return listed and (one.expected_by_chance or 0.0) >= CROWDED_FROM


def _crowd(found: Sequence[Check], suspicion: Suspicion) -> str:
    crowd = [one for one in found if one.suspicion is suspicion and _is_crowd(one)]
    if not crowd:
        return ""
    one, more = ("magnetar", "magnetars") if suspicion is Suspicion.MAGNETAR else ("nearby galaxy", "nearby galaxies")
    what = one if len(crowd) == 1 else more
    return f"{len(crowd)} {what} in the localization, where chance gives {crowd[0].expected_by_chance:.2g}"


def _classes(event: Event, book: SourceBook) -> Iterator[Check]:
    name = most_likely_class(event) or event.details.get("source_class")
    if not isinstance(name, str):
        return
    share = event.classification.get(name)
    usual = book.class_shares.get(name)
    said = f"its sender says {name.replace('_', ' ')}" + ("" if share is None else f" {share:.0%}")
    expected = "" if usual is None else f"; of all triggers {usual:.0%} are"
    yield Check(
        suspicion=Suspicion.SUN if name in _SOLAR else Suspicion.CLASS,
        name=name,
        is_found=name not in _SAYS_NOTHING,
        expected_by_chance=usual,
        words=said + expected,
    )


def _storm(storm: Storm | None) -> Iterator[Check]:
    if storm is not None and storm.earlier:
        yield Check(
            suspicion=Suspicion.STORM,
            name=storm.source,
            is_found=True,
            expected_by_chance=None,
            words=f"event {storm.number} of a storm of {storm.source} since {storm.since_utc:%Y-%m-%d %H:%M} UTC",
        )


def _magnetosphere(event: Event, book: SourceBook, craft: SpacecraftPosition | None) -> Iterator[Check]:
    if craft is None or event.t0_utc is None or craft.distance_km > LOW_ORBIT_KM:
        return
    latitude_deg = geomagnetic_latitude_deg(craft.vector_km, event.t0_utc)
    share = share_beyond(latitude_deg, inclination_deg=FERMI_INCLINATION_DEG)
    yield Check(
        suspicion=Suspicion.PARTICLES,
        name=craft.spacecraft,
        is_found=abs(latitude_deg) >= book.high_latitude_deg,
        expected_by_chance=share,
        words=f"{craft.spacecraft} at geomagnetic latitude {latitude_deg:+.0f} deg (so far out {share:.0%} of it)",
    )


def _flash(event: Event, book: SourceBook) -> Iterator[Check]:
    """Terrestrial gamma-ray flash: a trigger of Fermi alone on a time scale of milliseconds."""
    if str(event.details.get("families", "")) != "gbm":
        return
    scale_s = number(event, "time_scale_s")
    if scale_s is None:
        return
    yield Check(
        suspicion=Suspicion.TGF,
        name="TGF",
        is_found=scale_s <= book.tgf_time_scale_s and event.classification.get(BURST_CLASS, 0.0) < 0.5,
        expected_by_chance=book.class_shares.get("TGF"),
        words=f"triggered on {scale_s * 1e3:g} ms by Fermi alone",
    )


def _sun(t0_utc: datetime, book: SourceBook, region: SkyMap, area_deg2: float) -> Check:
    ra_deg, dec_deg = sun_radec_deg(t0_utc)
    (level,) = _levels(region, ((ra_deg, dec_deg, book.sun_radius_deg),))
    expected = (area_deg2 + _ring_deg2(area_deg2, book.sun_radius_deg)) / SKY_DEG2
    return Check(
        suspicion=Suspicion.SUN,
        name="Sun",
        is_found=level <= book.level,
        expected_by_chance=min(1.0, expected),
        words=_words("the Sun", level, expected),
    )


def _magnetars(event: Event, book: SourceBook, region: SkyMap, area_deg2: float) -> Iterator[Check]:
    expected = len(book.magnetars) * area_deg2 / SKY_DEG2
    levels = _levels(region, tuple((one.ra_deg, one.dec_deg, 0.0) for one in book.magnetars))
    for one, level in zip(book.magnetars, levels, strict=True):
        if level <= book.level:
            active = event.t0_utc is not None and one.is_active(event.t0_utc)
            words = _words(f"magnetar {one.name}{', active then' if active else ''}", level, expected)
            yield Check(
                suspicion=Suspicion.MAGNETAR, name=one.name, is_found=True, expected_by_chance=expected, words=words
            )


def _galaxies(book: SourceBook, region: SkyMap, area_deg2: float) -> Iterator[Check]:
    expected = sum(area_deg2 + _ring_deg2(area_deg2, one.radius_deg) for one in book.galaxies) / SKY_DEG2
    levels = _levels(region, tuple((one.ra_deg, one.dec_deg, one.radius_deg) for one in book.galaxies))
    for one, level in zip(book.galaxies, levels, strict=True):
        if level <= book.level:
            words = _words(f"{one.name} at {one.distance_mpc:g} Mpc", level, expected)
            yield Check(
                suspicion=Suspicion.GALAXY, name=one.name, is_found=True, expected_by_chance=expected, words=words
            )


def _levels(region: SkyMap, circles: tuple[tuple[float, float, float], ...]) -> list[float]:
    """Least credible level at which a region reaches into each circle (RA, Dec, radius, deg), centre and rim."""
    if not circles:
        return []
    ra_deg, dec_deg = _points(circles)
    found = region.containments(ra_deg, dec_deg).reshape(len(circles), -1).min(axis=1)
    return [float(level) for level in found]


@lru_cache(maxsize=16)
def _points(circles: tuple[tuple[float, float, float], ...]) -> tuple[FloatArray, FloatArray]:
    """RA and Dec, deg, of the centre of each circle and of `RIM` points of its rim: the same lists are asked each time.

    Circles without a radius, all of them, are their centres alone.
    """
    n_rim = RIM if any(radius for _, _, radius in circles) else 0
    points = [
        [(ra, dec), *(_offset(ra, dec, radius, 360.0 / RIM * k) for k in range(n_rim))] for ra, dec, radius in circles
    ]
    flat = np.array(points).reshape(-1, 2)
    return read_only(flat[:, 0]), read_only(flat[:, 1])


def _offset(ra_deg: float, dec_deg: float, radius_deg: float, angle_deg: float) -> tuple[float, float]:
    """Point at a distance and position angle from a direction, deg."""
    dec, r, angle = radians(dec_deg), radians(radius_deg), radians(angle_deg)
    new = asin(max(-1.0, min(1.0, sin(dec) * cos(r) + cos(dec) * sin(r) * cos(angle))))
    step = atan2(sin(angle) * sin(r) * cos(dec), cos(r) - sin(dec) * sin(new))
    return (ra_deg + degrees(step)) % 360.0, degrees(new)


def _ring_deg2(area_deg2: float, radius_deg: float) -> float:
    """Area that a rim of a radius adds around a round region of an area, deg2."""
    return 2.0 * sqrt(pi * area_deg2) * radius_deg + pi * radius_deg**2


def _words(what: str, level: float, expected: float) -> str:
    return f"{what} lies within {level:.0%} of the localization ({expected:.2g} like it expected by chance)"
