"""Tables on the disk, as CSV or Parquet. Only results have any: who loads this loads pyarrow."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

ROW_GROUP = 500_000
"""Rows of a table that are in memory while it is written: of events some 50 MB."""

LARGEST_DICTIONARY = 1 << 28
"""Bytes of the words of a column in a row group; with more each row would have its text."""


def write_table(path: Path, content: pa.Table | Iterable[pa.Table]) -> None:
    """Write a table, or several with the same columns one after the other."""
    if path.suffix == ".csv" and isinstance(content, pa.Table):
        path.write_bytes(_csv(content).encode())
    else:
        write_parquet(path, [content] if isinstance(content, pa.Table) else content)


def write_parquet(path: Path, tables: Iterable[pa.Table]) -> None:
    """Write tables with the same columns one after the other."""
    writer = ParquetWriter(path)
    try:
        for table in tables:
            writer.add(table)
    finally:
        writer.close()


class ParquetWriter:
    """Writes tables with the same columns one after the other, of which few rows are in memory.

    The bytes depend on the rows alone, not on the pieces in which they come. OSError as the disk
    says.
    """

    def __init__(self, to: Path | pa.BufferOutputStream) -> None:
        self._to = to
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def add(self, table: pa.Table) -> None:
        """Rows below those that are there."""
        rest = table
        while self._rows + rest.num_rows >= ROW_GROUP:
            room = ROW_GROUP - self._rows
            self._take(rest.slice(0, room))
            self._write()
            rest = rest.slice(room)
        if rest.num_rows or not (self._waiting or self._writer):
            self._take(rest)

    def _take(self, table: pa.Table) -> None:
        self._waiting.append(table)
        self._rows += table.num_rows

    def _write(self) -> None:
        """A row group of what waits."""
        group = _as_first_used(pa.concat_tables(self._waiting))
        if self._writer is None:
            # Each text stands once in a row group; half the space and time of the default.
            texts = [each.name for each in group.schema if not pa.types.is_primitive(each.type)]
            self._writer = pq.ParquetWriter(
                self._to,
                group.schema,
                compression="zstd",
                use_dictionary=texts,
                dictionary_pagesize_limit=LARGEST_DICTIONARY,
            )
        self._writer.write_table(group, row_group_size=ROW_GROUP)
        self._waiting, self._rows = [], 0

    def close(self) -> None:
        """Write the rest, and the end of the file."""
        try:
            if self._waiting:
                self._write()
        finally:
            if self._writer is not None:
                self._writer.close()


def row_groups(path: Path) -> Iterator[pa.Table]:
    """The rows of a file, as few at once as they were written."""
    with pq.ParquetFile(path) as file:
        for number in range(file.num_row_groups):
            yield file.read_row_group(number)


def _as_first_used(table: pa.Table) -> pa.Table:
    """The same with the words of each dictionary in the order of their first use, and no others."""
    columns = [_ordered(c) if pa.types.is_dictionary(c.type) else c for c in table.columns]
    return pa.Table.from_arrays(columns, schema=table.schema)


def _ordered(column: pa.ChunkedArray) -> pa.Array:
    array = column.unify_dictionaries().combine_chunks()
    codes = np.frombuffer(array.indices.buffers()[1], np.int32)
    codes = codes[array.offset : array.offset + len(array)]
    first = np.full(len(array.dictionary), -1)
    first[codes[::-1]] = np.arange(len(codes))[::-1]  # the last one that is put there stays
    used = np.flatnonzero(first >= 0)
    used = used[np.argsort(first[used])]
    place = np.zeros(len(first), np.int32)
    place[used] = np.arange(len(used), dtype=np.int32)
    words = array.dictionary.take(_whole(used.astype(np.int32)))
    return pa.DictionaryArray.from_arrays(_whole(place[codes]), words)


def _whole(numbers: NDArray[np.int32]) -> pa.Array:
    # From a buffer: `pyarrow.array` imports pandas.
    return pa.Array.from_buffers(pa.int32(), len(numbers), [None, pa.py_buffer(numbers)])


def _csv(table: pa.Table) -> str:
    """Numbers in full precision, nothing where there is none."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.column_names)
    writer.writerows(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return out.getvalue()


def read_table(path: Path, schema: pa.Schema) -> pa.Table:
    """Read a table. ValueError(rule) where it has other columns, or is none."""
    try:
        if path.suffix == ".csv":
            return _read_csv(path, schema)
        _check_columns(pq.read_schema(path).names, schema)  # it would fill what is missing
        return pq.read_table(path, schema=schema)
    except (KeyError, pa.ArrowException) as error:
        raise ValueError(str(error)) from error


def read_pieces(path: Path, schema: pa.Schema) -> Iterator[pa.Table]:
    """The rows of a Parquet file, few at once; ValueError(rule) as of `read_table`."""
    try:
        _check_columns(pq.read_schema(path).names, schema)
        for table in row_groups(path):
            yield table.select(schema.names).cast(schema)
    except pa.ArrowException as error:
        raise ValueError(str(error)) from error


def _check_columns(there: Collection[str], schema: pa.Schema) -> None:
    """ValueError where some are missing, as in what an earlier version wrote."""
    missing = [name for name in schema.names if name not in there]
    if missing:
        columns = "column" if len(missing) == 1 else "columns"
        raise ValueError(f"one without the {columns} {', '.join(missing)}")


def _read_csv(path: Path, schema: pa.Schema) -> pa.Table:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        _check_columns(reader.fieldnames or (), schema)
        rows = list(reader)
    columns = [pa.array([_value(row[f.name], f.type) for row in rows], f.type) for f in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _value(text: str, kind: pa.DataType) -> str | float | int | None:
    if kind == pa.string():
        return text
    if not text:
        return None
    return int(text) if kind == pa.int64() else float(text)


def write_numbers(table: pa.Table, path: Path) -> None:
    """Write a table that is mostly numbers, as fast as that goes. OSError as the disk says."""
    pq.write_table(table, path, compression="zstd", use_dictionary=False)


def from_parquet(content: bytes) -> pa.Table:
    """The table that a file holds."""
    return pq.read_table(pa.BufferReader(content))
