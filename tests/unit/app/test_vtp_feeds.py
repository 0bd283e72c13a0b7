"""VTP brokers from the settings: who may see what they send, and what is refused before anything starts."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from vtp_values import voevent

from listeners.decode import decode_raw
from listeners.streams import Streams
from tocsin.app.feeds import feeds_in_words, vtp_topic, vtp_topics
from tocsin.domain.errors import ConfigurationError
from tocsin.domain.notices import Notice, RawNotice
from tocsin.settings import Settings, load_settings


def settings(folder: Path, table: str) -> Settings:
    (folder / "tocsin.toml").write_text(f"[feeds.vtp.brokers.telescope]\n{table}\n", encoding="utf-8")
    return load_settings({"TOCSIN_CONFIG_DIR": str(folder)})


def heard(loaded: Settings, payload: bytes) -> Notice:
    """A notice as it is labelled when it comes from that broker."""
    streams = replace(Streams(), topics=vtp_topics(loaded))
    raw = RawNotice(
        payload=payload,
        transport="vtp",
        origin="127.0.0.1:8099",
        topic=vtp_topic("telescope", loaded.feeds.vtp.brokers["telescope"]),
        received_utc=datetime(2026, 11, 22, tzinfo=UTC),
    )
    return streams.relabel(decode_raw(raw), raw.topic)


OBSERVATION = voevent(1).replace(b'role="test"', b'role="observation"')


@pytest.mark.parametrize(
    ("more", "labels", "is_test"),
    [
        ("", {"private"}, False),
        ("is_public = true", set(), False),
        ('labels = ["mou"]', {"private", "mou"}, False),
        ('labels = ["mou"]\nis_public = true', {"mou"}, False),
        ("is_test = true", {"private"}, True),
    ],
)
def test_labels_and_tests_are_as_the_settings_say(tmp_path: Path, more: str, labels: set[str], is_test: bool) -> None:
    loaded = settings(tmp_path, f'host = "127.0.0.1"\n{more}')
    notice = heard(loaded, OBSERVATION)
    assert (notice.labels, notice.is_test) == (frozenset(labels), is_test)
    assert feeds_in_words(loaded) == "VTP broker telescope"


def test_kafka_is_not_asked_for_the_topics_of_vtp(tmp_path: Path) -> None:
    loaded = settings(tmp_path, 'host = "127.0.0.1"')
    assert replace(Streams(), topics=vtp_topics(loaded)).subscribed == ()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('host = "192.0.2.1"', "is not this machine"),
        ('host = "example.org"\nsecurity = "loopback"', "is not this machine"),
        ("port = 1", "host"),
        ('host = "localhost"\nport = 70000', "port"),
        ('host = "localhost"\nuser = "me"', "user"),
    ],
)
def test_a_wrong_broker_is_refused_with_its_name(tmp_path: Path, table: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=r"feeds\.vtp\.brokers\.telescope") as error:
        settings(tmp_path, table)
    assert words in str(error.value)


@pytest.mark.parametrize("security", ["tls", "plain"])
def test_a_broker_elsewhere_needs_tls_or_a_word(tmp_path: Path, security: str) -> None:
    loaded = settings(tmp_path, f'host = "example.org"\nsecurity = "{security}"')
    assert loaded.feeds.vtp.brokers["telescope"].host == "example.org"
