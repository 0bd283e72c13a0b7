"""Limits over the sky: what the counts are worth at every position, and the range over an event's credible regions."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from acs_stream.attitude import Attitude
from acs_stream.injection import Recovery
from acs_stream.limits import Limits
from acs_stream.response import ResponseTable
from acs_stream.trial_bursts import TrialBurst, probability_over_sky
from tocsin.domain.light_curves import FloatArray, IntArray
from triangulation import pixels
from triangulation.skymap import SkyMap

LEVELS = (0.5, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionLimits:
    """Range of a limit over a credible region.

    Parameters
    ----------
    level
        Of the region.
    hard_1s_erg_cm2, soft_1s_erg_cm2_s, soft_8s_erg_cm2_s
        (lowest, mean by probability, highest) over the region.
    fraction_of_best
        (lowest, mean, highest) sensitivity relative to the best direction.
    angle_deg
        Of the most probable position from the pointing axis, deg.
    """

    level: float
    hard_1s_erg_cm2: tuple[float, float, float]
    soft_1s_erg_cm2_s: tuple[float, float, float]
    soft_8s_erg_cm2_s: tuple[float, float, float]
    fraction_of_best: tuple[float, float, float]
    angle_deg: float

    def to_json(self) -> Mapping[str, object]:
        """JSON-able form."""
        names = ("hard_1s_erg_cm2", "soft_1s_erg_cm2_s", "soft_8s_erg_cm2_s", "fraction_of_best")
        ranges = {name: dict(zip(("low", "mean", "high"), getattr(self, name), strict=True)) for name in names}
        return {"level": self.level, "angle_deg": self.angle_deg} | ranges


def limit_map(
    limits: Limits, table: ResponseTable, attitude: Attitude, ra_deg: FloatArray, dec_deg: FloatArray
) -> Mapping[str, FloatArray]:
    """Limits at many positions, each of shape (n,).

    Parameters
    ----------
    limits
        Of the counts.
    table
        Response by direction.
    attitude
        How the craft was turned.
    ra_deg, dec_deg
        Positions, deg, shape (n,).
    """
    theta, phi = attitude.angles_deg(ra_deg, dec_deg)
    fraction, ratio = table.over_sky(theta, phi)
    per_count = table.best_hard_erg_cm2_per_count / fraction
    return {
        "hard_1s_erg_cm2": limits.counts_1s * per_count,
        "soft_1s_erg_cm2_s": limits.counts_1s * per_count * ratio,
        "soft_8s_erg_cm2_s": limits.counts_8s * per_count * ratio / 8.0,
        "fraction_of_best": fraction,
    }


def limits_over_regions(
    limits: Limits, table: ResponseTable, attitude: Attitude, skymap: SkyMap
) -> tuple[RegionLimits, ...]:
    """Range of the limits over the 50 % and 90 % credible regions of a sky map."""
    found = []
    peak_deg = float(attitude.angles_deg(*skymap.peak)[0])
    for level in LEVELS:
        cells, ra, dec = region_cells(skymap, level)
        weight = skymap.probability[cells]
        values = limit_map(limits, table, attitude, ra, dec)
        ranges = {name: _range(value, weight) for name, value in values.items()}
        found.append(RegionLimits(level=level, angle_deg=peak_deg, **ranges))
    return tuple(found)


def probability_over_region(
    recovery: Recovery, burst: TrialBurst, table: ResponseTable, attitude: Attitude, skymap: SkyMap, level: float = 0.9
) -> tuple[float, float, float]:
    """Chance that a burst would have been found: (lowest, mean by probability, highest) over a credible region."""
    cells, ra, dec = region_cells(skymap, level)
    theta, phi = attitude.angles_deg(ra, dec)
    return _range(probability_over_sky(recovery, burst, table, theta, phi), skymap.probability[cells])


def region_cells(skymap: SkyMap, level: float) -> tuple[IntArray, FloatArray, FloatArray]:
    """Cells of a credible region as indices into the map, and RA and Dec of their centres, deg, shape (n,) each."""
    cells = np.flatnonzero(np.isin(skymap.uniq, skymap.credible_region(level)))
    vectors = pixels.centres_mixed(skymap.order[cells], skymap.pixel[cells])
    ra = np.degrees(np.arctan2(vectors[:, 1], vectors[:, 0])) % 360.0
    return cells, ra, np.degrees(np.arcsin(np.clip(vectors[:, 2], -1, 1)))


def _range(values: FloatArray, weight: FloatArray) -> tuple[float, float, float]:
    return float(values.min()), float((values * weight).sum() / weight.sum()), float(values.max())
