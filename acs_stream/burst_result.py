"""Delays, annuli and sky map of a burst with several observations.

The pairs that make the map are a star around the best-timed instrument: multiplying all pairs of three craft as if
independent would make the map far too small. `triangulate_burst` therefore gives all delays asked for, but maps from
n - 1 of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations
from typing import Literal

import numpy as np

from acs_stream.burst import Burst, Observation
from acs_stream.spacecraft import PLANET_OF, check_at_planet, check_distance
from acs_stream.triangulation_policy import TriangulationPolicy
from tocsin.domain.errors import ScienceError
from tocsin.domain.leap_seconds import elapsed_s
from tocsin.domain.light_curves import FloatArray, LightCurve
from triangulation.annulus import Annulus, annulus_from_delay
from triangulation.delay import estimate_delay
from triangulation.energy import View, coloured_delay
from triangulation.ephemeris_file import SolarSystem, interpolated, packaged_de421
from triangulation.geometry import Baseline, SpacecraftPosition, baseline
from triangulation.network import shared_covariance_s2, star
from triangulation.posterior import DelayPosterior
from triangulation.regions import ErrorRegion, overlap_regions
from triangulation.skymap import SkyMap

#: Positions within this of the arrival are taken as they are, s: even the fastest craft moves 8 km, 26 us, a second.
NEAR_S = 1.0
#: Speed of craft near the Earth, for the error of a position that is a little off in time, km/s.
LOW_ORBIT_KM_S = 7.7
#: Near the Earth: below this distance a single position cannot be moved in time, km.
NEAR_EARTH_KM = 500_000.0
#: Brightness of a burst is looked at in stretches of this length, s.
SMOOTH_S = 0.25
#: Largest delay assumed for a pair without positions, s.
FREE_DELAY_S = 10.0
#: Every pair, however near: what a burst file asks for.
ANY_PAIR = TriangulationPolicy(shortest_baseline_light_s=0.0)
#: Somebody who is told in words what is done next.
Progress = Callable[[str], None]


def silent(_step: str) -> None:
    """Progress that nobody follows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairDelay:
    """Delay of one pair: arrival at b minus arrival at a.

    Parameters
    ----------
    a, b
        Names of the instruments.
    posterior
        Of the delay.
    baseline_light_s
        Largest possible delay, s; None without positions.
    classical
        (method, posterior) of the classical methods, where they were asked for: to be shown, never published.
    """

    a: str
    b: str
    posterior: DelayPosterior
    baseline_light_s: float | None
    classical: tuple[tuple[str, DelayPosterior], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairAnnulus:
    """Annulus of one pair."""

    a: str
    b: str
    annulus: Annulus


@dataclass(frozen=True, slots=True, kw_only=True)
class Containment:
    """Where a point lies in the result.

    Parameters
    ----------
    ra_deg, dec_deg
        The point.
    level
        Credible level at which the map reaches it.
    offsets
        (a, b, offset from the centre line of the annulus in 3-sigma half-widths).
    """

    ra_deg: float
    dec_deg: float
    level: float
    offsets: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TriangulationResult:
    """What a burst file gives.

    Parameters
    ----------
    name
        Of the burst.
    delays
        Of every pair asked for.
    annuli
        Of the pairs that make the map.
    skymap
        None where no pair constrains the sky.
    regions
        Where the 3-sigma annuli overlap, largest first: error boxes, not regions of 99.73 %.
    containment
        Of the point to check, if one was given.
    reports
        Remarks: T0 that differ, pairs left out and why.
    detected_by
        Craft near the Earth that saw the burst: what the Earth hid from them is taken out of the map.
    """

    name: str
    delays: tuple[PairDelay, ...]
    annuli: tuple[PairAnnulus, ...]
    skymap: SkyMap | None
    containment: Containment | None
    reports: tuple[str, ...]
    regions: tuple[ErrorRegion, ...] = ()
    detected_by: tuple[SpacecraftPosition, ...] = ()


def measure_delays(
    burst: Burst,
    *,
    pair: tuple[str, str] | None = None,
    with_classical: bool = False,
    progress: Progress = silent,
) -> tuple[PairDelay, ...]:
    """Delays of all pairs of a burst, or of one, in the order of the file.

    Parameters
    ----------
    burst
        At least two observations.
    pair
        Names of two instruments; None: all pairs.
    with_classical
        Cross-correlation and chi-squared scan, too.
    progress
        Told in words what is done next.

    Raises
    ------
    ScienceError
        There are fewer than two observations, or no honest delay of a pair that was asked for.
    """
    if len(burst.observations) < 2:
        raise ScienceError(f"{burst.name}: a delay needs two observations, there are {len(burst.observations)}")
    if pair is not None:
        pairs = [(burst.observation(pair[0]), burst.observation(pair[1]))]
    else:
        pairs = list(combinations(burst.observations, 2))
    return tuple(_delay(a, b, with_classical=with_classical, progress=progress) for a, b in pairs)


def _delay(a: Observation, b: Observation, *, with_classical: bool = False, progress: Progress = silent) -> PairDelay:
    progress(f"delay {a.instrument} to {b.instrument}")
    pair = _first_baseline(a, b)
    clock_s = float(np.hypot(a.clock_error_s, b.clock_error_s))
    longest = None if pair is None else pair.light_time_s + 5 * pair.error_s + abs(pair.clock_offset_s)
    reach_s = longest or FREE_DELAY_S
    _refuse_apart(a.light_curve, b.light_curve, reach_s)
    posterior = coloured_delay(_view(a), _view(b), max_delay_s=reach_s, clock_error_s=clock_s)
    return PairDelay(
        a=a.instrument,
        b=b.instrument,
        posterior=posterior,
        baseline_light_s=None if pair is None else pair.light_time_s,
        classical=_classical(a, b, reach_s, clock_s) if with_classical else (),
    )


def _refuse_apart(a: LightCurve, b: LightCurve, max_delay_s: float) -> None:
    """Refuse light curves that cannot show one burst, whatever the delay."""
    if not len(a) or not len(b):
        raise ScienceError("a light curve has no bins")
    offset_s = elapsed_s(a.t0_utc, b.t0_utc)
    gap_s = max(
        float(b.start_s[0]) + offset_s - float(a.stop_s[-1]), float(a.start_s[0]) - offset_s - float(b.stop_s[-1])
    )
    if gap_s >= max_delay_s:
        raise ScienceError(
            f"the light curves lie {gap_s:.0f} s apart, more than a burst can be delayed ({max_delay_s:.3f} s)",
            remedy="are they of one burst, and is each T0 right?",
        )


def _classical(
    a: Observation, b: Observation, reach_s: float, clock_s: float
) -> tuple[tuple[str, DelayPosterior], ...]:
    """What cross-correlation and the chi-squared scan find, where they find anything."""
    found: list[tuple[str, DelayPosterior]] = []
    methods: tuple[Literal["ccf", "chi2"], ...] = ("ccf", "chi2")
    for method in methods:
        try:
            posterior = estimate_delay(
                a.light_curve, b.light_curve, max_delay_s=reach_s, clock_error_s=clock_s, method=method
            )
        except ScienceError:
            continue
        found.append((method, posterior))
    return tuple(found)


def _view(item: Observation) -> View:
    return View(total=item.light_curve, channels=item.channels, is_band_given=item.is_band_given)


def _first_baseline(a: Observation, b: Observation) -> Baseline | None:
    """Baseline from the positions nearest to each T0, for the range of the delay; None without positions."""
    if not a.positions or not b.positions:
        return None
    return baseline(_nearest(a), _nearest(b))


def _nearest(item: Observation) -> SpacecraftPosition:
    return min(item.positions, key=lambda p: abs((p.epoch_utc - item.light_curve.t0_utc).total_seconds()))


def triangulate_burst(
    burst: Burst,
    *,
    check: tuple[float, float] | None = None,
    solar_system: SolarSystem | None = None,
    progress: Progress = silent,
    policy: TriangulationPolicy | None = None,
) -> TriangulationResult:
    """Delays, annuli and sky map of a burst.

    Parameters
    ----------
    burst
        At least two observations with positions.
    check
        A point (RA, Dec, deg) whose containment is wanted.
    solar_system
        For the motion of the Earth and of planetary craft; None: the packaged de421.
    progress
        Told in words what is done next.
    policy
        Which pairs are made; None: all.

    Raises
    ------
    ScienceError
        No pair has an honest delay with a baseline, or the annuli do not meet.
    """
    sky = solar_system or SolarSystem(packaged_de421())
    try:
        return _triangulated(burst, check, sky, progress, policy or ANY_PAIR)
    finally:
        if solar_system is None:
            sky.close()


def _triangulated(
    burst: Burst,
    check: tuple[float, float] | None,
    sky: SolarSystem,
    progress: Progress,
    policy: TriangulationPolicy,
) -> TriangulationResult:
    reports = [f"{item.instrument}: {text}" for item in burst.observations for text in item.reports]
    for item in burst.observations:
        _check_places(item, sky)
    reports += [f"{i.instrument}: no position, so it makes no annulus" for i in burst.observations if not i.positions]
    delays, failed = _all_delays(burst, progress, policy)
    reports += failed
    annuli, refused = _annuli(burst, star(_usable(delays, policy)), sky)
    reports += refused
    if not annuli:
        reason = "; ".join(failed + refused) or "no pair of observations with positions"
        raise ScienceError(f"{burst.name}: no annulus: {reason}")
    progress("sky map")
    detected_by = _detected_by(burst, annuli, delays, sky)
    skymap = _map(burst, annuli, _usable(delays, policy), detected_by)
    regions, apart = _regions(annuli)
    reports += apart
    containment = None if check is None else _containment(check, annuli, skymap)
    return TriangulationResult(
        name=burst.name,
        delays=delays,
        annuli=annuli,
        skymap=skymap,
        containment=containment,
        reports=tuple(reports),
        regions=regions,
        detected_by=detected_by,
    )


def _check_places(item: Observation, sky: SolarSystem) -> None:
    """Refuse positions that the craft cannot have: other units, another centre, other axes."""
    for place in item.positions:
        check_distance(place)
    planet = PLANET_OF.get(item.spacecraft)
    if planet is not None and item.positions:
        place = item.positions[0]
        centre = replace(place, spacecraft=planet, vector_km=sky.planet_km(planet, place.epoch_utc))
        check_at_planet(place, centre)


def _all_delays(
    burst: Burst, progress: Progress, policy: TriangulationPolicy
) -> tuple[tuple[PairDelay, ...], list[str]]:
    if len(burst.observations) < 2:
        raise ScienceError(f"{burst.name}: triangulation needs two observations, there are {len(burst.observations)}")
    delays: list[PairDelay] = []
    failed: list[str] = []
    for a, b in combinations(burst.observations, 2):
        if not policy.pairs(a.instrument, b.instrument):
            failed.append(f"{a.instrument} - {b.instrument}: not paired, as the settings have it")
            continue
        try:
            delays.append(_delay(a, b, progress=progress))
        except ScienceError as error:
            failed.append(f"{a.instrument} - {b.instrument}: {error.message}")
    return tuple(delays), failed


def _usable(delays: Sequence[PairDelay], policy: TriangulationPolicy) -> list[PairDelay]:
    """Delays that may make annuli: of two detections, with a baseline that is long enough."""
    return [
        delay
        for delay in delays
        if delay.posterior.detected and (delay.baseline_light_s or 0.0) > policy.shortest_baseline_light_s
    ]


def _annuli(burst: Burst, pairs: Sequence[PairDelay], sky: SolarSystem) -> tuple[tuple[PairAnnulus, ...], list[str]]:
    made: list[PairAnnulus] = []
    refused: list[str] = []
    for pair in pairs:
        try:
            place_a, place_b = _places(burst.observation(pair.a), burst.observation(pair.b), pair, sky)
            made.append(
                PairAnnulus(a=pair.a, b=pair.b, annulus=annulus_from_delay(place_a, place_b, pair.posterior, earth=sky))
            )
        except ScienceError as error:
            refused.append(f"{pair.a} - {pair.b}: {error.message}")
    return tuple(made), refused


def _places(
    a: Observation, b: Observation, pair: PairDelay, sky: SolarSystem
) -> tuple[SpacecraftPosition, SpacecraftPosition]:
    """Each craft where it was when the burst passed it."""
    at_a = arrival_utc(a, b, pair.posterior.median_s)
    return place_at(a, at_a, sky), place_at(b, at_a + timedelta(seconds=pair.posterior.median_s), sky)


def arrival_utc(a: Observation, b: Observation, delay_s: float) -> datetime:
    """Time at craft a when the burst was brightest in both light curves, b read `delay_s` later.

    Both must be bright: a spike in one of them is no burst.
    """
    time_a, bright_a = _brightness(a.light_curve)
    time_b, bright_b = _brightness(b.light_curve)
    offset_s = elapsed_s(a.light_curve.t0_utc, b.light_curve.t0_utc) - delay_s
    both = np.minimum(bright_a, np.interp(time_a, time_b + offset_s, bright_b, left=0.0, right=0.0))
    score = both if both.max() > 0 else bright_a
    return a.light_curve.t0_utc + timedelta(seconds=float(time_a[int(np.argmax(score))]))


def aligned_at(burst: Burst, delays: Sequence[PairDelay]) -> tuple[datetime, dict[str, float]]:
    """When the burst was brightest at the first instrument, UTC, and how much later at each other one, s.

    Parameters
    ----------
    burst
        The observations.
    delays
        Of pairs that contain the first instrument of the first pair; others play no part.
    """
    first = delays[0].a
    later = {first: 0.0}
    for delay in delays:
        if delay.a == first:
            later[delay.b] = delay.posterior.median_s
    a, b = burst.observation(first), burst.observation(delays[0].b)
    return arrival_utc(a, b, delays[0].posterior.median_s), later


def _brightness(curve: LightCurve) -> tuple[FloatArray, FloatArray]:
    """Times (s since T0) and brightness (smoothed rate above its median, in units of its scatter), shape (n,)."""
    rate = curve.counts[curve.usable] / curve.live_s[curve.usable]
    if not rate.size:
        raise ScienceError(f"{curve.instrument}: no usable bin")
    n = min(rate.size, max(1, round(SMOOTH_S / float(np.median(curve.width_s)))))
    smooth = np.convolve(rate, np.full(n, 1.0 / n), mode="same")
    away = smooth - np.median(smooth)
    scatter = float(np.median(np.abs(away))) or 1.0
    return (curve.start_s + curve.width_s / 2)[curve.usable], np.asarray(away / scatter)


def place_at(item: Observation, moment: datetime, sky: SolarSystem) -> SpacecraftPosition:
    """Position of a craft at a moment: from its table, or its one position moved on with the error widened.

    Raises
    ------
    ScienceError
        The table does not cover the moment, or one position near the Earth is too far from it in time.
    """
    if len(item.positions) > 1 and item.positions[0].epoch_utc <= moment <= item.positions[-1].epoch_utc:
        return interpolated(item.positions, moment)
    nearest = min(item.positions, key=lambda p: abs((p.epoch_utc - moment).total_seconds()))
    gap_s = abs((nearest.epoch_utc - moment).total_seconds())
    if gap_s <= NEAR_S:
        return nearest
    if len(item.positions) > 1:
        return interpolated(item.positions, moment)  # says that the table does not cover it
    if nearest.distance_km < NEAR_EARTH_KM and gap_s <= 60.0:
        error_km = float(np.hypot(nearest.error_km, LOW_ORBIT_KM_S * gap_s))
        return replace(nearest, epoch_utc=moment, error_km=error_km)
    return sky.moved(nearest, moment)


def _regions(annuli: Sequence[PairAnnulus]) -> tuple[tuple[ErrorRegion, ...], list[str]]:
    """Where the 3-sigma annuli overlap; nothing for one annulus, and said where they do not."""
    if len(annuli) < 2:
        return (), []
    try:
        return overlap_regions([pair.annulus for pair in annuli]), []
    except ScienceError as error:
        return (), [error.message]


def _detected_by(
    burst: Burst, annuli: Sequence[PairAnnulus], delays: Sequence[PairDelay], sky: SolarSystem
) -> tuple[SpacecraftPosition, ...]:
    """Craft near the Earth that saw the burst, each where it was then: the Earth hid nothing of it from them."""
    of = {(delay.a, delay.b): delay for delay in delays}
    seen: dict[str, SpacecraftPosition] = {}
    for pair in annuli:
        for place in _places(burst.observation(pair.a), burst.observation(pair.b), of[pair.a, pair.b], sky):
            if place.distance_km < NEAR_EARTH_KM:
                seen[place.spacecraft] = place
    return tuple(seen[name] for name in sorted(seen))


def _map(
    burst: Burst,
    annuli: Sequence[PairAnnulus],
    delays: Sequence[PairDelay],
    detected_by: Sequence[SpacecraftPosition],
) -> SkyMap:
    of = {(delay.a, delay.b): delay for delay in delays}
    covariance = shared_covariance_s2([of[pair.a, pair.b] for pair in annuli], delays)
    return SkyMap.from_annuli(
        [pair.annulus for pair in annuli],
        pairs=[(pair.a, pair.b) for pair in annuli],
        delay_covariance_s2=covariance,
        detected_by=detected_by,
        header={"OBJECT": burst.name},
    )


def _containment(check: tuple[float, float], annuli: Sequence[PairAnnulus], skymap: SkyMap) -> Containment:
    ra_deg, dec_deg = check
    if not (0 <= ra_deg <= 360 and -90 <= dec_deg <= 90):
        raise ScienceError(f"({ra_deg}, {dec_deg}) is no point on the sky")
    offsets = tuple((pair.a, pair.b, pair.annulus.offset_half_widths(ra_deg, dec_deg)) for pair in annuli)
    return Containment(ra_deg=ra_deg, dec_deg=dec_deg, level=skymap.containment(ra_deg, dec_deg), offsets=offsets)
