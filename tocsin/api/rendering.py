"""Pages from templates: everything escaped, undefined names refused."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tocsin.api import words
from tocsin.api.responses import tagged
from tocsin.api.vendored import vendored
from tocsin.workflow.access import Caller

FOLDER = Path(__file__).parent
#: Appearance of the pages, chosen in the footer; the first is the default, whatever the system prefers: it is night.
THEMES = ("dark", "red", "light")
THEME_COOKIE = "tocsin_theme"
PAGE_TYPE = "text/html; charset=utf-8"


@cache
def environment() -> Environment:
    """Templates with the words they may use."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= words.FILTERS
    made.globals["vendored"] = vendored
    return made


def render(request: Request, template: str, content: Mapping[str, Any], *, status: int = 200) -> Response:
    """Page of a template, with what every page shows."""
    services = request.app.state.services
    asked = request.cookies.get(THEME_COOKIE)
    theme = asked if asked in THEMES else THEMES[0]
    shared = {
        "theme": theme,
        "version": services.version,
        "now": services.clock.now(),
        "path": request.url.path,
        "page_url": f"{request.url.scheme}://{request.url.netloc}{request.url.path}",
        "signs_in": services.sign_in is not None,
        "signed_in_name": _signed_in(request),
    }
    text = environment().get_template(template).render({**shared, **content})
    return tagged(request, text.encode(), PAGE_TYPE, status=status)


def _signed_in(request: Request) -> str | None:
    """Name of who is signed in at this browser."""
    caller = request.scope.get("state", {}).get("caller")
    is_person = isinstance(caller, Caller) and caller.person_id is not None and not caller.token_id
    return request.app.state.services.name_of(caller.person_id) if is_person else None
