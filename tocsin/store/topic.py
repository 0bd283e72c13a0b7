"""What every part of the unit of work has: a connection within a transaction, and the clock."""

from collections.abc import Iterable
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import Column, ColumnElement, Connection, Insert, Row, Select, Table, bindparam, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from tocsin.domain.clock import Clock
from tocsin.domain.products import may_see
from tocsin.store.prepared import QuickConnection, kept
from tocsin.store.tables import label_sets

PUBLIC: frozenset[str] = frozenset()
T = TypeVar("T")


class Topic:
    """Rows of one topic, read and written within one transaction.

    Parameters
    ----------
    connection
        With its transaction begun; whoever began it ends it.
    clock
        For the times of changes that are not told when they happen.
    """

    def __init__(self, connection: Connection, *, clock: Clock) -> None:
        # It has what is asked of a connection here.
        self._statements = cast("Connection", QuickConnection(connection))
        self._connection = connection
        self._label_sets: list[frozenset[str]] | None = None
        self._clock = clock
        #: Events changed in this transaction, with the labels of what changed; None: those of the event.
        self._touched: dict[tuple[str, frozenset[str] | None], None] = {}

    def lock(self, name: str) -> None:
        """Wait until no other transaction holds `name`, and hold it to the end of this one.

        On SQLite nothing needs to be done: it has one writer at a time.
        """
        if self._connection.dialect.name == "postgresql":
            self._statements.execute(_ADVISORY_LOCK, {"name": name})

    def _touch(self, event_id: str, labels: frozenset[str] | None = None) -> None:
        """Remember that something of these labels changed an event; what people did has none of its own."""
        self._touched[event_id, labels] = None

    def _one(self, statement: Select[*tuple[Any, ...]], **values: object) -> Row[*tuple[Any, ...]] | None:
        """First row of the answer, with `values` for the statement's parameters."""
        return self._statements.execute(statement, values).first()

    def _all(self, statement: Select[*tuple[Any, ...]], **values: object) -> list[Row[*tuple[Any, ...]]]:
        """All rows of the answer, likewise."""
        return list(self._statements.execute(statement, values).all())

    def _insert_if_absent(self, table: Table, rows: list[dict[str, Any]]) -> None:
        """Insert `rows`, passing over those whose unique key exists."""
        if rows:
            self._statements.execute(insert_if_absent(self._connection.dialect.name, table), rows)

    def _inserted(self, table: Table, row: dict[str, Any]) -> bool:
        """Insert one row unless its unique key exists; whether it was inserted."""
        return self._statements.execute(insert_and_tell(self._connection.dialect.name, table), row).first() is not None

    def _replace(self, table: Table, rows: list[dict[str, Any]]) -> None:
        """Insert `rows`, each in place of the one with its primary key."""
        if rows:
            self._statements.execute(insert_or_replace(self._connection.dialect.name, table), rows)

    def _note_labels(self, labels: frozenset[str]) -> None:
        """Remember a set of labels, from which the visible ones are picked."""
        if labels and labels not in (self._label_sets or ()):
            self._insert_if_absent(label_sets, [{"labels": labels}])
            self._label_sets = None

    def _visible_labels(self, clearance: frozenset[str]) -> list[frozenset[str]]:
        """Sets of labels that `clearance` opens, the empty one always."""
        if self._label_sets is None:
            self._label_sets = list(self._statements.execute(_LABEL_SETS).scalars())
        return [PUBLIC, *(labels for labels in self._label_sets if may_see(labels, clearance))]


_LABEL_SETS = kept(select(label_sets.c.labels))
_ADVISORY_LOCK = kept(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"))


@cache
def insert_if_absent(dialect: str, table: Table) -> Insert:
    """INSERT ... ON CONFLICT DO NOTHING of either dialect."""
    return kept(_careful_insert(dialect, table))


@cache
def insert_and_tell(dialect: str, table: Table) -> ReturningInsert[tuple[Any, ...]]:
    """As `insert_if_absent`, answering with the key of what is inserted: row counts do not tell it everywhere."""
    return kept(_careful_insert(dialect, table).returning(*table.primary_key))


def _careful_insert(dialect: str, table: Table) -> Insert:
    """A new one each time: SQLAlchemy lets a statement remember its columns, and `returning` would inherit them."""
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def one_of(column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Condition that `column` has one of `values`.

    The last one is repeated up to a power of two: else there were as many texts of a statement as lists are long, and
    each connection kept all of them prepared.
    """
    known = sorted(values)
    due = 1 << max(len(known) - 1, 0).bit_length()
    return column.in_(known + known[-1:] * (due - len(known)))


def any_of(column: Column[Any], prefix: str, number: int) -> ColumnElement[bool]:
    """Condition that `column` has one of `number` values, the parameters ``<prefix>0``, ``<prefix>1`` and so on."""
    return column.in_([bindparam(f"{prefix}{n}", type_=column.type) for n in range(number)])


def numbered(prefix: str, values: Iterable[object]) -> dict[str, object]:
    """Parameters for `any_of`."""
    return {f"{prefix}{n}": value for n, value in enumerate(values)}


def rounded(values: Iterable[T]) -> list[T]:
    """Values whose number is a power of two, the last one repeated: few statements then serve any number of values."""
    given = list(values)
    if not given:
        return []
    return given + given[-1:] * ((1 << (len(given) - 1).bit_length()) - len(given))


@cache
def insert_or_replace(dialect: str, table: Table) -> Insert:
    """INSERT ... ON CONFLICT DO UPDATE of either dialect: all columns but those of the primary key are replaced."""
    insert = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    keys = [column.name for column in table.primary_key]
    others = {column.name: insert.excluded[column.name] for column in table.c if column.name not in keys}
    return kept(insert.on_conflict_do_update(index_elements=keys, set_=others))
