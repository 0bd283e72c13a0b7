"""Settings: defaults, an overlay key by key, secrets from the environment; what is wrong is named by file and key."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from workflow_desk import T0

from tocsin.app.build import build_doors, build_people, build_sources_of
from tocsin.domain.clock import ManualClock
from tocsin.domain.errors import ConfigurationError
from tocsin.settings import ConfigFolder, Settings, load_settings


def overlaid(folder: Path, text: str, *, stem: str = "tocsin", **environment: str) -> Settings:
    (folder / f"{stem}.toml").write_text(text, encoding="utf-8")
    return load_settings({"TOCSIN_CONFIG_DIR": str(folder), **environment})


def refusal(folder: Path, text: str, **environment: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        overlaid(folder, text, **environment)
    assert f"{caught.value.file}: {caught.value.key}: " in str(caught.value)
    return caught.value


def test_without_any_configuration_nothing_is_listened_to_and_only_loopback_is_served() -> None:
    settings = load_settings({})
    assert settings.api.host == "127.0.0.1"
    assert settings.channels.enabled == ("console",)
    assert not settings.feeds.kafka.enabled
    assert settings.store_url == "sqlite:///tocsin-data/tocsin.sqlite"
    assert settings.inbox == Path("tocsin-data/inbox")


def test_people_and_rota_of_ones_own_stand_alone(tmp_path: Path) -> None:
    (tmp_path / "people.toml").write_text('[people.ada]\nname = "A. Brandt"\nroles = ["advocate"]\n', encoding="utf-8")
    week = 'people = ["ada"]\nunit = "week"\nlength = 1\nhandover = "09:00"\nfirst_day = 2020-01-06\n'
    head = 'name = "n"\ntime_zone = "UTC"\nfallback = ["ada"]\n'
    rota_text = f'{head}[[layer]]\nname = "week"\n[[layer.rotation]]\n{week}'
    (tmp_path / "rota.toml").write_text(rota_text, encoding="utf-8")
    loaded = load_settings({"TOCSIN_CONFIG_DIR": str(tmp_path)})
    assert list(loaded.document("people").values["people"]) == ["ada"], "nobody made up is left beside"
    assert "override" not in loaded.document("rota").values
    people, rota, _ = build_people(loaded)
    assert [person.id for person in people] == ["ada"]
    assert [person.id for person in rota.on_call(datetime(2026, 11, 27, tzinfo=UTC))] == ["ada"]


def test_an_overlay_changes_single_keys_and_leaves_their_neighbours(tmp_path: Path) -> None:
    settings = overlaid(tmp_path, "[reaction]\nretry_s = 5\ninstruments = ['SPI-ACS']\n")
    assert settings.reaction.retry_s == 5.0
    assert settings.reaction.instruments == ("SPI-ACS",)
    assert settings.reaction.patience_s == 172800.0
    assert settings.file == str(tmp_path / "tocsin.toml")


def test_the_environment_moves_what_is_stored() -> None:
    settings = load_settings({"TOCSIN_DATA_DIR": "/data", "TOCSIN_STORE_URL": "postgresql://x@db/t"})
    assert settings.data_dir == Path("/data")
    assert settings.store_url == "postgresql://x@db/t"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[api]\nprot = 1\n", "api.prot"),
        ("[apy]\nport = 1\n", "apy"),
        ("[api]\nport = 'x'\n", "api.port"),
        ("[api]\nport = 70000\n", "api.port"),
        ("[workers]\nnotify = 0\n", "workers.notify"),
        ("[reaction]\nretry_s = -1\n", "reaction.retry_s"),
        ("[channels]\nenabled = ['pigeon']\n", "channels.enabled[1]"),
        ("[channels]\nenabled = []\n", "channels.enabled"),
        ("[channels]\nenabled = ['console', 'console']\n", "channels.enabled"),
        ("[channels]\nenabled = ['slack']\n", "channels.slack.channel"),
        ("[channels]\nenabled = ['email']\n", "channels.email.host"),
        ("[secrets]\nslack_token = 'xoxb'\n", "secrets"),
        ("folder = 'elsewhere'\n", "folder"),
        ("file = 'elsewhere'\n", "file"),
        ("api = 3\n", "api"),
        ("[api\n", "(file)"),
    ],
)
def test_a_wrong_setting_is_named_by_file_and_key(tmp_path: Path, text: str, key: str) -> None:
    error = refusal(tmp_path, text)
    assert error.key == key
    assert error.file.endswith("tocsin.toml")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "tocsin.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match=r"tocsin\.toml"):
        load_settings({"TOCSIN_CONFIG_DIR": str(tmp_path)})


def test_a_folder_or_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="TOCSIN_CONFIG_DIR"):
        load_settings({"TOCSIN_CONFIG_DIR": str(tmp_path / "absent")})
    with pytest.raises(ConfigurationError, match=r"absent\.toml"):
        ConfigFolder(defaults=tmp_path).read("absent")


def test_a_secret_comes_from_the_environment_or_from_a_file_named_there(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("xoxb-of-a-file\n", encoding="utf-8")
    given = {"TOCSIN_SLACK_TOKEN_FILE": str(tmp_path / "token"), "TOCSIN_SLACK_SIGNING_SECRET": "hush"}
    settings = load_settings(given)
    assert settings.secrets.slack_token is not None
    assert settings.secrets.slack_token.get_secret_value() == "xoxb-of-a-file"
    assert settings.secrets.slack_signing_secret is not None
    assert "hush" not in repr(settings)
    assert "xoxb" not in str(settings)


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_a_secret_file_that_holds_none_is_named_without_its_content(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load_settings({"TOCSIN_SLACK_TOKEN_FILE": str(path)})
    assert (caught.value.file, caught.value.key) == ("environment", "TOCSIN_SLACK_TOKEN_FILE")


SLACK = "[channels]\nenabled = ['slack']\n[channels.slack]\nchannel = 'C1'\n"
KAFKA = "[feeds.kafka]\nenabled = true\n"


@pytest.mark.parametrize(
    ("text", "environment", "key"),
    [
        (SLACK, {}, "TOCSIN_SLACK_TOKEN"),
        (KAFKA, {}, "TOCSIN_GCN_CLIENT_ID"),
        (KAFKA, {"TOCSIN_GCN_CLIENT_ID": "me"}, "TOCSIN_GCN_CLIENT_SECRET"),
    ],
)
def test_what_is_enabled_without_its_credential_is_refused(
    tmp_path: Path, text: str, environment: Mapping[str, str], key: str
) -> None:
    error = refusal(tmp_path, text, **environment)
    assert (error.file, error.key) == ("environment", key)


def test_a_kafka_of_ones_own_needs_no_credential(tmp_path: Path) -> None:
    settings = overlaid(tmp_path, f"{KAFKA}security_protocol = 'plaintext'\nbootstrap_servers = 'localhost:9092'\n")
    assert settings.feeds.kafka.enabled


def test_an_instrument_nobody_described_is_refused_with_the_key(tmp_path: Path) -> None:
    settings = overlaid(tmp_path, "[reaction]\ninstruments = ['SPI-ACS', 'Hubble']\n")
    with pytest.raises(ConfigurationError, match=r"reaction\.instruments: Hubble"):
        build_sources_of(settings, ManualClock(T0))


def test_without_reaction_no_instrument_is_asked(tmp_path: Path) -> None:
    assert build_sources_of(overlaid(tmp_path, "[reaction]\nenabled = false\n"), ManualClock(T0)) == {}


@pytest.mark.parametrize(
    ("stem", "text", "key"),
    [
        ("people", "[people.vance]\nroles = ['king']\n", "vance"),
        ("rota", "name = 'n'\ntime_zone = 'UTC'\nfallback = ['vance']\nlayer = []\n", "layer"),
        ("escalation", "pause = 3\n", "pause"),
    ],
)
def test_a_wrong_word_in_another_file_is_named_by_file_and_key(tmp_path: Path, stem: str, text: str, key: str) -> None:
    settings = overlaid(tmp_path, text, stem=stem)
    with pytest.raises(ConfigurationError) as caught:
        build_people(settings)
    assert caught.value.file == str(tmp_path / f"{stem}.toml")
    assert key in caught.value.key


def test_channels_become_doors_in_order_with_their_clearance(tmp_path: Path) -> None:
    from rich.console import Console

    text = """
[channels]
enabled = ["slack", "email", "console", "recorder"]
[channels.slack]
channel = "C1"
clearance = ["antares"]
[channels.email]
host = "localhost"
"""
    settings = overlaid(tmp_path, text, TOCSIN_SLACK_TOKEN="xoxb")
    people, _, _ = build_people(settings)
    doors = build_doors(settings, people, clock=ManualClock(T0), console=Console(quiet=True))
    assert [door.name for door in doors] == ["slack", "email", "console", "recorder"]
    assert [door.clearance for door in doors] == [{"antares"}, frozenset(), frozenset(), frozenset()]
    assert [door.is_shared for door in doors] == [True, False, True, True]


def test_texts_of_the_overlay_win_and_hidden_files_are_left_alone(tmp_path: Path) -> None:
    circulars = tmp_path / "circulars"
    circulars.mkdir()
    (circulars / "extra.txt").write_text("mine", encoding="utf-8")
    (circulars / ".extra.txt.swp").write_bytes(b"\xff\x00")
    settings = load_settings({"TOCSIN_CONFIG_DIR": str(tmp_path)})
    texts = settings.folder.texts("circulars")
    assert texts["extra.txt"] == "mine"
    assert len(texts) > 1
    assert ".extra.txt.swp" not in texts
    (circulars / "bad.txt").write_bytes(b"\xff\x00")
    with pytest.raises(ConfigurationError, match=r"bad\.txt"):
        settings.folder.texts("circulars")
