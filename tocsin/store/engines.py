"""Connections to SQLite and PostgreSQL that behave alike: explicit transactions, durable commits, foreign keys on."""

import time
from pathlib import Path
from sqlite3 import SQLITE_BUSY, OperationalError
from sqlite3 import Connection as SqliteConnection
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DisconnectionError

from tocsin.domain.errors import ConfigurationError
from tocsin.store.pooling import Connecting
from tocsin.store.private import private_folder

if TYPE_CHECKING:
    import psycopg

#: Everybody waits this long for writers of other processes (threads of this one queue on a lock first).
BUSY_TIMEOUT_MS = 30_000
#: How often a waiting writer looks. SQLite itself looks less and less often, every 100 ms in the end, and can miss the
#: moments between another process's transactions for seconds, which is longer than a page may take.
LOOK_EVERY_MS = 1
#: SQLite's extended error codes hold the primary one in their low byte.
PRIMARY_CODE = 0xFF
#: Attempts to change a new file's journal while other processes do the same.
ATTEMPTS = 20
#: Pages of an SQLite file that a connection keeps in memory; there are many readers, and the system keeps them, too.
#: They are full within the first hours of a file, so that memory does not grow with it for days.
WRITER_CACHE_KIB, READER_CACHE_KIB = 2_000, 500
#: Many readers at once: one connection each, kept open.
READERS = 8
MOST_READERS = 64
#: A connection to PostgreSQL that was used so recently is taken to be there still, s.
IDLE_S = 2.0
USED_S = "used_s"


def parse_url(url: str) -> URL:
    """Database URL with the driver filled in.

    Raises
    ------
    ConfigurationError
        No URL, or neither an SQLite file nor a PostgreSQL database.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise _wrong("not a database URL") from error
    match parsed.get_backend_name():
        case "sqlite":
            if parsed.database in {None, "", ":memory:"} or "mode" in parsed.query:
                raise _wrong("SQLite needs a file: what is in memory alone is lost on a crash")
            return parsed.set(drivername="sqlite+pysqlite")
        case "postgresql" | "postgres":
            return parsed.set(drivername="postgresql+psycopg")
        case other:
            raise _wrong(f"{other} is not supported: sqlite:///FILE or postgresql://HOST/DATABASE")


def _wrong(message: str) -> ConfigurationError:
    """Complaint about the database's setting."""
    return ConfigurationError(message, file="settings", key="database_url")


def build_sqlite(url: URL, *, is_durable: bool = True) -> tuple[Engine, Engine]:
    """Engines for writing and for reading an SQLite file: a reader's connections refuse to write.

    Without `is_durable` the file is not forced to disk at each commit: a power failure may lose the last ones.
    """
    return _sqlite_writer(url, is_durable=is_durable), _sqlite_reader(url)


def build_postgresql(connecting: Connecting, url: URL) -> tuple[Engine, Engine]:
    """Engines for writing and for reading a PostgreSQL database, on the same connections."""
    writer = create_engine(
        url,
        paramstyle="format",
        pool_size=READERS,
        max_overflow=MOST_READERS,
        # The connection used last is the next to be used: it has statements and tables at hand, others may not.
        pool_use_lifo=True,
        connect_args=connecting.settings(),
    )
    event.listen(writer, "do_connect", connecting.connect)
    event.listen(writer, "checkout", _ask_after_pause)
    event.listen(writer, "checkin", _note_use)
    return writer, writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _ask_after_pause(connection: "psycopg.Connection[Any]", record: Any, pooled: Any) -> None:  # noqa: ARG001 - as above
    """Ask a connection that was not used for a while whether it is there still; a lost one is replaced.

    Raises
    ------
    DisconnectionError
        It is not.
    """
    if time.monotonic() - record.info.get(USED_S, 0.0) < IDLE_S:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()  # the transaction that asking began
    except connection.Error as error:
        raise DisconnectionError from error


def _note_use(connection: object, record: Any) -> None:  # noqa: ARG001 - as above
    record.info[USED_S] = time.monotonic()


def _sqlite_writer(url: URL, *, is_durable: bool) -> Engine:
    """Engine whose transactions take the write lock at once: none fails half-way because another was faster."""
    private_folder(Path(url.database or "").absolute().parent)
    engine = create_engine(url, pool_size=1, max_overflow=1)
    event.listen(engine, "connect", _prepare_writer)
    if not is_durable:
        event.listen(engine, "connect", _do_not_force)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _sqlite_reader(url: URL) -> Engine:
    """Engine whose transactions see one state of the file and hold up nobody."""
    engine = create_engine(url, pool_size=READERS, max_overflow=MOST_READERS, pool_use_lifo=True)
    event.listen(engine, "connect", _prepare_reader)
    event.listen(engine, "begin", _begin_deferred)
    return engine


def _prepare_writer(connection: SqliteConnection, record: Any) -> None:  # noqa: ARG001 - SQLAlchemy's signature
    """Durable and strict; transactions are begun by us, not by the driver."""
    _prepare(connection, WRITER_CACHE_KIB)
    connection.execute(f"PRAGMA busy_timeout = {LOOK_EVERY_MS}")


def _do_not_force(connection: SqliteConnection, record: Any) -> None:  # noqa: ARG001 - SQLAlchemy's signature
    """Let the operating system write when it likes."""
    connection.execute("PRAGMA synchronous = OFF")


def _use_write_ahead_log(connection: SqliteConnection) -> None:
    """Turn the write-ahead log on, once in the life of a file.

    SQLite does not wait for its turn here, as it does everywhere else; so where several processes find a new file, we
    wait for a write lock, which it does wait for, and look again.
    """
    for _ in range(ATTEMPTS):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except OperationalError:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        else:
            return
    connection.execute("PRAGMA journal_mode = WAL")


def _prepare_reader(connection: SqliteConnection, record: Any) -> None:  # noqa: ARG001 - as above
    """As for writing, but refuses to write."""
    _prepare(connection, READER_CACHE_KIB)
    connection.execute("PRAGMA query_only = ON")


def _prepare(connection: SqliteConnection, cache_kib: int) -> None:
    """Settings of every connection."""
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    _use_write_ahead_log(connection)
    for setting in ("synchronous = FULL", "foreign_keys = ON", f"cache_size = -{cache_kib}"):
        connection.execute(f"PRAGMA {setting}")


def _begin_immediate(connection: Connection) -> None:
    """Take the write lock, waiting for it up to `BUSY_TIMEOUT_MS`."""
    driver = cast("SqliteConnection", connection.connection.dbapi_connection)
    for _ in range(BUSY_TIMEOUT_MS // LOOK_EVERY_MS):
        try:
            driver.execute("BEGIN IMMEDIATE")
        except OperationalError as error:
            if error.sqlite_errorcode & PRIMARY_CODE != SQLITE_BUSY:
                raise
        else:
            return
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_deferred(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
