"""Known places: a notice whose position is that of a known flaring source, which then names the event."""

from dataclasses import replace

from tocsin.domain.events import EventKind
from tocsin.domain.notices import Notice
from triggers.families import Family, family_of, kind_of
from triggers.positions import radius_90_deg, separation_deg, systematic_deg
from triggers.source_book import Magnetar, SourceBook

#: Detail of a notice: name of the source that it lies at.
AT_SOURCE = "at_source"
#: A position as good as this, all errors included, names its source by itself, deg (90 %).
GOOD_DEG = 0.5
#: It is at the source within this many of its 90 % radii, and within this at least, deg. With the 34 sources of the
#: book, a burst located to arc minutes anywhere on the sky lies as near to one of them by chance once in 40,000.
REACH_RADII = 2.0
LEAST_REACH_DEG = 0.1


def at_known_source(notice: Notice, book: SourceBook) -> Notice:
    """The notice, with the name of the flaring source that it lies at among its details, if it does.

    Only a good position names a source: a region of some degrees in the plane of the Galaxy holds one by chance.
    """
    source = _source_at(notice, book)
    return notice if source is None else replace(notice, details={**notice.details, AT_SOURCE: source.name})


def _source_at(notice: Notice, book: SourceBook) -> Magnetar | None:
    stated_deg = radius_90_deg(notice)
    if kind_of(notice) is not EventKind.GAMMA_RAY_BURST or stated_deg is None:
        return None
    if notice.ra_deg is None or notice.dec_deg is None:
        return None
    radius_deg = (stated_deg**2 + _unstated_deg(family_of(notice)) ** 2) ** 0.5
    if radius_deg > GOOD_DEG:
        return None
    apart = [(separation_deg(notice.ra_deg, notice.dec_deg, one.ra_deg, one.dec_deg), one) for one in book.magnetars]
    nearest_deg, nearest = min(apart, key=lambda pair: pair[0], default=(180.0, None))
    return nearest if nearest_deg <= max(REACH_RADII * radius_deg, LEAST_REACH_DEG) else None


def _unstated_deg(family: Family) -> float:
    """What a stated radius does not hold, deg; SVOM's doubts are about positions that state none."""
    return 0.0 if family is Family.SVOM else systematic_deg([family])
