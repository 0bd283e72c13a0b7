"""What carries which instrument, where such a craft can be at all, and what its UTC means."""

from tocsin.domain.errors import ScienceError
from triangulation.geometry import Simultaneity, SpacecraftPosition, separation_deg

#: Words in an instrument's name to the craft that carries it.
CARRIERS = {
    "spi-acs": "INTEGRAL",
    "integral": "INTEGRAL",
    "gbm": "Fermi",
    "fermi": "Fermi",
    "konus": "Wind",
    "wind": "Wind",
    "hend": "Odyssey",
    "odyssey": "Odyssey",
    "mgns": "BepiColombo",
    "bepi": "BepiColombo",
    "bat": "Swift",
    "swift": "Swift",
}


#: Least and greatest distance of a craft from the geocentre, km, with room to spare.
DISTANCES_KM = {
    "INTEGRAL": (7_000.0, 190_000.0),
    "Fermi": (6_700.0, 7_100.0),
    "Swift": (6_700.0, 7_100.0),
    "Wind": (20_000.0, 2_300_000.0),
    "Odyssey": (5.0e7, 4.1e8),
    "BepiColombo": (3.0e7, 2.5e8),
}
#: Planets that craft orbit.
PLANET_OF = {"Odyssey": "Mars"}
#: Around a planet no craft of the network is farther than this from it, km; positions are rounded to 0.001 deg.
ORBIT_REACH_KM = 100_000.0
#: Craft far from the Earth of which it is not published what the times in their files mean.
UNKNOWN_SIMULTANEITY = frozenset({"Odyssey", "BepiColombo"})


def simultaneity_of(spacecraft: str) -> Simultaneity:
    """What a craft's UTC means, where nothing else is said: as at the geocentre; not known for far craft."""
    return Simultaneity.UNKNOWN if spacecraft in UNKNOWN_SIMULTANEITY else Simultaneity.GEOCENTRIC


def check_distance(position: SpacecraftPosition) -> None:
    """Refuse a position that no craft of this name can have: other units, or another centre.

    Raises
    ------
    ScienceError
        The distance from the geocentre is not that of its orbit.
    """
    low, high = DISTANCES_KM.get(position.spacecraft, (0.0, float("inf")))
    if not low <= position.distance_km <= high:
        raise ScienceError(
            f"{position.spacecraft} is {low:.4g} to {high:.4g} km from the geocentre, never {position.distance_km:.4g}",
            remedy="give geocentric kilometres: neither metres nor barycentric vectors",
        )


def check_at_planet(position: SpacecraftPosition, planet: SpacecraftPosition) -> None:
    """Refuse a position that is not at the planet its craft orbits: most likely on other axes.

    Parameters
    ----------
    position, planet
        Both geocentric at the same time.

    Raises
    ------
    ScienceError
        The craft is not near the planet.
    """
    gap = position.vector_km - planet.vector_km
    gap_km = float((gap @ gap) ** 0.5)
    if gap_km > ORBIT_REACH_KM:
        apart = float(separation_deg(position.vector_km, planet.vector_km))
        raise ScienceError(
            f"{position.spacecraft} orbits {planet.spacecraft}, but its position is {gap_km:.3g} km "
            f"({apart:.3f} deg) from it",
            remedy="give geocentric J2000 equatorial positions (not ecliptic, not of date) of the stated time",
        )


def spacecraft_of(instrument: str) -> str:
    """Name of the craft that carries an instrument; the instrument's own name where it is not known.

    Examples
    --------
    >>> spacecraft_of("Konus-Wind")
    'Wind'
    """
    name = instrument.casefold()
    return next((craft for word, craft in CARRIERS.items() if word in name), instrument)
