"""Swift BAT count rates (``sw*brtms.lc``, ``sw*brt1s.lc``): RATE extension, one column of four bands.

Swift's clock drifts: its times are right only with UTCFINIT (seconds, in the header) added, and a file without it is
refused. Times are those of the middle of a bin where TIMEPIXR says 0.5, of its start where it says 0.

References
----------
Swift technical handbook, section on clock drift; OGIP 93-003 (timing keywords).
"""

import numpy as np

from acs_stream.readers.content import open_fits
from acs_stream.readers.table import Channel, ChannelTable
from acs_stream.time_systems import fermi_met_seconds_since, fermi_met_to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import Timing

INSTRUMENT = "Swift-BAT"
#: Bands of the rate files, keV.
BANDS_KEV = ((15.0, 25.0), (25.0, 50.0), (50.0, 100.0), (100.0, 350.0))
CLOCK_ERROR_S = 3e-4
MJDREFI = 51910
#: A step longer than this many bins is a gap, and rows closer than this share of a bin are the same.
SHORTEST_STEP = 0.5


def read_bat_rate(content: bytes) -> ChannelTable:
    """Count rates of Swift BAT.

    Raises
    ------
    ScienceError
        UTCFINIT or TIMEDEL is missing, the times do not count from 2001, or there are not four bands.
    """
    with open_fits(content) as hdus:
        header, data = hdus["RATE"].header, hdus["RATE"].data
        if int(header.get("MJDREFI", 0)) != MJDREFI:
            raise ScienceError("times do not count from 2001-01-01 (MJDREFI): not a Swift file")
        if "UTCFINIT" not in header:
            raise ScienceError("UTCFINIT is missing: Swift's clock cannot be corrected", remedy="get the file again")
        bin_s = float(header.get("TIMEDEL", 0.0))
        middle = float(header.get("TIMEPIXR", 0.5))
        met_s = np.asarray(data["TIME"], dtype=np.float64) + float(header["UTCFINIT"])
        rate = np.asarray(data["RATE"], dtype=np.float64)
    if not 0.0 < bin_s <= 64.0:
        raise ScienceError(f"TIMEDEL is {bin_s:g}: the width of the bins is not known")
    if rate.ndim != 2 or rate.shape[1] != len(BANDS_KEV):
        raise ScienceError(f"RATE has {rate.shape[1] if rate.ndim == 2 else 1} bands instead of {len(BANDS_KEV)}")
    good = np.isfinite(met_s) & np.isfinite(rate).all(axis=1)
    if not good.any():
        raise ScienceError("no finite row in the file")
    met_s, rate = met_s[good], rate[good]
    order = np.argsort(met_s, kind="stable")
    met_s, rate = met_s[order], rate[order]
    fresh = np.concatenate([[True], np.diff(met_s) > SHORTEST_STEP * bin_s])
    met_s, rate = met_s[fresh], rate[fresh]
    t0_utc = fermi_met_to_utc(float(np.floor(met_s[0])))
    return ChannelTable(
        instrument=INSTRUMENT,
        t0_utc=t0_utc,
        start_s=fermi_met_seconds_since(met_s, t0_utc) - middle * bin_s,
        width_s=np.full(met_s.size, bin_s),
        channels=tuple(Channel(name=f"{low:g}-{high:g}", energy_kev=(low, high)) for low, high in BANDS_KEV),
        counts=np.round(rate.T * bin_s, 6),
        timing=Timing(product="rate", clock_error_s=CLOCK_ERROR_S, note="UTCFINIT added"),
        has_zero=False,
    )
