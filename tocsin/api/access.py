"""What every route asks first: the services, and who is asking."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from tocsin.api.services import ApiServices, Viewer


def services_of(request: Request) -> ApiServices:
    """Services of the application."""
    services: ApiServices = request.app.state.services
    return services


def viewer_of(request: Request) -> Viewer:
    """Who is asking."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return services_of(request).identify(headers)


Services = Annotated[ApiServices, Depends(services_of)]
Asker = Annotated[Viewer, Depends(viewer_of)]


def not_found() -> HTTPException:
    """The one answer for what does not exist and for what may not be seen."""
    return HTTPException(404, "There is nothing here, or nothing that you may see.")
