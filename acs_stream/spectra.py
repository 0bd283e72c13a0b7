"""Spectra of gamma-ray bursts: the forms limits are stated for, their fluence in a band, and the k-correction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tocsin.domain.errors import ConfigurationError
from tocsin.domain.light_curves import FloatArray

ERG_PER_KEV = 1.602176634e-9
#: Grid of energies for integrals: points a decade.
POINTS_A_DECADE = 400
PIVOT_KEV = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """Photon spectrum of a burst, known up to its size.

    Parameters
    ----------
    alpha
        Photon index at low energies.
    peak_kev
        Peak of E^2 N(E), keV.
    beta
        Photon index at high energies (Band); None: a power law with an exponential cut-off.

    References
    ----------
    Band et al. 1993, ApJ 413, 281.
    """

    alpha: float
    peak_kev: float
    beta: float | None = None

    @classmethod
    def from_config(cls, table: Mapping[str, Any], *, file: str, key: str) -> "Spectrum":
        """Spectrum of a configuration table {alpha, peak_kev[, beta]}."""
        numbers = {name: table.get(name) for name in ("alpha", "peak_kev", "beta")}
        for name, value in numbers.items():
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number and not (name == "beta" and value is None):
                raise ConfigurationError(f"must be a number, not {value!r}", file=file, key=f"{key}.{name}")
        beta = numbers["beta"]
        alpha, peak = float(numbers["alpha"] or 0.0), float(numbers["peak_kev"] or 0.0)
        if alpha <= -2 or peak <= 0 or (beta is not None and float(beta) >= -2):
            raise ConfigurationError("needs alpha > -2, peak_kev > 0 and beta < -2", file=file, key=key)
        return cls(alpha=alpha, peak_kev=peak, beta=None if beta is None else float(beta))

    @property
    def words(self) -> str:
        """As circulars write it."""
        if self.beta is None:
            return f"cut-off power law, alpha {self.alpha:g}, E_peak {self.peak_kev:g} keV"
        return f"Band, alpha {self.alpha:g}, beta {self.beta:g}, E_peak {self.peak_kev:g} keV"

    def photons(self, energy_kev: FloatArray) -> FloatArray:
        """Photons per keV at energies in keV, of arbitrary size."""
        fold = self.peak_kev / (2 + self.alpha)
        low = (energy_kev / PIVOT_KEV) ** self.alpha * np.exp(-energy_kev / fold)
        if self.beta is None:
            return np.asarray(low)
        step = self.alpha - self.beta
        joint = step * fold
        high = (joint / PIVOT_KEV) ** step * np.exp(-step) * (energy_kev / PIVOT_KEV) ** self.beta
        return np.asarray(np.where(energy_kev < joint, low, high))

    def fluence_erg(self, band_kev: tuple[float, float]) -> float:
        """Energy in a band, erg, of arbitrary size.

        Examples
        --------
        >>> hard = Spectrum(alpha=-0.5, peak_kev=600.0)
        >>> round(hard.fluence_erg((75, 2000)) / hard.fluence_erg((10, 10000)), 2)
        0.93
        """
        energy = energies(band_kev)
        return float(np.trapezoid(energy * self.photons(energy) * energy, np.log(energy))) * ERG_PER_KEV

    def k_correction(self, band_kev: tuple[float, float], redshift: float) -> float:
        """Fluence in 1-10,000 keV of the source's own frame over that observed in a band."""
        return self.fluence_erg((1.0 / (1 + redshift), 1e4 / (1 + redshift))) / self.fluence_erg(band_kev)


def energies(band_kev: tuple[float, float]) -> FloatArray:
    """Even grid in the logarithm of energy over a band, keV."""
    low, high = band_kev
    return np.geomspace(low, high, max(50, int(POINTS_A_DECADE * np.log10(high / low))))
