"""Logs and metrics have no clearance: no restricted identifier is in them."""

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from prometheus_client import generate_latest
from workflow_desk import SECRET_TOPIC, Desk, merger, track

from notifier.recorder import RecorderChannel
from tocsin.domain.people import OutgoingMessage
from tocsin.workflow.context import Door

SECRET = frozenset({"antares", "icecube", "private"})


class Buggy(RecorderChannel):
    """A channel with a bug that tells what it was given."""

    def send(self, message: OutgoingMessage) -> str:
        raise KeyError(message.card.name)


def test_a_bug_in_a_restricted_event_leaves_no_name_in_the_log(
    tmp_path: Path, logged: list[MutableMapping[str, Any]]
) -> None:
    with Desk(tmp_path, doors=(Door(channel=Buggy(), clearance=SECRET),)) as desk:
        desk.take(track(), topic=SECRET_TOPIC)
        desk.work()
        (event_id,) = desk.event_ids()
        said = " ".join(str(entry) for entry in logged).lower()
        assert "job failed" in said
        assert event_id not in said
        assert "241017" not in said
        assert "restricted" in said
        assert event_id not in generate_latest().decode().lower()


def test_a_bug_in_a_public_event_is_logged_with_its_name(
    tmp_path: Path, logged: list[MutableMapping[str, Any]]
) -> None:
    with Desk(tmp_path, doors=(Door(channel=Buggy()),)) as desk:
        desk.take(merger())
        desk.work()
        assert "s241017ab" in {entry.get("about") for entry in logged}
