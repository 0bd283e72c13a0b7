"""Tokens and webhooks on the command line: given out, listed without their secrets, taken back."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tocsin.cli.main import app


@pytest.fixture
def tocsin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("TOCSIN_DATA_DIR", str(tmp_path))
    return CliRunner()


def run(tocsin: CliRunner, *words: str, status: int = 0) -> str:
    done = tocsin.invoke(app, list(words))
    assert done.exit_code == status, done.output
    return done.stdout


def test_a_token_is_shown_once_listed_without_its_secret_and_revoked(tocsin: CliRunner, tmp_path: Path) -> None:
    made = json.loads(
        run(tocsin, "token", "add", "Partner A", "--scope", "compute", "--clearance", "icecube", "--json")
    )
    assert made["token"].startswith("tocsin_")
    listed = run(tocsin, "token", "list", "--json")
    assert made["token"] not in listed
    (row,) = json.loads(listed)["tokens"]
    assert (row["scopes"], row["clearance"], row["requests"]) == (["compute"], ["icecube"], 0)
    assert made["token"].encode() not in b"".join(one.read_bytes() for one in tmp_path.rglob("*") if one.is_file())
    run(tocsin, "token", "revoke", made["id"])
    run(tocsin, "token", "revoke", made["id"], status=1)
    assert "revoked" in run(tocsin, "token", "list")


@pytest.mark.parametrize(
    "words",
    [
        ("token", "add", "x", "--clearance", "icecub"),
        ("token", "add", "x", "--scope", "everything"),
        ("token", "add", "x", "--scope", "act"),
        ("token", "add", "x", "--person", "nobody"),
        ("webhook", "add", "x", "http://partner.example"),
        ("webhook", "add", "x", "https://user:password@partner.example"),
        ("webhook", "add", "x", "file:///etc/passwd"),
    ],
)
def test_what_would_open_nothing_or_too_much_is_refused_with_the_reason(
    tocsin: CliRunner, words: tuple[str, ...]
) -> None:
    run(tocsin, *words, status=2)


def test_a_webhook_is_added_and_revoked(tocsin: CliRunner) -> None:
    made = json.loads(run(tocsin, "webhook", "add", "Partner A", "https://partner.example/tocsin", "--json"))
    assert made["secret"] not in run(tocsin, "webhook", "list", "--json")
    assert json.loads(run(tocsin, "webhook", "log", "--json"))["deliveries"] == []
    run(tocsin, "webhook", "revoke", made["id"])
    assert "revoked" in run(tocsin, "webhook", "list")
