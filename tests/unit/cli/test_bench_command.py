"""`tocsin bench`: a script's figures, how far it is while it runs, and its exit status."""

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from tocsin.cli import bench as command
from tocsin.cli.main import app

SCRIPT = '''
from figures import Figure


def run(seed: int = 1, number: int = 3, *, tell=lambda done, number: None) -> list[Figure]:
    """Counts days."""
    for day in range(number):
        tell(day + 1, number)
    return [Figure(name="days", value=float(number), high=4.0), Figure(name="seed", value=float(seed))]
'''
QUIET = '''
from figures import Figure


def run(seed: int = 1) -> list[Figure]:
    """Of one size."""
    return [Figure(name="seed", value=float(seed))]
'''


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    kept = sys.modules.pop("figures", None)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "slow.py").write_text(SCRIPT)
    (tmp_path / "quiet.py").write_text(QUIET)
    (tmp_path / "figures.py").write_text((command.FOLDER / "figures.py").read_text())
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    yield
    for name in ("figures", "benchmark_slow", "benchmark_quiet"):
        sys.modules.pop(name, None)
    if kept is not None:
        sys.modules["figures"] = kept


def asked(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["bench", *arguments])


def test_the_size_and_the_seed_reach_the_script_and_json_is_alone_on_standard_output() -> None:
    result = asked("slow", "--number", "4", "--seed", "7", "--json")
    assert result.exit_code == 0, result.output
    assert [one["value"] for one in json.loads(result.stdout)["figures"]] == [4.0, 7.0]


def test_a_figure_that_is_not_met_is_the_exit_status() -> None:
    assert asked("slow", "--number", "5", "--json").exit_code == 1


def test_how_far_it_is_is_shown_on_a_terminal_and_only_there(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(command, "console", Console(file=screen, force_terminal=True, width=100))
    assert asked("slow", "--json").exit_code == 0
    assert "3/3" in screen.getvalue()
    quiet = io.StringIO()
    monkeypatch.setattr(command, "console", Console(file=quiet, force_terminal=False))
    asked("slow", "--json")
    assert quiet.getvalue() == ""


def test_a_script_of_one_size_takes_no_number() -> None:
    assert asked("quiet", "--json").exit_code == 0
    assert asked("quiet", "--number", "3").exit_code == 2
