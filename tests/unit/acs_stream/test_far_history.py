"""False-alarm rates counted on background: where they are from, and that they are those of the background."""

import json

import numpy as np
import pytest

from acs_stream.far_history import DAY_S, ExcessKind, FarHistory, FarSource, measured_far

OTHER, SPIKES = ExcessKind.OTHER, ExcessKind.SPIKE_LIKE


def drawn(days: float, seed: int, *, per_day: float = 200.0) -> FarHistory:
    """Background whose ranks are exactly exponential: others with mean 1, spikes with mean 1/2.7."""
    rng = np.random.default_rng(seed)
    n = rng.poisson(per_day * days, 2)
    found = [(OTHER, x) for x in rng.exponential(1.0, n[0])] + [(SPIKES, x) for x in rng.exponential(1 / 2.7, n[1])]
    return FarHistory.of("SPI-ACS", days * DAY_S, found)


@pytest.mark.parametrize(("kind", "slope"), [(OTHER, 1.0), (SPIKES, 1 / 2.7)])
@pytest.mark.parametrize("per_day", [20.0, 1.0, 1 / 7, 1 / 30])
def test_rates_are_those_of_the_background_counted_for_both_kinds(
    kind: ExcessKind, slope: float, per_day: float
) -> None:
    rank = slope * np.log(200.0 / per_day)
    rates = [measured_far(kind, rank, same_day=None, trailing=drawn(60, seed)) for seed in range(30)]
    found = np.mean([np.log(rate.far_hz * DAY_S / (2 * per_day)) for rate in rates if rate is not None])
    assert abs(found) < 0.25


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rank, true_hz = np.log(200.0 * 30), 2 / (30 * DAY_S)
    rates = [drawn(60, 100 + seed).rate(OTHER, rank) for seed in range(200)]
    inside = [rate.low_hz <= true_hz <= rate.high_hz for rate in rates if rate is not None]
    assert 0.55 < np.mean(inside) < 0.85


def test_the_source_of_a_rate_is_said() -> None:
    trailing, today = drawn(60, 1), drawn(1, 2)
    highest = float(trailing.ranks[OTHER][0])
    sources = [
        measured_far(OTHER, rank, same_day=today, trailing=trailing).source  # type: ignore[union-attr]
        for rank in (0.5, highest - 0.5, highest + 0.5)
    ]
    assert sources == [FarSource.SAME_DAY, FarSource.TAIL_FIT, FarSource.EXTRAPOLATED]


def test_an_active_day_makes_rarer_excesses_less_rare() -> None:
    trailing = drawn(60, 1)
    quiet, active = (
        measured_far(OTHER, 7.0, same_day=drawn(1, 3, per_day=n), trailing=trailing) for n in (200.0, 600.0)
    )
    assert quiet is not None
    assert active is not None
    assert 1.5 < active.far_hz / quiet.far_hz < 3.5


def test_real_bursts_in_the_background_count_by_number_and_do_not_bend_the_tail() -> None:
    calm = drawn(60, 4)
    bursts = FarHistory.of("SPI-ACS", 0.0, [(OTHER, 500.0 + k) for k in range(18)])
    stormy = FarHistory.joined([calm, bursts])
    for rank in (6.0, 8.0):
        with_bursts, without = stormy.rate(OTHER, rank), calm.rate(OTHER, rank)
        assert with_bursts is not None
        assert without is not None
        bursts_hz = 2 * 18 / (60 * DAY_S)
        assert 0.5 < (with_bursts.far_hz - bursts_hz) / without.far_hz < 2.0
    beyond = stormy.rate(OTHER, 400.0)
    assert beyond is not None
    assert beyond.far_hz == pytest.approx(2 * 19 / (60 * DAY_S))


def test_too_little_background_gives_no_rate() -> None:
    assert measured_far(OTHER, 3.0, same_day=None, trailing=None) is None
    assert FarHistory.of("X", 7200.0, [(OTHER, 1.0)] * 5).rate(OTHER, 3.0) is None


def test_the_excess_itself_is_no_background() -> None:
    history = FarHistory.of("X", DAY_S, [(OTHER, 900.0)] + [(OTHER, float(k) / 10) for k in range(60)])
    assert history.without(OTHER, 900.0).louder(OTHER, 500.0) == 0
    assert history.louder(OTHER, 500.0) == 1


def test_a_history_survives_being_written_down_and_refuses_another_version() -> None:
    history = drawn(2, 5)
    again = FarHistory.from_record(json.loads(json.dumps(history.to_record())))
    assert again.live_s == history.live_s
    assert np.allclose(again.ranks[OTHER], history.ranks[OTHER], atol=1e-4)
    with pytest.raises(ValueError, match="version"):
        FarHistory.from_record(history.to_record() | {"version": 0})


def test_histories_of_two_instruments_are_not_joined() -> None:
    with pytest.raises(ValueError, match="different instruments"):
        FarHistory.joined([drawn(1, 1), FarHistory.of("Fermi-GBM", 1.0, [])])
