"""A binary neutron star with a weak short burst 1.7 s later, seen by GBM and, barely, by SPI-ACS."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from tocsin.simulate.bursts import Burst, BurstClass, draw_burst
from tocsin.simulate.instruments import GBM_NAI, SPI_ACS
from tocsin.simulate.network import Network
from tocsin.simulate.notices import ExternalCoincidence, GbmTrigger, Superevent, lvk_alert
from tocsin.simulate.scenes.gbm_story import GbmStory, tell
from tocsin.simulate.skies import GravitationalWaveMap, draw_gravitational_wave_map
from tocsin.simulate.spacecraft import arrival_utc, direction
from tocsin.simulate.timeline import EventTruth, NoticeItem, Scene, issue

#: Gamma rays after the merger, s, and how much that is varied from night to night.
LAG_S, LAG_SD_S = 1.7, 0.15
#: Delays of the alerts after the merger, s. A real INITIAL follows after 40 minutes; the night is shorter.
PRELIMINARY_S, INITIAL_S = 38.0, 18.0 * 60.0
#: Expected signal-to-noise ratio in SPI-ACS, drawn from this range.
ACS_SIGNAL_TO_NOISE = (7.3, 8.5)
#: Sodium-iodide detectors that look at a burst.
GBM_DETECTORS = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Merger:
    """Where and when: drawn first, so that the craft can be placed."""

    skymap: GravitationalWaveMap
    ra_deg: float
    dec_deg: float
    t0_utc: datetime
    burst_utc: datetime


def draw_merger(rng: np.random.Generator, t0_utc: datetime) -> Merger:
    """Merger whose direction is drawn from its own sky map."""
    skymap = draw_gravitational_wave_map(rng)
    ra, dec = skymap.draw_direction(rng)
    lag = timedelta(seconds=float(rng.normal(LAG_S, LAG_SD_S)))
    return Merger(skymap=skymap, ra_deg=ra, dec_deg=dec, t0_utc=t0_utc, burst_utc=t0_utc + lag)


def merger_scene(merger: Merger, network: Network, superevent_id: str, rng: np.random.Generator) -> Scene:
    """Alerts, GBM notices, and the burst in SPI-ACS.

    Parameters
    ----------
    merger
        Where and when.
    network
        The craft, which see it.
    superevent_id
        LVK's name.
    rng
        Source of all random numbers.
    """
    source = direction(merger.ra_deg, merger.dec_deg)
    response = network.acs_response(source)
    acs_utc = arrival_utc(network.integral, source, merger.burst_utc)
    shape = draw_burst(BurstClass.WEAK_SHORT, rng)
    wanted = float(rng.uniform(*ACS_SIGNAL_TO_NOISE))
    burst = shape.scaled(SPI_ACS.fluence_for(shape, wanted, acs_utc, response=response))
    story = tell(
        _trigger(burst, merger, network, rng),
        ra_deg=merger.ra_deg,
        dec_deg=merger.dec_deg,
        statistical_deg=float(rng.uniform(8.0, 13.0)),
        rng=rng,
    )
    far_hz = float(10.0 ** rng.uniform(-14.0, -10.0))
    superevent = Superevent(id=superevent_id, t0_utc=merger.t0_utc, far_hz=far_hz, detectors=("H1", "L1"))
    external = _coincidence(story, merger, far_hz=float(10.0 ** rng.uniform(-10.0, -8.0)))
    alerts = (
        _alert(merger, superevent, "PRELIMINARY", PRELIMINARY_S),
        _alert(merger, superevent, "INITIAL", INITIAL_S, external=external),
    )
    truth = EventTruth(
        hint=superevent_id,
        kind="gravitational_wave",
        ra_deg=merger.ra_deg,
        dec_deg=merger.dec_deg,
        t0_utc=merger.t0_utc,
        identifiers=(superevent_id, str(story.trigger.id)),
        burst_utc=merger.burst_utc,
        fluence_erg_cm2=burst.fluence_erg_cm2,
    )
    arrival = SPI_ACS.arrival(burst, acs_utc, response=response)
    return Scene(items=(*alerts, *story.items), truth=truth, acs_arrivals=(arrival,))


def _trigger(burst: Burst, merger: Merger, network: Network, rng: np.random.Generator) -> GbmTrigger:
    at_fermi = arrival_utc(network.fermi, direction(merger.ra_deg, merger.dec_deg), merger.burst_utc)
    trigger_utc = at_fermi + timedelta(seconds=burst.profile().time_of_share(0.35))
    longitude, latitude = network.ground_place_deg(trigger_utc)
    best = GBM_NAI.signal_to_noise(GBM_NAI.arrival(burst, at_fermi)) * np.sqrt(GBM_DETECTORS)
    return GbmTrigger(
        trigger_utc=trigger_utc,
        # The on-board threshold is 4.5 sigma in the second brightest detector.
        significance=max(4.6, float(best) / 2.0 + float(rng.normal(0.0, 0.4))),
        timescale_s=0.256,
        longitude_deg=longitude,
        latitude_deg=latitude,
        duration_class="Short",
    )


def _coincidence(story: GbmStory, merger: Merger, *, far_hz: float) -> ExternalCoincidence:
    return ExternalCoincidence(
        trigger_id=story.trigger.id,
        ivorn=story.alert_ivorn,
        observatory="Fermi",
        time_difference_s=(story.trigger.trigger_utc - merger.t0_utc).total_seconds(),
        far_hz=far_hz,
    )


def _alert(
    merger: Merger,
    superevent: Superevent,
    alert_type: str,
    after_s: float,
    *,
    external: ExternalCoincidence | None = None,
) -> NoticeItem:
    created = merger.t0_utc + timedelta(seconds=after_s)
    skymap = merger.skymap.to_fits(
        superevent_id=superevent.id,
        t0_utc=merger.t0_utc,
        made_utc=created - timedelta(seconds=4.0),
        detectors=",".join(superevent.detectors),
    )
    message = lvk_alert(superevent, alert_type, created, skymap=skymap, external=external)
    return issue(merger.t0_utc, after_s, message, f"LVK {alert_type.lower()} {superevent.id}")
