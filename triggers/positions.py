"""Best position among notices, and whether two positions can be of one source."""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import combinations
from typing import Protocol

from tocsin.domain.notices import Notice, Phase
from triangulation.gbm_systematics import GbmLocation, roboba
from triggers.families import Family, family_of
from triggers.ordering import refinement
from triggers.trigger_groups import Trigger

#: Position errors are compared at this probability.
CONTAINMENT = 0.9
#: Share taken where a notice does not state what its error radius holds.
UNSTATED_CONTAINMENT = 0.68
#: Two positions disagree only beyond this many 90 % radii and what the instruments do not state.
DISAGREEMENT = 3.0
#: Instruments whose positions are good enough to keep a trigger out of an event. GBM and GECAM are not among them: a
#: flight position of GRB 230511A was 80 deg off with a stated radius of 4 deg.
LOCATING = frozenset({Family.SWIFT, Family.IBIS, Family.SVOM, Family.LAT})
#: Final positions are RoboBA's since then (GCN 25726).
ROBOBA_SINCE = datetime(2019, 9, 1, tzinfo=UTC)
#: GBM positions are compared from this refinement on, ground positions.
_GBM_FROM = 3
#: Radius that 90 % of the systematic errors stay within, not part of the stated error, deg. GBM: 2 to 14 deg beside the
#: statistical error (the tail is long); the others are for positions that state no error at all.
_SYSTEMATIC_DEG = {Family.GBM: 8.0, Family.GBM_SUBTHRESHOLD: 8.0, Family.GECAM: 5.0, Family.SVOM: 5.0, Family.HAWC: 1.0}


class HasPosition(Protocol):
    """What may have a position: notices and events."""

    @property
    def ra_deg(self) -> float | None:
        """Right ascension, deg."""
        ...

    @property
    def dec_deg(self) -> float | None:
        """Declination, deg."""
        ...

    @property
    def error_radius_deg(self) -> float | None:
        """Error radius, deg."""
        ...

    @property
    def error_containment(self) -> float | None:
        """Probability within the error radius."""
        ...


def separation_deg(ra_a_deg: float, dec_a_deg: float, ra_b_deg: float, dec_b_deg: float) -> float:
    """Angle between two directions, deg, by the haversine formula: exact at small and large angles alike."""
    dec_a, dec_b = math.radians(dec_a_deg), math.radians(dec_b_deg)
    half_ra = math.radians(ra_b_deg - ra_a_deg) / 2.0
    h = math.sin((dec_b - dec_a) / 2.0) ** 2 + math.cos(dec_a) * math.cos(dec_b) * math.sin(half_ra) ** 2
    return math.degrees(2.0 * math.asin(math.sqrt(min(1.0, h))))


def radius_90_deg(place: HasPosition) -> float | None:
    """Radius that holds 90 %, deg, of a circular Gaussian with the stated radius; None where none is stated."""
    if place.error_radius_deg is None:
        return None
    stated = min(max(place.error_containment or UNSTATED_CONTAINMENT, 0.01), 0.999)
    return place.error_radius_deg * math.sqrt(math.log1p(-CONTAINMENT) / math.log1p(-stated))


def may_be_one_source(a: HasPosition, b: HasPosition, *, systematic_deg: float = 0.0) -> bool:
    """Whether two positions can be of one source; True where either is unknown.

    Parameters
    ----------
    a, b
        Positions with their errors; one without a radius may be anywhere (GRM gives such).
    systematic_deg
        Errors the radii do not hold, 90 %, deg.
    """
    if a.ra_deg is None or a.dec_deg is None or b.ra_deg is None or b.dec_deg is None:
        return True
    radius_a, radius_b = radius_90_deg(a), radius_90_deg(b)
    if radius_a is None or radius_b is None:
        return True
    allowed = DISAGREEMENT * math.hypot(radius_a, radius_b, systematic_deg)
    return separation_deg(a.ra_deg, a.dec_deg, b.ra_deg, b.dec_deg) <= max(allowed, 0.1)


def systematic_deg(families: Iterable[Family]) -> float:
    """Errors that families do not state, together, 90 %, deg."""
    return math.hypot(*(_SYSTEMATIC_DEG.get(family, 0.0) for family in families))


def gbm_location(notice: Notice) -> GbmLocation | None:
    """How a GBM position was made, which says what its radius does not hold; None for all other positions."""
    if family_of(notice) not in {Family.GBM, Family.GBM_SUBTHRESHOLD} or not notice.has_position:
        return None
    if notice.details.get("radius_includes_systematic"):
        return GbmLocation.FLIGHT
    is_roboba = notice.phase is Phase.FINAL and not notice.details.get("is_human_generated")
    if is_roboba and notice.t0_utc is not None and notice.t0_utc >= ROBOBA_SINCE:
        return roboba(str(notice.details.get("duration_class") or ""))
    return GbmLocation.PEOPLE


def best_position(triggers: Iterable[Trigger]) -> Notice | None:
    """Notice with the best position: per trigger the most refined one that has any, then the smallest error."""
    found = [n for t in triggers if (n := _refined_position(t)) is not None]
    return min(found, key=lambda n: (_worst_if_none(radius_90_deg(n)), n.stream, n.notice_id), default=None)


def positions_disagree(triggers: Sequence[Trigger]) -> bool:
    """Whether any two triggers have positions that cannot be of one source."""
    found = [n for t in triggers if (n := _refined_position(t)) is not None and _is_comparable(n)]
    return any(
        not may_be_one_source(a, b, systematic_deg=systematic_deg((family_of(a), family_of(b))))
        for a, b in combinations(found, 2)
    )


def _refined_position(trigger: Trigger) -> Notice | None:
    positioned = (stored.notice for stored in reversed(trigger.refined) if stored.notice.has_position)
    return next(positioned, None)


def _is_comparable(notice: Notice) -> bool:
    return family_of(notice) is not Family.GBM or refinement(notice) >= _GBM_FROM


def _worst_if_none(radius_deg: float | None) -> float:
    return math.inf if radius_deg is None else radius_deg
