"""Commands of the people on duty: drills, and maintenance that ends by itself."""

import os
import threading
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin.cli.output import Json, console, failures_in_words, needs_server, print_json
from tocsin.domain.clock import iso_utc

if TYPE_CHECKING:
    from tocsin.workflow.maintenance import Window

maintenance_app = typer.Typer(help="Hold pages back for a while; every window ends by itself.", no_args_is_help=True)
By = Annotated[str, typer.Option("--by", help="Your id in people.toml.")]
Scope = Annotated[str, typer.Argument(help="Name of a stream, as an event's page names it; * for all pages.")]


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(drill)
    app.add_typer(maintenance_app, name="maintenance")


def drill(
    by: By,
    wait: Annotated[float, typer.Option(min=0, max=7200, help="How long to watch, s.")] = 900.0,
    as_json: Json = False,
) -> None:
    """Wake who is on call with a made-up event, marked, through the real chain; watch until somebody acknowledges.

    The running service sends. Exit status 1 if no page went out, or nobody acknowledged in time.
    """
    try:
        from tocsin.app.duty import drill as drill_now  # noqa: PLC0415 - needs the server extra
    except ImportError as error:
        needs_server(error)
    with failures_in_words():
        found = drill_now(os.environ, by, wait_s=wait, pause=threading.Event().wait)
    told = {road: after for road, after in found.told_after_s.items() if after is not None}
    if as_json:
        print_json(asdict(found) | {"begun_utc": iso_utc(found.begun_utc)})
    else:
        for road, after_s in found.told_after_s.items():
            words = "not taken yet" if after_s is None else f"after {after_s:.2f} s"
            console.print(f"{road}: {words}", markup=False, highlight=False)
        if not found.told_after_s:
            console.print("no page was begun: is the service running on this store?")
        if found.acknowledged_after_s is not None:
            words = f"{found.acknowledged_by} by {found.via} after {found.acknowledged_after_s:.0f} s"
            console.print(f"acknowledged by {words}, {found.escalation_steps} escalation steps", markup=False)
        else:
            console.print(f"nobody has acknowledged {found.event_id} in {wait:g} s; it goes on escalating")
    if not told or found.acknowledged_after_s is None:
        raise typer.Exit(1)


@maintenance_app.command("begin")
def begin(
    scope: Scope,
    by: By,
    minutes: Annotated[float, typer.Option(min=1, max=1440, help="How long.")] = 60.0,
    reason: Annotated[str, typer.Option(help="Why, for the others.")] = "",
    as_json: Json = False,
) -> None:
    """Hold the pages of a stream back; what would have woken somebody is sent when it ends."""
    from tocsin.app.duty import begin_maintenance  # noqa: PLC0415 - needs the server extra

    with failures_in_words():
        window = begin_maintenance(os.environ, scope, by, minutes=minutes, reason=reason)
    if as_json:
        print_json(_window_json(window))
        return
    console.print(f"maintenance of {scope} ends by itself at {iso_utc(window.until_utc)}", markup=False)


@maintenance_app.command("end")
def end(scope: Scope, by: By, as_json: Json = False) -> None:
    """End it early: what was held goes out now."""
    from tocsin.app.duty import end_maintenance  # noqa: PLC0415 - needs the server extra

    with failures_in_words():
        count = end_maintenance(os.environ, scope, by)
    if as_json:
        print_json({"scope": scope, "events_held_back": count})
        return
    console.print(f"maintenance of {scope} has ended; {count} events had pages held back", markup=False)


@maintenance_app.command("list")
def listed(as_json: Json = False) -> None:
    """What is under maintenance now, and until when."""
    from tocsin.app.duty import maintenance_now  # noqa: PLC0415 - needs the server extra

    with failures_in_words():
        found = maintenance_now(os.environ)
    if as_json:
        print_json({"windows": [_window_json(one) for one in found]})
        return
    for one in found:
        typer.echo(f"{one.scope}  until {iso_utc(one.until_utc)}  {one.person_id}  {one.reason}")
    if not found:
        console.print("nothing is under maintenance")


def _window_json(window: "Window") -> dict[str, Any]:
    return asdict(window) | {"begun_utc": iso_utc(window.begun_utc), "until_utc": iso_utc(window.until_utc)}
