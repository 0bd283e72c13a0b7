"""Search of a light curve for excesses on all time scales around a time: the first question asked of every event.

Where the light curve reaches far beyond the window, what lies outside is searched too, and false-alarm rates are
counted there, on the instrument's own background of the day. See `acs_stream.excesses` for what is said of each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from acs_stream.excesses import (
    SPIKE_LIKE,
    Excess,
    Question,
    excess_to_json,
    judged,
    least_snr_for_rate,
    with_measured_far,
)
from acs_stream.false_alarms import ISDC_SPIKES, NO_SPIKES, SPIKE_SNR, SpikeModel
from acs_stream.far_history import DAY_S, FarHistory
from acs_stream.limits import Limits, limits_to_json
from acs_stream.measured import LeastSnr, Look, Measured, ScaleNoise
from acs_stream.noise import around, completeness, measure, scales_for
from acs_stream.pedestal import on_pedestal
from acs_stream.readers.spi_acs import INSTRUMENT as SPI_ACS
from acs_stream.readers.spi_acs import SATURATION_CTS_S
from tocsin.domain.light_curves import FloatArray, LightCurve

#: Windows below this S/N are not looked at.
MIN_SNR = 3.0
#: Off source and in whole days: excesses that noise makes more often than this are not looked at, Hz.
BACKGROUND_RATE_HZ = 50.0 / DAY_S
#: So many excesses of noise are expected in the list; less rare ones are left out, unless they are strong.
EXPECTED_NOISE = 3.0
ALWAYS_SNR = 5.0
#: Background outside the window is searched where there is at least so much of it, s.
MIN_OFF_SOURCE_S = 7200.0
#: Off source, at least so many excesses of noise are looked at.
OFF_SOURCE_EVENTS = 80.0
#: Where a smaller share of the window has data, it is said.
COVERED = 0.8
METHOD_MODEL = (
    "clumps of Gaussian noise with the scatter measured per scale, times the number of scales; for SPI-ACS also spikes "
    "by ISDC's law, their rate updated with the same data"
)
METHOD_MEASURED = (
    "counted among the excesses of the instrument's own background, spike-like ones apart from others; an exponential "
    "tail where fewer than ten are as loud; far_source says which, far_model_hz holds the model's rate for comparison"
)


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
    off_source_s
        Background of the same light curve in which false alarms were counted, s; 0: none.
    trailing_s
        Background of days before in which false alarms were counted, s; 0: none.
    saturated_s
        Time within the window in bins at the limit of the counter, s: counts are lost there.
    gap_at_t0_s
        Length of the gap that T0 lies in, s; 0: there are data at T0.
    warnings
        What a person should know before trusting it, in words.
    """

    instrument: str
    t0_s: float
    window_s: float
    excesses: tuple[Excess, ...]
    background: BackgroundSummary
    variance_factor: float
    excess_std_ratio: float
    scales: tuple[ScaleNoise, ...]
    completeness: float
    spike_rate_hz: float
    method: str
    off_source_s: float = 0.0
    trailing_s: float = 0.0
    saturated_s: float = 0.0
    gap_at_t0_s: float = 0.0
    warnings: tuple[str, ...] = ()


def search(
    light_curve: LightCurve,
    *,
    t0_s: float = 0.0,
    window_s: float = 300.0,
    scales_s: Sequence[float] | None = None,
    spikes: SpikeModel | None = None,
    trailing: FarHistory | None = None,
) -> SearchResult:
    """Excesses of a light curve within `window_s` of T0, on scales of 0.05 to 100 s.

    Parameters
    ----------
    light_curve
        Counts; data beyond the window serve the background and, where there are hours of them, the false-alarm rates.
        Of rates without their background the noise is measured against the errors stated.
    t0_s
        T0, in seconds since the light curve's own T0.
    window_s
        Half-span of the search, s.
    scales_s
        Scales to look at, s; None: 20 log-spaced ones.
    spikes
        Model of single-bin spikes; None: ISDC's for SPI-ACS, none for others.
    trailing
        Background excesses of days before; None: not known.

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
    return search_with_noise(
        light_curve, t0_s=t0_s, window_s=window_s, scales_s=scales_s, spikes=spikes, trailing=trailing
    )[0]


def search_with_noise(
    light_curve: LightCurve,
    *,
    t0_s: float = 0.0,
    window_s: float = 300.0,
    scales_s: Sequence[float] | None = None,
    spikes: SpikeModel | None = None,
    trailing: FarHistory | None = None,
) -> tuple[SearchResult, Measured]:
    """As `search`, with the noise that was measured: bursts can be injected into it."""
    light_curve, pedestal_cts_s = on_pedestal(light_curve)
    off_s = _off_source_s(light_curve, t0_s, window_s)
    curve = light_curve if off_s else around(light_curve, t0_s, window_s)
    share = completeness(curve, t0_s, window_s)
    scales = scales_for(curve, scales_s)
    looks = _looks(curve, t0_s, window_s, len(scales), off_s)
    measured = measure(curve, scales, looks)
    model = spikes if spikes is not None else spikes_of(light_curve)
    asked = Question(t0_s=t0_s, window_s=window_s, live_s=share * 2 * window_s, spikes=model)
    sat = saturated_bins(curve)
    excesses = judged(measured, measured.found[0], asked, least_snr=looks[0].least_snr, saturated=sat)
    seen = sum(e.spike_score >= SPIKE_LIKE and e.snr >= SPIKE_SNR for e in excesses)
    same_day = _off_source(light_curve.instrument, measured, looks, asked, off_s) if off_s else None
    scales_looked_s = [item.scale_s for item in measured.scales]
    if same_day is not None or trailing is not None:
        excesses = [
            with_measured_far(e, same_day=same_day, trailing=trailing, scales_s=scales_looked_s, window_s=window_s)
            for e in excesses
        ]
    scatter = measured.scales[0].scatter
    gap_s = _gap_at(curve, t0_s)
    saturated_s = _saturated_s(sat, t0_s, window_s)
    result = SearchResult(
        instrument=light_curve.instrument,
        t0_s=t0_s,
        window_s=window_s,
        excesses=tuple(
            sorted(
                (e for e in excesses if e.far_model_hz * 2 * window_s <= EXPECTED_NOISE or e.snr >= ALWAYS_SNR),
                key=lambda e: (e.fap, e.far_hz, -e.snr),
            )
        ),
        background=_summary(measured, t0_s, window_s, pedestal_cts_s),
        variance_factor=scatter**2 * measured.spread,
        excess_std_ratio=scatter * float(np.sqrt(measured.spread)),
        scales=measured.scales,
        completeness=share,
        spike_rate_hz=model.updated(seen, share * 2 * window_s).rate_hz,
        method=METHOD_MODEL if same_day is None and trailing is None else METHOD_MEASURED,
        off_source_s=0.0 if same_day is None else same_day.live_s,
        trailing_s=0.0 if trailing is None else trailing.live_s,
        saturated_s=saturated_s,
        gap_at_t0_s=gap_s,
        warnings=tuple(_warnings(curve, t0_s, window_s, gap_s=gap_s, saturated_s=saturated_s)),
    )
    return result, measured


def saturated_bins(curve: LightCurve) -> tuple[FloatArray, FloatArray] | None:
    """Starts and ends of bins at the limit of the counter, s; None where there are none, or no limit is known."""
    if curve.instrument != SPI_ACS:
        return None
    full = curve.counts >= SATURATION_CTS_S * curve.width_s
    return (curve.start_s[full], curve.stop_s[full]) if full.any() else None


def spikes_of(curve: LightCurve) -> SpikeModel:
    """Model of spikes for an instrument: ISDC's for SPI-ACS, none for others."""
    return ISDC_SPIKES if curve.instrument == SPI_ACS else NO_SPIKES


def _off_source_s(curve: LightCurve, t0_s: float, window_s: float) -> float:
    """Usable time outside the window, s; 0 where it is too little to count false alarms in."""
    if len(curve) < 2 or float(curve.stop_s[-1] - curve.start_s[0]) - 2 * window_s < MIN_OFF_SOURCE_S:
        return 0.0
    outside = curve.usable & ((curve.stop_s <= t0_s - window_s) | (curve.start_s >= t0_s + window_s))
    live_s = float(curve.width_s[outside].sum())
    return live_s if live_s >= MIN_OFF_SOURCE_S else 0.0


def _at_least(snr: float) -> LeastSnr:
    return lambda _scale_s, _stride_s: snr


def _looks(curve: LightCurve, t0_s: float, window_s: float, n_scales: int, off_s: float) -> list[Look]:
    looks = [Look(start_s=t0_s - window_s, stop_s=t0_s + window_s, least_snr=_at_least(MIN_SNR))]
    if off_s:
        least = least_snr_for_rate(max(BACKGROUND_RATE_HZ, OFF_SOURCE_EVENTS / off_s), n_scales)
        first, last = float(curve.start_s[0]), float(curve.stop_s[-1])
        looks += [
            Look(start_s=a, stop_s=b, least_snr=least)
            for a, b in ((first, t0_s - window_s), (t0_s + window_s, last))
            if b > a
        ]
    return looks


def _off_source(
    instrument: str, measured: Measured, looks: Sequence[Look], asked: Question, live_s: float
) -> FarHistory:
    """Excesses of the same light curve outside the window; those that reach into it belong to what is asked about."""
    found = [
        excess
        for k in range(1, len(looks))
        for excess in judged(measured, measured.found[k], asked, least_snr=looks[k].least_snr)
        if excess.stop_s <= -asked.window_s or excess.start_s >= asked.window_s
    ]
    return FarHistory.of(instrument, live_s, ((e.kind, e.rank) for e in found))


def _gap_at(curve: LightCurve, t0_s: float) -> float:
    """Length of the gap that T0 lies in, s; 0 where there are usable data."""
    start, stop = curve.start_s[curve.usable], curve.stop_s[curve.usable]
    after = int(np.searchsorted(start, t0_s, side="right"))
    if after and stop[after - 1] > t0_s:
        return 0.0
    before_s = float(stop[after - 1]) if after else float("-inf")
    after_s = float(start[after]) if after < start.size else float("inf")
    gap_s = after_s - before_s
    return 0.0 if gap_s < 0.5 * float(np.median(curve.width_s)) else gap_s


def _saturated_s(bins: tuple[FloatArray, FloatArray] | None, t0_s: float, window_s: float) -> float:
    if bins is None:
        return 0.0
    start, stop = bins
    inside = (start < t0_s + window_s) & (stop > t0_s - window_s)
    return float((stop - start)[inside].sum())


def _warnings(curve: LightCurve, t0_s: float, window_s: float, *, gap_s: float, saturated_s: float) -> list[str]:
    found = []
    use = curve.usable
    inside = use & (np.abs(curve.start_s + curve.width_s / 2 - t0_s) <= window_s)
    sides = [bool((inside & (side * (curve.start_s - t0_s) > 0)).any()) for side in (-1, 1)]
    if not all(sides):
        found.append(_one_sided(curve, t0_s, is_after=sides[1]))
    elif gap_s > 0:
        found.append(f"T0 lies in a gap of {gap_s:.1f} s: nothing is known of that time")
    elif (share := completeness(curve, t0_s, window_s)) < COVERED:
        low, high = float(curve.start_s[inside].min()) - t0_s, float(curve.stop_s[inside].max()) - t0_s
        found.append(f"only {share:.0%} of the window has data, between T0{low:+.0f} s and T0{high:+.0f} s")
    if saturated_s > 0:
        found.append(f"{saturated_s:.2f} s of bins are at the limit of the counter: counts are lost there")
    return found


def _one_sided(curve: LightCurve, t0_s: float, *, is_after: bool) -> str:
    start, stop = curve.start_s[curve.usable], curve.stop_s[curve.usable]
    away_s = max(float(start.min() - t0_s if is_after else t0_s - stop.max()), 0.0)
    side = "after" if is_after else "before"
    if away_s < float(np.median(curve.width_s)):
        return f"there are data only {side} T0: an excess at T0 may be cut in two"
    return f"there are data only {side} T0, none within {away_s:.1f} s of it: nothing is known of T0"


def _summary(measured: Measured, t0_s: float, window_s: float, pedestal_cts_s: float) -> BackgroundSummary:
    centre = (measured.start_s + measured.stop_s) / 2
    known = np.isfinite(measured.background_cts_s)
    inside = known & (np.abs(centre - t0_s) <= window_s)
    use = inside if inside.any() else known
    rate = measured.background_cts_s[use] - pedestal_cts_s
    nearest = int(np.argmin(np.abs(centre[use] - t0_s)))
    return BackgroundSummary(
        rate_cts_s=float(rate[nearest]), lowest_cts_s=float(rate.min()), highest_cts_s=float(rate.max())
    )


def result_to_json(result: SearchResult, limits: Limits | None = None) -> Mapping[str, Any]:
    """JSON-able form of a search: ``excesses``, ``limits``, ``background``."""
    return {
        "instrument": result.instrument,
        "window_s": result.window_s,
        "excesses": [excess_to_json(e) for e in result.excesses],
        "limits": None if limits is None else limits_to_json(limits),
        "background": {
            "rate_cts_s": result.background.rate_cts_s,
            "lowest_cts_s": result.background.lowest_cts_s,
            "highest_cts_s": result.background.highest_cts_s,
            "variance_factor": result.variance_factor,
            "excess_std_ratio": result.excess_std_ratio,
            "completeness": result.completeness,
            "spike_rate_hz": result.spike_rate_hz,
            "off_source_s": result.off_source_s,
            "trailing_s": result.trailing_s,
            "saturated_s": result.saturated_s,
            "gap_at_t0_s": _finite(result.gap_at_t0_s),
        },
        "scales": [
            {
                "scale_s": s.scale_s,
                "std_ratio": s.scatter,
                "variance_factor": s.scatter**2,
                "windows": s.windows,
                "max_snr": _finite(s.max_snr),
            }
            for s in result.scales
        ],
        "warnings": list(result.warnings),
        "method": result.method,
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
