"""One notice, or one neutrino, by two roads: stored once, one event, and as public as its most public road."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from workflow_desk import SECRET_TOPIC, Desk, merger, track

from tocsin.domain.notices import RawNotice
from tocsin.domain.people import MessagePurpose
from tocsin.workflow.ingest import ingest


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(tmp_path) as made:
        yield made


def labels(desk: Desk) -> list[frozenset[str]]:
    return [desk.read(lambda work, one=one: work.event_row(one).labels) for one in desk.event_ids()]


def test_bytes_first_heard_on_a_private_road_are_public_once_they_come_on_a_public_one(desk: Desk) -> None:
    desk.take(merger(), topic=SECRET_TOPIC)
    desk.work()
    assert "antares" in labels(desk)[0]
    assert desk.sent(MessagePurpose.PAGE) == []
    desk.take(merger())
    desk.work()
    assert labels(desk) == [frozenset()]
    assert desk.sent(MessagePurpose.PAGE)
    counts = desk.read(lambda work: work.notice_counts())
    assert (counts.stored, counts.duplicates) == (1, 1)
    audit = desk.read(lambda work: [row.action for row in work.audit_rows()])
    assert audit.count("labels taken off") == 1


def test_a_public_notice_stays_public_when_it_comes_by_a_private_road_and_nobody_is_told_twice(desk: Desk) -> None:
    desk.take(merger())
    desk.work()
    told = len(desk.recorder.sent)
    desk.take(merger(), topic=SECRET_TOPIC)
    desk.take(merger())
    desk.work()
    assert labels(desk) == [frozenset()]
    assert len(desk.recorder.sent) == told


def test_a_file_takes_no_label_off(desk: Desk) -> None:
    desk.take(merger(), topic=SECRET_TOPIC)
    of_file = RawNotice(
        payload=merger().payload,
        transport="file",
        origin="a/file.json",
        topic="igwn.gwalert",
        received_utc=desk.clock.now(),
    )
    ingest(desk.context, [of_file])
    assert "antares" in labels(desk)[0]


def test_the_same_neutrino_by_two_roads_is_one_event(desk: Desk) -> None:
    desk.take(track())
    desk.take(track(revision=1, after_s=900.0))
    assert len(desk.event_ids()) == 1
