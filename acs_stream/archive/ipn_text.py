"""The IPN's text form of SPI-ACS rates ("ipnlc"), as the public page of ISDC gave it out since 2011. Pure.

::

    'INTEGRAL  ' 'DD/MM/YY' <second of the UTC day of the reference> 100.000  10000.000
    <background, counts per bin> 0.05000000
    <start of the bin after the reference, s> <counts>

Times are **bin starts** (genlc time - reference - half a bin); bins that are missing or must not be used have no line.
"""

from datetime import timedelta

import numpy as np

from acs_stream.time_systems import SECOND_US, seconds_of_day, utc_to_tt_us
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import OVERLAP_TOLERANCE, LightCurve

#: The band that the page prints, keV, whatever the true threshold.
PRINTED_BAND_KEV = (100.0, 10_000.0)
#: The reference second is printed to five decimals: references are whole multiples of this, us.
REFERENCE_STEP_US = 10


def ipnlc_text(curve: LightCurve, *, with_breaks: bool = False) -> str:
    """Light curve as ipnlc text; reference is its T0, rounded to 10 us.

    Parameters
    ----------
    curve
        Bins of one width.
    with_breaks
        End lines in ``<br>``, as the page does.

    Raises
    ------
    ScienceError
        There is no usable bin, or the bins are of different widths.
    """
    curve = curve.select(curve.usable)
    if not len(curve):
        raise ScienceError(f"no {curve.instrument} data to give in the IPN's form")
    width_s = float(np.median(curve.width_s))
    if np.ptp(curve.width_s) > OVERLAP_TOLERANCE * width_s:
        raise ScienceError("the IPN's form holds bins of one width only", remedy="ask for native bins")
    t0 = to_utc(curve.t0_utc)
    reference = t0 - timedelta(microseconds=t0.microsecond % REFERENCE_STEP_US)
    offset_s = (utc_to_tt_us(t0) - utc_to_tt_us(reference)) / SECOND_US
    low, high = PRINTED_BAND_KEV
    lines = [
        f"'INTEGRAL  ' '{reference:%d/%m/%y}' {seconds_of_day(reference):10.5f} {low:.3f}  {high:.3f}",
        f"{float(np.median(curve.counts)):.3f} {width_s:.8f}",
        *(f"{t:10.3f} {n:10.5f}" for t, n in zip(curve.start_s + offset_s, curve.counts, strict=True)),
    ]
    end = "<br>\n" if with_breaks else "\n"
    return "".join(line + end for line in lines)
