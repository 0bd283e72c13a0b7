"""Overlap of three sky maps, from overlaps of two."""

from tocsin.domain.errors import ScienceError
from triangulation.skymap import SkyMap, overlap


def triple_overlap(a: SkyMap, b: SkyMap, c: SkyMap) -> float:
    """Overlap of three maps, (4 pi)^2 times the integral of p_a p_b p_c over the sky: 1 if none knows anything.

    Parameters
    ----------
    a, b, c
        Maps, in any order.

    Returns
    -------
    float
        0 where any two exclude each other.

    Notes
    -----
    Exact on the common refinement: the overlap of two, times the overlap of their normalised product with the third.

    Examples
    --------
    Three that agree agree more than two:

    >>> spot = SkyMap.from_position(10.0, 20.0, error_radius_deg=5.0, containment=0.9)
    >>> triple_overlap(spot, spot, spot) > overlap(spot, spot) ** 2
    True
    """
    try:
        joint = a.combine(b)
    except ScienceError:
        return 0.0
    return overlap(a, b) * overlap(joint, c)
