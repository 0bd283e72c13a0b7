"""Distances in LVK maps: in each cell p(r) = norm r^2 N(r; mu, sigma), whose moments are known in closed form.

References
----------
Singer, L. P. et al. 2016, ApJS 226, 10 (Going the Distance, supplement).
"""

import numpy as np

from tocsin.domain.late import special
from tocsin.domain.light_curves import FloatArray


def moments(mu: FloatArray, sigma: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Integrals over r > 0 of r^2, r^3 and r^4 times a Gaussian of mean `mu` and width `sigma`, any shape.

    Examples
    --------
    >>> second, third, fourth = moments(np.array([100.0]), np.array([1e-6]))
    >>> round(float(third[0] / second[0]), 6)
    100.0
    """
    z = mu / sigma
    below = special.ndtr(z)
    at_zero = sigma * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
    # I_k = mu I_(k-1) + (k - 1) sigma^2 I_(k-2), plus the end at r = 0 for k = 1.
    raw = [below, mu * below + at_zero]
    for k in range(2, 5):
        raw.append(mu * raw[k - 1] + (k - 1) * sigma**2 * raw[k - 2])
    return raw[2], raw[3], raw[4]


def mean_distance_mpc(
    probability: FloatArray, mu: FloatArray, sigma: FloatArray, norm: FloatArray
) -> tuple[float, float] | None:
    """Mean and standard deviation of the distance over the whole sky, Mpc; None where no cell has a distance.

    Parameters
    ----------
    probability
        Of each cell, shape (n,).
    mu, sigma, norm
        Its layers DISTMU, DISTSIGMA (Mpc) and DISTNORM (Mpc^-2), shape (n,); not finite where it has none.
    """
    has = np.isfinite(mu) & np.isfinite(sigma) & np.isfinite(norm) & (sigma > 0) & (norm > 0)
    weight = probability[has]
    if not weight.size or weight.sum() <= 0:
        return None
    second, third, fourth = moments(mu[has], sigma[has])
    known = second > 0
    if not known.any():
        return None
    weight = weight[known] / weight[known].sum()
    mean = float(weight @ (third[known] / second[known]))
    square = float(weight @ (fourth[known] / second[known]))
    return mean, float(np.sqrt(max(square - mean**2, 0.0)))
