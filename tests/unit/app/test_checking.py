"""`tocsin check`: two roads to everybody, as the settings open them; credentials where they are needed."""

from pathlib import Path

import pytest

from tocsin.app.checking import check_configuration
from tocsin.domain.errors import ConfigurationError

SLACK = '[channels.slack]\nchannel = "C1"\n'
MAIL = '[channels.email]\nhost = "mail.example.org"\n'


def environment(folder: Path, enabled: str, tables: str = "", **more: str) -> dict[str, str]:
    (folder / "tocsin.toml").write_text(f"[channels]\nenabled = [{enabled}]\n{tables}", encoding="utf-8")
    return {"TOCSIN_CONFIG_DIR": str(folder), "TOCSIN_DATA_DIR": str(folder / "data"), **more}


def problems(given: dict[str, str]) -> list[str]:
    return [one for one in check_configuration(given).problems if "Burst advocates" not in one]


def test_one_road_alone_is_refused_and_so_is_a_person_whom_one_alone_reaches(tmp_path: Path) -> None:
    found = problems(environment(tmp_path, '"slack"', SLACK, TOCSIN_SLACK_TOKEN="x"))
    assert found[0] == "every page goes out by two roads, and only slack is enabled: enable another (channels.enabled)"
    assert any(one.startswith("vance: has only slack") for one in found)


def test_two_roads_that_reach_everybody_are_well(tmp_path: Path) -> None:
    assert problems(environment(tmp_path, '"slack", "email"', SLACK + MAIL, TOCSIN_SLACK_TOKEN="x")) == []


def test_an_address_that_no_enabled_channel_uses_does_not_count(tmp_path: Path) -> None:
    given = environment(tmp_path, '"slack", "webhook"', SLACK, TOCSIN_SLACK_TOKEN="x", TOCSIN_WEBHOOK_SECRET="y")
    found = problems(given)
    assert {one.partition(":")[0] for one in found} == {"okafor", "lindqvist"}


def test_a_laptop_without_roads_is_no_problem(tmp_path: Path) -> None:
    assert problems(environment(tmp_path, '"console"')) == []


@pytest.mark.parametrize(
    ("enabled", "tables", "key"),
    [
        ('"webhook"', "", "TOCSIN_WEBHOOK_SECRET"),
        ('"slack"', SLACK + "socket_mode = true\n", "TOCSIN_SLACK_APP_TOKEN"),
    ],
)
def test_a_road_without_its_credential_is_refused(tmp_path: Path, enabled: str, tables: str, key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_configuration(environment(tmp_path, enabled, tables, TOCSIN_SLACK_TOKEN="x"))
    assert caught.value.key == key
