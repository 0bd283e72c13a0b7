"""Pages that look over everything: Tonight, Statistics; each with a ``.json`` twin."""

from fastapi import APIRouter, Request, Response

from tocsin.api import forms, science_routes
from tocsin.api.access import Asker, Services, parts_for
from tocsin.api.posting import people_to_choose
from tocsin.api.rendering import render
from tocsin.api.responses import json_response
from tocsin.api.services import ApiServices, Viewer
from tocsin.domain.people import PersonRole
from tocsin.workflow.statistics import statistics
from tocsin.workflow.tonight import Tonight, tonight

router = APIRouter(include_in_schema=False)


@router.get("/")
def tonight_page(request: Request, services: Services, asker: Asker) -> Response:
    """Tonight: what needs a human."""
    content = {
        "tonight": _tonight(services, asker),
        "on_call": services.on_call(),
        "failing": [part for part in parts_for(services.health(), asker) if not part.is_ok],
        "name_of": services.name_of,
        "may_sign": may_work_on_drafts(services, asker),
    }
    return render(request, "tonight.html", content)


@router.get("/tonight.json")
def tonight_twin(request: Request, services: Services, asker: Asker) -> Response:
    """What needs a human."""
    found = _tonight(services, asker)
    failing = [part for part in parts_for(services.health(), asker) if not part.is_ok]
    content = forms.tonight_json(found, services.name_of, services.clock.now()) | {"failing": failing}
    return json_response(request, content | forms.on_call_json(services.on_call()))


router.add_api_route("/index.json", tonight_twin, methods=["GET"])


@router.get("/statistics")
def statistics_page(request: Request, services: Services, asker: Asker) -> Response:
    """Events by kind, tier and month, and how fast people were reached."""
    with services.store.read() as work:
        found = statistics(work, clearance=asker.clearance, now=services.clock.now())
    return render(request, "statistics.html", {"found": found})


router.add_api_route("/statistics.json", science_routes.statistics_of_events, methods=["GET"])


def _tonight(services: ApiServices, asker: Viewer) -> Tonight:
    with services.store.read() as work:
        return tonight(work, clearance=asker.clearance, now=services.clock.now())


def may_work_on_drafts(services: ApiServices, asker: Viewer) -> bool:
    """Whether drafts are work of whoever reads the page: an advocate or approver, or one who may say to be such."""
    roles = (PersonRole.ADVOCATE, PersonRole.APPROVER)
    person = next((one for one in services.people if one.id == asker.person_id), None)
    if person is not None:
        return bool(person.roles & set(roles))
    return not asker.token_id and bool(people_to_choose(services, asker, *roles))
