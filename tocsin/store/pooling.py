"""Connections to PostgreSQL, and the poolers such as PgBouncer that may stand before it.

Whether one is there, and what of a session it keeps, is found out by asking, not by a setting. A pooler that lends its
connections for one transaction at a time mixes up whatever else belongs to a session: statements kept ready, LISTEN.
"""

import select
import threading
from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import URL

from tocsin.domain.errors import ConfigurationError

if TYPE_CHECKING:
    import psycopg

    _Another = Callable[[], psycopg.Connection[Any]]

#: How the two ends of a connection to PostgreSQL find out that the other is out of reach, s: ours by asking a silent
#: server, and the server by asking us, so that what a cut-off host had locked is free for the others soon.
SILENT_S, ASK_EVERY_S, ASK_TIMES = 5, 2, 3
#: What was sent and not confirmed by the other end's machine for so long will not be, ms.
UNCONFIRMED_MS = 12_000
#: Longest wait for a connection, and then for its first answer, s: a pool that is used up makes us wait.
CONNECT_S = 10
#: Statements that PostgreSQL keeps ready for each connection, at most.
PREPARED = 1000
#: A pool that lends by transaction gives the connection used last to the next who asks; where others ask meanwhile it
#: may not, so it is asked a few times.
ROUNDS = 5
#: What a pooler says to settings that it does not pass on.
_REFUSED = "unsupported startup parameter"
_USED_UP = (
    "a pool before PostgreSQL let us in and has had no connection for us for {seconds} s: all are taken. Let it have "
    "more (PgBouncer: default_pool_size, 12 for each process of Tocsin and some), or see what holds them (SHOW CLIENTS)"
)
_BY_STATEMENT = (
    "the pool before PostgreSQL lends its connections for one statement at a time, and Tocsin needs transactions: let "
    "it lend them for a session (PgBouncer: pool_mode = session)"
)


_Failure = type[Exception]


class Pooling(Enum):
    """What stands between us and PostgreSQL."""

    #: Nothing, or what passes everything on.
    NONE = "none"
    #: A pooler; a connection keeps its server for as long as it lives.
    SESSION = "session"
    #: A pooler; a connection has a server within a transaction only, and the next may have another.
    TRANSACTION = "transaction"


class Connecting:
    """Makes connections to one PostgreSQL database, each fit for what stands before it.

    Parameters
    ----------
    url
        Of the database.
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._pooling: Pooling | None = None

    @property
    def pooling(self) -> Pooling:
        """What was found at the first connection; NONE before it."""
        return self._pooling or Pooling.NONE

    def settings(self) -> dict[str, str | int]:
        """Settings of a connection by which a cut link is noticed within seconds, at both ends; the URL's win."""
        ours = {"idle": SILENT_S, "interval": ASK_EVERY_S, "count": ASK_TIMES}
        ask = {f"keepalives_{name}": value for name, value in ours.items()}
        waits = {"connect_timeout": CONNECT_S, "tcp_user_timeout": UNCONFIRMED_MS}
        theirs = {f"tcp_keepalives_{name}": value for name, value in ours.items()} | {
            "tcp_user_timeout": UNCONFIRMED_MS
        }
        options = {"options": " ".join(f"-c {name}={value}" for name, value in theirs.items())}
        every: dict[str, str | int] = {**ask, **waits, **options}
        return {name: value for name, value in every.items() if name not in self._url.query}

    def connect(
        self, dialect: Any, record: object, arguments: Sequence[Any], settings: dict[str, Any]
    ) -> "psycopg.Connection[Any]":
        """A new connection: SQLAlchemy's event `do_connect`.

        Raises
        ------
        psycopg.OperationalError
            The server is out of reach, or a pool before it is used up.
        """
        del record  # of SQLAlchemy
        failure = dialect.dbapi.OperationalError
        made = self._opened(dialect, arguments, settings)
        try:
            self._look_at(made, failure, partial(self._opened, dialect, arguments, settings))
        except BaseException:
            made.close()
            raise
        made.prepared_max = PREPARED
        if self._pooling is Pooling.TRANSACTION:
            made.prepare_threshold = None
        return made

    def _look_at(self, made: "psycopg.Connection[Any]", failure: _Failure, another: "_Another") -> None:
        """Find out what stands between us and the server; a pooler must have a server for us."""
        with self._lock:
            if self._pooling is None:
                self._pooling = _found(made, failure, another)
                return
        if self._pooling is not Pooling.NONE:
            _server_of(made, failure)

    def _opened(self, dialect: Any, arguments: Sequence[Any], settings: dict[str, Any]) -> "psycopg.Connection[Any]":
        """A connection; without our wishes to the server where a pooler refuses them."""
        are_ours = "options" in settings and "options" not in self._url.query
        try:
            made: psycopg.Connection[Any] = dialect.connect(*arguments, **settings)
        except dialect.dbapi.OperationalError as error:
            if not are_ours or _REFUSED not in str(error):
                raise
            settings.pop("options", None)  # for all connections to come, too
            made = dialect.connect(*arguments, **settings)
        return made


def _found(ours: "psycopg.Connection[Any]", failure: _Failure, another: "_Another") -> Pooling:
    first = _server_of(ours, failure)
    if first == ours.info.backend_pid:  # a pooler tells us a number of its own, by which we could cancel
        return Pooling.NONE
    other = another()
    try:
        mine, others = {first}, set[int]()
        for _ in range(ROUNDS):
            others.add(_server_of(other, failure))
            mine.add(_server_of(ours, failure))
            if len(mine) > 1 or mine & others:
                _refuse_lending_by_statement(ours, failure)
                return Pooling.TRANSACTION
    finally:
        other.close()
    return Pooling.SESSION


def _refuse_lending_by_statement(connection: "psycopg.Connection[Any]", failure: _Failure) -> None:
    try:
        for statement in (b"BEGIN", b"ROLLBACK"):
            _answer(connection, statement, failure)
    except failure as error:
        raise ConfigurationError(f"{_BY_STATEMENT} ({error})", file="settings", key="store.url") from error


def _server_of(connection: "psycopg.Connection[Any]", failure: _Failure) -> int:
    """Number of the server's process that answers on a connection, which is in no transaction then.

    Raises
    ------
    psycopg.OperationalError
        None answers.
    """
    return int(_answer(connection, b"SELECT pg_backend_pid()", failure))


def _answer(connection: "psycopg.Connection[Any]", statement: bytes, failure: _Failure) -> bytes:
    """What a statement answers, waited for no longer than a connection is; empty where it answers nothing."""
    link = connection.pgconn
    link.send_query(statement)
    answer = b""
    while True:
        while link.is_busy():
            if not select.select([link.socket], [], [], CONNECT_S)[0]:
                raise failure(_USED_UP.format(seconds=CONNECT_S))
            link.consume_input()
        result = link.get_result()
        if result is None:
            return answer
        if result.error_message:
            raise failure(result.error_message.decode(errors="replace").strip())
        if result.ntuples:
            answer = result.get_value(0, 0) or b""
