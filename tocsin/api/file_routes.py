"""REST: files and images of any instrument, handed in for an event."""

# ruff: noqa: FAST003 - `FoundEvent` is the dependency that takes the event_id of the path

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from tocsin.api import forms
from tocsin.api.access import Asker, Services, not_found
from tocsin.api.compute_routes import json_body, schema_of_body
from tocsin.api.event_routes import FoundEvent
from tocsin.api.responses import json_response
from tocsin.domain.errors import NotAllowedError
from tocsin.domain.tokens import Scope
from tocsin.workflow.receiving_files import HandedIn
from tocsin.workflow.uploads import content_of

router = APIRouter(prefix="/api/v1", tags=["events"])


class FileRequest(BaseModel):
    """A file or an image of an instrument: any name, registered in the settings or not."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "example": {
                "instrument": "Swift-BAT",
                "name": "mask-weighted light curve",
                "media_type": "image/png",
                "words": "15 to 350 keV, 64 ms",
                "content": "iVBORw0KGgo=",
            }
        },
    )

    instrument: Annotated[str, Field(min_length=1, max_length=64)]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    media_type: Annotated[str, Field(max_length=60)] = "application/octet-stream"
    words: Annotated[str, Field(max_length=500)] = ""
    content: str = Field(description="the file, base64; 8 MB at most")


@router.post("/events/{event_id}/files", status_code=201, openapi_extra=schema_of_body(FileRequest))
async def hand_in(request: Request, services: Services, asker: Asker, view: FoundEvent) -> Response:
    """Hand in a file or image of an instrument for an event: kept as it came, shown with its lineage.

    Needs the scope `act`. One of the same instrument and name takes the place of the one before.
    """
    if services.receive_file is None:
        raise not_found()
    if Scope.ACT not in asker.scopes:
        raise NotAllowedError("this needs a token with the scope act", remedy="ask the operator for one")
    asked: FileRequest = await json_body(request, FileRequest)
    given = await run_in_threadpool(_given, asked)
    by = asker.person_id or (f"token {asker.token_id}" if asker.token_id else "anonymous")
    made = await run_in_threadpool(services.receive_file, view.item.event.id, given, by, asker.clearance)
    response = json_response(request, forms.product_json(made), status=201)
    response.headers["Location"] = f"/api/v1/events/{view.item.event.id}/products/{made.id}/file"
    return response


def _given(asked: FileRequest) -> HandedIn:
    return HandedIn(
        instrument=asked.instrument,
        name=asked.name,
        words=asked.words,
        media_type=asked.media_type,
        content=content_of(asked.content),
    )
