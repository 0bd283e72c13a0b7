"""What `--help` says: every word of it reaches the reader; and a table that agrees with its page."""

from collections.abc import Iterator
from typing import Any

from rich.text import Text
from typer.main import get_command
from typer.testing import CliRunner

from tocsin.cli.main import app


def _helps(command: Any, name: str) -> Iterator[tuple[str, str]]:
    yield name, command.help or ""
    for parameter in command.params:
        yield f"{name} {parameter.name}", getattr(parameter, "help", None) or ""
    for word, inner in getattr(command, "commands", {}).items():
        yield from _helps(inner, f"{name} {word}")


def test_no_word_of_help_is_taken_for_markup() -> None:
    helps = list(_helps(get_command(app), "tocsin"))

    assert len(helps) > 100
    assert [name for name, text in helps if Text.from_markup(text).plain != text] == []


def test_the_instrument_table_gives_the_day_of_the_last_data() -> None:
    shown = CliRunner().invoke(app, ["instruments"]).output

    line = next(line for line in shown.splitlines() if line.startswith("SPI-ACS "))
    assert "2002-10-17 to 2025-03-04" in line
