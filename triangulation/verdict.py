"""What is honest to say about a joint fit: does it describe the curves, is it one burst, does one bin rule it."""

from dataclasses import dataclass, replace

import numpy as np

from tocsin.domain.late import special
from tocsin.domain.light_curves import FloatArray, IntArray
from triangulation.curves import Series
from triangulation.joint import (
    Model,
    Pair,
)
from triangulation.likelihood import Data, Fit, expected_signal, explained, leverage, project, rows_at
from triangulation.refine import Peak, expected_counts, nudged
from triangulation.spline import Knots, Rows, add_bands, factor, solve

#: A bin that stands out by more sigma than the first from what all others say, and moves the delay by more than the
#: second (in sigma, clock errors included), is left out; beyond both of the others (odds of e^11 against photon noise)
#: that is said, too.
OUTLIER_SIGMA, OUTLIER_SHIFT = 3.5, 0.4
RULING_SIGMA, RULING_SHIFT = 5.6, 0.8
#: Bins that are suspected: at most so many of a curve, no further below the fit, that pull so much at the delay (both
#: in sigma); those are left out in turn of which the linear theory foretells this share of what would be too much.
SUSPECTS, LEAST_RESIDUAL, LEAST_PULL = 8, -0.5, 0.25
FORETOLD, TRIED = 0.6, 3
#: Curves count as unrelated below this probability of a worse match, if more than this share of the burst differs.
UNRELATED_P, UNRELATED_SHARE = 0.015, 0.03
#: Below this probability the width is that of the misfit, up to so many times the variance: dead time, or colours.
WIDENED_P, MOST_WIDENED = 0.05, 4.0
#: Numbers of splines that look for differences, and how far they reach beyond the burst, in durations.
LIKENESS_SPLINES, LIKENESS_PAD = (5, 8, 16), 0.15
#: Share of the background wanted on each side that must be there.
BACKGROUND_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A bin that pulls at the delay (curve: 0 base, 1 other), and what the linear theory foretells of leaving it out.

    `sigma` is its excess over what all others say, in the uncertainty of both, `spread` that over the bin's own;
    `shift_s` is how far the delay would move.
    """

    which: int
    index: int
    sigma: float
    spread: float
    shift_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeftOut:
    """The same, done: with the model and its maximum without the bin."""

    sigma: float
    spread: float
    model: Model
    peak: Peak


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlier:
    """A bin that stands out: which curve (0 base, 1 other), its number and middle (s), by how many sigma.

    `shift_s` is how far the delay moves without it.
    """

    which: int
    index: int
    centre_s: float
    sigma: float
    shift_s: float


def residuals(
    model: Model, peak: Peak, fit: Fit | None = None
) -> tuple[tuple[IntArray, FloatArray], tuple[IntArray, FloatArray]]:
    """Indices of the bins within the shape's support, and their residuals in sigma, for base and other."""
    fit = fit or model.fit(peak.delay_s, peak.log_area)
    found = []
    for which, data, burst in ((0, model.base, model.pair.base_burst), (1, model.other, model.pair.other_burst)):
        shift = peak.delay_s if which else 0.0
        inside = np.flatnonzero(
            (data.series.centre_s > model.knots.start_s + shift) & (data.series.centre_s < model.knots.stop_s + shift)
        )
        expected = expected_counts(data, burst, model, fit, which, peak if which else None)
        found.append((inside, ((data.series.counts - expected) * np.sqrt(data.weight))[inside]))
    return found[0], found[1]


def inflation(model: Model, peak: Peak) -> float:
    """Reduced chi-squared of the worse-fitted curve where it is more than 4 sigma above 1, else 1."""
    values = [1.0]
    for _, z in residuals(model, peak):
        n = max(z.size, 1)
        value = float((z**2).sum() / n)
        if value > 1.0 + 4.0 * np.sqrt(2.0 / n):
            values.append(value)
    return max(values)


def outlier(model: Model, peak: Peak) -> Outlier | None:
    """Bin that the delay hangs on and that all others deny, if there is one.

    Of the bins that pull most at the delay each is left out in turn, the delay is found again, and the bin compared
    with what the others then say: as part of the fit it would have bent shape and delay towards itself.
    """
    found = []
    for suspect in _worst(suspects(model, peak), peak):
        without = left_out(model, peak, suspect)
        if without is None or without.sigma < OUTLIER_SIGMA:
            continue
        data = model.other if suspect.which else model.base
        outlier = Outlier(
            which=suspect.which,
            index=suspect.index,
            centre_s=float(data.series.centre_s[suspect.index]),
            sigma=without.sigma,
            shift_s=abs(without.peak.delay_s - peak.delay_s),
        )
        found.append(outlier)
    return max(found, key=lambda each: each.sigma, default=None)


def _worst(bins: list[Suspect], peak: Peak) -> list[Suspect]:
    """Those worth leaving out, by what the linear theory foretells of it: the worst first."""
    least_s = FORETOLD * OUTLIER_SHIFT * peak.sigma_s
    wrong = [each for each in bins if each.sigma > FORETOLD * OUTLIER_SIGMA and each.shift_s > least_s]
    return sorted(wrong, key=lambda each: -each.sigma)[:TRIED]


def suspects(model: Model, peak: Peak) -> list[Suspect]:
    """Bins above the fit that pull at the delay."""
    fit = model.fit(peak.delay_s, peak.log_area)
    slopes = [_slope(model, peak, fit.coefficients, which) for which in (0, 1)]
    found: list[Suspect] = []
    for which, (inside, z) in enumerate(residuals(model, peak, fit)):
        root = np.sqrt((model.other if which else model.base).weight[inside])
        # A bin that few others watch over bends the fit to itself: its residual may be small.
        pull = np.abs(slopes[which][inside]) * root * np.maximum(z, 1.0) * peak.sigma_s * (z > LEAST_RESIDUAL)
        order = np.argsort(-pull)[:SUSPECTS]
        order = order[pull[order] > LEAST_PULL]
        if order.size:
            found += _foretold(model, peak, slopes[1], which, inside[order], z[order])
    return found


def _foretold(model: Model, peak: Peak, slope: FloatArray, which: int, bins: IntArray, z: FloatArray) -> list[Suspect]:
    """What happens if bins are left out one by one.

    `slope` is that of the other curve, `z` are the residuals of the bins as part of the fit. The delay is but one more
    thing that is fitted: a column of the other curve's background.
    """
    scales = (1.0, float(np.exp(peak.log_area)))
    other = replace(model.other, design=np.column_stack([model.other.design, slope]))
    designs, weight = (model.base.design, other.design), (other if which else model.base).weight[bins]
    columns = np.concatenate(
        [design[bins].T if k == which else np.zeros((design.shape[1], bins.size)) for k, design in enumerate(designs)]
    )
    seen = (model.seen, project(other, model.knots, peak.delay_s))
    variance, along = leverage(model.smoothness, seen, scales, _rows(model, peak, which, bins), columns)
    free = np.maximum(1.0 - variance * weight, 1e-3)
    spread, shift_s = 1.0 / np.sqrt(free), np.abs(along * np.sqrt(weight) * z / free)
    return [
        Suspect(which=which, index=int(index), sigma=float(s * w), spread=float(w), shift_s=float(moved))
        for index, s, w, moved in zip(bins, z, spread, shift_s, strict=True)
    ]


def _rows(model: Model, peak: Peak, which: int, bins: IntArray) -> FloatArray:
    """Counts in given bins for one unit of each spline, shape (number, k)."""
    series = (model.other if which else model.base).series
    shift, scale = (peak.delay_s, float(np.exp(peak.log_area))) if which else (0.0, 1.0)
    rows = Rows.of(series.start_s[bins] - shift, series.width_s[bins], series.live[bins], model.knots)
    return np.asarray(scale * rows.dense().T)


def _slope(model: Model, peak: Peak, shape: FloatArray, which: int) -> FloatArray:
    """Derivative of the expected counts of a curve by its arrival time, counts per s, shape (n,)."""
    data, delay, scale = (model.other, peak.delay_s, float(np.exp(peak.log_area))) if which else (model.base, 0.0, 1.0)
    step = 0.5 * min(model.knots.step_s, 4.0 * peak.sigma_s)
    late, early = (expected_signal(data, model.knots, delay + k * step, shape) for k in (1, -1))
    return np.asarray(scale * (late - early) / (2.0 * step))


def left_out(model: Model, peak: Peak, suspect: Suspect) -> LeftOut | None:
    """What all others say of a bin; None where the other curve shows its excess, too."""
    which, index = suspect.which, suspect.index
    bare = without_bin(model, which, index)
    moved = nudged(bare, peak)
    data, burst = (bare.other, bare.pair.other_burst) if which else (bare.base, bare.pair.base_burst)
    fit = bare.fit(moved.delay_s, moved.log_area)
    expected = float(expected_counts(data, burst, bare, fit, which, moved if which else None)[index])
    weight = float((model.other if which else model.base).weight[index])
    excess = float((data.series.counts[index] - expected) * np.sqrt(weight))
    spread = float(np.sqrt(1.0 + _leverage(bare, moved, which, index, weight)))
    if not _is_own(bare, moved, which, index, excess / np.sqrt(weight)):
        return None
    return LeftOut(sigma=excess / spread, spread=spread, model=bare, peak=moved)


def _leverage(model: Model, peak: Peak, which: int, index: int, weight: float) -> float:
    """Variance of what the fit says of a bin over that of its counts."""
    other = project(model.other, model.knots, peak.delay_s)
    lower = factor(add_bands(model.smoothness.band, model.seen.gram, other.gram * np.exp(2.0 * peak.log_area)))
    column = _rows(model, peak, which, np.array([index]))
    return float((column * solve(lower, column)).sum() * weight)


def _is_own(model: Model, peak: Peak, which: int, index: int, excess: float) -> bool:
    """Whether the other curve rather denies the counts that a bin has too many: what both show is a short pulse."""
    scales = (1.0, float(np.exp(peak.log_area)))
    own, partner = (model.other, model.base) if which else (model.base, model.other)
    shift = -peak.delay_s if which else peak.delay_s
    low, high = own.series.start_s[index] + shift, own.series.stop_s[index] + shift
    inside, z = residuals(model, peak)[1 - which]
    series = partner.series
    common = np.minimum(series.stop_s[inside], high) - np.maximum(series.start_s[inside], low)
    response = np.maximum(common, 0.0) * scales[1 - which] * series.live[inside] * np.sqrt(partner.weight[inside])
    wanted = excess / float(own.series.exposure_s[index] * scales[which]) * response
    return float(((z - wanted) ** 2 - z**2).sum()) > 0.0


def without_bin(model: Model, which: int, index: int) -> Model:
    """Same model, one bin of one curve (0 base, 1 other) of no weight."""
    data = model.other if which else model.base
    weight = data.weight.copy()
    weight[index] = 0.0
    bare = replace(data, weight=weight)
    if which:
        return replace(model, other=bare)
    return replace(model, base=bare, seen=project(bare, model.knots))


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Whether two curves show one shape: probability of a worse match by chance, share of the burst that differs.

    `excess` is what broad differences lower chi-squared by for each that is allowed.
    """

    p: float
    share: float
    excess: float

    @property
    def is_unlike(self) -> bool:
        """Whether the curves differ by more than chance, be it by little."""
        return self.p < UNRELATED_P

    @property
    def inflation(self) -> float:
        """Factor by which the difference of the curves widens the variance of the delay, at least 1."""
        return float(np.clip(self.excess, 1.0, MOST_WIDENED)) if self.p < WIDENED_P else 1.0

    @property
    def is_unrelated(self) -> bool:
        """Whether they cannot be one burst: more differs than noise, or other energies, would make differ."""
        return self.p < UNRELATED_P and self.share > UNRELATED_SHARE


def likeness(model: Model, peak: Peak) -> Likeness:
    """Match of the shapes of the two curves at a delay.

    The other curve is given a few broad splines of its own beside the common shape. What they lower chi-squared by is
    distributed as chi-squared where there is one burst, however bright it is and however well its shape is known.
    """
    scales = (1.0, float(np.exp(peak.log_area)))
    shape = model.fit(peak.delay_s, peak.log_area).coefficients
    signal = scales[1] * expected_signal(model.other, model.knots, peak.delay_s, shape)
    power = max(float((signal**2 * model.other.weight).sum()), 1.0)
    together = _explained(model, model.other, peak)
    gains = [_explained(model, _freed(model, peak, number), peak) - together for number in LIKENESS_SPLINES]
    free = [number - 1 for number in LIKENESS_SPLINES]
    chances = [float(special.chdtrc(n, max(gain, 0.0))) for n, gain in zip(free, gains, strict=True)]
    worst = int(np.argmin(chances))
    return Likeness(
        p=min(1.0, len(chances) * chances[worst]),
        share=max(0.0, *((gain - n) / power for n, gain in zip(free, gains, strict=True))),
        excess=gains[worst] / free[worst],
    )


def _freed(model: Model, peak: Peak, number: int) -> Data:
    """The other curve with so many broad splines of its own over the burst."""
    burst, data = model.pair.base_burst, model.other
    pad = LIKENESS_PAD * burst.duration_s
    start, stop = burst.start_s - pad, burst.stop_s + 2.0 * pad
    step = (stop - start) / (number - 3)
    broad = Knots(start_s=start - 3.0 * step, step_s=step, number=number)
    part, rows = rows_at(data, broad, peak.delay_s)
    own = np.zeros((data.net.size, number))
    own[part] = rows.dense()
    return replace(data, design=np.column_stack([data.design, own]))


def _explained(model: Model, other: Data, peak: Peak) -> float:
    seen = (model.seen, project(other, model.knots, peak.delay_s))
    return explained(model.smoothness, seen, (1.0, float(np.exp(peak.log_area))))


def has_background(pair: Pair) -> bool:
    """Whether both curves reach far enough beyond the burst, at every delay, to tell the background."""
    low, high = pair.support_s
    return _reaches(pair.base, low, high, pair.side_s) and _reaches(
        pair.other, low - pair.max_delay_s, high + pair.max_delay_s, pair.side_s
    )


def _reaches(series: Series, low: float, high: float, side_s: float) -> bool:
    sides = (series.select(low - side_s, low), series.select(high, high + side_s))
    return all(float(side.exposure_s.sum()) > BACKGROUND_SHARE * side_s for side in sides)
