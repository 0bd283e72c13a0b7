"""Whether anything was committed since: a text that changes with every commit of anybody, and is quick to ask."""

import sqlite3
import threading
from typing import Protocol

from sqlalchemy import Engine, text
from sqlalchemy.engine import URL

from tocsin.store.engines import BUSY_TIMEOUT_MS


class Generation(Protocol):
    """What tells one state of the database from another."""

    def __call__(self) -> str:
        """State as of now; two that are equal are one."""
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...


class SqliteGeneration:
    """SQLite tells a connection when another one has committed: no query, no page is read.

    Parameters
    ----------
    url
        Of the file.
    """

    def __init__(self, url: URL) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(url.database or "", check_same_thread=False, isolation_level=None)
        self._connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        self._ask = self._connection.cursor()

    def __call__(self) -> str:
        """The connection's count of the commits of others."""
        with self._lock:
            return str(self._ask.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()


class PostgresqlGeneration:
    """PostgreSQL's snapshot says which transactions can be seen: another after any commit.

    Parameters
    ----------
    engine
        For reading.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __call__(self) -> str:
        """Snapshot as text."""
        with self._engine.connect() as connection:
            return str(connection.execute(text("SELECT pg_current_snapshot()::text")).scalar_one())

    def close(self) -> None:
        """Nothing is held."""
