"""Adaptive refinement: from terms to the cells of a sky map, coarse where nothing is, fine where the terms need it."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from tocsin.domain.errors import ScienceError
from tocsin.domain.late import special
from tocsin.domain.light_curves import BoolArray, FloatArray, IntArray
from triangulation import pixels
from triangulation.sky_terms import RESOLVED_SIGMA, AnnulusTerm, Cells, SkyTerm

FIRST_ORDER, MAX_ORDER = 4, 14
#: A cell with more probability than this is split.
TARGET_PROBABILITY = 2e-4
#: A cell that does not resolve every term is split while its density is above this share of the highest.
RELEVANT_DENSITY = 2e-5
#: And while its probability is above this share of the whole.
BLURRED_PROBABILITY = 1e-7
#: Cells that resolve everything are split on, to answer for what is narrower than themselves: until this many sigma ...
SHARP_SIGMA = 0.25
#: ... as long as the map has fewer cells than this over the number of its annuli.
SHARP_CELLS = 350_000
#: Beyond this number of cells only probability splits, not resolution; what stays coarse holds its exact mean.
MANY_CELLS = 500_000
#: Up to this number, cells are looked at in sixteenths to find their means, beyond it in quarters.
FEW_CELLS = 60_000
#: Head of the names of sources that are delays.
DELAY_SOURCE = "delay:"
#: Annuli that miss each other by more than this chance (4 sigma) do not meet.
DISAGREEMENT_P = 6.3e-5
#: A covariance with a larger condition number describes dependent pairs.
MAX_CONDITION = 1e8


def check_independent(
    pairs: Sequence[tuple[str, str]] | None, n_annuli: int, covariance_s2: FloatArray | None = None
) -> None:
    """Refuse delays that hold the same information twice.

    Parameters
    ----------
    pairs
        Names of the craft of each annulus, or None if not known.
    n_annuli
        Number of annuli.
    covariance_s2
        Joint covariance of the delays, s2; a sound one allows any set of pairs.

    Raises
    ------
    ScienceError
        The pairs close a loop and no sound covariance is given.
    """
    if covariance_s2 is not None:
        if np.shape(covariance_s2) != (n_annuli, n_annuli) or np.linalg.cond(covariance_s2) > MAX_CONDITION:
            raise ScienceError("the joint covariance of the delays has the wrong shape or is singular")
        return
    if pairs is None:
        return
    if len(pairs) != n_annuli:
        raise ScienceError(f"{len(pairs)} pairs named for {n_annuli} annuli")
    group: dict[str, str] = {}
    for a, b in pairs:
        root_a, root_b = _root(group, a), _root(group, b)
        if root_a == root_b:
            raise ScienceError(
                f"the pair {a} - {b} follows from the others: its annulus would count the same photons twice",
                remedy="use n - 1 pairs of n craft, best all against the best-timed one",
            )
        group[root_a] = root_b


def delay_sources(pairs: Sequence[tuple[str, str]] | None) -> frozenset[str]:
    """Names of the delays of pairs, for `united`."""
    return frozenset(DELAY_SOURCE + "|".join(sorted(pair)) for pair in pairs or ())


def united(given: Sequence[frozenset[str]], further: frozenset[str] = frozenset()) -> frozenset[str]:
    """Sources of a product of maps.

    Raises
    ------
    ScienceError
        Two of them hold the same information, or their delays together close a loop.
    """
    together: set[str] = set(further)
    for sources in given:
        if twice := sorted(together & sources):
            raise ScienceError(
                f"both maps hold {', '.join(twice)}", remedy="multiply each piece of information in once"
            )
        together |= sources
    delays = sorted(name.removeprefix(DELAY_SOURCE) for name in together if name.startswith(DELAY_SOURCE))
    if given:
        check_independent([_pair(name) for name in delays], len(delays))
    return frozenset(together)


def _pair(name: str) -> tuple[str, str]:
    a, _, b = name.partition("|")
    return a, b


def _root(group: dict[str, str], name: str) -> str:
    while (parent := group.get(name, name)) != name:
        name = parent
    return name


def build(
    terms: Sequence[SkyTerm], *, covariance_s2: FloatArray | None = None, max_order: int = MAX_ORDER
) -> tuple[IntArray, FloatArray]:
    """Cells and densities (not normalised) of the product of terms.

    Parameters
    ----------
    terms
        What to multiply.
    covariance_s2
        Joint covariance of the delays of the annuli among the terms, s2.
    max_order
        Finest order, up to 14. Cells that would be finer are joined, so that coarse ones hold the exact mean.

    Returns
    -------
    tuple
        UNIQ numbers, shape (n,), and relative densities, shape (n,).

    Raises
    ------
    ScienceError
        The annuli do not meet.
    """
    if not terms:
        raise ScienceError("a sky map needs at least one annulus, circle or map")
    if not 0 <= max_order <= MAX_ORDER:
        raise ScienceError(f"a sky map has orders from 0 to {MAX_ORDER}, not {max_order}")
    cells = _first_cells()
    uniq: list[IntArray] = []
    logs: list[FloatArray] = []
    best, total = -np.inf, 0.0
    for order in range(FIRST_ORDER, MAX_ORDER + 1):
        log_density, sides = _evaluate(terms, cells, covariance_s2)
        resolved = sides < RESOLVED_SIGMA
        before, best = best, max(best, float(log_density.max()))
        total *= float(np.exp(before - best)) if total else 0.0
        split = np.zeros(cells.pixel.size, dtype=bool)
        if order < MAX_ORDER:
            n_cells = sum(part.size for part in uniq)
            split = _to_split(log_density, resolved, order, best, total, n_cells=n_cells)
            relevant = log_density - best > np.log(RELEVANT_DENSITY)
            split |= _to_sharpen(relevant, sides, split, terms, n_cells=n_cells)
        uniq.append(pixels.uniq_of(order, cells.pixel[~split]))
        logs.append(_kept(terms, cells, log_density, resolved, split, best, covariance_s2))
        total += float((np.exp(logs[-1] - best) * pixels.area_sr(np.array([order]))).sum())
        if not split.any():
            break
        children = (4 * cells.pixel[split][:, None] + np.arange(4)).ravel()
        cells = Cells.of(order + 1, children)
    every_log = np.concatenate(logs)
    _check_meet(terms, float(every_log.max()))
    every_uniq, density = np.concatenate(uniq), np.exp(every_log - every_log.max())
    if max_order == MAX_ORDER:
        return every_uniq, density
    return pixels.joined(every_uniq, _meant(terms, every_uniq, density, max_order, covariance_s2), max_order)


@cache
def _first_cells() -> Cells:
    """The whole sky in coarse cells, with which every map begins."""
    cells = Cells.of(FIRST_ORDER, np.arange(12 * 4**FIRST_ORDER))
    cells.pixel.flags.writeable = False
    cells.centre.flags.writeable = False
    return cells


def _meant(
    terms: Sequence[SkyTerm],
    uniq: IntArray,
    density: FloatArray,
    max_order: int,
    covariance_s2: FloatArray | None,
) -> FloatArray:
    """Densities of cells that will be joined as means of points within them, in the same units; others unchanged.

    The value at a cell's centre differs from its mean by the curvature of the density, which would show in the join.
    """
    order, pixel = pixels.order_and_pixel(uniq)
    result = density.copy()
    for own in range(max_order + 1, int(order.max()) + 1):
        here = np.flatnonzero(order == own)
        if not here.size:
            continue
        deeper = 2 if here.size <= FEW_CELLS else 1
        inner = ((pixel[here] << 2 * deeper)[:, None] + np.arange(4**deeper)).ravel()
        both = [
            np.exp(_evaluate(terms, Cells.of(level, numbers), covariance_s2)[0])
            for level, numbers in ((own, pixel[here]), (own + deeper, inner))
        ]
        centre, mean = both[0], both[1].reshape(here.size, -1).mean(axis=1)
        has = centre > 0
        result[here[has]] *= mean[has] / centre[has]
    return result


def _kept(
    terms: Sequence[SkyTerm],
    cells: Cells,
    log_density: FloatArray,
    resolved: BoolArray,
    split: BoolArray,
    best: float,
    covariance_s2: FloatArray | None,
) -> FloatArray:
    """Values of the cells that stay: those that matter and are too coarse get their mean, not a safe overestimate."""
    stays = np.flatnonzero(~split)
    values = log_density[stays]
    coarse = stays[~resolved[stays] & (values - best > np.log(RELEVANT_DENSITY))]
    if coarse.size:
        last = Cells(order=cells.order, pixel=cells.pixel[coarse], centre=cells.centre[coarse], is_last=True)
        values[np.searchsorted(stays, coarse)] = _evaluate(terms, last, covariance_s2)[0]
    return values


def _evaluate(
    terms: Sequence[SkyTerm], cells: Cells, covariance_s2: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """Log of the product over each cell, and the coarseness of the cells for the term that asks most."""
    found = [term.evaluate(cells) for term in terms]
    log_density = np.sum([log for log, _ in found], axis=0)
    sides = np.maximum.reduce([coarseness for _, coarseness in found])
    if covariance_s2 is not None:
        correlation = _correlation(terms, cells, covariance_s2)
        log_density = log_density + np.where(sides < RESOLVED_SIGMA, correlation, 0.0)
    return log_density, np.asarray(sides)


def _correlation(terms: Sequence[SkyTerm], cells: Cells, covariance_s2: FloatArray) -> FloatArray:
    """What correlated errors add to the product of independent annuli: -z'(R^-1 - 1)z / 2, R the correlation matrix."""
    z = np.stack([term.z(cells) for term in terms if isinstance(term, AnnulusTerm)], axis=1)
    sigma = np.sqrt(np.diag(covariance_s2))
    excess = np.linalg.inv(covariance_s2 / np.outer(sigma, sigma)) - np.eye(sigma.size)
    return np.asarray(-0.5 * np.einsum("ni,ij,nj->n", z, excess, z))


def _to_split(
    log_density: FloatArray, resolved: BoolArray, order: int, best: float, total: float, *, n_cells: int
) -> BoolArray:
    relative = np.exp(log_density - best)
    probability = relative * pixels.scale_rad(order) ** 2
    heavy = probability > TARGET_PROBABILITY * (total + probability.sum())
    # A large cell of low density may hold more than it seems to: what is not resolved must be light, too.
    blurred = probability > BLURRED_PROBABILITY * (total + probability.sum())
    split = heavy | (~resolved & ((relative > RELEVANT_DENSITY) | blurred))
    is_much = n_cells + log_density.size + 3 * np.count_nonzero(split) > MANY_CELLS
    return np.asarray(heavy if is_much else split)


def _to_sharpen(
    relevant: BoolArray, sides: FloatArray, split: BoolArray, terms: Sequence[SkyTerm], *, n_cells: int
) -> BoolArray:
    """Further cells to split, all or none, so that the map answers well for what is narrower than itself."""
    further = relevant & (sides > SHARP_SIGMA) & (sides < RESOLVED_SIGMA) & ~split
    n_annuli = sum(isinstance(term, AnnulusTerm) for term in terms)
    n_after = n_cells + further.size + 3 * np.count_nonzero(further | split)
    return further if n_after * max(n_annuli, 1) <= SHARP_CELLS else np.zeros_like(split)


def _check_meet(terms: Sequence[SkyTerm], best_log: float) -> None:
    """Refuse annuli whose product is nowhere near the product of their peaks."""
    annuli = [term for term in terms if isinstance(term, AnnulusTerm)]
    if len(annuli) < 2 or len(annuli) != sum(not _is_prior(term) for term in terms):
        return
    missing = sum(term.best_log for term in annuli) - best_log
    if missing > 0.5 * special.chdtri(max(len(annuli) - 2, 1), DISAGREEMENT_P):
        raise ScienceError(
            "the annuli do not meet (beyond 4 sigma)",
            remedy="check that all curves show the same burst, and clocks and positions",
        )


def _is_prior(term: SkyTerm) -> bool:
    return not isinstance(term, AnnulusTerm)
