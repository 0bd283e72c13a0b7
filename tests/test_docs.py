"""The documentation says what the code says: reference pages, settings, links, commands, numbers, the tutorial."""

import importlib.util
import json
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel
from typer.main import get_command
from typer.testing import CliRunner

from acs_stream.burst import KEYS
from acs_stream.readers import FORMATS
from listeners import json_types, voevent_types
from tocsin.cli.main import app
from tocsin.demo.night import _lines
from tocsin.settings.model import Secrets, Settings
from tocsin.simulate.night import Night
from tocsin.simulate.timeline import Item

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = [README, *sorted(DOCS.rglob("*.md"))]
PROMISES = "## What is not there yet"


def _script(path: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location(f"docs_{path.stem}", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    return module


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _blocks(text: str) -> list[tuple[str, str]]:
    """Fenced blocks: language and content."""
    return re.findall(r"^[ ]*```(\w*)\n(.*?)^[ ]*```", text, flags=re.MULTILINE | re.DOTALL)


def _code(text: str) -> str:
    """Everything written as code: blocks and spans."""
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^[ ]*```.*?^[ ]*```", "", text, flags=re.MULTILINE | re.DOTALL))
    return "\n".join([*(content for _, content in _blocks(text)), *spans])


def _names_of_commands() -> dict[str, frozenset[str]]:
    root: Any = get_command(app)
    return {name: frozenset(getattr(one, "commands", ())) for name, one in root.commands.items()}


# Pages made from the code


GENERATE = _script(DOCS / "generate.py")


@pytest.mark.parametrize("name", sorted(GENERATE.PAGES))
def test_a_page_made_from_the_code_is_up_to_date(name: str) -> None:
    made = GENERATE.PAGES[name]().rstrip() + "\n"
    assert _text(DOCS / "reference" / name) == made, "run: python docs/generate.py"


def _settings(model: type[BaseModel], before: str = "") -> Iterator[tuple[str, object]]:
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if isinstance(default, BaseModel):
            yield from _settings(type(default), f"{before}{name}.")
        else:
            yield before + name, default


def test_every_setting_and_no_other_is_documented_with_its_default() -> None:
    skipped = {"folder", "file", *(f"secrets.{name}" for name in Secrets.model_fields)}
    known = {name: default for name, default in _settings(Settings) if name not in skipped}
    rows = re.findall(r"^\| `([a-z_.]+)` \| `([^`]*)` \|", _text(DOCS / "reference" / "settings.md"), re.MULTILINE)
    documented = {name: tomllib.loads(f"x = {default}")["x"] for name, default in rows}
    assert documented == json.loads(json.dumps(known))


def test_every_credential_is_documented_and_in_the_example() -> None:
    named = {f"TOCSIN_{name.upper()}" for name in Secrets.model_fields}
    assert set(re.findall(r"^\| `(TOCSIN_\w+)` \|", _text(DOCS / "reference" / "settings.md"), re.MULTILINE)) == named
    assert named <= set(re.findall(r"^(TOCSIN_\w+)=", _text(ROOT / ".env.example"), re.MULTILINE))


def test_every_key_and_format_of_a_burst_file_and_no_other_is_documented() -> None:
    text = _text(DOCS / "reference" / "burst_file.md").partition("## What comes back")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == KEYS
    (formats,) = re.findall(r"^\| `format` \| (.*) \|$", text, re.MULTILINE)
    assert sorted(re.findall(r"`([^`]+)`", formats)) == sorted(FORMATS)


# What is said in words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_inside_the_repository_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", _text(page), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    inside = [target for target in targets if "://" not in target]
    assert [target for target in inside if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_named_exists(page: Path) -> None:
    commands = _names_of_commands()
    promised = _promised_commands()
    for name, second in re.findall(
        r"(?<![\w./-])(?:\.venv/bin/)?tocsin ([a-z]+(?:-[a-z]+)*)(?: ([a-z]+))?", _code(_text(page))
    ):
        assert name in commands or name in promised, f"tocsin {name}"
        if commands.get(name):
            assert second in {"", *commands[name]}, f"tocsin {name} {second}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", _text(ROOT / "Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:^|\s|=1 )make ([a-z][a-z-]*)", _code(_text(page)), re.MULTILINE)) <= targets


def _promised_commands() -> frozenset[str]:
    """Commands that the README says are not there yet."""
    words = _text(README).partition(PROMISES)[2].partition("\n## ")[0]
    commands = re.match(r"\s*- ((?:(?:, | and )?`(?:tocsin )?\w+`)*)", words)
    return frozenset(re.findall(r"`(?:tocsin )?(\w+)`", commands[1])) if commands else frozenset()


def test_what_is_said_not_to_be_there_is_not_there() -> None:
    assert not _promised_commands() & set(_names_of_commands())
    absent = "".join(re.findall(r"Not there yet: (.*)\.$", GENERATE.REST_INTRO, re.MULTILINE))
    routes = {path for _, path in re.findall(r"`(GET|POST) (\S+)`", GENERATE.rest())}
    assert not set(re.findall(r"`([^`]+)`", absent)) & routes


def test_the_counts_in_the_readme_are_right() -> None:
    numbers = re.search(r"Decoders of (\d+) notice types", _text(README))
    assert numbers is not None
    assert int(numbers[1]) == len(voevent_types.TYPES) + len(json_types.TYPES)
    words = {12: "twelve", 16: "sixteen", 17: "seventeen", 18: "eighteen"}
    assert f"Readers of {words[len(FORMATS)]} light-curve formats" in _text(README)


def test_every_test_and_benchmark_that_is_cited_exists() -> None:
    cited = re.findall(r"`((?:tests|benchmarks)/[\w/]+\.py)", _text(DOCS / "explanation" / "what_is_measured.md"))
    assert len(cited) > 5
    assert [path for path in cited if not (ROOT / path).exists()] == []


def test_every_page_is_in_the_navigation() -> None:
    named = set(re.findall(r"[\w/-]+\.md", _text(ROOT / "mkdocs.yml")))
    assert {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")} == named


def test_decision_records_are_short_and_say_where_they_stand() -> None:
    records = sorted((DOCS / "adr").glob("*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        assert len(_text(record).splitlines()) <= 60
        assert re.search(r"^Status: (accepted|superseded by \d{4}), \d{4}-\d\d\.$", _text(record), re.MULTILINE)


# The night and the tutorial


def test_the_lines_of_the_night_are_those_of_the_demonstration() -> None:
    items: tuple[Item, ...] = tuple(Night(1).timeline)
    known = {f"{item.at_utc:%H:%M:%S}  {item.what}" for item in items}
    for page in (README, DOCS / "tutorials" / "first_night.md"):
        shown = re.findall(r"^  (\d\d:\d\d:\d\d  .+)$", _text(page), re.MULTILINE)
        assert len(shown) >= 3
        assert set(shown) <= known


def test_the_result_shown_has_the_form_that_the_demonstration_prints() -> None:
    event = {
        "name": "GRB 241017.094",
        "tier": 1,
        "is_test": False,
        "is_retracted": False,
        "first_page_ms": 28.0,
        "acknowledged_by": "B. Vance",
        "search": {"snr": 158.0, "fap": 1.2e-7},
        "skymap": {"area_90_deg2": 0.00426, "contains_truth": True},
        "draft": {"kind": "ipn_box", "lint_errors": 0, "is_closed": False},
    }
    printed = "\n".join(_lines(event))
    for page in (README, DOCS / "tutorials" / "first_night.md"):
        assert printed in _text(page)


TUTORIAL = DOCS / "tutorials" / "triangulate_a_burst.md"
NUMBER = re.compile(r"[-+]?\d+\.\d+")


def _run(command: str) -> str:
    """What a command of the tutorial prints."""
    program, *arguments = shlex.split(command)
    if program == "python":
        place = _script(TUTORIAL.parent / arguments[0]).main(int(arguments[1]), Path())
        return f"RA {place[0]:.3f} Dec {place[1]:.3f}"
    assert program == "tocsin"
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_tutorial_runs_and_prints_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    printed = ""
    answers: list[str] = []
    for language, content in _blocks(_text(TUTORIAL)):
        if content.startswith(("python ", "tocsin ")):
            printed = _run(content.strip())
            answers.append(printed)
        elif language == "toml":
            assert content.strip() in (tmp_path / "burst.toml").read_text(encoding="utf-8")
        else:
            shown = [float(number) for number in NUMBER.findall(content)]
            found = [float(number) for number in NUMBER.findall(printed)]
            assert len(found) == len(shown), printed
            # Times and angles to 0.05 s or deg; errors and areas, which are small, to a quarter of themselves.
            pairs = zip(found, shown, strict=True)
            assert [a for a, b in pairs if abs(a - b) > (0.05 if abs(b) > 1 else 0.25 * abs(b))] == [], printed
    assert (tmp_path / "map.svg").read_text(encoding="utf-8").startswith("<svg")
    (checked,) = (json.loads(answer) for answer in answers if answer.startswith("{"))
    assert checked["containment"]["level"] < 0.9973
    assert all(abs(offset["half_widths"]) < 1.0 for offset in checked["containment"]["offsets"])
