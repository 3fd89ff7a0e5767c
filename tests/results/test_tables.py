"""Tables of results: columns, gaps, and the words of a log."""

import math

import numpy as np
import pyarrow as pa
import pytest

from sim.experiments.running.replications import replicate
from sim.files import loads
from sim.results import tables
from sim.simulation import Simulation

SCENARIO = """\
horizon: 1h
systems:
  shop:
    kind: cloud_service
    roles: {WebRole: {instances: 1, restart: 2min}}
operations:
  - at: 1min
    upgrade_deployment: {build: "42"}
"""
SCHEMA = pa.schema([("name", pa.string()), ("value", pa.float64()), ("count", pa.int64())])
ROWS = [
    {"name": "größe", "value": 0.5, "count": 3},
    {"name": "", "value": math.nan, "count": None},
    {"name": None, "value": None, "count": 0},
]


@pytest.fixture(scope="module")
def simulation():
    return Simulation(loads(SCENARIO))


def test_rows_become_typed_columns_with_gaps():
    table = tables.from_rows(SCHEMA, ROWS)
    assert table.schema == SCHEMA
    assert table.to_pydict() == {
        "name": ["größe", "", ""],
        "value": [0.5, None, None],
        "count": [3, None, 0],
    }
    table.validate(full=True)


def test_rows_come_back_with_nan_for_no_number():
    rows = tables.to_rows(tables.from_rows(SCHEMA, ROWS))
    assert rows[0] == ROWS[0]
    assert math.isnan(rows[1]["value"])
    assert rows[1]["count"] is None


def test_columns_follow_the_values_where_no_file_holds_them():
    rows = [{"name": "a", "value": 1.5, "count": 2}]
    assert tables.schema_of(rows) == SCHEMA
    assert tables.schema_of([]).names == []


def test_long_gaps_keep_their_places():
    values = np.where(np.arange(100) % 3 == 0, np.nan, np.arange(100.0))
    column = tables.numbers(values).to_pylist()
    assert column == [None if k % 3 == 0 else float(k) for k in range(100)]


def test_rows_are_chosen_by_texts_and_numbers():
    table = tables.from_rows(
        SCHEMA, [{"name": name, "value": 1.0, "count": k} for k, name in enumerate("abab")]
    )
    assert tables.chosen(table, name="a").tolist() == [True, False, True, False]
    assert tables.chosen(table, name="a", count=2).tolist() == [False, False, True, False]
    assert tables.chosen(table, name="c").tolist() == [False] * 4
    assert tables.values(table.slice(1, 2), "count").tolist() == [1, 2]
    assert tables.chosen(table.slice(1, 2), name="a").tolist() == [False, True]


def test_joined_tables_stand_one_below_the_other():
    part = tables.from_rows(SCHEMA, ROWS)
    assert tables.joined([part, part], SCHEMA).num_rows == 6
    empty = tables.joined([], SCHEMA)
    assert (empty.num_rows, empty.schema) == (0, SCHEMA)
    assert list(tables.frame(empty).columns) == SCHEMA.names


def test_replications_have_a_row_for_each_metric_of_each(simulation):
    measured = replicate(simulation, [4])
    pieces = [*tables.replications("auto", measured, measured.numbers)]
    frame = tables.frame(tables.joined(pieces, tables.REPLICATIONS))
    assert list(frame.columns) == tables.REPLICATIONS.names
    assert len(frame) == len(measured.values)
    lowest = frame[(frame.metric == "min_capacity") & (frame.group == "WebRole")]
    assert lowest.to_dict("records") == [
        {
            "variant": "auto",
            "replication": 4,
            "system": "shop",
            "group": "WebRole",
            "metric": "min_capacity",
            "value": 0.0,
        }
    ]


def test_column_with_gaps_has_nan_where_there_is_no_number():
    column = tables.numbers(np.array([1.0, np.nan, 3.0, np.nan]))
    table = pa.table({"value": column, "whole": tables.numbers(np.arange(4.0))})
    for part in (table, table.slice(1)):
        expected = np.array([1.0, np.nan, 3.0, np.nan])[4 - part.num_rows :]
        np.testing.assert_array_equal(tables.with_gaps(part, "value"), expected)
    assert tables.with_gaps(table, "whole").tolist() == [0, 1, 2, 3]


def test_blocks_are_the_stretches_of_rows_with_the_same_values():
    names = tables.texts(["a", "a", "b", "b"])
    table = pa.table({"name": names, "k": tables.wholes(np.array([0, 0, 0, 1]))})
    assert tables.blocks(table, "name", "k") == {
        ("a", 0): slice(0, 2),
        ("b", 0): slice(2, 3),
        ("b", 1): slice(3, 4),
    }
    assert tables.blocks(table.slice(0, 0), "name") == {}
