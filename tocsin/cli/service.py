"""Commands that run the service: serve, demo, check, rota."""

import os
import socket
from datetime import timedelta
from typing import Annotated

import typer

from tocsin.cli.output import console, fail, failures_in_words, needs_server, print_json
from tocsin.domain.clock import iso_utc

rota_app = typer.Typer(help="Who is on call.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON alone.")]


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    for command in (demo, serve, run, check):
        app.command()(command)
    app.add_typer(rota_app, name="rota")


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
    for line in report.lines:
        console.print(line, markup=False)
    for sign in signs:
        words = f"{sign.name}: {sign.words}" if sign.is_ok else f"problem: {sign.name}: {sign.words} ({sign.remedy})"
        console.print(words, markup=False, soft_wrap=True)
    for problem in report.problems:
        console.print(f"problem: {problem}", markup=False)
    if report.problems or not all(sign.is_ok for sign in signs):
        raise typer.Exit(1)


@rota_app.command("show")
def rota_show(
    days: Annotated[int, typer.Option(min=1, max=366, help="How far ahead.")] = 14, as_json: Json = False
) -> None:
    """Shifts from now on."""
    from tocsin.app.checking import rota_now  # noqa: PLC0415 - needs the server extra

    with failures_in_words():
        rota, now = rota_now(os.environ)
        shifts = rota.shifts(now, now + timedelta(days=days))
    if as_json:
        rows = [
            {
                "start_utc": iso_utc(shift.start_utc),
                "stop_utc": iso_utc(shift.stop_utc),
                "people": [person.id for person in shift.people],
            }
            for shift in shifts
        ]
        print_json({"shifts": rows})
        return
    for shift in shifts:
        names = ", ".join(person.name for person in shift.people) or "NOBODY"
        typer.echo(f"{iso_utc(shift.start_utc)}  {iso_utc(shift.stop_utc)}  {names}")


@rota_app.command("check")
def rota_check(days: Annotated[int, typer.Option(min=1, max=366, help="How far ahead.")] = 14) -> None:
    """Gaps and overlaps of the rota, and overrides that change nothing; exit status 1 if there are any."""
    from tocsin.app.checking import rota_now  # noqa: PLC0415 - needs the server extra

    with failures_in_words():
        rota, now = rota_now(os.environ)
        problems = rota.problems(now, days=days)
    for problem in problems:
        console.print(problem, markup=False, highlight=False, soft_wrap=True)
    if problems:
        raise typer.Exit(1)
    console.print(f"no gap and no overlap in the next {days} days")


@rota_app.command("ical")
def rota_ical(
    days: Annotated[int, typer.Option(min=1, max=366, help="How far ahead.")] = 90,
    person: Annotated[str, typer.Option(help="Id of the person whose shifts alone; default: everybody's.")] = "",
    url: Annotated[bool, typer.Option("--url", help="Print the secret address of this calendar instead.")] = False,
    renew: Annotated[bool, typer.Option("--renew", help="Void all secret addresses and links first.")] = False,
) -> None:
    """The rota as an iCalendar file on standard output, or the secret address that a calendar program subscribes to."""
    from advocates.rota_ical import rota_ical as to_ical  # noqa: PLC0415 - needs the server extra
    from tocsin.app.checking import calendar_address, person_of, rota_now  # noqa: PLC0415 - needs the server extra

    with failures_in_words():
        known = person_of(os.environ, person)
        if url or renew:
            typer.echo(calendar_address(os.environ, person, renew=renew))
            return
        rota, now = rota_now(os.environ)
        typer.echo(to_ical(rota, now, now + timedelta(days=days), made_utc=now, person=known).decode(), nl=False)
