"""Tables as files: CSV for people, Parquet for the rest."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim import files
from sim.core.errors import ScenarioError
from sim.files import tables

ABOUT = {"made_by": "rollout-sim 0.1.0"}


SCHEMA = pa.schema([("name", pa.string()), ("value", pa.float64()), ("count", pa.int64())])


def rule(error):
    """What the only problem says."""
    (problem,) = error.value.problems
    return str(problem)


def told(function, *arguments):
    with pytest.raises(ScenarioError) as error:
        function(*arguments)
    return rule(error)


def table(*rows):
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


ROWS = table(('a, "b"\nc', 0.1 + 0.2, 7), ("", None, None), ("größe", 1e-300, -1))


def test_csv_has_plain_numbers_in_full_precision(tmp_path):
    made = files.write_results(tmp_path / "r", "x", [("t.csv", ROWS)], ABOUT)
    assert (made / "t.csv").read_bytes().decode() == (
        'name,value,count\n"a, ""b""\nc",0.30000000000000004,7\n,,\ngröße,1e-300,-1\n'
    )


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_table_is_read_as_it_was_written(tmp_path, name):
    files.write_results(tmp_path / "r", "x", [(name, ROWS)], ABOUT)
    assert files.ResultFolder.at(tmp_path / "r").table(name, SCHEMA).equals(ROWS)


def test_parquet_takes_pieces_one_after_the_other(tmp_path):
    pieces = (ROWS.slice(k, 1) for k in range(3))
    files.write_results(tmp_path / "r", "x", [("t.parquet", pieces)], ABOUT)
    read = files.ResultFolder.at(tmp_path / "r").table("t.parquet", SCHEMA)
    assert read.combine_chunks().equals(ROWS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", "name,value\na,1\n"),
        ("t.csv", "name,value,count\na,many,1\n"),
        ("t.parquet", "no parquet"),
    ],
)
def test_what_is_no_table_of_this_version_is_refused(tmp_path, name, content):
    files.write_results(tmp_path / "r", "x", [(name, content)], ABOUT)
    made = files.ResultFolder.at(tmp_path / "r")
    assert "must be a table of this version" in told(made.table, name, SCHEMA)


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_what_an_earlier_version_wrote_without_a_column_is_refused_by_the_columns_name(
    tmp_path, name
):
    """Nothing is filled in: what stands in a folder is as it was written."""
    files.write_results(tmp_path / "r", "x", [(name, ROWS.select(["name", "value"]))], ABOUT)
    made = files.ResultFolder.at(tmp_path / "r")
    assert told(made.table, name, SCHEMA).endswith(
        f"{name}: must be a table of this version, got: one without the column count"
    )
    files.write_results(tmp_path / "s", "x", [(name, ROWS.select(["value"]))], ABOUT)
    made = files.ResultFolder.at(tmp_path / "s")
    assert told(made.table, name, SCHEMA).endswith("one without the columns name, count")


def in_pieces(size, order):
    """Rows in pieces of so many, with a dictionary of its own each, in that order."""
    text = "abcabdbbca"
    for begin in range(0, len(text), size):
        part = text[begin : begin + size]
        words = sorted({*part, "never"}, reverse=order == "down")
        codes = pa.array([words.index(each) for each in part], pa.int32())
        name = pa.DictionaryArray.from_arrays(codes, pa.array(words))
        yield pa.table({"name": name, "value": pa.array([float(ord(each)) for each in part])})


def test_the_bytes_depend_on_the_rows_not_on_the_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "ROW_GROUP", 4)
    found = set()
    for size in (1, 3, 4, 10):
        for order in ("up", "down"):
            path = tmp_path / f"{size}-{order}.parquet"
            tables.write_parquet(path, in_pieces(size, order))
            found.add(path.read_bytes())
    assert len(found) == 1
    written = pq.ParquetFile(path)
    assert [written.metadata.row_group(k).num_rows for k in range(3)] == [4, 4, 2]
    assert "".join(written.read().column("name").to_pylist()) == "abcabdbbca"
    words = [written.read_row_group(k).column("name").chunk(0).dictionary for k in range(3)]
    assert ["".join(each.to_pylist()) for each in words] == ["abc", "bd", "ca"]


def test_a_table_without_rows_keeps_its_columns(tmp_path):
    tables.write_parquet(tmp_path / "t.parquet", [ROWS.slice(0, 0), ROWS.slice(0, 0)])
    read = pq.read_table(tmp_path / "t.parquet")
    assert (read.num_rows, read.schema.names) == (0, SCHEMA.names)
