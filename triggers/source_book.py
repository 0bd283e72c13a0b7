"""The content of ``config/sources.toml``: known sources, and how it is judged whether a trigger is one of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tocsin.domain.config_table import Table
from tocsin.domain.errors import ConfigurationError

#: Galaxies are taken to be this large unless the file says otherwise, deg.
GALAXY_RADIUS_DEG = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Magnetar:
    """A magnetar, ICRS, deg, and when it was active, UTC, both ends included."""

    name: str
    ra_deg: float
    dec_deg: float
    active_utc: tuple[tuple[datetime, datetime], ...] = ()

    def is_active(self, moment_utc: datetime) -> bool:
        """Whether it was in one of the episodes the book knows of."""
        return any(start <= moment_utc <= stop for start, stop in self.active_utc)


@dataclass(frozen=True, slots=True, kw_only=True)
class Galaxy:
    """A star-forming galaxy: centre, ICRS, deg; distance, Mpc; radius, deg."""

    name: str
    ra_deg: float
    dec_deg: float
    distance_mpc: float
    radius_deg: float = GALAXY_RADIUS_DEG


@dataclass(frozen=True, slots=True, kw_only=True)
class StormGuard:
    """When events of one source are one storm, and when a storm is no news any more.

    Parameters
    ----------
    radius_deg
        How near counts as the same place.
    named_radius_deg
        A poor position is of a named source only within this, while its storm is on.
    gap_s
        Longest pause within a storm.
    within_s, at_most
        The storm is on from `at_most` events on within `within_s`.
    """

    radius_deg: float
    named_radius_deg: float
    gap_s: float
    within_s: float
    at_most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceBook:
    """All of ``config/sources.toml``.

    Parameters
    ----------
    level
        Credible level within which something is said to lie in a localization.
    sun_radius_deg
        The Sun counts as this large.
    high_latitude_deg
        Geomagnetic latitude from which particles are suspected.
    tgf_time_scale_s
        Time scale up to which a trigger may be a terrestrial gamma-ray flash.
    class_shares
        Share of real triggers by class.
    storm
        See `StormGuard`.
    magnetars, galaxies
        In the order of the file.
    """

    level: float
    sun_radius_deg: float
    high_latitude_deg: float
    tgf_time_scale_s: float
    class_shares: Mapping[str, float]
    storm: StormGuard
    magnetars: tuple[Magnetar, ...] = ()
    galaxies: tuple[Galaxy, ...] = ()


def read_source_book(mapping: Mapping[str, object], *, file: str) -> SourceBook:
    """Book of a parsed file.

    Raises
    ------
    ConfigurationError
        A key is missing, unknown or wrong; two sources have one name.
    """
    table = Table(mapping, file=file)
    looked_at = table.child("looked_at")
    book = SourceBook(
        level=looked_at.number("level", above=0.0),
        sun_radius_deg=looked_at.number("sun_radius_deg", above=0.0),
        high_latitude_deg=looked_at.number("high_latitude_deg", above=0.0),
        tgf_time_scale_s=looked_at.number("tgf_time_scale_s", above=0.0),
        class_shares=looked_at.numbers("class_shares"),
        storm=_storm(table.child("storm")),
        magnetars=tuple(_magnetar(child) for child in table.children("magnetar")),
        galaxies=tuple(_galaxy(child) for child in table.children("galaxy")),
    )
    if book.level >= 1.0:
        raise looked_at.error("level", "a number below 1 is expected")
    looked_at.finish()
    table.finish()
    _check_names([*(one.name for one in book.magnetars), *(one.name for one in book.galaxies)], file)
    return book


def _storm(table: Table) -> StormGuard:
    guard = StormGuard(
        radius_deg=table.number("radius_deg", above=0.0),
        named_radius_deg=table.number("named_radius_deg", above=0.0),
        gap_s=table.number("gap_h", above=0.0) * 3600.0,
        within_s=table.number("within_h", above=0.0) * 3600.0,
        at_most=table.integer("at_most", least=1),
    )
    table.finish()
    return guard


def _magnetar(table: Table) -> Magnetar:
    ra_deg, dec_deg = _direction(table)
    magnetar = Magnetar(name=table.text("name"), ra_deg=ra_deg, dec_deg=dec_deg, active_utc=_episodes(table))
    table.finish()
    return magnetar


def _galaxy(table: Table) -> Galaxy:
    ra_deg, dec_deg = _direction(table)
    galaxy = Galaxy(
        name=table.text("name"),
        ra_deg=ra_deg,
        dec_deg=dec_deg,
        distance_mpc=table.number("distance_mpc", above=0.0),
        radius_deg=table.number("radius_deg", above=0.0) if "radius_deg" in table else GALAXY_RADIUS_DEG,
    )
    table.finish()
    return galaxy


def _direction(table: Table) -> tuple[float, float]:
    ra_deg, dec_deg = table.number("ra_deg"), table.number("dec_deg")
    if not (0.0 <= ra_deg < 360.0 and -90.0 <= dec_deg <= 90.0):
        raise table.error("ra_deg", "0 <= RA < 360 and -90 <= Dec <= 90 are expected")
    return ra_deg, dec_deg


def _episodes(table: Table) -> tuple[tuple[datetime, datetime], ...]:
    found = []
    for first, last in table.pairs_of_texts("active"):
        try:
            start, stop = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (first, last))
        except ValueError:
            raise table.error("active", "days are expected: 2022-10-10") from None
        if stop < start:
            raise table.error("active", f"{last} is before {first}")
        found.append((start, stop + timedelta(days=1)))
    return tuple(found)


def _check_names(names: list[str], file: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"{name!r} is there twice", file=file, key="name")
