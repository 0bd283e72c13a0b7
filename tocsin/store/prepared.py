"""Statements that never change, made ready once: SQLAlchemy's work for each one costs more than the database's own.

A statement marked by `kept` is compiled once for each set of parameter names; after that it goes to the driver with
its parameters and its answer comes back as plain named tuples. PostgreSQL plans it once a connection, too: psycopg has
it prepared there after a few uses. Any other statement takes the usual way.
"""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Dialect, Executable, Insert
from sqlalchemy.exc import DBAPIError

Statement = TypeVar("Statement", bound=Executable)
Processor = Callable[[Any], Any]
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None

_KEPT: dict[int, Executable] = {}


def kept(statement: Statement) -> Statement:
    """Mark a statement that lives as long as the process; the same one is given back.

    No other may be made from it by `returning`: it remembers its columns, and the other would inherit them.
    """
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
    """A connection within its transaction, on which kept statements go to the driver at once.

    Parameters
    ----------
    connection
        With its transaction begun.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._driver = cast("Any", connection.connection.dbapi_connection)
        self._cursor: Any = self._driver.cursor()
        self._errors: type[Exception] = cast("Any", connection.dialect.loaded_dbapi).Error
        self.dialect: Dialect = connection.dialect

    def execute(self, statement: Executable, parameters: Parameters = None) -> Any:
        """Answer to a statement, as `sqlalchemy.Connection.execute` gives it."""
        ready = self._ready(statement, parameters) if id(statement) in _KEPT else None
        if ready is None:
            return self._connection.execute(statement, parameters)
        if parameters is None or isinstance(parameters, Mapping):
            return self._executed(ready, parameters or {})
        if len(parameters) == 1:
            return self._executed(ready, parameters[0])
        if ready.columns:
            return self._connection.execute(statement, parameters)
        bound = [ready.bound(one) for one in parameters]
        try:
            self._cursor.executemany(ready.sql, bound)
        except self._errors as error:
            raise self._failed(ready.sql, error) from error
        return Rows([], self._cursor.rowcount)

    def _executed(self, ready: "_Ready", values: Mapping[str, Any]) -> Rows:
        """Answer to one statement with one set of parameters."""
        cursor, bound = self._cursor, ready.bound(values)
        try:
            cursor.execute(ready.sql, bound)
            rows = ready.rows(cursor) if ready.columns else []
        except self._errors as error:
            raise self._failed(ready.sql, error) from error
        return Rows(rows, cursor.rowcount)

    def _failed(self, sql: str, error: Exception) -> Exception:
        """Error of the driver as SQLAlchemy's; a connection that is lost is not used again."""
        is_lost = self.dialect.is_disconnect(cast("Any", error), self._driver, self._cursor)
        if is_lost:
            self._connection.invalidate(error)
        return DBAPIError.instance(sql, None, error, self._errors, connection_invalidated=is_lost)

    def _ready(self, statement: Executable, parameters: Parameters) -> "_Ready | None":
        if parameters is None or isinstance(parameters, Mapping):
            names = tuple(parameters or ())
        else:
            names = tuple(parameters[0])
        return _ready(id(statement), names, self.dialect)


@dataclass(slots=True)
class _Ready:
    """A compiled statement: its text, how each parameter is got, and how a row of the answer is made."""

    sql: str
    places: tuple[tuple[str | None, Any, Processor | None], ...]
    columns: tuple[Any, ...]
    dialect: Dialect
    make_row: Processor | None = None

    def bound(self, values: Mapping[str, Any]) -> list[Any]:
        """Parameters in the order of the text."""
        return [
            fixed if name is None else values[name] if process is None else process(values[name])
            for name, fixed, process in self.places
        ]

    def rows(self, cursor: Any) -> list[Any]:
        """Named rows of an answer; how they are made depends on the types that the driver names with the first."""
        if self.make_row is None:
            self.make_row = _row_maker(self.columns, [one[1] for one in cursor.description], self.dialect)
        return list(map(self.make_row, cursor.fetchall()))


@lru_cache(maxsize=1024)
def _ready(key: int, names: tuple[str, ...], dialect: Dialect) -> _Ready | None:
    """Compiled form of a kept statement; None where it must take the usual way."""
    statement: Any = _KEPT[key]
    # An insert that answers nothing: its own numbers are not asked for, either.
    is_silent = isinstance(statement, Insert) and not list(statement.exported_columns)
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(names), for_executemany=is_silent)
    is_odd = compiled.post_compile_params or compiled.literal_execute_params
    is_odd = is_odd or getattr(compiled, "insert_prefetch", ()) or getattr(compiled, "update_prefetch", ())
    if is_odd:
        return None
    given = frozenset(names)
    places = tuple(_place(name, compiled.binds[name], name in given, dialect) for name in compiled.positiontup or ())
    return _Ready(str(compiled), places, tuple(getattr(statement, "exported_columns", ())), dialect)


def _place(name: str, bind: Any, is_given: bool, dialect: Dialect) -> tuple[str | None, Any, Processor | None]:
    process = bind.type.dialect_impl(dialect).bind_processor(dialect)
    if is_given:
        return name, None, process
    value = bind.effective_value
    return None, value if process is None else process(value), None


def _row_maker(columns: Sequence[Any], type_codes: Sequence[Any], dialect: Dialect) -> Processor:
    """Function from a row of the driver to a named row."""
    names = [column.key if isinstance(column.key, str) else f"column_{n}" for n, column in enumerate(columns)]
    # The columns are known at run time only.
    make: Processor = namedtuple("Row", names, rename=True)._make  # type: ignore[attr-defined] # noqa: PYI024
    types = [column.type.dialect_impl(dialect) for column in columns]
    processors = [one.result_processor(dialect, code) for one, code in zip(types, type_codes, strict=True)]
    processed = [(n, process) for n, process in enumerate(processors) if process is not None]
    if not processed:
        return make

    def row(values: tuple[Any, ...]) -> Any:
        found = list(values)
        for n, process in processed:
            found[n] = process(found[n])
        return make(found)

    return row
