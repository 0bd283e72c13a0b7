"""The database, its transactions and its schema."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from copy import copy
from typing import Self

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL

from tocsin.domain.clock import Clock
from tocsin.store import schema
from tocsin.store.copying import Progress, TableSum, copy_everything, store_sums
from tocsin.store.engines import READERS, build_postgresql, build_sqlite, parse_url
from tocsin.store.generation import Generation, PostgresqlGeneration, SqliteGeneration
from tocsin.store.held import HeldConnection
from tocsin.store.opening import failing_in_words
from tocsin.store.pooling import Connecting, Pooling
from tocsin.store.timing import TimedWrite
from tocsin.store.turns import Haste, Turns
from tocsin.store.unit_of_work import UnitOfWork
from tocsin.store.wakings import Wakings

#: What a commit that need not be on the disk begins with: there, a flush may take seconds where the disk is shared.
_DO_NOT_WAIT_FOR_THE_DISK = text("SET LOCAL synchronous_commit = off")


class Store:
    """A database of Tocsin: safe to use from several threads and, on either database, several processes.

    Parameters
    ----------
    url
        ``sqlite:///FILE`` or ``postgresql://USER@HOST/DATABASE``.
    clock
        Tells the time of changes that are not told it; SQL is never asked.
    listen_url
        The same PostgreSQL database past a pool that lends its connections by transaction; empty: `url`.

    Raises
    ------
    ConfigurationError
        The URL is of no database we know.
    """

    def __init__(self, url: str, *, clock: Clock, is_durable: bool = True, listen_url: str = "") -> None:
        parsed = parse_url(url)
        self._clock = clock
        self._connecting = Connecting(parsed)
        is_sqlite = parsed.get_backend_name() == "sqlite"
        self._wakings: Wakings | None = None
        if is_sqlite:
            self._writer, self._reader = build_sqlite(parsed, is_durable=is_durable)
        else:
            self._writer, self._reader = build_postgresql(self._connecting, parsed)
            self._wakings = Wakings(self._writer, self._connecting, listen_url)
        self._is_postgresql = not is_sqlite
        self._turns = Turns(clock.monotonic_s, one_at_a_time=is_sqlite)
        self._held = HeldConnection(self._writer) if is_sqlite else None
        self._haste = Haste.USUAL
        self._url = parsed
        self._fence: tuple[str, int] | None = None
        self._generation: Generation | None = None
        self._making = threading.Lock()

    @property
    def url(self) -> URL:
        """The database's URL; its text hides the password."""
        return self._url

    def connect(self) -> None:
        """Open all connections that are kept open: nobody waits for one later, and there are no more of them then."""
        with ExitStack() as held:
            for _ in range(READERS):
                held.enter_context(self._reader.connect())

    def migrate(self) -> None:
        """Bring the schema up to this code; nothing happens where it is already.

        Raises
        ------
        ConfigurationError
            The database was written by a newer version of Tocsin.
        RemoteError
            The database is out of reach, does not let us in, or is damaged.
        """
        with failing_in_words(self._url), self._transaction() as connection:
            schema.upgrade(connection)

    def schema_revision(self) -> str | None:
        """Revision of the database's schema; None where it is empty."""
        with self._reader.begin() as connection:
            return schema.schema_revision(connection)

    @contextmanager
    def begin(self, *, is_flushed: bool = True) -> Iterator[UnitOfWork]:
        """One transaction: committed at the end, rolled back entirely on any exception.

        Threads take turns on SQLite, those in a hurry first. A second `begin` inside the first is an error, since it
        would wait for itself (use `UnitOfWork.savepoint`).

        Parameters
        ----------
        is_flushed
            Whether the commit waits for the disk. Without, a crash of the database, never of this process, may undo the
            commits of its last moments; they are undone from the end, so that what follows this one and was flushed
            is never found without it. SQLite always waits.
        """
        with self._transaction() as connection:
            if not is_flushed and self._is_postgresql:
                connection.execute(_DO_NOT_WAIT_FOR_THE_DISK)
            work = UnitOfWork(connection, clock=self._clock)
            if self._fence is not None:
                work.require_lease(*self._fence)
            yield work
            work.tell_changes()

    def fenced(self, name: str, number: int) -> Self:
        """The same store, each transaction of which fails unless the lease of that name has that number still."""
        fenced = copy(self)
        fenced._fence = (name, number)  # noqa: SLF001 - of the same class
        return fenced

    def with_haste(self, haste: Haste) -> Self:
        """The same store for somebody in more of a hurry, or less: those in a hurry go first."""
        other = copy(self)
        other._haste = haste  # noqa: SLF001 - of the same class
        return other

    def is_awaited(self) -> bool:
        """Whether somebody in a hurry waits for this transaction to end, as far as can be known."""
        return self._turns.is_awaited()

    def notify(self) -> None:
        """Wake whoever listens at this database, in any process; nothing on SQLite, where they look often instead."""
        if self._wakings is not None:
            self._wakings.send()

    def listen(self, stop: threading.Event, woken: Callable[[], None]) -> None:
        """Call `woken` whenever `notify` was called in any process, until `stop` is set; PostgreSQL only."""
        if self._wakings is not None:
            self._wakings.listen(stop, woken)

    def refuse_deafness(self) -> None:
        """Refuse to work where `listen` would hear nothing.

        Raises
        ------
        ConfigurationError
            A pool lends connections by transaction where we listen, or it is another database.
        """
        if self._wakings is not None:
            self._wakings.refuse_deafness()

    @property
    def pooling(self) -> Pooling:
        """What stands before PostgreSQL; known once something was asked."""
        return self._connecting.pooling

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """One state of the database to ask questions of: holds up no writer and cannot write."""
        with self._reader.begin() as connection:
            yield UnitOfWork(connection, clock=self._clock)

    def copy_into(self, target: Self, progress: Progress = lambda _table, _rows: None) -> Mapping[str, TableSum]:
        """Copy everything, as it is now, into an empty store, in one transaction; others may go on writing here.

        Raises
        ------
        ConflictError
            The target is not empty.
        RemoteError
            Either cannot be read or written: out of reach, damaged, its disk full.
        """
        with (
            failing_in_words(self._url),
            self._reader.begin() as source,
            failing_in_words(target._url),
            target._transaction() as connection,
        ):
            return copy_everything(source, connection, progress)

    def sums(self) -> Mapping[str, TableSum]:
        """What each table holds, by its name."""
        with self._reader.begin() as connection:
            return store_sums(connection)

    def generation(self) -> str:
        """State of the database: another text after any commit, whoever made it; quick to ask."""
        if self._generation is None:
            with self._making:
                if self._generation is None:
                    is_postgresql = self._is_postgresql
                    made = PostgresqlGeneration(self._reader) if is_postgresql else SqliteGeneration(self._url)
                    self._generation = made
        return self._generation()

    def close(self) -> None:
        """Close all connections that are not in use."""
        if self._generation is not None:
            self._generation.close()
            self._generation = None
        if self._held is not None:
            self._held.close()
        if self._wakings is not None:
            self._wakings.close()
        self._writer.dispose()
        self._reader.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """A connection that may write, within its transaction."""
        begin = self._writer.begin if self._held is None else self._held.begin
        with self._turns.taken(self._haste), TimedWrite() as timed, begin() as connection:
            timed.begun()
            yield connection
