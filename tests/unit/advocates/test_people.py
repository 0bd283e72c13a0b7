"""The registry of people."""

from typing import Any

import pytest
from advocate_values import ANNA, BERT, CLEO, PEOPLE

from advocates.people import People
from tocsin.domain.errors import ConfigurationError
from tocsin.domain.people import PersonRole


def test_people_are_found_by_id_slack_and_sign_in() -> None:
    assert PEOPLE.person("anna") == ANNA
    assert PEOPLE.by_slack_id("U0B") == BERT
    assert PEOPLE.by_sign_in("anna") == ANNA
    assert PEOPLE.person("zoe") is None
    assert PEOPLE.by_slack_id("") is None
    assert PEOPLE.by_sign_in("") is None
    assert PEOPLE.with_role(PersonRole.ADMIN) == (CLEO,)


def test_an_advocate_with_one_path_alone_is_named() -> None:
    alone = People.from_config(
        {"people": {"dora": {"name": "D. Dora", "slack_id": "U0D", "roles": ["advocate", "approver", "admin"]}}}
    )
    (problem,) = alone.problems()
    assert problem.startswith("dora: has only slack")


@pytest.mark.parametrize(
    ("people", "key"),
    [
        ({}, "people"),
        ({"Bad Id": {"name": "x"}}, "people.Bad Id"),
        ({"a": {}}, "people.a.name"),
        ({"a": {"name": "x", "emial": "a@b.org"}}, "people.a.emial"),
        ({"a": {"name": "x", "email": "a@b.org\nBcc: c@d.org"}}, "people.a.email"),
        ({"a": {"name": "x", "slack_id": "vance"}}, "people.a.slack_id"),
        ({"a": {"name": "x", "webhook": "file:///etc/passwd"}}, "people.a.webhook"),
        ({"a": {"name": "x", "roles": ["king"]}}, "people.a.roles"),
        ({"a": {"name": "x", "clearance": "icecube"}}, "people.a.clearance"),
        ({"a": "x"}, "people.a"),
        ({"a": {"name": "x", "slack_id": "U01"}, "b": {"name": "y", "slack_id": "U01"}}, "people.b.slack_id"),
        ({"a": {"name": "x", "email": "A@b.org"}, "b": {"name": "y", "email": "a@B.org"}}, "people.b.email"),
    ],
)
def test_a_wrong_registry_is_refused_with_its_file_and_key(people: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        People.from_config({"people": people}, "config/people.toml")
    assert (caught.value.file, caught.value.key) == ("config/people.toml", key)


def test_a_registry_without_people_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        People.from_config({})
