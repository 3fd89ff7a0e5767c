"""The numbers that figures show: cut where something steps, nothing lost where it steps often."""

import numpy as np
import pytest

from sim.core.timelines import Timeline
from sim.experiments.statistics.bands import Band
from sim.plots import capacity
from sim.plots.parts.clock import View
from sim.plots.parts.readout import MOST_ROWS, Panel, Steps, read_steps


def steps(*values, every=600.0):
    return Steps(np.arange(len(values)) * every, np.array(values, float))


def read(lines, end=1800.0, **panels):
    view = View(0.0, end, 0.0, end)
    named = {name: Panel([name], own) for name, own in (panels or {"": lines}).items()}
    return read_steps(named, view, None)


def test_a_line_is_read_from_step_to_step():
    found = read({"in service": steps(1, 0.8, 1)})
    assert found.headings == ("from", "to", "in service")
    assert found.rows == [
        ("0s", "10min", "100 %"),
        ("10min", "20min", "80 %"),
        ("20min", "30min", "100 %"),
    ]
    second = found.readings[1]
    assert (second.left, second.right) == (600.0, 1200.0)
    assert second.text == "10min to 20min: in service 80 %"


def test_lines_are_cut_where_any_of_them_steps():
    found = read({"one": steps(1, 0.5), "other": steps(1, 1, 0)})
    assert [row[2:] for row in found.rows] == [
        ("100 %", "100 %"),
        ("50 %", "100 %"),
        ("50 %", "0 %"),
    ]


@pytest.mark.parametrize("at", [1, 4999, 9999])
def test_the_lowest_of_very_many_steps_is_read_wherever_it_is(at):
    values = np.tile([1.0, 0.5], 5_000)
    values[at] = 0.01
    found = read({"in service": steps(*values, every=1.0)}, end=10_000.0)
    assert len(found.rows) <= MOST_ROWS
    assert sum(row[2].startswith("1 % to ") for row in found.rows) == 1


def test_a_band_is_read_in_even_spans_and_the_line_at_its_own_steps():
    times = np.linspace(0, 1799, 500)
    mid = np.linspace(1, 0.5, 500)
    band = Band(times, mid - 0.1, mid, mid + 0.1, 100)
    line = Timeline(np.array([0.0, 620.0]), np.array([1.0, 0.8]), 1800.0, "share")
    found = read(capacity.steps_of(line, band, {}, "replication 0"))
    assert found.headings[2:] == ("replication 0", "median of all runs", "5 % of them", "95 %")
    edges = [reading.left for reading in found.readings]
    assert 620.0 in edges
    assert len(edges) > 20
    assert all(" to " not in row[2] for row in found.rows)
    assert any(" to " in row[3] for row in found.rows)


def test_panels_share_the_rows_and_each_reads_in_its_own_axes():
    many = steps(*np.arange(300) % 2, every=1.0)
    found = read(None, end=300.0, **{f"v{k}": {"in service": many} for k in range(12)})
    assert found.headings[0] == "variant"
    assert len(found.rows) <= MOST_ROWS
    assert {reading.axes for reading in found.readings} == {f"v{k}" for k in range(12)}
    assert found.readings[0].text.startswith("v0, 0s to ")


def test_a_line_that_a_panel_lacks_is_a_dash():
    found = read(None, a={"x": steps(1)}, b={"y": steps(0.5)})
    assert found.rows == [("a", "0s", "30min", "100 %", "-"), ("b", "0s", "30min", "-", "50 %")]
