"""Commands that run the service: serve, run, demo, check."""

import gc
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer

from tocsin.cli.output import Json, console, fail, failures_in_words, needs_server, print_json


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    for command in (demo, serve, run, check):
        app.command()(command)


def demo(
    headless: Annotated[bool, typer.Option(help="No page to look at: end when the night is over.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object at the end.")] = False,
    port: Annotated[int, typer.Option(help="Port of the page (headless takes a free one).")] = 8000,
    seed: Annotated[int, typer.Option(help="Which night.")] = 1,
) -> None:
    """A simulated night through the whole service: no credentials, no network."""
    try:
        from tocsin.demo.night import run_demo  # noqa: PLC0415 - needs the server extra
    except ImportError as error:
        needs_server(error)
    with failures_in_words():
        result = run_demo(headless=headless, quiet=as_json, port=port, seed=seed)
    if as_json:
        print_json(result.to_json())
    if not result.is_good:
        raise typer.Exit(1)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default from the settings.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; default from the settings.")] = None,
) -> None:
    """Everything in one process: listeners, workers, API and pages."""
    try:
        with _loading():
            from tocsin.app.serving import serve as serve_now  # noqa: PLC0415 - needs the server extra
    except ImportError as error:
        needs_server(error)
    with failures_in_words():
        serve_now(os.environ, host=host, port=port)


def run(
    roles: Annotated[list[str], typer.Argument(help="Any of listen, react, notify, api, tick.")],
    name: Annotated[
        str | None,
        typer.Option(help="Of this process, unlike any other's; default: its roles and this machine."),
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address of the API; default from the settings.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the API; default from the settings.")] = None,
) -> None:
    """One process's share of the work, beside others on the same store, on this machine or another."""
    try:
        with _loading():
            from tocsin.app.service import Role  # noqa: PLC0415 - as above
            from tocsin.app.serving import Share  # noqa: PLC0415 - needs the server extra
            from tocsin.app.serving import run as run_now  # noqa: PLC0415 - as above
    except ImportError as error:
        needs_server(error)
    unknown = sorted(set(roles) - {role.value for role in Role})
    if unknown:
        fail(f"no role called {', '.join(unknown)}; roles are {', '.join(role.value for role in Role)}", status=2)
    chosen = frozenset(Role(role) for role in roles)
    called = name or "-".join([*(role.value for role in Role if role in chosen), socket.gethostname()])
    with failures_in_words():
        run_now(os.environ, Share(roles=chosen, name=called), host=host, port=port)


def check(
    live: Annotated[
        bool, typer.Option("--live", help="Ask the real services too: Slack, mail, GCN, the sign-in, our own page.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check the whole configuration, starting nothing; `--live` asks whether the services it names let us in."""
    try:
        from tocsin.app.checking import check_configuration  # noqa: PLC0415 - needs the server extra
        from tocsin.app.live_checks import check_live  # noqa: PLC0415 - as above
    except ImportError as error:
        needs_server(error)
    with failures_in_words():
        report = check_configuration(os.environ)
        signs = list(check_live(os.environ)) if live else []
    if as_json:
        print_json({"checked": report.lines, "problems": report.problems, "live": [asdict(sign) for sign in signs]})
    else:
        for line in report.lines:
            console.print(line, markup=False, soft_wrap=True)
        for sign in signs:
            words = f"{sign.name}: {sign.words}"
            console.print(words if sign.is_ok else f"problem: {words} ({sign.remedy})", markup=False, soft_wrap=True)
        for problem in report.problems:
            console.print(f"problem: {problem}", markup=False, soft_wrap=True)
    if report.problems or not all(sign.is_ok for sign in signs):
        raise typer.Exit(1)


@contextmanager
def _loading() -> Iterator[None]:
    """Load the service's modules without looking for garbage among them, now or ever: a sixth of the time to start.

    They stay for as long as the process does, so every later collection is shorter, too.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
