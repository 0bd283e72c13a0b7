"""The light curve around T0 with its background and noise measured, bursts left out of both."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from acs_stream.background import MIN_REACH_S, REACH_SCALES, background, sums
from acs_stream.grid import grid_of
from acs_stream.grid_noise import measure_grid
from acs_stream.grouping import STRONG_SNR, candidates
from acs_stream.measured import Look, Measured, ScaleNoise
from acs_stream.windows import Windows, windows, with_scatter
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import BoolArray, FloatArray, LightCurve

SHORTEST_S, LONGEST_S, N_SCALES = 0.05, 100.0, 20
#: Data around the search window that serve the background and the noise, s.
MARGIN_S = MIN_REACH_S + REACH_SCALES * LONGEST_S + LONGEST_S
MIN_COMPLETENESS = 0.3
#: A scale must fit this often into the data.
MIN_LENGTHS = 5.0
MAX_PASSES = 8
#: While excesses are still being found, the scatter is held below this many times that of neighbouring bins.
FIRST_PASS_RATIO = 3.0
#: A pass that adds less than this share to the bins left out is the last.
FEW = 0.02
#: Median absolute deviation of a normal distribution, in sigma.
MEDIAN_OF_SIGMA = 0.6745
#: So many bins are enough to know the scatter of steps.
STEPS_ENOUGH = 60_000


def around(curve: LightCurve, t0_s: float, window_s: float) -> LightCurve:
    """Data of the search window with a margin for background and noise; `ScienceError` where there are none."""
    near = curve.between(t0_s - window_s - MARGIN_S, t0_s + window_s + MARGIN_S)
    if len(near) < 10:
        raise ScienceError(
            f"{curve.instrument}: no data within {window_s:g} s of T0", remedy="is T0 in this light curve?"
        )
    return near


def completeness(curve: LightCurve, t0_s: float, window_s: float) -> float:
    """Share of the search window with usable data; under 30 % is a `ScienceError`."""
    inside = curve.usable & (curve.start_s < t0_s + window_s) & (curve.stop_s > t0_s - window_s)
    covered_s = float(curve.width_s[inside].sum())
    share = min(1.0, covered_s / (2 * window_s))
    if share < MIN_COMPLETENESS:
        raise ScienceError(
            f"{curve.instrument}: usable data cover {covered_s:.3g} s of the {2 * window_s:.3g} s around T0, "
            "too little to search",
            remedy=f"at least {100 * MIN_COMPLETENESS:.0f} % is needed; choose a shorter window",
        )
    return share


def scales_for(curve: LightCurve, wanted: Sequence[float] | None) -> list[float]:
    """Scales as multiples of the bin, s, ascending."""
    bin_s = float(np.median(curve.width_s))
    span_s = float(curve.stop_s[-1] - curve.start_s[0])
    raw = np.geomspace(SHORTEST_S, LONGEST_S, N_SCALES) if wanted is None else np.asarray(wanted, dtype=np.float64)
    multiples = np.unique(np.maximum(1, np.round(raw[raw > 0.7 * bin_s] / bin_s)))
    scales = [float(m * bin_s) for m in multiples if m * bin_s <= span_s / MIN_LENGTHS]
    if not scales:
        raise ScienceError(f"{curve.instrument}: no time scale fits bins of {bin_s:g} s in {span_s:g} s of data")
    return scales


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Noise:
    """The light curve with its background and noise, known excesses left out of both.

    Parameters
    ----------
    scales
        Windows of every scale.
    residual
        Cumulative counts above background, shape (bins + 1,).
    spread
        Stated variance over counts (1 for Poisson).
    """

    curve: LightCurve
    scales: list[Windows]
    residual: FloatArray
    background_cts_s: FloatArray
    spread: float

    @classmethod
    def measured(cls, curve: LightCurve, scales_s: Sequence[float]) -> "Noise":
        """Noise of a light curve: excesses found in one pass are left out of the background of the next."""
        quiet = curve.usable.copy()
        bin_s = float(np.median(curve.width_s))
        covered = np.concatenate([[0.0], np.cumsum(np.where(curve.usable, curve.width_s, 0.0))])
        ceiling: float | None = FIRST_PASS_RATIO * step_ratio(curve)
        for _ in range(MAX_PASSES):
            cumulative = sums(curve, quiet)
            calm = np.concatenate([[0], np.cumsum(quiet | ~curve.usable)]).astype(np.float64)
            scales = with_scatter([windows(cumulative, s, bin_s, calm, covered) for s in scales_s], ceiling=ceiling)
            new = quiet & ~_excess_bins(scales, curve, quiet)
            added = int((new != quiet).sum())
            settled = added <= FEW * int((~new).sum()) or not new.any()
            if settled and (ceiling is None or not added):
                break
            quiet, ceiling = (new if new.any() else quiet), None if settled else ceiling
        scales = with_scatter(scales)
        if not any(item.counts.size for item in scales):
            raise ScienceError(f"{curve.instrument}: too few quiet data around any window to know the background")
        centre = curve.start_s + curve.width_s / 2
        rate = background(cumulative, centre, scales_s[0]).rate_cts_s
        above = np.where(curve.usable & np.isfinite(rate), curve.counts - np.nan_to_num(rate) * curve.live_s, 0.0)
        spread = cumulative.variance[-1] / cumulative.counts[-1] if cumulative.counts[-1] > 0 else 1.0
        return cls(
            curve=curve,
            scales=[item for item in scales if item.counts.size],
            residual=np.concatenate([[0.0], np.cumsum(above)]),
            background_cts_s=rate,
            spread=float(spread),
        )


def step_ratio(curve: LightCurve) -> float:
    """Scatter of the steps between neighbouring bins over the Poisson one, at least 1: long bursts do not change it."""
    if len(curve) > STEPS_ENOUGH:
        # Some stretches stand for a long curve.
        stretch = STEPS_ENOUGH // 20
        keep = np.arange(len(curve)) % (len(curve) // 20) < stretch
        curve = curve.select(keep)
    use = curve.usable
    rate = np.where(use, curve.counts, 0.0) / curve.live_s
    stated = curve.counts if curve.variance_counts is None else curve.variance_counts
    variance = np.maximum(np.where(use, stated, 1.0), 1.0) / curve.live_s**2
    both = use[:-1] & use[1:]
    steps = (np.diff(rate) / np.sqrt(variance[:-1] + variance[1:]))[both]
    if not steps.size:
        return 1.0
    return max(1.0, float(np.median(np.abs(steps - np.median(steps)))) / MEDIAN_OF_SIGMA)


def measure(curve: LightCurve, scales_s: Sequence[float], looks: Sequence[Look]) -> Measured:
    """Background and noise of a light curve, and its windows that stand out.

    Parameters
    ----------
    curve
        Counts.
    scales_s
        See `scales_for`.
    looks
        Where to look, and from which S/N on.

    Raises
    ------
    ScienceError
        There is nowhere enough quiet data to know a background.
    """
    grid = grid_of(curve)
    if grid is None:
        return _measure_uneven(curve, scales_s, looks)
    ceiling = FIRST_PASS_RATIO * step_ratio(curve)
    try:
        return measure_grid(grid, scales_s, looks, ceiling=ceiling)
    except ScienceError as error:
        raise ScienceError(f"{curve.instrument}: {error.message}", remedy=error.remedy) from error


def _measure_uneven(curve: LightCurve, scales_s: Sequence[float], looks: Sequence[Look]) -> Measured:
    """The same where bins are not even: window by window, slower."""
    noise = Noise.measured(curve, scales_s)
    return Measured(
        start_s=curve.start_s,
        stop_s=curve.stop_s,
        scales=tuple(_scale_noise(item, looks[0].start_s, looks[0].stop_s) for item in noise.scales),
        found=tuple(
            candidates(noise.scales, least_snr=look.least_snr, start_s=look.start_s, stop_s=look.stop_s)
            for look in looks
        ),
        residual=noise.residual,
        background_cts_s=noise.background_cts_s,
        spread=noise.spread,
    )


def _scale_noise(item: Windows, start_s: float, stop_s: float) -> ScaleNoise:
    centre = (item.start_s + item.stop_s) / 2
    inside = (centre >= start_s) & (centre <= stop_s)
    return ScaleNoise(
        scale_s=item.scale_s,
        stride_s=item.stride_s,
        sigma_counts=float(np.median(item.sigma_counts[inside])) if inside.any() else float("nan"),
        scatter=item.scatter,
        degrees_of_freedom=item.degrees_of_freedom,
        windows=int(inside.sum()),
        max_snr=float(item.snr[inside].max()) if inside.any() else float("nan"),
    )


def _excess_bins(scales: list[Windows], curve: LightCurve, quiet: BoolArray) -> BoolArray:
    """Bins inside any window of high S/N, shape (n,).

    From the shortest scale up, and each longer one without the bins already found: a long window that is high only
    for the short burst inside it would take its whole length from the background.
    """
    found = ~quiet & curve.usable
    for item in scales:
        keep = curve.usable & ~found
        counts = np.concatenate([[0.0], np.cumsum(np.where(keep, curve.counts, 0.0))])
        live = np.concatenate([[0.0], np.cumsum(np.where(keep, curve.live_s, 0.0))])
        own_live = np.maximum(item.live_s, 1e-12)
        excess = (counts[item.last] - counts[item.first]) - item.background_counts * (
            live[item.last] - live[item.first]
        ) / own_live
        hit = excess - item.offset * item.sigma_counts >= STRONG_SNR * item.sigma_counts * item.scatter
        edge = np.zeros(len(curve) + 1, dtype=np.int64)
        np.add.at(edge, item.first[hit], 1)
        np.add.at(edge, item.last[hit], -1)
        found |= np.cumsum(edge)[:-1] > 0
    return found
