"""What people do with events by hand, from pages and programs: make, put right, merge, split; each with a reason."""

import re
from collections.abc import Mapping
from datetime import datetime

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from tocsin.api import forms
from tocsin.api.access import Asker, Services, not_found
from tocsin.api.event_routes import found_event
from tocsin.api.posting import Form, chosen_person, people_to_choose, person_of, remember_person
from tocsin.api.rendering import render
from tocsin.api.responses import json_response
from tocsin.api.services import ApiServices, HandDesk, Viewer
from tocsin.domain.clock import to_utc
from tocsin.domain.events import EventKind
from tocsin.domain.people import PersonRole
from tocsin.store import OwnerTaskRow
from tocsin.workflow.by_hand import Place
from tocsin.workflow.informing import open_tasks, task_json
from tocsin.workflow.queries import EventView

router = APIRouter(include_in_schema=False)

#: What can be done with an event that is there.
WAYS = frozenset({"correct", "merge", "split"})


@router.get("/new")
def new_event(request: Request, services: Services, asker: Asker) -> Response:
    """A form to make an event with."""
    _desk(services)
    people = people_to_choose(services, asker, PersonRole.ADVOCATE)
    content = {
        "people": people,
        "chosen": chosen_person(request, services, people),
        "signed_in_as": services.name_of(asker.person_id) if asker.person_id else None,
        "kinds": list(EventKind),
    }
    return render(request, "new_event.html", content)


@router.post("/new")
async def make_on_page(services: Services, asker: Asker, form: Form) -> Response:
    """Make an event."""
    person_id, event_id = await run_in_threadpool(_create, services, asker, form, "page")
    response = RedirectResponse(f"/events/{event_id}", status_code=303)
    remember_person(response, person_id)
    return response


@router.post("/events/{event_id}/by-hand/{way}")
async def act_on_page(event_id: str, way: str, services: Services, asker: Asker, form: Form) -> Response:
    """Put an event right, merge another into it, or split it."""
    person_id, standing_id = await run_in_threadpool(_act, services, asker, event_id, way, form, "page")
    response = RedirectResponse(f"/events/{standing_id}", status_code=303)
    remember_person(response, person_id)
    return response


@router.post("/api/v1/events", include_in_schema=True, tags=["events"])
async def make_by_api(request: Request, services: Services, asker: Asker, form: Form) -> Response:
    """Make an event: form fields `kind`, `t0_utc`, `reason`; optional `name`, `ra_deg`, `dec_deg`, `error_radius_deg`.

    The radius holds 90 %. `person` where nobody is signed in.
    """
    _, event_id = await run_in_threadpool(_create, services, asker, form, "api")
    view = await run_in_threadpool(found_event, event_id, services, asker)
    return _answer(request, services, view)


@router.post("/api/v1/events/{event_id}/by-hand/{way}", include_in_schema=True, tags=["events"])
async def act_by_api(
    request: Request, event_id: str, way: str, services: Services, asker: Asker, form: Form
) -> Response:
    """Put right, merge or split an event; each with a `reason`, products are made again.

    `correct`: `t0_utc`, or `ra_deg`, `dec_deg` and `error_radius_deg`. `merge`: `other`, the event that goes into this
    one. `split`: `triggers`, alias keys that leave, separated by spaces; the answer is the new event.
    """
    _, standing_id = await run_in_threadpool(_act, services, asker, event_id, way, form, "api")
    view = await run_in_threadpool(found_event, standing_id, services, asker)
    return _answer(request, services, view)


@router.get("/api/v1/owner-tasks", include_in_schema=True, tags=["events"])
def owner_tasks(request: Request, services: Services, asker: Asker) -> Response:
    """Owners of restricted data to be told of results, as far as the asker is cleared for their labels."""
    with services.store.read() as work:
        rows = open_tasks(work, clearance=asker.clearance)
    return json_response(request, {"owner_tasks": [task_json(row, services.clock.now()) for row in rows]})


@router.post("/api/v1/owner-tasks/{task_id}/done", include_in_schema=True, tags=["events"])
async def told_by_api(request: Request, task_id: int, services: Services, asker: Asker, form: Form) -> Response:
    """Say that the owner was told (form field `person` where nobody is signed in)."""
    row = await run_in_threadpool(_told, services, asker, task_id, form, "api")
    return json_response(request, task_json(row, services.clock.now()))


@router.post("/owner-tasks/{task_id}/done")
async def told_on_page(task_id: int, services: Services, asker: Asker, form: Form) -> Response:
    """Say that the owner was told."""
    row = await run_in_threadpool(_told, services, asker, task_id, form, "page")
    return RedirectResponse(f"/events/{row.event_id}", status_code=303)


def _told(services: ApiServices, viewer: Viewer, task_id: int, form: Mapping[str, str], via: str) -> OwnerTaskRow:
    with services.store.read() as work:
        if all(row.id != task_id for row in open_tasks(work, clearance=viewer.clearance)):
            raise not_found()
    return _desk(services).told_owner(task_id, person_of(services, viewer, form.get("person", "")), via)


def _answer(request: Request, services: ApiServices, view: EventView) -> Response:
    return json_response(request, forms.view_json(view, services.name_of))


def _create(services: ApiServices, viewer: Viewer, form: Mapping[str, str], via: str) -> tuple[str, str]:
    desk, person_id = _desk(services), person_of(services, viewer, form.get("person", ""))
    t0_utc = _time(form.get("t0_utc", ""))
    if t0_utc is None:
        raise HTTPException(422, "t0_utc: a time is expected, like 2024-10-17T03:00:00Z")
    kind = form.get("kind", EventKind.GAMMA_RAY_BURST.value)
    if kind not in list(EventKind):
        raise HTTPException(422, f"kind: {', '.join(EventKind)} are known")
    return person_id, desk.create(
        person_id, via, EventKind(kind), t0_utc, form.get("reason", ""), form.get("name", "")[:60].strip(), _place(form)
    )


def _act(
    services: ApiServices, viewer: Viewer, event_id: str, way: str, form: Mapping[str, str], via: str
) -> tuple[str, str]:
    if way not in WAYS:
        raise not_found()
    view = found_event(event_id, services, viewer)
    desk, person_id = _desk(services), person_of(services, viewer, form.get("person", ""))
    given, reason = (view.item.event.id, person_id, via), form.get("reason", "")
    match way:
        case "merge":
            other = found_event(form.get("other", ""), services, viewer)
            return person_id, desk.merge(*given, other.item.event.id, reason)
        case "split":
            return person_id, desk.split(*given, re.split(r"[\s,]+", form.get("triggers", "").strip()), reason)
        case _:
            return person_id, desk.correct(*given, _time(form.get("t0_utc", "")), _place(form), reason)


def _desk(services: ApiServices) -> HandDesk:
    if services.by_hand is None:
        raise not_found()
    return services.by_hand


def _time(text: str) -> datetime | None:
    """Time in a form, UTC where nothing else is said; None where the field is empty."""
    if not text.strip():
        return None
    try:
        return to_utc(text.strip())
    except ValueError:
        raise HTTPException(422, "t0_utc: a time is expected, like 2024-10-17T03:00:00Z") from None


def _place(form: Mapping[str, str]) -> Place | None:
    """Position in a form; None where all its fields are empty."""
    texts = [form.get(name, "").strip() for name in ("ra_deg", "dec_deg", "error_radius_deg")]
    if not any(texts):
        return None
    try:
        ra_deg, dec_deg, error_radius_deg = (float(text) for text in texts)
    except ValueError:
        raise HTTPException(422, "ra_deg, dec_deg, error_radius_deg: three numbers are expected") from None
    return Place(ra_deg=ra_deg, dec_deg=dec_deg, error_radius_deg=error_radius_deg)
