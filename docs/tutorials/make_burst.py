"""Make a simulated burst: light curves of three craft in the formats they deliver, and the burst file that names them.

Run it in an empty folder: ``python make_burst.py [SEED]``. It writes ``kw.thr``, ``gbm.fit``, ``hend.thr`` and
``burst.toml`` there, and prints the true position, which none of the files holds.
"""
# ruff: noqa: INP001, T201 - a script of the tutorial, run by itself: no package, and it speaks to its reader

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from tocsin.domain.clock import iso_utc
from tocsin.simulate.bursts import Burst, BurstClass, draw_burst
from tocsin.simulate.files import hend_thr, konus_thr, tte_fits
from tocsin.simulate.instruments import GBM_NAI, HEND, KONUS_WIND, draw_gbm_events, draw_konus_bands
from tocsin.simulate.network import draw_network, draw_well_placed
from tocsin.simulate.spacecraft import Ephemeris, arrival_utc, position, ra_dec_deg

#: When the burst passes the centre of the Earth.
T0 = datetime(2024, 10, 17, 2, 15, tzinfo=UTC)
#: The longest burst that the record of Konus-Wind (0.512 s after its trigger) holds with room to spare, s.
LONGEST_S = 0.36


def main(seed: int, folder: Path) -> tuple[float, float]:
    """Write the files of one burst; its true position, right ascension and declination, deg."""
    rng = np.random.default_rng(seed)
    source = draw_well_placed(rng, T0)
    craft = draw_network(rng, T0, seen=[(source, T0)])
    burst = draw_short(rng)

    # Each craft is passed at its own time; its trigger, the zero of its file, comes a little later.
    wind, fermi, mars = (arrival_utc(place, source, T0) for place in (craft.wind, craft.fermi, craft.odyssey))
    trigger = timedelta(seconds=burst.profile().time_of_share(0.1))

    bands = draw_konus_bands(KONUS_WIND.arrival(burst, wind), burst, rng, t0_utc=wind + trigger)
    (folder / "kw.thr").write_bytes(konus_thr(bands))

    span_s = (-25.0, 35.0)
    photons = draw_gbm_events(GBM_NAI.arrival(burst, fermi), burst, rng, t0_utc=fermi + trigger, span_s=span_s)
    (folder / "gbm.fit").write_bytes(tte_fits(photons, detector="n3", made_utc=T0))

    stream = HEND.stream((HEND.arrival(burst, mars),), seed=seed)
    around = timedelta(seconds=300)
    counts = stream.light_curve(mars - around, mars + around, t0_utc=(mars - around).replace(microsecond=0))
    (folder / "hend.thr").write_bytes(hend_thr(counts))

    text = 'name = "A simulated burst"\n'
    text += observation("Konus-Wind", "kw.thr", "ipn-thr", craft.wind, wind + trigger, clock_error_s=0.001)
    text += observation("Fermi-GBM", "gbm.fit", "gbm-tte", craft.fermi, fermi + trigger, clock_error_s=0.0)
    text += observation("Mars-Odyssey-HEND", "hend.thr", "ipn-thr", craft.odyssey, counts.t0_utc, clock_error_s=0.05)
    (folder / "burst.toml").write_text(text, encoding="utf-8")
    return ra_dec_deg(source)


def draw_short(rng: np.random.Generator) -> Burst:
    """Bright short burst that fits into the record of Konus-Wind."""
    while True:
        burst = draw_burst(BurstClass.BRIGHT_SHORT, rng)
        if burst.profile().time_of_share(0.998) < LONGEST_S:
            return burst


def observation(
    instrument: str, file: str, form: str, craft: Ephemeris, zero_utc: datetime, *, clock_error_s: float
) -> str:
    """One [[observation]] of the burst file: `zero_utc` is the file's time zero, in UTC at the craft."""
    place = position(instrument, craft, zero_utc)
    ra_deg, dec_deg = ra_dec_deg(place.vector_km)
    return f"""
[[observation]]
instrument = "{instrument}"
lightcurve = "{file}"
format = "{form}"
t0_utc = "{iso_utc(zero_utc)}"
position = {{ ra_deg = {ra_deg:.5f}, dec_deg = {dec_deg:.5f}, distance_km = {place.distance_km:.1f} }}
clock_error_s = {clock_error_s}
"""


if __name__ == "__main__":
    ra, dec = main(int(sys.argv[1]) if len(sys.argv) > 1 else 7, Path())
    print(f"wrote kw.thr, gbm.fit, hend.thr and burst.toml; the burst was at RA {ra:.3f} Dec {dec:.3f}")
