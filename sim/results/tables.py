"""The tables of a result: their columns, and how they are made.

A table is an Arrow table: typed, immutable, written as it is, a DataFrame when one is asked for.
Arrays are made from buffers and read from them: `pyarrow.array` and `to_numpy` import pandas, which
costs 0.3 s and is not needed to run a scenario and save what came of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from sim.experiments.running.replications import Measured
    from sim.experiments.statistics.bands import Band

TEXT, NUMBER, WHOLE = pa.string(), pa.float64(), pa.int64()
NAME = pa.dictionary(pa.int32(), pa.string())
"""A text that comes again and again, in tables of millions of rows."""


def schema(**columns: pa.DataType) -> pa.Schema:
    """The columns of a table: name -> type."""
    return pa.schema(list(columns.items()))


_METRIC = {"system": TEXT, "group": TEXT, "metric": TEXT}
_SERIES = {"system": TEXT, "series": TEXT, "group": TEXT, "time_s": NUMBER}

SUMMARY = schema(
    variant=TEXT,
    **_METRIC,
    unit=TEXT,
    mean=NUMBER,
    ci95_low=NUMBER,
    ci95_high=NUMBER,
    min=NUMBER,
    p5=NUMBER,
    p50=NUMBER,
    p95=NUMBER,
    max=NUMBER,
    n=WHOLE,
    missing=WHOLE,
    worst_replication=WHOLE,
    p5_low=NUMBER,
    p5_high=NUMBER,
    p50_low=NUMBER,
    p50_high=NUMBER,
    p95_low=NUMBER,
    p95_high=NUMBER,
    skewness=NUMBER,
)
COMPARISON = schema(
    variant=TEXT,
    baseline=TEXT,
    **_METRIC,
    unit=TEXT,
    mean=NUMBER,
    baseline_mean=NUMBER,
    difference=NUMBER,
    ci_low=NUMBER,
    ci_high=NUMBER,
    level=NUMBER,
    better=TEXT,
    saved=NUMBER,
    n=WHOLE,
    missing=WHOLE,
)
OBJECTIVES = schema(
    variant=TEXT,
    objective=TEXT,
    bound=NUMBER,
    share=NUMBER,
    low=NUMBER,
    high=NUMBER,
    verdict=TEXT,
    sentence=TEXT,
    best=TEXT,
    best_in=TEXT,
)
OPERATIONS = schema(
    variant=TEXT,
    operation=TEXT,
    name=TEXT,
    kind=TEXT,
    system=TEXT,
    at_s=NUMBER,
    ended_s=NUMBER,
    status=TEXT,
    http_status=WHOLE,
    code=TEXT,
    message=TEXT,
    request_id=TEXT,
)
PROGRESS = schema(
    variant=TEXT,
    replication=WHOLE,
    system=TEXT,
    group=TEXT,
    day=WHOLE,
    at_s=NUMBER,
    up_to_date=NUMBER,
    held_by=TEXT,
)
REPLICATIONS = schema(variant=TEXT, replication=WHOLE, **_METRIC, value=NUMBER)
TIMELINES = schema(
    variant=NAME,
    replication=WHOLE,
    **dict.fromkeys(("system", "series", "group"), NAME),
    time_s=NUMBER,
    value=NUMBER,
)
BANDS = schema(variant=TEXT, **_SERIES, p5=NUMBER, p50=NUMBER, p95=NUMBER, n=WHOLE)
TRIALS = schema(
    variant=TEXT,
    path=TEXT,
    value=TEXT,
    number=NUMBER,
    unit=TEXT,
    tried=WHOLE,
    replications=WHOLE,
    failed=WHOLE,
    verdict=TEXT,
    objective=TEXT,
    bound=NUMBER,
    share=NUMBER,
    low=NUMBER,
    high=NUMBER,
    objective_verdict=TEXT,
    sentence=TEXT,
)
"""Values that were tried in a search, the lowest first: a row an objective of each."""
CONDITIONS = schema(variant=TEXT, replication=WHOLE, system=TEXT, condition=TEXT)
WARM_UP = schema(variant=TEXT, system=TEXT, time_s=NUMBER, mean=NUMBER, error=NUMBER)
DIPS = schema(start_s=NUMBER, end_s=NUMBER, depth=NUMBER, lost_hours=NUMBER)


def from_rows(schema: pa.Schema, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """A table of rows, each column name -> value; None, or NaN, where there is no number."""
    columns = [_column(field.type, [row[field.name] for row in rows]) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def schema_of(rows: Sequence[Mapping[str, Any]]) -> pa.Schema:
    """The columns of rows that no file of a result holds, by the values of the first row."""
    kinds: dict[type, pa.DataType] = {str: TEXT, int: WHOLE, float: NUMBER}
    return schema(**{name: kinds[type(value)] for row in rows[:1] for name, value in row.items()})


def to_rows(table: pa.Table) -> list[dict[str, Any]]:
    """The rows of a table; NaN where there is no number."""
    numeric = [field.name for field in table.schema if field.type == NUMBER]
    rows: list[dict[str, Any]] = table.to_pylist()
    for row in rows:
        row.update({name: np.nan for name in numeric if row[name] is None})
    return rows


def _column(kind: pa.DataType, values: Sequence[Any]) -> pa.Array:
    """A column of Python values; None (and NaN in numbers) where there is none."""
    if kind == TEXT:
        return texts([value or "" for value in values])
    there = np.array([value is not None for value in values], bool)
    if kind == WHOLE:
        return wholes(np.array([value or 0 for value in values], np.int64), there)
    return numbers(np.array([np.nan if value is None else value for value in values], np.float64))


def texts(values: Sequence[str]) -> pa.Array:
    """A column of texts."""
    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    content = pa.py_buffer(b"".join(encoded))
    return pa.Array.from_buffers(TEXT, len(values), [None, pa.py_buffer(ends), content])


def alike(value: str, count: int) -> pa.Array:
    """A column of the same text, `count` times: less than 2 GB of it, as a name never is."""
    content = value.encode()
    ends = np.arange(count + 1, dtype=np.int32) * np.int32(len(content))
    parts = [None, pa.py_buffer(ends), pa.py_buffer(content * count)]
    return pa.Array.from_buffers(TEXT, count, parts)


def names(values: Sequence[str], places: NDArray[np.integer[Any]]) -> pa.Array:
    """A column of names from a list of distinct ones, given by their places in it."""
    return _coded(texts(values), places)


def _coded(words: pa.Array, places: NDArray[np.integer[Any]]) -> pa.Array:
    indices = np.ascontiguousarray(places, np.int32)
    codes = pa.Array.from_buffers(pa.int32(), len(indices), [None, pa.py_buffer(indices)])
    return pa.DictionaryArray.from_arrays(codes, words)


def named(words: Sequence[str], places: NDArray[np.integer[Any]]) -> pa.Array:
    """A column of words of which some may be alike, in a dictionary in which no two are."""
    return Vocabulary(words).column(places)


class Vocabulary:
    """Words of which some may be alike, for columns with a dictionary in which no two are."""

    def __init__(self, words: Sequence[str]) -> None:
        distinct = {word: place for place, word in enumerate(dict.fromkeys(words))}
        self._place_of = np.array([distinct[word] for word in words], np.int32)
        self._texts = texts(list(distinct))

    def column(self, places: NDArray[np.integer[Any]]) -> pa.Array:
        """A column of words, given by their places among all of them."""
        return _coded(self._texts, self._place_of[places])


def numbers(values: NDArray[np.float64]) -> pa.Array:
    """A column of numbers, empty where they are NaN."""
    return _array(NUMBER, np.ascontiguousarray(values, np.float64), ~np.isnan(values))


def wholes(values: NDArray[np.integer[Any]], there: NDArray[np.bool_] | None = None) -> pa.Array:
    """A column of whole numbers, empty where they are not `there`."""
    return _array(WHOLE, np.ascontiguousarray(values, np.int64), there)


def _array(kind: pa.DataType, values: NDArray[Any], there: NDArray[np.bool_] | None) -> pa.Array:
    valid = None
    if there is not None and not there.all():
        valid = pa.py_buffer(np.packbits(there, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(values)])


def values(table: pa.Table, name: str) -> NDArray[Any]:
    """A column of numbers without gaps."""
    return _content(table.column(name).combine_chunks())


def with_gaps(table: pa.Table, name: str) -> NDArray[np.float64]:
    """A column of numbers, NaN where there is none."""
    array = table.column(name).combine_chunks()
    valid = array.buffers()[0]
    if valid is None:
        return values(table, name)
    # As it lies in memory, again: `fill_null` imports pandas.
    bits = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little").astype(bool)
    there = bits[array.offset : array.offset + len(array)]
    found: NDArray[np.float64] = np.where(there, _content(array), np.nan)
    return found


def chosen(table: pa.Table, **wanted: str | float) -> NDArray[np.bool_]:
    """The rows that have these values in these columns, shape (rows,)."""
    rows = np.ones(table.num_rows, bool)
    for name, value in wanted.items():
        if isinstance(value, str):
            encoded = _encoded(table.column(name).combine_chunks())
            known = {word: place for place, word in enumerate(encoded.dictionary.to_pylist())}
            rows &= _content(encoded.indices) == known.get(value, -1)
        else:
            rows &= values(table, name) == value
    return rows


def blocks(table: pa.Table, *names: str) -> dict[tuple[Any, ...], slice]:
    """Where in a table the rows stand that have the same values in some columns: one stretch each,
    as they are written.
    """
    columns = [table.column(name).combine_chunks() for name in names]
    changes = np.zeros(table.num_rows, bool)
    changes[:1] = True
    for column in columns:
        codes = _content(_encoded(column).indices if column.type in (TEXT, NAME) else column)
        changes[1:] |= codes[1:] != codes[:-1]
    starts = np.flatnonzero(changes).tolist()
    ends = [*starts, table.num_rows][1:]
    return {
        tuple(column[begin].as_py() for column in columns): slice(begin, end)
        for begin, end in zip(starts, ends, strict=True)
    }


def _encoded(texts: pa.Array) -> pa.DictionaryArray:
    return texts if texts.type == NAME else texts.dictionary_encode()


def _content(array: pa.Array) -> NDArray[Any]:
    # As it lies in memory: `to_numpy` imports pandas.
    kind = {pa.int32(): np.int32, WHOLE: np.int64, NUMBER: np.float64}[array.type]
    return np.frombuffer(array.buffers()[1], kind)[array.offset : array.offset + len(array)]


def frame(table: pa.Table) -> pd.DataFrame:
    """The table as a DataFrame of its own; pandas is imported when this is first called."""
    made: pd.DataFrame = table.to_pandas()
    return made


def replications(variant: str, measured: Measured, made: NDArray[np.int64]) -> Iterator[pa.Table]:
    """One row for each replication of each metric, a table a metric: together they may be large.

    Without chance each of those `made` is alike.
    """
    made = measured.numbers if measured.random else made
    runs, numbered = len(made), wholes(made)
    for key, found in measured.values.items():  # noqa: PD011
        columns = [
            alike(variant, runs),
            numbered,
            *(alike(text, runs) for text in key),
            numbers(np.broadcast_to(found, runs)),
        ]
        yield pa.Table.from_arrays(columns, schema=REPLICATIONS)


def bands(variant: str, of: Mapping[tuple[str, str], Band]) -> Iterator[pa.Table]:
    """The bands of series by system and series, one row an instant, a table a series."""
    for (system, series), band in of.items():
        count = len(band.times)
        columns = [
            *(alike(text, count) for text in (variant, system, series, "")),
            *(numbers(each) for each in (band.times, band.p5, band.p50, band.p95)),
            wholes(np.full(count, band.runs)),
        ]
        yield pa.Table.from_arrays(columns, schema=BANDS)


def joined(parts: Iterable[pa.Table], schema: pa.Schema) -> pa.Table:
    """Tables of one kind, one below the other."""
    return pa.concat_tables([empty(schema), *parts]).combine_chunks()


def empty(schema: pa.Schema) -> pa.Table:
    """A table without a row."""
    return pa.Table.from_batches([], schema=schema)  # `schema.empty_table` would import pandas
