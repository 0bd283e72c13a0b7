"""`tocsin rules`: the rules as an astronomer reads them."""

import os

import typer

from tocsin.cli.output import Json, console, failures_in_words, needs_server, print_json


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(rules)


def rules(as_json: Json = False) -> None:
    """Who is woken or told of what, how often, and why: the rules in the order in which they are asked."""
    try:
        from tocsin.app.checking import rules_now  # noqa: PLC0415 - needs the server extra
    except ImportError as error:
        needs_server(error)
    with failures_in_words():
        found = rules_now(os.environ)
    if as_json:
        print_json({"rules": found})
        return
    for row in found:
        who, now = ", ".join(row["who"]), ", ".join(row["people_now"])
        head = f"tier {row['tier']}  {row['rule']}: {row['does']}{'' if who == 'nobody' else f' {who}'}"
        console.print(f"{head}{f' (now {now})' if now else ''}", markup=False, soft_wrap=True)
        console.print(f"        when {row['when']}", markup=False, soft_wrap=True)
        console.print(f"        {row['why']}", markup=False, soft_wrap=True)
        if row["how_often"]:
            console.print(f"        {row['how_often']}", markup=False, soft_wrap=True)
