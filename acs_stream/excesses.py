"""Excesses judged: from the windows that stand out to a list with false-alarm rates and spike scores.

Nothing is ever deleted: an excess that looks like a cosmic-ray spike keeps its place with a high `spike_score`, since
a real burst of under 0.1 s looks the same. A spike seen by a second instrument is a burst.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from acs_stream.false_alarms import (
    ISDC_SPIKES,
    SPIKE_SNR,
    SpikeModel,
    chance_probability,
    clump_rate_hz,
    far_hz,
    isdc_chance_probability,
)
from acs_stream.far_history import ExcessKind, FarHistory, FarSource, MeasuredFar, measured_far
from acs_stream.grouping import Candidates, Group, group, noise_log_rate, tail_z
from acs_stream.measured import LeastSnr, Measured
from tocsin.domain.late import special
from tocsin.domain.light_curves import FloatArray

#: An excess of this spike score and length counts as spike-like.
SPIKE_LIKE, SPIKE_LONGEST_S = 0.7, 0.25
#: Bins beside the best window that a spike leaves empty and a burst does not.
SPIKE_MARGIN_BINS = 2
#: What a chance probability of one is given as.
LEAST_SIGMA = -8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """One excess over the background.

    Parameters
    ----------
    t_s
        Centre of the rarest window, s since the T0 of the search.
    scale_s
        Length of that window, s.
    snr
        Signal to noise with the noise measured at this scale.
    far_hz
        False-alarm rate: how often background makes an excess as loud, on any scale and of any kind, Hz.
    far_low_hz, far_high_hz
        68 % interval of that, Hz.
    far_source
        Whether that was measured on the instrument's own background, and how; else from a model.
    fap
        Chance probability of one as rare and as near to T0 in the search, all trials counted: 1 - exp(-expected).
    sigma
        The same as a one-sided Gaussian deviate.
    spike_score
        Share of the excess in its two hottest neighbouring bins, 0 to 1: near 1 for a cosmic-ray spike.
    is_spike_like
        Of high spike score and at most 0.25 s long.
    is_saturated
        Bins at the limit of the counter lie in or beside it, so counts are lost.
    counts
        Counts above background in the window.
    rate_cts_s
        The same per second.
    start_s, stop_s
        Stretch of the whole excess, all parts, s since T0.
    fap_isdc
        Chance probability as ISDC's circulars state it: for comparison, several times too small.
    far_model_hz
        False-alarm rate by the noise measured per scale and a spike law updated with the same data, Hz.
    far_fixed_law_hz
        The same with ISDC's fixed law of spikes, Hz: for comparison.
    rank
        Loudness within its kind: ln S/N of a spike-like one, else -ln of the rate (Hz) at which noise alone does it.
    """

    t_s: float
    scale_s: float
    snr: float
    far_hz: float
    far_low_hz: float
    far_high_hz: float
    far_source: FarSource
    fap: float
    sigma: float
    spike_score: float
    is_spike_like: bool
    is_saturated: bool
    counts: float
    rate_cts_s: float
    start_s: float
    stop_s: float
    fap_isdc: float
    far_model_hz: float
    far_fixed_law_hz: float
    rank: float

    @property
    def kind(self) -> ExcessKind:
        """Which background excesses it is compared with."""
        return ExcessKind.SPIKE_LIKE if self.is_spike_like else ExcessKind.OTHER


NAMES = tuple(Excess.__dataclass_fields__)


def excess_to_json(excess: Excess) -> Mapping[str, Any]:
    """JSON-able form."""
    return {name: getattr(excess, name) for name in NAMES} | {"far_source": excess.far_source.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of a stretch of data.

    Parameters
    ----------
    t0_s, window_s
        T0 in the light curve's own seconds, and half-span of the search, s.
    live_s
        Time of data in it, s.
    spikes
        Model of spikes.
    """

    t0_s: float
    window_s: float
    live_s: float
    spikes: SpikeModel


def judged(
    measured: Measured,
    found: Candidates,
    asked: Question,
    *,
    least_snr: LeastSnr,
    saturated: tuple[FloatArray, FloatArray] | None = None,
) -> list[Excess]:
    """Excesses with false-alarm rates by the model, rarest first.

    Parameters
    ----------
    measured
        See `acs_stream.noise.measure`.
    found
        Windows of one of its stretches.
    asked
        See `Question`.
    least_snr
        Below it a window does not stand out.
    saturated
        Starts and ends of the bins at the limit of the counter, s; None: none.
    """
    if not found.start_s.size:
        return []
    _, one_of, which = np.unique(found.scale, return_index=True, return_inverse=True)
    least = np.array([least_snr(float(found.scale_s[k]), float(found.stride_s[k])) for k in one_of])[which]
    groups = group(found, measured.residual, least_snr=least)
    best = found.take(np.array([g.best for g in groups]))
    score = _spike_scores(measured, best)
    columns = _columns(measured, asked, groups, best, score)
    columns["is_saturated"] = _touches(measured, groups, saturated)
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    return sorted((Excess(**_plain(row)) for row in rows), key=lambda e: (e.fap, e.far_hz, -e.snr))


def _columns(
    measured: Measured, asked: Question, groups: list[Group], best: Candidates, score: FloatArray
) -> dict[str, Any]:
    n_scales = len(measured.scales)
    log_noise = noise_log_rate(best, tail_z(best, best.excess_counts))
    noise_hz = np.exp(log_noise)
    far = far_hz(noise_hz, _spike_rates_hz(best, score, asked), n_scales)
    fixed = far_hz(noise_hz, ISDC_SPIKES.above_hz(best.snr, best.scale_s), n_scales)
    centre = (best.start_s + best.stop_s) / 2 - asked.t0_s
    scales_s = [item.scale_s for item in measured.scales]
    fap = chance_probability(far, np.maximum(np.abs(centre), best.scale_s), scales_s=scales_s, window_s=asked.window_s)
    spike_like = (score >= SPIKE_LIKE) & (best.scale_s <= SPIKE_LONGEST_S + 1e-9)
    noise_rank = -(log_noise + np.log(far_hz(np.ones(1), np.zeros(1), n_scales)[0]))
    return {
        "t_s": centre,
        "scale_s": best.scale_s,
        "snr": best.snr,
        "far_hz": far,
        "far_low_hz": far / MODEL_ERROR,
        "far_high_hz": far * MODEL_ERROR,
        "far_source": [FarSource.MODEL] * len(groups),
        "fap": fap,
        "sigma": sigma_of(fap),
        "spike_score": score,
        "is_spike_like": spike_like,
        "counts": best.excess_counts,
        "rate_cts_s": best.excess_counts / (best.stop_s - best.start_s),
        "start_s": [g.start_s - asked.t0_s for g in groups],
        "stop_s": [g.stop_s - asked.t0_s for g in groups],
        "fap_isdc": [
            isdc_chance_probability(snr, scale, t) for snr, scale, t in zip(best.snr, best.scale_s, centre, strict=True)
        ],
        "far_model_hz": far,
        "far_fixed_law_hz": fixed,
        "rank": np.where(spike_like, np.log(np.maximum(best.snr, 1.0)), noise_rank),
    }


#: The model of the false-alarm rate agrees with simulations within this factor.
MODEL_ERROR = 1.5


def sigma_of(fap: FloatArray) -> FloatArray:
    """One-sided Gaussian deviate of a probability.

    Examples
    --------
    >>> float(np.round(sigma_of(np.array([1.35e-3]))[0], 2))
    3.0
    """
    return np.asarray(np.maximum(-special.ndtri(np.clip(fap, 1e-300, 1.0 - 1e-16)), LEAST_SIGMA))


def with_measured_far(
    excess: Excess,
    *,
    same_day: FarHistory | None,
    trailing: FarHistory | None,
    scales_s: list[float],
    window_s: float,
) -> Excess:
    """The excess with its false-alarm rate measured on background, where there is enough; else as it was."""
    found = measured_far(excess.kind, excess.rank, same_day=same_day, trailing=trailing)
    return excess if found is None else _with(excess, found, scales_s, window_s)


def _with(excess: Excess, found: MeasuredFar, scales_s: list[float], window_s: float) -> Excess:
    distance_s = max(abs(excess.t_s), excess.scale_s)
    fap = chance_probability(found.far_hz, distance_s, scales_s=scales_s, window_s=window_s)
    return replace(
        excess,
        far_hz=found.far_hz,
        far_low_hz=found.low_hz,
        far_high_hz=found.high_hz,
        far_source=found.source,
        fap=float(fap),
        sigma=float(sigma_of(fap)),
    )


def least_snr_for_rate(rate_hz: float, n_scales: int) -> LeastSnr:
    """S/N that noise reaches `rate_hz` times a second, all scales counted; for windows of a length and stride."""
    z = np.arange(2.5, 8.0, 0.01)
    cache: dict[tuple[float, float], float] = {}

    def least(scale_s: float, stride_s: float) -> float:
        key = (round(scale_s, 4), round(stride_s, 4))
        if key not in cache:
            rates = far_hz(clump_rate_hz(z, scale_s, stride_s), np.zeros(z.size), n_scales)
            cache[key] = float(z[np.argmax(rates <= rate_hz)])
        return cache[key]

    return least


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in row.items()}


def _spike_rates_hz(best: Candidates, score: FloatArray, asked: Question) -> FloatArray:
    """Rate of spikes as strong as each excess, Hz, shape (n,): the model updated with all other spikes in the data."""
    is_spike = (score >= SPIKE_LIKE) & (best.snr >= SPIKE_SNR)
    seen = int(is_spike.sum())
    all_others, one_less = (
        asked.spikes.updated(seen, asked.live_s),
        asked.spikes.updated(max(0, seen - 1), asked.live_s),
    )
    return np.where(is_spike, one_less.above_hz(best.snr, best.scale_s), all_others.above_hz(best.snr, best.scale_s))


def _spike_scores(measured: Measured, best: Candidates) -> FloatArray:
    """Share of each best window, and of a margin beside it, in its two hottest neighbouring bins, shape (n,).

    Two spikes close to each other are one excess: it is the window that makes it rare which must look like a spike.
    """
    n_bins = measured.start_s.size
    low, high = np.maximum(best.first - SPIKE_MARGIN_BINS, 0), np.minimum(best.last + SPIKE_MARGIN_BINS, n_bins)
    scores = []
    for i, j, excess in zip(low, high, best.excess_counts, strict=True):
        around = np.diff(measured.residual[i : j + 1])
        hottest = float(around.max())
        if around.size > 1:
            hottest = max(hottest, float((around[:-1] + around[1:]).max()))
        scores.append(hottest / max(float(around.sum()), float(excess), 1e-9))
    return np.clip(np.array(scores, dtype=np.float64), 0.0, 1.0)


def _touches(measured: Measured, groups: list[Group], bins: tuple[FloatArray, FloatArray] | None) -> list[bool]:
    """Whether each group holds, or has beside it, one of the bins given by starts and ends."""
    if bins is None:
        return [False] * len(groups)
    start, stop = bins
    margin = 2.0 * float(np.median(measured.stop_s[:1000] - measured.start_s[:1000]))
    return [bool(((stop >= g.start_s - margin) & (start <= g.stop_s + margin)).any()) for g in groups]
