"""Properties of the burst that one instrument saw, as its search product states them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from acs_stream.answer import MIN_SNR_OF_PROPERTIES
from acs_stream.properties import Durations, burst_properties
from acs_stream.sources import FetchedLightCurve
from tocsin.domain.errors import ScienceError
from triangulation.energy import grouped


def properties_content(
    fetched: FetchedLightCurve, t0_utc: datetime, found: Mapping[str, Any] | None, durations: Durations | None
) -> Mapping[str, Any] | None:
    """T90, T50, counts, peak rates, hardness and population of an event's counterpart in one light curve.

    Parameters
    ----------
    fetched
        All channels and their sum.
    t0_utc
        T0 that the counterpart's times count from.
    found
        The counterpart; None: there is none.
    durations
        Populations of bursts.

    Returns
    -------
    Mapping or None
        None without a counterpart, for one too weak to be measured, and where the background is not known.
    """
    if found is None or float(found["snr"]) < MIN_SNR_OF_PROPERTIES:
        return None
    try:
        return burst_properties(
            fetched.total.with_t0(t0_utc),
            float(found["start_s"]),
            float(found["stop_s"]),
            durations=durations,
            channels=[channel.with_t0(t0_utc) for channel in grouped(fetched.channels)],
        ).to_json()
    except ScienceError:
        return None
