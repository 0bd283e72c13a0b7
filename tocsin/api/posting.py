"""What every posted form goes through: it came from our own page, it is small, and it names who sends it."""

from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, Request, Response

from tocsin.api.security import bounded_body, check_same_origin
from tocsin.api.services import ApiServices, Viewer
from tocsin.domain.errors import NotAllowedError
from tocsin.domain.people import Person, PersonRole
from tocsin.domain.tokens import Scope

MAX_FORM_BYTES = 10_000
#: A circular as a form sends it: what takes one byte may take three there.
MAX_TEXT_FORM_BYTES = 700_000
#: Remembers who acknowledged last on this phone, so that next time it is one tap.
PERSON_COOKIE = "tocsin_person"


async def form_of(request: Request) -> dict[str, str]:
    """Fields of a small posted form that came from our own page."""
    return await _fields(request, MAX_FORM_BYTES)


async def text_form_of(request: Request) -> dict[str, str]:
    """Fields of a posted form that holds the text of a circular."""
    return await _fields(request, MAX_TEXT_FORM_BYTES)


Form = Annotated[dict[str, str], Depends(form_of)]
TextForm = Annotated[dict[str, str], Depends(text_form_of)]


def person_of(services: ApiServices, viewer: Viewer, named: str) -> str:
    """Id of the person who acts: who is signed in or, on loopback alone, who the form says it is.

    Raises
    ------
    NotAllowedError
        Nobody is named, or nobody known.
    """
    if viewer.token_id and Scope.ACT not in viewer.scopes:
        raise NotAllowedError("this token is not for acting", remedy="ask the operator for one with the scope act")
    person_id = viewer.person_id or (named if services.may_choose_person and not viewer.token_id else None)
    if not person_id or all(one.id != person_id for one in services.people):
        raise NotAllowedError("nobody is named who could take this event", remedy="choose who you are")
    return person_id


def people_to_choose(services: ApiServices, viewer: Viewer, *roles: PersonRole) -> list[Person]:
    """People of these roles among whom someone without sign-in says who they are; none where people sign in."""
    if viewer.person_id or not services.may_choose_person:
        return []
    return [person for person in services.people if person.roles & set(roles)]


def chosen_person(request: Request, services: ApiServices, people: list[Person]) -> str | None:
    """Who is offered first: who used this browser last, else who is on call."""
    ids = [person.id for person in people]
    on_call = [person.id for person in services.on_call().people]
    return next((one for one in (request.cookies.get(PERSON_COOKIE, ""), *on_call) if one in ids), None)


def remember_person(response: Response, person_id: str) -> None:
    """Offer this person first in this browser from now on."""
    response.set_cookie(PERSON_COOKIE, person_id, max_age=31_536_000, httponly=True, samesite="strict")


async def _fields(request: Request, most_bytes: int) -> dict[str, str]:
    check_same_origin(request)
    body = await bounded_body(request, most_bytes)
    return {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def own_path(path: str) -> str:
    """A path of our own to lead back to; the start where it would lead to another host, as a double slash does."""
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_ours else "/"
