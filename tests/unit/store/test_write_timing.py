"""Every transaction that writes is timed under the name of what began it."""

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from tocsin.domain.clock import ManualClock
from tocsin.store import Haste, Store


class _NotKeptError(Exception):
    """Undoes a transaction."""


def counted(use: str) -> float:
    return REGISTRY.get_sample_value("tocsin_write_seconds_count", {"use": f"test_write_timing.{use}"}) or 0.0


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(f"sqlite:///{tmp_path / 'tocsin.db'}", clock=ManualClock(datetime(2026, 11, 22, tzinfo=UTC)))
    made.migrate()
    return made


def keeps_something(store: Store) -> None:
    with store.begin() as work:
        work.set_meta("something", "kept")


def keeps_it_in_a_stack(store: Store) -> None:
    with ExitStack() as at_end:
        at_end.enter_context(store.with_haste(Haste.URGENT).begin()).set_meta("something", "kept")


def test_a_transaction_has_the_name_of_the_function_that_began_it(store: Store) -> None:
    before = counted("keeps_something")
    keeps_something(store)
    keeps_something(store)
    assert counted("keeps_something") - before == 2
    longest = REGISTRY.get_sample_value("tocsin_longest_write_seconds", {"use": "test_write_timing.keeps_something"})
    assert longest is not None
    assert longest > 0
    store.close()


def test_the_name_is_found_behind_stacks_and_other_copies_of_the_store(store: Store) -> None:
    before = counted("keeps_it_in_a_stack")
    keeps_it_in_a_stack(store)
    assert counted("keeps_it_in_a_stack") - before == 1
    store.close()


def test_one_that_is_undone_is_counted_too(store: Store) -> None:
    def fails() -> None:
        with store.begin():
            raise _NotKeptError

    with pytest.raises(_NotKeptError):
        fails()
    assert counted("test_one_that_is_undone_is_counted_too.fails") == 1
    store.close()


def test_reading_is_not_counted(store: Store) -> None:
    with store.read() as work:
        work.meta("something")
    assert counted("test_reading_is_not_counted") == 0
    store.close()
