"""Networks of craft: which pairs make the map, and what their delays share.

With n craft only n - 1 delays are independent. They are taken from the best-timed craft to each other one: a star. Its
errors have that craft's own error in common, which the map takes into account.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np

from tocsin.domain.late import optimize
from tocsin.domain.light_curves import FloatArray
from triangulation.posterior import DelayPosterior

#: The centre of a star is its best-timed craft, so that half of the variance of a delay at most is its own. Widths that
#: tell of more scatter, as those of weak bursts do, and regions made of it would be too small.
HIGHEST_SHARE = 0.5


class TimedPair(Protocol):
    """A pair of instruments with the posterior of its delay (arrival at b minus arrival at a)."""

    @property
    def a(self) -> str:
        """Name of the first."""
        ...

    @property
    def b(self) -> str:
        """Name of the second."""
        ...

    @property
    def posterior(self) -> DelayPosterior:
        """Of the delay."""
        ...


Pair = TypeVar("Pair", bound=TimedPair)


def star(pairs: Sequence[Pair]) -> list[Pair]:
    """Pairs with the instrument whose delays are best known: a tree, so that no pair is counted twice.

    Parameters
    ----------
    pairs
        Usable ones, of any instruments.
    """
    names = sorted({name for pair in pairs for name in (pair.a, pair.b)})
    if not names:
        return []

    def information(name: str) -> tuple[int, float]:
        own = [pair for pair in pairs if name in (pair.a, pair.b)]
        return len(own), -float(np.sum([np.log(max(pair.posterior.sigma_s, 1e-9)) for pair in own]))

    centre = max(names, key=information)
    return [pair for pair in pairs if centre in (pair.a, pair.b)]


def own_variances(pairs: Sequence[TimedPair]) -> dict[str, float]:
    """Variance of each instrument's own timing, s2, from the widths of all pairs: sigma_ij^2 = v_i + v_j, v >= 0.

    Notes
    -----
    Non-negative least squares on relative residuals, so that a wide pair does not drown the sharp ones.
    """
    names = sorted({name for pair in pairs for name in (pair.a, pair.b)})
    matrix = np.array([[float(name in (pair.a, pair.b)) for name in names] for pair in pairs])
    variances = np.array([pair.posterior.sigma_s**2 for pair in pairs])
    solution, _ = optimize.nnls(matrix / variances[:, None], np.ones(variances.size))
    return dict(zip(names, solution.tolist(), strict=True))


def shared_covariance_s2(chosen: Sequence[TimedPair], pairs: Sequence[TimedPair]) -> FloatArray | None:
    """Joint covariance of the delays of a star, s2, shape (m, m): the error of its centre is in all of them.

    Parameters
    ----------
    chosen
        The star.
    pairs
        All pairs measured, which tell the centre's share.

    Returns
    -------
    ndarray or None
        None where it would mean nothing: a single delay, no pair beside the star, or a delay with several modes.
    """
    if len(chosen) < 2 or len(pairs) <= len(chosen):
        return None
    if any("several_modes" in pair.posterior.flags or not pair.posterior.detected for pair in chosen):
        return None
    centres = set.intersection(*({pair.a, pair.b} for pair in chosen))
    if len(centres) != 1:
        return None
    (centre,) = centres
    sigma = np.array([pair.posterior.sigma_s for pair in chosen])
    # The centre is the first of some pairs and the second of others: its error enters with either sign.
    sign = np.array([1.0 if pair.b == centre else -1.0 for pair in chosen])
    shared = min(own_variances(pairs)[centre], HIGHEST_SHARE * float(sigma.min()) ** 2)
    covariance = shared * np.outer(sign, sign)
    np.fill_diagonal(covariance, sigma**2)
    return np.asarray(covariance)
