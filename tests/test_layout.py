"""The repository is what it says: names resolve inside it, layers are listed, the lock and the wheel agree with it."""

import importlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


@pytest.mark.parametrize("name", PACKAGES)
def test_every_top_level_name_resolves_inside_the_repository(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__file__ is not None
    assert Path(module.__file__).resolve().is_relative_to(ROOT / name)


def test_every_folder_with_python_is_a_listed_package_or_a_known_place() -> None:
    folders = {path.relative_to(ROOT).parts[0] for path in ROOT.glob("[!.]*/**/*.py")}
    assert folders - set(PACKAGES) <= {"tests", "benchmarks", "docs"}


def test_configuration_holds_no_python() -> None:
    assert not list((ROOT / "config").rglob("*.py"))


def test_the_lock_pins_every_direct_dependency_with_hashes() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([A-Za-z0-9_.-]+)==", lock, flags=re.MULTILINE))
    extras = PROJECT["project"]["optional-dependencies"]["server"]
    direct = [*PROJECT["project"]["dependencies"], *extras, *PROJECT["dependency-groups"]["dev"]]
    wanted = {re.split(r"[\[<>=,;]", requirement)[0].strip() for requirement in direct}
    assert wanted <= locked
    assert lock.count("--hash=sha256:") >= len(locked)


def test_no_file_is_a_room_too_large_to_live_in() -> None:
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for name in PACKAGES
        for path in (ROOT / name).rglob("*.py")
    }
    assert {name: lines for name, lines in sizes.items() if lines > 500} == {}


def test_no_path_of_a_machine_is_written_anywhere() -> None:
    pattern = re.compile(r"/(?:work|home/[a-z]+|tmp|root)/(?:main|shared|team|\.)")
    places = [*PACKAGES, "config", "docs", "deploy", "benchmarks"]
    files = [path for place in places for path in (ROOT / place).rglob("*") if path.suffix in {".py", ".toml", ".md"}]
    assert [str(path) for path in files if pattern.search(path.read_text(encoding="utf-8"))] == []
