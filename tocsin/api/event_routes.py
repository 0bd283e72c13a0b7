"""REST: events and everything below an event."""

# ruff: noqa: FAST003 - `FoundEvent` is the dependency that takes the event_id of the path

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator
from starlette.exceptions import HTTPException

from tocsin.api import forms
from tocsin.api.access import Asker, Services, not_found
from tocsin.api.responses import json_response, tagged
from tocsin.api.tables import CSV_TYPE, light_curves_csv
from tocsin.api.times import UtcTime
from tocsin.domain.events import EventKind, Tier
from tocsin.domain.notices import Messenger
from tocsin.store import EventSelection, SkyRegion
from tocsin.workflow import queries
from tocsin.workflow.queries import EventFilter, EventPage, EventView
from tocsin.workflow.why import why_json, why_woken

router = APIRouter(prefix="/api/v1/events", tags=["events"])

#: A form sends an empty string for what was left open.
_OPEN = BeforeValidator(lambda value: None if value == "" else value)


def wanted_events(
    kind: Annotated[EventKind | None, _OPEN, Query()] = None,
    stream: Annotated[str, Query(max_length=64, description="family of notices, e.g. `fermi_gbm`")] = "",
    messenger: Annotated[Messenger | None, _OPEN, Query()] = None,
    instrument: Annotated[str, Query(max_length=64, description="with a light curve of it, e.g. `SPI-ACS`")] = "",
    classification: Annotated[str, Query(max_length=64, description="class of at least 10 %, e.g. `BNS`")] = "",
    tier: Annotated[Tier | None, _OPEN, Query(description="1 wakes, 2 tells, 3 is recorded")] = None,
    is_test: Annotated[bool | None, _OPEN, Query()] = None,
    text: Annotated[str, Query(max_length=100, description="part of a name or identifier")] = "",
    start_utc: Annotated[UtcTime | None, _OPEN, Query(description="T0 at or after")] = None,
    stop_utc: Annotated[UtcTime | None, _OPEN, Query(description="T0 before")] = None,
    region: Annotated[str, Query(max_length=100, description="`ra_deg,dec_deg,radius_deg`: position within")] = "",
) -> EventFilter:
    """Which events are asked for."""
    return EventFilter(
        selection=EventSelection(
            kind=kind,
            stream=stream or None,
            messenger=messenger,
            instrument=instrument or None,
            classification=classification or None,
            tier=tier,
            is_test=is_test,
            text=text or None,
            region=_region(region) if region else None,
        ),
        start_utc=start_utc,
        stop_utc=stop_utc,
    )


def _region(text: str) -> SkyRegion:
    """Circle on the sky of three numbers."""
    try:
        ra_deg, dec_deg, radius_deg = (float(part) for part in text.split(","))
    except ValueError as error:
        raise HTTPException(422, "region: three numbers are needed, ra_deg,dec_deg,radius_deg") from error
    if not (0.0 <= ra_deg <= 360.0 and -90.0 <= dec_deg <= 90.0 and 0.0 < radius_deg <= 180.0):
        raise HTTPException(422, "region: RA 0 to 360, Dec -90 to 90, radius up to 180 deg")
    return SkyRegion(ra_deg=ra_deg, dec_deg=dec_deg, radius_deg=radius_deg)


Wanted = Annotated[EventFilter, Depends(wanted_events)]
Limit = Annotated[int, Query(ge=1, le=200)]
Before = Annotated[str, Query(max_length=200, description="cursor: `next` of the page before")]


def page_of_events(
    services: Services, asker: Asker, wanted: Wanted, limit: Limit = 50, before: Before = ""
) -> EventPage:
    """A page of events as the asker may see them."""
    with services.store.read() as work:
        try:
            return queries.list_events(work, wanted, clearance=asker.clearance, limit=limit, before=before or None)
        except ValueError as error:
            raise HTTPException(422, f"before: {error}") from error


def found_event(event_id: str, services: Services, asker: Asker) -> EventView:
    """The event asked for."""
    with services.store.read() as work:
        standing_id = work.standing_id(event_id)
        view = queries.event_view(work, standing_id, clearance=asker.clearance, is_of_team=asker.person_id is not None)
    if view is None:
        raise not_found()
    return view


PageOfEvents = Annotated[EventPage, Depends(page_of_events)]
FoundEvent = Annotated[EventView, Depends(found_event)]


@router.get("")
def events(request: Request, services: Services, page: PageOfEvents) -> Response:
    """Events, newest T0 first; `next` is the cursor of the next page."""
    listed = [forms.item_json(item, services.name_of) for item in page.items]
    return json_response(request, {"events": listed, "next": page.next_cursor})


@router.get("/{event_id}")
def event(request: Request, services: Services, asker: Asker, view: FoundEvent) -> Response:
    """One event; `why` says by which rule people were woken, and how often that happens."""
    with services.store.read() as work:
        why = why_woken(work, view, services.wakings, clearance=asker.clearance)
    return json_response(request, forms.view_json(view, services.name_of) | {"why": why_json(why, services.name_of)})


@router.get("/{event_id}/notices")
def notices(request: Request, event_id: str, services: Services, asker: Asker) -> Response:
    """Its notices, in order of reception."""
    with services.store.read() as work:
        found = queries.event_notices(work, event_id, clearance=asker.clearance)
    if found is None:
        raise not_found()
    return json_response(request, {"notices": [forms.notice_json(item) for item in found]})


@router.get("/{event_id}/products")
def products(request: Request, view: FoundEvent) -> Response:
    """Its current products with their lineage."""
    return json_response(request, {"products": [forms.product_json(product) for product in view.products]})


@router.get("/{event_id}/annuli")
def annuli(request: Request, view: FoundEvent) -> Response:
    """Its annuli: centre, radius and 3 sigma half-widths, deg."""
    return json_response(request, {"annuli": forms.annuli_json(view)})


@router.get("/{event_id}/drafts")
def drafts(request: Request, view: FoundEvent) -> Response:
    """Its circular drafts, newest revision of each kind."""
    return json_response(request, {"drafts": [forms.draft_json(draft) for draft in view.drafts]})


@router.get("/{event_id}/timeline")
def timeline(request: Request, view: FoundEvent) -> Response:
    """What happened to it, oldest first."""
    return json_response(request, {"timeline": [forms.timeline_json(row) for row in view.timeline]})


@router.get("/{event_id}/lightcurves")
def light_curves(request: Request, event_id: str, services: Services, asker: Asker, _view: FoundEvent) -> Response:
    """Its light curves, one per instrument: JSON, or CSV for `Accept: text/csv`."""
    with services.store.read() as work:
        curves = queries.light_curves(work, event_id, clearance=asker.clearance)
    if "text/csv" in request.headers.get("accept", ""):
        return tagged(request, light_curves_csv(curves), CSV_TYPE)
    return json_response(request, {"lightcurves": [forms.light_curve_json(curve) for curve in curves]})


@router.get("/{event_id}/skymap")
def sky_map(request: Request, event_id: str, services: Services, asker: Asker) -> Response:
    """Its newest sky map: multi-order FITS."""
    with services.store.read() as work:
        product = queries.sky_map(work, event_id, clearance=asker.clearance)
    if product is None or product.blob is None:
        raise not_found()
    headers = {"Content-Disposition": f'attachment; filename="{event_id}.multiorder.fits"'}
    return tagged(request, product.blob, "application/fits", headers=headers)
