"""Commands that read a file, given what is none: one line in words, an exit status, no trace of the program."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tocsin.cli.main import app

COMMANDS = (
    ("lint",),
    ("delay",),
    ("triangulate",),
    ("search", "--t0", "2020-01-01T00:00:00"),
    ("overlap",),
)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _file(content: bytes) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return write


WRONG = {
    "none": lambda path: path,
    "a folder": _folder,
    "binary": _file(bytes(range(256)) * 8),
    "an error page": _file(b"<html><body>502 Bad Gateway</body></html>"),
}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_file_is_told_in_words(command: tuple[str, ...], wrong: str, tmp_path: Path) -> None:
    file = str(WRONG[wrong](tmp_path / "given"))
    name, *options = command
    files = (file, file) if name == "overlap" else (file,)
    result = CliRunner().invoke(app, [name, *files, *options])
    assert result.exit_code in {1, 2}
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "given" in result.stderr or "finding" in result.stderr
    assert "Traceback" not in result.stderr
    assert "refusing to start" not in result.stderr


def test_a_burst_file_that_is_missing_is_named_with_the_remedy(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["delay", str(tmp_path / "none.toml")])
    assert result.exit_code == 2
    assert "none.toml: (file): cannot be read: No such file or directory" in result.stderr
    assert "correct the file and try again" in result.stderr
