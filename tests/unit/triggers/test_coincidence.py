"""Chance, in numbers that others have published."""

import csv
import doctest
import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from triggers import coincidence as c

SPANS_S = [1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 300.0]


def test_the_chance_of_a_background_event_grows_with_window_and_trials_up_to_one() -> None:
    assert c.chance_probability(0.0, 600.0) == 0.0
    assert c.chance_probability(1e-9, 6.0) == pytest.approx(6e-9, rel=1e-6)
    assert c.chance_probability(1.0 / 86400.0, 86400.0) == pytest.approx(1.0 - math.exp(-1.0))
    assert c.chance_probability(1.0, 1e9) == 1.0
    assert c.chance_probability(1e-6, 10.0, trials=3.0) == pytest.approx(c.chance_probability(1e-6, 30.0))


def test_negative_rates_windows_trials_and_overlaps_are_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        c.chance_probability(-1.0, 1.0)
    with pytest.raises(ValueError, match="positive"):
        c.spiacs_false_alarm_rate_hz(0.0, 1.0)


def test_the_examples_in_the_documentation_hold() -> None:
    assert doctest.testmod(c).failed == 0
    assert doctest.testmod(c).attempted >= 2


def test_trials_of_independent_looks() -> None:
    assert c.with_trials(1e-12, 1000) == pytest.approx(1e-9, rel=1e-6)
    assert c.with_trials(0.5, 2) == pytest.approx(0.75)
    assert c.with_trials(1.0, 3) == 1.0


@pytest.mark.parametrize(
    ("t_s", "scale_s", "snr", "published"),
    [(-0.221, 2.4, 3.37, 0.00943), (-24.6, 0.4, 3.6, 0.349), (-56.4, 1.0, 3.3, 0.643), (277.0, 0.7, 4.7, 0.728)],
)
def test_the_excesses_near_s230627c_have_their_published_probabilities(
    t_s: float, scale_s: float, snr: float, published: float
) -> None:
    probability = c.spiacs_association_probability(snr, scale_s, difference_s=t_s)
    assert probability == pytest.approx(published, rel=0.06)  # the table prints S/N to two digits


def test_spikes_of_six_sigma_come_sixty_times_a_day() -> None:
    assert c.spiacs_false_alarm_rate_hz(6.0, 0.1) * 86400.0 == pytest.approx(60.0, rel=0.01)
    assert c.spiacs_false_alarm_rate_hz(12.0, 1.0) * 86400.0 == pytest.approx(6.0 * 2.0**-2.7, rel=1e-6)
    assert c.spiacs_false_alarm_rate_hz(6.0, 0.05) > 0.9 * c.spiacs_false_alarm_rate_hz(6.0, 0.1)


def test_a_chance_probability_is_never_above_one() -> None:
    assert c.spiacs_association_probability(3.0, 0.1, difference_s=300.0) == 1.0


def test_grb_170817a_lies_in_the_window_for_mergers_and_a_burst_before_does_not() -> None:
    window = c.CoincidenceWindow(start_s=-1.0, stop_s=5.0)
    t_gw = datetime(2017, 8, 17, 12, 41, 4, 400000, tzinfo=UTC)
    gbm = datetime(2017, 8, 17, 12, 41, 6, 470000, tzinfo=UTC)
    assert window.contains((gbm - t_gw).total_seconds())
    assert window.contains(1.74)
    assert not window.contains(-3.0)
    assert window.contains(5.0)
    assert window.contains(-1.5, margin_s=0.55)


def test_a_window_has_a_length() -> None:
    with pytest.raises(ValueError, match="no length"):
        c.CoincidenceWindow(start_s=1.0, stop_s=1.0)


def test_the_significance_of_a_probability() -> None:
    assert c.significance_sigma(0.00135) == pytest.approx(3.0, abs=0.001)


def test_counts_within_half_spans_agree_with_counting_by_hand() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.uniform(0, 1e4, 200), rng.uniform(0, 1e4, 300)
    by_hand = [sum(bool((np.abs(b - t) <= span).any()) for t in a) for span in SPANS_S]
    assert c.count_within(a, b, SPANS_S).tolist() == by_hand


def test_the_ends_of_a_half_span_count_and_empty_lists_count_nothing() -> None:
    assert c.count_within([0.0], [5.0], [5.0, 4.9]).tolist() == [1, 0]
    assert c.count_within([0.0], [], [5.0]).tolist() == [0]
    assert c.count_within([], [1.0], [5.0]).tolist() == [0]


@pytest.fixture(scope="module")
def trigger_times_s(samples: Path) -> tuple[np.ndarray, np.ndarray]:
    """Times of all GBM and IBAS SPI-ACS triggers, s since 2000, until the IBAS list ends."""
    start = datetime(2000, 1, 1, tzinfo=UTC)

    def times(path: Path, column: int) -> np.ndarray:
        found = []
        with path.open() as file:
            for row in csv.reader(file):
                try:
                    found.append((datetime.fromisoformat(row[column]).replace(tzinfo=UTC) - start).total_seconds())
                except ValueError:
                    continue  # the head line and four malformed times
        return np.array(found)

    ibas = times(samples / "data" / "spiacs" / "all_acs_ibas_triggers.csv", 1)
    gbm = times(samples / "data" / "gbm" / "gbm_trigger_times.csv", 2)
    last = (datetime(2020, 7, 1, 16, 46, tzinfo=UTC) - start).total_seconds()
    return gbm[gbm < last], ibas


@pytest.mark.samples
def test_shield_triggers_lie_near_gbm_triggers_as_often_as_was_counted(
    trigger_times_s: tuple[np.ndarray, np.ndarray],
) -> None:
    gbm, ibas = trigger_times_s
    assert gbm.size == 7350
    assert c.count_within(gbm, ibas, SPANS_S).tolist() == [699, 856, 968, 1006, 1032, 1066, 1101]


@pytest.mark.samples
def test_chance_neighbours_are_as_few_as_the_rates_say(trigger_times_s: tuple[np.ndarray, np.ndarray]) -> None:
    gbm, ibas = trigger_times_s
    shifted = [c.count_within(gbm + 3600.0 * hours, ibas, [20.0, 60.0, 300.0]) for hours in (-3, -1, 1, 2)]
    low, high = np.min(shifted, axis=0), np.max(shifted, axis=0)
    assert low.tolist() == [2, 9, 43]
    assert high.tolist() == [10, 14, 46]
    within_20_s = c.count_within(gbm, ibas, [20.0])[0]
    assert np.mean(shifted, axis=0)[0] / within_20_s < 0.006  # of those taken for one burst, by chance


@pytest.mark.samples
def test_the_shield_triggers_with_gbm_on_the_whole(trigger_times_s: tuple[np.ndarray, np.ndarray]) -> None:
    gbm, ibas = trigger_times_s
    nearest = c.nearest_s(gbm, ibas)
    percentiles = np.percentile(nearest[np.abs(nearest) <= 5.0], [5, 16, 50, 84, 95])
    assert percentiles == pytest.approx([-2.28, -1.28, -0.014, 0.19, 1.89], abs=0.02)
