"""Commands about circulars: lint a text, show the draft of an event."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.output import Json, console, fail, failures_in_words, needs_server, print_json
from tocsin.domain.drafts import DraftKind


def add_to(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(lint)
    app.command()(draft)


def lint(
    circular: Annotated[Path, typer.Argument(metavar="CIRCULAR.txt", help="Subject line, empty line, body.")],
    as_json: Json = False,
) -> None:
    """Check a circular's text before it goes out. Exit status 1 if something blocks."""
    from advocates.gcn_subject import predicted_event, predicted_types  # noqa: PLC0415 - slow to import
    from advocates.lint import lint_text, split_text  # noqa: PLC0415 - as above

    with failures_in_words():
        try:
            text = circular.read_text(encoding="utf-8")
            findings = lint_text(text)
        except UnicodeDecodeError as error:
            fail(f"{circular} is not UTF-8 text: {error.reason}")
    if as_json:
        subject, _ = split_text(text)
        predicted = {"event": predicted_event(subject), "types": list(predicted_types(subject))}
        print_json({"findings": [asdict(finding) for finding in findings], "predicted": predicted})
    else:
        for finding in findings:
            console.print(
                f"{finding.severity.value:8} {finding.place}: {finding.rule}: {finding.message}", markup=False
            )
        console.print("1 finding" if len(findings) == 1 else f"{len(findings) or 'no'} findings")
    if any(finding.severity.value == "blocking" for finding in findings):
        raise typer.Exit(1)


def draft(
    event: Annotated[str, typer.Argument(help="Event id, as on the page.")],
    kind: Annotated[DraftKind | None, typer.Option(help="Which circular; default: the newest.")] = None,
    audience: Annotated[
        str | None,
        typer.Option(help="For whom: public, or labels with commas; default: public, else the least restricted."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print the newest draft of an event for an audience: subject, empty line, body."""
    try:
        from tocsin.app.reading import draft_record, newest_draft  # noqa: PLC0415 - needs the server extra
    except ImportError as error:
        needs_server(error)
    with failures_in_words():
        found, others = newest_draft(os.environ, event, kind, audience)
    if as_json:
        print_json(draft_record(found, others))
        return
    if found.labels:
        console.print(f"EMBARGOED: only for those cleared for {', '.join(sorted(found.labels))}", markup=False)
    for other in others:
        console.print(f"there is another for {other}: --audience {other}", markup=False)
    typer.echo(f"{found.subject}\n\n{found.body}")
    for finding in found.findings:
        console.print(f"{finding.severity.value}: {finding.rule}: {finding.message}", markup=False)
