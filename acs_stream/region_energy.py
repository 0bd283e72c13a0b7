"""Energy of a burst that a limit allows, over a region of the sky: limit and distance of each of its cells together.

A sky map of LIGO-Virgo-KAGRA holds a distance posterior for every cell. What a limit allows is stated over the joint
posterior of place and distance within the region that the limit is stated for, not at the mean distance of the sky.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from acs_stream.attitude import Attitude
from acs_stream.energetics import CM_PER_MPC, LAYERS, QUANTILES, Energetics, isotropic, redshift_of
from acs_stream.limits import Limits
from acs_stream.response import ResponseTable
from acs_stream.sky_limits import LEVELS, limit_map, region_cells
from acs_stream.spectra import Spectrum
from tocsin.domain.light_curves import FloatArray, IntArray
from triangulation.distances import moments
from triangulation.skymap import SkyMap
from triangulation.skymap_file import DISTANCE_COLUMNS

#: Distances at which the posterior of a cell is evaluated; and cells at most: of more, so many are drawn evenly.
DISTANCES, MOST_CELLS = 601, 1000
#: The posterior is followed so many standard deviations of a cell's distance to either side.
REACH_SIGMAS = 5.0
#: Steps of ln(energy) in which its distribution is kept.
STEP_LN = 0.002
#: A region less than this share of which has distances has none.
LEAST_SHARE = 0.5
#: Redshifts between which the k-correction is interpolated.
REDSHIFT_NODES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """What is known of the distance besides the map: mean and standard deviation, Mpc."""

    mean_mpc: float
    error_mpc: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionEnergy:
    """Energy and luminosity that the limits allow in a credible region.

    Parameters
    ----------
    level
        Of the region.
    energy
        Of the hard 1 s fluence limit.
    luminosity
        Of the soft 1 s flux limit.
    """

    level: float
    energy: Energetics
    luminosity: Energetics

    def to_json(self) -> Mapping[str, object]:
        """JSON-able form."""
        return {
            "level": self.level,
            "isotropic_energy_erg": self.energy.to_json(),
            "isotropic_luminosity_erg_s": self.luminosity.to_json(),
        }


def energies_over_regions(
    limits: Limits, table: ResponseTable, skymap: SkyMap, *, attitude: Attitude | None, distance: Distance | None
) -> tuple[RegionEnergy, ...]:
    """Energy and luminosity that the limits allow over the 50 % and 90 % regions; empty without distance or response.

    Parameters
    ----------
    limits
        Of the counts.
    table
        Response by direction.
    skymap
        Where the source is, and how far, if it says so.
    attitude
        How the craft was turned; None: the limits' one response holds everywhere.
    distance
        As in `isotropic_over_region`.
    """
    response = limits.response
    if response is None or limits.hard_1s_erg_cm2 is None or limits.soft_1s_erg_cm2_s is None:
        return ()
    found = []
    for level in LEVELS:
        cells, ra, dec = region_cells(skymap, level)
        if attitude is None:
            hard, soft = (np.full(cells.size, v) for v in (limits.hard_1s_erg_cm2, limits.soft_1s_erg_cm2_s))
        else:
            over = limit_map(limits, table, attitude, ra, dec)
            hard, soft = over["hard_1s_erg_cm2"], over["soft_1s_erg_cm2_s"]
        band = table.band_kev
        energy = isotropic_over_region(hard, skymap, cells, table.hard, band_kev=band, distance=distance)
        luminosity = isotropic_over_region(
            soft, skymap, cells, table.soft, band_kev=band, distance=distance, is_flux=True
        )
        if energy is not None and luminosity is not None:
            found.append(RegionEnergy(level=level, energy=energy, luminosity=luminosity))
    return tuple(found)


def isotropic_over_region(
    values: FloatArray,
    skymap: SkyMap,
    cells: IntArray,
    spectrum: Spectrum,
    *,
    band_kev: tuple[float, float],
    distance: Distance | None = None,
    is_flux: bool = False,
) -> Energetics | None:
    """Energy (luminosity) of limits in the cells of a region, over the joint posterior of cell and distance.

    Parameters
    ----------
    values
        Limit in each cell, erg/cm2 or erg/cm2/s, shape (n,).
    skymap
        With or without distance layers.
    cells
        Indices of the region's cells in the map, shape (n,).
    spectrum, band_kev
        The limits are stated for.
    distance
        For the simple form, and where the map has no layers; None: the map's own mean.
    is_flux
        The limits are fluxes.

    Returns
    -------
    Energetics or None
        None where no distance is known at all.
    """
    known = distance if distance is not None else _mean_of(skymap)
    if known is None:
        return None
    most = float(values.max())
    simple = 4 * np.pi * (known.mean_mpc * CM_PER_MPC) ** 2 * most
    weight = skymap.probability[cells]
    has = _cells_with_distance(skymap, cells)
    if has is None or weight[has].sum() < LEAST_SHARE * weight.sum():
        return isotropic(
            most,
            spectrum,
            band_kev=band_kev,
            distance_mpc=known.mean_mpc,
            distance_error_mpc=known.error_mpc,
            is_flux=is_flux,
        )
    picked = _picked(weight[has])
    rows = cells[has][picked]
    share = weight[has][picked] if picked.size == has.sum() else np.full(picked.size, 1.0 / picked.size)
    far_mpc, weights = _posteriors(skymap, rows, share)
    worth = _energy_per_limit(far_mpc, spectrum, band_kev, is_flux=is_flux)
    low, median, high = _quantiles(np.log(values[has][picked][:, None] * worth), weights)
    middle_mpc = _quantiles(np.log(far_mpc), weights)[1]
    redshift = float(redshift_of(np.array([middle_mpc]))[0])
    return Energetics(
        low=low,
        median=median,
        high=high,
        redshift=redshift,
        k_correction=spectrum.k_correction(band_kev, redshift),
        simple=float(simple),
        distance_mpc=known.mean_mpc,
        distance_from=LAYERS,
    )


def _mean_of(skymap: SkyMap) -> Distance | None:
    found = skymap.distance_mpc
    return None if found is None else Distance(mean_mpc=found[0], error_mpc=found[1])


def _cells_with_distance(skymap: SkyMap, cells: IntArray) -> npt.NDArray[np.bool_] | None:
    if not set(DISTANCE_COLUMNS) <= set(skymap.distance):
        return None
    mu, sigma, norm = (skymap.distance[name][cells] for name in DISTANCE_COLUMNS)
    has = np.isfinite(mu) & np.isfinite(sigma) & np.isfinite(norm) & (sigma > 0) & (norm > 0)
    has[has] = moments(mu[has], sigma[has])[0] > 0
    return np.asarray(has)


def _picked(weight: FloatArray) -> IntArray:
    """All cells, or as many as are followed, each drawn as often as its probability says."""
    if weight.size <= MOST_CELLS:
        return np.arange(weight.size)
    places = (np.arange(MOST_CELLS) + 0.5) / MOST_CELLS
    return np.searchsorted(np.cumsum(weight) / weight.sum(), places)


def _posteriors(skymap: SkyMap, rows: IntArray, share: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Distances, Mpc, and their weight, shape (n, m) each: weights of a cell sum up to its share."""
    mu, sigma = (skymap.distance[name][rows] for name in DISTANCE_COLUMNS[:2])
    second, third, fourth = moments(mu, sigma)
    mean = third / second
    reach = REACH_SIGMAS * np.sqrt(np.maximum(fourth / second - mean**2, 1e-6 * mean**2))
    first = np.maximum(mean - reach, 1e-3 * mean)
    distance = first[:, None] + np.linspace(0.0, 1.0, DISTANCES) * (mean + reach - first)[:, None]
    exponent = -0.5 * ((distance - mu[:, None]) / sigma[:, None]) ** 2
    density = distance**2 * np.exp(exponent - exponent.max(axis=1, keepdims=True))
    return distance, density / density.sum(axis=1, keepdims=True) * share[:, None]


def _energy_per_limit(
    distance_mpc: FloatArray, spectrum: Spectrum, band_kev: tuple[float, float], *, is_flux: bool
) -> FloatArray:
    """Energy over limit at each distance, cm2, shape kept: 4 pi d^2 k, over 1 + z for a fluence."""
    redshift = redshift_of(distance_mpc)
    nodes = np.linspace(float(redshift.min()), float(redshift.max()), REDSHIFT_NODES)
    k = np.interp(redshift, nodes, [spectrum.k_correction(band_kev, float(z)) for z in nodes])
    return np.asarray(4 * np.pi * (distance_mpc * CM_PER_MPC) ** 2 * k / (1.0 if is_flux else 1 + redshift))


def _quantiles(ln_values: FloatArray, weight: FloatArray) -> tuple[float, float, float]:
    """Quantiles of what the logarithms are of."""
    first = float(ln_values.min())
    step = np.bincount(((ln_values - first) / STEP_LN).astype(np.int64).ravel(), weights=weight.ravel())
    total = np.cumsum(step)
    places = first + STEP_LN * (np.arange(step.size) + 0.5)
    low, median, high = (float(np.exp(places[np.searchsorted(total, q * total[-1])])) for q in QUANTILES)
    return low, median, high
