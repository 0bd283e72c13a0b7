r"""Two numbers on a coincidence, never to be mixed: the association chance, and the false-alarm rate of noise pairs.

*Association chance*: given that both events are real, the probability of such another event of the searched stream
within the window, and as near in the sky, by chance: ``1 - exp(-R dt / I)``. It stands behind words like "associated".

*Joint FAR*: the rate at which unrelated noise makes a pair as telling. Where one stream is taken whole (every burst),
``R dt FAR / I``. Where candidates of both are taken up to a published threshold and ranked by their FARs (targeted),
``z (1 - ln(z / z_max)) / I`` with ``z = dt FAR_a FAR_b``.

`I` is 4 pi times the integral of p_a p_b: 1 without knowledge of the sky. Both hold for independent maps and an
isotropic background: the mean of I over unrelated pairs is then 1, and the rate of pairs with a joint FAR below x is x.

References
----------
Urban 2016, PhD thesis, University of Wisconsin-Milwaukee; Cho 2019, PhD thesis (targeted form);
Ashton et al. 2018, ApJ 860, 6 (I); LIGO/Virgo/KAGRA public alerts user guide (windows).
"""

import math
from dataclasses import dataclass

from triggers.coincidence import YEAR_S, chance_probability

#: FARs below this are used as if they were it, and printed with "<": no background is known further out.
LEAST_FAR_HZ = 1.0 / (1e5 * YEAR_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class JointFar:
    """Joint false-alarm rate.

    Parameters
    ----------
    far_hz
        Hz; infinite where the maps exclude each other.
    is_limit
        A FAR below `LEAST_FAR_HZ` was used as that: the value is an upper limit.
    """

    far_hz: float
    is_limit: bool = False


def association_chance(rate_hz: float, window_s: float, *, overlap: float = 1.0, trials: float = 1.0) -> float:
    """Probability of an unrelated event of the searched stream as near in time and sky, given both are real.

    Parameters
    ----------
    rate_hz
        Rate R of the searched stream as a whole, Hz.
    window_s
        Total length of the window dt, s, with what it was widened by.
    overlap
        I; 0 where the skies exclude each other, and the chance is then 1.
    trials
        Windows in which this pair of streams is looked at.

    Examples
    --------
    Six seconds at 325 bursts a year, without sky:

    >>> f"{association_chance(325.0 / YEAR_S, 6.0):.1e}"
    '6.2e-05'
    """
    if overlap < 0.0:
        raise ValueError("overlaps are not negative")
    return 1.0 if overlap == 0.0 else chance_probability(rate_hz / overlap, window_s, trials=trials)


def joint_far(far_hz: float, rate_hz: float, window_s: float, *, overlap: float = 1.0) -> JointFar:
    """Joint FAR where one stream is taken whole: R dt FAR / I.

    Parameters
    ----------
    far_hz
        FAR of the event that has one, Hz.
    rate_hz, window_s, overlap
        As in `association_chance`.

    Examples
    --------
    An event of one a year with a burst within 6 s and 660 s, as years per false alarm:

    >>> [f"{1.0 / (joint_far(1.0 / YEAR_S, 325.0 / YEAR_S, s).far_hz * YEAR_S):.3g}" for s in (6.0, 660.0)]
    ['1.62e+04', '147']
    """
    if min(far_hz, rate_hz, window_s, overlap) < 0.0:
        raise ValueError("rates, windows and overlaps are not negative")
    used_hz = max(far_hz, LEAST_FAR_HZ)
    far = math.inf if overlap == 0.0 else used_hz * rate_hz * window_s / overlap
    return JointFar(far_hz=far, is_limit=far_hz < LEAST_FAR_HZ)


def joint_far_targeted(
    far_a_hz: float,
    far_b_hz: float,
    window_s: float,
    *,
    published_a_hz: float,
    published_b_hz: float,
    overlap: float = 1.0,
) -> JointFar:
    """Joint FAR of candidates of two streams, each published up to a FAR and ranked by it.

    Parameters
    ----------
    far_a_hz, far_b_hz, window_s, overlap
        As in `joint_far`.
    published_a_hz, published_b_hz
        FAR up to which each stream is published, Hz: z_max is dt times their product.

    Raises
    ------
    ValueError
        z is beyond z_max: the formula does not hold, and no number is given.
    """
    if min(far_a_hz, far_b_hz, window_s, overlap) < 0.0:
        raise ValueError("rates, windows and overlaps are not negative")
    used_a_hz, used_b_hz = max(far_a_hz, LEAST_FAR_HZ), max(far_b_hz, LEAST_FAR_HZ)
    z_hz, most_hz = window_s * used_a_hz * used_b_hz, window_s * published_a_hz * published_b_hz
    if z_hz > most_hz:
        raise ValueError("the pair is beyond the thresholds up to which its streams are published")
    rate_hz = z_hz * (1.0 - math.log(z_hz / most_hz)) if z_hz > 0.0 else 0.0
    is_limit = min(far_a_hz, far_b_hz) < LEAST_FAR_HZ
    return JointFar(far_hz=math.inf if overlap == 0.0 else rate_hz / overlap, is_limit=is_limit)


def triple_chance(rates_hz: tuple[float, float], windows_s: tuple[float, float], *, overlap: float = 1.0) -> float:
    """Probability of one unrelated event of each of two streams about a third, given all are real.

    Parameters
    ----------
    rates_hz, windows_s
        Of the two streams searched around the third.
    overlap
        I_3, (4 pi)^2 times the integral of p_1 p_2 p_3; 1 without sky.
    """
    if overlap == 0.0:
        return 1.0
    expected = rates_hz[0] * windows_s[0] * rates_hz[1] * windows_s[1] / overlap
    return -math.expm1(-expected)


def triple_far(
    far_hz: float, rates_hz: tuple[float, float], windows_s: tuple[float, float], *, overlap: float = 1.0
) -> JointFar:
    """Joint FAR of three: FAR times the product of the two R dt, over I_3.

    Examples
    --------
    >>> triple_far(1e-7, (1e-5, 1e-6), (6.0, 1000.0)).far_hz == 1e-7 * (1e-5 * 6.0) * (1e-6 * 1000.0)
    True
    """
    used_hz = max(far_hz, LEAST_FAR_HZ)
    product = (rates_hz[0] * windows_s[0]) * (rates_hz[1] * windows_s[1])
    far = math.inf if overlap == 0.0 else used_hz * product / overlap
    return JointFar(far_hz=far, is_limit=far_hz < LEAST_FAR_HZ)
