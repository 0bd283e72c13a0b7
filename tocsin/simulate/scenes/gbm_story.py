"""What GBM tells about a burst: its trigger, then four notices with better and better positions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from tocsin.simulate.notices import GbmLocation, GbmTrigger, gbm_alert, gbm_final, gbm_flight, gbm_ground
from tocsin.simulate.spacecraft import near
from tocsin.simulate.timeline import NoticeItem, issue

#: Delays of the notices after the trigger, s: the medians of real ones.
ALERT_S, FLIGHT_S, GROUND_S, FINAL_S = 5.0, 28.0, 43.0, 563.0
#: Systematic error of ground locations, 68 % radius, deg; the notices leave it out.
SYSTEMATIC_DEG = 3.7


@dataclass(frozen=True, slots=True, kw_only=True)
class GbmStory:
    """Trigger and notices of one burst."""

    trigger: GbmTrigger
    alert_ivorn: str
    items: tuple[NoticeItem, ...]


def tell(
    trigger: GbmTrigger, *, ra_deg: float, dec_deg: float, statistical_deg: float, rng: np.random.Generator
) -> GbmStory:
    """Notices about a trigger.

    Parameters
    ----------
    trigger
        On board.
    ra_deg, dec_deg
        True direction, deg.
    statistical_deg
        68 % statistical radius of the final location, deg.
    rng
        Source of all random numbers.
    """
    serial = int(rng.integers(100, 900))
    errors = {FLIGHT_S: np.hypot(2.5 * statistical_deg, 6.0), GROUND_S: 1.4 * statistical_deg, FINAL_S: statistical_deg}
    places = {
        after_s: _locate(trigger, ra_deg, dec_deg, float(error), after_s=after_s, rng=rng)
        for after_s, error in errors.items()
    }
    cites = trigger.ivorn("Alert_", 1, serial)
    t0 = trigger.trigger_utc

    def at(after_s: float) -> datetime:
        return t0 + timedelta(seconds=after_s)

    return GbmStory(
        trigger=trigger,
        alert_ivorn=cites,
        items=(
            issue(t0, ALERT_S, gbm_alert(trigger, at(ALERT_S), serial=serial), "GBM alert"),
            issue(
                t0,
                FLIGHT_S,
                gbm_flight(trigger, places[FLIGHT_S], at(FLIGHT_S), serial=serial + 1, cites=cites),
                "GBM flight position",
            ),
            issue(
                t0,
                GROUND_S,
                gbm_ground(trigger, places[GROUND_S], at(GROUND_S), serial=serial + 2, cites=cites),
                "GBM ground position",
            ),
            issue(
                t0,
                FINAL_S,
                gbm_final(trigger, places[FINAL_S], at(FINAL_S), serial=serial + 30, cites=cites),
                "GBM final position",
            ),
        ),
    )


def _locate(
    trigger: GbmTrigger, ra_deg: float, dec_deg: float, error_deg: float, *, after_s: float, rng: np.random.Generator
) -> GbmLocation:
    """Location off by the stated error, and on the ground by the systematic one besides."""
    off_deg = error_deg if after_s == FLIGHT_S else float(np.hypot(error_deg, SYSTEMATIC_DEG))
    ra, dec = near(ra_deg, dec_deg, off_deg, rng)
    return GbmLocation(ra_deg=ra, dec_deg=dec, error_deg=error_deg, significance=trigger.significance)
