"""Fluence and peak flux of a burst that was seen, for each of the spectra that limits are stated for."""

import numpy as np

from acs_stream.properties import Brightness, BurstProperties, Value
from acs_stream.response import Response


def brightness_of(found: BurstProperties, response: Response) -> tuple[Brightness, ...]:
    """What the counts of a burst are worth in the direction of `response`, for the hard and for the soft spectrum.

    Parameters
    ----------
    found
        Counts above background.
    response
        What a count is worth; what is not known of it widens the interval.

    Notes
    -----
    One channel tells no spectrum: the two values are two assumptions, and the truth may lie outside of both.
    """
    per_count = (
        (response.hard_spectrum, response.hard_erg_cm2_per_count),
        (response.soft_spectrum, response.soft_erg_cm2_per_count),
    )
    second = found.second
    return tuple(
        Brightness(
            spectrum=words,
            band_kev=response.band_kev,
            fluence_erg_cm2=_worth(found.net_counts, each, response.total_fraction),
            peak_flux_erg_cm2_s=None if second is None else _worth(second[1], each, response.total_fraction),
            peak_scale_s=None if second is None else second[0],
        )
        for words, each in per_count
    )


def _worth(counts: Value, each: float, relative_error: float) -> Value:
    """Counts (or counts/s) in erg/cm2 (or erg/cm2/s), the response's error in the logarithm."""
    value = counts.value * each
    down, up = ((counts.value - counts.low) * each, (counts.high - counts.value) * each)
    return Value(
        value=value,
        low=value - float(np.hypot(down, value * (1 - np.exp(-relative_error)))),
        high=value + float(np.hypot(up, value * (np.exp(relative_error) - 1))),
    )
