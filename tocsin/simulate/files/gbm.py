"""Fermi GBM files: time-tagged events (TTE) as FITS."""

import io
from datetime import datetime, timedelta

import numpy as np
from astropy.io import fits

from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import EventList, FloatArray
from tocsin.simulate.notices.gbm import burst_number, fermi_met_s

#: A FITS keyword: name, value, comment.
Card = tuple[str, str | int | float, str]
#: A column: name, FITS format, unit, values.
ColumnData = tuple[str, str, str, object]


def tte_file_name(trigger_utc: datetime, *, detector: str) -> str:
    """Name of the file, as in HEASARC's archive; `detector` is ``n0`` to ``nb``."""
    return f"glg_tte_{detector}_bn{burst_number(trigger_utc)}_v00.fit"


def tte_fits(events: EventList, *, detector: str, made_utc: datetime) -> bytes:
    """TTE file of one detector: EBOUNDS, EVENTS, GTI, with times stored relative to the trigger (TZERO).

    Parameters
    ----------
    events
        Photons; their T0 is the trigger.
    detector
        ``n0`` to ``nb``.
    made_utc
        Date of the file.

    Raises
    ------
    ScienceError
        The list has no channels or no good times.
    """
    if events.channel is None or events.channel_edges_kev is None or events.good_s is None:
        raise ScienceError("a TTE file needs channels, their energies and good times")
    cards = _cards(events, detector=detector, made_utc=made_utc, span_s=np.asarray(events.good_s).ravel()[[0, -1]])
    met = fermi_met_s(events.t0_utc)
    edges = events.channel_edges_kev
    energies: list[ColumnData] = [("CHANNEL", "I", "", np.arange(len(edges)))]
    energies += [("E_MIN", "E", "keV", edges[:, 0]), ("E_MAX", "E", "keV", edges[:, 1])]
    bounds = _table("EBOUNDS", energies, cards)
    photons = _table("EVENTS", [("TIME", "D", "s", events.times_s), ("PHA", "I", "", events.channel)], cards)
    photons.header["TZERO1"] = (met, "Offset, equal to TRIGTIME")
    photons.header["EVT_DEAD"] = (events.dead_time_s or 0.0, "[s] Deadtime per event")
    good = np.asarray(events.good_s)
    gti = _table("GTI", [("START", "D", "s", good[:, 0]), ("STOP", "D", "s", good[:, 1])], cards)
    for column in (1, 2):
        gti.header[f"TZERO{column}"] = (met, "Offset (s), equal to TRIGTIME")
    primary = fits.PrimaryHDU()
    primary.header.extend([("FILETYPE", "GBM PHOTON LIST", ""), ("DATATYPE", "TTE", ""), *cards])
    primary.header["FILENAME"] = tte_file_name(events.t0_utc, detector=detector)
    buffer = io.BytesIO()
    fits.HDUList([primary, bounds, photons, gti]).writeto(buffer)
    return buffer.getvalue()


def _table(name: str, columns: list[ColumnData], cards: list[Card]) -> fits.BinTableHDU:
    made = [fits.Column(label, form, unit=unit or None, array=values) for label, form, unit, values in columns]
    table = fits.BinTableHDU.from_columns(made, name=name)
    table.header.extend(cards)
    return table


def _cards(events: EventList, *, detector: str, made_utc: datetime, span_s: FloatArray) -> list[Card]:
    met = fermi_met_s(events.t0_utc)
    start, stop = (events.t0_utc + timedelta(seconds=float(edge)) for edge in span_s)
    return [
        ("TELESCOP", "GLAST", "Name of mission/satellite"),
        ("INSTRUME", "GBM", "Specific instrument used for observation"),
        ("DETNAM", f"NAI_{int(detector[1], 16):02d}", "Individual detector name"),
        ("ORIGIN", "SIMULATED", "Name of organization making file"),
        ("DATE", f"{made_utc:%Y-%m-%dT%H:%M:%S}", "file creation date (UT)"),
        # TIMESYS says TT, yet these two strings are UTC: so it is in the real files.
        ("DATE-OBS", f"{start:%Y-%m-%dT%H:%M:%S}", "Date of start of observation"),
        ("DATE-END", f"{stop:%Y-%m-%dT%H:%M:%S}", "Date of end of observation"),
        ("TIMESYS", "TT", "Time system used in time keywords"),
        ("TIMEUNIT", "s", "Time since MJDREF, used in TSTART and TSTOP"),
        ("MJDREFI", 51910, "MJD of GLAST reference epoch, integer part"),
        ("MJDREFF", 7.428703703703703e-4, "MJD of GLAST reference epoch, fraction"),
        ("TSTART", met + float(span_s[0]), "[GLAST MET] Observation start time"),
        ("TSTOP", met + float(span_s[1]), "[GLAST MET] Observation stop time"),
        ("TRIGTIME", met, "Trigger time relative to MJDREF"),
        ("OBJECT", f"GRB{burst_number(events.t0_utc)}", "Burst name in standard format, yymmddfff"),
        ("RADECSYS", "FK5", "Stellar reference frame"),
        ("EQUINOX", 2000.0, "Equinox for RA and Dec"),
        # Defaults, no position: so they stand in the real files.
        ("RA_OBJ", 30.0, "Calculated RA of burst"),
        ("DEC_OBJ", -15.0, "Calculated Dec of burst"),
        ("ERR_RAD", 3.0, "Calculated Location Error Radius"),
    ]
