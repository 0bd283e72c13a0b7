"""Mixed-order HEALPix cells (nested): numbers, centres, sizes, and the common refinement of two partitions.

A cell of order k and number i covers the range [i, i + 1) * 4^(29 - k) of the finest grid: all algebra of mixed orders
is algebra of these ranges.
"""

import healpix
import numpy as np
import numpy.typing as npt

from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray, IntArray

FINEST_ORDER = 29
N_FINEST = 12 * 4**FINEST_ORDER
SQUARE_DEG = (180.0 / np.pi) ** 2
FULL_SKY_SR = 4.0 * np.pi
_AREAS_SR = FULL_SKY_SR / (12.0 * 4.0 ** np.arange(FINEST_ORDER + 1, dtype=np.float64))


def uniq_of(order: npt.ArrayLike, pixel: npt.ArrayLike) -> IntArray:
    """UNIQ numbers of nested pixels."""
    return np.asarray(
        np.int64(4) * (np.int64(4) ** np.asarray(order, dtype=np.int64)) + np.asarray(pixel, dtype=np.int64)
    )


def order_and_pixel(uniq: IntArray) -> tuple[IntArray, IntArray]:
    """Orders and nested pixel numbers of UNIQ numbers.

    Raises
    ------
    ScienceError
        A number is no UNIQ number of an order up to 29.
    """
    numbers = np.asarray(uniq, dtype=np.int64)
    if numbers.size and (numbers.min() < 4 or numbers.max() >= 16 * 4**FINEST_ORDER):
        raise ScienceError("not UNIQ numbers of HEALPix cells")
    # frexp gives the number of bits; above 2^53 a number may round up to the next power of two, hence the second look.
    order = (np.frexp(numbers.astype(np.float64))[1].astype(np.int64) - 1) // 2 - 1
    order -= (numbers >> (2 * order + 2)) == 0
    return order, numbers - (np.int64(4) << (2 * order))


def area_sr(order: IntArray) -> FloatArray:
    """Solid angle of cells, sr."""
    return np.asarray(_AREAS_SR[order])


def scale_rad(order: int) -> float:
    """Side of a cell, rad: square root of its solid angle."""
    return float(np.sqrt(FULL_SKY_SR / (12.0 * 4.0**order)))


def centres(order: int, pixel: IntArray) -> FloatArray:
    """Unit vectors to the centres of nested pixels of one order, shape (n, 3)."""
    return np.stack(healpix.pix2vec(1 << order, pixel, nest=True), axis=-1)


def centres_mixed(order: IntArray, pixel: IntArray) -> FloatArray:
    """Unit vectors to the centres of nested pixels, shape (n, 3)."""
    out = np.empty((pixel.size, 3))
    for each in np.unique(order):
        here = order == each
        out[here] = centres(int(each), pixel[here])
    return out


def start_of(order: IntArray, pixel: IntArray) -> IntArray:
    """First number of each cell on the finest grid."""
    return np.asarray(pixel << (2 * (FINEST_ORDER - order)))


def finest_at(ra_deg: npt.ArrayLike, dec_deg: npt.ArrayLike) -> IntArray:
    """Number on the finest grid of the cell that holds a direction (deg)."""
    ra, dec = np.atleast_1d(np.asarray(ra_deg, dtype=float)), np.atleast_1d(np.asarray(dec_deg, dtype=float))
    return np.asarray(healpix.ang2pix(1 << FINEST_ORDER, ra, dec, nest=True, lonlat=True), dtype=np.int64)


def common_cells(start_a: IntArray, start_b: IntArray) -> tuple[IntArray, IntArray]:
    """Coarsest partition that is a refinement of two, as the index of each of its cells in the one and in the other.

    Parameters
    ----------
    start_a, start_b
        First numbers on the finest grid, ascending, of the cells of two partitions of the whole sky.
    """
    starts = np.union1d(start_a, start_b)
    index_a = np.searchsorted(start_a, starts, side="right") - 1
    index_b = np.searchsorted(start_b, starts, side="right") - 1
    return np.asarray(index_a), np.asarray(index_b)


def joined(uniq: IntArray, density: FloatArray, max_order: int) -> tuple[IntArray, FloatArray]:
    """Cells and densities of a partition of which those finer than `max_order` are joined: densities become means."""
    order, pixel = order_and_pixel(uniq)
    fine = order > max_order
    if not fine.any():
        return uniq, density
    parent = pixel[fine] >> (2 * (order[fine] - max_order))
    number, index = np.unique(parent, return_inverse=True)
    mean = np.bincount(index, weights=density[fine] * 4.0 ** (max_order - order[fine]))
    coarse = uniq_of(max_order, number)
    return np.concatenate([uniq[~fine], coarse]), np.concatenate([density[~fine], mean])


def is_partition(start: IntArray, order: IntArray) -> bool:
    """Whether cells, ascending, cover the whole sky once."""
    stop = start + (np.int64(1) << (2 * (FINEST_ORDER - order)))
    return bool(start.size and start[0] == 0 and stop[-1] == N_FINEST and (stop[:-1] == start[1:]).all())
