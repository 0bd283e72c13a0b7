"""Would a known burst have been found in these data? Expected counts, detection, and bursts of ``bursts.toml``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from acs_stream.injection import Recovery, boxcar, found_rate_hz, pulse, recover
from acs_stream.measured import Measured
from acs_stream.response import Response, ResponseTable
from acs_stream.spectra import Spectrum
from tocsin.domain.errors import ConfigurationError
from tocsin.domain.light_curves import FloatArray

KEYS = frozenset({"name", "duration_s", "shape", "fluence_erg_cm2", "band_kev", "spectrum", "source"})
SHAPES = {"boxcar": boxcar, "pulse": pulse}
#: Expected and measured counts agree within so many of their errors.
AGREE_SIGMAS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBurst:
    """A burst to be tried.

    Parameters
    ----------
    name, source
        What it is, and where its numbers are from.
    duration_s, shape
        Length, and ``boxcar`` or ``pulse``.
    fluence_erg_cm2, band_kev
        Fluence in its band.
    spectrum
        Its spectrum.
    """

    name: str
    duration_s: float
    shape: str
    fluence_erg_cm2: float
    band_kev: tuple[float, float]
    spectrum: Spectrum
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of it.

    Parameters
    ----------
    burst
        Which.
    expected_counts
        In the direction of the response.
    probability
        Chance that it would have been found, what is not known of the response included.
    fluence_50_erg_cm2
        Fluence of a burst like it that is found every second time.
    """

    burst: TrialBurst
    expected_counts: float
    probability: float
    fluence_50_erg_cm2: float

    def to_json(self) -> Mapping[str, Any]:
        """JSON-able form."""
        return {
            "name": self.burst.name,
            "duration_s": self.burst.duration_s,
            "fluence_erg_cm2": self.burst.fluence_erg_cm2,
            "band_kev": list(self.burst.band_kev),
            "expected_counts": self.expected_counts,
            "probability": self.probability,
            "fluence_50_erg_cm2": self.fluence_50_erg_cm2,
            "source": self.burst.source,
        }


def bursts_from_config(config: Mapping[str, Any], *, file: str) -> tuple[TrialBurst, ...]:
    """Bursts of a parsed ``bursts.toml``; `ConfigurationError` naming the key where something is wrong."""
    rows = config.get("burst")
    if not isinstance(rows, Sequence) or not all(isinstance(row, Mapping) for row in rows):
        raise ConfigurationError("must be a list of tables", file=file, key="burst")
    return tuple(_burst(row, file, f"burst[{k}]") for k, row in enumerate(rows, start=1))


def _burst(row: Mapping[str, Any], file: str, key: str) -> TrialBurst:
    for name in sorted(KEYS ^ set(row)):
        raise ConfigurationError("unknown setting" if name in row else "is missing", file=file, key=f"{key}.{name}")
    for name in ("duration_s", "fluence_erg_cm2"):
        if not isinstance(row[name], int | float) or not row[name] > 0:
            raise ConfigurationError("must be a positive number", file=file, key=f"{key}.{name}")
    if row["shape"] not in SHAPES:
        raise ConfigurationError(f"must be one of {', '.join(SHAPES)}", file=file, key=f"{key}.shape")
    band = row["band_kev"]
    if not isinstance(band, Sequence) or len(band) != 2 or not 0 < band[0] < band[1]:
        raise ConfigurationError("must be [low, high]", file=file, key=f"{key}.band_kev")
    if not isinstance(row["spectrum"], Mapping):
        raise ConfigurationError("must be a table", file=file, key=f"{key}.spectrum")
    return TrialBurst(
        name=str(row["name"]),
        duration_s=float(row["duration_s"]),
        shape=str(row["shape"]),
        fluence_erg_cm2=float(row["fluence_erg_cm2"]),
        band_kev=(float(band[0]), float(band[1])),
        spectrum=Spectrum.from_config(row["spectrum"], file=file, key=f"{key}.spectrum"),
        source=str(row["source"]),
    )


def try_burst(recovery: Recovery, burst: TrialBurst, *, table: ResponseTable, response: Response) -> Trial:
    """Chance that a burst would have been found, in the direction of `response`.

    Parameters
    ----------
    recovery
        See `recovery_of`.
    burst
        Which.
    table, response
        Response of the instrument, and in the direction of the source.
    """
    per_count = table.erg_cm2_per_count(burst.spectrum, burst.band_kev) / response.fraction_of_best
    counts = burst.fluence_erg_cm2 / per_count
    return Trial(
        burst=burst,
        expected_counts=counts,
        probability=recovery.probability(counts, response.total_fraction),
        fluence_50_erg_cm2=recovery.counts_at(0.5) * per_count,
    )


def recovery_of(
    measured: Measured,
    burst: TrialBurst,
    *,
    t0_s: float,
    window_s: float,
    avoid_s: Sequence[tuple[float, float]] = (),
) -> Recovery:
    """Counts that a burst of this shape needs to be found: expected of noise 0.01 times in the window."""
    bin_s = float(np.median(measured.stop_s[:1000] - measured.start_s[:1000]))
    shape = SHAPES[burst.shape](burst.duration_s, bin_s)
    return recover(measured, shape, found_rate_hz(window_s), t0_s=t0_s, window_s=window_s, avoid_s=avoid_s)


def probability_over_sky(
    recovery: Recovery, burst: TrialBurst, table: ResponseTable, theta_deg: FloatArray, phi_deg: FloatArray
) -> FloatArray:
    """Chance that a burst would have been found at each position, shape (n,).

    Parameters
    ----------
    recovery
        See `recovery_of`.
    burst
        Which.
    table
        Response by direction.
    theta_deg, phi_deg
        Positions in the spacecraft's axes, deg, shape (n,).
    """
    fraction, _ = table.over_sky(theta_deg, phi_deg)
    best = burst.fluence_erg_cm2 / table.erg_cm2_per_count(burst.spectrum, burst.band_kev)
    levels, which = np.unique(np.round(fraction, 3), return_inverse=True)
    chance = np.array([recovery.probability(best * level, table.scatter_fraction) for level in levels])
    return chance[which]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Whether what one instrument's spectrum promises is what another counted.

    Parameters
    ----------
    expected_counts, expected_error
        From the spectrum and the response.
    measured_counts, measured_error
        In the data.
    sigmas
        Difference over both errors.
    agrees
        Within three of them.
    words
        The same in words.
    """

    expected_counts: float
    expected_error: float
    measured_counts: float
    measured_error: float
    sigmas: float
    agrees: bool
    words: str


def agreement_to_json(found: Agreement) -> Mapping[str, Any]:
    """JSON-able form."""
    return {name: getattr(found, name) for name in Agreement.__dataclass_fields__}


def agreement(
    fluence_erg_cm2: float,
    fluence_error_erg_cm2: float,
    spectrum: Spectrum,
    band_kev: tuple[float, float],
    *,
    table: ResponseTable,
    response: Response,
    measured_counts: float,
    measured_error: float,
) -> Agreement:
    """Counts that a burst with the spectrum of another instrument should have made, against those that were measured.

    Parameters
    ----------
    fluence_erg_cm2, fluence_error_erg_cm2, spectrum, band_kev
        As the other instrument states them.
    table, response
        Response of this instrument, and in the direction of the burst.
    measured_counts, measured_error
        Above background over the burst's interval, and their error.
    """
    per_count = table.erg_cm2_per_count(spectrum, band_kev) / response.fraction_of_best
    expected = fluence_erg_cm2 / per_count
    error = expected * float(np.hypot(response.total_fraction, fluence_error_erg_cm2 / fluence_erg_cm2))
    sigmas = (measured_counts - expected) / float(np.hypot(error, measured_error))
    seen = measured_counts >= AGREE_SIGMAS * measured_error
    due = expected >= AGREE_SIGMAS * measured_error
    words = f"expected {expected:.0f} ± {error:.0f} counts, measured {measured_counts:.0f} ± {measured_error:.0f}: "
    if abs(sigmas) <= AGREE_SIGMAS:
        faint = "; not seen, though it is expected above 3 sigma" if due else "; not seen, and too faint to be"
        words += "they agree" + ("" if seen else faint)
    else:
        words += f"they differ by {abs(sigmas):.1f} sigma"
    return Agreement(
        expected_counts=expected,
        expected_error=error,
        measured_counts=measured_counts,
        measured_error=measured_error,
        sigmas=sigmas,
        agrees=abs(sigmas) <= AGREE_SIGMAS,
        words=words,
    )
