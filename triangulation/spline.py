"""Cubic B-splines integrated over bins of any width, and the banded products a likelihood needs of them.

The intensity is ``sum_k c_k B((t - t0) / h - k)`` with B the cardinal cubic B-spline on [0, 4]. Its integral over a bin
is a difference of cumulative splines, a quartic in closed form: exact for bins far wider or narrower than the knots.
"""

from dataclasses import dataclass

import numpy as np

from tocsin.domain.errors import ScienceError
from tocsin.domain.late import lapack
from tocsin.domain.light_curves import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Knots:
    """Uniform knots: start of the first spline (s), step (s), number of splines."""

    start_s: float
    step_s: float
    number: int

    @classmethod
    def over(cls, start_s: float, stop_s: float, step_s: float) -> "Knots":
        """Knots whose splines add up to one everywhere in [start, stop], s."""
        return cls(start_s=start_s - 3.0 * step_s, step_s=step_s, number=int(np.ceil((stop_s - start_s) / step_s)) + 3)

    @property
    def stop_s(self) -> float:
        """End of the last spline, s."""
        return self.start_s + (self.number + 3) * self.step_s

    @property
    def centre_s(self) -> FloatArray:
        """Middles of the splines, s, shape (number,)."""
        return np.asarray(self.start_s + self.step_s * (np.arange(self.number) + 2.0))

    def rate(self, coefficients: FloatArray, time_s: FloatArray) -> FloatArray:
        """Intensity at given times (s, shape (n,)), shape (n,)."""
        u = (time_s - self.start_s) / self.step_s
        cell = np.floor(u).astype(np.int64)
        f = u - cell
        weights = (
            f**3 / 6.0,
            (1 + 3 * f + 3 * f**2 - 3 * f**3) / 6.0,
            (4 - 6 * f**2 + 3 * f**3) / 6.0,
            (1 - f) ** 3 / 6.0,
        )
        padded = np.concatenate([np.zeros(4), coefficients, np.zeros(4)])
        return np.asarray(sum(w * padded[np.clip(cell - i + 4, 0, padded.size - 1)] for i, w in enumerate(weights)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Integrals of the splines over bins.

    Parameters
    ----------
    first
        Number of the first spline that touches each bin, shape (n,); may lie outside the knots.
    values
        Integral of spline ``first + i`` over the bin in column i, s, shape (n, m).
    knots
        The knots.
    """

    first: IntArray
    values: FloatArray
    knots: Knots

    @classmethod
    def of(cls, start_s: FloatArray, width_s: FloatArray, live: FloatArray, knots: Knots) -> "Rows":
        """Rows for bins given by start and width (s) and live share, each of shape (n,)."""
        low = (start_s - knots.start_s) / knots.step_s
        high = low + width_s / knots.step_s
        cell_low, cell_high = np.floor(low), np.floor(high)
        span = (cell_high - cell_low).astype(np.int64)
        m = int(span.max(initial=0)) + 4
        values = (np.arange(m)[None, :] < span[:, None]).astype(np.float64)
        at = span[:, None] + np.arange(4)[None, :]
        values[np.arange(span.size)[:, None], at] += _cumulative(high - cell_high)
        values[:, :4] -= _cumulative(low - cell_low)
        return cls(first=cell_low.astype(np.int64) - 3, values=values * (live * knots.step_s)[:, None], knots=knots)

    def gram(self, weight: FloatArray) -> FloatArray:
        """``P' W P`` as lower band, shape (m, number), for weights of shape (n,)."""
        m, number = self.values.shape[1], self.knots.number
        i, j = np.triu_indices(m)
        products = self.values[:, i] * self.values[:, j] * weight[:, None]
        low, high = self.first[:, None] + i[None, :], self.first[:, None] + j[None, :]
        inside = (low >= 0) & (high < number)
        place = (j - i)[None, :] * number + np.clip(low, 0, number - 1)
        band = np.bincount(place.ravel(), weights=np.where(inside, products, 0.0).ravel(), minlength=m * number)
        return np.asarray(band.reshape(m, number))

    def project(self, columns: FloatArray) -> FloatArray:
        """``P' y`` for each column of y, shape (n, r); shape (number, r)."""
        m, number = self.values.shape[1], self.knots.number
        place = self.first[:, None] + np.arange(m)[None, :]
        inside = (place >= 0) & (place < number)
        values, place = np.where(inside, self.values, 0.0), np.clip(place, 0, number - 1).ravel()
        out = [np.bincount(place, weights=(values * column[:, None]).ravel(), minlength=number) for column in columns.T]
        return np.asarray(np.stack(out, axis=1))

    def dense(self) -> FloatArray:
        """All integrals, shape (n, number)."""
        n, m = self.values.shape
        out = np.zeros((n, self.knots.number + 2 * m))
        place = np.clip(self.first + m, 0, self.knots.number + m)
        out[np.arange(n)[:, None], place[:, None] + np.arange(m)[None, :]] = self.values
        return out[:, m : m + self.knots.number]

    def expected(self, coefficients: FloatArray) -> FloatArray:
        """Expected counts of each bin, shape (n,), for coefficients of shape (number,)."""
        place = self.first[:, None] + np.arange(self.values.shape[1])[None, :]
        inside = (place >= 0) & (place < self.knots.number)
        return np.asarray(
            (np.where(inside, self.values, 0.0) * coefficients[np.clip(place, 0, self.knots.number - 1)]).sum(1)
        )


def _cumulative(f: FloatArray) -> FloatArray:
    """Cumulative spline at f + 3, f + 2, f + 1 and f (0 <= f < 1), shape (n, 4)."""
    g = 1.0 - f
    f4, g4 = f**4, g**4
    return np.stack(
        [1.0 - g4 / 24.0, 1.0 - ((1.0 + g) ** 4 - 4.0 * g4) / 24.0, ((1.0 + f) ** 4 - 4.0 * f4) / 24.0, f4 / 24.0],
        axis=1,
    )


def add_bands(*bands: FloatArray) -> FloatArray:
    """Sum of lower bands of different widths, shape (largest m, number), Fortran order."""
    widest = max(bands, key=lambda band: band.shape[0])
    total = np.array(widest, order="F")
    for band in bands:
        if band is widest:
            continue
        total[: band.shape[0]] += band
    return total


def factor(band: FloatArray) -> FloatArray:
    """Cholesky factor of a positive definite lower band.

    Raises
    ------
    ScienceError
        It is not positive definite.
    """
    lower, info = lapack.dpbtrf(band, lower=1)
    if info != 0:
        # Rounding: a sharp, bright burst makes the band span more decades than a double holds.
        lower, info = lapack.dpbtrf(
            np.concatenate([band[:1] * (1.0 + 1e-7) + 1e-10 * band[0].max(), band[1:]]), lower=1
        )
    if info != 0:
        raise ScienceError(
            "the smoothness prior and the data give no definite fit", remedy="check the counts for outliers"
        )
    return np.asarray(lower)


def log_determinant(lower: FloatArray) -> float:
    """Half the logarithm of the determinant of a factored band."""
    return float(np.log(lower[0]).sum())


def forward(lower: FloatArray, right: FloatArray) -> FloatArray:
    """``L^-1 R`` for a factored band and right sides of shape (number, r)."""
    solution, _ = lapack.dtbtrs(lower, right, uplo="L")
    return np.asarray(solution)


def solve(lower: FloatArray, right: FloatArray) -> FloatArray:
    """``(L L')^-1 R`` for a factored band and right sides of shape (number, r)."""
    solution, _ = lapack.dpbtrs(lower, right, lower=1)
    return np.asarray(solution)
