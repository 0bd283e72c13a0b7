"""What every route asks first: the services, and who is asking."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from tocsin.api.services import ApiServices, Health, HealthPart, Viewer
from tocsin.domain.errors import NotAllowedError
from tocsin.domain.tokens import Scope
from tocsin.workflow.access import Caller

#: What a stranger is told of a part that does not work.
PART_FAILS = "a part of it does not work; who operates it can see which"


def services_of(request: Request) -> ApiServices:
    """Services of the application."""
    services: ApiServices = request.app.state.services
    return services


def viewer_of(request: Request) -> Viewer:
    """Who is asking: whom the doorman let in, or whom the headers name."""
    caller = request.scope.get("state", {}).get("caller")
    if isinstance(caller, Caller):
        return Viewer(
            person_id=caller.person_id,
            clearance=caller.clearance,
            scopes=caller.scopes,
            token_id=caller.token_id,
        )
    headers = {name.lower(): value for name, value in request.headers.items()}
    return services_of(request).identify(headers)


Services = Annotated[ApiServices, Depends(services_of)]
Asker = Annotated[Viewer, Depends(viewer_of)]


def not_found() -> HTTPException:
    """The one answer for what does not exist and for what may not be seen."""
    return HTTPException(404, "There is nothing here, or nothing that you may see.")


def may_compute(asker: Asker) -> Viewer:
    """Who is asking for a computation.

    Raises
    ------
    NotAllowedError
        The token is not for this.
    """
    return _with_scope(asker, Scope.COMPUTE)


def _with_scope(asker: Viewer, scope: Scope) -> Viewer:
    if scope not in asker.scopes:
        raise NotAllowedError(f"this needs a token with the scope {scope.value}", remedy="ask the operator for one")
    return asker


def may_watch(asker: Asker) -> Viewer:
    """Who is asking for the figures of the service, which are counted over restricted notices too.

    Raises
    ------
    NotAllowedError
        The token is not for this.
    """
    return _with_scope(asker, Scope.METRICS)


def parts_for(health: Health, asker: Viewer) -> tuple[HealthPart, ...]:
    """Parts of the service as `asker` may know them.

    Their names and words are those of feeds, machines and errors: for people of the team, and for the scope `metrics`.
    Everyone else hears whether all of them work.
    """
    if asker.person_id is not None or Scope.METRICS in asker.scopes:
        return health.parts
    return (HealthPart(name="service", is_ok=health.is_ready, words="" if health.is_ready else PART_FAILS),)


Computing = Annotated[Viewer, Depends(may_compute)]
Watching = Annotated[Viewer, Depends(may_watch)]
