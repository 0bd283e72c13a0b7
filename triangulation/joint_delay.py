"""The joint posterior put together: which curve is the base, how fine the knots, what to say about the result."""

from dataclasses import dataclass, replace

import numpy as np

from tocsin.domain.light_curves import FloatArray
from triangulation import verdict
from triangulation.curves import Burst, Series
from triangulation.joint import (
    AREA_SIGMA,
    MODE_DEPTH,
    MULTI,
    TEMPER,
    TEMPLATE_DEPTH,
    UNKNOWN_AREA_SIGMA,
    Model,
    Pair,
    Scan,
    build_model,
    concatenated,
    joint_scan,
    knot_step_s,
)
from triangulation.likelihood import best_fit
from triangulation.posterior import DelayPosterior
from triangulation.refine import Curve, Peak, candidates, climbed, posterior_curve, refined, smoothing_bias_s

#: A burst of this many knots is scanned; the fine knots are this many posterior sigmas, at most.
COARSE_KNOTS, KNOT_SIGMAS, GUARD_SIGMAS = 100.0, 5.0, 8.0
#: The same guard before shape and smoothness are refined, which sharpens the posterior a little.
EARLY_GUARD_SIGMAS = 7.0
MAX_HALVINGS = 2
#: A curve of bins finer by this factor is the base if it shows the burst with this share of the other's significance.
FINER, FINER_SHARE = 1.5, 0.5
#: At most so many bins that stand out are left out.
MAX_LEFT_OUT = 2
#: Points that continue a posterior to the end of its range, if that is farther than so much, s.
CONTINUED_POINTS, LEAST_GAP_S = 8, 1e-9
#: Share of the finer bin width that is always added to the width of the posterior.
FLOOR_BINS = 0.04
#: Natural log of the odds above which the other curve shows the base's burst; least information of a constraint.
DETECTED_LOG_ODDS, NO_CONSTRAINT_BIT = 2.0, 0.1
#: A posterior over this share of its peak (that of 3 sigma) at an end of its grid is cut there.
EDGE_SHARE = float(np.exp(-4.5))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """What the likelihood says: the coarse scan, the model it was last evaluated with, its modes there."""

    model: Model
    scan: Scan
    peaks: list[Peak]

    def curve(self) -> Curve:
        """Fine log posterior."""
        return posterior_curve(self.model, self.scan, self.peaks)

    @property
    def best(self) -> Peak:
        """Highest mode."""
        return max(self.peaks, key=lambda peak: peak.log_p)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How well the fit stands: reduced chi-squared if too large, significance of a ruling bin, match of shapes."""

    misfit: float
    outlier_sigma: float
    alike: verdict.Likeness

    @property
    def inflation(self) -> float:
        """Factor by which the variance of the delay is widened."""
        return max(self.misfit, self.alike.inflation)

    @property
    def is_poor(self) -> bool:
        """Whether the fit does not describe the curves, or one curve not the other."""
        return self.misfit > 1.0 or self.alike.is_unlike


def joint_posterior(
    series: tuple[Series, Series],
    bursts: tuple[Burst, Burst],
    *,
    max_delay_s: float,
    clock_error_s: float,
    area_ratio: float | None,
) -> DelayPosterior:
    """Posterior of the delay (arrival at the second minus arrival at the first), clock error folded in.

    Parameters
    ----------
    series, bursts
        Both curves and the bursts found in them.
    max_delay_s, clock_error_s, area_ratio
        As of `triangulation.delay.estimate_delay`.
    """
    base = _base(series, bursts)
    if not bursts[base].is_detected:
        figures = {"signal_to_noise_a": bursts[0].signal_to_noise, "signal_to_noise_b": bursts[1].signal_to_noise}
        nothing = DelayPosterior.uniform(max_delay_s, flags=("not_detected", "no_constraint"))
        return replace(nothing, figures=figures)
    pair = _pair(series, bursts, base, max_delay_s, area_ratio)
    whole = solution = solved(pair, needed_sigma_s=clock_error_s)
    outlier_sigma, left_out = 0.0, 0
    while left_out < MAX_LEFT_OUT and (found := _without_outlier(solution, clock_error_s)) is not None:
        solution, outlier_sigma, left_out = found[0], max(outlier_sigma, found[1]), left_out + 1
    # One bin may be a spike; where more must go before two curves agree, they do not.
    judged = whole if left_out == MAX_LEFT_OUT else solution
    alike = verdict.likeness(judged.model, judged.best)
    misfit = verdict.inflation(solution.model, solution.best)
    stands = Standing(misfit=misfit, outlier_sigma=outlier_sigma, alike=alike)
    shift_s = smoothing_bias_s(solution.model, solution.best) if len(solution.peaks) == 1 else 0.0
    raw = _density(solution, shift_s, stands.inflation, is_turned=base == 1)
    floor = FLOOR_BINS * min(float(np.median(each.width_s)) for each in series)
    total = raw.broadened(float(np.hypot(clock_error_s, floor)), max_delay_s=max_delay_s)
    return _labelled(total, raw, solution, bursts, stands)


def _density(solution: Solution, shift_s: float, inflation: float, *, is_turned: bool) -> DelayPosterior:
    """Posterior of a solution from the counts alone, the shift of smoothing (s) taken out."""
    power = TEMPER / inflation
    grid, log_p = solution.curve().dense(power)
    grid, log_p = _continued(grid - shift_s, log_p, solution.model.pair.max_delay_s)
    density = np.exp((log_p - log_p.max()) * power)
    if is_turned:
        grid, density = -grid[::-1], density[::-1]
    return DelayPosterior(delay_s=grid, density=density, method="joint")


def _continued(grid_s: FloatArray, log_p: FloatArray, max_delay_s: float) -> tuple[FloatArray, FloatArray]:
    """Log posterior to both ends of the range of delays, from one of which a shift has moved it: no delay is ruled out.

    What lies beyond its end is the mirror image, in the end as a point, of what lies before: it goes on as it came.
    """
    for end in (0, -1):
        last = float(grid_s[end])
        gap = max_delay_s - abs(last)
        if last * (-1 if end == 0 else 1) > 0 and gap > LEAST_GAP_S:
            steps = np.linspace(0.0, gap, CONTINUED_POINTS + 1)[1:] * np.sign(last)
            beyond = np.minimum(2.0 * log_p[end] - np.interp(last - steps, grid_s, log_p), log_p.max())
            at = 0 if end == 0 else grid_s.size
            order = slice(None, None, -1) if end == 0 else slice(None)
            grid_s = np.insert(grid_s, at, np.clip(last + steps, -max_delay_s, max_delay_s)[order])
            log_p = np.insert(log_p, at, beyond[order])
    return grid_s, log_p


def _base(series: tuple[Series, Series], bursts: tuple[Burst, Burst]) -> int:
    """Which curve tells the shape of the burst: the one that shows it better, or nearly as well in finer bins."""
    ratio = bursts[0].signal_to_noise / max(bursts[1].signal_to_noise, 1e-9)
    finer = float(np.median(series[1].width_s) / np.median(series[0].width_s))
    least = FINER_SHARE if finer > FINER else 1.0 / FINER_SHARE if finer < 1.0 / FINER else 1.0
    return 0 if ratio >= least else 1


def _pair(
    series: tuple[Series, Series], bursts: tuple[Burst, Burst], base: int, max_delay_s: float, area_ratio: float | None
) -> Pair:
    mine, theirs = bursts[base], bursts[1 - base]
    if area_ratio is not None:
        log_area, sigma = float(np.log(area_ratio)) * (1 if base == 0 else -1), AREA_SIGMA
    else:
        seen = max(theirs.net_counts, 1.0) / max(mine.net_counts, 1.0)
        log_area, sigma = float(np.log(seen)), UNKNOWN_AREA_SIGMA
    return Pair(
        base=series[base],
        other=series[1 - base],
        base_burst=mine,
        other_burst=theirs,
        max_delay_s=max_delay_s,
        log_area=log_area,
        log_area_sigma=sigma,
    )


def solved(pair: Pair, *, needed_sigma_s: float = 0.0) -> Solution:
    """Posterior of one pair, its knots halved as long as it is sharper than they can carry.

    Parameters
    ----------
    pair
        The curves.
    needed_sigma_s
        No sharper answer is needed than this, s: other errors rule.
    """
    finest = knot_step_s(pair)
    coarse_step = max(finest, pair.base_burst.duration_s / COARSE_KNOTS)
    coarse = build_model(pair, coarse_step)
    scan = joint_scan(coarse, best_fit(coarse.smoothness, (coarse.seen,), (1.0,)), 0.5 * coarse_step)
    tops = candidates(scan, max(MODE_DEPTH, TEMPLATE_DEPTH * float(np.ptp(scan.log_p))))
    starts = [climbed(coarse, float(scan.delay_s[k]), float(scan.log_area[k]), 0.5 * coarse_step) for k in tops]
    model, step = coarse, coarse_step
    sharpest = max(min(peak.sigma_s for peak in starts), needed_sigma_s)
    if KNOT_SIGMAS * sharpest < step / 1.3 and step > 1.3 * finest:
        step = max(finest, KNOT_SIGMAS * sharpest)
        model = build_model(pair, step)
    for halvings in range(MAX_HALVINGS, -1, -1):
        starts = _distinct([climbed(model, each.delay_s, each.log_area, max(each.sigma_s, 1e-6)) for each in starts])
        solution = Solution(model=model, scan=scan, peaks=starts)
        if not halvings or EARLY_GUARD_SIGMAS * max(solution.best.sigma_s, needed_sigma_s) > step:
            solution = _refined(solution)
            starts = solution.peaks
            if GUARD_SIGMAS * max(solution.best.sigma_s, needed_sigma_s) > step:
                break
        step *= 0.5
        model = build_model(pair, step)
    return solution


def _refined(solution: Solution) -> Solution:
    """Smoothness and variances chosen by both curves, where there is but one mode at which to choose them."""
    best = solution.best
    if any(peak is not best and peak.log_p >= best.log_p - MULTI for peak in solution.peaks):
        return solution
    model = refined(solution.model, best)
    return replace(solution, model=model, peaks=[climbed(model, best.delay_s, best.log_area, best.sigma_s)])


def _distinct(peaks: list[Peak]) -> list[Peak]:
    """Peaks further from each other than their widths, the higher ones kept."""
    kept: list[Peak] = []
    for peak in sorted(peaks, key=lambda each: -each.log_p):
        if all(abs(peak.delay_s - each.delay_s) > max(peak.sigma_s, each.sigma_s) for each in kept):
            kept.append(peak)
    return kept


def _without_outlier(solution: Solution, clock_error_s: float) -> tuple[Solution, float] | None:
    """Solution without the one bin that stands out, and by how many sigma it did if the delay hangs on it, else 0."""
    model, best, pair = solution.model, solution.best, solution.model.pair
    found = verdict.outlier(model, best)
    sigma = float(np.hypot(best.sigma_s, clock_error_s))
    if found is None or found.shift_s < verdict.OUTLIER_SHIFT * sigma:
        return None
    rules = found.sigma > verdict.RULING_SIGMA and found.shift_s > verdict.RULING_SHIFT * sigma
    data = model.other if found.which else model.base
    half = 0.5 * float(data.series.width_s[found.index])
    series = pair.other if found.which else pair.base
    rest = concatenated([series.select(-np.inf, found.centre_s - half), series.select(found.centre_s + half, np.inf)])
    bare = replace(pair, other=rest) if found.which else replace(pair, base=rest)
    return solved(bare, needed_sigma_s=clock_error_s), found.sigma if rules else 0.0


def _is_cut(posterior: DelayPosterior) -> bool:
    """Whether the posterior is still high where its grid, the range of delays, ends: the true delay may lie beyond."""
    return bool(max(posterior.density[0], posterior.density[-1]) > EDGE_SHARE * posterior.density.max())


def _labelled(
    total: DelayPosterior, raw: DelayPosterior, solution: Solution, bursts: tuple[Burst, Burst], stands: Standing
) -> DelayPosterior:
    pair, scan = solution.model.pair, solution.scan
    detected = pair.base_burst.is_detected and scan.log_odds > DETECTED_LOG_ODDS
    gain = total.entropy_gain_bit(pair.max_delay_s)
    alike = stands.alike
    raised = {
        "not_detected": not detected,
        "insufficient_background": not verdict.has_background(pair),
        "several_modes": sum(mass > 0.05 for _, mass in total.modes()) > 1,
        "single_bin_dominated": stands.outlier_sigma > 0,
        "poor_fit": stands.is_poor,
        "unrelated": detected and alike.is_unrelated,
        "no_constraint": gain < NO_CONSTRAINT_BIT,
        "at_range_edge": detected and _is_cut(total),
    }
    figures = {
        "signal_to_noise_a": bursts[0].signal_to_noise,
        "signal_to_noise_b": bursts[1].signal_to_noise,
        "variance_factor_a": bursts[0].variance_factor,
        "variance_factor_b": bursts[1].variance_factor,
        "common_burst_log_odds": scan.log_odds,
        "same_event_p": alike.p,
        "unlike_share": alike.share,
        "inflation": stands.inflation,
        "outlier_sigma": stands.outlier_sigma,
        "entropy_gain_bit": gain,
        "knot_step_s": solution.model.knots.step_s,
        "knots": float(solution.model.knots.number),
        "base_over_other_area": float(np.exp(-solution.best.log_area)),
    }
    flags = tuple(name for name, is_raised in raised.items() if is_raised)
    return replace(total, detected=detected, flags=flags, statistical_sigma_s=raw.sigma_s, figures=figures)
