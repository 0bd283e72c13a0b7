"""The topic of our own: what is published of an event, once, in GCN's schema, and to whom."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from workflow_desk import SECRET_TOPIC, Desk, burst_alert, merger, retraction, track

from tocsin.domain.errors import RemoteError
from tocsin.domain.events import Tier
from tocsin.workflow.publishing import Publisher, PublishingRules

ROOT = Path(__file__).resolve().parents[3]
REAL, TESTS = "events", "events.test"


class PaperTopic:
    """A broker that keeps what it is given, or is away."""

    def __init__(self) -> None:
        self.records: list[tuple[str, str, dict[str, Any]]] = []
        self.is_away = False

    def publish(self, topic: str, key: str, content: bytes) -> None:
        if self.is_away:
            raise RemoteError("the broker is away")
        self.records.append((topic, key, json.loads(content)))


def publisher(
    broker: PaperTopic, *, clearance: frozenset[str] = frozenset(), least_tier: Tier = Tier.RECORD
) -> Publisher:
    rules = PublishingRules(topic=REAL, test_topic=TESTS, least_tier=least_tier, clearance=clearance)
    return Publisher(rules, broker)


def schema_of(samples: Path) -> Draft202012Validator:
    """Our schema, its core from GCN's own files."""
    folder = samples / "alerts" / "schema_v7.2.1" / "notices" / "core"
    base = "https://gcn.nasa.gov/schema/v7.2.1/gcn/notices/core"
    resources = [
        (f"{base}/{file.name}", Resource.from_contents(json.loads(file.read_text()) | {"$id": f"{base}/{file.name}"}))
        for file in folder.glob("*.json")
    ]
    own = json.loads((ROOT / "docs" / "reference" / "own_stream.schema.json").read_text())
    return Draft202012Validator(own, registry=Registry().with_resources(resources))


def test_every_record_is_valid_by_gcns_schema_and_says_what_is_new(samples: Path, tmp_path: Path) -> None:
    broker = PaperTopic()
    with Desk(tmp_path) as desk:
        one = publisher(broker)
        for message in (merger(), merger("INITIAL", after_s=300.0), retraction(), burst_alert(t_s=9000.0), track()):
            desk.take(message)
            desk.work()
            one.publish_changes(desk.context)
    types = [record["alert_type"] for _, key, record in broker.records if key == broker.records[0][1]]
    assert types[0] == "initial"
    assert types[-1] == "retraction"
    schema = schema_of(samples)
    for topic, key, record in broker.records:
        assert topic == REAL
        assert record["id"] == [key]
        schema.validate(record)
    assert {record["messenger"] for _, _, record in broker.records} == {"GW", "EM", "Neutrino"}


def test_the_same_is_said_once_and_records_are_numbered(tmp_path: Path) -> None:
    broker = PaperTopic()
    with Desk(tmp_path) as desk:
        desk.take(merger())
        desk.work()
        for _ in range(3):
            publisher(broker).publish_changes(desk.context)
        desk.take(merger("INITIAL", after_s=300.0))
        publisher(broker).publish_changes(desk.context)
    assert [record["record_number"] for _, _, record in broker.records] == [1, 2]


def test_what_a_broker_that_was_away_missed_is_published_when_it_is_back(tmp_path: Path) -> None:
    broker = PaperTopic()
    with Desk(tmp_path) as desk:
        one = publisher(broker)
        broker.is_away = True
        desk.take(merger())
        assert one.publish_changes(desk.context) == 0
        assert "away" in one.trouble
        broker.is_away = False
        assert one.publish_changes(desk.context) == 1
        assert not one.trouble


@pytest.mark.parametrize("clearance", [frozenset[str](), frozenset({"antares", "icecube"})])
def test_a_restricted_event_goes_only_where_all_may_see_it(tmp_path: Path, clearance: frozenset[str]) -> None:
    broker = PaperTopic()
    with Desk(tmp_path) as desk:
        desk.take(track(), topic=SECRET_TOPIC)
        publisher(broker, clearance=clearance).publish_changes(desk.context)
    assert len(broker.records) == bool(clearance)


def test_quiet_events_are_not_published(tmp_path: Path) -> None:
    broker = PaperTopic()
    with Desk(tmp_path) as desk:
        desk.take(track())
        tier = desk.read(lambda work: work.event_row(desk.event_ids()[0])).tier
        publisher(broker, least_tier=Tier(max(1, int(tier) - 1))).publish_changes(desk.context)
    assert len(broker.records) == (1 if tier is Tier.WAKE else 0)
