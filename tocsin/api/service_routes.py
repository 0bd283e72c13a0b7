"""REST: light curves by instrument and time, who is on call, the feeds."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.exceptions import HTTPException

from tocsin.api import forms
from tocsin.api.access import Asker, Services
from tocsin.api.responses import json_response
from tocsin.api.times import UtcTime
from tocsin.workflow import queries
from tocsin.workflow.feed_queries import feeds as feeds_view
from tocsin.workflow.queries import EventFilter

router = APIRouter(prefix="/api/v1", tags=["service"])

#: Light curves are kept per event: events this far outside the interval may still cover it.
MARGIN = timedelta(hours=1)
MAX_INTERVAL = timedelta(days=1)
MAX_EVENTS = 20


@router.get("/lightcurves")
def light_curves(
    request: Request,
    services: Services,
    asker: Asker,
    start_utc: Annotated[UtcTime, Query()],
    stop_utc: Annotated[UtcTime, Query()],
    instrument: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """Stored light curves within an interval of at most a day, with the event each was fetched for."""
    start, stop = start_utc, stop_utc
    if not timedelta(0) < stop - start <= MAX_INTERVAL:
        raise HTTPException(422, "stop_utc must come after start_utc, by at most a day")
    found: list[dict[str, Any]] = []
    with services.store.read() as work:
        wanted = EventFilter(start_utc=start - MARGIN, stop_utc=stop + MARGIN)
        page = queries.list_events(work, wanted, clearance=asker.clearance, limit=MAX_EVENTS)
        for item in page.items:
            for curve in queries.light_curves(work, item.event.id, clearance=asker.clearance):
                part = curve.with_t0(start).between(0.0, (stop - start).total_seconds())
                if len(part) and instrument in {None, curve.instrument}:
                    found.append({"event_id": item.event.id, **forms.light_curve_json(part)})
    return json_response(request, {"lightcurves": found})


@router.get("/oncall")
def on_call(request: Request, services: Services) -> Response:
    """Who is on call now, who is next, and the gaps of the coming days."""
    return json_response(request, forms.on_call_json(services.on_call()))


@router.get("/feeds")
def feeds(request: Request, services: Services, asker: Asker) -> Response:
    """Counts of every feed, and what was quarantined, with the reasons."""
    with services.store.read() as work:
        view = feeds_view(work, clearance=asker.clearance, labels_of=services.labels_of_streams)
    return json_response(request, forms.feeds_json(view))
