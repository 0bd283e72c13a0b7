"""Logs and metrics have no clearance: no restricted identifier is in them."""

from collections.abc import MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY, generate_latest
from workflow_desk import SECRET_TOPIC, Desk, merger, track

from notifier.recorder import RecorderChannel
from tocsin.domain.people import OutgoingMessage
from tocsin.workflow.context import Door
from tocsin.workflow.ingest import ingest
from tocsin.workflow.sending import STAGES

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


def age_count(stream: str) -> float:
    """How many notices of a stream had their age taken."""
    return REGISTRY.get_sample_value("tocsin_notice_age_seconds_count", {"stream": stream}) or 0.0


def test_the_age_of_notices_is_taken_by_stream_and_restricted_streams_are_not_named(tmp_path: Path) -> None:
    streams = ("igwn_gwalert", "restricted", "icecube")
    before = [age_count(stream) for stream in streams]
    with Desk(tmp_path, doors=()) as desk:
        from_file = replace(desk.raw(merger("INITIAL", after_s=60.0)), transport="file")
        secret = replace(desk.raw(track(), topic=SECRET_TOPIC), transport="kafka")
        ingest(desk.context, [replace(desk.raw(merger()), transport="kafka"), from_file, secret])
    assert [age_count(stream) - was for stream, was in zip(streams, before, strict=True)] == [1.0, 1.0, 0.0]


def test_the_stages_of_a_first_page_add_up_and_name_no_event(
    tmp_path: Path, logged: list[MutableMapping[str, Any]]
) -> None:
    with Desk(tmp_path, doors=(Door(channel=RecorderChannel()),)) as desk:
        desk.take(merger())
        desk.work()
    (line,) = [entry for entry in logged if entry["event"] == "first page"]
    assert {f"{stage}_ms" for stage in STAGES} <= line.keys()
    assert "241017" not in str(line)
