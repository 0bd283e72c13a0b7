"""Commands that read notices: decode files, replay them through the real pipeline."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from tocsin.cli.output import fail, failures_in_words, needs_server, print_json


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command("notice")(notice)
    app.command("replay")(replay)


def notice(
    files: Annotated[list[str], typer.Argument(metavar="[TOPIC=]FILE...", help="Notice files, in any known format.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list, one object a file.")] = False,
) -> None:
    """Decode notices; nothing is stored. Exit status 1 if any file is no notice."""
    try:
        from tocsin.app.decoding import decode_files, summary_line  # noqa: PLC0415 - needs the server extra
    except ImportError as error:
        needs_server(error)
    results = decode_files(files)
    if as_json:
        print_json(results)
    else:
        for name, result in zip(files, results, strict=True):
            typer.echo(summary_line(name, result))
    if any("error" in result for result in results):
        raise typer.Exit(1)


def replay(
    paths: Annotated[list[Path], typer.Argument(help="Files, folders, tar or zip archives of notices.")],
    speed: Annotated[float | None, typer.Option(help="Notice time per wall time; default as fast as possible.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object on one line.")] = False,
    into_live: Annotated[bool, typer.Option(help="Into the live store instead of one of its own.")] = False,
    page: Annotated[bool, typer.Option(help="Send pages to the configured channels, not to a recorder.")] = False,
) -> None:
    """Replay stored notices through the real pipeline, on their own clock, marked REPLAY."""
    try:
        from tocsin.app.logs import configure_logs  # noqa: PLC0415 - needs the server extra
        from tocsin.app.replay import Replay  # noqa: PLC0415 - as above
    except ImportError as error:
        needs_server(error)
    configure_logs()
    if speed is not None and not 0 < speed < math.inf:
        fail(f"--speed: {speed:g} is no factor; give a positive number", status=2)
    with failures_in_words():
        result: dict[str, Any] = Replay(paths=paths, speed=speed, into_live=into_live, page=page, quiet=as_json).run()
    if as_json:
        print_json(result, one_line=True)
