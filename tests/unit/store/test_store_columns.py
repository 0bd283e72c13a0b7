"""Column types: exact times, JSON of anything a notice may hold, text both databases can keep."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.store.columns import from_json, from_micros, storable, to_json, to_micros

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None, exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_come_back_to_the_microsecond(moment: datetime) -> None:
    assert from_micros(to_micros(moment)) == moment


def test_times_of_any_zone_are_the_same_moment() -> None:
    paris = datetime(2026, 11, 22, 21, 0, tzinfo=timezone(timedelta(hours=1)))
    assert to_micros(paris) == to_micros(datetime(2026, 11, 22, 20, 0, tzinfo=UTC))


@given(JSON_VALUES)
@example(-(2**63) - 1)
@example({"id": 2**64 + 1})
def test_json_comes_back_whatever_it_holds(value: object) -> None:
    assert from_json(to_json(value)) == value


def test_json_takes_numpy_sets_and_times() -> None:
    value = {
        "a": np.float64(1.5),
        "b": np.array([1, 2]),
        "c": frozenset({"y", "x"}),
        3: datetime(2026, 1, 1, tzinfo=UTC),
    }
    assert from_json(to_json(value)) == {
        "a": 1.5,
        "b": [1, 2],
        "c": ["x", "y"],
        "3": "2026-01-01T00:00:00+00:00",
    }


def test_what_is_not_a_number_becomes_null() -> None:
    assert from_json(to_json({"far_hz": float("nan")})) == {"far_hz": None}


def test_json_of_what_has_no_json_is_an_error() -> None:
    with pytest.raises(TypeError, match="object is not JSON-able"):
        to_json({"a": object()})


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_text_is_made_storable(text: str) -> None:
    kept = storable(text)
    assert "\x00" not in kept
    kept.encode()
    if "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text):
        assert kept == text
