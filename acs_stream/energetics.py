"""Energy of a burst that a limit allows: isotropic-equivalent, over what is known of the distance."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from acs_stream.spectra import Spectrum
from tocsin.domain.light_curves import FloatArray

CM_PER_MPC = 3.0856775814913673e24
SPEED_OF_LIGHT_KM_S = 299_792.458
#: Flat universe of Planck 2018.
HUBBLE_KM_S_MPC, MATTER = 67.66, 0.3111
#: Quantiles of the distance that are stated.
QUANTILES = (0.05, 0.5, 0.95)
#: What the distance is from: the layers of the sky map, cell by cell, or two numbers for the whole sky.
LAYERS, MEAN = "distance layers of the sky map", "mean and standard deviation of the distance"
LARGEST_REDSHIFT = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Energetics:
    """Isotropic-equivalent energy or luminosity of a limit.

    Parameters
    ----------
    low, median, high
        At the 5, 50 and 95 % quantiles of distance, erg or erg/s, in 1-10,000 keV of the source's frame.
    redshift
        At the median distance.
    k_correction
        At the median distance.
    simple
        4 pi d^2 F at the mean distance, as circulars state it: neither redshift nor band corrected. Over a region, F
        is the highest limit within it.
    distance_mpc
        The mean distance, Mpc.
    distance_from
        What `low`, `median` and `high` take the distance from, in words: `LAYERS` or `MEAN`.
    """

    low: float
    median: float
    high: float
    redshift: float
    k_correction: float
    simple: float
    distance_mpc: float
    distance_from: str = MEAN

    def to_json(self) -> Mapping[str, float | str]:
        """JSON-able form."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def isotropic(
    value: float,
    spectrum: Spectrum,
    *,
    band_kev: tuple[float, float],
    distance_mpc: float,
    distance_error_mpc: float = 0.0,
    is_flux: bool = False,
) -> Energetics:
    """Energy of a fluence limit (erg/cm2), or luminosity of a flux limit (erg/cm2/s), over the distance posterior.

    Parameters
    ----------
    value
        Limit in `band_kev`.
    spectrum
        It is stated for.
    band_kev
        Band of the limit.
    distance_mpc, distance_error_mpc
        Mean and standard deviation of the luminosity distance: a normal posterior, cut at zero.
    is_flux
        The limit is a flux: no division by 1 + z.

    Examples
    --------
    >>> found = isotropic(3.3e-7, Spectrum(alpha=-0.5, peak_kev=600.0), band_kev=(75, 2000), distance_mpc=108.0)
    >>> f"{found.simple:.1e}"  # S190930t, GCN 25880
    '4.6e+47'
    """
    distances = _quantiles(distance_mpc, distance_error_mpc)
    redshift = redshift_of(distances)
    k = np.array([spectrum.k_correction(band_kev, float(z)) for z in redshift])
    energy = 4 * np.pi * (distances * CM_PER_MPC) ** 2 * k * value / (1.0 if is_flux else (1 + redshift))
    return Energetics(
        low=float(energy[0]),
        median=float(energy[1]),
        high=float(energy[2]),
        redshift=float(redshift[1]),
        k_correction=float(k[1]),
        simple=float(4 * np.pi * (distance_mpc * CM_PER_MPC) ** 2 * value),
        distance_mpc=distance_mpc,
    )


def _quantiles(mean_mpc: float, error_mpc: float) -> FloatArray:
    if error_mpc <= 0:
        return np.full(3, mean_mpc)
    grid = np.linspace(max(1e-3, mean_mpc - 6 * error_mpc), mean_mpc + 6 * error_mpc, 4001)
    weight = np.cumsum(np.exp(-0.5 * ((grid - mean_mpc) / error_mpc) ** 2))
    return np.interp(QUANTILES, weight / weight[-1], grid)


def redshift_of(distance_mpc: FloatArray) -> FloatArray:
    """Redshift of a luminosity distance, shape kept.

    Examples
    --------
    >>> [round(float(z), 4) for z in redshift_of(np.array([40.0, 1000.0]))]
    [0.009, 0.1991]
    """
    z = np.concatenate([[0.0], np.geomspace(1e-5, LARGEST_REDSHIFT, 20_000)])
    slowness = 1 / np.sqrt(MATTER * (1 + z) ** 3 + 1 - MATTER)
    comoving = np.concatenate([[0.0], np.cumsum(np.diff(z) * (slowness[1:] + slowness[:-1]) / 2)])
    luminosity = (1 + z) * comoving * SPEED_OF_LIGHT_KM_S / HUBBLE_KM_S_MPC
    return np.asarray(np.interp(distance_mpc, luminosity, z), dtype=np.float64)
