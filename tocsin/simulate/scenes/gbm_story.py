"""What GBM tells about a burst: its trigger, then four notices with better and better positions."""

from dataclasses import dataclass
from datetime import timedelta

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
    cites = trigger.ivorn("Alert_", 1, serial)
    # Delay, 68 % radius (deg), builder, how far the serial number has gone on, and what people read.
    later = (
        (FLIGHT_S, float(np.hypot(2.5 * statistical_deg, 6.0)), gbm_flight, 1, "GBM flight position"),
        (GROUND_S, 1.4 * statistical_deg, gbm_ground, 2, "GBM ground position"),
        (FINAL_S, statistical_deg, gbm_final, 30, "GBM final position"),
    )
    t0 = trigger.trigger_utc
    alert = gbm_alert(trigger, t0 + timedelta(seconds=ALERT_S), serial=serial)
    items = [issue(t0, ALERT_S, alert, "GBM alert")]
    for after_s, error_deg, build, step, what in later:
        place = _locate(trigger, ra_deg, dec_deg, error_deg, after_s=after_s, rng=rng)
        message = build(trigger, place, t0 + timedelta(seconds=after_s), serial=serial + step, cites=cites)
        items.append(issue(t0, after_s, message, what))
    return GbmStory(trigger=trigger, alert_ivorn=cites, items=tuple(items))


def _locate(
    trigger: GbmTrigger, ra_deg: float, dec_deg: float, error_deg: float, *, after_s: float, rng: np.random.Generator
) -> GbmLocation:
    """Location off by the stated error, and on the ground by the systematic one besides."""
    off_deg = error_deg if after_s == FLIGHT_S else float(np.hypot(error_deg, SYSTEMATIC_DEG))
    ra, dec = near(ra_deg, dec_deg, off_deg, rng)
    return GbmLocation(ra_deg=ra, dec_deg=dec, error_deg=error_deg, significance=trigger.significance)
