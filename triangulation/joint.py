"""The joint method: from two curves with a burst to the whole posterior of the delay.

One curve, the *base*, shows the burst better. Its own data choose how smooth the burst is (hyper-parameters fitted at a
wrong alias would lock it in); the other curve is then scanned over all delays; where one mode is left, shape and
smoothness are refined on both curves together. What the counts cannot tell stays in the posterior.
"""

from dataclasses import dataclass, replace

import numpy as np

from tocsin.domain.late import special
from tocsin.domain.light_curves import FloatArray
from triangulation.comb import TOLERANCE
from triangulation.curves import Burst, Series
from triangulation.likelihood import Data, Fit, Projection, Smoothness, best_fit, log_evidence, project
from triangulation.spline import Knots

#: Support of the shape beyond the burst as found, in durations, before and after.
LEAD, TAIL = 0.25, 0.7
#: Background taken on either side: this many durations and seconds.
SIDE_DURATIONS, SIDE_S = 2.0, 5.0
#: Joined bins there that are so far above the background belong to something else.
FOREIGN_SIGMA = 5.0
MIN_STEP_S = 0.004
MAX_KNOTS = 900
#: Curvature prior in units of pilot rate per knot, and the refinement of its local scale.
CURVATURES = np.geomspace(2e-4, 0.6, 7)
REFINED_CURVATURES = np.geomspace(0.1, 6.0, 7)
LOCAL_KNOTS, LOCAL_FLOOR = 7, 0.10
#: Least curvature, in the same units: smoother shapes are as straight, but their equations beyond double precision.
LEAST_CURVATURE = 2e-5
#: Gain in log evidence for which a local scale is taken over: it was read off the same data.
WORTH_REFINING = 3.0
AREA_SIGMA, UNKNOWN_AREA_SIGMA = 0.6, 1.0
#: Modes this far below the best (natural log) are still modes; nearer than `MULTI` they forbid joint refinement.
MODE_DEPTH, MULTI = 30.0, 12.0
MAX_SCANNED, MAX_LAGS = 80, 6000
TEMPLATE_DEPTH = 0.15
TEMPER = 0.87


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    """Base and other curve with their bursts, the range of the delay and what is expected of the area ratio.

    Parameters
    ----------
    base, other, base_burst, other_burst
        The curves.
    max_delay_s
        Range of the delay, s.
    log_area, log_area_sigma
        Expected log of the counts of `other` over those of `base`, and its spread.
    """

    base: Series
    other: Series
    base_burst: Burst
    other_burst: Burst
    max_delay_s: float
    log_area: float
    log_area_sigma: float

    @property
    def support_s(self) -> tuple[float, float]:
        """Where the shape may differ from zero, s."""
        burst, width = self.base_burst, float(np.median(self.base.width_s))
        lead, tail = max(LEAD * burst.duration_s, width), max(TAIL * burst.duration_s, width)
        return burst.start_s - lead, burst.stop_s + tail

    @property
    def side_s(self) -> float:
        """Length of background taken on either side of the burst, s."""
        return SIDE_DURATIONS * self.base_burst.duration_s + SIDE_S


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """Everything that is fixed while the delay is varied.

    Parameters
    ----------
    pair
        The curves.
    base, other
        Their data at this resolution.
    knots, smoothness
        The shape's splines and prior.
    seen
        The base through the splines.
    """

    pair: Pair
    base: Data
    other: Data
    knots: Knots
    smoothness: Smoothness
    seen: Projection

    def log_evidence(self, delay_s: float, log_area: float) -> float:
        """Log of the probability of both curves for a delay (s, other minus base) and log area ratio."""
        return self.log_evidence_of(project(self.other, self.knots, delay_s), log_area)

    def log_evidence_of(self, other: Projection, log_area: float) -> float:
        """Same for the other curve already seen at a delay."""
        z = (log_area - self.pair.log_area) / self.pair.log_area_sigma
        return log_evidence(self.smoothness, (self.seen, other), (1.0, float(np.exp(log_area)))) - 0.5 * z * z

    def fit(self, delay_s: float, log_area: float) -> Fit:
        """Most probable shape and backgrounds at a delay."""
        other = project(self.other, self.knots, delay_s)
        return best_fit(self.smoothness, (self.seen, other), (1.0, float(np.exp(log_area))))


def knot_step_s(pair: Pair) -> float:
    """Step of the fine knots, s: a third of the shortest time in which the base shows 3 sigma."""
    burst = pair.base_burst
    series = pair.base.select(burst.start_s - 1e-9, burst.stop_s + 1e-9)
    background = burst.background.counts(series)
    peak = float(((series.counts - background) / series.exposure_s).max(initial=1e-9))
    level = float((background / series.exposure_s).mean()) if series.counts.size else 1.0
    shortest = 9.0 * (max(peak, 1e-9) + level) * burst.variance_factor / max(peak, 1e-9) ** 2
    finest = min(float(np.median(each.width_s)) for each in (pair.base, pair.other))
    duration = burst.duration_s
    floor = max(min(MIN_STEP_S, 2.0 * finest), 2.0 * duration / MAX_KNOTS)
    return float(np.clip(min(shortest / 3.0, duration / 30.0), floor, max(floor, duration / 12.0)))


def prepare(series: Series, burst: Burst, inner_s: tuple[float, float], side_s: float, fine_s: float) -> Data:
    """Curve for the likelihood: fine bins where the shape may be, coarse ones on either side for the background."""
    native = float(np.median(series.width_s))
    low, high = inner_s[0] - 2.0 * native - fine_s, inner_s[1] + 2.0 * native + fine_s
    outer = series.select(low - side_s, high + side_s)
    parts = [
        outer.select(-np.inf, low).merged(side_s / 25),
        outer.select(low, high).merged(fine_s),
        outer.select(high, np.inf).merged(side_s / 25),
    ]
    joined = concatenated(parts)
    first = parts[0].counts.size
    expected = burst.background.counts(joined)
    middle, half = 0.5 * (low + high), 0.5 * (high - low) + side_s
    x = (joined.centre_s - middle) / half
    design = joined.exposure_s[:, None] * x[:, None] ** np.arange(_degree(joined, burst) + 1)
    net = joined.counts - expected
    inner = slice(first, first + parts[1].counts.size)
    weight = 1.0 / variance_of(joined, expected + _smoothed_signal(joined, net, expected, burst), burst)
    # Another burst beside this one is no background.
    foreign = net > FOREIGN_SIGMA * np.sqrt(variance_of(joined, expected, burst))
    foreign[inner] = False
    return Data(series=joined, net=net, design=design, weight=np.where(foreign, 0.0, weight), inner=inner)


def commensurate(series: Series, step_s: float) -> tuple[float, float]:
    """Step near the one wanted that is a whole number of bins, and the width (s) that bins may be joined to.

    Parameters
    ----------
    series
        The curve that is moved: many products are needed of it, see `triangulation.comb`.
    step_s
        Step wanted, s.
    """
    width = float(np.median(series.width_s))
    if np.abs(series.width_s - width).max() > TOLERANCE * width:
        return step_s, step_s / 4.0
    if step_s < 0.75 * width:
        return width / round(width / step_s), step_s / 4.0
    gapless = float(np.abs(np.diff(series.start_s) - width).max(initial=0.0)) < 0.1 * width
    joined = max(1, int(step_s / width / 4.0)) if gapless else 1
    return joined * width * max(round(step_s / (joined * width)), 1), joined * width * (1.0 + 1e-9)


def concatenated(parts: list[Series]) -> Series:
    """Parts of one curve joined in time."""
    full = [part for part in parts if part.counts.size] or parts[:1]
    variance = None if full[0].variance_counts is None else np.concatenate([p.variance_counts for p in full])
    return replace(
        full[0],
        start_s=np.concatenate([part.start_s for part in full]),
        width_s=np.concatenate([part.width_s for part in full]),
        counts=np.concatenate([part.counts for part in full]),
        live=np.concatenate([part.live for part in full]),
        variance_counts=variance,
    )


def _degree(series: Series, burst: Burst) -> int:
    """Degree of the background polynomial: 2 with enough curve on either side, less with less."""
    covered = float(series.exposure_s.sum()) - burst.duration_s
    return 2 if covered > 3.0 * burst.duration_s else 1 if covered > burst.duration_s else 0


def variance_of(series: Series, expected: FloatArray, burst: Burst) -> FloatArray:
    """Variance of each bin for the expected counts, or as stated with rates, over-dispersion in it; shape (n,)."""
    own = np.maximum(expected, 0.3) if series.variance_counts is None else series.variance_counts
    return np.asarray(own * burst.variance_factor)


def _smoothed_signal(series: Series, net: FloatArray, background: FloatArray, burst: Burst) -> FloatArray:
    """Smoothed counts above background where they are significant, for the first variances."""
    bins = max(1, int(burst.duration_s / 12.0 / float(np.median(series.width_s))))
    kernel = np.ones(bins) / bins
    smooth = np.convolve(net, kernel, mode="same") if bins < net.size else net
    noise = np.sqrt(np.maximum(background, 0.3) * burst.variance_factor / bins)
    return np.asarray(np.where(smooth > 2.0 * noise, smooth, 0.0))


def build_model(pair: Pair, step_s: float) -> Model:
    """Model at a resolution, its smoothness chosen by the base alone."""
    low, high = pair.support_s
    step_s, fine_s = commensurate(pair.other, step_s)
    knots = Knots.over(low, high, step_s)
    inner = (knots.start_s, knots.stop_s)
    reach = (inner[0] - pair.max_delay_s, inner[1] + pair.max_delay_s)
    base = prepare(pair.base, pair.base_burst, inner, pair.side_s, step_s / 4.0)
    other = prepare(pair.other, pair.other_burst, reach, pair.side_s, fine_s)
    seen = project(base, knots)
    pilot = pilot_rate(pair, knots)
    best = tuned((seen,), (1.0,), pilot, pilot[1:-1], CURVATURES)
    for _ in range(2):
        sharper = tuned((seen,), (1.0,), pilot, local_curvature(best.fit.coefficients), REFINED_CURVATURES)
        if sharper.log_evidence < best.log_evidence + WORTH_REFINING:
            break
        best = sharper
    return Model(pair=pair, base=base, other=other, knots=knots, smoothness=best.smoothness, seen=seen)


def pilot_rate(pair: Pair, knots: Knots) -> FloatArray:
    """Rough intensity at the knots with a floor of a twentieth of its peak, counts per s, shape (number,)."""
    burst, series = pair.base_burst, pair.base
    near = series.select(knots.start_s - pair.side_s, knots.stop_s + pair.side_s)
    # No finer than the counts can tell: some four sigma in each part.
    parts = float(np.clip((burst.signal_to_noise / 4.0) ** 2, 3.0, 30.0))
    near = near.merged(max(burst.duration_s / parts, knots.step_s))
    rate = (near.counts - burst.background.counts(near)) / near.exposure_s
    smooth = np.convolve(np.pad(rate, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    pilot = np.interp(knots.centre_s, near.centre_s, smooth)
    return np.asarray(np.hypot(np.maximum(pilot, 0.0), 0.05 * max(float(pilot.max()), 1e-9)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tuned:
    """Prior of the best evidence, that evidence (natural log) and the most probable shape under it."""

    smoothness: Smoothness
    log_evidence: float
    fit: Fit


def tuned(
    seen: tuple[Projection, ...],
    scales: tuple[float, ...],
    ridge: FloatArray,
    local: FloatArray,
    grid: FloatArray,
) -> Tuned:
    """Prior of the best evidence among multiples of a local curvature scale."""
    least = LEAST_CURVATURE * ridge[1:-1]
    priors = [Smoothness.of(np.maximum(scale * local, least), 10.0 * ridge) for scale in grid]
    evidence = [log_evidence(prior, seen, scales) for prior in priors]
    best = int(np.argmax(evidence))
    return Tuned(smoothness=priors[best], log_evidence=float(evidence[best]), fit=best_fit(priors[best], seen, scales))


def local_curvature(coefficients: FloatArray) -> FloatArray:
    """Local rms of the second differences, at least a tenth of its largest."""
    second = np.diff(coefficients, 2)
    kernel = np.ones(LOCAL_KNOTS) / LOCAL_KNOTS
    rms = np.sqrt(np.convolve(np.pad(second**2, LOCAL_KNOTS // 2, mode="reflect"), kernel, mode="valid"))
    return np.asarray(np.maximum(rms, LOCAL_FLOOR * rms.max() + 1e-12))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scan:
    """Log posterior on a regular grid of delays (s, other minus base), with log area ratio and its spread at each.

    `log_odds` is that of the base's burst being in the other curve at all, somewhere in the range, by the template.
    """

    delay_s: FloatArray
    log_p: FloatArray
    log_area: FloatArray
    log_area_sigma: FloatArray
    log_odds: float = 0.0


def template_scan(model: Model, fit: Fit, step_s: float) -> Scan:
    """Likelihood of the other curve at every delay, the base's shape taken as exact: fast, to know where to look."""
    pair, data = model.pair, model.other
    number = int(np.clip(np.ceil(2.0 * pair.max_delay_s / step_s), 4, MAX_LAGS)) + 1
    lags = np.linspace(-pair.max_delay_s, pair.max_delay_s, number)
    shape = np.maximum(fit.coefficients, 0.0)
    time = np.linspace(model.knots.start_s, model.knots.stop_s, 4 * model.knots.number)
    rate = model.knots.rate(shape, time)
    total = np.concatenate([[0.0], np.cumsum(0.5 * (rate[1:] + rate[:-1]) * np.diff(time))])
    series = data.series
    gain, power = np.empty(number), np.empty(number)
    for block in np.array_split(np.arange(number), max(1, number * series.counts.size // 400_000)):
        low, high = model.knots.start_s + lags[block[0]], model.knots.stop_s + lags[block[-1]]
        part = slice(
            int(np.searchsorted(data.stop_s, low, side="right")),
            int(np.searchsorted(series.start_s, high, side="left")),
        )
        start = series.start_s[part][None, :] - lags[block][:, None]
        expected = np.interp(start + series.width_s[part], time, total) - np.interp(start, time, total)
        expected = expected * series.live[part]
        gain[block] = expected @ (data.weight[part] * data.net[part])
        power[block] = (expected * expected) @ data.weight[part]
    return _with_area(pair, lags, gain, np.maximum(power, 1e-12))


def _with_area(pair: Pair, lags: FloatArray, gain: FloatArray, power: FloatArray) -> Scan:
    """Area ratio integrated by Laplace's rule at each delay: likelihood a gain - a^2 power / 2, log-normal prior."""
    spread2 = pair.log_area_sigma**2
    x = np.full(lags.size, pair.log_area)
    for _ in range(8):
        a = np.exp(x)
        slope = a * gain - a * a * power - (x - pair.log_area) / spread2
        bend = np.maximum(2.0 * a * a * power - a * gain, a * a * power) + 1.0 / spread2
        x = np.clip(x + np.clip(slope / bend, -1.0, 1.0), pair.log_area - 4.0, pair.log_area + 4.0)
    a = np.exp(x)
    bend = np.maximum(2.0 * a * a * power - a * gain, 0.0) + 1.0 / spread2
    log_p = a * gain - 0.5 * a * a * power - 0.5 * (x - pair.log_area) ** 2 / spread2 - 0.5 * np.log(bend * spread2)
    odds = float(special.logsumexp(log_p) - np.log(lags.size))
    return Scan(delay_s=lags, log_p=log_p, log_area=x, log_area_sigma=1.0 / np.sqrt(bend), log_odds=odds)


def joint_scan(model: Model, fit: Fit, step_s: float) -> Scan:
    """Log posterior at every delay: the joint evidence where the template is near its best, the template elsewhere."""
    quick = template_scan(model, fit, step_s)
    # A sharp burst seen in wide bins makes a poor template: the brighter, the further below its best one looks.
    depth = max(MODE_DEPTH, TEMPLATE_DEPTH * float(np.ptp(quick.log_p)))
    near = np.flatnonzero(quick.log_p > quick.log_p.max() - depth)
    chosen = near[:: max(1, -(-near.size // MAX_SCANNED))]
    joint = np.array(
        [
            model.log_evidence(float(quick.delay_s[k]), float(quick.log_area[k])) + np.log(quick.log_area_sigma[k])
            for k in chosen
        ]
    )
    offset = joint - quick.log_p[chosen]
    log_p = quick.log_p + float(np.median(offset[quick.log_p[chosen] <= np.median(quick.log_p[chosen])]))
    # Between the lags that were evaluated the template is brought to their level: it may be off by more than its peak.
    log_p[near] = quick.log_p[near] + np.interp(quick.delay_s[near], quick.delay_s[chosen], offset)
    log_p[chosen] = joint
    return replace(quick, log_p=log_p)
