"""`tocsin rota` and `tocsin check`: who is on call, for people and for programs."""

import json

import pytest
from typer.testing import CliRunner

from tocsin.cli.main import app


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("TOCSIN_DATA_DIR", str(tmp_path))


def _printed(*words: str) -> str:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_rota_is_shown_in_utc_and_in_its_own_time() -> None:
    head, first, *_ = _printed("rota", "show", "--days", "3").splitlines()
    assert head.split() == ["UTC", "Europe/Paris", "on", "call"]
    assert first.endswith("(now)")
    assert all(len(line) < 120 for line in (head, first))


def test_shifts_and_problems_are_json_alone_where_asked() -> None:
    shifts = json.loads(_printed("rota", "show", "--days", "3", "--json"))["shifts"]
    assert {"start_utc", "stop_utc", "people"} == set(shifts[0])
    assert json.loads(_printed("rota", "check", "--json")) == {"days": 14, "problems": []}
    checked = json.loads(_printed("check", "--json"))
    assert checked["problems"] == []
    assert any(line.startswith("people: ") for line in checked["checked"])
