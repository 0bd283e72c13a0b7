"""Files of the Interplanetary Network: light curves (``.thr``) and ephemerides of Konus-Wind, HEND and Fermi."""

from datetime import datetime

import numpy as np

from tocsin.domain.clock import to_utc
from tocsin.domain.light_curves import FloatArray, LightCurve
from tocsin.simulate.instruments import KONUS_DEAD_TIME_S
from tocsin.simulate.spacecraft import ra_dec_deg
from triangulation.geometry import SpacecraftPosition


def second_of_day(moment: datetime) -> float:
    """UTC seconds since midnight."""
    utc = to_utc(moment)
    return (utc - utc.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()


def konus_thr(bands: tuple[LightCurve, LightCurve, LightCurve]) -> bytes:
    """Konus-Wind light curve: time since the trigger, G1, G2, G3 and their sum, corrected for dead time.

    Parameters
    ----------
    bands
        Counts as recorded, whole numbers in equal bins, T0 the trigger.
    """
    raw = np.stack([band.counts for band in bands])
    live = 1.0 - raw.sum(axis=0) * KONUS_DEAD_TIME_S / bands[0].width_s
    corrected = raw / live
    rows = zip(bands[0].start_s, *corrected, corrected.sum(axis=0), strict=True)
    return "".join(f"{t:.3f}\t" + "\t".join(f"{n:.2f}" for n in counts) + "\n" for t, *counts in rows).encode()


def konus_info(trigger_utc: datetime) -> bytes:
    """Key-value file beside a Konus-Wind light curve; its trigger time is rounded to 1 ms."""
    sod = second_of_day(trigger_utc)
    return (
        f"source={trigger_utc:%y%m%d}.lz\ndetector=S1\ndate={trigger_utc:%Y%m%d}\ntriggertime={sod:.3f}\n"
        f"lzdetails=Burst #1: {trigger_utc:%Y%m%d} {sod:.3f} ({trigger_utc:%H:%M:%S}) S1 nns:1 tgrs:0 \n"
    ).encode()


def ephemeris_line(position: SpacecraftPosition, *, sod_decimals: int = 6) -> bytes:
    """One-line ephemeris: date, second of day, time of day, RA, Dec (deg), distance (km); geocentric."""
    sod, when = second_of_day(position.epoch_utc), position.epoch_utc
    ra, dec = ra_dec_deg(position.vector_km)
    clock = f"{when:%H:%M:%S}.{when.microsecond:06d}"[: 9 + sod_decimals]
    return f"{when:%Y%m%d} {sod:.{sod_decimals}f} {clock} {ra:.5f} {dec:.5f} {position.distance_km:.1f}\n".encode()


def hend_thr(light_curve: LightCurve) -> bytes:
    """HEND light curve: name, date, reference second; energies (keV); background and bin width; then time, counts."""
    reference = light_curve.t0_utc
    low, high = light_curve.energy_kev or (50.0, 3000.0)
    head = (
        f"'MS01 HEND '  '{reference:%d/%m/%y}'  {second_of_day(reference):.3f}\n"
        f"{low:.2f}  {high:.2f}\n0.0 {light_curve.width_s[0]:.2f}\n"
    )
    rows = zip(light_curve.start_s, light_curve.counts, strict=True)
    return (head + "".join(f"{t:.3f}\t{n:.0f}\n" for t, n in rows)).encode()


def hend_position(mars: SpacecraftPosition, about_mars_km: FloatArray) -> bytes:
    """HEND position file: Mars from the geocentre, Odyssey from Mars (RA, Dec, km each), errors.

    Parameters
    ----------
    mars
        At the reference time of the light curve.
    about_mars_km
        Odyssey relative to Mars at that time, km, shape (3,).
    """
    ra, dec = ra_dec_deg(mars.vector_km)
    near_ra, near_dec = ra_dec_deg(about_mars_km)
    return (
        f"{ra:.3f} {dec:.3f} {mars.distance_km:.1f}\n"
        f"{near_ra:.3f} {near_dec:.3f} {np.linalg.norm(about_mars_km):.1f}\n0.001 0.001 50.000\n"
    ).encode()
