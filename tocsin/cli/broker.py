"""The command that runs the small VTP broker."""

from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.output import failures_in_words, needs_server


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("broker")(broker)


def broker(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="VOEvents to replay: files, folders, tar or zip archives.")
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; another machine's needs a certificate.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port for subscribers; 0: a free one.")] = 8099,
    author_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port for authors; without it nobody hands in anything.")
    ] = None,
    interval: Annotated[float, typer.Option(min=0.0, help="Pause between two replayed notices, s.")] = 0.0,
    only_new: Annotated[
        bool, typer.Option(help="Newcomers get what comes from now on, not all from the start.")
    ] = False,
    certificate: Annotated[Path | None, typer.Option(help="Certificate (PEM) for TLS.")] = None,
    key: Annotated[Path | None, typer.Option(help="Its private key (PEM), where not in the same file.")] = None,
) -> None:
    """Serve VOEvents over VTP: stored ones, and those of authors; Ctrl-C ends it."""
    try:
        from tocsin.app.brokering import BrokerTask  # noqa: PLC0415 - needs the server extra
        from tocsin.app.logs import configure_logs  # noqa: PLC0415 - as above
    except ImportError as error:
        needs_server(error)
    configure_logs()
    with failures_in_words():
        BrokerTask(
            paths=tuple(paths or ()),
            host=host,
            port=port,
            author_port=author_port,
            interval_s=interval,
            is_from_start=not only_new,
            certificate=certificate,
            key=key,
        ).run()
