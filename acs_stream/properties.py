"""Properties of a burst in one light curve: T90, T50, net counts, peak rate, hardness, long or short."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from acs_stream.measured import Look
from acs_stream.noise import measure, scales_for
from tocsin.domain.errors import ConfigurationError, ScienceError
from tocsin.domain.light_curves import FloatArray, IntArray, LightCurve

#: Redrawings of the counts that give the errors.
REDRAWN = 200
#: The interval is widened by this share of itself, and at least so many seconds, on either side.
MARGIN_SHARE, MARGIN_S = 0.25, 0.5
#: Time scales of the peak rate, s.
PEAK_SCALES_S = (0.064, 0.256, 1.0)
#: Hardness is 50-300 keV over what is below, as the catalogues of GBM have it, as nearly as channels allow.
HARD_FROM_KEV, HARD_TO_KEV, EDGE_SLACK = 50.0, 400.0, 1.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """Two populations of bursts by log10 of T90: (share, mean, sigma) of the short and of the long ones."""

    short: tuple[float, float, float]
    long: tuple[float, float, float]

    @classmethod
    def from_config(cls, config: Mapping[str, Any], *, file: str) -> "Durations":
        """Populations of ``[durations]`` in a parsed ``bursts.toml``."""
        table = config.get("durations")
        if not isinstance(table, Mapping):
            raise ConfigurationError("must be a table", file=file, key="durations")
        rows = {}
        for name in ("short", "long"):
            row = table.get(name)
            try:
                rows[name] = tuple(float(row[key]) for key in ("share", "mean_log10", "sigma_log10"))  # type: ignore[index]
            except (TypeError, KeyError, ValueError):
                raise ConfigurationError(
                    "needs share, mean_log10 and sigma_log10", file=file, key=f"durations.{name}"
                ) from None
        return cls(short=rows["short"], long=rows["long"])  # type: ignore[arg-type]

    def probability_long(self, t90_s: FloatArray) -> FloatArray:
        """Probability that bursts of these T90 belong to the long population, shape kept."""
        x = np.log10(np.maximum(t90_s, 1e-4))
        short, long = (
            share / sigma * np.exp(-0.5 * ((x - mean) / sigma) ** 2) for share, mean, sigma in (self.short, self.long)
        )
        return np.asarray(long / (short + long))


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A measured number with its 68 % interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, drawn: FloatArray) -> "Value":
        """Value with the quantiles of its redrawings."""
        low, high = np.quantile(drawn, (0.158655, 0.841345))
        return cls(value=float(value), low=float(low), high=float(high))

    def to_json(self) -> Mapping[str, float]:
        """JSON-able form."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True, kw_only=True)
class Brightness:
    """Fluence, and flux of the brightest second, of a burst if it had a stated spectrum.

    Parameters
    ----------
    spectrum, band_kev
        Which, in words, and the band.
    fluence_erg_cm2
        Its 68 % interval holds what is not known of the response.
    peak_flux_erg_cm2_s, peak_scale_s
        Highest mean flux over the scale nearest to 1 s.
    """

    spectrum: str
    band_kev: tuple[float, float]
    fluence_erg_cm2: Value
    peak_flux_erg_cm2_s: Value | None
    peak_scale_s: float | None

    def to_json(self) -> Mapping[str, Any]:
        """JSON-able form."""
        return {
            "spectrum": self.spectrum,
            "band_kev": list(self.band_kev),
            "fluence_erg_cm2": self.fluence_erg_cm2.to_json(),
            "peak_flux_erg_cm2_s": None if self.peak_flux_erg_cm2_s is None else self.peak_flux_erg_cm2_s.to_json(),
            "peak_scale_s": self.peak_scale_s,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardness:
    """Net counts of a harder band over those of a softer one of the same instrument, and the two bands in keV."""

    ratio: Value
    lower_kev: tuple[float, float]
    upper_kev: tuple[float, float]

    def to_json(self) -> Mapping[str, Any]:
        """JSON-able form."""
        return {**self.ratio.to_json(), "lower_kev": list(self.lower_kev), "upper_kev": list(self.upper_kev)}


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstProperties:
    """What one light curve says of a burst; intervals are 68 %.

    Parameters
    ----------
    start_s, stop_s
        Interval it was measured in, s since the light curve's T0.
    t90_s, t50_s
        Time of the middle 90 % and 50 % of its counts, s.
    t05_s
        Time at which 5 % had come, s since T0.
    net_counts
        Above background.
    peaks_cts_s
        Highest rate above background, counts/s, by time scale in s.
    hardness
        Of two bands; None: there is one band only.
    probability_long
        That it belongs to the long population; None: no populations given.
    is_saturated
        Masked bins lie in the interval: counts and duration are lower limits.
    band_kev
        Of the light curve.
    brightness
        For stated spectra; empty without a response.
    """

    start_s: float
    stop_s: float
    t90_s: Value
    t50_s: Value
    t05_s: Value
    net_counts: Value
    peaks_cts_s: Mapping[float, Value]
    hardness: Hardness | None
    probability_long: Value | None
    is_saturated: bool
    band_kev: tuple[float, float] | None
    brightness: tuple[Brightness, ...] = ()

    def to_json(self) -> Mapping[str, Any]:
        """JSON-able form."""
        values = {name: getattr(self, name).to_json() for name in ("t90_s", "t50_s", "t05_s", "net_counts")}
        return values | {
            "start_s": self.start_s,
            "stop_s": self.stop_s,
            "peaks_cts_s": [{"scale_s": scale, **value.to_json()} for scale, value in self.peaks_cts_s.items()],
            "hardness": None if self.hardness is None else self.hardness.to_json(),
            "probability_long": None if self.probability_long is None else self.probability_long.to_json(),
            "is_saturated": self.is_saturated,
            "band_kev": None if self.band_kev is None else list(self.band_kev),
            "brightness": [one.to_json() for one in self.brightness],
        }

    @property
    def second(self) -> tuple[float, Value] | None:
        """Scale nearest to 1 s and the highest rate on it; None where the burst is shorter than every scale."""
        return min(self.peaks_cts_s.items(), key=lambda item: abs(item[0] - 1.0), default=None)


def burst_properties(
    curve: LightCurve,
    start_s: float,
    stop_s: float,
    *,
    durations: Durations | None = None,
    channels: Sequence[LightCurve] = (),
    seed: int = 1,
) -> BurstProperties:
    """Properties of a burst found between two times.

    Parameters
    ----------
    curve
        Counts, with background around the burst.
    start_s, stop_s
        Stretch of the excess, s since the light curve's T0.
    durations
        Populations of bursts.
    channels
        The same in its energy channels, same T0, for the hardness.
    seed
        Of the redrawings that give the errors.

    Raises
    ------
    ScienceError
        No background is known there, or the counts above it are not positive.

    Examples
    --------
    >>> counts = np.random.default_rng(1).poisson(4200.0, 12000).astype(float)
    >>> counts[6000:6040] += 2000.0
    >>> curve = LightCurve("SPI-ACS", "2023-03-07", 0.05 * np.arange(12000) - 300.0, 0.05, counts)
    >>> found = burst_properties(curve, 0.0, 2.0)
    >>> round(found.t90_s.value, 1), bool(79000 < found.net_counts.value < 81000)
    (1.8, True)
    """
    margin = max(MARGIN_S, MARGIN_SHARE * (stop_s - start_s))
    start, stop = start_s - margin, stop_s + margin
    inside, net, sigma = _net(curve, start, stop)
    if not net.sum() > 0:
        raise ScienceError(f"{curve.instrument}: no counts above background in the interval of the burst")
    draws = net + sigma * np.random.default_rng(seed).standard_normal((REDRAWN, net.size))
    edges = np.append(curve.start_s[inside], curve.stop_s[inside][-1])
    times = np.array([_quantile_times(edges, row) for row in (net, *draws)])
    t90, t50 = times[:, 3] - times[:, 0], times[:, 2] - times[:, 1]
    return BurstProperties(
        start_s=start,
        stop_s=stop,
        t90_s=Value.of(t90[0], t90[1:]),
        t50_s=Value.of(t50[0], t50[1:]),
        t05_s=Value.of(times[0, 0], times[1:, 0]),
        net_counts=Value.of(net.sum(), draws.sum(axis=1)),
        peaks_cts_s=_peaks(net, draws, float(np.median(curve.width_s[inside]))),
        hardness=_hardness(channels, start, stop, seed),
        probability_long=None
        if durations is None
        else Value.of(float(durations.probability_long(t90[:1])[0]), durations.probability_long(t90[1:])),
        is_saturated=bool((~curve.usable[inside]).any()),
        band_kev=curve.energy_kev,
    )


def counts_between(curve: LightCurve, start_s: float, stop_s: float) -> tuple[float, float]:
    """Counts above background between two times, s since the light curve's T0, and their error.

    Raises
    ------
    ScienceError
        No background is known there, or fewer than two bins lie there.
    """
    _, net, sigma = _net(curve, start_s, stop_s)
    return float(net.sum()), float(np.sqrt((sigma**2).sum()))


def _net(curve: LightCurve, start_s: float, stop_s: float) -> tuple[IntArray, FloatArray, FloatArray]:
    """Bins of an interval, their counts above background, and the error of those."""
    look = Look(start_s=start_s, stop_s=stop_s, least_snr=lambda _scale_s, _stride_s: float("inf"))
    known = measure(curve, scales_for(curve, None), [look])
    inside = np.flatnonzero((curve.start_s >= start_s) & (curve.stop_s <= stop_s))
    if inside.size < 2:
        raise ScienceError(f"{curve.instrument}: fewer than two bins in the interval of the burst")
    rate = np.interp(
        curve.start_s[inside] + curve.width_s[inside] / 2,
        (known.start_s + known.stop_s) / 2,
        _over_gaps(known.background_cts_s, curve.instrument),
    )
    use = curve.usable[inside]
    net = np.where(use, curve.counts[inside] - rate * curve.live_s[inside], 0.0)
    stated = curve.counts if curve.variance_counts is None else curve.variance_counts
    scatter = known.scales[0].scatter
    sigma = np.where(use, scatter * np.sqrt(np.maximum(stated[inside], 1.0)), 0.0)
    return inside, net, sigma


def _over_gaps(rate: FloatArray, instrument: str) -> FloatArray:
    known = np.isfinite(rate)
    if not known.any():
        raise ScienceError(f"{instrument}: no background is known around the burst")
    return np.interp(np.arange(rate.size), np.flatnonzero(known), rate[known])


def _quantile_times(edges: FloatArray, net: FloatArray) -> FloatArray:
    """Times at which 5, 25, 75 and 95 % of the counts had come: first and last crossings of the running sum."""
    total = np.concatenate([[0.0], np.cumsum(net)])
    share = total / total[-1] if total[-1] > 0 else np.linspace(0, 1, total.size)
    rising = np.maximum.accumulate(share)
    falling = np.minimum.accumulate(share[::-1])[::-1]
    middle = (rising + falling) / 2
    return np.array([float(np.interp(q, middle, edges)) for q in (0.05, 0.25, 0.75, 0.95)])


def _peaks(net: FloatArray, draws: FloatArray, bin_s: float) -> Mapping[float, Value]:
    found = {}
    for scale_s in PEAK_SCALES_S:
        n = max(1, round(scale_s / bin_s))
        if n > net.size or n * bin_s in found:
            continue
        total = np.concatenate([np.zeros((draws.shape[0] + 1, 1)), np.cumsum(np.vstack([net, draws]), axis=1)], axis=1)
        rates = (total[:, n:] - total[:, :-n]) / (n * bin_s)
        best = int(np.argmax(rates[0]))
        # The redrawn rates at the same place: the highest of each would be biased upwards.
        found[n * bin_s] = Value.of(float(rates[0, best]), rates[1:, best])
    return found


def _hardness(channels: Sequence[LightCurve], start_s: float, stop_s: float, seed: int) -> Hardness | None:
    """Above over below `HARD_FROM_KEV`, where the channels are split there; else all but the lowest over it."""
    known = [(one, one.energy_kev) for one in channels if one.energy_kev is not None]
    lower = [one for one, band in known if band[1] <= EDGE_SLACK * HARD_FROM_KEV]
    upper = [one for one, band in known if band[0] >= HARD_FROM_KEV / EDGE_SLACK and band[1] <= HARD_TO_KEV]
    if not lower or not upper:
        lowest = min((band for _, band in known), default=None)
        lower = [one for one, band in known if band == lowest]
        upper = [one for one, band in known if lowest is not None and band[0] >= lowest[1] / EDGE_SLACK]
    if not lower or not upper:
        return None
    try:
        (soft, soft_error), (hard, hard_error) = (_counts_of(part, start_s, stop_s) for part in (lower, upper))
    except ScienceError:
        return None
    if not soft > 0:
        return None
    rng = np.random.default_rng(seed + 1)
    drawn = rng.normal(hard, hard_error, REDRAWN) / np.maximum(rng.normal(soft, soft_error, REDRAWN), 1e-9)
    return Hardness(
        ratio=Value.of(float(hard / soft), drawn), lower_kev=_joint_band(lower), upper_kev=_joint_band(upper)
    )


def _counts_of(channels: Sequence[LightCurve], start_s: float, stop_s: float) -> tuple[float, float]:
    found = np.array([counts_between(one, start_s, stop_s) for one in channels])
    return float(found[:, 0].sum()), float(np.sqrt((found[:, 1] ** 2).sum()))


def _joint_band(channels: Sequence[LightCurve]) -> tuple[float, float]:
    bands = [one.energy_kev for one in channels if one.energy_kev is not None]
    return min(low for low, _ in bands), max(high for _, high in bands)
