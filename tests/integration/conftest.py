"""Databases for the tests: an SQLite file, and a PostgreSQL server of our own."""

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url
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
    given = os.environ.get("TOCSIN_TEST_POSTGRESQL_URL")
    if given:
        yield given
        return
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server: install postgresql-15, or set TOCSIN_TEST_POSTGRESQL_URL")
    with tempfile.TemporaryDirectory(prefix="tocsin-postgresql-", ignore_cleanup_errors=True) as folder:
        yield from _server(binaries, Path(folder))


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
    for url in _database(postgresql_url):
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
    yield from _database(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def another_postgresql_url(postgresql_url: str) -> Iterator[str]:
    """URL of one more empty PostgreSQL database."""
    yield from _database(postgresql_url)


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
    _administer(
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


def _database(server: str) -> Iterator[str]:
    """URL of a new database, removed at the end."""
    name = f"tocsin_{uuid.uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(url: str, *statements: str) -> None:
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def _binaries() -> Path | None:
    """Folder of the server's programs."""
    folders = [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    config = shutil.which("pg_config")
    if config:
        answer = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(answer.stdout.strip()))
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((one for one in folders if (one / "initdb").exists() and (one / "postgres").exists()), None)


def _server(binaries: Path, folder: Path) -> Iterator[str]:
    """URL of a private server on a socket in `folder`, stopped at the end; PostgreSQL refuses to run as root."""
    data = folder / "data"
    run = partial(subprocess.run, check=True, cwd=folder, stdout=subprocess.DEVNULL)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        run = partial(run, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
    run([binaries / "initdb", "-D", data, "-U", "tocsin", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"])
    settings = f"-k {folder} -c listen_addresses='' -c max_connections=40 -c fsync=off"
    control = [binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", settings]
    run([*control, "start"])
    try:
        yield f"postgresql://tocsin@/postgres?host={folder}"
    finally:
        run([*control, "-m", "immediate", "stop"])


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
