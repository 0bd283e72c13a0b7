"""From a coarse scan to the fine posterior: modes, joint refinement of shape and variances, an adaptive grid."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from tocsin.domain.late import interpolate
from tocsin.domain.light_curves import FloatArray
from triangulation.curves import Burst
from triangulation.joint import (
    REFINED_CURVATURES,
    WORTH_REFINING,
    Model,
    Scan,
    local_curvature,
    pilot_rate,
    tuned,
    variance_of,
)
from triangulation.likelihood import Data, Fit, expected_signal, log_evidence, project
from triangulation.posterior import thinned

MAX_MODES = 6
#: Log posterior below the best down to which the grid is refined, and the largest step of it between grid points.
GRID_DEPTH, GRID_STEP = 12.0, 2.5
MAX_GRID = 160
#: Lags of the scan this far below the best are evaluated again with the fine model.
SAMPLED_DEPTH = 9.0
#: Log posterior below the best at which nothing is left, natural log.
NEGLIGIBLE = 40.0
MAX_STEPS = 12
#: True bursts are rougher than the replica of a fit: what smoothing shifts them by, over what it shifts the replica.
REPLICA_SHARE = 1.3
#: Grid points nearer than this are one, s.
LEAST_STEP_S = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """Local maximum of the log posterior: delay (s), its width (s), log area ratio, height."""

    delay_s: float
    sigma_s: float
    log_area: float
    log_p: float


def candidates(scan: Scan, depth: float) -> list[int]:
    """Indices of local maxima of a scan within `depth` of the best, best first."""
    padded = np.concatenate([[-np.inf], scan.log_p, [-np.inf]])
    is_top = (scan.log_p >= padded[:-2]) & (scan.log_p >= padded[2:])
    tops = np.flatnonzero(is_top & (scan.log_p > scan.log_p.max() - depth))
    return [int(k) for k in tops[np.argsort(-scan.log_p[tops])][:MAX_MODES]]


def climbed(model: Model, delay_s: float, log_area: float, step_s: float) -> Peak:
    """Maximum of the evidence near a delay: steps uphill, then parabolas, with the area ratio in between."""
    limit = model.pair.max_delay_s
    x, area = delay_s, log_area
    sigma = step_s
    for _ in range(2):
        x, sigma = _maximum(partial(model.log_evidence, log_area=area), x, step_s, limit)
        step_s = max(sigma, 1e-7)
        area = _best_area(model, x, area)
    return Peak(delay_s=x, sigma_s=sigma, log_area=area, log_p=model.log_evidence(x, area))


def nudged(model: Model, peak: Peak) -> Peak:
    """Maximum of the evidence near a peak of a slightly different model, the area ratio kept."""
    x, sigma = _maximum(
        partial(model.log_evidence, log_area=peak.log_area), peak.delay_s, peak.sigma_s, model.pair.max_delay_s
    )
    return replace(peak, delay_s=x, sigma_s=sigma)


def _maximum(function: Callable[[float], float], x: float, step: float, limit: float) -> tuple[float, float]:
    """Maximum of a function near x, and its Gaussian width there: uphill in steps, then ever smaller ones."""
    left, middle, right = (function(x + k * step) for k in (-1, 0, 1))
    for _ in range(MAX_STEPS):
        if left > middle and x - step > -limit:
            x, right, middle = x - step, middle, left
            left = function(x - step)
        elif right > middle and x + step < limit:
            x, left, middle = x + step, middle, right
            right = function(x + step)
        else:
            bend = left - 2.0 * middle + right
            sigma = step / np.sqrt(max(-bend, 1e-6))
            if sigma > 0.5 * step:
                offset = 0.5 * step * (left - right) / bend if bend < -1e-6 else 0.0
                x = float(np.clip(x + np.clip(offset, -step, step), -limit, limit))
                return x, float(min(sigma, 2.0 * limit))
            step *= 0.35
            left, right = function(x - step), function(x + step)
    bend = min(left - 2.0 * middle + right, -1e-6)
    return x, float(min(step / np.sqrt(-bend), 2.0 * limit))


def _best_area(model: Model, delay_s: float, log_area: float) -> float:
    step = 0.1
    other = project(model.other, model.knots, delay_s)
    for _ in range(3):
        low, middle, high = (model.log_evidence_of(other, log_area + k * step) for k in (-1, 0, 1))
        bend = low - 2.0 * middle + high
        if bend < -1e-9:
            shift = 0.5 * step * (low - high) / bend
            log_area += float(np.clip(shift, -0.5, 0.5))
            if abs(shift) < 0.5 * step:
                break
        else:
            log_area += step if high > low else -step
    return log_area


def refined(model: Model, peak: Peak) -> Model:
    """Model with smoothness and variances chosen by both curves at one delay."""
    for _ in range(2):
        fit = model.fit(peak.delay_s, peak.log_area)
        model = _with_variances(model, fit, peak)
        scales = (1.0, float(np.exp(peak.log_area)))
        seen = (model.seen, project(model.other, model.knots, peak.delay_s))
        best = tuned(
            seen, scales, pilot_rate(model.pair, model.knots), local_curvature(fit.coefficients), REFINED_CURVATURES
        )
        if best.log_evidence > log_evidence(model.smoothness, seen, scales) + WORTH_REFINING:
            model = replace(model, smoothness=best.smoothness)
    return model


def smoothing_bias_s(model: Model, peak: Peak) -> float:
    """Shift of the delay that smoothing alone makes, s: that of a noiseless replica of the fit, fitted again.

    The prior lowers sharp rises more than slow decays, and variances that follow the signal weigh the two differently
    in each instrument: unequal bins and backgrounds then see the one shape shifted against each other, by up to half a
    sigma. The replica's shape is the fit with what a second smoothing took from it put back.
    """
    fit = model.fit(peak.delay_s, peak.log_area)
    once = _replica(model, fit.coefficients, peak)
    again = once.fit(peak.delay_s, peak.log_area)
    twice = _replica(model, 2.0 * fit.coefficients - again.coefficients, peak)
    steps = (-peak.sigma_s, 0.0, peak.sigma_s)
    left, middle, right = (twice.log_evidence(peak.delay_s + step, peak.log_area) for step in steps)
    bend = left - 2.0 * middle + right
    share = 0.5 * (left - right) / bend if bend < -1e-6 else 0.0
    return float(np.clip(REPLICA_SHARE * share, -1.0, 1.0)) * peak.sigma_s


def _replica(model: Model, coefficients: FloatArray, peak: Peak) -> Model:
    """Model of the counts that a shape predicts, without noise."""
    delays, scales = (0.0, peak.delay_s), (1.0, float(np.exp(peak.log_area)))
    nets = [
        scale * expected_signal(data, model.knots, delay, coefficients)
        for data, delay, scale in zip((model.base, model.other), delays, scales, strict=True)
    ]
    base, other = replace(model.base, net=nets[0]), replace(model.other, net=nets[1])
    return replace(model, base=base, other=other, seen=project(base, model.knots))


def _with_variances(model: Model, fit: Fit, peak: Peak) -> Model:
    base = _reweighted(model.base, model.pair.base_burst, model, fit, 0)
    other = _reweighted(model.other, model.pair.other_burst, model, fit, 1, peak)
    return replace(model, base=base, other=other, seen=project(base, model.knots))


def expected_counts(
    data: Data, burst: Burst, model: Model, fit: Fit, which: int, peak: Peak | None = None
) -> FloatArray:
    """Counts that a fit expects in each bin of one of the curves, shape (n,)."""
    delay, scale = (peak.delay_s, float(np.exp(peak.log_area))) if peak is not None else (0.0, 1.0)
    background = burst.background.counts(data.series) + data.design @ fit.backgrounds[which]
    return np.asarray(background + scale * expected_signal(data, model.knots, delay, fit.coefficients))


def _reweighted(data: Data, burst: Burst, model: Model, fit: Fit, which: int, peak: Peak | None = None) -> Data:
    expected = expected_counts(data, burst, model, fit, which, peak)
    floor = 0.5 * burst.background.counts(data.series)
    weight = 1.0 / variance_of(data.series, np.maximum(expected, floor), burst)
    return replace(data, weight=np.where(data.weight > 0, weight, 0.0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """Log posterior on an adaptive grid of delays (s, other minus base), ascending."""

    delay_s: FloatArray
    log_p: FloatArray

    def dense(self, power: float, per_cell: int = 8) -> tuple[FloatArray, FloatArray]:
        """Smooth interpolation: a denser grid where anything is probable, a thinner one where nothing is.

        Parameters
        ----------
        power
            Exponent that will be applied to the probability.
        per_cell
            At most so many points for one.
        """
        apart = np.concatenate([[True], np.diff(self.delay_s) > LEAST_STEP_S])
        x, y = self.delay_s[apart], self.log_p[apart]
        low = y < y.max() - NEGLIGIBLE / power
        # Of a run of negligible points only its ends matter.
        inside = np.zeros(x.size, dtype=bool)
        inside[1:-1] = low[1:-1] & low[:-2] & low[2:]
        x, y, low = x[~inside], y[~inside], low[~inside]
        # Straight pieces of the density then err by less than a thousandth of it.
        bend = np.abs(np.diff(y, 2, prepend=y[1], append=y[-2])) if y.size > 2 else np.zeros(y.size)
        rough = 125.0 * (np.diff(y) ** 2 + np.maximum(bend[1:], bend[:-1]))
        wanted = np.clip(np.ceil(np.sqrt(np.minimum(rough, 1e4))), 1, per_cell).astype(np.int64)
        cells = np.where(low[:-1] & low[1:], 1, wanted)
        first = np.repeat(np.arange(cells.size), cells)
        share = (np.arange(first.size) - np.repeat(np.cumsum(cells) - cells, cells)) / cells[first]
        grid = np.append(x[first] + np.diff(x)[first] * share, x[-1])
        return grid, np.asarray(interpolate.Akima1DInterpolator(x, y, method="makima")(grid))


def posterior_curve(model: Model, scan: Scan, peaks: list[Peak]) -> Curve:
    """Fine log posterior where it matters, the coarse one (brought level) elsewhere."""
    best = max(peaks, key=lambda peak: peak.log_p)
    level = best.log_p - float(np.interp(best.delay_s, scan.delay_s, scan.log_p))
    coarse = scan.log_p + min(level, best.log_p - float(scan.log_p.max()))
    points = _first_points(scan, coarse, peaks, best, model.pair.max_delay_s)
    known = {float(x): model.log_evidence(float(x), _area_at(peaks, float(x))) for x in points}
    _subdivide(known, lambda x: model.log_evidence(x, _area_at(peaks, x)))
    fine_x = np.array(sorted(known))
    fine = np.array([known[x] for x in fine_x])
    step = float(scan.delay_s[1] - scan.delay_s[0])
    at = np.clip(np.searchsorted(fine_x, scan.delay_s), 1, fine_x.size - 1)
    near = np.minimum(np.abs(scan.delay_s - fine_x[at - 1]), np.abs(fine_x[at] - scan.delay_s)) < 0.75 * step
    # Where the fine evidence was sampled, the coarse one between its samples would only make it jagged.
    rest = ~near & (coarse <= best.log_p - SAMPLED_DEPTH)
    x = np.concatenate([fine_x, scan.delay_s[rest]])
    log_p = np.concatenate([fine, np.minimum(coarse[rest], best.log_p)])
    order = np.argsort(x)
    return Curve(delay_s=x[order], log_p=log_p[order])


def _area_at(peaks: list[Peak], delay_s: float) -> float:
    return min(peaks, key=lambda peak: abs(peak.delay_s - delay_s)).log_area


def _first_points(scan: Scan, coarse: FloatArray, peaks: list[Peak], best: Peak, limit: float) -> FloatArray:
    points = [np.linspace(-limit, limit, 33)] if best.sigma_s > 0.15 * limit else []
    for peak in peaks:
        if peak.log_p > best.log_p - GRID_DEPTH:
            spread = np.linspace(-5.0, 5.0, 13) if peak is best else np.linspace(-3.0, 3.0, 7)
            points.append(peak.delay_s + min(peak.sigma_s, 0.15 * limit) * spread)
    lags = scan.delay_s[coarse > best.log_p - SAMPLED_DEPTH]
    points.append(lags[:: max(1, lags.size // 40)])
    every = np.unique(np.clip(np.concatenate(points), -limit, limit))
    least = 0.2 * min(0.15 * limit, *(peak.sigma_s for peak in peaks))
    return thinned(every, least)


def _subdivide(known: dict[float, float], function: Callable[[float], float]) -> None:
    """Split cells over which the log posterior near its best changes much; step on where the ends are not low."""
    while len(known) < MAX_GRID:
        x = np.array(sorted(known))
        y = np.array([known[key] for key in x.tolist()])
        top = y.max()
        high = np.maximum(y[1:], y[:-1]) > top - 9.0
        steep = high & (np.abs(np.diff(y)) > GRID_STEP)
        wide = high & (np.diff(x) > 1e-9)
        new = 0.5 * (x[1:] + x[:-1])[steep & wide]
        if not new.size:
            return
        known.update({float(t): function(float(t)) for t in new[: MAX_GRID - len(known)]})
