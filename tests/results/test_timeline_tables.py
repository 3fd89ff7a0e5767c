"""Timelines as rows, in pieces that are no larger than memory should hold."""

import numpy as np
import pytest

from sim.core.timelines import Timeline
from sim.results import tables, timeline_tables
from sim.results.timeline_tables import in_pieces

LINE = Timeline(np.array([0.0, 60.0, 180.0]), np.array([1.0, 0.0, 1.0]), 600.0, "share")
LINES = [(("shop", "capacity", ""), LINE), (("shop", "ready", "WebRole"), LINE)]


def test_there_is_a_row_for_each_step():
    (table,) = in_pieces("auto", 7, LINES)
    frame = tables.frame(table)
    assert list(frame.columns) == tables.TIMELINES.names
    mine = frame[frame.series == "capacity"]
    assert mine.time_s.tolist() == [0.0, 60.0, 180.0]
    assert mine.value.tolist() == [1.0, 0.0, 1.0]
    assert frame[frame.series == "ready"].group.unique().tolist() == ["WebRole"]
    assert set(frame.replication) == {7}


@pytest.mark.parametrize(("most", "sizes"), [(2, [2, 3, 1]), (3, [3, 3]), (4, [6]), (99, [6])])
def test_a_piece_has_few_rows_and_no_line_is_asked_for_before_its_turn(monkeypatch, most, sizes):
    monkeypatch.setattr(timeline_tables, "MOST_ROWS", most)
    asked = []
    pieces = in_pieces("auto", 0, (asked.append(key) or (key, line) for key, line in LINES))
    first = next(pieces)
    assert len(asked) == (1 if most < 4 else 2)
    every = [first, *pieces]
    assert [each.num_rows for each in every] == sizes
    whole = tables.joined(every, tables.TIMELINES)
    assert tables.values(whole, "time_s").tolist() == [0.0, 60.0, 180.0] * 2
