"""Commands for whoever keeps the service: backup, restore, migrate-store."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tocsin.cli.output import console, failures_in_words, needs_server

if TYPE_CHECKING:
    from tocsin.app.keeping import Keeper


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    for command in (backup, restore):
        app.command()(command)
    app.command("migrate-store")(migrate_store)


def backup(folder: Annotated[Path, typer.Argument(help="A new folder.")]) -> None:
    """Copy everything stored into a new folder; the service may go on working meanwhile."""
    with _keeper() as keeper:
        kept = keeper.back_up(folder)
    console.print(f"backed up to {kept.words}", markup=False, soft_wrap=True)


def restore(folder: Annotated[Path, typer.Argument(help="A backup.")]) -> None:
    """Put a backup back into the configured store and data folder, both of which must be empty."""
    with _keeper() as keeper:
        kept = keeper.restore(folder)
    console.print(f"restored to {kept.words}", markup=False, soft_wrap=True)


def migrate_store(
    url: Annotated[str, typer.Argument(help="Of an empty database, e.g. postgresql://tocsin@host/tocsin.")],
) -> None:
    """Copy everything of the configured store into another, e.g. from SQLite to PostgreSQL. Stop the service first."""
    with _keeper() as keeper:
        kept = keeper.move_store(url)
    console.print(f"copied to {kept.words}; set TOCSIN_STORE_URL to it and start", markup=False, soft_wrap=True)


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
