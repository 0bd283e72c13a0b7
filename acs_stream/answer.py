"""The whole answer for one instrument and one event: what it saw and, if nothing, how bright it could have been.

Two limits are never mixed. ``sensitivity_3sigma`` is what circulars state: three standard deviations of one trial at
T0, whatever was seen. ``upper_limit_90`` is the smallest burst that would have been louder than the loudest excess in
the window 90 % of the time, all trials counted, found by injection into these very data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from acs_stream.attitude import Attitude
from acs_stream.brightness import brightness_of
from acs_stream.energetics import Energetics, isotropic
from acs_stream.far_history import FarHistory
from acs_stream.injection import Recovery, boxcar, recover, threshold_of
from acs_stream.limits import LONG_S, SHORT_S, Limits, limits_from_counts, limits_to_json, upper_limits
from acs_stream.measured import Measured
from acs_stream.pedestal import on_pedestal
from acs_stream.properties import BurstProperties, Durations, burst_properties
from acs_stream.region_energy import Distance, RegionEnergy, energies_over_regions
from acs_stream.response import Response, ResponseTable
from acs_stream.search import SearchResult, result_to_json, search_with_noise
from acs_stream.sky_limits import RegionLimits, limits_over_regions, probability_over_region
from acs_stream.sky_sensitivity import SkySensitivity, sky_sensitivity
from acs_stream.trial_bursts import Trial, TrialBurst, recovery_of, try_burst
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import LightCurve
from triangulation.skymap import SkyMap

#: An excess less likely than this by chance (3 sigma, one-sided) is reported; then no plain limit is.
REPORTED_FAP = 1.35e-3
LEVEL = 0.9
#: With a longer gap than this at T0 no limit is stated, s.
LONGEST_GAP_S = 1.0
#: Weaker excesses have no properties worth stating.
MIN_SNR_OF_PROPERTIES = 6.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """What is known of instrument and source besides the counts; all of it may be missing.

    Parameters
    ----------
    table
        Response of the instrument; None: limits in counts only.
    direction_deg
        Source in the spacecraft's axes, (theta, phi), deg; None: taken from map and attitude, else the mean response.
    attitude, skymap
        How the craft was turned, and where the source may be.
    distance_mpc, distance_error_mpc
        Luminosity distance.
    bursts, durations
        Bursts to try, and populations by duration.
    trailing
        Background excesses of days before.
    """

    table: ResponseTable | None = None
    direction_deg: tuple[float, float | None] | None = None
    attitude: Attitude | None = None
    skymap: SkyMap | None = None
    distance_mpc: float | None = None
    distance_error_mpc: float = 0.0
    bursts: Sequence[TrialBurst] = ()
    durations: Durations | None = None
    trailing: FarHistory | None = None

    def for_instrument(self, instrument: str) -> "Known":
        """The same without what belongs to another instrument: its response and background."""
        table = self.table if self.table is not None and self.table.instrument == instrument else None
        trailing = self.trailing if self.trailing is not None and self.trailing.instrument == instrument else None
        return replace(self, table=table, trailing=trailing)

    def response(self) -> Response | None:
        """Response in the direction of the source, as well as it is known."""
        if self.table is None:
            return None
        if self.direction_deg is not None:
            return self.table.at(*self.direction_deg)
        if self.attitude is not None and self.skymap is not None:
            theta, phi = self.attitude.angles_deg(*self.skymap.peak)
            return self.table.at(float(theta), float(phi))
        return self.table.at(None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """See the module.

    Parameters
    ----------
    result
        The search.
    limits, limits_reason
        ``sensitivity_3sigma``; why there is none.
    upper_limit_90, threshold
        Same quantities at 90 %, and what had to be exceeded.
    is_plain
        No excess is above the reporting threshold: a plain limit may be stated.
    regions
        Range of ``sensitivity_3sigma`` over the 50 % and 90 % regions of the event's map.
    energy, luminosity
        Isotropic-equivalent, of the hard 1 s limit and the soft 1 s one: over the 50 % region of the map where there
        is one, else in the one direction.
    energies
        The same over the 50 % and 90 % regions of the event's map.
    trials
        Bursts that were tried.
    trials_over_region
        Their chance of being found over the 90 % region, by name: (lowest, mean, highest).
    properties
        Of the strongest excess, where it is a burst.
    sky
        Limits, and chances of the bursts that were tried, at every position; None without response or attitude.
    """

    result: SearchResult
    limits: Limits | None
    limits_reason: str = ""
    upper_limit_90: Limits | None = None
    threshold: str = ""
    is_plain: bool = True
    regions: tuple[RegionLimits, ...] = ()
    energy: Energetics | None = None
    luminosity: Energetics | None = None
    energies: tuple[RegionEnergy, ...] = ()
    trials: tuple[Trial, ...] = ()
    trials_over_region: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    properties: BurstProperties | None = None
    sky: SkySensitivity | None = None


def answer(
    light_curve: LightCurve, *, t0_s: float = 0.0, window_s: float = 300.0, known: Known | None = None
) -> Answer:
    """Search, limits, trials and properties of one light curve around T0.

    Parameters
    ----------
    light_curve
        Counts.
    t0_s, window_s
        T0 in its own seconds, and half-span, s.
    known
        See `Known`.

    Raises
    ------
    ScienceError
        There is too little data to search.
    """
    facts = known if known is not None else Known()
    result, measured = search_with_noise(light_curve, t0_s=t0_s, window_s=window_s, trailing=facts.trailing)
    return finish(on_pedestal(light_curve)[0], result, measured, facts)


def finish(light_curve: LightCurve, result: SearchResult, measured: Measured, known: Known) -> Answer:
    """Limits and the rest for a search that was made."""
    is_plain = not any(e.fap < REPORTED_FAP for e in result.excesses)
    response = known.response()
    properties = _properties(light_curve, result, known, response)
    t0_s, window_s = result.t0_s, result.window_s
    try:
        _refuse_gap(result)
        limits = upper_limits(light_curve, t0_s=t0_s, window_s=window_s, response=response)
    except ScienceError as error:
        return Answer(result=result, limits=None, limits_reason=str(error), is_plain=is_plain, properties=properties)
    far_hz, words = threshold_of(result.excesses, window_s)
    energies = _energies(limits, known)
    energy, luminosity = (energies[0].energy, energies[0].luminosity) if energies else _energetics(limits, known)
    bursts_s = [(e.start_s, e.stop_s) for e in result.excesses if e.fap < REPORTED_FAP]
    recoveries = _recoveries(measured, known, response, t0_s, window_s, bursts_s)
    trials, over_region = _trials(recoveries, known, response)
    has_sky = known.table is not None and known.attitude is not None and known.skymap is not None
    return Answer(
        result=result,
        limits=limits,
        upper_limit_90=_upper_limit(measured, far_hz, limits, t0_s=t0_s, window_s=window_s, avoid_s=bursts_s),
        threshold=words,
        is_plain=is_plain,
        regions=limits_over_regions(limits, known.table, known.attitude, known.skymap)
        if has_sky and known.table and known.attitude and known.skymap
        else (),
        energy=energy,
        luminosity=luminosity,
        energies=energies,
        trials=trials,
        trials_over_region=over_region,
        properties=properties,
        sky=None
        if known.table is None or known.attitude is None
        else sky_sensitivity(limits, known.table, known.attitude, recoveries),
    )


def _refuse_gap(result: SearchResult) -> None:
    """Without data at T0 there is no limit: it would be read as one of the time that matters."""
    gap_s = result.gap_at_t0_s
    if gap_s > LONGEST_GAP_S:
        where = f"T0 lies in a gap of {gap_s:.1f} s" if np.isfinite(gap_s) else "there are data on one side of T0 only"
        raise ScienceError(f"{result.instrument}: {where}: no limit can be stated of it")


def _upper_limit(
    measured: Measured,
    far_hz: float,
    limits: Limits,
    *,
    t0_s: float,
    window_s: float,
    avoid_s: Sequence[tuple[float, float]],
) -> Limits | None:
    bin_s = float(np.median(measured.stop_s[:1000] - measured.start_s[:1000]))
    try:
        short, long = (
            recover(measured, boxcar(length, bin_s), far_hz, t0_s=t0_s, window_s=window_s, avoid_s=avoid_s).counts_at(
                LEVEL
            )
            for length in (SHORT_S, LONG_S)
        )
    except ScienceError:
        return None
    return limits_from_counts(short, long, response=limits.response, excess_std_ratio=limits.excess_std_ratio)


def _energies(limits: Limits, known: Known) -> tuple[RegionEnergy, ...]:
    if known.table is None or known.skymap is None or known.direction_deg is not None:
        return ()
    distance = (
        None
        if known.distance_mpc is None
        else Distance(mean_mpc=known.distance_mpc, error_mpc=known.distance_error_mpc)
    )
    return energies_over_regions(limits, known.table, known.skymap, attitude=known.attitude, distance=distance)


def _energetics(limits: Limits, known: Known) -> tuple[Energetics | None, Energetics | None]:
    hard, soft = limits.hard_1s_erg_cm2, limits.soft_1s_erg_cm2_s
    if known.table is None or known.distance_mpc is None or hard is None or soft is None:
        return None, None
    where = {
        "band_kev": known.table.band_kev,
        "distance_mpc": known.distance_mpc,
        "distance_error_mpc": known.distance_error_mpc,
    }
    return (
        isotropic(hard, known.table.hard, **where),  # type: ignore[arg-type]
        isotropic(soft, known.table.soft, is_flux=True, **where),  # type: ignore[arg-type]
    )


def _recoveries(
    measured: Measured,
    known: Known,
    response: Response | None,
    t0_s: float,
    window_s: float,
    avoid_s: Sequence[tuple[float, float]],
) -> list[tuple[TrialBurst, Recovery]]:
    if known.table is None or response is None:
        return []
    made = []
    for burst in known.bursts:
        try:
            made.append((burst, recovery_of(measured, burst, t0_s=t0_s, window_s=window_s, avoid_s=avoid_s)))
        except ScienceError:
            continue
    return made


def _trials(
    recoveries: Sequence[tuple[TrialBurst, Recovery]], known: Known, response: Response | None
) -> tuple[tuple[Trial, ...], Mapping[str, tuple[float, float, float]]]:
    table, attitude, skymap = known.table, known.attitude, known.skymap
    if table is None or response is None:
        return (), {}
    made = tuple(try_burst(recovery, burst, table=table, response=response) for burst, recovery in recoveries)
    if attitude is None or skymap is None:
        return made, {}
    return made, {
        burst.name: probability_over_region(recovery, burst, table, attitude, skymap) for burst, recovery in recoveries
    }


def _properties(
    light_curve: LightCurve, result: SearchResult, known: Known, response: Response | None
) -> BurstProperties | None:
    bursts = [e for e in result.excesses if e.snr >= MIN_SNR_OF_PROPERTIES and e.fap < REPORTED_FAP]
    if not bursts:
        return None
    best = max(bursts, key=lambda e: (not e.is_spike_like, e.snr))
    try:
        found = burst_properties(
            light_curve, best.start_s + result.t0_s, best.stop_s + result.t0_s, durations=known.durations
        )
    except ScienceError:
        return None
    return found if response is None else replace(found, brightness=brightness_of(found, response))


def answer_to_json(found: Answer) -> Mapping[str, Any]:
    """JSON-able form: that of the search, its ``limits`` with the two named quantities, and what was tried."""
    shown = dict(result_to_json(found.result))
    shown["limits"] = None if found.limits is None else limits_json(found, found.limits)
    shown["trial_bursts"] = trials_json(found)
    shown["properties"] = None if found.properties is None else found.properties.to_json()
    return shown | ({"limits_reason": found.limits_reason} if found.limits_reason else {})


def limits_json(found: Answer, limits: Limits) -> Mapping[str, Any]:
    """The 3-sigma quantities at the top, as circulars state them, and both named ones."""
    plain = limits_to_json(limits)
    return dict(plain) | {
        "sensitivity_3sigma": _quantities(limits),
        "upper_limit_90": None
        if found.upper_limit_90 is None
        else dict(_quantities(found.upper_limit_90)) | {"must_exceed": found.threshold},
        "is_plain": found.is_plain,
        "completeness": found.result.completeness,
        "regions": [region.to_json() for region in found.regions],
        "isotropic_energy_erg": None if found.energy is None else found.energy.to_json(),
        "isotropic_luminosity_erg_s": None if found.luminosity is None else found.luminosity.to_json(),
        "energies": [one.to_json() for one in found.energies],
    }


def trials_json(found: Answer) -> list[Mapping[str, Any]]:
    """What came of the bursts that were tried."""
    rows: list[Mapping[str, Any]] = []
    for trial in found.trials:
        row = dict(trial.to_json())
        if (chance := found.trials_over_region.get(trial.burst.name)) is not None:
            row["probability_over_90_region"] = dict(zip(("low", "mean", "high"), chance, strict=True))
        rows.append(row)
    return rows


def _quantities(limits: Limits) -> Mapping[str, float | None]:
    names = ("counts_1s", "counts_8s", "hard_1s_erg_cm2", "soft_1s_erg_cm2_s", "soft_8s_erg_cm2_s")
    return {name: getattr(limits, name) for name in names}
