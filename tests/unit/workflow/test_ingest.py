"""Ingest: bytes are kept once, whatever they are; one broken notice costs itself alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from workflow_desk import GARBAGE, Desk, at, burst_alert, merger

from tocsin.domain.jobs import JobKind
from tocsin.simulate.notices import unknown_type
from tocsin.store import NoticeStatus, Store
from tocsin.workflow.ingest import ingest, retry_undecoded

NEWS = unknown_type(at(5.0), rng=np.random.default_rng(1))


class RulesWithABug:
    """Rules that fail for notices of one stream, until mended."""

    def __init__(self, rules: Any, stream: str) -> None:
        self._rules = rules
        self._stream = stream

    def decide(self, **given: Any) -> Any:
        if given["notice"].stream == self._stream:
            raise ZeroDivisionError("a bug in the rules")
        return self._rules.decide(**given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rules, name)


def counts(desk: Desk) -> tuple[int, int, int, int]:
    found = desk.read(lambda work: work.notice_counts())
    return found.received, found.stored, found.duplicates, found.quarantined


def test_the_same_bytes_twice_are_one_notice_and_one_page(desk: Desk) -> None:
    desk.take(merger(), merger())
    ingest(desk.context, [desk.raw(merger()), desk.raw(merger())])
    assert counts(desk) == (4, 1, 3, 0)
    assert len(desk.event_ids()) == 1
    desk.work()
    assert len(desk.recorder.sent) == 1


def test_bytes_that_are_no_notice_are_kept_with_the_reason_and_the_next_is_read(desk: Desk) -> None:
    ingest(desk.context, [desk.raw(GARBAGE), desk.raw(merger())])
    (row,) = desk.read(lambda work: work.quarantined())
    assert row.reason
    assert row.topic == GARBAGE.topic
    assert desk.read(lambda work: work.raw_payload(row.key)) == GARBAGE.payload
    assert desk.event_ids() == ["s241017ab"]


def test_an_unknown_type_is_stored_without_an_event(desk: Desk) -> None:
    desk.take(NEWS)
    assert desk.event_ids() == []
    assert desk.read(lambda work: work.notice_counts()).unknown == 1
    assert desk.woken == 0


def test_a_bug_in_the_rules_costs_one_notice_and_the_rest_of_the_batch_goes_on(desk: Desk) -> None:
    broken: Any = RulesWithABug(desk.context.rules, "igwn_gwalert")
    ingest(replace(desk.context, rules=broken), [desk.raw(merger()), desk.raw(burst_alert())])
    (left,) = desk.read(lambda work: work.notice_rows_undecoded())
    assert left.status is NoticeStatus.UNDECODED
    assert left.reason == "ZeroDivisionError: a bug in the rules"
    assert [event_id for event_id in desk.event_ids() if event_id.startswith("s2")] == []
    assert len(desk.event_ids()) == 1


def test_what_a_bug_left_behind_is_recovered_and_wakes_people(desk: Desk) -> None:
    broken: Any = RulesWithABug(desk.context.rules, "igwn_gwalert")
    ingest(replace(desk.context, rules=broken), [desk.raw(merger())])
    assert retry_undecoded(replace(desk.context, rules=broken)) == 0
    woken = desk.woken
    assert retry_undecoded(desk.context) == 1
    assert desk.woken == woken + 1
    assert desk.read(lambda work: work.notice_rows_undecoded()) == []
    desk.work()
    assert [message.event_id for message in desk.recorder.sent] == ["s241017ab"]
    assert retry_undecoded(desk.context) == 0


def test_a_notice_recovered_that_owes_nothing_is_counted_all_the_same(desk: Desk) -> None:
    with desk.store.begin() as work:
        work.mark_undecoded(work.add_raw(desk.raw(NEWS)).key, "a bug of yesterday")
    assert retry_undecoded(desk.context) == 1


def test_bytes_that_turn_out_to_be_no_notice_are_quarantined_in_the_end(desk: Desk) -> None:
    with desk.store.begin() as work:
        work.mark_undecoded(work.add_raw(desk.raw(GARBAGE)).key, "the decoder had a bug")
    retry_undecoded(desk.context)
    assert counts(desk)[3] == 1
    assert desk.read(lambda work: work.notice_rows_undecoded()) == []


class StreamsWithABug:
    """Settings of streams that fail for one topic."""

    def relabel(self, notice: Any, topic: str | None) -> Any:
        if topic == merger().topic:
            raise KeyError("Param")
        return notice


def test_a_bug_while_decoding_costs_one_notice(desk: Desk) -> None:
    broken: Any = StreamsWithABug()
    ingest(replace(desk.context, streams=broken), [desk.raw(merger()), desk.raw(burst_alert())])
    (left,) = desk.read(lambda work: work.notice_rows_undecoded())
    assert left.reason == "KeyError: 'Param'"
    assert len(desk.event_ids()) == 1


class FullDisk:
    """A store whose disk is full when a transaction is to end."""

    def __init__(self, store: Any) -> None:
        self._store = store

    @contextmanager
    def begin(self) -> Iterator[Any]:
        with self._store.begin() as work:
            yield work
            raise OSError("the disk is full")


def test_a_transaction_that_fails_leaves_nothing_and_the_offset_stays_behind(desk: Desk) -> None:
    raw, full = desk.raw(merger()), cast("Store", FullDisk(desk.store))
    with pytest.raises(OSError, match="the disk is full"):
        ingest(replace(desk.context, store=full), [raw])
    assert counts(desk) == (0, 0, 0, 0)
    assert desk.event_ids() == []
    assert desk.read(lambda work: work.kafka_offsets()) == {}
    assert desk.jobs("s241017ab", JobKind.SEND) == []


def test_what_was_rolled_back_for_one_notice_leaves_no_trace_of_its_event(desk: Desk) -> None:
    class Late(RulesWithABug):
        def storm_of(self, *_: Any) -> None:
            return None

    broken: Any = Late(desk.context.rules, "igwn_gwalert")
    ingest(replace(desk.context, rules=broken), [desk.raw(merger())])
    assert desk.event_ids() == []
    assert desk.read(lambda work: work.aliases("s241017ab")) == []
    assert len(desk.read(lambda work: work.kafka_offsets())) == 1


class HurriedStore:
    """A store that counts its transactions, and for whose turn somebody may wait."""

    def __init__(self, store: Store, *, is_awaited: bool) -> None:
        self._store = store
        self._is_awaited = is_awaited
        self.transactions = 0

    @contextmanager
    def begin(self) -> Iterator[Any]:
        self.transactions += 1
        with self._store.begin() as work:
            yield work

    def is_awaited(self) -> bool:
        return self._is_awaited


class PassingClock:
    """The clock of a desk, of which each look takes 10 ms of monotonic time."""

    def __init__(self, desk: Desk) -> None:
        self._clock = desk.clock
        self._monotonic_s = 0.0

    def monotonic_s(self) -> float:
        self._monotonic_s += 0.01
        return self._monotonic_s

    def __getattr__(self, name: str) -> Any:
        return getattr(self._clock, name)


@pytest.mark.parametrize(("is_awaited", "transactions"), [(False, 1), (True, 3)])
def test_a_batch_shares_a_transaction_until_somebody_in_a_hurry_waits(
    desk: Desk, *, is_awaited: bool, transactions: int
) -> None:
    store = HurriedStore(desk.store, is_awaited=is_awaited)
    context = replace(desk.context, store=cast("Store", store), clock=PassingClock(desk))
    ingest(context, [desk.raw(burst_alert(t_s=1000.0 * n, serial=n)) for n in range(20)])
    assert store.transactions == transactions
    assert counts(desk) == (20, 20, 0, 0)
