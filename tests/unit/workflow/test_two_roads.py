"""One notice, or one neutrino, by two roads: stored once, one event, and as public as its most public road."""

from collections.abc import Iterator, Sequence
from itertools import permutations
from pathlib import Path

import pytest
from workflow_desk import SECRET_TOPIC, Desk, at, merger

from tocsin.domain.notices import RawNotice
from tocsin.domain.people import MessagePurpose
from tocsin.simulate.notices import Message, Track, TrackPosition, icecube_gold_json, icecube_gold_voevent
from tocsin.workflow.attach import visible_event
from tocsin.workflow.ingest import ingest
from tocsin.workflow.queries import EventFilter, event_view, list_events


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


#: One neutrino, and where it is said to be at first and some hours later.
NEUTRINO = Track(
    name="IceCube-241017A",
    run=139_657,
    event=1_381_751,
    t0_utc=at(0.0),
    signalness=0.67,
    energy_tev=157.4,
    far_per_year=0.36,
)
FIRST = TrackPosition(ra_deg=289.8533, dec_deg=36.0981, radius_90_deg=1.2, radius_50_deg=0.6)
BETTER = TrackPosition(ra_deg=291.5100, dec_deg=20.7000, radius_90_deg=0.9, radius_50_deg=0.4)


def roads() -> list[Message]:
    """Both revisions, each by the classic road and by JSON seconds later."""
    return [
        icecube_gold_voevent(NEUTRINO, FIRST, at(31.0), revision=0),
        icecube_gold_json(NEUTRINO, FIRST, at(34.0), revision=0),
        icecube_gold_voevent(NEUTRINO, BETTER, at(4000.0), revision=1),
        icecube_gold_json(NEUTRINO, BETTER, at(4003.0), revision=1),
    ]


def take_at_once(desk: Desk, messages: Sequence[Message]) -> None:
    """Ingest messages as one poll brings them: in one transaction."""
    ingest(desk.context, [desk.raw(message) for message in messages])


def test_the_same_neutrino_by_the_classic_and_the_json_road_is_settled_in_one_transaction(desk: Desk) -> None:
    before = desk.read(lambda work: len(work.event_rows(limit=10)[0]))
    take_at_once(desk, roads()[:2])
    (event_id,) = desk.event_ids()
    counts = desk.read(lambda work: work.notice_counts())
    rows = desk.read(lambda work: work.notice_rows(event_id))
    assert before == 0
    assert (counts.received, counts.stored, counts.duplicates) == (2, 2, 0)
    assert {row.topic for row in rows} == {message.topic for message in roads()}
    assert len({row.raw_sha256 for row in rows}) == 2


def test_a_neutrino_by_two_roads_is_listed_once_with_both_its_notices_and_one_name(desk: Desk) -> None:
    take_at_once(desk, roads()[:2])
    desk.work()
    shown = desk.read(lambda work: list_events(work, EventFilter(), limit=10)).items
    assert [one.event.name for one in shown] == ["IceCube-241017A"]
    view = desk.read(lambda work: event_view(work, shown[0].event.id, clearance=frozenset()))
    assert len(desk.read(lambda work: work.notice_rows(view.item.event.id))) == 2
    assert "icecube:139657_1381751" in view.item.event.aliases


def test_the_second_road_pages_nobody_again(desk: Desk) -> None:
    classic, modern, *_ = roads()
    desk.take(classic)
    desk.work()
    woken = desk.sent(MessagePurpose.PAGE)
    assert woken
    desk.take(modern)
    desk.work()
    assert desk.sent(MessagePurpose.PAGE) == woken


def test_in_whatever_order_the_two_roads_bring_two_revisions_one_event_holds_the_better_place(tmp_path: Path) -> None:
    ends = set()
    for number, order in enumerate(list(permutations(roads()))[::3]):
        (folder := tmp_path / str(number)).mkdir()
        with Desk(folder) as desk:
            desk.take(*order[: number % 4])
            take_at_once(desk, order[number % 4 :])
            (event_id,) = desk.event_ids()
            event = desk.read(lambda work, of=event_id: visible_event(work, of, frozenset()))
            ends.add((event.ra_deg, event.dec_deg, event.name))
    assert ends == {(291.51, 20.7, "IceCube-241017A")}


def test_a_neutrino_withdrawn_by_one_road_is_withdrawn_though_the_other_said_it_stands(desk: Desk) -> None:
    classic, modern, *_ = roads()
    take_at_once(desk, [classic, modern])
    withdrawn = modern.payload.replace(b'"initial"', b'"retraction"')
    assert withdrawn != modern.payload
    desk.take(Message(topic=modern.topic, payload=withdrawn))
    (event_id,) = desk.event_ids()
    assert desk.read(lambda work: work.event_row(event_id)).is_retracted
