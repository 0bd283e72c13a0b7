"""Several processes of the API let in together what one would: each takes a stock of requests from what they share."""

from collections.abc import Callable

import pytest

from tocsin.domain.clock import ManualClock
from tocsin.store import Store
from tocsin.workflow.quotas import SharedQuotas

KEY, TOKEN, A_MINUTE = "token a", "a", 80


class CountingStore:
    """A store that counts its transactions."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.begun = 0

    def begin(self) -> object:
        self.begun += 1
        return self._store.begin()


@pytest.fixture
def stores(store: Store, second_store: Store) -> tuple[CountingStore, CountingStore]:
    return CountingStore(store), CountingStore(second_store)


@pytest.fixture
def doors(stores: tuple[CountingStore, CountingStore], clock: ManualClock) -> list[Callable[[], bool]]:
    """Two processes at which one token asks: whether a request is let in."""

    def door(store: CountingStore) -> Callable[[], bool]:
        quotas = SharedQuotas(store, clock)  # type: ignore[arg-type]

        def let_in() -> bool:
            if quotas.must_ask(KEY):
                quotas.ask(KEY, TOKEN, A_MINUTE)
            return quotas.take(KEY, A_MINUTE).wait_s == 0.0

        return let_in

    return [door(one) for one in stores]


def test_two_processes_together_let_in_a_minutes_requests_and_no_more(
    doors: list[Callable[[], bool]], stores: tuple[CountingStore, CountingStore]
) -> None:
    let_in = [doors[n % 2]() for n in range(1000)]
    assert sum(let_in) == A_MINUTE
    assert sum(one.begun for one in stores) <= 8 + 2, "a transaction for each stock, and one that finds nothing"


def test_who_asks_at_one_process_alone_gets_the_whole_minute(doors: list[Callable[[], bool]]) -> None:
    assert sum(doors[0]() for _ in range(200)) == A_MINUTE
    assert not doors[1]()


def test_the_bucket_fills_again_and_a_stock_that_lay_too_long_is_not_used(
    doors: list[Callable[[], bool]], clock: ManualClock
) -> None:
    assert doors[0](), "nine requests of its stock are left"
    assert sum(doors[1]() for _ in range(200)) == A_MINUTE - 10
    clock.advance(61.0)
    assert sum(doors[1]() for _ in range(200)) == A_MINUTE
    assert not doors[0](), "its old stock has been given to others since"


def test_at_a_steady_rate_above_the_limit_the_limit_is_let_in_and_writing_stays_rare(
    doors: list[Callable[[], bool]], clock: ManualClock, stores: tuple[CountingStore, CountingStore]
) -> None:
    for door in doors:
        for _ in range(200):
            door()
    begun = sum(one.begun for one in stores)
    let_in = 0
    for n in range(2400):  # twenty a second for two minutes, at both by turns
        clock.advance(0.05)
        let_in += doors[n % 2]()
    assert let_in == pytest.approx(2 * A_MINUTE, abs=4)
    assert sum(one.begun for one in stores) - begun <= 2 * 120 + 2, "at most one a second and process"


def test_a_clock_that_is_behind_gives_nothing_away(store: Store, clock: ManualClock) -> None:
    with store.begin() as work:
        assert work.take_requests(TOKEN, 80, A_MINUTE, clock.now()) == (80, 0.0)
    behind = ManualClock(clock.now().replace(year=2020))
    with store.begin() as work:
        assert work.take_requests(TOKEN, 10, A_MINUTE, behind.now()) == (0, 0.0)
        assert work.take_requests(TOKEN, 10, A_MINUTE, clock.now()) == (0, 0.0)
