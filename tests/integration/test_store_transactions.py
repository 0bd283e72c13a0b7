"""Transactions: all or nothing, whatever stops them; readers hold up nobody."""

import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError
from store_values import add_event, at, raw

from tocsin.domain.jobs import JobKind
from tocsin.store import Store


class _StopHere(Exception):  # noqa: N818 - not an error
    pass


def test_an_exception_leaves_nothing(store: Store) -> None:
    def write_and_fail() -> None:
        with store.begin() as work:
            work.add_raw(raw())
            add_event(work)
            raise _StopHere

    with pytest.raises(_StopHere):
        write_and_fail()
    with store.read() as work:
        assert work.event_row("grb-1") is None
        assert work.notice_counts().received == 0


def test_a_savepoint_is_undone_alone(store: Store) -> None:
    def fail(work: object) -> None:
        with work.savepoint():
            add_event(work, "undone")
            raise _StopHere

    with store.begin() as work:
        kept = work.add_raw(raw())
        with pytest.raises(_StopHere):
            fail(work)
        with work.savepoint():
            add_event(work, "done")
        work.mark_undecoded(kept.key, "stopped")
    with store.read() as work:
        assert work.event_row("undone") is None
        assert work.event_row("done") is not None
        assert len(work.notice_rows_undecoded()) == 1


@pytest.fixture
def said() -> Iterator[list[str]]:
    """Statements that any database is told."""
    statements: list[str] = []

    def hear(*given: object) -> None:
        statements.append(str(given[2]))

    event.listen(Engine, "before_cursor_execute", hear)
    yield statements
    event.remove(Engine, "before_cursor_execute", hear)


def test_who_need_not_wait_for_the_disk_says_so_to_postgresql_for_that_transaction_alone(
    store: Store, said: list[str]
) -> None:
    with store.begin(is_flushed=False) as work:
        add_event(work)
    is_postgresql = store.url.get_backend_name() == "postgresql"
    assert [statement for statement in said if "synchronous_commit" in statement] == (
        ["SET LOCAL synchronous_commit = off"] if is_postgresql else []
    )
    said.clear()
    with store.begin() as work:
        assert work.event_row("grb-1") is not None
    assert not [statement for statement in said if "synchronous_commit" in statement]


def test_a_connection_on_which_listening_failed_is_nobody_elses_afterwards(store: Store) -> None:
    if store.url.get_backend_name() != "postgresql":
        pytest.skip("nobody listens on SQLite")

    def fail_when_woken() -> None:
        raise _StopHere

    waker = threading.Thread(target=_notify_until, args=(store, stop := threading.Event()))
    waker.start()
    try:
        with pytest.raises(_StopHere):
            store.listen(threading.Event(), fail_when_woken)
    finally:
        stop.set()
        waker.join()
    for _ in range(3):
        with pytest.raises(_StopHere):
            _write_and_stop(store)
    with store.read() as work:
        assert work.event_row("grb-1") is None


def _notify_until(store: Store, stop: threading.Event) -> None:
    while not stop.wait(0.05):
        store.notify()


def _write_and_stop(store: Store) -> None:
    with store.begin() as work:
        add_event(work)
        raise _StopHere


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_killed_process_leaves_whole_transactions_or_nothing(store: Store, database_url: str, moment: str) -> None:
    program = f"""
        import os, signal
        from store_values import START, add_event, raw
        from tocsin.domain.clock import ManualClock
        from tocsin.domain.jobs import JobKind
        from tocsin.store import Store
        store = Store({database_url!r}, clock=ManualClock(START))
        with store.begin() as work:
            work.add_raw(raw(offset=5))
            add_event(work)
            work.enqueue(JobKind.SEND, key="k", due_utc=START, event_id="grb-1")
            if {moment!r} == "before":
                os.kill(os.getpid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    path = [entry for entry in sys.path if entry]
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], env={"PYTHONPATH": ":".join(path)}, check=False
    )
    assert run.returncode == -signal.SIGKILL
    is_kept = moment == "after"
    with store.begin() as work:
        assert work.notice_counts().stored == is_kept
        assert work.kafka_offsets() == ({("gcn.a", 0): 5} if is_kept else {})
        assert (work.event_row("grb-1") is not None) == is_kept
        assert len(work.claim([JobKind.SEND], now=at(0), lease_s=60, worker="a")) == is_kept


def test_readers_see_one_state_and_hold_up_no_writer(store: Store, second_store: Store) -> None:
    reading, writing = store, second_store
    with reading.begin() as work:
        add_event(work, "e1")
    with reading.read() as before:
        assert before.event_row("e1") is not None
        with writing.begin() as work:
            add_event(work, "e2")
        assert before.event_row("e2") is None, "the state read is the one of the beginning"
    with reading.read() as after:
        assert after.event_row("e2") is not None


def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)read.?only"), store.read() as work:
        add_event(work)
    with store.begin() as work:
        add_event(work)


def test_a_transaction_within_a_transaction_is_an_error_and_not_a_standstill(store: Store) -> None:
    with store.begin() as work:
        with pytest.raises(RuntimeError, match="savepoint"), store.begin():
            pass
        add_event(work)
    with store.begin() as work:
        assert work.event_row("grb-1") is not None


def test_a_transaction_may_be_ended_by_another_thread_than_began_it(store: Store) -> None:
    transaction = store.begin()
    beginner = threading.Thread(target=lambda: add_event(transaction.__enter__()))
    beginner.start()
    beginner.join(20)
    transaction.__exit__(None, None, None)
    with store.begin() as work:
        assert work.event_row("grb-1") is not None


def test_many_threads_write_at_once_and_nothing_is_lost(store: Store, second_store: Store) -> None:
    stores = [store, second_store]
    failures: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for n in range(10):
                with stores[number % 2].begin() as work:
                    work.add_raws(
                        [
                            raw(f"{number}-{n}".encode(), partition=number, offset=n),
                            raw(f"shared-{n}".encode(), partition=number + 100, offset=n),
                        ]
                    )
                with stores[number % 2].read() as work:
                    work.feed_report()
        except BaseException as error:  # noqa: BLE001 - told to the main thread
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []
    with stores[0].read() as work:
        counts = work.notice_counts()
        offsets = work.kafka_offsets()
    assert (counts.received, counts.stored, counts.duplicates) == (120, 70, 50)
    assert set(offsets.values()) == {9}
    assert len(offsets) == 12


def test_numbers_of_notices_grow_in_the_order_in_which_they_become_visible(store: Store, second_store: Store) -> None:
    stores = [store, second_store]
    inside, go_on = threading.Event(), threading.Event()
    keys: dict[str, int] = {}

    def slow() -> None:
        with stores[0].begin() as work:
            keys["slow"] = work.add_raw(raw(b"slow")).key
            inside.set()
            go_on.wait(20)

    def fast() -> None:
        with stores[1].begin() as work:
            keys["fast"] = work.add_raw(raw(b"fast")).key

    first, second = threading.Thread(target=slow), threading.Thread(target=fast)
    first.start()
    assert inside.wait(20)
    second.start()
    go_on.set()
    first.join(20)
    second.join(20)
    assert keys["slow"] < keys["fast"]
