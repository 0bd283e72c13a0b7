"""REST: the stream of changes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from starlette.exceptions import HTTPException

from tocsin.api.access import Asker
from tocsin.api.stream_response import StreamResponse
from tocsin.api.streaming import Hub

router = APIRouter(prefix="/api/v1", tags=["stream"])

LARGEST = 2**63 - 1


async def last_seen(
    request: Request,
    last_event_id: Annotated[str | None, Header(max_length=20, pattern=r"^[0-9]*$")] = None,
    after: Annotated[int | None, Query(ge=0, le=LARGEST, description="as Last-Event-ID, where no header fits")] = None,
) -> int | None:
    """Number of the last change that the reader has; refused here, before the stream has begun."""
    if request.app.state.hub.is_full:
        raise HTTPException(503, "too many readers", headers={"Retry-After": "10"})
    last = int(last_event_id) if last_event_id else after
    if last is not None and last > LARGEST:
        raise HTTPException(422, "Last-Event-ID: a number of this stream is needed")
    return last


@router.get("/stream", responses={200: {"content": {"text/event-stream": {}}}})
async def stream(request: Request, asker: Asker, last: Annotated[int | None, Depends(last_seen)]) -> Response:
    """Changes of events as Server-Sent Events: `event` with the event as in the list, `tick` every 5 s.

    Send the last `id` in the header Last-Event-ID to go on from there: every event that changed since comes once.
    """
    hub: Hub = request.app.state.hub
    return StreamResponse(hub.batches(asker.clearance, last))
