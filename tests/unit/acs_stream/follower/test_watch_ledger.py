"""The ledger of the continuous search: each happening once, for a day; what is asked about is not its background."""

import json

import pytest
from unit.acs_stream.follower.excess_values import excess

from acs_stream.far_history import ExcessKind
from acs_stream.follower.ledger import LedgerEntry, WatchLedger, noise_hz
from acs_stream.time_systems import SECOND_US

ZERO = 1_000_000 * SECOND_US
FAR_AWAY = LedgerEntry.of(excess(-500_000.0), ZERO)


def searched(ledger: WatchLedger, start_s: float, stop_s: float, *found: object) -> None:
    start, stop = ZERO + round(start_s * SECOND_US), ZERO + round(stop_s * SECOND_US)
    ledger.take(found, zero_tt_us=ZERO, start_tt_us=start, stop_tt_us=stop)  # type: ignore[arg-type]


def ranks(ledger: WatchLedger, kind: ExcessKind) -> list[float]:
    return [float(rank) for rank in ledger.background("SPI-ACS", but=FAR_AWAY).ranks[kind]]


def test_what_overlapping_searches_see_several_times_counts_once_and_as_loud_as_it_ever_was() -> None:
    ledger = WatchLedger()
    searched(ledger, 0.0, 10.0, excess(9.9, noise_per_day=5.0))
    searched(ledger, 10.0, 20.0, excess(10.1, noise_per_day=0.5))
    searched(ledger, 20.0, 30.0, excess(10.1, noise_per_day=1.0), excess(25.0, noise_per_day=2.0))
    loudest, other = ranks(ledger, ExcessKind.OTHER)
    assert loudest == pytest.approx(excess(0.0, noise_per_day=0.5).rank)
    assert other == pytest.approx(excess(0.0, noise_per_day=2.0).rank)
    assert ledger.live_s == pytest.approx(30.0)


def test_a_stretch_searched_again_is_no_further_time_and_a_gap_is_none() -> None:
    ledger = WatchLedger()
    for start_s, stop_s in ((0.0, 10.0), (5.0, 10.0), (10.0, 20.0), (100.0, 110.0)):
        searched(ledger, start_s, stop_s)
    assert ledger.live_s == pytest.approx(30.0)


def test_what_noise_does_often_is_not_kept_and_kinds_are_apart() -> None:
    ledger = WatchLedger()
    searched(ledger, 0.0, 60.0, excess(3.0, noise_per_day=51.0), excess(8.0, scale_s=0.1, snr=9.0, is_spike_like=True))
    assert ranks(ledger, ExcessKind.OTHER) == []
    assert len(ranks(ledger, ExcessKind.SPIKE_LIKE)) == 1
    assert ledger.spikes(but=FAR_AWAY) == 1


def test_an_excess_is_not_its_own_background_nor_are_its_other_parts() -> None:
    ledger = WatchLedger()
    mine, beside = excess(50.0), excess(50.2, scale_s=0.1, is_spike_like=True)
    searched(ledger, 0.0, 60.0, mine, beside, excess(20.0))
    background = ledger.background("SPI-ACS", but=LedgerEntry.of(mine, ZERO))
    assert background.ranks[ExcessKind.OTHER].size == 1
    assert background.ranks[ExcessKind.SPIKE_LIKE].size == 0
    assert ledger.spikes(but=LedgerEntry.of(mine, ZERO)) == 0


def test_after_a_day_it_is_forgotten_with_the_time_it_was_found_in() -> None:
    ledger = WatchLedger()
    searched(ledger, 0.0, 600.0, excess(100.0), excess(500.0))
    searched(ledger, 86_400.0, 86_700.0)
    assert len(ranks(ledger, ExcessKind.OTHER)) == 1
    assert ledger.live_s == pytest.approx(600.0)


def test_it_is_kept_and_read_as_it_was() -> None:
    ledger = WatchLedger()
    searched(ledger, 0.0, 60.0, excess(20.0), excess(40.0, scale_s=0.1, is_spike_like=True))
    again = WatchLedger.from_record(json.loads(json.dumps(ledger.to_record())))
    assert again.to_record() == ledger.to_record()
    assert again.live_s == ledger.live_s
    assert WatchLedger.from_record(WatchLedger().to_record()).live_s == 0.0


@pytest.mark.parametrize("record", [{}, {"entries": [[1, 2, "comet", 3.0, False]], "searched": []}, {"entries": 3}])
def test_a_damaged_record_is_refused(record: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        WatchLedger.from_record(record)


def test_the_rate_of_noise_alone_is_had_from_the_law_that_both_were_added_in() -> None:
    assert noise_hz(excess(0.0, noise_per_day=3.0)) == pytest.approx(3.0 / 86_400.0)
    assert noise_hz(excess(0.0, noise_per_day=1e-30)) < 1e-15
