"""Errors as answers: problem+json for programs, a page for people; what is hidden looks like what is absent."""

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from tocsin.api.rendering import render
from tocsin.api.responses import problem
from tocsin.domain.errors import (
    BusyError,
    ConflictError,
    NotAllowedError,
    NoticeError,
    RemoteError,
    ScienceError,
    TocsinError,
    UnprovenError,
)

log = structlog.get_logger()

STATUS: dict[type[TocsinError], int] = {
    NoticeError: 422,
    ScienceError: 422,
    ConflictError: 409,
    UnprovenError: 401,
    NotAllowedError: 403,
    RemoteError: 502,
    BusyError: 503,
}
TITLES = {
    401: "Not proven",
    403: "Not allowed",
    404: "Not found",
    405: "Not done that way",
    409: "Somebody was first",
    413: "Too large",
    415: "Of another kind",
    422: "Not understood",
    502: "A service outside failed",
    503: "Not ready",
}


def install(app: FastAPI) -> None:
    """Give every error its answer."""
    app.add_exception_handler(TocsinError, _named)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _bug)


def wants_page(request: Request) -> bool:
    """Whether a person's browser asks, for a page."""
    path = request.url.path
    is_program = path.startswith(("/api/", "/slack/")) or path.endswith((".json", ".svg"))
    return not is_program and "text/html" in request.headers.get("accept", "")


def answer(request: Request, status: int, detail: str, *, remedy: str = "") -> Response:
    """The error as a page or as a problem."""
    title = TITLES.get(status, "Error")
    if wants_page(request):
        return render(request, "error.html", {"title": title, "detail": detail, "remedy": remedy}, status=status)
    return problem(status, title, detail, remedy=remedy)


def _named(request: Request, error: Exception) -> Response:
    if not isinstance(error, TocsinError):  # registered for this class alone
        raise error
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    return answer(request, status, error.message, remedy=error.remedy)


def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):  # registered for this class alone
        raise error
    # The router's own 404 is worded as ours: a path that leads nowhere looks like what may not be seen.
    detail = "There is nothing here, or nothing that you may see." if error.status_code == 404 else str(error.detail)
    response = answer(request, error.status_code, detail)
    response.headers.update(error.headers or {})
    return response


def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):  # registered for this class alone
        raise error
    places = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()]
    return answer(request, 422, "; ".join(places))


def _bug(request: Request, error: Exception) -> Response:
    log.error("request failed", path=request.url.path, exc_info=error)
    return answer(request, 500, "A fault of Tocsin; it was logged.")
