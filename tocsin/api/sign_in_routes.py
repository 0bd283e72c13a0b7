"""Signing in and out; no script needed, and no page of others is ever led to."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from tocsin.api.access import Services, not_found
from tocsin.api.doorman import SESSION_COOKIE
from tocsin.api.posting import Form, own_path
from tocsin.api.services import ApiServices
from tocsin.api.signing_in import PATIENCE, SignIn
from tocsin.domain.errors import NotAllowedError

router = APIRouter(include_in_schema=False)

LEAVING_COOKIE = "tocsin_leaving"


def sign_in_of(services: ApiServices) -> SignIn:
    """Where people sign in; 404 where nowhere."""
    if services.sign_in is None:
        raise not_found()
    return services.sign_in


@router.get("/sign-in")
def leave(services: Services, back: Annotated[str, Query(max_length=500)] = "/") -> Response:
    """Sign in at the provider."""
    desk = sign_in_of(services)
    leaving = desk.leave(own_path(back))
    response = RedirectResponse(leaving.url, status_code=303)
    response.set_cookie(
        LEAVING_COOKIE,
        leaving.cookie,
        max_age=int(PATIENCE.total_seconds()),
        httponly=True,
        secure=desk.is_over_tls,
        samesite="lax",
        path="/sign-in",
    )
    return response


@router.get("/sign-in/done")
def arrive(
    request: Request,
    services: Services,
    code: Annotated[str, Query(max_length=4000)] = "",
    state: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Come back from the provider."""
    desk = sign_in_of(services)
    cookie = request.cookies.get(LEAVING_COOKIE, "")
    if not code or not cookie:
        raise NotAllowedError("this sign-in was not begun here, or was broken off", remedy="sign in again")
    arrived = desk.arrive(code=code, state=state, cookie=cookie)
    response = RedirectResponse(own_path(arrived.back), status_code=303)
    response.set_cookie(
        SESSION_COOKIE,
        arrived.secret,
        max_age=arrived.seconds,
        httponly=True,
        secure=desk.is_over_tls,
        samesite="lax",
    )
    response.delete_cookie(LEAVING_COOKIE, path="/sign-in")
    return response


@router.post("/sign-out")
async def sign_out(request: Request, services: Services, _form: Form) -> Response:
    """Sign out here."""
    desk = sign_in_of(services)
    await run_in_threadpool(desk.sign_out, request.cookies.get(SESSION_COOKIE, ""))
    response = RedirectResponse("/", status_code=303)
    response.delete_cookie(SESSION_COOKIE)
    return response
