"""Searching: the trial is declared in the ledger, the light curve searched, limits set, and what came of it kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from acs_stream.answer import REPORTED_FAP, Answer, Known, answer, limits_json, trials_json
from acs_stream.far_history import RANK_VERSION
from acs_stream.noise import LONGEST_S, N_SCALES, SHORTEST_S
from acs_stream.sources import FetchedLightCurve
from tocsin.domain.clock import iso_utc
from tocsin.domain.errors import ScienceError
from tocsin.domain.events import Event
from tocsin.domain.light_curves import LightCurve
from tocsin.store import UnitOfWork
from tocsin.workflow.context import Context
from tocsin.workflow.surroundings import Surroundings

SEARCH = "search"


def search_key(event: Event, instrument: str, t0_utc: datetime, window_s: float) -> str:
    """Key of a search in the trial ledger: the same question asked twice is one trial."""
    audience = f"/for-{'+'.join(sorted(event.labels))}" if event.labels else ""
    return f"{SEARCH}/{event.id}/{instrument}/{iso_utc(t0_utc)}/{window_s:g}{audience}"


def declare_search(
    context: Context, work: UnitOfWork, event: Event, instrument: str, *, t0_utc: datetime, window_s: float
) -> str:
    """Write down, before any data are looked at, what will be searched; the trial's key."""
    key = search_key(event, instrument, t0_utc, window_s)
    declaration = {
        "t0_utc": iso_utc(t0_utc),
        "window_s": window_s,
        "scales_s": [SHORTEST_S, LONGEST_S],
        "number_of_scales": N_SCALES,
        "rank_version": RANK_VERSION,
        "reported_fap": REPORTED_FAP,
        "trials_in_fap": "all times and scales of this window; not other instruments, windows or T0s",
    }
    work.declare_trial(
        key,
        kind=SEARCH,
        event_id=event.id,
        subject=instrument,
        declaration=declaration,
        labels=event.labels,
        at_utc=context.clock.now(),
    )
    return key


def conclude_search(context: Context, work: UnitOfWork, key: str, content: Mapping[str, Any]) -> None:
    """Keep what came of a declared search."""
    if "error" in content:
        outcome: Mapping[str, Any] = {"error": content["error"]}
    else:
        best = min(content["excesses"], key=lambda one: float(one["fap"]), default=None)
        names = ("t_s", "scale_s", "snr", "fap", "far_hz", "is_spike_like")
        outcome = {
            "excesses": len(content["excesses"]),
            "least_fap": None if best is None else {name: best[name] for name in names},
        }
    work.conclude_trial(key, outcome, context.clock.now())


def with_all_searches(content: dict[str, Any], declared: int) -> dict[str, Any]:
    """The search's content with the chance that any of an event's declared searches shows an excess as rare.

    Examples
    --------
    >>> with_all_searches({"excesses": [{"fap": 0.01}]}, 3)["declared_searches"]["least_fap_of_all"]
    0.029701
    """
    least = min((float(one["fap"]) for one in content.get("excesses", ())), default=None)
    of_all = None if least is None else round(1.0 - (1.0 - least) ** max(1, declared), 12)
    return content | {"declared_searches": {"number": declared, "least_fap_of_all": of_all}}


def known_of(context: Context, fetched: FetchedLightCurve, surrounding: Surroundings | None, t0_utc: datetime) -> Known:
    """What is known besides the counts: response, direction, distance, bursts to try."""
    event = None if surrounding is None else surrounding.event
    distance, error = (
        None if event is None else event.details.get(name) for name in ("distance_mpc", "distance_error_mpc")
    )
    return Known(
        table=context.response,
        attitude=fetched.attitude,
        skymap=None if surrounding is None else surrounding.region,
        distance_mpc=float(distance) if isinstance(distance, int | float) and distance > 0 else None,
        distance_error_mpc=float(error) if isinstance(error, int | float) and error > 0 else 0.0,
        bursts=context.bursts,
        durations=context.durations,
        trailing=context.trailing(fetched.total.instrument, t0_utc),
    ).for_instrument(fetched.total.instrument)


def limit_content(curve: LightCurve, window_s: float, known: Known) -> tuple[dict[str, Any], bytes | None]:
    """Content of a limit product around the light curve's T0, or the reason why there is none; and its map of the sky.

    The map is the file of `acs_stream.sky_sensitivity`; None where response or attitude are not known.
    """
    try:
        found = answer(curve, t0_s=0.0, window_s=window_s, known=known)
    except ScienceError as error:
        return {"error": error.message, "remedy": error.remedy}, None
    if found.limits is None:
        return {"error": found.limits_reason, "remedy": ""}, None
    is_archival = curve.timing is None or not curve.timing.is_approximate
    content = (
        dict(limits_json(found, found.limits))
        | _over_region(found)
        | {
            "window_s": window_s,
            "is_archival": is_archival,
            "trial_bursts": trials_json(found),
            "properties": None if found.properties is None else found.properties.to_json(),
        }
    )
    return content, None if found.sky is None else found.sky.to_bytes()


def _over_region(found: Answer) -> dict[str, Any]:
    """Limits that hold in the whole 50 % region, as circulars state them, in the place of those of one direction."""
    region = next(iter(found.regions), None)
    if region is None:
        return {}
    names = ("hard_1s_erg_cm2", "soft_1s_erg_cm2_s", "soft_8s_erg_cm2_s")
    highest = {name: getattr(region, name)[2] for name in names}
    return highest | {"region_percent": 100.0 * region.level, "upper_limit_90_over_region": _excluded(found, highest)}


def _excluded(found: Answer, highest: Mapping[str, float]) -> dict[str, float] | None:
    """``upper_limit_90`` where the sensitivity is worst within the region."""
    limits, upper = found.limits, found.upper_limit_90
    if limits is None or upper is None or limits.hard_1s_erg_cm2 is None or upper.hard_1s_erg_cm2 is None:
        return None
    return {
        "hard_1s_erg_cm2": upper.hard_1s_erg_cm2 * highest["hard_1s_erg_cm2"] / limits.hard_1s_erg_cm2,
    }
