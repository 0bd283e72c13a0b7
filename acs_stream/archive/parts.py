"""Rows as Parquet and back. A part is one immutable file; its name says which stretch of time it holds.

Columns: ``start_tt_us width_us live_us counts variance_counts is_masked revision``, and what is the same for many rows:
``product clock_error_s is_approximate note energy_low_kev energy_high_kev dead_time_s``. Any Parquet reader reads them;
``start_tt_us`` is microseconds of TT since 2000-01-01T00:00:00 TT, so IJD = start_tt_us / 86 400 000 000.
"""

import io
import re
import secrets
from dataclasses import dataclass
from typing import Any

import numpy as np

from acs_stream.archive.rows import RateKind, RateRows, empty_rows
from acs_stream.time_systems import SECOND_US
from tocsin.domain.errors import ScienceError
from tocsin.domain.late import pa, pq
from tocsin.domain.light_curves import IntArray

#: Rows of a group, the least that is read: half an hour of 20 Hz.
GROUP_ROWS = 36_000
NUMBERS = {
    "start_tt_us": "int64",
    "width_us": "int64",
    "live_us": "int64",
    "counts": "float64",
    "variance_counts": "float64",
    "is_masked": "bool",
    "revision": "int32",
}
KIND = {
    "product": "string",
    "clock_error_s": "float64",
    "is_approximate": "bool",
    "note": "string",
    "energy_low_kev": "float64",
    "energy_high_kev": "float64",
    "dead_time_s": "float64",
}
COLUMNS = (*NUMBERS, *KIND)
NAME = re.compile(r"part-(\d{8})-(-?\d+)-(-?\d+)-(\d+)-[0-9a-f]{8}\.parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartName:
    """What the name of a part says.

    Parameters
    ----------
    name
        The name itself.
    revision
        Latest arrival in it.
    first_tt_s, last_tt_s
        Whole seconds of TT around all its rows.
    rows
        How many there are.
    """

    name: str
    revision: int
    first_tt_s: int
    last_tt_s: int
    rows: int

    def overlaps(self, start_tt_us: int, stop_tt_us: int) -> bool:
        """Whether it may hold rows of an interval."""
        return self.first_tt_s * SECOND_US < stop_tt_us and self.last_tt_s * SECOND_US > start_tt_us


def new_name(rows: RateRows) -> str:
    """Name for a part; two writers never choose the same."""
    first, last = int(rows.start_tt_us.min()) // SECOND_US, -(-int(rows.stop_tt_us.max()) // SECOND_US)
    return f"part-{int(rows.revision.max()):08d}-{first}-{last}-{len(rows)}-{secrets.token_hex(4)}.parquet"


def parse_name(name: str) -> PartName | None:
    """What the name of a part says; None for other files."""
    found = NAME.fullmatch(name)
    if found is None:
        return None
    revision, first, last, rows = (int(number) for number in found.groups())
    return PartName(name=name, revision=revision, first_tt_s=first, last_tt_s=last, rows=rows)


def to_parquet(rows: RateRows) -> bytes:
    """Parquet file of rows in order of time."""
    columns = {name: pa.array(getattr(rows, name), type=kind) for name, kind in NUMBERS.items()}
    codes = pa.array(rows.kind, type=pa.int32())
    for name, kind in KIND.items():
        values = pa.array([_field(one, name) for one in rows.kinds], type=kind)
        columns[name] = values.take(codes)
    target = io.BytesIO()
    pq.write_table(
        pa.table(columns, schema=_schema()),
        target,
        row_group_size=GROUP_ROWS,
        compression="zstd",
        use_dictionary=[name for name in COLUMNS if name != "start_tt_us"],
        column_encoding={"start_tt_us": "DELTA_BINARY_PACKED"},
    )
    return target.getvalue()


def _schema() -> "pa.Schema":
    return pa.schema([pa.field(name, kind, nullable=name in KIND) for name, kind in {**NUMBERS, **KIND}.items()])


def _field(kind: RateKind, name: str) -> Any:
    match name:
        case "energy_low_kev":
            return None if kind.energy_kev is None else kind.energy_kev[0]
        case "energy_high_kev":
            return None if kind.energy_kev is None else kind.energy_kev[1]
        case _:
            return getattr(kind, name)


def read_parquet(file: Any, start_tt_us: int, stop_tt_us: int, *, name: str) -> RateRows:
    """Rows of a part that start within [start, stop).

    Raises
    ------
    ScienceError
        The file is no part of an archive, or damaged.
    """
    try:
        part = pq.ParquetFile(file)
        table = part.read_row_groups(_groups(part.metadata, start_tt_us, stop_tt_us), use_threads=False)
        table = table.select(list(COLUMNS))
    except (pa.ArrowException, KeyError, OSError) as error:
        raise ScienceError(f"{name} in the archive is damaged: {error}", remedy="restore it from a copy") from error
    start = _numbers(table, "start_tt_us")
    low, high = (int(k) for k in np.searchsorted(start, [start_tt_us, stop_tt_us]))
    return _rows(table.slice(low, high - low)) if high > low else empty_rows()


def _groups(metadata: Any, start_tt_us: int, stop_tt_us: int) -> list[int]:
    """Row groups that may hold rows of an interval, by their statistics."""
    wanted = []
    for number in range(metadata.num_row_groups):
        seen = metadata.row_group(number).column(0).statistics
        if seen is None or not seen.has_min_max or (seen.min < stop_tt_us and seen.max >= start_tt_us):
            wanted.append(number)
    return wanted


def _numbers(table: Any, name: str) -> Any:
    return table.column(name).to_numpy()


def _rows(table: Any) -> RateRows:
    kind, kinds = _kinds(table)
    whole = ("start_tt_us", "width_us", "live_us", "revision")
    return RateRows(
        **{name: _numbers(table, name).astype(np.int64) for name in whole},
        counts=_numbers(table, "counts"),
        variance_counts=_numbers(table, "variance_counts"),
        is_masked=_numbers(table, "is_masked").astype(bool),
        kind=kind,
        kinds=kinds,
    )


def _kinds(table: Any) -> tuple[IntArray, tuple[RateKind, ...]]:
    """Number of each row's kind, and the kinds."""
    code = np.zeros(table.num_rows, dtype=np.int64)
    values = []
    for name in KIND:
        column = table.column(name).combine_chunks().dictionary_encode(null_encoding="encode")
        values.append(column.dictionary.to_pylist())
        code = code * len(values[-1]) + np.asarray(column.indices.to_numpy(), dtype=np.int64)
    found, number = (code[:1], np.zeros_like(code)) if (code == code[0]).all() else np.unique(code, return_inverse=True)
    return np.asarray(number, dtype=np.int64), tuple(_kind(int(one), values) for one in found)


def _kind(code: int, values: list[list[Any]]) -> RateKind:
    picked: list[Any] = []
    for choices in reversed(values):
        code, place = divmod(code, len(choices))
        picked.insert(0, choices[place])
    product, clock_error_s, is_approximate, note, low, high, dead_time_s = picked
    return RateKind(
        product=product,
        clock_error_s=clock_error_s,
        is_approximate=is_approximate,
        note=note,
        energy_kev=None if low is None or high is None else (low, high),
        dead_time_s=dead_time_s,
    )
