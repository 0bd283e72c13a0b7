"""PgBouncer itself before PostgreSQL: what is kept of a session is found out, and used or done without."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest
from pgbouncer import NO_PGBOUNCER, pgbouncer
from postgresql_server import new_database
from sqlalchemy.exc import OperationalError

from tocsin.domain.clock import ManualClock
from tocsin.domain.errors import ConfigurationError
from tocsin.store import Pooling, Store, pooling
from tocsin.store.engines import READERS

KIND = {"session": Pooling.SESSION, "transaction": Pooling.TRANSACTION}


@pytest.fixture
def pooled(postgresql_database_url: str) -> Iterator[Callable[..., str]]:
    """Starts a PgBouncer before the database."""
    with ExitStack() as running:

        def start(mode: str, *, pool_size: int = 20, settings: str = "") -> str:
            url = running.enter_context(
                pgbouncer(postgresql_database_url, mode, pool_size=pool_size, settings=settings)
            )
            if url is None:
                pytest.skip(NO_PGBOUNCER)
            return url

        yield start


@pytest.fixture
def opened(clock: ManualClock) -> Iterator[Callable[..., Store]]:
    with ExitStack() as at_end:

        def open_one(url: str, *, listen_url: str = "") -> Store:
            store = Store(url, clock=clock, listen_url=listen_url)
            at_end.callback(store.close)
            return store

        yield open_one


def test_without_a_pool_nothing_is_done_without(opened: Callable[..., Store], postgresql_database_url: str) -> None:
    store = opened(postgresql_database_url)
    store.refuse_deafness()
    assert store.pooling is Pooling.NONE
    assert threshold(store) == 5


@pytest.mark.parametrize("mode", ["session", "transaction"])
@pytest.mark.parametrize("settings", ["", "ignore_startup_parameters = options"])
def test_a_pool_is_known_by_what_it_does_and_many_write_through_it(
    pooled: Callable[..., str], opened: Callable[..., Store], mode: str, settings: str
) -> None:
    store = opened(pooled(mode, settings=settings))
    store.connect()
    assert store.pooling is KIND[mode]
    assert threshold(store) == (5 if mode == "session" else None), "statements are kept ready where they can be"

    def write_and_read(n: int) -> str | None:
        for _ in range(30):
            with store.begin() as work:
                work.lock("counted")
                work.set_meta("counted", str(int(work.meta("counted") or 0) + 1))
            with store.begin(is_flushed=False) as work:
                work.set_meta(f"of {n}", "written")
        with store.read() as work:
            return work.meta(f"of {n}")

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(write_and_read, range(6))) == ["written"] * 6
    with store.read() as work:
        assert work.meta("counted") == "180", "a lock to the end of a transaction holds through a pool"


def test_a_commit_that_waits_for_no_disk_is_the_only_one_of_its_connection(
    pooled: Callable[..., str], opened: Callable[..., Store]
) -> None:
    store = opened(pooled("transaction", pool_size=1))
    with store.begin(is_flushed=False) as work:
        work.set_meta("a", "b")
    store.notify()
    with store.begin() as work:
        assert work._connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"


def test_wakings_go_through_a_pool_by_session(pooled: Callable[..., str], opened: Callable[..., Store]) -> None:
    url = pooled("session")
    here, there = opened(url), opened(url)
    there.refuse_deafness()
    assert is_woken(here, there)


def test_a_pool_by_transaction_is_refused_where_wakings_are_needed(
    pooled: Callable[..., str], opened: Callable[..., Store]
) -> None:
    store = opened(pooled("transaction"))
    with pytest.raises(ConfigurationError, match=r"pool_mode = transaction.*name PostgreSQL itself") as refused:
        store.refuse_deafness()
    assert refused.value.key == "store.listen_url"


def test_past_a_pool_by_transaction_wakings_come(
    pooled: Callable[..., str], opened: Callable[..., Store], postgresql_database_url: str
) -> None:
    url = pooled("transaction")
    here, there = opened(url), opened(url, listen_url=postgresql_database_url)
    there.refuse_deafness()
    assert there.pooling is Pooling.TRANSACTION
    assert is_woken(here, there)


def test_listening_at_another_database_is_refused(
    pooled: Callable[..., str], opened: Callable[..., Store], postgresql_url: str
) -> None:
    with new_database(postgresql_url) as another:
        store = opened(pooled("transaction"), listen_url=another)
        with pytest.raises(ConfigurationError, match=r"another database than store\.url"):
            store.refuse_deafness()
        store.close()


def test_a_pool_by_statement_is_refused(pooled: Callable[..., str], opened: Callable[..., Store]) -> None:
    store = opened(pooled("statement"))
    with pytest.raises(ConfigurationError, match=r"one statement at a time.*pool_mode = session"):
        store.migrate()


def test_a_pool_that_is_used_up_is_said_and_not_waited_for_long(
    pooled: Callable[..., str], opened: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooling, "CONNECT_S", 1)
    url = pooled("session", pool_size=READERS)
    opened(url).connect()
    holders = opened(url)
    with pytest.raises(OperationalError, match="default_pool_size"):
        holders.connect()


def test_wishes_of_the_url_are_not_dropped_in_silence(pooled: Callable[..., str], opened: Callable[..., Store]) -> None:
    store = opened(f"{pooled('session')}?options=-c%20statement_timeout%3D1000")
    with pytest.raises(OperationalError, match="unsupported startup parameter"):
        store.connect()


def threshold(store: Store) -> int | None:
    """After how many uses a statement is kept ready on a connection of the store; None: never."""
    with store.read() as work:
        driver = work._connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        return driver.prepare_threshold


def is_woken(here: Store, there: Store) -> bool:
    """Whether a waking of one process reaches another, within seconds."""
    stop, woken = threading.Event(), threading.Event()
    thread = threading.Thread(target=there.listen, args=(stop, woken.set))
    thread.start()
    try:
        for _ in range(50):
            here.notify()
            if woken.wait(0.1):
                return True
        return False
    finally:
        stop.set()
        thread.join(10)
