"""`tocsin owners` and `tocsin draft --audience`: restricted data at the command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner
from workflow_desk import SECRET, SECRET_TOPIC, Desk, PaperSource, counts, sources, track

from notifier.recorder import RecorderChannel
from tocsin.cli.main import app
from tocsin.workflow.context import Door


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Data folder of a service that has a neutrino with a restricted revision."""
    doors = (Door(channel=RecorderChannel("public")), Door(channel=RecorderChannel("cleared"), clearance=SECRET))
    with Desk(tmp_path, doors=doors, sources=sources(PaperSource("SPI-ACS", counts()))) as desk:
        desk.take(track())
        desk.wait(60.0)
        desk.take(track(revision=1, after_s=900.0, t0_s=0.4), topic=SECRET_TOPIC)
        desk.wait(60.0)
    monkeypatch.setenv("TOCSIN_DATA_DIR", str(tmp_path))
    return tmp_path


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.usefixtures("folder")
def test_owners_are_listed_told_once_and_gone_from_the_list() -> None:
    status, text, _ = run("owners", "list", "--json")
    listed = json.loads(text)["owner_tasks"]
    assert (status, [one["label"] for one in listed]) == (0, ["antares", "icecube"])
    assert listed[0]["is_overdue"]
    status, text, _ = run("owners", "done", str(listed[0]["id"]), "--as", "vance", "--note", "by mail", "--json")
    assert (status, json.loads(text)["done_by"]) == (0, "vance")
    assert len(json.loads(run("owners", "list", "--json")[1])["owner_tasks"]) == 1
    assert len(json.loads(run("owners", "list", "--all", "--json")[1])["owner_tasks"]) == 2
    status, _, words = run("owners", "done", str(listed[0]["id"]), "--as", "vance")
    assert status == 1
    assert "told already by vance" in words


@pytest.mark.usefixtures("folder")
def test_a_time_that_is_none_and_a_person_who_is_nobody_are_refused_in_words() -> None:
    assert run("owners", "done", "1", "--as", "vance", "--at", "yesterday")[0] == 1
    status, _, words = run("owners", "done", "1", "--as", "nobody")
    assert status == 1
    assert "nobody" in words


def test_a_draft_is_printed_for_the_audience_asked_for(folder: Path) -> None:
    with Desk(folder) as desk:
        (event_id,) = desk.event_ids()
    status, public, words = run("draft", event_id)
    assert (status, "EMBARGOED" in words) == (0, False)
    assert "--audience antares,icecube" in words
    status, held, words = run("draft", event_id, "--audience", "antares,icecube")
    assert status == 0
    assert "EMBARGOED: only for those cleared for antares, icecube" in words
    assert held != public
