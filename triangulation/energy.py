"""Energy: bursts arrive earlier and are shorter at high energies, so two instruments of unlike bands see unlike times.

For a long burst this is the largest error of a delay by far. Where one instrument counts in several channels, the
burst's own lag is measured between them, the band nearest to the partner's is taken, and what is left of the lag is
taken out, with its error. Where none does, the lags of the burst population are folded in. Either is said with the
result: `DelayPosterior.energy`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import FloatArray, LightCurve
from triangulation.curves import find_burst, series_of
from triangulation.delay import estimate_delay
from triangulation.posterior import DelayPosterior

#: Lag per unit of ln E over (duration / s)^0.7, s: mean and scatter over long bursts, over those below `SHORT_S`, and
#: scatter that the shortest have.
LONG_LAGS_S, SHORT_LAGS_S, SHORT_S, LEAST_SCATTER_S = (0.015, 0.020), (0.006, 0.010), 2.0, 0.002
#: The same scatter, wide, as the prior of a lag that is measured.
PRIOR_SCATTER_S, LEAST_PRIOR_S = 0.040, 0.003
DURATION_POWER = 0.7
#: Uncertainty of the difference of two effective energies, in ln E: bands known, one band not known.
KNOWN_BAND, UNKNOWN_BAND = 0.30, 0.8
#: Share by which a lag between two bands differs from one slope in ln E; error that is left in any case, s.
CURVED, LEAST_ERROR_S = 0.2, 3e-4
#: Counts fall about as E^-2 in a band; below this energy (keV) detectors lose them.
LOWEST_KEV = 25.0
#: More channels than this are joined to so many bands, up to this energy (keV) in equal steps.
MAX_BANDS, HIGHEST_KEV = 6, 1000.0
#: A band is good enough if it shows the burst with this share of the best significance, and this many sigma.
GOOD_BAND, LEAST_SIGMA = 0.5, 7.0
#: A delay is sought so many errors beyond what light allows: one that is longer is to be found, and called so.
SOUGHT_BEYOND = 5.0
#: Widest range of a lag looked for, in scatters of the prior.
LAG_RANGE = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectralLag:
    """Change of the arrival time per unit of ln E (s; negative: hard before soft), with its error.

    Parameters
    ----------
    slope_s, sigma_s
        Slope and its 1-sigma error, s per unit of ln E.
    is_measured
        In channels of this burst; otherwise it is that of the population.
    """

    slope_s: float
    sigma_s: float
    is_measured: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """What one instrument counted.

    Parameters
    ----------
    total
        The light curve asked for.
    channels
        Curves of neighbouring energy bands on the same bins; empty where there is but one band.
    is_band_given
        `total` is in the band wanted; otherwise the best sum of channels is taken.
    """

    total: LightCurve
    channels: tuple[LightCurve, ...] = ()
    is_band_given: bool = False


def effective_ln_energy(band_kev: tuple[float, float]) -> float:
    """Mean ln(E / keV) of the counts in a band (keV), for counts that fall as E^-2.

    Examples
    --------
    >>> round(float(np.exp(effective_ln_energy((50.0, 300.0)))))
    95
    """
    low = min(max(band_kev[0], LOWEST_KEV), 0.9 * band_kev[1])
    span = np.log(band_kev[1] / low)
    return float(np.log(low) + 1.0 - span / np.expm1(span))


def population_lag(duration_s: float) -> SpectralLag:
    """Lag of bursts of a duration (s), as the population has it."""
    scale = max(duration_s, 1e-3) ** DURATION_POWER
    mean, scatter = SHORT_LAGS_S if duration_s < SHORT_S else LONG_LAGS_S
    return SpectralLag(slope_s=-mean * scale, sigma_s=scatter * scale + LEAST_SCATTER_S, is_measured=False)


def spectral_lag(channels: Sequence[LightCurve]) -> SpectralLag:
    """Lag of a burst between the energy channels of one instrument, drawn towards that of the population.

    Parameters
    ----------
    channels
        Curves of neighbouring bands on the same bins, two or more with `energy_kev`.

    Raises
    ------
    ScienceError
        There are fewer than two channels with energies, or they do not have the same bins.

    Notes
    -----
    The channels are split in two where the lag is known best. The delay between the halves is estimated as between two
    instruments; there is no clock and no geometry in it.
    """
    return _lag(_Bands.of(channels))


def chosen_band(channels: Sequence[LightCurve], ln_energy: float) -> LightCurve:
    """Sum of neighbouring channels nearest to an effective energy, of those that show the burst well enough.

    Parameters
    ----------
    channels
        As of `spectral_lag`.
    ln_energy
        The partner's mean ln(E / keV).
    """
    return _nearest(_Bands.of(channels), ln_energy)[0]


def coloured_delay(
    a: View, b: View, *, max_delay_s: float, clock_error_s: float = 0.0, area_ratio: float | None = None
) -> DelayPosterior:
    """Posterior of the delay with what the energy bands do to it in its width: fit to be published.

    Parameters
    ----------
    a, b
        What each instrument counted.
    max_delay_s, clock_error_s, area_ratio
        As of `triangulation.delay.estimate_delay`; `area_ratio` for the totals.
    """
    bands = tuple(_Bands.of(view.channels) if len(grouped(view.channels)) > 1 else None for view in (a, b))
    curves, ln_energies = _best_bands((a, b), bands)
    lag = _combined_lag((a, b), bands)
    known = ln_energies[0] is not None and ln_energies[1] is not None
    difference = (ln_energies[1] or 0.0) - (ln_energies[0] or 0.0) if known else 0.0
    shift, sigma = -lag.slope_s * difference, kernel_sigma_s(lag, difference, KNOWN_BAND if known else UNKNOWN_BAND)
    total_s = float(np.hypot(clock_error_s, sigma))
    as_given = curves[0] is a.total and curves[1] is b.total
    measured = estimate_delay(
        curves[0],
        curves[1],
        max_delay_s=max_delay_s + abs(shift) + SOUGHT_BEYOND * total_s,
        clock_error_s=total_s,
        area_ratio=area_ratio if as_given else None,
    )
    figures = {
        **measured.figures,
        "energy_slope_s": lag.slope_s,
        "energy_slope_sigma_s": lag.sigma_s,
        "energy_difference": difference,
        "energy_shift_s": shift,
        "energy_sigma_s": sigma,
    }
    treated = replace(measured, energy="measured" if lag.is_measured else "population", figures=figures)
    return treated.shifted(shift if measured.detected else 0.0).within(max_delay_s)


def kernel_sigma_s(lag: SpectralLag, difference: float, uncertainty: float) -> float:
    """Error of a delay between bands, s, 1 sigma.

    Parameters
    ----------
    lag
        Of the burst.
    difference, uncertainty
        Of the effective energies of the two bands, in ln E.
    """
    parts = (
        lag.sigma_s * difference,
        lag.slope_s * uncertainty,
        lag.sigma_s * uncertainty,
        CURVED * lag.slope_s * difference,
        LEAST_ERROR_S,
    )
    return float(np.sqrt(sum(part * part for part in parts)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Bands:
    """Channels of ascending energy: burst counts, their variance and mean ln E of each, shape (channels,)."""

    curves: tuple[LightCurve, ...]
    net: FloatArray
    variance: FloatArray
    ln_energy: FloatArray
    duration_s: float

    @classmethod
    def of(cls, channels: Sequence[LightCurve]) -> "_Bands":
        curves = grouped(channels)
        if len(curves) < 2:
            raise ScienceError("a spectral lag needs two channels with known energies")
        total = summed(curves)
        burst = find_burst(series_of(total, total.t0_utc))
        net, variance = np.zeros(len(curves)), np.ones(len(curves))
        for k, curve in enumerate(curves):
            series = series_of(curve, total.t0_utc)
            inside = (series.centre_s >= burst.start_s) & (series.centre_s < burst.stop_s)
            expected = find_burst(series).background.counts(series)
            own = series.counts if series.variance_counts is None else series.variance_counts
            net[k], variance[k] = (series.counts - expected)[inside].sum(), max(float(own[inside].sum()), 1.0)
        energies = [effective_ln_energy(curve.energy_kev) for curve in curves if curve.energy_kev]
        return cls(curves=curves, net=net, variance=variance, ln_energy=np.array(energies), duration_s=burst.duration_s)

    def significance(self, part: slice) -> float:
        return float(self.net[part].sum() / np.sqrt(self.variance[part].sum()))

    def mean_ln_energy(self, part: slice) -> float:
        weight = np.maximum(self.net[part], 1e-3 * max(float(self.net.max()), 1.0))
        return float((weight * self.ln_energy[part]).sum() / weight.sum())


def summed(curves: Sequence[LightCurve]) -> LightCurve:
    """Sum of channels on the same bins.

    Raises
    ------
    ScienceError
        Their bins differ.
    """
    first = curves[0]
    for other in curves[1:]:
        if other.t0_utc != first.t0_utc or not np.array_equal(other.start_s, first.start_s):
            raise ScienceError(f"{first.instrument}: the channels do not have the same bins")
    bands = [curve.energy_kev for curve in curves if curve.energy_kev]
    variances = [curve.variance_counts for curve in curves if curve.variance_counts is not None]
    return first.replace(
        counts=np.sum([curve.counts for curve in curves], axis=0),
        variance_counts=np.sum(variances, axis=0) if len(variances) == len(curves) else None,
        variance_factor=None,
        mask=np.any([~curve.usable for curve in curves], axis=0),
        energy_kev=(min(band[0] for band in bands), max(band[1] for band in bands)) if bands else None,
    )


def grouped(channels: Sequence[LightCurve]) -> tuple[LightCurve, ...]:
    """A few bands of ascending energy from many channels (of several detectors, too); empty where they overlap.

    Parameters
    ----------
    channels
        Curves with their energies, on the same bins; those without energies are left out.
    """
    known = [
        curve for curve in channels if curve.energy_kev and 0 <= curve.energy_kev[0] < curve.energy_kev[1] < np.inf
    ]
    bands = [curve.energy_kev or (0.0, 0.0) for curve in known]
    if any(a != b and max(a[0], b[0]) < 0.98 * min(a[1], b[1]) for a, b in combinations(sorted(set(bands)), 2)):
        return ()
    if len(set(bands)) > MAX_BANDS:
        cuts = np.geomspace(LOWEST_KEV, HIGHEST_KEV, MAX_BANDS + 1)[1:-1]
        keys = [int(np.searchsorted(cuts, np.sqrt(max(low, 1e-3) * high))) for low, high in bands]
    else:
        keys = [sorted(set(bands)).index(band) for band in bands]
    return tuple(
        summed([curve for curve, key in zip(known, keys, strict=True) if key == wanted]) for wanted in sorted(set(keys))
    )


def _lag(bands: _Bands) -> SpectralLag:
    """Lag between the halves of the channels that tell it best, times a wide prior around the population's."""
    number = len(bands.curves)
    usual = population_lag(bands.duration_s)
    scale = bands.duration_s**DURATION_POWER
    prior = replace(usual, sigma_s=PRIOR_SCATTER_S * scale + LEAST_PRIOR_S)

    def uncertainty(cut: int) -> float:
        low, high = slice(0, cut), slice(cut, number)
        span = bands.mean_ln_energy(high) - bands.mean_ln_energy(low)
        weakest = [max(bands.significance(part), 0.1) for part in (low, high)]
        return float(np.hypot(1.0 / weakest[0], 1.0 / weakest[1]) / max(span, 0.1))

    cut = min(range(1, number), key=uncertainty)
    low, high = slice(0, cut), slice(cut, number)
    if min(bands.significance(low), bands.significance(high)) < LEAST_SIGMA:
        return usual
    span = bands.mean_ln_energy(high) - bands.mean_ln_energy(low)
    found = estimate_delay(
        summed(bands.curves[low]),
        summed(bands.curves[high]),
        max_delay_s=LAG_RANGE * prior.sigma_s * max(span, 1.0),
        clock_error_s=0.05 * prior.sigma_s,
    )
    if not found.detected:
        return usual
    measured = SpectralLag(slope_s=found.mean_s / span, sigma_s=found.sigma_s / span, is_measured=True)
    return _product([prior, measured])


def _product(lags: Sequence[SpectralLag]) -> SpectralLag:
    weight = np.array([lag.sigma_s**-2.0 for lag in lags])
    slope = float((weight * [lag.slope_s for lag in lags]).sum() / weight.sum())
    return SpectralLag(
        slope_s=slope, sigma_s=float(weight.sum() ** -0.5), is_measured=any(lag.is_measured for lag in lags)
    )


def _combined_lag(views: tuple[View, View], bands: Sequence[_Bands | None]) -> SpectralLag:
    """The better of the lags measured in the two instruments, or that of the population."""
    measured = [lag for each in bands if each is not None and (lag := _lag(each)).is_measured]
    if measured:
        return min(measured, key=lambda lag: lag.sigma_s)
    bursts = [find_burst(series_of(view.total, view.total.t0_utc)) for view in views]
    return population_lag(max(bursts, key=lambda burst: burst.signal_to_noise).duration_s)


def _nearest(bands: _Bands, ln_energy: float) -> tuple[LightCurve, float]:
    """Band nearest to an effective energy, and its own."""
    parts = [slice(first, last) for first, last in combinations(range(len(bands.curves) + 1), 2)]
    best = max(bands.significance(part) for part in parts)
    good = [part for part in parts if bands.significance(part) >= GOOD_BAND * best] or parts
    part = min(good, key=lambda p: abs(bands.mean_ln_energy(p) - ln_energy))
    return summed(bands.curves[part]), bands.mean_ln_energy(part)


def _best_bands(
    views: tuple[View, View], bands: Sequence[_Bands | None]
) -> tuple[list[LightCurve], list[float | None]]:
    """Curve of each instrument and its mean ln E; the one of more channels is brought to the other's band."""
    curves = [view.total for view in views]
    energies = [_own_ln_energy(view, each) for view, each in zip(views, bands, strict=True)]
    numbers = [0 if each is None else len(each.curves) for each in bands]
    for k in sorted((0, 1), key=lambda k: -numbers[k]):
        own, partner = bands[k], energies[1 - k]
        if own is not None and partner is not None and not views[k].is_band_given:
            curves[k], energies[k] = _nearest(own, partner)
            break
    return curves, energies


def _own_ln_energy(view: View, bands: _Bands | None) -> float | None:
    if bands is not None and not view.is_band_given:
        return bands.mean_ln_energy(slice(0, len(bands.curves)))
    return None if view.total.energy_kev is None else effective_ln_energy(view.total.energy_kev)
