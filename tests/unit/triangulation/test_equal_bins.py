"""Products of equal bins with splines, made the fast way, are those made bin by bin."""

import numpy as np
import pytest

from triangulation.comb import Comb
from triangulation.spline import Knots, Rows


@pytest.mark.parametrize(("step_s", "width_s"), [(0.05, 0.05), (0.064, 0.016), (0.004, 0.016), (0.02, 0.004)])
@pytest.mark.parametrize("delay_s", [0.0, 0.1234, -0.731])
def test_products_of_equal_bins_are_those_of_single_ones(step_s: float, width_s: float, delay_s: float) -> None:
    rng = np.random.default_rng(7)
    keep = rng.random(900) > 0.1
    start = (-6.0 * step_s * 20 + width_s * np.arange(900))[keep] - 1.0
    width, live = np.full(start.size, width_s), rng.uniform(0.7, 1.0, start.size)
    weight = rng.uniform(1.0, 2.0, start.size)
    columns = rng.normal(size=(start.size, 3)) * weight[:, None]
    middle = float(start.mean())
    knots = Knots(start_s=middle - 10 * step_s, step_s=step_s, number=20)
    comb = Comb.of(start, width, live, weight, columns)
    assert comb is not None
    found = comb.project(knots, delay_s)
    rows = Rows.of(start - delay_s, width, live, knots)
    if found is None:
        # The splines reach beyond the bins.
        assert abs(delay_s) + 24 * step_s > start[-1] - middle
        return
    gram, right = rows.gram(weight), rows.project(columns)
    rank = min(gram.shape[0], found[0].shape[0])
    assert np.allclose(found[0][:rank], gram[:rank], rtol=1e-9, atol=1e-12 * gram.max())
    assert np.allclose(found[1], right, rtol=1e-9, atol=1e-12)


def test_bins_that_are_not_equal_make_no_comb() -> None:
    start = np.cumsum(np.linspace(0.01, 0.02, 50))
    ones = np.ones(50)
    assert Comb.of(start, np.linspace(0.01, 0.02, 50), ones, ones, ones[:, None]) is None


def test_a_step_that_is_no_whole_number_of_bins_is_left_to_the_slow_way() -> None:
    start, ones = 0.01 * np.arange(200), np.ones(200)
    comb = Comb.of(start, np.full(200, 0.01), ones, ones, ones[:, None])
    assert comb is not None
    assert comb.project(Knots(start_s=0.5, step_s=0.023, number=10), 0.0) is None
    assert comb.project(Knots(start_s=0.5, step_s=0.02, number=10), 0.0) is not None
