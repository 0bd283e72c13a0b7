"""Builds the web application from its services."""

from pathlib import Path

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from tocsin.api import (
    archive_routes,
    compute_routes,
    draft_pages,
    draft_routes,
    duty_routes,
    errors,
    event_routes,
    file_routes,
    hand_routes,
    link_pages,
    operation_routes,
    overview_pages,
    pages,
    product_routes,
    rota_routes,
    science_routes,
    service_routes,
    sign_in_routes,
    stream_routes,
)
from tocsin.api.contract import document
from tocsin.api.doorman import Doorman
from tocsin.api.event_pictures import PictureCache
from tocsin.api.security import Guard
from tocsin.api.services import ApiServices
from tocsin.api.streaming import Hub

DESCRIPTION = (
    "Multi-messenger events, light curves, localizations and drafts. Times are UTC, ISO 8601; units are in the names."
)


def build_app(services: ApiServices) -> FastAPI:
    """The API and the pages.

    Parameters
    ----------
    services
        Everything that answers are made from.
    """
    app = FastAPI(
        title="Tocsin",
        version=services.version or "0",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.state.services = services
    app.state.pictures = PictureCache()
    app.state.hub = Hub(services)
    errors.install(app)
    for router in (
        event_routes.router,
        hand_routes.router,
        product_routes.router,
        file_routes.router,
        draft_routes.router,
        service_routes.router,
        science_routes.router,
        compute_routes.router,
        stream_routes.router,
        archive_routes.router,
        operation_routes.router,
        overview_pages.router,
        rota_routes.router,
        sign_in_routes.router,
        pages.router,
        draft_pages.router,
        link_pages.router,
        duty_routes.router,
    ):
        app.include_router(router)
    document(app)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    if services.allowed_hosts:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=sorted(services.allowed_hosts))
    app.add_middleware(Guard)
    if services.gate is not None:
        app.add_middleware(Doorman, gate=services.gate, store=services.store)
    return app
