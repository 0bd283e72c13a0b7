"""A bright short burst seen by SPI-ACS, GBM, Konus-Wind and HEND: four craft, a small region."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from tocsin.simulate.bursts import Burst, BurstClass, draw_burst
from tocsin.simulate.files import (
    ephemeris_line,
    hend_position,
    hend_thr,
    konus_info,
    konus_thr,
    second_of_day,
    tte_file_name,
    tte_fits,
)
from tocsin.simulate.instruments import GBM_NAI, HEND, KONUS_WIND, SPI_ACS, draw_gbm_events, draw_konus_bands
from tocsin.simulate.network import Network
from tocsin.simulate.notices import GbmTrigger, ipn_raw, konus_light_curve, spiacs
from tocsin.simulate.scenes.gbm_story import GbmStory, tell
from tocsin.simulate.spacecraft import arrival_utc, direction, mars_km, position
from tocsin.simulate.timeline import DeliveryItem, EventTruth, NoticeItem, Scene, deliver, issue
from triangulation.geometry import SpacecraftPosition

#: Delays after the burst, s. GBM's files really take a quarter of an hour, Konus-Wind's notices and data hours and
#: HEND's a day or more; the night is shorter, the order is kept.
SPIACS_S, TTE_S, KONUS_NOTICE_S, KONUS_FILE_S, HEND_FILE_S = 44.0, 540.0, 840.0, 900.0, 1320.0
#: Everything must have passed within this time, s, for the short record of Konus-Wind to hold it.
LONGEST_S = 0.36
#: Four craft, one of them at Mars, locate such a burst better than this, deg2.
AREA_90_BELOW_DEG2 = 1.0
#: Time before and after the trigger in the TTE file, s.
TTE_SPAN_S = (-25.0, 35.0)
#: Detector whose file is delivered.
DETECTOR = "n3"
#: Rows of a HEND light curve, and how long before the burst it begins, s.
HEND_ROWS, HEND_LEAD_S = 10_800, (900.0, 1500.0)
#: Scatter of responses between instruments (spectrum, angle), natural logarithm.
RESPONSE_SD = 0.2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BrightBurst:
    """Where and when: drawn first, so that the craft can be placed."""

    ra_deg: float
    dec_deg: float
    t0_utc: datetime


def bright_burst_scene(where: BrightBurst, network: Network, *, seed: int, rng: np.random.Generator) -> Scene:
    """Notices and files of four craft.

    Parameters
    ----------
    where
        Where and when.
    network
        The craft, which see it.
    seed
        Of the count streams.
    rng
        Source of all other random numbers.
    """
    burst = _draw(rng)
    source = direction(where.ra_deg, where.dec_deg)
    scatter = np.exp(rng.normal(0.0, RESPONSE_SD, 4))
    acs_utc, fermi_utc, wind_utc, mars_utc = (
        arrival_utc(craft, source, where.t0_utc)
        for craft in (network.integral, network.fermi, network.wind, network.odyssey)
    )
    acs = SPI_ACS.arrival(burst, acs_utc, response=network.acs_response(source) * scatter[0])
    story = _gbm_story(burst, where, network, fermi_utc, rng)
    folder = f"GRB{story.trigger.trigger_utc:%Y%m%d}_T{int(second_of_day(story.trigger.trigger_utc)):05d}"
    items = (
        *story.items,
        _spiacs_notice(burst, where, acs_utc, rng, sigma=SPI_ACS.signal_to_noise(acs)),
        *_gbm_files(burst, where, network, story, folder, rng, fermi_utc=fermi_utc, response=scatter[1]),
        *_konus(burst, where, network, folder, rng, wind_utc=wind_utc, response=scatter[2]),
        *_hend(burst, where, network, folder, rng, mars_utc=mars_utc, response=scatter[3], seed=seed),
    )
    truth = EventTruth(
        hint=str(story.trigger.id),
        kind="gamma_ray_burst",
        ra_deg=where.ra_deg,
        dec_deg=where.dec_deg,
        t0_utc=where.t0_utc,
        identifiers=(str(story.trigger.id),),
        burst_utc=where.t0_utc,
        fluence_erg_cm2=burst.fluence_erg_cm2,
        area_90_below_deg2=AREA_90_BELOW_DEG2,
    )
    return Scene(items=items, truth=truth, acs_arrivals=(acs,))


def _draw(rng: np.random.Generator) -> Burst:
    while True:
        burst = draw_burst(BurstClass.BRIGHT_SHORT, rng)
        if burst.profile().time_of_share(0.998) < LONGEST_S:
            return burst


def _gbm_story(
    burst: Burst, where: BrightBurst, network: Network, fermi_utc: datetime, rng: np.random.Generator
) -> GbmStory:
    trigger_utc = fermi_utc + timedelta(seconds=burst.profile().time_of_share(0.1))
    longitude, latitude = network.ground_place_deg(trigger_utc)
    trigger = GbmTrigger(
        trigger_utc=trigger_utc,
        significance=GBM_NAI.signal_to_noise(GBM_NAI.arrival(burst, fermi_utc)),
        timescale_s=0.064,
        longitude_deg=longitude,
        latitude_deg=latitude,
        duration_class="Short",
    )
    return tell(
        trigger, ra_deg=where.ra_deg, dec_deg=where.dec_deg, statistical_deg=float(rng.uniform(1.2, 2.5)), rng=rng
    )


def _spiacs_notice(
    burst: Burst, where: BrightBurst, acs_utc: datetime, rng: np.random.Generator, *, sigma: float
) -> NoticeItem:
    middle = acs_utc + timedelta(seconds=burst.profile().time_of_share(0.5))
    message = spiacs(
        middle,
        where.t0_utc + timedelta(seconds=SPIACS_S),
        trigger_id=int(rng.integers(10_400, 10_900)),
        sigma=sigma,
        timescale_s=0.1,
        serial=int(rng.integers(100, 999)),
        is_near_another=True,
    )
    return issue(where.t0_utc, SPIACS_S, message, "IBAS SPI-ACS trigger")


def _gbm_files(
    burst: Burst,
    where: BrightBurst,
    network: Network,
    story: GbmStory,
    folder: str,
    rng: np.random.Generator,
    *,
    fermi_utc: datetime,
    response: float,
) -> tuple[DeliveryItem, ...]:
    trigger_utc = story.trigger.trigger_utc
    arrival = GBM_NAI.arrival(burst, fermi_utc, response=response)
    events = draw_gbm_events(arrival, burst, rng, t0_utc=trigger_utc, span_s=TTE_SPAN_S)
    content = tte_fits(events, detector=DETECTOR, made_utc=where.t0_utc + timedelta(seconds=TTE_S))
    eph = ephemeris_line(position("Fermi", network.fermi, trigger_utc), sod_decimals=4)
    return (
        deliver(where.t0_utc, TTE_S - 2.0, f"{folder}/GBM/{trigger_utc:%Y%m%d}_Fermi.eph", eph, "Fermi ephemeris"),
        deliver(
            where.t0_utc, TTE_S, f"{folder}/GBM/{tte_file_name(trigger_utc, detector=DETECTOR)}", content, "GBM TTE"
        ),
    )


def _konus(
    burst: Burst,
    where: BrightBurst,
    network: Network,
    folder: str,
    rng: np.random.Generator,
    *,
    wind_utc: datetime,
    response: float,
) -> tuple[NoticeItem | DeliveryItem, ...]:
    trigger_utc = wind_utc + timedelta(seconds=burst.profile().time_of_share(0.05))
    bands = draw_konus_bands(KONUS_WIND.arrival(burst, wind_utc, response=response), burst, rng, t0_utc=trigger_utc)
    stem = f"{folder}/kw{trigger_utc:%Y%m%d}_{int(second_of_day(trigger_utc)):05d}"
    sequence, serial = int(rng.integers(1, 40)), int(rng.integers(100, 900))
    issued = where.t0_utc + timedelta(seconds=KONUS_NOTICE_S)
    light_curve = konus_light_curve(trigger_utc, issued, sequence=sequence, serial=serial)
    raw = ipn_raw(trigger_utc, issued + timedelta(seconds=2), sequence=sequence, serial=serial + 1)
    eph = ephemeris_line(position("Wind", network.wind, trigger_utc))
    return (
        issue(where.t0_utc, KONUS_NOTICE_S, light_curve, "Konus-Wind light-curve notice"),
        issue(where.t0_utc, KONUS_NOTICE_S + 2.0, raw, "IPN times-only notice"),
        deliver(where.t0_utc, KONUS_FILE_S - 4.0, f"{folder}/{trigger_utc:%Y%m%d}_Wind.eph", eph, "Wind ephemeris"),
        deliver(where.t0_utc, KONUS_FILE_S - 2.0, f"{stem}.info", konus_info(trigger_utc), "Konus-Wind trigger"),
        deliver(where.t0_utc, KONUS_FILE_S, f"{stem}_rc2.thr", konus_thr(bands), "Konus-Wind light curve"),
    )


def _hend(
    burst: Burst,
    where: BrightBurst,
    network: Network,
    folder: str,
    rng: np.random.Generator,
    *,
    mars_utc: datetime,
    response: float,
    seed: int,
) -> tuple[DeliveryItem, ...]:
    arrival = HEND.arrival(burst, mars_utc, response=response)
    stream = HEND.stream((arrival,), seed=seed)
    begin = mars_utc - timedelta(seconds=float(rng.uniform(*HEND_LEAD_S)))
    probe = stream.light_curve(begin, begin + timedelta(seconds=HEND_ROWS * HEND.bin_s + 1.0))
    reference = begin + timedelta(seconds=float(probe.start_s[0]))
    # Headers give the reference to 1 ms: the bins begin there, so it is rounded before, not after.
    reference = reference.replace(microsecond=reference.microsecond // 1000 * 1000)
    curve = probe.select(np.arange(len(probe)) < HEND_ROWS).with_t0(reference)
    mars = SpacecraftPosition(spacecraft="Mars", epoch_utc=reference, vector_km=mars_km(reference))
    stem = f"{folder}/{reference:%Y%m%d}_{int(second_of_day(reference)):05d}_HEND"
    # The place of the craft both ways: the network's line, and HEND's own three; both at the reference time.
    eph = ephemeris_line(position("Odyssey", network.odyssey, reference))
    lines = hend_position(mars, network.odyssey.about_mars(reference))
    return (
        deliver(where.t0_utc, HEND_FILE_S - 4.0, f"{folder}/{reference:%Y%m%d}_Odyssey.eph", eph, "Odyssey ephemeris"),
        deliver(where.t0_utc, HEND_FILE_S - 2.0, f"{stem}_position.txt", lines, "Mars Odyssey position"),
        deliver(where.t0_utc, HEND_FILE_S, f"{stem}.thr", hend_thr(curve), "HEND light curve"),
    )
