"""Commands about the feeds: how each is doing, and reading one again from a date."""

import os
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from tocsin.cli.output import Json, console, failures_in_words, needs_server, print_json

feeds_app = typer.Typer(help="What came by each road, and how far behind we are.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(feeds_app, name="feeds")


@feeds_app.command("report")
def report(as_json: Json = False) -> None:
    """Last notice, lag, gaps, messages read again, duplicates, quarantined and unknown, by feed."""
    try:
        from tocsin.app.feed_report import feed_report  # noqa: PLC0415 - needs the server extra
    except ImportError as error:
        needs_server(error)
    with failures_in_words():
        found = feed_report(os.environ)
    if as_json:
        print_json(found)
        return
    columns = ("last", "received", "duplicates", "replays", "gaps", "missing", "lag", "quarantined", "unknown")
    table = Table("feed", *columns, box=None)
    for row in found["feeds"]:
        table.add_row(row["feed"], *("" if row[name] is None else str(row[name]) for name in columns))
    console.print(table)
    for sign in found["signs"]:
        console.print(f"{sign['feed']}: {sign['state']} {sign['message']}".rstrip(), markup=False, soft_wrap=True)


@feeds_app.command("rewind")
def rewind(
    since: Annotated[datetime, typer.Argument(help="Time (UTC) to read again from.")],
    topic: Annotated[str, typer.Option(help="This topic alone; default: all.")] = "",
    as_json: Json = False,
) -> None:
    """Read Kafka again from a date at the next start of the listener; what is stored already is not stored twice."""
    try:
        from tocsin.app.feed_report import rewind_feeds  # noqa: PLC0415 - needs the server extra
    except ImportError as error:
        needs_server(error)
    with failures_in_words():
        places = rewind_feeds(os.environ, since, topic=topic)
    if as_json:
        print_json({"from_offsets": dict(sorted(places.items())), "must_restart": True})
        return
    for name, offset in sorted(places.items()):
        console.print(f"{name}: from offset {offset}", markup=False)
    console.print("restart the listener (or tocsin serve) to read them")
