"""JSON forms of delays and triangulations, as the command line and REST give them out."""

from collections.abc import Mapping, Sequence
from typing import Any

from acs_stream.burst_result import PairDelay, TriangulationResult
from triangulation.annulus import HIGH_3SIGMA, LOW_3SIGMA
from triangulation.posterior import DelayPosterior
from triangulation.regions import ErrorRegion


def delays_to_json(delays: Sequence[PairDelay]) -> list[Mapping[str, Any]]:
    """JSON-able form of delays: posterior medians, distances to the 3-sigma quantiles as positive numbers."""
    return [_delay_to_json(delay) for delay in delays]


def _delay_to_json(delay: PairDelay) -> Mapping[str, Any]:
    posterior = delay.posterior
    median = posterior.quantile(0.5)
    return {
        "a": delay.a,
        "b": delay.b,
        "delay_s": median,
        "minus_3sigma_s": median - posterior.quantile(LOW_3SIGMA),
        "plus_3sigma_s": posterior.quantile(HIGH_3SIGMA) - median,
        "sigma_s": posterior.sigma_s,
        "statistical_sigma_s": posterior.statistical_sigma_s,
        "systematic_sigma_s": posterior.systematic_sigma_s,
        "energy": posterior.energy,
        "energy_sigma_s": posterior.figures.get("energy_sigma_s"),
        "energy_shift_s": posterior.figures.get("energy_shift_s"),
        "mean_s": posterior.mean_s,
        "baseline_light_s": delay.baseline_light_s,
        "detected": posterior.detected,
        "flags": list(posterior.flags),
        "method": posterior.method,
    } | ({"classical": {name: _classical_to_json(found) for name, found in delay.classical}} if delay.classical else {})


def _classical_to_json(found: DelayPosterior) -> Mapping[str, Any]:
    """A classical delay: the width that the method itself claims, which is not calibrated."""
    return {"delay_s": found.median_s, "sigma_s": found.sigma_s, "interval_90_s": list(found.interval(0.9))}


def _region_to_json(region: ErrorRegion) -> Mapping[str, Any]:
    return {
        "ra_deg": region.ra_deg,
        "dec_deg": region.dec_deg,
        "area_deg2": region.area_deg2,
        "extent_deg": region.extent_deg,
        "corners_deg": region.corners_deg.tolist(),
    }


def result_to_json(result: TriangulationResult) -> Mapping[str, Any]:
    """JSON-able form of a triangulation; ``containment`` is there where a point was checked."""
    skymap: Mapping[str, Any] | None = None
    if result.skymap is not None:
        ra_deg, dec_deg = result.skymap.peak
        skymap = {
            "area_50_deg2": result.skymap.credible_area_deg2(0.5),
            "area_90_deg2": result.skymap.credible_area_deg2(0.9),
            "peak_ra_deg": ra_deg,
            "peak_dec_deg": dec_deg,
        }
    record: dict[str, Any] = {
        "name": result.name,
        "delays": delays_to_json(result.delays),
        "annuli": [{"a": pair.a, "b": pair.b, **pair.annulus.to_json()} for pair in result.annuli],
        "regions": [_region_to_json(region) for region in result.regions],
        "skymap": skymap,
        "reports": list(result.reports),
    }
    if result.containment is not None:
        found = result.containment
        record["containment"] = {
            "ra_deg": found.ra_deg,
            "dec_deg": found.dec_deg,
            "level": found.level,
            "offsets": [{"a": a, "b": b, "half_widths": offset} for a, b, offset in found.offsets],
        }
    return record
