"""Statements that never change, made ready once: SQLAlchemy's work for each one costs more than SQLite's own.

A statement marked by `kept` is compiled once for each set of parameter names; after that it goes to the driver with
its parameters and its answer comes back as plain named tuples. Any other statement, and PostgreSQL, take the usual way.
"""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from sqlite3 import Connection as SqliteConnection
from sqlite3 import Error as SqliteError
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.exc import DBAPIError

Statement = TypeVar("Statement", bound=Executable)
Processor = Callable[[Any], Any]
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None

_KEPT: dict[int, Executable] = {}


def kept(statement: Statement) -> Statement:
    """Mark a statement that lives as long as the process; the same one is given back."""
    _KEPT[id(statement)] = statement
    return statement


class Rows:
    """Answer to a statement, all of it at hand.

    Parameters
    ----------
    rows
        Its rows.
    rowcount
        Rows that were changed.
    """

    def __init__(self, rows: list[Any], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> list[Any]:
        """All rows."""
        return self._rows

    def first(self) -> Any:
        """First row; None without any."""
        return self._rows[0] if self._rows else None

    def scalars(self) -> Iterator[Any]:
        """First column of each row."""
        return (row[0] for row in self._rows)

    def scalar_one_or_none(self) -> Any:
        """First column of the only row; None without any."""
        return self._rows[0][0] if self._rows else None

    def scalar_one(self) -> Any:
        """First column of the only row."""
        return self._rows[0][0]


class QuickConnection:
    """A connection to SQLite within its transaction, on which kept statements are quick.

    Parameters
    ----------
    connection
        With its transaction begun.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._driver = cast("SqliteConnection", connection.connection.dbapi_connection)
        self.dialect: Dialect = connection.dialect

    def execute(self, statement: Executable, parameters: Parameters = None) -> Any:
        """Answer to a statement, as `sqlalchemy.Connection.execute` gives it."""
        ready = self._ready(statement, parameters) if id(statement) in _KEPT else None
        if ready is None:
            return self._connection.execute(statement, parameters)
        is_one = parameters is None or isinstance(parameters, Mapping)
        if not is_one and ready.make_row is not None:
            return self._connection.execute(statement, parameters)
        try:
            if parameters is None or isinstance(parameters, Mapping):
                cursor = self._driver.execute(ready.sql, ready.bound(parameters or {}))
            else:
                cursor = self._driver.executemany(ready.sql, [ready.bound(one) for one in parameters])
            rows = [] if ready.make_row is None else [ready.make_row(row) for row in cursor.fetchall()]
        except SqliteError as error:
            raise DBAPIError.instance(ready.sql, None, error, SqliteError) from error
        return Rows(rows, cursor.rowcount)

    def _ready(self, statement: Executable, parameters: Parameters) -> "_Ready | None":
        if parameters is None or isinstance(parameters, Mapping):
            names = tuple(parameters or ())
        else:
            names = tuple(parameters[0])
        return _ready(id(statement), names, self.dialect)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A compiled statement: its text, how each parameter is got, and how a row of the answer is made."""

    sql: str
    places: tuple[tuple[str | None, Any, Processor | None], ...]
    make_row: Processor | None

    def bound(self, values: Mapping[str, Any]) -> list[Any]:
        """Parameters in the order of the text."""
        return [
            fixed if name is None else values[name] if process is None else process(values[name])
            for name, fixed, process in self.places
        ]


@lru_cache(maxsize=1024)
def _ready(key: int, names: tuple[str, ...], dialect: Dialect) -> _Ready | None:
    """Compiled form of a kept statement; None where it must take the usual way."""
    compiled: Any = cast("Any", _KEPT[key]).compile(dialect=dialect, column_keys=list(names))
    is_odd = compiled.post_compile_params or compiled.literal_execute_params
    is_odd = is_odd or getattr(compiled, "insert_prefetch", ()) or getattr(compiled, "update_prefetch", ())
    if is_odd:
        return None
    given = frozenset(names)
    places = tuple(_place(name, compiled.binds[name], name in given, dialect) for name in compiled.positiontup or ())
    return _Ready(str(compiled), places, _row_maker(_KEPT[key], dialect))


def _place(name: str, bind: Any, is_given: bool, dialect: Dialect) -> tuple[str | None, Any, Processor | None]:
    process = bind.type.dialect_impl(dialect).bind_processor(dialect)
    if is_given:
        return name, None, process
    value = bind.effective_value
    return None, value if process is None else process(value), None


def _row_maker(statement: Any, dialect: Dialect) -> Processor | None:
    """Function from a row of the driver to a named row; None where the statement gives no rows."""
    columns = list(getattr(statement, "exported_columns", ()))
    if not columns:
        return None
    names = [column.key if isinstance(column.key, str) else f"column_{n}" for n, column in enumerate(columns)]
    # The columns are known at run time only.
    make: Processor = namedtuple("Row", names, rename=True)._make  # type: ignore[attr-defined] # noqa: PYI024
    processors = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    processed = [(n, process) for n, process in enumerate(processors) if process is not None]

    def row(values: tuple[Any, ...]) -> Any:
        found = list(values)
        for n, process in processed:
            found[n] = process(found[n])
        return make(found)

    return row
