"""Light curves refuse what could give a silent wrong number, and survive storage."""

import numpy as np
import pytest

from tocsin.domain import LightCurve, Timing
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curve_codec import from_bytes, to_bytes

T0 = "2020-04-15T08:48:05.563746Z"


def _curve(**changes: object) -> LightCurve:
    fields: dict[str, object] = {"start_s": [0.0, 1.0, 2.5], "width_s": 1.0, "counts": [5.0, 7.0, 3.0]}
    return LightCurve("Test", T0, **(fields | changes))


def test_a_stored_light_curve_comes_back_bit_for_bit() -> None:
    curve = _curve(
        mask=[False, True, False], energy_kev=(50.0, 300.0), timing=Timing(product="tte", clock_error_s=1e-5)
    )
    again = from_bytes(to_bytes(curve))
    for name in ("start_s", "width_s", "counts", "mask"):
        np.testing.assert_array_equal(getattr(again, name), getattr(curve, name))
    assert (again.instrument, again.t0_utc, again.energy_kev, again.timing) == (
        "Test",
        curve.t0_utc,
        (50.0, 300.0),
        curve.timing,
    )


def test_bytes_that_are_no_light_curve_are_refused() -> None:
    with pytest.raises(ScienceError, match="not a stored light curve"):
        from_bytes(b"nonsense")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"start_s": [0.0, 2.0, 1.0]}, "backwards"),
        ({"start_s": [0.0, 1.0, 1.0]}, "backwards or repeats"),
        ({"start_s": [0.0, 0.5, 2.0]}, "overlap"),
        ({"counts": [1.0, np.nan, 1.0]}, "not finite"),
        ({"counts": [1.0, -1.0, 1.0]}, "negative counts"),
        ({"counts": [1.0, 1.0]}, "shape"),
        ({"width_s": [1.0, 0.0, 1.0]}, "widths not positive"),
    ],
)
def test_impossible_bins_are_refused_with_the_reason(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ScienceError, match=words):
        _curve(**changes)


def test_masked_bins_may_hold_anything_and_rates_may_be_negative_with_a_variance() -> None:
    assert _curve(counts=[1.0, np.nan, 1.0], mask=[False, True, False]).usable.tolist() == [True, False, True]
    assert _curve(counts=[1.0, -1.0, 1.0], variance_counts=[1.0, 1.0, 1.0]).counts[1] == -1.0


def test_moving_t0_moves_the_bins_and_arrays_are_read_only() -> None:
    moved = _curve().with_t0("2020-04-15T08:48:04.563746Z")
    np.testing.assert_allclose(moved.start_s, [1.0, 2.0, 3.5])
    with pytest.raises(ValueError, match="read-only"):
        moved.counts[0] = 1.0
