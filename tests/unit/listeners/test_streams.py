"""``streams.toml``: the default is sound, and a wrong value is refused with file and key."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from listeners.json_types import TYPES as JSON_TYPES
from listeners.streams import Streams
from listeners.voevent_types import TYPES as VOEVENT_TYPES
from tocsin.domain.errors import ConfigurationError
from tocsin.domain.notices import Notice

ROOT = Path(__file__).resolve().parents[3]
NOTICE = Notice(stream="s", notice_type="t", notice_id="n", labels=frozenset({"private"}))


def load(values: dict[str, Any]) -> Streams:
    return Streams.from_config(values, file="streams.toml")


def test_the_default_subscribes_to_the_public_topics() -> None:
    streams = load(tomllib.loads((ROOT / "config" / "streams.toml").read_text()))
    assert streams.group_id == "tocsin"
    assert streams.heartbeat_topic == "gcn.heartbeat"
    assert {"igwn.gwalert", "gcn.classic.voevent.FERMI_GBM_ALERT"} <= set(streams.subscribed)
    assert "gcn.classic.voevent.INTEGRAL_POINTDIR" not in streams.subscribed
    assert "gcn.heartbeat" not in streams.subscribed


def test_every_topic_subscribed_to_by_default_is_one_we_decode() -> None:
    streams = load(tomllib.loads((ROOT / "config" / "streams.toml").read_text()))
    json_topics = {topic for kind in JSON_TYPES for topic in kind.topics}
    by_svom = {f"gcn.notices.svom.voevent.{part}" for part in ("grm", "eclairs", "mxt")}
    known = json_topics | by_svom | {f"gcn.classic.voevent.{kind.name}" for kind in VOEVENT_TYPES}
    assert set(streams.topics) - known == {"gcn.classic.voevent.UNKNOWN"}


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"kafkas": {}}, "kafkas"),
        ({"kafka": 1}, "kafka"),
        ({"kafka": {"groupid": "x"}}, "kafka.groupid"),
        ({"kafka": {"group_id": ""}}, "kafka.group_id"),
        ({"kafka": {"start": "middle"}}, "kafka.start"),
        ({"kafka": {"poll_s": 0}}, "kafka.poll_s"),
        ({"kafka": {"batch_size": True}}, "kafka.batch_size"),
        ({"topics": {"a": {"subscribe": "yes"}}}, "topics.a.subscribe"),
        ({"topics": {"a": {"labels": "secret"}}}, "topics.a.labels"),
        ({"topics": {"a": {"rate": 1}}}, "topics.a.rate"),
        ({"topics": {"a": {"expected_per_day": -1}}}, "topics.a.expected_per_day"),
        ({"topics": {"a": []}}, "topics.a"),
    ],
)
def test_a_wrong_value_is_refused_with_its_key(values: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(values)
    assert (caught.value.file, caught.value.key) == ("streams.toml", key)


def test_an_empty_heartbeat_topic_means_none_is_watched() -> None:
    assert load({"kafka": {"heartbeat_topic": ""}}).heartbeat_topic is None


def test_a_topic_adds_its_labels() -> None:
    streams = load({"topics": {"icecube.private": {"labels": ["icecube"]}}})
    assert streams.relabel(NOTICE, "icecube.private").labels == {"private", "icecube"}
    assert streams.relabel(NOTICE, "other") is NOTICE
    assert streams.relabel(NOTICE, None) is NOTICE


def test_a_topic_declared_public_takes_off_private_and_nothing_else() -> None:
    streams = load({"topics": {"observatory.open": {"is_public": True}}})
    assert streams.relabel(NOTICE, "observatory.open").labels == frozenset()
    embargoed = Notice(stream="s", notice_type="t", notice_id="n", labels=frozenset({"antares"}))
    assert streams.relabel(embargoed, "observatory.open").labels == {"antares"}
