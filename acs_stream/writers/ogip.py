"""Light curves as FITS in OGIP's conventions: what HEASARC's timing tools read.

References
----------
OGIP Memo 93-003 (Angelini et al. 1993), *The Proposed Timing FITS File Format for High Energy Astrophysics Data*;
FITS Standard 4.0, section 9 (time).
"""

import io
from datetime import timedelta

import numpy as np

from tocsin.domain.clock import iso_utc
from tocsin.domain.late import fits
from tocsin.domain.light_curves import LightCurve

FITS_TYPE = "application/fits"
#: Days from 1858-11-17; one float64 of days steps by 0.6 us, so the day and its part are kept apart.
MJD_0 = 40587


def ogip_fits(curve: LightCurve, *, object_name: str = "") -> bytes:
    """FITS file with one RATE extension: TIME (bin centre), TIMEDEL, COUNTS, RATE, ERROR, FRACEXP.

    Parameters
    ----------
    curve
        Light curve; masked bins are written with FRACEXP 0 and without a rate.
    object_name
        Name of the source, for the header.

    Notes
    -----
    Times are s from T0 in UTC at the instrument. T0 is MJDREFI + MJDREFF; ``DATEREF`` says it in words, to the
    microsecond. ERROR is the square root of the variance: of the counts, where no other is known.
    """
    used = curve.usable
    live = np.where(used, curve.live_s, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(live > 0, curve.counts / live, np.nan)
        variance = np.maximum(curve.counts, 0.0) if curve.variance_counts is None else curve.variance_counts
        error = np.where(live > 0, np.sqrt(variance) / live, np.nan)
    columns = [
        fits.Column("TIME", "D", unit="s", array=curve.start_s + 0.5 * curve.width_s),
        fits.Column("TIMEDEL", "D", unit="s", array=curve.width_s),
        fits.Column("COUNTS", "D", unit="count", array=np.where(used, curve.counts, np.nan)),
        fits.Column("RATE", "D", unit="count/s", array=rate),
        fits.Column("ERROR", "D", unit="count/s", array=error),
        fits.Column("FRACEXP", "D", array=np.clip(live / curve.width_s, 0.0, 1.0)),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="RATE")
    primary = fits.PrimaryHDU()
    for header in (primary.header, table.header):
        _describe(header, curve, object_name)
    table.header["HDUCLASS"] = ("OGIP", "conforms to OGIP standards")
    table.header["HDUCLAS1"] = ("LIGHTCURVE", "OGIP memo 93-003")
    table.header["HDUCLAS2"] = ("TOTAL", "background is not subtracted")
    table.header["HDUCLAS3"] = ("RATE", "counts per second")
    target = io.BytesIO()
    # Without checksums: astropy writes the time of writing beside them, and the same light curve is the same file here.
    fits.HDUList([primary, table]).writeto(target)
    return target.getvalue()


def _describe(header: "fits.Header", curve: LightCurve, object_name: str) -> None:
    t0 = curve.t0_utc
    first, last = (float(curve.start_s[0]), float(curve.stop_s[-1])) if len(curve) else (0.0, 0.0)
    day = (t0 - t0.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds() / 86400.0
    header["TELESCOP"] = (_spacecraft(curve.instrument), "mission")
    header["INSTRUME"] = (curve.instrument, "instrument")
    header["ORIGIN"] = ("Tocsin", "who wrote this file")
    if object_name:
        header["OBJECT"] = (_ascii(object_name), "name of the event")
    header["TIMESYS"] = ("UTC", "time scale")
    header["TIMEUNIT"] = ("s", "unit of times")
    header["TIMEREF"] = ("LOCAL", "times are at the instrument")
    header["CLOCKAPP"] = (True, "times are UTC: clock is corrected")
    header["TASSIGN"] = ("SATELLITE", "where times were assigned")
    header["MJDREFI"] = (MJD_0 + t0.toordinal() - 719163, "[d] T0, whole days")
    header["MJDREFF"] = (day, "[d] T0, part of the day")
    header["DATEREF"] = ((iso_utc(t0) or "").removesuffix("Z"), "T0")
    header["TIMEZERO"] = (0.0, "[s] added to TIME")
    header["TSTART"] = (first, "[s] start of the first bin")
    header["TSTOP"] = (last, "[s] end of the last bin")
    header["DATE-OBS"] = ((iso_utc(t0 + timedelta(seconds=first)) or "").removesuffix("Z"), "start")
    header["DATE-END"] = ((iso_utc(t0 + timedelta(seconds=last)) or "").removesuffix("Z"), "end")
    if len(curve):
        header["TIMEDEL"] = (float(np.median(curve.width_s)), "[s] median width of the bins")
    header["TIMEPIXR"] = (0.5, "TIME is the centre of the bin")
    header["BACKAPP"] = (False, "background is not subtracted")
    header["DEADAPP"] = (curve.exposure_s is not None, "rates are corrected for dead time")
    if curve.energy_kev is not None:
        header["E_MIN"] = (curve.energy_kev[0], "[keV] band")
        header["E_MAX"] = (curve.energy_kev[1], "[keV] band")
        header["EUNIT"] = ("keV", "unit of the band")
    if curve.timing is not None:
        header["TIERABSO"] = (curve.timing.clock_error_s, "[s] systematic error of the clock, 1 sigma")


def _spacecraft(instrument: str) -> str:
    return {"SPI-ACS": "INTEGRAL", "Fermi-GBM": "FERMI", "Konus-Wind": "WIND"}.get(instrument, instrument)


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()[:60]
