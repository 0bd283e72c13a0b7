"""Leases: one leader at a time, another within seconds of its death, and never two that write."""

import threading
from collections.abc import Callable

import pytest
from store_values import START

from tocsin.app.leading import BEAT_S, STILL_S, Lead
from tocsin.domain.clock import ManualClock
from tocsin.domain.errors import ConflictError
from tocsin.store import Store


@pytest.fixture
def leads(store: Store, second_store: Store, clock: ManualClock) -> tuple[Lead, Lead]:
    first = Lead(store, clock, name="tick", holder="first")
    return first, Lead(second_store, clock, name="tick", holder="second")


def test_one_of_two_leads_and_the_other_waits(leads: tuple[Lead, Lead], clock: ManualClock) -> None:
    first, second = leads
    for _ in range(20):
        assert first.beat()
        assert not second.beat()
        clock.advance(BEAT_S)
    assert first.is_mine()
    assert second.holder_seen == "first"


def test_another_takes_over_within_ten_seconds_of_a_death(leads: tuple[Lead, Lead], clock: ManualClock) -> None:
    first, second = leads
    assert first.beat()
    waited_s = 0.0
    while not second.beat():
        clock.advance(BEAT_S)
        waited_s += BEAT_S
    assert waited_s <= STILL_S + BEAT_S < 10.0
    assert not first.is_mine()
    assert not first.beat()


def test_a_leader_that_ends_hands_over_at_once(leads: tuple[Lead, Lead]) -> None:
    first, second = leads
    assert first.beat()
    first.give_up()
    assert second.beat()


def test_what_a_leader_of_before_writes_is_refused(leads: tuple[Lead, Lead], clock: ManualClock, store: Store) -> None:
    first, second = leads
    assert first.beat()
    of_before = first.store()
    with of_before.begin() as work:
        work.set_meta("ticked", "by the first")
    second.beat()
    clock.advance(STILL_S + BEAT_S)
    assert second.beat()
    with pytest.raises(ConflictError, match="taken over tick"), of_before.begin() as work:
        work.set_meta("ticked", "too late")
    with second.store().begin() as work:
        assert work.meta("ticked") == "by the first"
    assert store is not of_before


class JumpingClock(ManualClock):
    """Its time of day jumps; its stopwatch stands."""

    def monotonic_s(self) -> float:
        return 0.0


def test_a_clock_that_jumps_neither_wins_nor_loses(store: Store, second_store: Store) -> None:
    here, there = JumpingClock(START), JumpingClock(START)
    first, second = Lead(store, here, name="tick", holder="a"), Lead(second_store, there, name="tick", holder="b")
    assert first.beat()
    assert not second.beat()
    there.advance(30.0)
    assert not second.beat()
    assert first.beat()
    there.advance(-60.0)
    assert not second.beat()


def test_a_holder_known_to_be_dead_is_not_waited_for(store: Store, second_store: Store, clock: ManualClock) -> None:
    Lead(store, clock, name="name/api", holder="here process 1").beat()
    again = Lead(
        second_store, clock, name="name/api", holder="here process 2", is_dead=lambda one: one.startswith("here ")
    )
    assert again.beat()


def test_of_many_that_want_it_one_gets_it(open_store: Callable[[str], Store], database_url: str) -> None:
    leads = [Lead(open_store(database_url), ManualClock(START), name="tick", holder=str(n)) for n in range(6)]
    ready = threading.Barrier(len(leads))
    won: list[bool] = []

    def try_it(lead: Lead) -> None:
        ready.wait()
        won.append(lead.beat())

    threads = [threading.Thread(target=try_it, args=(lead,)) for lead in leads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(won) == 1


def test_a_waking_reaches_other_processes_of_a_postgresql_database(
    open_store: Callable[[str], Store], postgresql_database_url: str
) -> None:
    here, there = open_store(postgresql_database_url), open_store(postgresql_database_url)
    stop, woken, listens = threading.Event(), threading.Event(), threading.Event()

    def listen() -> None:
        listens.set()
        there.listen(stop, woken.set)

    thread = threading.Thread(target=listen)
    thread.start()
    assert listens.wait(10)
    while not woken.is_set():
        here.notify()
        woken.wait(0.05)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
