"""Every command that does something and ends says what it did as JSON alone, where asked."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from api_night import Night, fill_night
from typer.testing import CliRunner

from tocsin.cli.main import app

#: They run until they are stopped, or print a file of a form of its own.
WITHOUT = {"serve", "run", "broker", "rota ical", "archive export"}


def commands(command: Any, words: tuple[str, ...] = ()) -> dict[str, Any]:
    """Every command there is, by its words."""
    if not hasattr(command, "commands"):
        return {" ".join(words): command}
    found: dict[str, Any] = {}
    for name, one in command.commands.items():
        found |= commands(one, (*words, name))
    return found


def test_every_command_that_ends_takes_json() -> None:
    found = commands(typer.main.get_command(app))
    assert len(found) > 35
    without = {name for name, one in found.items() if all("--json" not in option.opts for option in one.params)}
    assert without == WITHOUT


def run(*words: str) -> Any:
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Data folder of a service with some events."""
    data = tmp_path / "data"
    data.mkdir()
    night = Night(data)
    fill_night(night)
    night.store.close()
    (data / "night.sqlite").rename(data / "tocsin.sqlite")
    monkeypatch.setenv("TOCSIN_DATA_DIR", str(data))
    monkeypatch.delenv("TOCSIN_STORE_URL", raising=False)
    return tmp_path


def test_a_backup_its_restoring_and_a_copied_store_say_how_much_there_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = run("backup", str(folder / "b1"))
    assert (kept["place"], kept["rows"] > 20) == (str(folder / "b1"), True)
    moved = run("migrate-store", f"sqlite:///{folder / 'other.sqlite'}")
    assert moved["rows"] == kept["rows"]
    monkeypatch.setenv("TOCSIN_DATA_DIR", str(folder / "anew"))
    assert run("restore", str(folder / "b1"))["rows"] == kept["rows"]


def test_a_draft_is_printed_with_its_findings(folder: Path) -> None:
    assert folder.exists()
    found = run("draft", "s261122a")
    assert (found["event_id"], found["kind"], found["audience"]) == ("s261122a", "ipn_annulus", "public")
    assert found["body"]
    assert found["other_audiences"] == []
    assert found["findings"][0]["rule"] == "slot.unfilled"


def test_tokens_webhooks_and_maintenance_end_in_json_too(folder: Path) -> None:
    assert folder.exists()
    token = run("token", "add", "Partner")
    assert run("token", "revoke", token["id"]) == {"id": token["id"], "is_revoked": True}
    webhook = run("webhook", "add", "Partner", "https://partner.example.org/in")
    assert run("webhook", "revoke", webhook["id"]) == {"id": webhook["id"], "is_revoked": True}
    begun = run("maintenance", "begin", "igwn_gwalert", "--by", "vance", "--minutes", "5")
    assert run("maintenance", "list")["windows"] == [begun]
    assert run("maintenance", "end", "igwn_gwalert", "--by", "vance") == {
        "scope": "igwn_gwalert",
        "events_held_back": 0,
    }
