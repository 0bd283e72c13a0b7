"""REST: how soon people are reached and act, and what waits for each channel."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from tocsin.api.access import Asker, Services
from tocsin.api.responses import json_response
from tocsin.domain.clock import iso_utc
from tocsin.workflow.response_times import BINS_S, EventTimes, Summary, response_times

router = APIRouter(prefix="/api/v1", tags=["service"])


@router.get("/response-times")
def times(
    request: Request,
    services: Services,
    asker: Asker,
    days: Annotated[int, Query(ge=1, le=3660)] = 90,
    drills: Annotated[bool, Query()] = False,
) -> Response:
    """When each event reached each stage, T0 to circular; time to acknowledge by person and tier.

    Histograms count times up to 60, 300, 600 and 3600 s, and longer ones; `drills` gives those of drills instead.
    """
    since = services.clock.now() - timedelta(days=days)
    with services.store.read() as work:
        found = response_times(work, since_utc=since, clearance=asker.clearance, is_drill=drills)
    return json_response(
        request,
        {
            "since_utc": iso_utc(since),
            "histogram_edges_s": list(BINS_S),
            "steps": {name: _summary(one) for name, one in found.steps.items()},
            "acknowledged_by_person": {services.name_of(who): _summary(one) for who, one in found.by_person.items()},
            "acknowledged_by_tier": {str(tier): _summary(one) for tier, one in found.by_tier.items()},
            "not_acknowledged": found.not_acknowledged,
            "events": [_event(services.name_of, one) for one in found.events],
        },
    )


def _summary(found: Summary) -> dict[str, Any]:
    return asdict(found) | {"histogram": list(found.histogram)}


def _event(name_of: Any, one: EventTimes) -> dict[str, Any]:
    return {
        "id": one.event_id,
        "name": one.name,
        "tier": int(one.tier),
        **{f"{stage}_utc": iso_utc(moment) for stage, moment in one.at_utc.items()},
        "acknowledged_by": None if one.acknowledged_by is None else name_of(one.acknowledged_by),
        "via": one.via,
    }
