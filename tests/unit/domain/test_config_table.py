"""Tables of configuration files: what is absent, of the wrong kind or unknown names its file and key."""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tocsin.domain.config_table import Table
from tocsin.domain.errors import ConfigurationError


def _table(**values: Any) -> Table:
    return Table(values, file="x.toml", key="top")


def test_values_come_by_their_type_and_defaults_where_they_are_absent() -> None:
    table = _table(a="text", n=1.5, k=3, f=True, t="07:30", d="2026-01-05", z="Europe/Paris", m=datetime(2026, 1, 5, 6))  # noqa: DTZ001 - a TOML local time
    assert (table.text("a"), table.text("b", "other"), table.optional_text("c")) == ("text", "other", None)
    assert (table.number("n"), table.number_within("n", 0, 2), table.number_within("o", 0, 2, default=1)) == (
        1.5,
        1.5,
        1,
    )
    assert (table.integer("k", least=1), table.integer_within("l", 0, 9, default=4)) == (3, 4)
    assert (table.flag("f"), table.flag("g", default=False)) == (True, False)
    assert (table.clock_time("t"), table.clock_time("u", time(1))) == (time(7, 30), time(1))
    assert (table.day("d"), table.moment("m")) == (date(2026, 1, 5), datetime(2026, 1, 5, 6))  # noqa: DTZ001 - as above
    assert table.zone("z") == ZoneInfo("Europe/Paris")
    table.finish()


def test_an_unknown_key_is_refused_with_those_that_are_known() -> None:
    table = _table(name="x", nmae="y")
    table.text("name")
    table.optional_text("team")
    with pytest.raises(ConfigurationError, match=r"x\.toml: top\.nmae: unknown key; known are name, team"):
        table.finish()


@pytest.mark.parametrize(
    ("read", "values"),
    [
        (lambda table: table.text("k"), {}),
        (lambda table: table.text("k"), {"k": "  "}),
        (lambda table: table.number("k"), {"k": True}),
        (lambda table: table.number("k"), {"k": float("nan")}),
        (lambda table: table.number("k", above=0.0), {"k": 0}),
        (lambda table: table.number_within("k", 0, 1, default=0.5), {"k": 2}),
        (lambda table: table.integer_within("k", 0, 9, default=1), {"k": 1.5}),
        (lambda table: table.flag("k", default=False), {"k": 1}),
        (lambda table: table.choice("k", ("a", "b"), "a"), {"k": "c"}),
        (lambda table: table.list_of_texts("k", ()), {"k": "abc"}),
        (lambda table: table.clock_time("k", time(0)), {"k": "24:00"}),
        (lambda table: table.day("k"), {"k": "2026-02-30"}),
        (lambda table: table.day("k"), {"k": datetime(2026, 1, 1)}),  # noqa: DTZ001 - a TOML local time
        (lambda table: table.moment("k"), {"k": "noon"}),
        (lambda table: table.zone("k", ZoneInfo("UTC")), {"k": "Mars/Olympus"}),
        (lambda table: table.child("k"), {"k": 1}),
        (lambda table: table.children("k"), {"k": {}}),
    ],
)
def test_a_wrong_value_names_its_key(read: Callable[[Table], object], values: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(_table(**values))
    assert (caught.value.file, caught.value.key) == ("x.toml", "top.k")
