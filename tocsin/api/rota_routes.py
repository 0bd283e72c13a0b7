"""The rota on its page and for programs: who is on call, shifts that are offered, taken, withdrawn."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from tocsin.api import forms
from tocsin.api.access import Asker, Services, not_found
from tocsin.api.posting import Form, chosen_person, people_to_choose, person_of, remember_person
from tocsin.api.rendering import render
from tocsin.api.responses import json_response
from tocsin.api.services import ApiServices, SwapDesk, Viewer
from tocsin.domain.clock import iso_utc, to_utc
from tocsin.domain.people import Person, PersonRole
from tocsin.domain.shift_offers import ShiftOffer
from tocsin.workflow.swapping import offers_now

router = APIRouter(include_in_schema=False)

Days = Annotated[int, Query(ge=1, le=366)]
Number = Annotated[int, Path(ge=1, le=2**53)]
#: How far ahead a shift can be picked on the page.
AHEAD = timedelta(days=120)
#: Whole shifts of each person to pick from.
MOST_SHIFTS = 8


@router.get("/rota")
def rota(request: Request, services: Services, asker: Asker, days: Days = 28) -> Response:
    """Who is on call, and the shifts to come."""
    now = services.clock.now()
    people = people_to_choose(services, asker, PersonRole.ADVOCATE)
    me = _advocate(services, asker.person_id)
    content = {
        "on_call": services.on_call(),
        "shifts": services.shifts(now, now + timedelta(days=days)),
        "days": days,
        "offers": _offers(services, now),
        "own": _own_shifts(services, people if me is None else [me], now),
        "others": [one for one in services.people if PersonRole.ADVOCATE in one.roles],
        "people": people,
        "chosen": chosen_person(request, services, people),
        "me": me,
        "may_swap": services.swaps is not None and (me is not None or bool(people)),
        "name_of": services.name_of,
    }
    return render(request, "oncall.html", content)


router.add_api_route("/oncall", rota, methods=["GET"])


@router.get("/rota.json")
def rota_twin(request: Request, services: Services, asker: Asker, days: Days = 28) -> Response:
    """Who is on call, and the shifts to come."""
    now = services.clock.now()
    shifts = [forms.shift_json(one) for one in services.shifts(now, now + timedelta(days=days))]
    found = {**forms.on_call_json(services.on_call()), "shifts": shifts}
    return json_response(request, found | {"offers": _offers_json(services, asker, now)})


@router.get("/api/v1/rota/offers", include_in_schema=True, tags=["service"])
def offers(request: Request, services: Services, asker: Asker) -> Response:
    """Shifts that are offered, and those that somebody took and that are not over; reasons for people only."""
    return json_response(request, {"offers": _offers_json(services, asker, services.clock.now())})


@router.post("/api/v1/rota/offers", include_in_schema=True, tags=["service"])
async def offer_by_api(request: Request, services: Services, asker: Asker, form: Form) -> Response:
    """Offer a stretch of one's own time on call: form fields `start_utc`, `stop_utc`.

    Optional `named` (the only person who may take it) and `reason`; `person` where nobody is signed in.
    """
    _, made = await run_in_threadpool(_offer, services, asker, form, "api")
    return json_response(request, _offer_json(services, asker, made, services.clock.now()))


@router.post("/api/v1/rota/offers/{offer_id}/{way}", include_in_schema=True, tags=["service"])
async def answer_by_api(
    request: Request, offer_id: Number, way: str, services: Services, asker: Asker, form: Form
) -> Response:
    """`take` a shift that is offered, or `withdraw` it: also taken, it is with who offered it from then on.

    Form field `person` where nobody is signed in.
    """
    _, made = await run_in_threadpool(_answer, services, asker, offer_id, way, form, "api")
    return json_response(request, _offer_json(services, asker, made, services.clock.now()))


@router.post("/rota/offers")
async def offer_on_page(services: Services, asker: Asker, form: Form) -> Response:
    """Offer a shift, or a part of it."""
    person_id, _ = await run_in_threadpool(_offer, services, asker, form, "page")
    return _back(person_id)


@router.post("/rota/offers/{offer_id}/{way}")
async def answer_on_page(offer_id: Number, way: str, services: Services, asker: Asker, form: Form) -> Response:
    """Take a shift, or withdraw an offer."""
    person_id, _ = await run_in_threadpool(_answer, services, asker, offer_id, way, form, "page")
    return _back(person_id)


def _back(person_id: str) -> Response:
    response = RedirectResponse("/rota#swaps", status_code=303)
    remember_person(response, person_id)
    return response


def _offer(services: ApiServices, viewer: Viewer, form: Mapping[str, str], via: str) -> tuple[str, ShiftOffer]:
    """Who offers what: a whole shift as the page lists it (``person|start|stop``), cut down to the times given."""
    picked = form.get("shift", "").split("|")
    whose, *ends = picked if len(picked) == 3 else (form.get("person", ""), "", "")
    person_id = person_of(services, viewer, whose)
    if whose and whose != person_id:
        raise HTTPException(422, "shift: that is another person's; offer your own")
    start, stop = (_moment(form, name, end) for name, end in zip(("start_utc", "stop_utc"), ends, strict=True))
    named = form.get("named", "").strip() or None
    return person_id, _desk(services).offer(person_id, start, stop, named, form.get("reason", ""), via)


def _answer(
    services: ApiServices, viewer: Viewer, offer_id: int, way: str, form: Mapping[str, str], via: str
) -> tuple[str, ShiftOffer]:
    desk = _desk(services)
    do = {"take": desk.take, "withdraw": desk.withdraw}.get(way)
    if do is None:
        raise not_found()
    person_id = person_of(services, viewer, form.get("person", ""))
    return person_id, do(offer_id, person_id, via)


def _moment(form: Mapping[str, str], name: str, default: str) -> datetime:
    try:
        return to_utc(form.get(name, "").strip() or default)
    except ValueError:
        raise HTTPException(422, f"{name}: a time is expected, like 2026-12-01T08:00Z") from None


def _desk(services: ApiServices) -> SwapDesk:
    if services.swaps is None:
        raise not_found()
    return services.swaps


def _offers(services: ApiServices, now: datetime) -> list[ShiftOffer]:
    with services.store.read() as work:
        return offers_now(work, now)


def _advocate(services: ApiServices, person_id: str | None) -> Person | None:
    found = (one for one in services.people if one.id == person_id and PersonRole.ADVOCATE in one.roles)
    return next(found, None)


def _own_shifts(services: ApiServices, people: list[Person], now: datetime) -> list[dict[str, Any]]:
    """Shifts to come of each of these people, the earliest first, as the page lets them be picked."""
    if services.swaps is None:
        return []
    rows = [
        {"person": person, "start_utc": one.start_utc, "stop_utc": one.stop_utc, "value": _value(person, one)}
        for person in people
        for one in services.swaps.own_shifts(person, now, now + AHEAD)[:MOST_SHIFTS]
    ]
    return sorted(rows, key=lambda row: (row["start_utc"], row["person"].name))


def _value(person: Person, shift: Any) -> str:
    return f"{person.id}|{iso_utc(shift.start_utc)}|{iso_utc(shift.stop_utc)}"


def _offers_json(services: ApiServices, asker: Viewer, now: datetime) -> list[dict[str, Any]]:
    return [_offer_json(services, asker, one, now) for one in _offers(services, now)]


def _offer_json(services: ApiServices, asker: Viewer, one: ShiftOffer, now: datetime) -> dict[str, Any]:
    """An offer; why it is made is for the people of the registry alone."""
    return {
        "id": one.id,
        "state": one.state(now),
        "giver": services.name_of(one.giver_id),
        "start_utc": iso_utc(one.start_utc),
        "stop_utc": iso_utc(one.stop_utc),
        "named": None if one.named_id is None else services.name_of(one.named_id),
        "offered_utc": iso_utc(one.offered_utc),
        "taker": None if one.taker_id is None else services.name_of(one.taker_id),
        "taken_utc": iso_utc(one.taken_utc),
        "withdrawn_utc": iso_utc(one.withdrawn_utc),
        "reason": one.reason if knows_people(services, asker) else None,
    }


def knows_people(services: ApiServices, asker: Viewer) -> bool:
    """Whether whoever asks is one of the people, or may say to be."""
    return asker.person_id is not None or bool(people_to_choose(services, asker, *PersonRole))
