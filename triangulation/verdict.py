"""What is honest to say about a joint fit: does it describe the curves, is it one burst, does one bin rule it."""

from dataclasses import dataclass

import numpy as np

from tocsin.domain.light_curves import FloatArray, IntArray
from triangulation.curves import Burst, Series
from triangulation.joint import (
    CURVATURES,
    LEAD,
    MAX_KNOTS,
    REFINED_CURVATURES,
    TAIL,
    Model,
    Pair,
    local_curvature,
    tuned,
)
from triangulation.likelihood import Data, Projection, log_evidence, project
from triangulation.refine import Peak, expected_counts
from triangulation.spline import Knots, Rows, add_bands, factor, solve

#: A bin that stands out by more sigma than this from what all others say is no photon noise.
OUTLIER_SIGMA = 5.0
#: ... unless the other curve has more than this many sigma at the same instants.
SHARED_SIGMA = 2.5
#: Natural log of the odds (two bursts : one burst) above which curves count as unrelated.
UNRELATED_LOG_ODDS = 5.0
#: Share of the background wanted on each side that must be there.
BACKGROUND_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlier:
    """A bin that stands out: which curve (0 base, 1 other), its middle (s), by how many sigma."""

    which: int
    centre_s: float
    sigma: float


def residuals(model: Model, peak: Peak) -> tuple[tuple[IntArray, FloatArray], tuple[IntArray, FloatArray]]:
    """Indices of the bins within the shape's support, and their residuals in sigma, for base and other."""
    fit = model.fit(peak.delay_s, peak.log_area)
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
    """Bin that stands out most from what all others say, if it does.

    The residual of a bin is divided by what is left of its variance after the fit has bent towards it.
    """
    scale = (1.0, float(np.exp(peak.log_area)))
    other = project(model.other, model.knots, peak.delay_s)
    band = add_bands(model.smoothness.band, model.seen.gram, other.gram * scale[1] ** 2)
    lower = factor(band)
    best: Outlier | None = None
    curves = (model.base, model.other)
    found = residuals(model, peak)
    for which, (inside, z) in enumerate(found):
        series = curves[which].series
        for k in np.argsort(-z)[:6]:
            index = int(inside[k])
            left = _left_over(curves[which], index, model, lower, scale[which], peak, which)
            sigma = float(z[k] / np.sqrt(left))
            if sigma <= OUTLIER_SIGMA or (best is not None and sigma <= best.sigma):
                continue
            # The same instants in the other curve: what both show is a short pulse, not a spike.
            shift = -peak.delay_s if which else peak.delay_s
            low, high = series.start_s[index] + shift, series.stop_s[index] + shift
            if _excess(curves[1 - which].series, found[1 - which], low, high) < SHARED_SIGMA:
                best = Outlier(which=which, centre_s=float(series.centre_s[index]), sigma=float(sigma))
    return best


def _excess(series: Series, found: tuple[IntArray, FloatArray], low: float, high: float) -> float:
    """Joint significance of the residuals of the bins that overlap [low, high], s."""
    inside, z = found
    overlaps = (series.stop_s[inside] > low) & (series.start_s[inside] < high)
    return float(z[overlaps].sum() / np.sqrt(max(int(overlaps.sum()), 1)))


def _left_over(data: Data, index: int, model: Model, lower: FloatArray, scale: float, peak: Peak, which: int) -> float:
    """Share of a bin's variance that its residual keeps."""
    series, one = data.series, slice(index, index + 1)
    shift = peak.delay_s if which else 0.0
    row = Rows.of(series.start_s[one] - shift, series.width_s[one], series.live[one], model.knots)
    column = row.project(np.ones((1, 1))) * scale
    leverage = float((column * solve(lower, column)).sum() * data.weight[index])
    return max(1.0 - leverage, 0.05)


def two_bursts_log_odds(model: Model, peak: Peak) -> float:
    """Natural log of the odds that the two curves show two unrelated bursts rather than one.

    Time and strength of a second burst are as free as delay and area ratio of one: only the shapes are compared.
    """
    pair = model.pair
    other = project(model.other, model.knots, peak.delay_s)
    scale = float(np.exp(peak.log_area))
    together = log_evidence(model.smoothness, (model.seen, other), (1.0, scale))
    alone = log_evidence(model.smoothness, (model.seen,), (1.0,)) + _evidence_alone(
        model.other, pair.other_burst, model.knots.step_s
    )
    return alone - together


def _evidence_alone(data: Data, burst: Burst, step_s: float) -> float:
    """Evidence of a curve with a burst of its own shape."""
    width = float(np.median(data.series.width_s))
    lead, tail = max(LEAD * burst.duration_s, width), max(TAIL * burst.duration_s, width)
    # Only where the bins are fine: beyond, the curve is kept for its background.
    inner = data.series.start_s[data.inner]
    start, stop = max(burst.start_s - lead, float(inner[0])), min(burst.stop_s + tail, float(inner[-1]))
    if stop - start < 4.0 * step_s:
        start, stop = float(inner[0]), float(inner[-1])
    knots = Knots.over(start + 3.0 * step_s, stop - 3.0 * step_s, max(step_s, (stop - start) / MAX_KNOTS))
    seen: tuple[Projection, ...] = (project(data, knots),)
    net = np.maximum(data.net / data.series.exposure_s, 0.0)
    pilot = np.interp(knots.centre_s, data.series.centre_s, np.convolve(net, np.ones(5) / 5, mode="same"))
    pilot = np.hypot(pilot, 0.05 * max(float(pilot.max()), 1e-9))
    first = tuned(seen, (1.0,), pilot, pilot[1:-1], CURVATURES)
    second = tuned(seen, (1.0,), pilot, local_curvature(first.fit.coefficients), REFINED_CURVATURES)
    return max(first.log_evidence, second.log_evidence)


def has_background(pair: Pair) -> bool:
    """Whether both curves reach far enough beyond the burst, at every delay, to tell the background."""
    low, high = pair.support_s
    return _reaches(pair.base, low, high, pair.side_s) and _reaches(
        pair.other, low - pair.max_delay_s, high + pair.max_delay_s, pair.side_s
    )


def _reaches(series: Series, low: float, high: float, side_s: float) -> bool:
    sides = (series.select(low - side_s, low), series.select(high, high + side_s))
    return all(float(side.exposure_s.sum()) > BACKGROUND_SHARE * side_s for side in sides)
