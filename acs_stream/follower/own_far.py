"""False-alarm rate of an excess of a followed stream, counted on the stream's own background; a law only at first."""

from dataclasses import dataclass

import numpy as np

from acs_stream.excesses import Excess
from acs_stream.false_alarms import SPIKE_SCALE_S, SpikeModel
from acs_stream.far_history import DAY_S, FarHistory, FarSource, measured_far
from acs_stream.follower.ledger import LedgerEntry, WatchLedger, noise_hz

#: Spikes a day (S/N 6 in 0.1 s) of a stream of which nothing is known: several times ISDC's 60, to be on the safe side.
UNKNOWN_SPIKES_PER_DAY = 300.0
#: Windows that noise fills in a length of time, all scales together, at most: what `law_far_hz` calls K, times scale.
MOST_NOISE = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedFar:
    """A false-alarm rate.

    Parameters
    ----------
    far_hz
        How often background makes an excess as loud, of any kind, Hz.
    source
        Where it is from.
    basis
        The same in words, with how much background there was.
    """

    far_hz: float
    source: FarSource
    basis: str


def stated_far(
    excess: Excess, *, zero_tt_us: int, instrument: str, ledger: WatchLedger, trailing: FarHistory | None
) -> StatedFar:
    """False-alarm rate by the last 24 hours of the stream and the days before, or by a law while these are too short.

    Parameters
    ----------
    excess
        Its seconds count from `zero_tt_us`.
    zero_tt_us
        Microseconds of TT.
    instrument
        Name in the archive.
    ledger
        Of the last 24 hours; what touches the excess is left out.
    trailing
        Background of days before; None: not known.

    Notes
    -----
    The law starts from 300 spikes a day and is updated with those seen since: in half an hour it knows a quiet stream.
    It is of single bins; see `law_far_hz` for what it says of others.
    """
    asked = LedgerEntry.of(excess, zero_tt_us)
    same_day = ledger.background(instrument, but=asked)
    found = measured_far(asked.kind, asked.rank, same_day=same_day, trailing=trailing)
    if found is None and trailing is not None:
        found = measured_far(asked.kind, asked.rank, same_day=same_day, trailing=None)
    if found is not None:
        return StatedFar(far_hz=found.far_hz, source=found.source, basis=_basis(found.source, same_day, trailing))
    law = SpikeModel(rate_hz=UNKNOWN_SPIKES_PER_DAY / DAY_S).updated(ledger.spikes(but=asked), same_day.live_s)
    return StatedFar(
        far_hz=law_far_hz(excess, law),
        source=FarSource.MODEL,
        basis=f"law of {law.rate_hz * DAY_S:.0f} spikes/day assumed: {_hours(same_day)} of this stream searched so far",
    )


def law_far_hz(excess: Excess, law: SpikeModel) -> float:
    """Rate at which noise and spikes of a law make an excess as loud, Hz, on the safe side.

    Notes
    -----
    One that looks like a spike may be one. In any other, the two hottest neighbouring bins may be a spike, and the rest
    noise, or a second spike that came by chance. That noise makes the rest somewhere is counted, wherever the spike.
    As ``ln(rate)`` falls with the square of the S/N, noise makes a part ``1 - score`` of an excess
    ``K (noise/K)^(1-score)^2`` times a second.
    """
    noise, scale_s = noise_hz(excess), max(excess.scale_s, SPIKE_SCALE_S)
    if excess.is_spike_like:
        return noise + float(law.above_hz(excess.snr, excess.scale_s))
    spike_snr = excess.snr * float(np.sqrt(scale_s / SPIKE_SCALE_S))
    hottest_hz = float(law.above_hz(spike_snr * excess.spike_score, SPIKE_SCALE_S))
    second_hz = float(law.above_hz(spike_snr * (1.0 - excess.spike_score), SPIKE_SCALE_S))
    most_hz, power = MOST_NOISE / scale_s, (1.0 - excess.spike_score) ** 2
    rest_hz = float(most_hz ** (1.0 - power) * noise**power)
    return noise + min(hottest_hz, rest_hz) + hottest_hz * second_hz * 2.0 * scale_s


def _basis(source: FarSource, same_day: FarHistory, trailing: FarHistory | None) -> str:
    words = f"counted on {_hours(same_day)} of the last 24"
    if trailing is not None and source is not FarSource.SAME_DAY:
        words = f"counted on {trailing.live_s / DAY_S:.1f} days before, and {_hours(same_day)} of the last 24"
    if source is FarSource.EXTRAPOLATED:
        return f"{words}; rarer than all of them: extrapolated"
    return words


def _hours(history: FarHistory) -> str:
    return f"{history.live_s / 3600.0:.1f} h"
