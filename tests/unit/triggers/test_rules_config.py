"""A wrong rule file is refused, naming the file and the key."""

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tocsin.domain.errors import ConfigurationError
from triggers.rules import Rules

CONFIG = Path(__file__).resolve().parents[3] / "config" / "rules.toml"
PARSED = tomllib.loads(CONFIG.read_text())


def changed(path: str, value: Any) -> dict[str, Any]:
    """The shipped file with one value changed; the path may hold list positions."""
    config = copy.deepcopy(PARSED)
    *parents, last = path.split(".")
    place: Any = config
    for name in parents:
        place = place[int(name)] if name.isdigit() else place[name]
    place[last] = value
    return config


def test_the_shipped_rules_are_read() -> None:
    book = Rules.from_config(PARSED, file="config/rules.toml").book
    assert len(book.rules) > 20
    assert book.rules[-1].name == "recorded"


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ("surprise", 1, "surprise"),
        ("rule.0.serach_window_s", [-1.0, 1.0], "rule[1].serach_window_s"),
        ("rule.0.tier", 4, "rule[1].tier"),
        ("rule.0.tier", "loud", "rule[1].tier"),
        ("rule.0.kinds", ["gravitational_waves"], "rule[1].kinds"),
        ("rule.0.kinds", [], "rule[1].kinds"),
        ("rule.0.phases", "early_warning", "rule[1].phases"),
        ("rule.0.search_window_s", [300.0, -300.0], "rule[1].search_window_s"),
        ("rule.0.search_window_s", [300.0], "rule[1].search_window_s"),
        ("rule.0.reason", "  ", "rule[1].reason"),
        ("rule.0.name", "lvk-significant", "rule[6].name"),
        ("rule.0.significant", "yes", "rule[1].significant"),
        ("rule.0.class_at_least", {"BNS": "much"}, "rule[1].class_at_least.BNS"),
        ("rule.0.snr_at_least", {"hubble": 5.0}, "rule[1].snr_at_least.hubble"),
        ("rule.0.craft_at_least", 0, "rule[1].craft_at_least"),
        ("rule.0.craft_at_least", True, "rule[1].craft_at_least"),
        ("rule", [], "rule"),
        ("rule", "none", "rule"),
        ("changes.error_shrinks_by", 0.5, "changes.error_shrinks_by"),
        ("changes.area_shrinks_by", float("nan"), "changes.area_shrinks_by"),
        ("changes", 5, "changes"),
        ("counterpart.tier", 0, "counterpart.tier"),
    ],
)
def test_what_is_wrong_is_named(path: str, value: Any, key: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        Rules.from_config(changed(path, value), file="config/rules.toml")
    assert error.value.file == "config/rules.toml"
    assert error.value.key == key


@pytest.mark.parametrize("missing", ["rule", "changes", "counterpart"])
def test_what_is_missing_is_named(missing: str) -> None:
    config = copy.deepcopy(PARSED)
    del config[missing]
    with pytest.raises(ConfigurationError) as error:
        Rules.from_config(config, file="rules.toml")
    assert error.value.key == missing


def test_a_rule_that_hides_those_after_it_is_refused() -> None:
    config = copy.deepcopy(PARSED)
    config["rule"].insert(3, {"name": "everything", "tier": 2, "reason": "All."})
    with pytest.raises(ConfigurationError, match="no rule after it") as error:
        Rules.from_config(config)
    assert error.value.key == "rule[4]"


def test_the_last_rule_must_catch_everything() -> None:
    config = copy.deepcopy(PARSED)
    config["rule"].pop()
    with pytest.raises(ConfigurationError, match="last rule"):
        Rules.from_config(config)


def test_a_file_that_is_no_table_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="a table is expected"):
        Rules.from_config([])  # type: ignore[arg-type]


def test_without_a_book_of_coincidences_nothing_coincides() -> None:
    assert Rules.from_config(PARSED).book.coincidence.windows == ()
