"""Search of a stream as it comes: every window once, and in the manner of whole days, whose excesses are its measure.

A claimed rate holds only where what is judged was found as that was which it is compared with. A window is judged when
its last bin has come, and not again: each further look would be a further trial. What stands out before it is looked at
with it, at the same least S/N as on whole days: a spike that has left the stretch must not stand for a burst by the
long windows that still hold it.
"""

from dataclasses import dataclass

from acs_stream.excesses import Excess, Question, judged, least_snr_for_rate
from acs_stream.measured import Look
from acs_stream.noise import LONGEST_S, measure, scales_for
from acs_stream.search import BACKGROUND_RATE_HZ, saturated_bins, spikes_of
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import LightCurve

#: Looked at before what is new, for what the new windows share with it, s.
BEFORE_S = 2 * LONGEST_S
#: Data before what is new that such a search needs, s.
DATA_BEFORE_S = 600.0
#: Fewer bins are not searched.
LEAST_BINS = 10
#: Bins end on time within this, s.
TOLERANCE_S = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What is new of a stream: from where to where, s."""

    start_s: float
    stop_s: float

    def is_new(self, excess: Excess) -> bool:
        """True if the rarest window of an excess could not be judged before."""
        begin_s, end_s = excess.t_s - excess.scale_s / 2, excess.t_s + excess.scale_s / 2
        return end_s > self.start_s + TOLERANCE_S and begin_s < self.stop_s - TOLERANCE_S


def search_stretch(light_curve: LightCurve, new: Stretch) -> list[Excess]:
    """Excesses of the windows that are new, with false-alarm rates by the model; ``t_s`` is the light curve's own.

    Parameters
    ----------
    light_curve
        Counts: what is new, `DATA_BEFORE_S` before it, and what there is after it.
    new
        See `Stretch`.

    Raises
    ------
    ScienceError
        There is nowhere enough data to know a background.

    Examples
    --------
    >>> import numpy as np
    >>> counts = np.random.default_rng(1).poisson(4200.0, 14000).astype(float)
    >>> counts[13900:13920] += 500.0
    >>> curve = LightCurve("SPI-ACS", "2023-03-07", 0.05 * np.arange(14000), 0.05, counts)
    >>> [round(e.t_s, 1) for e in search_stretch(curve, Stretch(start_s=690.0, stop_s=700.0))]
    [695.6]
    """
    curve = light_curve
    if len(curve) < LEAST_BINS:
        raise ScienceError(f"{curve.instrument}: no data to search")
    scales = scales_for(curve, None)
    least = least_snr_for_rate(BACKGROUND_RATE_HZ, len(scales))
    look = Look(start_s=new.start_s - BEFORE_S, stop_s=new.stop_s + BEFORE_S, least_snr=least)
    measured = measure(curve, scales, [look])
    live_s = float(curve.width_s[curve.usable].sum())
    asked = Question(t0_s=0.0, window_s=live_s, live_s=live_s, spikes=spikes_of(curve))
    found = judged(measured, measured.found[0], asked, least_snr=least, saturated=saturated_bins(curve))
    return [one for one in found if new.is_new(one)]
