"""`tocsin rota swap`: offered, taken, listed and withdrawn; `rota show` and `rota check` know at once."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tocsin.cli.main import app
from tocsin.settings.files import default_folder


@pytest.fixture(autouse=True)
def _own_rota(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One person on call for ever, and two who are not."""
    config = tmp_path / "config"
    config.mkdir()
    shutil.copy(default_folder() / "people.toml", config)
    (config / "rota.toml").write_text(_rota("vance"))
    monkeypatch.setenv("TOCSIN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TOCSIN_CONFIG_DIR", str(config))


def _rota(person: str) -> str:
    return (
        'name = "R"\ntime_zone = "Europe/Paris"\nfallback = ["vance"]\n[[layer]]\nname = "all"\n[[layer.rotation]]\n'
        f'people = ["{person}"]\nunit = "week"\nhandover = "09:00"\nfirst_day = 2020-01-06\n'
    )


def _run(*words: str, status: int = 0) -> str:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == status, result.output
    return result.output


def _on_call() -> list[str]:
    people: list[str] = json.loads(_run("rota", "show", "--days", "1", "--json"))["shifts"][0]["people"]
    return people


def test_a_swap_by_command_line_from_offer_to_taking_back(tmp_path: Path) -> None:
    assert _on_call() == ["vance"]
    assert not (tmp_path / "data").exists(), "looking makes no store"
    assert "no shift is offered" in _run("rota", "swap", "list")
    made = json.loads(_run("rota", "swap", "offer", "--by", "vance", "--reason", "ill", "--to", _days(2), "--json"))
    assert (made["id"], made["taker"]) == (1, None)
    assert "open to anybody  ill" in _run("rota", "swap", "list")
    assert "okafor stands in for vance from" in _run("rota", "swap", "take", "1", "--by", "okafor")
    assert _on_call() == ["okafor"]
    assert "C. Okafor" in _run("rota", "ical", "--days", "1")
    assert "taken by okafor" in _run("rota", "swap", "list")
    assert json.loads(_run("rota", "check", "--json"))["problems"] == []
    assert "offer 1 is withdrawn" in _run("rota", "swap", "withdraw", "1", "--by", "vance")
    assert _on_call() == ["vance"]


def test_a_file_without_room_for_a_swap_says_so_before_the_service_is_started_again(tmp_path: Path) -> None:
    _run("rota", "swap", "offer", "--by", "vance", "--to", _days(2))
    _run("rota", "swap", "take", "1", "--by", "okafor")
    (tmp_path / "config" / "rota.toml").write_text(_rota("lindqvist"))
    assert _on_call() == ["lindqvist"]
    found = json.loads(_run("rota", "check", "--json", status=1))["problems"]
    assert len(found) == 1
    assert "no longer fits the rota: C. Okafor stands in for B. Vance" in found[0]
    assert found[0] in json.loads(_run("check", "--json", status=1))["problems"]


def test_what_cannot_be_is_refused_in_words() -> None:
    assert "is not on call" in _run("rota", "swap", "offer", "--by", "okafor", status=1)
    assert "a time is expected" in _run("rota", "swap", "offer", "--by", "vance", "--to", "soon", status=2)
    assert "there is no offer 3" in _run("rota", "swap", "take", "3", "--by", "okafor", status=1)
    assert "nobody in the registry" in _run("rota", "swap", "offer", "--by", "stranger", status=1)


def test_a_store_that_cannot_be_read_is_no_rota_without_swaps(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "tocsin.sqlite").write_bytes(b"no database" * 1000)
    said = _run("rota", "show", "--days", "1", status=1)
    assert "cannot be used" in said
    assert "restore a backup" in said
    assert any("cannot be used" in one for one in json.loads(_run("check", "--json", status=1))["problems"])


def _days(number: int) -> str:
    return f"{datetime.now(UTC) + timedelta(days=number):%Y-%m-%dT%H:%MZ}"
