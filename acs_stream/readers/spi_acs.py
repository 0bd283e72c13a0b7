"""What is particular to INTEGRAL SPI-ACS data, whatever form they come in: bin, saturation, timing by product kind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from acs_stream.readers.table import Channel, ChannelTable, add_note
from tocsin.domain.light_curves import BoolArray, FloatArray, Timing

INSTRUMENT = "SPI-ACS"
BIN_S = 0.05
#: Lower threshold and upper end, keV; one channel only.
BAND = Channel(name="ACS", energy_kev=(75.0, 10_000.0))
#: Bins at or above this rate are saturated: 90 000 counts per 50 ms.
SATURATION_CTS_S = 90_000 / BIN_S
#: From this moment real-time SPI-ACS times hold the correction found by Rau (GCN 2568); before it they lag true UTC.
CORRECTED_SINCE_UTC = datetime(2004, 4, 2, 11, tzinfo=UTC)
EARLY_LAG_S = 0.125
EARLY_LAG_ERROR_S = 0.010

REALTIME = Timing(
    product="realtime",
    clock_error_s=0.010,
    is_approximate=True,
    note="telemetry as first received: approximate time correlation",
)
CONSOLIDATED = Timing(product="consolidated", clock_error_s=0.001)


def unusable(counts: FloatArray, width_s: FloatArray) -> BoolArray | None:
    """Mask of bins that tell no rate, shape (n,): saturated, or lost telemetry sent as 0; None where there are none.

    Some thousand counts are in every real bin: one of 0 counts is no measurement, and would pull the background down.
    Where counts below 0 show that the background was subtracted, 0 is a value like others.
    """
    mask = counts >= SATURATION_CTS_S * width_s
    if not (counts < 0).any():
        mask |= counts == 0
    return mask if mask.any() else None


def corrected(table: ChannelTable) -> ChannelTable:
    """Table with the clock correction that its product kind and date call for, recorded in its timing.

    References
    ----------
    Rau et al. 2004, GCN 2568: times of real-time data before 2004-04-02T11:00 UTC lag true UTC by 125 +- 10 ms;
    archival data are right.
    """
    if table.t0_utc is None or table.timing.product != "realtime":
        return table
    first_utc = table.t0_utc + timedelta(seconds=float(np.min(table.start_s)))
    if first_utc >= CORRECTED_SINCE_UTC:
        return table
    timing = add_note(
        table.timing, f"{EARLY_LAG_S} s subtracted: real-time clock before 2004-04-02T11:00 UTC (GCN 2568)"
    )
    timing = replace(timing, clock_error_s=max(timing.clock_error_s, EARLY_LAG_ERROR_S))
    return replace(table, start_s=table.start_s - EARLY_LAG_S, timing=timing)
