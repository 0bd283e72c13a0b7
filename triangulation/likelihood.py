"""Evidence of a common burst in two curves, its shape and the backgrounds integrated out.

Both curves are ``counts = X b + a P(delay) c`` with Poisson-like variances: b the polynomial background, c the
coefficients of a cubic-spline intensity, a the ratio of the areas. c has a Gaussian prior on its second differences
(whose scale may change along the burst), b a flat one; both integrals are Gaussian and done exactly with a banded
Cholesky factor.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tocsin.domain.late import lapack
from tocsin.domain.light_curves import FloatArray
from triangulation.comb import Comb
from triangulation.curves import Series
from triangulation.spline import Knots, Rows, add_bands, factor, forward, log_determinant, solve

#: Ridge on the scaled background normal matrix: it may be singular where a curve is short.
RIDGE = 1e-10


@dataclass(frozen=True, kw_only=True, eq=False)
class Data:
    """One curve, ready for the likelihood.

    Parameters
    ----------
    series
        Bins.
    net
        Counts minus a first guess of the background, shape (n,).
    design
        Background polynomials per bin, shape (n, p).
    weight
        1 / variance, shape (n,).
    inner
        The fine bins, where the shape may be.
    """

    series: Series
    net: FloatArray
    design: FloatArray
    weight: FloatArray
    inner: slice

    @cached_property
    def stop_s(self) -> FloatArray:
        """Ends of the bins, s, shape (n,)."""
        return self.series.stop_s

    @cached_property
    def columns(self) -> FloatArray:
        """``W [y X]``, shape (n, 1 + p)."""
        return np.asarray(np.column_stack([self.net, self.design]) * self.weight[:, None])

    @cached_property
    def comb(self) -> Comb | None:
        """The equal bins of the curve, or None where they are not equal."""
        series, part = self.series, self.inner
        return Comb.of(
            series.start_s[part], series.width_s[part], series.live[part], self.weight[part], self.columns[part]
        )

    @cached_property
    def normal(self) -> FloatArray:
        """``X' W X``, shape (p, p)."""
        return np.asarray((self.design * self.weight[:, None]).T @ self.design)

    @cached_property
    def moment(self) -> FloatArray:
        """``X' W y``, shape (p,)."""
        return np.asarray(self.design.T @ (self.weight * self.net))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Projection:
    """A curve seen at one delay: ``P'WP`` (band), ``P'Wy`` and ``P'WX`` (columns), ``X'WX``, ``X'Wy``."""

    gram: FloatArray
    right: FloatArray
    normal: FloatArray
    moment: FloatArray


def project(data: Data, knots: Knots, delay_s: float = 0.0) -> Projection:
    """Curve through splines that arrive `delay_s` later, s."""
    found = None if data.comb is None else data.comb.project(knots, delay_s)
    if found is not None:
        return Projection(gram=found[0], right=found[1], normal=data.normal, moment=data.moment)
    part, rows = rows_at(data, knots, delay_s)
    weight = data.weight[part]
    return Projection(
        gram=rows.gram(weight), right=rows.project(data.columns[part]), normal=data.normal, moment=data.moment
    )


def rows_at(data: Data, knots: Knots, delay_s: float) -> tuple[slice, Rows]:
    """Bins that splines arriving `delay_s` later touch, and the integrals over them."""
    series = data.series
    part = slice(
        int(np.searchsorted(data.stop_s, knots.start_s + delay_s, side="right")),
        int(np.searchsorted(series.start_s, knots.stop_s + delay_s, side="left")),
    )
    return part, Rows.of(series.start_s[part] - delay_s, series.width_s[part], series.live[part], knots)


def expected_signal(data: Data, knots: Knots, delay_s: float, coefficients: FloatArray) -> FloatArray:
    """Counts of a shape that arrives `delay_s` later in each bin, shape (n,)."""
    part, rows = rows_at(data, knots, delay_s)
    out = np.zeros(data.net.size)
    out[part] = rows.expected(coefficients)
    return out


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Smoothness:
    """Prior of the spline coefficients: precision as lower band, shape (3, number), and half its log determinant."""

    band: FloatArray
    half_log_determinant: float

    @classmethod
    def of(cls, curvature: FloatArray, ridge: FloatArray) -> "Smoothness":
        """Prior from standard deviations: of the second differences, shape (number - 2,), and of the coefficients."""
        band = np.zeros((3, ridge.size), order="F")
        w = curvature**-2.0
        band[0] = ridge**-2.0
        band[0, :-2] += w
        band[0, 1:-1] += 4.0 * w
        band[0, 2:] += w
        band[1, :-2] -= 2.0 * w
        band[1, 1:-1] -= 2.0 * w
        band[2, :-2] += w
        return cls(band=band, half_log_determinant=log_determinant(factor(band.copy(order="F"))))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """Most probable shape and backgrounds: coefficients, shape (number,), and background coefficients of each curve."""

    coefficients: FloatArray
    backgrounds: tuple[FloatArray, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _System:
    lower: FloatArray
    right: FloatArray
    schur: FloatArray
    rest: FloatArray
    explained: float


def _system(prior: Smoothness, seen: tuple[Projection, ...], scales: tuple[float, ...]) -> _System:
    band = add_bands(
        prior.band, *(each.gram if a == 1.0 else each.gram * (a * a) for each, a in zip(seen, scales, strict=True))
    )
    lower = factor(band)
    number = lower.shape[1]
    right = np.zeros((number, 1 + sum(each.moment.size for each in seen)), order="F")
    schur, rest = np.zeros((right.shape[1] - 1,) * 2), np.empty(right.shape[1] - 1)
    at = 0
    for each, a in zip(seen, scales, strict=True):
        p = each.moment.size
        right[:, 0] += a * each.right[:, 0]
        right[:, 1 + at : 1 + at + p] = a * each.right[:, 1:]
        schur[at : at + p, at : at + p] = each.normal
        rest[at : at + p] = each.moment
        at += p
    y = forward(lower, right)
    products = y.T @ y
    schur -= products[1:, 1:]
    rest -= products[1:, 0]
    schur.flat[:: at + 1] *= 1.0 + RIDGE
    return _System(lower=lower, right=right, schur=schur, rest=rest, explained=float(products[0, 0]))


def log_evidence(prior: Smoothness, seen: tuple[Projection, ...], scales: tuple[float, ...]) -> float:
    """Logarithm of the probability of the curves given delay and area ratio, up to a constant of the data."""
    system = _system(prior, seen, scales)
    root, fitted, info = lapack.dposv(system.schur, system.rest)
    if info != 0:
        return -np.inf
    return float(
        0.5 * (system.explained + system.rest @ fitted)
        - log_determinant(system.lower)
        - np.log(root.diagonal()).sum()
        + prior.half_log_determinant
    )


def explained(prior: Smoothness, seen: tuple[Projection, ...], scales: tuple[float, ...]) -> float:
    """How much the most probable shape and backgrounds lower chi-squared, the price of the shape paid."""
    system = _system(prior, seen, scales)
    root = np.sqrt(np.maximum(np.diag(system.schur), 1e-30))
    # Columns may see no bin, or be sums of others.
    scaled = np.linalg.pinv(system.schur / np.outer(root, root), rcond=RIDGE, hermitian=True)
    return float(system.explained + (system.rest / root) @ scaled @ (system.rest / root))


def leverage(
    prior: Smoothness, seen: tuple[Projection, ...], scales: tuple[float, ...], rows: FloatArray, columns: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Posterior variance of linear predictions, shape (k,), and their covariance with the last background column.

    Parameters
    ----------
    prior, seen, scales
        The fit.
    rows, columns
        Weights of the shape's coefficients, shape (number, k), and of all background columns, shape (p, k).
    """
    system = _system(prior, seen, scales)
    y = forward(system.lower, rows)
    rest = columns - forward(system.lower, system.right[:, 1:]).T @ y
    solved = np.linalg.solve(system.schur, rest)
    return np.asarray((y * y).sum(axis=0) + (rest * solved).sum(axis=0)), np.asarray(solved[-1])


def best_fit(prior: Smoothness, seen: tuple[Projection, ...], scales: tuple[float, ...]) -> Fit:
    """Most probable shape and backgrounds."""
    system = _system(prior, seen, scales)
    background = np.linalg.solve(system.schur, system.rest)
    coefficients = solve(system.lower, system.right @ np.concatenate([[1.0], -background]))
    cuts = np.cumsum([each.moment.size for each in seen])[:-1]
    return Fit(coefficients=np.ravel(coefficients), backgrounds=tuple(np.split(background, cuts)))
