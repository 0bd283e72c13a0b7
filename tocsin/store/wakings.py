"""Wakings between processes, which PostgreSQL carries: LISTEN and NOTIFY."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Engine, text
from sqlalchemy.engine import URL

from tocsin.domain.errors import ConfigurationError, NotNowError
from tocsin.store.engines import build_postgresql, parse_url
from tocsin.store.pooling import Connecting, Pooling

if TYPE_CHECKING:
    import psycopg

#: Name under which wakings go.
CHANNEL = "tocsin_work"
#: Those who are told look for themselves; so there is nothing to keep, and their turns at telling wait for no disk.
_NOTIFY = text("SELECT set_config('synchronous_commit', 'off', true), pg_notify(:channel, '')")
#: A database of a server: its number there, and when the server began.
_WHICH = text(
    "SELECT oid, pg_postmaster_start_time(), pg_is_in_recovery() FROM pg_database WHERE datname = current_database()"
)


class Wakings:
    """Wakes whoever listens at a PostgreSQL database, and listens.

    Parameters
    ----------
    engine, connecting
        Of the store.
    listen_url
        Where to listen, if not there.
    """

    def __init__(self, engine: Engine, connecting: Connecting, listen_url: str = "") -> None:
        self._engine, self._connecting = engine, connecting
        self._listening, self._listening_by = engine, connecting
        self._own: Engine | None = None
        if listen_url:
            url = _postgresql(listen_url)
            self._listening_by = Connecting(url)
            self._own = self._listening = build_postgresql(self._listening_by, url)[0]

    def send(self) -> None:
        """Wake whoever listens."""
        with self._engine.begin() as connection:
            connection.execute(_NOTIFY, {"channel": CHANNEL})

    def listen(self, stop: threading.Event, woken: Callable[[], None]) -> None:
        """Call `woken` at each waking until `stop` is set."""
        with self._listening.connect() as connection:
            try:
                driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
                driver.autocommit = True
                driver.execute(f"LISTEN {CHANNEL}")
                while not stop.is_set():
                    for _ in driver.notifies(timeout=1.0, stop_after=1):
                        woken()
            finally:
                # However the listening ends: in the hands of others each statement would be a transaction of its own.
                connection.invalidate()

    def refuse_deafness(self) -> None:
        """Refuse to work where wakings would be lost.

        Raises
        ------
        ConfigurationError
            Where we listen, connections are lent by transaction, or it is another database.
        NotNowError
            It is a copy of ours.
        """
        with self._listening.connect() as connection:
            heard_at = connection.execute(_WHICH).one()
        if self._listening_by.pooling is Pooling.TRANSACTION:
            raise _deaf(
                "a pool before PostgreSQL lends its connections by transaction (PgBouncer: pool_mode = transaction), "
                "and the wakings between processes would be lost there: name PostgreSQL itself, or a database of the "
                "pool with pool_mode = session, here"
            )
        if self._own is None:
            return
        with self._engine.connect() as connection:
            ours = connection.execute(_WHICH).one()
        if heard_at.pg_is_in_recovery:
            raise NotNowError(
                "store.listen_url names a copy of the database: nobody is woken there",
                remedy="promote it, or let store.listen_url name the server that is written to",
            )
        if heard_at != ours:
            raise _deaf("it is another database than store.url: nobody is woken there")

    def close(self) -> None:
        """Close the connection for listening, where it is one apart."""
        if self._own is not None:
            self._own.dispose()


def _postgresql(url: str) -> URL:
    parsed = parse_url(url)
    if parsed.get_backend_name() != "postgresql":
        raise _deaf("only PostgreSQL carries wakings")
    return parsed


def _deaf(message: str) -> ConfigurationError:
    return ConfigurationError(message, file="settings", key="store.listen_url")
