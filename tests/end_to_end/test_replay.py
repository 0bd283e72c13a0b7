"""A whole month of real notices through the real pipeline: nothing lost, nobody woken for a test."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def month(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Result of replaying the month."""
    archive = samples / "alerts" / "replay" / "gcn_voevents_2023-05.tar.xz"
    environment = os.environ | {"TOCSIN_DATA_DIR": str(tmp_path_factory.mktemp("month"))}
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", "replay", str(archive), "--json"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def test_every_notice_of_the_month_is_stored(month: dict[str, Any]) -> None:
    assert month["notices"]["received"] == 4635
    assert month["notices"]["stored"] + month["notices"]["duplicates"] == 4635
    assert month["notices"]["lost"] == 0
    assert month["notices"]["skipped"] == 1


def test_no_test_and_no_mock_pages_anyone(month: dict[str, Any]) -> None:
    assert month["pages_for_tests"] == 0
    assert month["test_events"] > 500
    assert 1 <= sum(message["purpose"] == "page" for message in month["messages"]) <= 20


@pytest.mark.parametrize("name", ["S230518h", "S230529ay", "IceCube-230506A"])
def test_the_events_of_the_month_are_there(month: dict[str, Any], name: str) -> None:
    assert name in {event["name"] for event in month["events"]}


def test_the_retraction_of_s230524x_reaches_whoever_was_paged(month: dict[str, Any]) -> None:
    about = [message for message in month["messages"] if message["event"] == "s230524x"]
    paged = {message["channel"] for message in about if message["purpose"] == "page"}
    retracted = {message["channel"] for message in about if message["purpose"] == "retraction"}
    assert paged
    assert retracted == paged
    (event,) = [event for event in month["events"] if event["name"] == "S230524x"]
    assert event["is_retracted"] is True
