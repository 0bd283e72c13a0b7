"""Systematic errors of Fermi GBM positions: a core and a tail that the stated, statistical radius does not hold.

References
----------
Goldstein, A. et al. 2020, ApJ 895, 40, and GCN 25726 (RoboBA, since September 2019); Connaughton, V. et al. 2015,
ApJS 216, 32 (flight software and people: 3.7 deg, with a tail of 14 deg in a tenth of the cases).
"""

from collections.abc import Sequence
from enum import StrEnum

#: (share, radius in deg that holds 68 % of the systematic error).
Mixture = Sequence[tuple[float, float]]


class GbmLocation(StrEnum):
    """How a GBM position was made, as far as its systematic error goes."""

    FLIGHT = "gbm_flight"
    PEOPLE = "gbm_people"
    ROBOBA_LONG = "gbm_roboba_long"
    ROBOBA_SHORT = "gbm_roboba_short"
    ROBOBA_UNKNOWN = "gbm_roboba_unknown"


#: Flight radii state their systematic core themselves; the tail is beyond it. Maps of GBM hold all of this already.
SYSTEMATICS: dict[GbmLocation, Mixture] = {
    GbmLocation.FLIGHT: ((0.90, 0.0), (0.10, 14.0)),
    GbmLocation.PEOPLE: ((0.90, 3.7), (0.10, 14.0)),
    GbmLocation.ROBOBA_LONG: ((0.58, 1.9), (0.42, 4.1)),
    GbmLocation.ROBOBA_SHORT: ((0.39, 2.6), (0.61, 4.4)),
    GbmLocation.ROBOBA_UNKNOWN: ((0.52, 1.8), (0.48, 4.1)),
}


def roboba(duration_class: str) -> GbmLocation:
    """Kind of an automatic position by the burst's duration class: long, short, or whatever else for unknown.

    Examples
    --------
    >>> roboba("Short").value
    'gbm_roboba_short'
    """
    known = {"long": GbmLocation.ROBOBA_LONG, "short": GbmLocation.ROBOBA_SHORT}
    return known.get(duration_class.strip().casefold(), GbmLocation.ROBOBA_UNKNOWN)
