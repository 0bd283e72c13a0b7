"""Rates with the background already subtracted: given back the background that their stated errors imply.

The search, the limits and the properties of a burst take the noise for that of the counts beneath. A rate from which
the background was taken has none beneath, but errors that tell how much it was.
"""

import numpy as np

from tocsin.domain.light_curves import LightCurve

#: Counts below this share of their variance have lost their background, and so have those of which this share is
#: negative.
SUBTRACTED_BELOW, NEGATIVE_ABOVE = 0.02, 0.05


def on_pedestal(curve: LightCurve) -> tuple[LightCurve, float]:
    """Light curve on the background that its errors imply, and the rate added, counts/s.

    Parameters
    ----------
    curve
        Counts, with or without a stated variance.

    Returns
    -------
    tuple
        The curve itself and 0 where its counts account for their variance. Otherwise the counts with a constant rate
        added, of which the median of the stated variances is the Poisson one.
    """
    use = curve.usable
    if curve.variance_counts is None or not use.any():
        return curve, 0.0
    counts, variance = curve.counts[use], curve.variance_counts[use]
    if float(np.mean(counts < 0.0)) <= NEGATIVE_ABOVE and float(counts.sum()) >= SUBTRACTED_BELOW * float(
        variance.sum()
    ):
        return curve, 0.0
    rate_cts_s = float(np.median(variance / curve.live_s[use]))
    pedestal = rate_cts_s * curve.live_s
    return curve.replace(counts=curve.counts + pedestal, variance_counts=np.maximum(pedestal, 1e-9)), rate_cts_s
