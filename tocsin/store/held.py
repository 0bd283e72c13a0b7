"""The one connection that writes to an SQLite file, held between its transactions.

Where writers take turns, giving the connection back to a pool after each transaction and asking for it again costs more
than beginning and committing do.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine


class HeldConnection:
    """A connection for whoever has the turn to write: nobody else may use it meanwhile.

    Parameters
    ----------
    engine
        Of the file, for writing.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction: committed at the end; on any exception rolled back, and the connection is not held longer."""
        connection, self._connection = self._connection or self._engine.connect(), None
        try:
            with connection.begin():
                yield connection
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def close(self) -> None:
        """Give the connection back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
