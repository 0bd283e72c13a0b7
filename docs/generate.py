"""Makes the reference pages that state what the code states: commands, REST routes, notice types.

``python docs/generate.py`` writes them; ``tests/test_docs.py`` fails where a page and the code differ.
"""
# ruff: noqa: INP001 - a tool beside the pages, run by itself: no package

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from typer.main import get_command

from acs_stream.instruments import read_instruments
from listeners import json_types, voevent_types
from tocsin.api import ApiServices, build_app, draft_pages, hand_routes, pages, rota_routes
from tocsin.cli.main import app
from tocsin.domain.notices import Messenger, Phase

DEFAULTS = Path(__file__).resolve().parent.parent / "config"
REFERENCE = Path(__file__).resolve().parent / "reference"
MADE = "<!-- Made from the code by docs/generate.py: change the code, then run that. -->"

COMMANDS_INTRO = """\
Every command takes `--help`. With `--json`, standard output is JSON alone; people are spoken to on standard error. A
command that fails before it has answered prints one line `{"error": {"kind", "message", "remedy"}}` there, a wrong
command line included. Exit status: 0 done; 1 it did not come out well (a file is no notice, a finding blocks, nobody is
on call, there is no honest answer); 2 a wrong setting or a wrong call, naming file and key.
"""
REST_INTRO = """\
Times are UTC, ISO 8601; units are in the names. JSON answers carry an `ETag`: send it back in `If-None-Match` and get
304 without a body where nothing changed. Errors are `application/problem+json`: `title`, `status`, `detail` and, where
there is one, `remedy`. What does not exist and what the asker may not see get the same answer, 404. The
machine-readable form of this page is `/api/v1/openapi.json`.

Without a token one is anonymous and sees public events only. `tocsin token add` makes tokens: send one as
`Authorization: Bearer tocsin_...`. A token has scopes (`read`, `compute`, `act`, `metrics`), a clearance (labels of
restricted streams), an end, and a number of requests a minute; `RateLimit-Remaining` says what is left, 429 with
`Retry-After` that nothing is. On loopback, whoever reaches the page says who they are when they acknowledge.
"""
PAGES_INTRO = """\
For people; whole without JavaScript. A `.json` twin is the REST answer; `.svg` are the pictures of an event.
"""
NOTICES_INTRO = """\
What `tocsin notice` prints as `notice_type` and `stream`. A type that is not here is kept, counted and shown as
`unknown`: it is never dropped and never stops a stream. *Containment* is the probability that the stated error circle
holds, where the type as such says; *T0 at* is where the time of the event was taken.
"""
VOEVENT_INTRO = """\
By sender and packet type. GCN's types are read from GCN Classic text (type by topic) and binary packets (type, time
and identifier only) too.
"""
JSON_INTRO = """\
By topic, else by `$schema`, else by content. An Avro container of one record is read as the JSON it stands for.
"""


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Lines of a Markdown table; a cell has no lines of its own, which would end the table."""
    head = list(head)
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


# Commands


def command_line() -> str:
    """Every command of the command line with its arguments and options."""
    root = get_command(app)
    lines = [
        "# Command line",
        "",
        MADE,
        "",
        COMMANDS_INTRO,
        *table(("command", "what it does"), ((f"`tocsin {name}`", one.help) for name, one in commands(root))),
    ]
    for name, one in commands(root):
        lines += [f"## tocsin {name}", "", "```", usage(name, one), "```", "", one.help, ""]
        rows = [(spelling(item), item.help or "", default_of(item)) for item in one.params if item.name != "help"]
        lines += table(("argument or option", "meaning", "default"), rows) if rows else []
    return "\n".join(lines)


def commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Commands with their full names, those of sub-groups included."""
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from commands(one, f"{before}{name} ")
        else:
            yield before + name, one


def usage(name: str, one: Any) -> str:
    """How the command is called."""
    arguments = [item for item in one.params if not is_option(item)]
    words = [f"{argument_name(item)}{'...' if item.nargs < 0 else ''}" for item in arguments]
    return " ".join(["tocsin", name, *words, "[OPTIONS]" if any(map(is_option, one.params)) else ""]).rstrip()


def is_option(item: Any) -> bool:
    """Whether a parameter is an option, not an argument."""
    return str(item.opts[0]).startswith("-")


def argument_name(item: Any) -> str:
    """Name of an argument as a person reads it."""
    name = str(item.metavar or item.name.upper())
    return name.removesuffix("...")


def spelling(item: Any) -> str:
    """A parameter as it is typed."""
    if not is_option(item):
        return f"`{argument_name(item)}`"
    words = " ".join([*item.opts, *values_of(item)])
    return f"`{words}`" + "".join(f", `{other}`" for other in item.secondary_opts)


def values_of(item: Any) -> list[str]:
    """What follows an option."""
    if item.is_flag:
        return []
    kind = item.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ["|".join(one.value for one in kind)]
    return [item.name.upper()] if item.nargs == 1 else ["A", "B"]


def default_of(item: Any) -> str:
    """Default of a parameter in words."""
    if item.required:
        return "required"
    return "" if item.default in {None, False} else f"`{item.default}`"


# REST


def rest() -> str:
    """Every route of the API with its parameters."""
    schema = build_app(nothing_behind()).openapi()
    routes = [(method.upper(), path, what) for path, one in schema["paths"].items() for method, what in one.items()]
    hidden = list(page_routes(schema["paths"]))
    lines = [
        "# REST",
        "",
        MADE,
        "",
        REST_INTRO,
        *table(
            ("route", "what comes back"),
            [
                *((f"`{verb} {path}`", what["description"]) for verb, path, what in routes),
                *(row for row in hidden if "/api/" in row[0]),
            ],
        ),
        "## Parameters",
        "",
    ]
    for verb, path, what in routes:
        lines += parameters(f"{verb} {path}", what, schema)
    lines += [
        "## Pages",
        "",
        PAGES_INTRO,
        *table(("route", "what it is"), (row for row in hidden if "/api/" not in row[0])),
    ]
    return "\n".join(lines)


def parameters(route: str, what: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """Query parameters of a route, if it has any."""
    asked = [one for one in what.get("parameters", []) if one["in"] == "query"]
    if asked:
        rows = [(f"`{one['name']}`", kind_of(one, schema), one.get("description", "")) for one in asked]
        yield from (f"### {route}", "", *table(("parameter", "takes", "meaning"), rows))


def nothing_behind() -> ApiServices:
    """Services that answer nothing: enough to ask the application for its routes."""
    nothing: Any = None
    return ApiServices(store=nothing, clock=nothing, acknowledge=nothing)


def kind_of(parameter: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What a parameter takes, and its default."""
    told = parameter["schema"]
    told = next((one for one in told.get("anyOf", []) if one.get("type") != "null"), told) | {
        name: told[name] for name in ("default",) if told.get(name) not in {None, ""}
    }
    if "$ref" in told:
        told = schema["components"]["schemas"][told["$ref"].rsplit("/", 1)[1]] | told
    words = told.get("format") or told.get("type", "")
    if "enum" in told:
        words = ", ".join(f"`{value}`" for value in told["enum"])
    if "minimum" in told and "maximum" in told:
        words += f", {told['minimum']} to {told['maximum']}"
    if told.get("default") not in {None, ""}:
        words += f"; default {told['default']}"
    return words + ("; required" if parameter["required"] else "")


def page_routes(paths: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Routes of the pages, those that OpenAPI leaves out."""
    for route in (
        *pages.router.routes,
        *draft_pages.router.routes,
        *hand_routes.router.routes,
        *rota_routes.router.routes,
    ):
        path, verbs = getattr(route, "path", ""), getattr(route, "methods", None) or ()
        if path not in paths:
            words = (getattr(route, "endpoint", None).__doc__ or "").strip().splitlines()[0]
            yield f"`{' '.join(sorted(verbs))} {path}`", words


# Notice types


def notices() -> str:
    """Every notice type that is decoded."""
    lines = [
        "# Notice types",
        "",
        MADE,
        "",
        NOTICES_INTRO,
        "## VOEvent",
        "",
        VOEVENT_INTRO,
        *table(
            ("packet", "notice_type", "stream", "messenger", "phase", "containment", "T0 at"),
            (voevent_row(kind) for kind in sorted(voevent_types.TYPES, key=lambda one: (one.stream, one.number or 0))),
        ),
        "## JSON",
        "",
        JSON_INTRO,
        *table(
            ("notice_type", "stream", "messenger", "topics", "T0 at"),
            (json_row(kind) for kind in sorted(json_types.TYPES, key=lambda one: (one.stream, one.name))),
        ),
    ]
    return "\n".join(lines)


def voevent_row(kind: voevent_types.VoEventType) -> tuple[str, ...]:
    """One VOEvent type."""
    containment = "" if kind.error_containment is None else f"{kind.error_containment:.0%}"
    phase = "test" if kind.is_test else said(kind.phase)
    number = "" if kind.number is None else str(kind.number)
    return (
        number,
        f"`{kind.name}`",
        f"`{kind.stream}`",
        said(kind.messenger),
        phase,
        containment,
        place(kind.time_is_at),
    )


def json_row(kind: json_types.JsonType) -> tuple[str, ...]:
    """One JSON type."""
    topics = ", ".join(f"`{topic}`" for topic in kind.topics)
    return (f"`{kind.name}`", f"`{kind.stream}`", said(kind.messenger), topics, place(kind.time_is_at))


def said(value: Messenger | Phase | None) -> str:
    """A member of a closed set in words."""
    return "" if value is None else value.value.replace("_", " ")


def place(name: str | None) -> str:
    """Where a time was taken, in words."""
    return "" if name is None else name.replace("_", " ")


INSTRUMENTS_INTRO = """\
The table `config/instruments.toml` as it comes. Services beyond this machine are asked only with `sources.network` set;
files in the inbox serve all the same. Nothing is expected of an
instrument after its end. `tocsin instruments --t0 UTC` says of each when data of a time will exist, or why never.
*Clock* is the systematic error of its times, 1 sigma, by product kind.
"""


def instruments() -> str:
    """The instrument table."""
    file = DEFAULTS / "instruments.toml"
    table_of = read_instruments(tomllib.loads(file.read_text(encoding="utf-8")), file=file.name)
    rows = [
        (
            f"`{name}`",
            item.spacecraft,
            _span(item.start_utc, item.data_end_utc),
            item.status,
            f"`{item.kind}`",
            ", ".join(f"`{form}`" for form in item.formats) or "any",
            ", ".join(f"{product} {_milliseconds(error)}" for product, error in item.clock_error_s.items()),
            item.data_from or "files",
        )
        for name, item in table_of.items()
    ]
    head = ("instrument", "craft", "data", "status", "kind", "formats of files", "clock", "data come from")
    return "\n".join(["# Instruments", "", MADE, "", INSTRUMENTS_INTRO, *table(head, rows)])


def _span(start: datetime | None, stop: datetime | None) -> str:
    first, last = ("" if moment is None else str(moment.date()) for moment in (start, stop))
    return f"{first} to {last or 'now'}"


def _milliseconds(error_s: float) -> str:
    return f"{1000.0 * error_s:g} ms"


PAGES = {
    "command_line.md": command_line,
    "rest.md": rest,
    "notices.md": notices,
    "instruments.md": instruments,
}


def main() -> None:
    """Write every page."""
    for name, make in PAGES.items():
        (REFERENCE / name).write_text(make().rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
