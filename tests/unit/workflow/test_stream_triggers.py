"""Triggers of a followed stream become notices once, however many processes find them and wherever one of them dies."""

from dataclasses import replace
from typing import Any

import pytest
from workflow_desk import Desk, at

from acs_stream.follower.triggers import StreamTrigger
from acs_stream.time_systems import SECOND_US, tt_us_to_utc, utc_to_tt_us
from tocsin.workflow.cards import card_for
from tocsin.workflow.stream_triggers import take_triggers

ONSET = utc_to_tt_us(at(0.0))


def trigger(at_s: float = 0.0, *, snr: float = 12.0, name: str = "A") -> StreamTrigger:
    start = ONSET + round(at_s * SECOND_US)
    return StreamTrigger(
        id=f"ACS-{name}",
        instrument="SPI-ACS",
        t0_utc=tt_us_to_utc(start),
        start_tt_us=start,
        stop_tt_us=start + SECOND_US,
        scale_s=1.0,
        snr=snr,
        far_hz=1e-7,
        counts=3000.0,
        spike_score=0.1,
        far_source="extrapolated",
        far_basis="counted on 30.0 days before, and 24.0 h of the last 24; rarer than all of them: extrapolated",
    )


def notices(desk: Desk) -> list[str]:
    rows = [row for event in desk.event_ids() for row in desk.read(lambda work, of=event: work.notice_rows(of))]
    return sorted(str(row.record["notice_id"]) for row in rows)


def test_two_processes_that_find_the_same_a_little_differently_tell_it_once(desk: Desk) -> None:
    take_triggers(desk.context, [trigger()])
    desk.clock.advance(3.0)
    take_triggers(desk.context, [trigger(0.4, name="B", snr=13.0)])
    assert notices(desk) == ["ACS-A/1"]
    assert len(desk.event_ids()) == 1


def test_one_that_sees_far_more_of_it_tells_it_as_the_others_next_revision(desk: Desk) -> None:
    take_triggers(desk.context, [trigger()])
    take_triggers(desk.context, [trigger(0.4, name="B", snr=20.0)])
    take_triggers(desk.context, [replace(trigger(snr=19.0), revision=1)])
    assert notices(desk) == ["ACS-A/1", "ACS-A/2"]


def test_another_burst_is_another_trigger_and_another_instrument_another_book(desk: Desk) -> None:
    take_triggers(desk.context, [trigger(), trigger(400.0, name="B")])
    take_triggers(desk.context, [replace(trigger(1.0, name="C"), instrument="IBIS/Veto")])
    assert notices(desk) == ["ACS-A/1", "ACS-B/1", "ACS-C/1"]


class DyingStore:
    """A store whose process dies before a transaction: the second, after the claim."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self._left = 1

    def begin(self) -> Any:
        if not self._left:
            raise KeyboardInterrupt
        self._left -= 1
        return self._store.begin()


def test_who_dies_between_claim_and_notice_is_made_good_by_whoever_finds_it_next(desk: Desk) -> None:
    with pytest.raises(KeyboardInterrupt):
        take_triggers(replace(desk.context, store=DyingStore(desk.store)), [trigger()])
    assert notices(desk) == []
    desk.clock.advance(60.0)
    take_triggers(desk.context, [trigger(0.4, name="B")])
    take_triggers(desk.context, [trigger()])
    assert notices(desk) == ["ACS-A/1"]


def test_a_process_a_day_behind_tells_nothing_that_another_told(desk: Desk) -> None:
    take_triggers(desk.context, [trigger(-86_000.0, name="old")])
    take_triggers(desk.context, [trigger()])
    take_triggers(desk.context, [trigger(-86_000.0, name="again")])
    assert notices(desk) == ["ACS-A/1", "ACS-old/1"]


def test_after_two_days_a_trigger_is_forgotten(desk: Desk) -> None:
    take_triggers(desk.context, [trigger()])
    take_triggers(desk.context, [trigger(200_000.0, name="B")])
    assert "ACS-A" not in str(desk.read(lambda work: work.meta("stream triggers/SPI-ACS")))


def test_the_card_says_what_the_false_alarm_rate_is_from(desk: Desk) -> None:
    take_triggers(desk.context, [replace(trigger(), far_source="model", far_basis="law of 41 spikes/day assumed")])
    (event_id,) = desk.event_ids()
    card = desk.read(lambda work: card_for(desk.context, work, event_id, frozenset({"private"})))
    assert card.fields["FAR"] == "3.16 per year (law of 41 spikes/day assumed)"
