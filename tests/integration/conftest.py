"""Databases for the tests: an SQLite file, and a PostgreSQL server of our own."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from postgresql_server import NO_SERVER, administer, new_database, postgresql_server
from store_values import START, add_event, add_notice, at, decision, draft, message, product

from tocsin.domain.clock import ManualClock
from tocsin.store import Store
from tocsin.store.tables import APPEND_ONLY, metadata


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """URL of a PostgreSQL server: the one TOCSIN_TEST_POSTGRESQL_URL names, or one started for these tests."""
    with postgresql_server() as url:
        if url is None:
            pytest.skip(NO_SERVER)
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the schema in it."""
    file = tmp_path_factory.mktemp("template") / "tocsin.db"
    made = Store(f"sqlite:///{file}", clock=ManualClock(START))
    made.migrate()
    made.close()
    return file


@pytest.fixture(scope="session")
def migrated_postgresql_url(postgresql_url: str) -> Iterator[str]:
    """URL of a PostgreSQL database with the schema in it, for one test after the other."""
    with new_database(postgresql_url) as url:
        made = Store(url, clock=ManualClock(START))
        made.migrate()
        made.close()
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'tocsin.db'}"
        return
    with new_database(request.getfixturevalue("postgresql_url")) as url:
        yield url


@pytest.fixture
def another_postgresql_url(postgresql_url: str) -> Iterator[str]:
    """URL of one more empty PostgreSQL database."""
    with new_database(postgresql_url) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database of each kind with the schema in it, and nothing else."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "tocsin.db")
        return f"sqlite:///{tmp_path / 'tocsin.db'}"
    url: str = request.getfixturevalue("postgresql_database_url")
    return url


@pytest.fixture
def postgresql_database_url(migrated_postgresql_url: str) -> str:
    """URL of a PostgreSQL database with the schema in it, and nothing else."""
    tables = ", ".join(metadata.tables)
    guarded = [f"ALTER TABLE {table} {{}} TRIGGER USER" for table in APPEND_ONLY]
    administer(
        migrated_postgresql_url,
        "SET lock_timeout = '20s'",
        *(statement.format("DISABLE") for statement in guarded),
        f"TRUNCATE {tables} RESTART IDENTITY",
        *(statement.format("ENABLE") for statement in guarded),
    )
    return migrated_postgresql_url


@pytest.fixture
def open_store(clock: ManualClock) -> Iterator[Callable[[str], Store]]:
    """Opens a database; once more, as another process would."""
    opened: list[Store] = []

    def open_one(url: str) -> Store:
        opened.append(Store(url, clock=clock))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def store(open_store: Callable[[str], Store], database_url: str) -> Store:
    """A database with its schema, empty."""
    return open_store(database_url)


@pytest.fixture
def second_store(open_store: Callable[[str], Store], database_url: str) -> Store:
    """The database of `store`, opened once more."""
    return open_store(database_url)


@pytest.fixture
def an_event_with_everything(store: Store) -> str:
    """An event to which everything has happened once."""
    with store.begin() as work:
        event_id = add_event(work)
        key = add_notice(work, event_id, b"notice")
        work.add_decision(event_id, key, decision(), at(101))
        work.add_message(message(), at(102))
        work.mark_sent(message().key, "ts-1", at(103))
        work.acknowledge(event_id, "bvance", "slack", at(110))
        work.add_product(product(input_ids=("notice:abc",)))
        work.add_draft(draft())
        work.audit("bvance", "looked", event_id, {"page": 1}, at(120))
    return event_id
