"""False-alarm rates of a followed stream: counted on its own days; before there are any by a law, which is said."""

import numpy as np
import pytest
from unit.acs_stream.follower.excess_values import excess

from acs_stream.excesses import Excess
from acs_stream.false_alarms import ISDC_SPIKES, clump_rate_hz
from acs_stream.far_history import DAY_S, ExcessKind, FarHistory, FarSource
from acs_stream.follower.ledger import WatchLedger, noise_hz
from acs_stream.follower.own_far import StatedFar, law_far_hz, stated_far
from acs_stream.time_systems import SECOND_US

ZERO = 1_000_000 * SECOND_US
SPIKE = {"scale_s": 0.1, "is_spike_like": True}


def after(hours: float, *, spikes: int = 0, broad: int = 0, seed: int = 1) -> WatchLedger:
    """Ledger of so many hours with spikes of ISDC's law and broad excesses of noise."""
    rng = np.random.default_rng(seed)
    ledger = WatchLedger()
    at = -3600.0 * hours * rng.random(spikes + broad)
    sizes = 6.0 * (1 - rng.random(spikes)) ** (-1 / 2.7)
    rates = 50.0 * np.arange(1, broad + 1) / max(broad, 1)
    found = [excess(t, snr=float(snr), **SPIKE) for t, snr in zip(at, sizes, strict=False)]
    found += [excess(t, noise_per_day=float(rate)) for t, rate in zip(at[spikes:], rates, strict=True)]
    ledger.take(found, zero_tt_us=ZERO, start_tt_us=ZERO - round(3600 * hours * SECOND_US), stop_tt_us=ZERO)
    return ledger


def days_before(spikes_per_day: float, days: int = 30, seed: int = 2) -> FarHistory:
    rng = np.random.default_rng(seed)
    sizes = 6.0 * (1 - rng.random(round(spikes_per_day * days))) ** (-1 / 2.7)
    noise = 50.0 * (1 - rng.random(25 * days))
    found = [(ExcessKind.SPIKE_LIKE, float(np.log(size))) for size in sizes]
    return FarHistory.of("X", days * DAY_S, [*found, *((ExcessKind.OTHER, -np.log(rate / DAY_S)) for rate in noise)])


def stated(one: Excess, ledger: WatchLedger, trailing: FarHistory | None = None) -> StatedFar:
    return stated_far(one, zero_tt_us=ZERO, instrument="X", ledger=ledger, trailing=trailing)


def test_of_a_stream_of_which_nothing_is_known_many_spikes_are_assumed_and_it_is_said_so() -> None:
    one = excess(0.0, **SPIKE)
    found = stated(one, WatchLedger())
    assert found.source is FarSource.MODEL
    assert found.basis == "law of 300 spikes/day assumed: 0.0 h of this stream searched so far"
    assert found.far_hz == pytest.approx(noise_hz(one) + 5 * float(ISDC_SPIKES.above_hz(8.0, 0.1)))


def test_the_law_learns_from_the_first_hours_what_is_seen_in_them() -> None:
    one = excess(0.0, snr=60.0, **SPIKE)
    quiet, busy = stated(one, after(2.0)), stated(one, after(2.0, spikes=20))
    assert quiet.basis == "law of 22 spikes/day assumed: 2.0 h of this stream searched so far"
    assert busy.basis == "law of 244 spikes/day assumed: 2.0 h of this stream searched so far"
    assert quiet.far_hz < busy.far_hz


@pytest.mark.parametrize("per_day", [20.0, 60.0, 200.0, 600.0])
def test_with_days_before_a_spike_is_as_rare_as_they_were(per_day: float) -> None:
    ledger = after(24.0, spikes=round(per_day), seed=3)
    snr = 6.0 * per_day ** (1 / 2.7)  # one such a day
    found = stated(excess(0.0, snr=snr, **SPIKE), ledger, days_before(per_day))
    assert found.source in {FarSource.TRAILING, FarSource.TAIL_FIT}
    # a louder one of either kind: twice as often
    assert 1.2 < found.far_hz * DAY_S < 3.5
    assert found.basis == "counted on 30.0 days before, and 24.0 h of the last 24"


def test_on_a_busy_day_spikes_are_less_rare_than_the_days_before_say() -> None:
    snr, usual = 20.0, days_before(60.0)
    calm = stated(excess(0.0, snr=snr, **SPIKE), after(24.0, spikes=60), usual)
    busy = stated(excess(0.0, snr=snr, **SPIKE), after(24.0, spikes=300), usual)
    assert busy.far_hz > 2 * calm.far_hz


def test_what_is_common_on_the_day_is_counted_on_the_day() -> None:
    found = stated(excess(0.0, snr=7.0, **SPIKE), after(12.0, spikes=100))
    assert found.source is FarSource.SAME_DAY
    assert found.basis == "counted on 12.0 h of the last 24"
    assert 2 * 100 < found.far_hz * DAY_S < 2 * 200


def test_without_days_before_the_own_day_is_continued_and_beyond_the_loudest_it_is_said_so() -> None:
    found = stated(excess(0.0, noise_per_day=1e-4), after(24.0, broad=50))
    assert found.source is FarSource.EXTRAPOLATED
    assert found.basis == "counted on 24.0 h of the last 24; rarer than all of them: extrapolated"
    assert 1e-4 < found.far_hz * DAY_S < 0.5


def test_a_burst_is_rare_though_spikes_are_common() -> None:
    found = stated(excess(0.0, snr=12.0, scale_s=1.0, noise_per_day=1e-25), after(24.0, spikes=300), days_before(300.0))
    assert found.far_hz * DAY_S < 0.01


def test_days_before_with_too_few_excesses_leave_it_to_the_day_itself() -> None:
    few = FarHistory.of("X", DAY_S, [(ExcessKind.OTHER, 11.0)])
    found = stated(excess(0.0, noise_per_day=1e-4), after(24.0, broad=50), few)
    assert found.source is FarSource.EXTRAPOLATED


UNKNOWN = ISDC_SPIKES.updated(0, 0.0)


def by_law(snr: float, score: float, scale_s: float = 0.5) -> float:
    """Rate that the law states of a broad excess, 1/day."""
    rate = float(8.4 * clump_rate_hz(snr, scale_s, scale_s / 20))
    return law_far_hz(excess(0.0, snr=snr, scale_s=scale_s, spike_score=score, rank=-np.log(rate)), UNKNOWN) * DAY_S


def test_a_broad_excess_that_a_spike_lifts_over_noise_is_as_common_as_that_spike() -> None:
    assert by_law(7.4, 0.6, 0.3) == pytest.approx(60.0 * (7.4 * 0.6 * np.sqrt(3.0) / 6.0) ** -2.7, rel=0.05)


def test_one_with_no_bin_that_stands_out_is_as_rare_as_noise_or_two_spikes_have_it() -> None:
    assert by_law(12.0, 0.15, 1.0) < 0.01
    pair = 60.0 * (20.0 * 0.5 * np.sqrt(1.5) / 6.0) ** -2.7
    assert by_law(20.0, 0.5, 0.15) == pytest.approx(pair**2 * 0.3 / DAY_S, rel=0.2)


@pytest.mark.parametrize("score", [0.0, 0.1, 0.3, 0.5, 0.65])
def test_the_louder_the_rarer(score: float) -> None:
    rates = [by_law(snr, score) for snr in (5.0, 6.0, 8.0, 10.0, 15.0, 30.0)]
    assert sorted(rates, reverse=True) == rates


def test_the_rest_is_as_common_as_noise_of_its_size() -> None:
    rest = float(8.4 * clump_rate_hz(5.0, 0.5, 0.001)) * DAY_S
    assert rest < by_law(10.0, 0.5) < 2.0 * rest
