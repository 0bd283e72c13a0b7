"""Shifts offered to each other, on SQLite and PostgreSQL: kept, taken once, seen by every connection."""

import threading
from datetime import timedelta

from store_values import at

from tocsin.domain.shift_offers import OfferState
from tocsin.store import Store


def _offered(store: Store, start_s: float = 0.0, stop_s: float = 3600.0) -> int:
    with store.begin() as work:
        return work.add_shift_offer("anna", at(start_s), at(stop_s), named_id="bert", reason="why", at_utc=at(-60)).id


def test_an_offer_comes_back_as_it_was_made(store: Store) -> None:
    number = _offered(store)
    with store.read() as work:
        found = work.shift_offer(number)
        assert found is not None
        assert work.shift_offers(at(0)) == [found]
        assert work.shift_offers(at(3600)) == []
        assert work.taken_shifts(at(0)) == []
        assert work.shift_offer(number + 1) is None
    assert (found.giver_id, found.start_utc, found.stop_utc, found.named_id) == ("anna", at(0), at(3600), "bert")
    assert (found.reason, found.offered_utc, found.state(at(0))) == ("why", at(-60), OfferState.OPEN)


def test_what_was_taken_is_given_in_the_order_of_taking_and_what_is_withdrawn_cannot_be_taken(store: Store) -> None:
    first, second, third = (_offered(store) for _ in range(3))
    with store.begin() as work:
        assert work.take_shift(second, "bert", at(1))
        assert work.take_shift(first, "cleo", at(2))
        assert not work.take_shift(first, "bert", at(3))
        assert work.withdraw_shift(third, "anna", at(4))
        assert not work.withdraw_shift(third, "anna", at(5))
        assert not work.take_shift(third, "bert", at(6))
        assert work.withdraw_shift(second, "anna", at(7))
    with store.read() as work:
        assert [one.id for one in work.taken_shifts(at(0))] == [second, first]
        taken_back = work.taken_shifts(at(0))[0]
    assert taken_back.covered() == (at(1), at(7))
    assert (taken_back.withdrawn_by, taken_back.state(at(8))) == ("anna", OfferState.WITHDRAWN)


def test_of_ten_who_take_one_shift_at_once_one_has_it(store: Store) -> None:
    number, won, barrier = _offered(store), list[int](), threading.Barrier(10)

    def take(who: int) -> None:
        barrier.wait()
        with store.begin() as work:
            work.lock("shift offers")
            if work.take_shift(number, f"p{who}", at(0) + timedelta(seconds=who)):
                won.append(who)

    threads = [threading.Thread(target=take, args=(who,)) for who in range(10)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with store.read() as work:
        found = work.shift_offer(number)
    assert found is not None
    assert [f"p{who}" for who in won] == [found.taker_id]
