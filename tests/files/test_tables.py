"""Tables as files: CSV for people, Parquet for the rest."""

import pyarrow as pa
import pytest

from sim import files
from sim.core.errors import ScenarioError

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
