"""Copies everything of one store into another, empty one: the mechanism of moving, of backups and of restoring them.

Rows go over as they are stored, in one transaction on either side, and are counted and summed on both: what came out
must be what went in. This module must not decide what is kept.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Row, Table, TypeDecorator, func, insert, select, text
from sqlalchemy.types import TypeEngine

from tocsin.domain.errors import ConfigurationError, ConflictError
from tocsin.store.opening import failing_in_words
from tocsin.store.schema import newest_revision, schema_revision
from tocsin.store.tables import metadata

#: Rows read and written together.
CHUNK = 500
_MODULUS = 1 << 256

#: Told the table, and how many rows of it have been copied.
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSum:
    """What a table holds.

    Parameters
    ----------
    rows
        Their number.
    digest
        Sum of the SHA-256 of every row, modulo 2^256, in hexadecimal: the same in whatever order they are read.
    """

    rows: int
    digest: str


def copy_everything(source: Connection, target: Connection, progress: Progress) -> Mapping[str, TableSum]:
    """Copy every row of `source` into `target`, and compare the two.

    Parameters
    ----------
    source, target
        Connections within a transaction each; both have this code's schema.
    progress
        Told after every few hundred rows.

    Returns
    -------
    Mapping
        What each table holds now, by its name.

    Raises
    ------
    ConflictError
        The target is not empty, or holds something else than what was copied into it.
    ConfigurationError
        A database has another schema than this code's.
    """
    _refuse_other_schema(source, "the store that is copied")
    _refuse_other_schema(target, "the store that is copied into")
    tables = [_plain(table) for table in metadata.sorted_tables]
    for table in tables:
        if target.execute(select(func.count()).select_from(table)).scalar_one():
            raise ConflictError(
                f"the store that is copied into is not empty: {table.name} has rows",
                remedy="name a new file or an empty database",
            )
    sums = {table.name: _copy(source, target, table, progress) for table in tables}
    for table in tables:
        if (found := table_sum(target, table)) != sums[table.name]:
            raise ConflictError(
                f"{table.name} was not copied whole: {found.rows} rows of {sums[table.name].rows}",
                remedy="nothing was kept; try again, and look at both databases if it happens again",
            )
    _go_on_numbering(source, target)
    return sums


def store_sums(connection: Connection) -> Mapping[str, TableSum]:
    """What each table of a store holds, by its name."""
    return {table.name: table_sum(connection, _plain(table)) for table in metadata.sorted_tables}


def table_sum(connection: Connection, table: Table) -> TableSum:
    """What one table holds."""
    rows = total = 0
    for chunk in _chunks(connection, table):
        rows += len(chunk)
        total += sum(_digest(row) for row in chunk)
    return TableSum(rows=rows, digest=f"{total % _MODULUS:064x}")


def _copy(source: Connection, target: Connection, table: Table, progress: Progress) -> TableSum:
    rows = total = 0
    for chunk in _chunks(source, table):
        target.execute(insert(table), [dict(zip(table.columns.keys(), row, strict=True)) for row in chunk])
        rows += len(chunk)
        total += sum(_digest(row) for row in chunk)
        progress(table.name, rows)
    return TableSum(rows=rows, digest=f"{total % _MODULUS:064x}")


def _chunks(connection: Connection, table: Table) -> Iterator[list[Row[*tuple[Any, ...]]]]:
    with (
        failing_in_words(connection.engine.url),
        connection.execute(select(table), execution_options={"yield_per": CHUNK}) as found,
    ):
        for part in found.partitions():
            yield list(part)


def _digest(row: Row[*tuple[Any, ...]]) -> int:
    told = tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
    return int.from_bytes(sha256(repr(told).encode("utf-8", "surrogatepass")).digest())


def _plain(table: Table) -> Table:
    """The table with the types that the database itself knows: values are copied, not understood."""
    columns = (Column(one.name, _stored_type(one.type), primary_key=one.primary_key) for one in table.columns)
    return Table(table.name, MetaData(), *columns)


def _stored_type(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    return type_.impl_instance if isinstance(type_, TypeDecorator) else type_


def _refuse_other_schema(connection: Connection, which: str) -> None:
    if (found := schema_revision(connection)) != newest_revision():
        raise ConfigurationError(
            f"{which} has schema {found or 'none'}, this version of Tocsin {newest_revision()}",
            file="settings",
            key="store.url",
        )


def _go_on_numbering(source: Connection, target: Connection) -> None:
    """Let the target number its rows where the source would: a number is never used twice."""
    for table in metadata.sorted_tables:
        numbered = table.autoincrement_column
        if numbered is None:
            continue
        last = _last_number(source, table, numbered)
        if not last:
            continue
        if target.dialect.name == "postgresql":
            sequence = {"table": table.name, "column": numbered.name, "last": last}
            target.execute(text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)"), sequence)
        else:
            target.execute(text("DELETE FROM sqlite_sequence WHERE name = :table"), {"table": table.name})
            values = {"table": table.name, "last": last}
            target.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :last)"), values)


def _last_number(connection: Connection, table: Table, numbered: Column[Any]) -> int:
    if connection.dialect.name == "sqlite":
        statement = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
        return int(connection.execute(statement, {"table": table.name}).scalar_one_or_none() or 0)
    return int(connection.execute(select(func.max(numbered))).scalar_one_or_none() or 0)
