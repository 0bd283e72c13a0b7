"""REST: the file of one product, whichever kind it is of; and the trial ledger."""

# ruff: noqa: FAST003 - `FoundEvent` is the dependency that takes the event_id of the path

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from tocsin.api.access import Asker, Services, not_found
from tocsin.api.event_routes import FoundEvent
from tocsin.api.responses import json_response, tagged
from tocsin.domain.clock import iso_utc

router = APIRouter(prefix="/api/v1", tags=["events"])
#: How files are named by their type; what is gzipped are FITS files.
ENDINGS = {
    "application/fits": "fits",
    "application/gzip": "fits.gz",
    "application/json": "json",
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "text/csv": "csv",
    "text/plain": "txt",
}


@router.get("/events/{event_id}/products/{product_id}/file")
def product_file(request: Request, product_id: str, services: Services, asker: Asker, view: FoundEvent) -> Response:
    """File of one product of an event: a sky map (also of two events together), a light curve, a sensitivity."""
    with services.store.read() as work:
        product = work.product(product_id, clearance=asker.clearance)
    if product is None or product.event_id != view.item.event.id or product.blob is None:
        raise not_found()
    ending = ENDINGS.get(product.blob_type or "", "bin")
    headers = {"Content-Disposition": f'attachment; filename="{product.id}.{ending}"'}
    return tagged(request, product.blob, product.blob_type or "application/octet-stream", headers=headers)


@router.get("/trials")
def trials(
    request: Request,
    services: Services,
    asker: Asker,
    kind: Annotated[str, Query(max_length=40, description="coincidence, search")] = "",
    event: Annotated[str, Query(max_length=200, description="id of an event")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """The trial ledger: what was declared before it was looked at, newest first, and what came of it."""
    with services.store.read() as work:
        rows = work.trials(kind=kind or None, event_id=event or None, clearance=asker.clearance, limit=limit)
        shown = [row for row in rows if row.event_id is None or work.event_row(row.event_id, clearance=asker.clearance)]
    listed = [
        {
            "kind": row.kind,
            "event_id": row.event_id,
            "subject": row.subject,
            "declared_utc": iso_utc(row.declared_utc),
            "declaration": row.declaration,
            "outcome": row.outcome,
            "concluded_utc": iso_utc(row.concluded_utc),
        }
        for row in shown
    ]
    return json_response(request, {"trials": listed})
