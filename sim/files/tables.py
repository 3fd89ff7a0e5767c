"""Tables on the disk, as CSV or Parquet. Only results have any: who loads this loads pyarrow."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path


def write_table(path: Path, content: pa.Table | Iterable[pa.Table]) -> None:
    """Write a table, or several with the same columns one after the other."""
    if path.suffix == ".csv" and isinstance(content, pa.Table):
        path.write_bytes(_csv(content).encode())
    else:
        _write_parquet(path, [content] if isinstance(content, pa.Table) else content)


def _write_parquet(path: Path, tables: Iterable[pa.Table]) -> None:
    writer = None
    try:
        for table in tables:
            writer = writer or pq.ParquetWriter(path, table.schema)
            writer.write_table(table)
    finally:
        if writer:
            writer.close()


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


def as_parquet(table: pa.Table) -> bytes:
    """A table as the content of a file."""
    out = pa.BufferOutputStream()
    pq.write_table(table, out)
    content: bytes = out.getvalue().to_pybytes()
    return content


def from_parquet(content: bytes) -> pa.Table:
    """The table that a file holds."""
    return pq.read_table(pa.BufferReader(content))
