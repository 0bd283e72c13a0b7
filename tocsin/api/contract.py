"""The OpenAPI of the application, with what FastAPI cannot know: every refusal, and the media types of files."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from tocsin.api.light_curve_files import ARROW_TYPE, MSGPACK_TYPE
from tocsin.api.responses import PROBLEM_TYPE

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "remedy": {"type": "string"},
    },
}
#: Refusals that any operation may give.
REFUSALS = {
    "400": "The host is not one that this service answers to, or the request is broken.",
    "401": "The token opens nothing: unknown, expired or revoked.",
    "403": "Not allowed: for this person, token or origin.",
    "404": "There is nothing here, or nothing that you may see.",
    "422": "Not understood, or without an honest answer; `detail` says why.",
    "429": "Too often; `Retry-After` says how long to wait.",
    "503": "Not ready, or others are before this request.",
}
#: Those of operations that take something.
OF_POSTS = {
    "409": "Somebody was first, or something has changed.",
    "413": "Too large.",
    "415": "Of another kind than is read here.",
    "502": "A service outside failed.",
}
JSON = "application/json"
CSV = "text/csv"
FITS = "application/fits"
TEXT = "text/plain"
#: Media types of what is not JSON alone, by the end of the path.
TYPES = {
    "/lightcurves": (JSON, CSV),
    "/lightcurves/{instrument}": (JSON, CSV, ARROW_TYPE, MSGPACK_TYPE, FITS, TEXT),
    "/skymap": (FITS,),
    "/moc": (JSON, FITS),
    "/text": (TEXT,),
    "/ipn": (TEXT,),
    "/file": ("*/*",),
    "/metrics": (TEXT,),
    "/stream": ("text/event-stream",),
}


def document(app: FastAPI) -> None:
    """Let the application's OpenAPI say all of it."""
    plain: Callable[[], dict[str, Any]] = app.openapi

    def whole() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = plain()
            made.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
            for path, verbs in made["paths"].items():
                for verb, operation in verbs.items():
                    _complete(path, verb, operation["responses"])
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = whole  # type: ignore[method-assign]


def _complete(path: str, verb: str, responses: dict[str, Any]) -> None:
    problem = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, words in (REFUSALS | (OF_POSTS if verb != "get" else {})).items():
        responses[status] = {"description": words, "content": problem}
    if path == "/readyz":
        responses["503"] = {"description": "Not ready; the parts say why.", "content": {JSON: {"schema": {}}}}
    if verb == "get":
        responses["304"] = {"description": "What you have is still so."}
    types = next((found for end, found in TYPES.items() if path.endswith(end)), None)
    if types is not None:
        responses["200"]["content"] = {each: {"schema": {}} for each in types}
