"""Pages for people, each with a ``.json`` twin: read on a phone at night, whole without JavaScript."""

# ruff: noqa: FAST003 - `FoundEvent` is the dependency that takes the event_id of the path

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from tocsin.api import event_routes, forms, service_routes
from tocsin.api.access import Asker, Services, not_found, parts_for
from tocsin.api.burst_words import burst_section
from tocsin.api.event_pictures import pictures_of
from tocsin.api.event_routes import FoundEvent, PageOfEvents, found_event
from tocsin.api.posting import Form, chosen_person, own_path, people_to_choose, person_of, remember_person
from tocsin.api.rendering import THEME_COOKIE, THEMES, render
from tocsin.api.responses import json_response, tagged
from tocsin.api.services import ApiServices, Viewer
from tocsin.api.small_pictures import curve_shifts, small_curve_svg, small_sky_svg
from tocsin.domain.events import EventKind, EventState, Tier
from tocsin.domain.notices import Messenger
from tocsin.domain.people import Acknowledgement, PersonRole
from tocsin.domain.products import ProductKind, may_see
from tocsin.workflow import queries
from tocsin.workflow.circulars import own_circulars
from tocsin.workflow.escalating import still_needed
from tocsin.workflow.feed_queries import feeds as feeds_view
from tocsin.workflow.informing import open_tasks
from tocsin.workflow.receiving_files import IMAGES
from tocsin.workflow.why import why_woken
from triangulation.skymap import SkyMap

router = APIRouter(include_in_schema=False)

#: What a listener says of a topic that it asked for and its broker does not give: the others are read all the same.
ABSENT = "topic_error"
SVG_TYPE = "image/svg+xml"
#: What can be done with an event beside acknowledging it.
ACTIONS = frozenset({"escalate", "snooze", "not_astrophysical", "correction"})
#: States in which nothing is left to do.
OVER = frozenset({EventState.RETRACTED, EventState.NOT_ASTROPHYSICAL, EventState.CLOSED, EventState.MERGED})


@router.get("/transients")
def transients(request: Request, page: PageOfEvents) -> Response:
    """All transients, newest first."""
    asked = {name: value for name, value in request.query_params.items() if value and name != "before"}
    here = "/transients" + (f"?{urlencode(asked)}" if asked else "")
    older = None if page.next_cursor is None else "/transients?" + urlencode({**asked, "before": page.next_cursor})
    content = {
        "items": page.items,
        "asked": asked,
        "here": here,
        "older": older,
        "is_first": "before" not in request.query_params,
        "kinds": list(EventKind),
        "messengers": list(Messenger),
    }
    return render(request, "events.html", content)


router.add_api_route("/events.json", event_routes.events, methods=["GET"])
router.add_api_route("/transients.json", event_routes.events, methods=["GET"])
router.add_api_route("/oncall.json", service_routes.on_call, methods=["GET"])
router.add_api_route("/feeds.json", service_routes.feeds, methods=["GET"])
router.add_api_route("/events/{event_id}.json", event_routes.event, methods=["GET"])


@router.get("/events/{event_id}/lightcurves.svg")
def light_curves_picture(request: Request, services: Services, asker: Asker, view: FoundEvent) -> Response:
    """Light curves as a picture."""
    return _picture(request, pictures_of(services, request.app.state.pictures, asker, view).light_curves)


@router.get("/events/{event_id}/skymap.svg")
def sky_picture(request: Request, services: Services, asker: Asker, view: FoundEvent) -> Response:
    """Sky map as a picture."""
    return _picture(request, pictures_of(services, request.app.state.pictures, asker, view).sky)


@router.get("/events/{event_id}/lightcurve.small.svg")
def small_light_curve(request: Request, event_id: str, services: Services, asker: Asker) -> Response:
    """Its first light curve around T0, small, for lists."""
    with services.store.read() as work:
        item = queries.event_item(work, event_id, clearance=asker.clearance)
        curves = () if item is None else queries.light_curves(work, event_id, clearance=asker.clearance)
    return _picture(request, "" if item is None else small_curve_svg(item, curves))


@router.get("/events/{event_id}/sky.small.svg")
def small_sky(request: Request, event_id: str, services: Services, asker: Asker) -> Response:
    """Where it is on the sky, small, for lists."""
    with services.store.read() as work:
        item = queries.event_item(work, event_id, clearance=asker.clearance)
        product = None if item is None else queries.sky_map(work, event_id, clearance=asker.clearance)
    skymap = None if product is None or product.blob is None else SkyMap.from_bytes(product.blob)
    return _picture(request, "" if item is None else small_sky_svg(item, skymap))


@router.get("/events/{event_id}")
def event(request: Request, services: Services, asker: Asker, view: FoundEvent) -> Response:
    """One event: what it is, what is known, what is to be done."""
    people = people_to_choose(services, asker, PersonRole.ADVOCATE)
    with services.store.read() as work:
        tasks = open_tasks(work, view.item.event.id, clearance=asker.clearance)
        why = why_woken(work, view, services.wakings, clearance=asker.clearance)
        missing = still_needed(work, view.item.event.id)
        circulars = own_circulars(work, view.item.event.id)
    content = {
        "missing": missing,
        "has_circular": any(may_see(one.draft.labels, asker.clearance) for one in circulars),
        "owner_tasks": tasks,
        "why": why,
        "view": view,
        "item": view.item,
        "event": view.item.event,
        "pictures": pictures_of(services, request.app.state.pictures, asker, view),
        "bursts": burst_section(view),
        "people": people,
        "chosen": chosen_person(request, services, people),
        "can_acknowledge": view.item.tier is not Tier.RECORD and bool(people or asker.person_id),
        "signed_in_as": services.name_of(asker.person_id) if asker.person_id else None,
        "name_of": services.name_of,
        "first": view.item.acknowledgement,
        "curves": curve_shifts(view),
        "files": [one for one in view.products if one.kind is ProductKind.FILE],
        "images": IMAGES,
        "can_press": services.press is not None and view.item.state not in OVER,
    }
    return render(request, "event.html", content)


@router.post("/events/{event_id}/acknowledge")
async def acknowledge(event_id: str, services: Services, asker: Asker, form: Form) -> Response:
    """Take an event; the first one has it, a later one is told who that is."""
    made = await run_in_threadpool(_acknowledge, services, asker, event_id, form.get("person", ""), "page")
    response = RedirectResponse(f"/events/{event_id}", status_code=303)
    remember_person(response, made.person_id)
    return response


@router.post("/api/v1/events/{event_id}/acknowledge", include_in_schema=True, tags=["events"])
async def acknowledge_by_api(request: Request, event_id: str, services: Services, asker: Asker, form: Form) -> Response:
    """Take an event (form field `person` where nobody is signed in)."""
    made = await run_in_threadpool(_acknowledge, services, asker, event_id, form.get("person", ""), "api")
    return json_response(request, forms.acknowledgement_json(made, services.name_of))


@router.post("/events/{event_id}/actions/{action}")
async def act(event_id: str, action: str, services: Services, asker: Asker, form: Form) -> Response:
    """Escalate, snooze, or mark as not astrophysical: what the buttons in chat do."""
    person_id, _ = await run_in_threadpool(_press, services, asker, event_id, action, form.get("person", ""), "page")
    response = RedirectResponse(f"/events/{event_id}", status_code=303)
    remember_person(response, person_id)
    return response


@router.post("/api/v1/events/{event_id}/actions/{action}", include_in_schema=True, tags=["events"])
async def act_by_api(
    request: Request, event_id: str, action: str, services: Services, asker: Asker, form: Form
) -> Response:
    """Do what a button does: `escalate`, `snooze`, `not_astrophysical`, `correction` (of our circular, drafted).

    Form field `person` as for acknowledge.
    """
    _, words = await run_in_threadpool(_press, services, asker, event_id, action, form.get("person", ""), "api")
    return json_response(request, {"words": words})


@router.post("/theme")
async def theme(form: Form) -> Response:
    """Keep the appearance that this browser wants, and go back."""
    response = RedirectResponse(own_path(form.get("back", "/")), status_code=303)
    chosen = form.get("theme", "")
    response.set_cookie(THEME_COOKIE, chosen if chosen in THEMES else THEMES[0], max_age=31_536_000, samesite="lax")
    return response


@router.get("/feeds")
def feeds(request: Request, services: Services, asker: Asker) -> Response:
    """What is listened to, and what could not be read."""
    with services.store.read() as work:
        view = feeds_view(work, clearance=asker.clearance, labels_of=services.labels_of_streams)
    parts = parts_for(services.health(), asker)
    absent = [part for part in parts if part.is_ok and part.words.startswith(ABSENT)]
    shown = [part for part in parts if part not in absent]
    return render(request, "feeds.html", {"view": view, "parts": shown, "absent": absent})


def _picture(request: Request, svg: str) -> Response:
    if not svg:
        raise not_found()
    return tagged(request, svg.encode(), SVG_TYPE)


def _press(services: ApiServices, viewer: Viewer, event_id: str, action: str, person: str, via: str) -> tuple[str, str]:
    """Id of who pressed, and the words of the answer."""
    found_event(event_id, services, viewer)
    if services.press is None or action not in ACTIONS:
        raise not_found()
    person_id = person_of(services, viewer, person)
    return person_id, services.press(action, event_id, person_id, via)


def _acknowledge(services: ApiServices, viewer: Viewer, event_id: str, person: str, via: str) -> Acknowledgement:
    found_event(event_id, services, viewer)
    return services.acknowledge(event_id, person_of(services, viewer, person), via)
