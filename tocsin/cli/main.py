"""All commands in one application, grouped by what they are for."""

import contextlib
from typing import Annotated

import typer

import tocsin
from tocsin.cli import (
    bench,
    broker,
    bulk,
    circulars,
    duty,
    events,
    feeds,
    keeping,
    notices,
    owners,
    partners,
    rates,
    rota,
    rules,
    science,
    searching,
    service,
)
from tocsin.cli.failing import Commands

app = typer.Typer(
    cls=Commands,
    name="tocsin",
    help="Real-time multi-messenger alerts and burst response.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for group in (
    service,
    keeping,
    feeds,
    notices,
    broker,
    science,
    searching,
    rates,
    rules,
    bulk,
    circulars,
    events,
    rota,
    owners,
    duty,
    partners,
    bench,
):
    group.add_to(app)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"tocsin {tocsin.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _version_asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Entry point of the `tocsin` command."""
    with contextlib.suppress(ImportError):  # the base install writes no log
        from tocsin.app.logs import configure_logs  # noqa: PLC0415 - needs the server extra

        configure_logs()
    app()
