"""Commands for whoever keeps the service: backup, restore, migrate-store, retain, doctor."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from tocsin.cli.output import Json, console, failures_in_words, needs_server, print_json
from tocsin.domain.health import Sign

if TYPE_CHECKING:
    from tocsin.app.keeping import Keeper, Kept


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    for command in (backup, restore, retain, doctor):
        app.command()(command)
    app.command("migrate-store")(migrate_store)


def backup(folder: Annotated[Path, typer.Argument(help="A new folder.")], *, as_json: Json = False) -> None:
    """Copy everything stored into a new folder; the service may go on working meanwhile."""
    with _keeper() as keeper:
        kept = keeper.back_up(folder)
    _say(kept, f"backed up to {kept.words}", as_json=as_json)


def restore(folder: Annotated[Path, typer.Argument(help="A backup.")], *, as_json: Json = False) -> None:
    """Put a backup back into the configured store and data folder, both of which must be empty."""
    with _keeper() as keeper:
        kept = keeper.restore(folder)
    _say(kept, f"restored to {kept.words}", as_json=as_json)


def migrate_store(
    url: Annotated[str, typer.Argument(help="Of an empty database, e.g. postgresql://tocsin@host/tocsin.")],
    *,
    as_json: Json = False,
) -> None:
    """Copy everything of the configured store into another, e.g. from SQLite to PostgreSQL. Stop the service first."""
    with _keeper() as keeper:
        kept = keeper.move_store(url)
    _say(kept, f"copied to {kept.words}; set TOCSIN_STORE_URL to it and start", as_json=as_json)


def retain(
    *,
    forget: Annotated[bool, typer.Option("--forget", help="Do it; without, it is only shown.")] = False,
    as_json: Json = False,
) -> None:
    """Show what retention lets go of, or forget it: notices of no event, products of rehearsals; never an event's."""
    with _keeper() as keeper:
        found = keeper.forget() if forget else keeper.outlook()
    if as_json:
        print_json({"forgotten": forget, **asdict(found)})
    else:
        words = f"forgotten: {found.words}" if forget else f"would be forgotten: {found.words}; --forget does it"
        console.print(words, markup=False, soft_wrap=True)


def doctor(as_json: Json = False) -> None:
    """Say in words what is wrong: configuration, service, store, disk, clock, credentials."""
    try:
        from tocsin.app.doctor import examine  # noqa: PLC0415 - needs the server extra
    except ImportError as error:
        needs_server(error)
    with failures_in_words():
        signs = list(examine(os.environ))
    if as_json:
        print_json({"signs": [asdict(sign) for sign in signs]})
    else:
        console.print(_table(signs))
    if not all(sign.is_ok for sign in signs):
        raise typer.Exit(1)


def _say(kept: "Kept", words: str, *, as_json: bool) -> None:
    """What was copied: as JSON, or in words."""
    if as_json:
        print_json(asdict(kept))
    else:
        console.print(words, markup=False, soft_wrap=True)


def _table(signs: Iterable[Sign]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("", "what", "found", "do"):
        table.add_column(head, overflow="fold")
    for sign in sorted(signs, key=lambda one: one.is_ok):
        mark = Text("well", "green") if sign.is_ok else Text("NOT WELL", "bold red")
        table.add_row(mark, Text(sign.name), Text(sign.words), Text(sign.remedy))
    return table


@contextmanager
def _keeper() -> Iterator["Keeper"]:
    try:
        from tocsin.app.keeping import Keeper  # noqa: PLC0415 - needs the server extra
    except ImportError as error:
        needs_server(error)
    with failures_in_words(), _progress() as progress:
        yield Keeper.of_environment(os.environ, progress)


@contextmanager
def _progress() -> Iterator[Callable[[str, int], None]]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("opening")
        yield lambda name, number: bar.update(task, description=f"{name}: {number}")
