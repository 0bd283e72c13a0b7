"""Search of a light curve for excesses on all time scales around a time: the first question asked of every event.

Nothing is ever deleted: an excess that looks like a cosmic-ray spike keeps its place with a high `spike_score`, since
a real burst of under 0.1 s looks the same. A spike seen by a second instrument is a burst.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from acs_stream.false_alarms import (
    ISDC_SPIKES,
    NO_SPIKES,
    SPIKE_SNR,
    SpikeModel,
    chance_probability,
    far_hz,
    isdc_chance_probability,
)
from acs_stream.grouping import Candidates, Group, candidates, group, noise_log_rate, tail_z
from acs_stream.limits import Limits, limits_to_json
from acs_stream.noise import Noise, around, completeness, scales_for
from acs_stream.windows import Windows
from tocsin.domain.light_curves import FloatArray, LightCurve

#: Windows below this S/N are not looked at.
MIN_SNR = 3.0
#: So many excesses of noise are expected in the list; less rare ones are left out, unless they are strong.
EXPECTED_NOISE = 3.0
ALWAYS_SNR = 5.0
METHOD = (
    "clumps of Gaussian noise with the scatter measured per scale, times the number of scales; for SPI-ACS also spikes "
    "by ISDC's law, their rate updated with the same data"
)
#: An excess of this spike score and S/N >= 6 counts as a spike when their rate is measured.
SPIKE_LIKE = 0.7
#: Bins beside the best window that a spike leaves empty and a burst does not.
SPIKE_MARGIN_BINS = 2


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
        False-alarm rate: how often noise or spikes make an excess as rare, on any scale, Hz.
    fap
        Chance probability of one as rare and as near to T0 in the search, all trials counted.
    spike_score
        Share of the excess in its two hottest neighbouring bins, 0 to 1: near 1 for a cosmic-ray spike.
    counts
        Counts above background in the window.
    rate_cts_s
        The same per second.
    start_s, stop_s
        Stretch of the whole excess, all parts, s since T0.
    fap_isdc
        Chance probability as ISDC's circulars state it: for comparison, several times too small.
    """

    t_s: float
    scale_s: float
    snr: float
    far_hz: float
    fap: float
    spike_score: float
    counts: float
    rate_cts_s: float
    start_s: float
    stop_s: float
    fap_isdc: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleStatistics:
    """Noise at one scale.

    Parameters
    ----------
    scale_s
        Length of the windows, s.
    std_ratio
        Measured standard deviation over the Poisson one.
    degrees_of_freedom
        How well that is known.
    windows
        Number of windows looked at.
    max_snr
        Highest S/N of any window in the search window.
    """

    scale_s: float
    std_ratio: float
    degrees_of_freedom: float
    windows: int
    max_snr: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundSummary:
    """Background of the search.

    Parameters
    ----------
    rate_cts_s
        At T0 (or the nearest time with data), counts/s.
    lowest_cts_s, highest_cts_s
        Over the search window.
    """

    rate_cts_s: float
    lowest_cts_s: float
    highest_cts_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """What a search found, and how far it can be trusted.

    Parameters
    ----------
    instrument
        Name of the instrument.
    t0_s, window_s
        T0 in the light curve's own seconds, and half-span of the search, s.
    excesses
        Rarest first (by chance probability).
    background
        See `BackgroundSummary`.
    variance_factor
        Measured variance over mean (phi) at the shortest scale.
    excess_std_ratio
        Its square root: what circulars call "excess variance".
    scales
        Noise of each scale, shortest first.
    completeness
        Share of the search window with usable data.
    spike_rate_hz
        Rate of spikes (S/N 6 at 0.1 s) assumed after looking at the same data, Hz.
    method
        How false-alarm rates were made, in words.
    """

    instrument: str
    t0_s: float
    window_s: float
    excesses: tuple[Excess, ...]
    background: BackgroundSummary
    variance_factor: float
    excess_std_ratio: float
    scales: tuple[ScaleStatistics, ...]
    completeness: float
    spike_rate_hz: float
    method: str


def search(
    light_curve: LightCurve,
    *,
    t0_s: float = 0.0,
    window_s: float = 300.0,
    scales_s: Sequence[float] | None = None,
    spikes: SpikeModel | None = None,
) -> SearchResult:
    """Excesses of a light curve within `window_s` of T0, on scales of 0.05 to 100 s.

    Parameters
    ----------
    light_curve
        Counts; data beyond the window serve the background.
    t0_s
        T0, in seconds since the light curve's own T0.
    window_s
        Half-span of the search, s.
    scales_s
        Scales to look at, s; None: 20 log-spaced ones.
    spikes
        Model of single-bin spikes; None: ISDC's for SPI-ACS, none for others.

    Raises
    ------
    ScienceError
        Less than 30 % of the window has data, or there is too little to know a background.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> counts = 2.0 * rng.poisson(2250.0, 16000)
    >>> counts[8000:8004] += 1200
    >>> curve = LightCurve("SPI-ACS", "2023-03-07T15:44:06", 0.05 * np.arange(16000) - 400.0, 0.05, counts)
    >>> best = search(curve, t0_s=0.0, window_s=300.0).excesses[0]
    >>> bool(abs(best.t_s - 0.1) < 0.06 and best.snr > 20)
    True
    """
    curve = around(light_curve, t0_s, window_s)
    share = completeness(curve, t0_s, window_s)
    noise = Noise.measured(curve, scales_for(curve, scales_s))
    found = candidates(noise.scales, min_snr=MIN_SNR, start_s=t0_s - window_s, stop_s=t0_s + window_s)
    groups = group(found, noise.residual, min_snr=MIN_SNR)
    model = spikes if spikes is not None else (ISDC_SPIKES if light_curve.instrument == "SPI-ACS" else NO_SPIKES)
    excesses = _judged(found, groups, noise, model=model, t0_s=t0_s, window_s=window_s, live_s=share * 2 * window_s)
    scatter = noise.scales[0].scatter
    seen = sum(e.spike_score >= SPIKE_LIKE and e.snr >= SPIKE_SNR for e in excesses)
    return SearchResult(
        instrument=light_curve.instrument,
        t0_s=t0_s,
        window_s=window_s,
        excesses=tuple(e for e in excesses if e.far_hz * 2 * window_s <= EXPECTED_NOISE or e.snr >= ALWAYS_SNR),
        background=_summary(noise, t0_s, window_s),
        variance_factor=scatter**2 * noise.spread,
        excess_std_ratio=scatter * float(np.sqrt(noise.spread)),
        scales=tuple(_statistics(item, t0_s, window_s) for item in noise.scales),
        completeness=share,
        spike_rate_hz=model.updated(seen, share * 2 * window_s).rate_hz,
        method=METHOD,
    )


def _judged(
    found: Candidates,
    groups: list[Group],
    noise: Noise,
    *,
    model: SpikeModel,
    t0_s: float,
    window_s: float,
    live_s: float,
) -> tuple[Excess, ...]:
    if not groups:
        return ()
    best = found.take(np.array([g.best for g in groups]))
    score = _spike_scores(noise, groups, best)
    noise_hz = np.exp(noise_log_rate(best, tail_z(best, best.excess_counts)))
    far = far_hz(noise_hz, _spike_rates_hz(best, score, model, live_s), len(noise.scales))
    centre = (best.start_s + best.stop_s) / 2 - t0_s
    scales_s = [item.scale_s for item in noise.scales]
    fap = chance_probability(far, np.maximum(np.abs(centre), best.scale_s), scales_s=scales_s, window_s=window_s)
    excesses = [
        _excess(best, groups[k], k, far=float(far[k]), fap=float(fap[k]), score=float(score[k]), t0_s=t0_s)
        for k in range(len(groups))
    ]
    return tuple(sorted(excesses, key=lambda e: (e.fap, e.far_hz, -e.snr)))


def _spike_rates_hz(best: Candidates, score: FloatArray, model: SpikeModel, live_s: float) -> FloatArray:
    """Rate of spikes as strong as each excess, Hz, shape (n,): the model updated with all other spikes in the data."""
    is_spike = (score >= SPIKE_LIKE) & (best.snr >= SPIKE_SNR)
    others = is_spike.sum() - is_spike.astype(np.int64)
    rates = [
        float(model.updated(int(n), live_s).above_hz(snr, scale))
        for n, snr, scale in zip(others, best.snr, best.scale_s, strict=True)
    ]
    return np.array(rates, dtype=np.float64)


def _excess(best: Candidates, members: Group, k: int, *, far: float, fap: float, score: float, t0_s: float) -> Excess:
    t_s = float(best.start_s[k] + best.stop_s[k]) / 2 - t0_s
    length_s = float(best.stop_s[k] - best.start_s[k])
    return Excess(
        t_s=t_s,
        scale_s=float(best.scale_s[k]),
        snr=float(best.snr[k]),
        far_hz=far,
        fap=fap,
        spike_score=score,
        counts=float(best.excess_counts[k]),
        rate_cts_s=float(best.excess_counts[k]) / length_s,
        start_s=members.start_s - t0_s,
        stop_s=members.stop_s - t0_s,
        fap_isdc=isdc_chance_probability(float(best.snr[k]), float(best.scale_s[k]), t_s),
    )


def _spike_scores(noise: Noise, groups: list[Group], best: Candidates) -> FloatArray:
    """Share of each excess in its two hottest neighbouring bins, 0 to 1, shape (groups,)."""
    bins = np.diff(noise.residual)
    start, stop = (np.array([getattr(g, edge) for g in groups]) for edge in ("start_s", "stop_s"))
    low = np.maximum(np.searchsorted(noise.curve.start_s, start - 1e-6) - SPIKE_MARGIN_BINS, 0)
    high = np.searchsorted(noise.curve.stop_s, stop + 1e-6, side="right") + SPIKE_MARGIN_BINS
    scores = []
    for i, j, excess in zip(low, high, best.excess_counts, strict=True):
        around = bins[i:j]
        hottest = float(around.max())
        if around.size > 1:
            hottest = max(hottest, float((around[:-1] + around[1:]).max()))
        scores.append(hottest / max(float(around.sum()), float(excess), 1e-9))
    return np.clip(np.array(scores, dtype=np.float64), 0.0, 1.0)


def _summary(noise: Noise, t0_s: float, window_s: float) -> BackgroundSummary:
    centre = noise.curve.start_s + noise.curve.width_s / 2
    known = np.isfinite(noise.background_cts_s)
    inside = known & (np.abs(centre - t0_s) <= window_s)
    use = inside if inside.any() else known
    rate = noise.background_cts_s[use]
    nearest = int(np.argmin(np.abs(centre[use] - t0_s)))
    return BackgroundSummary(
        rate_cts_s=float(rate[nearest]), lowest_cts_s=float(rate.min()), highest_cts_s=float(rate.max())
    )


def _statistics(item: Windows, t0_s: float, window_s: float) -> ScaleStatistics:
    inside = np.abs((item.start_s + item.stop_s) / 2 - t0_s) <= window_s
    return ScaleStatistics(
        scale_s=item.scale_s,
        std_ratio=item.scatter,
        degrees_of_freedom=item.degrees_of_freedom,
        windows=int(inside.sum()),
        max_snr=float(item.snr[inside].max()) if inside.any() else float("nan"),
    )


def result_to_json(result: SearchResult, limits: Limits | None = None) -> Mapping[str, Any]:
    """JSON-able form of a search: ``excesses``, ``limits``, ``background``."""
    names = (
        "t_s",
        "scale_s",
        "snr",
        "far_hz",
        "fap",
        "spike_score",
        "counts",
        "rate_cts_s",
        "start_s",
        "stop_s",
        "fap_isdc",
    )
    return {
        "instrument": result.instrument,
        "window_s": result.window_s,
        "excesses": [{name: getattr(e, name) for name in names} for e in result.excesses],
        "limits": None if limits is None else limits_to_json(limits),
        "background": {
            "rate_cts_s": result.background.rate_cts_s,
            "lowest_cts_s": result.background.lowest_cts_s,
            "highest_cts_s": result.background.highest_cts_s,
            "variance_factor": result.variance_factor,
            "excess_std_ratio": result.excess_std_ratio,
            "completeness": result.completeness,
            "spike_rate_hz": result.spike_rate_hz,
        },
        "scales": [
            {"scale_s": s.scale_s, "std_ratio": s.std_ratio, "windows": s.windows, "max_snr": _finite(s.max_snr)}
            for s in result.scales
        ],
        "method": result.method,
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
