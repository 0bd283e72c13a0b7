"""The two numbers on a coincidence: as they are defined, and as a simulation counts them."""

import doctest
import math

import numpy as np
import pytest

from triggers import joint_far as j

YEAR_S = 365.25 * 86400.0
GRB_HZ = 325.0 / YEAR_S


def test_the_examples_in_the_documentation_hold() -> None:
    assert doctest.testmod(j).failed == 0
    assert doctest.testmod(j).attempted >= 3


def test_the_chance_of_a_burst_within_six_seconds_at_325_a_year_is_6_2e_5() -> None:
    assert j.association_chance(GRB_HZ, 6.0) == pytest.approx(6.2e-5, rel=5e-3)
    assert j.association_chance(GRB_HZ, 6.0, overlap=10.0) == pytest.approx(6.18e-6, rel=1e-3)
    assert j.association_chance(GRB_HZ, 6.0, trials=2.0) == pytest.approx(1.236e-4, rel=1e-3)


def test_maps_that_exclude_each_other_make_chance_certain_and_noise_frequent_beyond_bound() -> None:
    assert j.association_chance(GRB_HZ, 6.0, overlap=0.0) == 1.0
    assert j.joint_far(1e-7, GRB_HZ, 6.0, overlap=0.0).far_hz == math.inf
    assert j.triple_far(1e-7, (1e-5, 1e-6), (6.0, 20.0), overlap=0.0).far_hz == math.inf
    assert j.triple_chance((1e-5, 1e-6), (6.0, 20.0), overlap=0.0) == 1.0


def test_an_event_of_one_a_year_has_the_published_temporal_rates() -> None:
    narrow = j.joint_far(1.0 / YEAR_S, GRB_HZ, 6.0).far_hz * YEAR_S
    wide = j.joint_far(1.0 / YEAR_S, GRB_HZ, 660.0).far_hz * YEAR_S
    assert 1.0 / narrow == pytest.approx(1.6e4, rel=0.02)
    assert 1.0 / wide == pytest.approx(147.0, rel=0.005)


def test_rates_below_one_in_a_hundred_thousand_years_count_as_that_and_say_so() -> None:
    least = j.joint_far(1e-41, GRB_HZ, 6.0)
    assert least == j.JointFar(far_hz=j.LEAST_FAR_HZ * GRB_HZ * 6.0, is_limit=True)
    assert not j.joint_far(1e-9, GRB_HZ, 6.0).is_limit
    assert j.joint_far_targeted(1e-41, 1e-5, 6.0, published_a_hz=1e-5, published_b_hz=1e-3).is_limit


def test_negative_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        j.joint_far(1.0, 1.0, 1.0, overlap=-0.1)
    with pytest.raises(ValueError, match="not negative"):
        j.association_chance(1.0, 1.0, overlap=-0.1)
    with pytest.raises(ValueError, match="not negative"):
        j.joint_far_targeted(-1.0, 1.0, 1.0, published_a_hz=1.0, published_b_hz=1.0)


def test_the_targeted_rate_counts_all_pairs_as_rare_as_the_one_seen() -> None:
    rng = np.random.default_rng(5)
    z = rng.uniform(0.0, 1e-2, 200_000) * rng.uniform(0.0, 2e-2, 200_000) * 6.0
    seen_hz = 1e-3 * 1e-3 * 6.0
    rarer_hz = (z <= seen_hz).mean() * 1e-2 * 2e-2 * 6.0
    found = j.joint_far_targeted(1e-3, 1e-3, 6.0, published_a_hz=1e-2, published_b_hz=2e-2)
    assert found.far_hz == pytest.approx(rarer_hz, rel=0.02)


def test_at_its_thresholds_a_targeted_pair_has_the_rate_of_all_pairs_and_beyond_none() -> None:
    limits = {"published_a_hz": 1e-2, "published_b_hz": 2e-2}
    assert j.joint_far_targeted(1e-2, 2e-2, 6.0, **limits).far_hz == pytest.approx(1e-2 * 2e-2 * 6.0)
    assert j.joint_far_targeted(1e-3, 1e-3, 6.0, **limits, overlap=0.0).far_hz == math.inf
    with pytest.raises(ValueError, match="beyond the thresholds"):
        j.joint_far_targeted(1e-2, 2.1e-2, 6.0, **limits)


def test_three_multiply_both_expectations_and_divide_by_their_overlap() -> None:
    rates_hz, windows_s = (GRB_HZ, 15.0 / YEAR_S), (6.0, 20.0)
    expected = GRB_HZ * 6.0 * (15.0 / YEAR_S) * 20.0
    assert j.triple_chance(rates_hz, windows_s) == pytest.approx(expected, rel=1e-6)
    assert j.triple_far(1e-7, rates_hz, windows_s, overlap=50.0).far_hz == pytest.approx(1e-7 * expected / 50.0)
