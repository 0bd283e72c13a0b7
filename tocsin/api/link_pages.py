"""Pages behind links that need no sign-in: one button to acknowledge an event by, and the rota as a calendar.

Opening the first changes nothing, whoever opens it: mail scanners and previews do so unasked. Only its button does.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from tocsin.api.access import Services, not_found
from tocsin.api.errors import STATUS
from tocsin.api.rendering import render
from tocsin.api.security import bounded_body, check_same_origin
from tocsin.api.services import ApiServices
from tocsin.domain.errors import ConflictError, NotAllowedError
from tocsin.domain.people import Acknowledgement, Person
from tocsin.workflow.links import AcknowledgeLink, read_acknowledge_token, read_calendar_token

router = APIRouter(tags=["links"], include_in_schema=False)

Token = Annotated[str, Path(max_length=600, pattern=r"^[A-Za-z0-9_.-]+$")]
#: A link is for one reader: nothing of it is kept, indexed, or told to the next page.
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
MAX_BYTES = 1000


@router.get("/a/{token}")
def acknowledge_page(request: Request, services: Services, token: Token) -> Response:
    """The event, who has it, and one button; opening it changes nothing."""
    return _page(request, services, _link(services, token))


@router.post("/a/{token}")
async def acknowledge(request: Request, services: Services, token: Token) -> Response:
    """Acknowledge for the person whom the link was sent to; a later one is told who was first."""
    check_same_origin(request)
    await bounded_body(request, MAX_BYTES)
    return await run_in_threadpool(_press, request, services, token)


@router.get("/calendar/{token}.ics")
def calendar(services: Services, token: Token) -> Response:
    """Shifts as iCalendar, for a calendar program to fetch again and again."""
    if services.rota_calendar is None:
        raise not_found()
    with services.store.read() as work:
        person_id = read_calendar_token(work, token)
    return Response(services.rota_calendar(person_id), media_type="text/calendar; charset=utf-8", headers=PRIVATE)


def _link(services: ApiServices, token: str) -> AcknowledgeLink:
    with services.store.read() as work:
        return read_acknowledge_token(work, token, services.clock.now())


def _press(request: Request, services: ApiServices, token: str) -> Response:
    link = _link(services, token)
    try:
        made = services.acknowledge(link.event_id, link.person_id, "email")
    except (ConflictError, NotAllowedError) as error:
        return _page(request, services, link, error=error)
    return _page(request, services, link, made=made)


def _page(
    request: Request,
    services: ApiServices,
    link: AcknowledgeLink,
    *,
    made: Acknowledgement | None = None,
    error: ConflictError | NotAllowedError | None = None,
) -> Response:
    person = _person(services, link)
    with services.store.read() as work:
        row = work.event_row(link.event_id, clearance=person.clearance)
        if row is None:
            raise not_found()
        taken = work.acknowledgements(link.event_id)
    content = {
        "row": row,
        "person": person,
        "first": taken[0] if taken else None,
        "has_done": any(one.person_id == person.id for one in taken),
        "made": made,
        "error": error,
        "name_of": services.name_of,
    }
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 200)
    response = render(request, "acknowledge.html", content, status=status)
    response.headers.update(PRIVATE)
    return response


def _person(services: ApiServices, link: AcknowledgeLink) -> Person:
    person = next((one for one in services.people if one.id == link.person_id), None)
    if person is None:
        raise not_found()
    return person
