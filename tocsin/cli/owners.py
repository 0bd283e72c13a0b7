"""Commands about owners of restricted data: whom to tell of results made from them, and that they were told."""

import os
from collections.abc import Mapping
from typing import Annotated

import typer

from tocsin.cli.output import Json, console, failures_in_words, needs_server, print_json
from tocsin.domain.clock import iso_utc, to_utc
from tocsin.domain.errors import ConflictError

owners_app = typer.Typer(
    help="Owners of restricted data who are to be told of results made from them.", no_args_is_help=True
)
VIA = "command line"


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(owners_app, name="owners")


@owners_app.command("list")
def list_tasks(
    event: Annotated[str | None, typer.Argument(help="Of this event alone.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Those that were told already too.")] = False,
    as_json: Json = False,
) -> None:
    """Whom to tell of what, by when; what is overdue says so."""
    with failures_in_words():
        try:
            from tocsin.app.owners import owner_tasks  # noqa: PLC0415 - needs the server extra
        except ImportError as error:
            needs_server(error)
        found = owner_tasks(os.environ, event, with_done=everything)
    if as_json:
        print_json({"owner_tasks": found})
        return
    for task in found:
        console.print(_line(task), markup=False, soft_wrap=True)
    if not found:
        console.print("nobody is to be told of anything", markup=False)


@owners_app.command("done")
def mark_done(
    task: Annotated[int, typer.Argument(help="Number of the task, as listed.")],
    who: Annotated[str, typer.Option("--as", help="Who told them: an id of people.toml.")],
    at: Annotated[str, typer.Option(help="When they were told, UTC; default: now.")] = "",
    note: Annotated[str, typer.Option(help="How, or what they said; kept in the audit.")] = "",
    as_json: Json = False,
) -> None:
    """Say that an owner was told, by whom and when; it is kept in the audit and can be said once."""
    with failures_in_words():
        told_utc = to_utc(_checked(at)) if at else None
        from tocsin.app.owners import finish_owner_task  # noqa: PLC0415 - needs the server extra

        found = finish_owner_task(os.environ, task, who, VIA, told_utc=told_utc, note=note)
    if as_json:
        print_json(found)
    else:
        console.print(_line(found), markup=False, soft_wrap=True)


def _checked(text: str) -> str:
    try:
        return iso_utc(to_utc(text)) or text
    except ValueError:
        raise ConflictError(f"{text!r} is no time", remedy="write it like 2024-10-17T03:00:00Z") from None


def _line(task: Mapping[str, object]) -> str:
    done, due = task["done_utc"], f"by {task['due_utc']}"
    when = f"told by {task['done_by']} at {done}" if done else f"{due}{', OVERDUE' if task['is_overdue'] else ''}"
    return f"{task['id']}  {when}: {task['owner']} ({task['label']}), of the {task['about']}, event {task['event_id']}"
