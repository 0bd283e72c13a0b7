"""REST and pages: thin doors to the queries and commands of the workflow. Nothing is decided or computed here."""

from tocsin.api.app import build_app
from tocsin.api.services import ApiServices, Health, HealthPart, OnCall, Viewer

__all__ = ["ApiServices", "Health", "HealthPart", "OnCall", "Viewer", "build_app"]
