"""The share of members in each state over time."""

import numpy as np
import pytest
from artists import found, legend_labels, main_axes, title

from sim.core.timelines import Timeline
from sim.plots import state_shares
from sim.plots.parts.style import COLUMNS, Mark

END = 3600.0


def line(*values):
    return Timeline(np.array([0.0, 600.0, 1200.0]), np.array(values), END, "share")


SHARES = {"updating": line(0.0, 0.25, 0.0), "ready": line(1.0, 0.7, 1.0), "other": line(0, 0.05, 0)}


def test_shares_are_stacked_the_worse_above_the_better():
    axes = main_axes(state_shares.figure(SHARES))
    areas = [
        found(axes, each)[0].get_paths()[0].vertices for each in ("ready", "other", "updating")
    ]
    assert [area[:, 1].min() for area in areas] == pytest.approx([0.0, 0.7, 0.75])
    assert [area[:, 1].max() for area in areas] == pytest.approx([1.0, 1.0, 1.0])
    assert [each.get_gid() for each in axes.collections] == ["ready", "other", "updating"]


def test_the_axes_begin_near_where_few_are_out():
    few = {"ready": line(1.0, 0.98, 1.0), "updating": line(0, 0.02, 0)}
    low, high = main_axes(state_shares.figure(few)).get_ylim()
    assert 0.9 < low < 0.98
    assert high == 1.0
    assert main_axes(state_shares.figure(SHARES)).get_ylim() == (0.0, 1.0)


def test_the_legend_and_the_table_name_what_occurs():
    figure = state_shares.figure(SHARES, what="nodes", failing="dead", marks=[Mark(60, "upgrade")])
    assert legend_labels(figure) == ["in service", "out for another reason", "updating"]
    assert figure.readout.headings[2:] == ("in service", "out for another reason", "updating")
    (row,) = [row for row in figure.readout.rows if row[0] == "10min"]
    assert row[2:] == ("70 %", "5 %", "25 %")
    assert main_axes(figure).get_ylabel() == "nodes (% of those there)"
    assert len(found(main_axes(figure), "mark")) == 1


@pytest.mark.parametrize(
    ("shares", "text"),
    [
        (SHARES, "At most 30 % of the nodes are out at once; the updates take 10min"),
        ({"ready": line(1, 1, 1)}, "None of the nodes are out at any time"),
        (
            {"ready": line(1, 0.9, 0.9), "updating": line(0, 0.1, 0.1)},
            "At most 10 % of the nodes are out at once; the updates are not over at the end",
        ),
        (
            SHARES | {"failing": line(0, 0, 0.02)},
            "At most 30 % of the nodes are out at once; 2 % fail at the end",
        ),
        (
            SHARES | {"failing": line(0, 0.1, 0)},
            "At most 40 % of the nodes are out at once; some fail",
        ),
    ],
)
def test_the_title_says_how_many_are_out_at_once(shares, text):
    assert state_shares.headline(shares, "nodes") == text
    assert title(state_shares.figure(shares, what="nodes")) == text


def test_no_share_is_refused():
    with pytest.raises(ValueError, match="got none"):
        state_shares.figure({})


def test_what_many_do_is_thinned_before_it_is_drawn():
    times = np.arange(300_000.0)
    share = np.random.default_rng(1).random(len(times))
    lines = {"ready": share, "updating": 1 - share}
    shares = {name: Timeline(times, values, 300_000.0, "share") for name, values in lines.items()}
    areas = main_axes(state_shares.figure(shares)).collections
    assert len(areas) == 2
    assert areas[1].get_paths()[0].vertices[:, 1].max() == pytest.approx(1.0)
    for area in areas:
        assert len(area.get_paths()[0].vertices) < 40 * COLUMNS
