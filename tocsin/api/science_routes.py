"""REST: light curves in every form, regions of sky maps, limits, statistics."""

# ruff: noqa: FAST003 - `FoundEvent` is the dependency that takes the event_id of the path

import io
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.exceptions import HTTPException

from acs_stream.readers.table import rebin
from tocsin.api import forms
from tocsin.api.access import Asker, Services, not_found
from tocsin.api.event_routes import FoundEvent, PageOfEvents
from tocsin.api.light_curve_files import LightCurveForm, body_of, form_of
from tocsin.api.responses import json_response, tagged
from tocsin.workflow import queries
from tocsin.workflow.limits import limits_of
from tocsin.workflow.statistics import statistics
from triangulation.skymap import SkyMap

router = APIRouter(prefix="/api/v1", tags=["science"])

#: Bins wider than this are no light curve.
WIDEST_BIN_S = 3600.0
Level = Annotated[float, Query(gt=0.0, lt=1.0, description="credible level")]


@router.get("/events/{event_id}/lightcurves/{instrument}")
def light_curve(
    request: Request,
    event_id: str,
    instrument: str,
    services: Services,
    asker: Asker,
    view: FoundEvent,
    form: Annotated[LightCurveForm | None, Query(description="else by the header Accept; else JSON")] = None,
    bin_s: Annotated[float | None, Query(gt=0, le=WIDEST_BIN_S, description="a multiple of the native bin, s")] = None,
    start_s: Annotated[float | None, Query(ge=-1e6, le=1e6, description="from here, s from the curve's T0")] = None,
    stop_s: Annotated[float | None, Query(ge=-1e6, le=1e6, description="to here")] = None,
) -> Response:
    """One light curve: JSON, CSV, Arrow, msgpack, FITS (OGIP) or the IPN's text; cut and rebinned on request."""
    with services.store.read() as work:
        curves = queries.light_curves(work, event_id, clearance=asker.clearance)
    curve = next((one for one in curves if one.instrument == instrument), None)
    if curve is None:
        raise not_found()
    if start_s is not None or stop_s is not None:
        low = float(curve.start_s[0]) if start_s is None else start_s
        high = float(curve.stop_s[-1]) if stop_s is None else stop_s
        curve = curve.between(low, high)
    if not len(curve):
        raise HTTPException(422, "no bin lies wholly between start_s and stop_s")
    wanted = form_of(form, request.headers.get("accept", ""))
    body, media_type, name = body_of(rebin(curve, bin_s), wanted, event_name=view.item.event.name)
    headers = {} if wanted is LightCurveForm.JSON else {"Content-Disposition": f'attachment; filename="{name}"'}
    return tagged(request, body, media_type, headers=headers)


@router.get("/events/{event_id}/moc")
def region(
    request: Request,
    event_id: str,
    services: Services,
    asker: Asker,
    level: Level = 0.9,
    form: Annotated[str, Query(pattern="^(json|fits)$")] = "json",
) -> Response:
    """Credible region of its sky map as a multi-order coverage (MOC 2.0): JSON or FITS."""
    with services.store.read() as work:
        product = queries.sky_map(work, event_id, clearance=asker.clearance)
    if product is None or product.blob is None:
        raise not_found()
    return moc_response(request, SkyMap.from_bytes(product.blob), level, form, name=event_id)


@router.get("/events/{event_id}/limits")
def event_limits(request: Request, view: FoundEvent) -> Response:
    """Its upper limits, one per instrument: 3 sigma, erg/cm2."""
    return json_response(request, {"limits": [forms.limit_json(one) for one in limits_of(view)]})


@router.get("/limits")
def limits(request: Request, services: Services, asker: Asker, page: PageOfEvents) -> Response:
    """Upper limits of the events of a list: filters and cursor as of `/events`."""
    found: list[dict[str, Any]] = []
    with services.store.read() as work:
        for item in page.items:
            view = queries.event_view(work, item.event.id, clearance=asker.clearance)
            if view is not None:
                found += [forms.limit_json(one) for one in limits_of(view)]
    return json_response(request, {"limits": found, "next": page.next_cursor})


@router.get("/statistics")
def statistics_of_events(request: Request, services: Services, asker: Asker) -> Response:
    """Events by kind, tier and month, and how fast people were reached: of what the asker may see."""
    with services.store.read() as work:
        found = statistics(work, clearance=asker.clearance, now=services.clock.now())
    return json_response(request, forms.statistics_json(found))


def moc_response(request: Request, skymap: SkyMap, level: float, form: str, *, name: str) -> Response:
    """A credible region as a file."""
    moc = skymap.credible_moc(level)
    if form == "json":
        return json_response(request, moc.serialize("json"))
    target = io.BytesIO()
    moc.serialize("fits").writeto(target)
    headers = {"Content-Disposition": f'attachment; filename="{name}-{level:g}.moc.fits"'}
    return tagged(request, target.getvalue(), "application/fits", headers=headers)
