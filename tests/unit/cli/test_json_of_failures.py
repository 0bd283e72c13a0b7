"""A command that fails with --json prints one JSON object on standard output, and ends with the status it had."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
import typer
from typer.testing import CliRunner

from tocsin.cli.failing import Commands
from tocsin.cli.main import app
from tocsin.cli.output import print_json


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    """A command may log to the standard error of its runner, which is closed when it ends: not so what comes after."""
    yield
    structlog.reset_defaults()


FOR_A_FILE = (
    ("lint", "none.txt"),
    ("delay", "none.toml"),
    ("triangulate", "none.toml"),
    ("search", "none.csv", "--t0", "2020-01-01T00:00:00"),
    ("overlap", "none.fits", "none.fits"),
    ("replay", "none.tar"),
    ("draft", "E1"),
    ("token", "revoke", "7"),
    ("bench", "none"),
)


def takes_json(command: Any, words: tuple[str, ...] = ()) -> Iterator[str]:
    """Words of the commands that take --json."""
    for name, one in getattr(command, "commands", {}).items():
        yield from takes_json(one, (*words, name))
    if any("--json" in option.opts for option in command.params):
        yield " ".join(words)


def told(*words: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(app, [*words, "--json"])
    found = json.loads(done.stdout)
    assert set(found) == {"error"}
    assert set(found["error"]) == {"kind", "message", "remedy"}
    assert found["error"]["message"]
    return done.exit_code, found["error"]


@pytest.mark.parametrize("words", FOR_A_FILE, ids=lambda words: " ".join(words[:2]))
def test_the_failure_is_json_and_the_words_and_status_are_those_without(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOCSIN_DATA_DIR", str(tmp_path / "data"))
    plain = CliRunner().invoke(app, list(words))
    status, error = told(*words)
    assert status == plain.exit_code != 0
    assert error["message"].split("(")[0].strip() in plain.stderr


def test_the_remedy_stands_apart() -> None:
    status, error = told("triangulate", "none.toml")
    assert (status, error["kind"], error["remedy"]) == (2, "BurstFileError", "correct the file and try again")


@pytest.mark.parametrize("name", sorted(takes_json(typer.main.get_command(app))))
def test_an_option_nobody_knows_is_json_for_every_command(name: str) -> None:
    status, error = told(*name.split(), "--no-such-option")
    assert (status, error["kind"]) == (2, "UsageError")
    assert "no-such-option" in error["message"]


def test_a_command_nobody_knows_is_json() -> None:
    assert told("triangulat")[1]["message"].startswith("No such command 'triangulat'")


def of(command: Any) -> Any:
    own = typer.Typer(cls=Commands, pretty_exceptions_enable=False)
    own.command("one")(command)
    own.command("two")(lambda: None)
    return CliRunner().invoke(own, ["one", "--json"])


def test_a_bug_is_json_beside_its_trace() -> None:
    def command(as_json: bool = typer.Option(False, "--json")) -> None:
        raise ZeroDivisionError("by nothing" * as_json)

    done = of(command)
    assert json.loads(done.stdout)["error"]["message"] == "ZeroDivisionError: by nothing"
    assert isinstance(done.exception, ZeroDivisionError)


def test_a_part_that_is_not_installed_is_told_with_the_extra_that_brings_it() -> None:
    def command(as_json: bool = typer.Option(False, "--json")) -> None:
        raise ModuleNotFoundError("of others" * as_json, name="no_such_module.at_all")

    done = of(command)
    assert done.exit_code == 1
    assert "pip install 'tocsin[server]'" in json.loads(done.stdout)["error"]["message"]
    assert "Traceback" not in done.stderr


def test_a_part_of_our_own_that_is_missing_is_a_bug() -> None:
    def command(as_json: bool = typer.Option(False, "--json")) -> None:
        raise ModuleNotFoundError("of ours" * as_json, name="tocsin.no_such_module")

    assert isinstance(of(command).exception, ModuleNotFoundError)


def test_a_command_that_answered_says_no_more_when_it_ends_with_a_status() -> None:
    def command(as_json: bool = typer.Option(False, "--json")) -> None:
        print_json({"asked": as_json})
        raise typer.Exit(1)

    done = of(command)
    assert (json.loads(done.stdout), done.exit_code) == ({"asked": True}, 1)


def test_without_json_standard_output_stays_empty() -> None:
    done = CliRunner().invoke(app, ["triangulate", "none.toml"])
    assert (done.stdout, done.exit_code) == ("", 2)
    done = CliRunner().invoke(app, ["triangulate", "--", "--json"])
    assert done.stdout == ""


@pytest.mark.parametrize("speed", ["0", "-2", "nan", "inf"])
def test_a_speed_of_replay_that_is_no_factor_is_refused(speed: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    status, error = told("replay", str(tmp_path / "a.json"), "--speed", speed)
    assert status == 2
    assert error["message"].startswith("--speed")
