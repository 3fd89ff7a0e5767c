"""Series that follow from the states of members."""

from dataclasses import replace

import pytest
from kiosks import log_of, model, request

from sim.systems.base.series import Series, in_statuses, names_of, on_version


@pytest.fixture(scope="module")
def series():
    return Series("lobby", log_of(model(request(0, 10, "2"))), "kiosk")


def test_each_status_and_each_version_has_one(series):
    assert series.names() == [
        ("capacity", ""),
        ("ready", ""),
        ("by_version:as shipped", ""),
        ("by_version:2", ""),
        ("by_state:ready", ""),
        ("by_state:updating", ""),
    ]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("capacity", [1.0, 0.5, 0.5, 1.0]),
        ("ready", [2, 1, 1, 2]),
        ("by_state:updating", [0, 1, 1, 0]),
        ("by_version:as shipped", [2, 1, 0, 0]),
        ("by_version:2", [0, 0, 1, 2]),
    ],
)
def test_values_are_those_of_the_states(series, name, values):
    line = series.timeline(name)
    assert [line.at(time) for time in (0.0, 600.0, 900.0, 1200.0)] == values


def test_all_of_them_can_be_had_at_once(series):
    assert list(series.timelines()) == series.names()


def test_what_is_not_there_is_a_key_error(series):
    with pytest.raises(KeyError, match="no series queue of left"):
        series.timeline("queue", "left")


def test_weights_are_by_code(series):
    (block,) = series.blocks
    assert in_statuses(block, ("updating",)).tolist() == [0, 0, 1, 0, 0, 1]
    assert on_version(block, "2").tolist() == [0, 0, 0, 0, 1, 0]
    assert on_version(block, "3").sum() == 0


def test_groups_have_capacity_and_who_is_ready(series):
    (block,) = series.blocks
    both = [replace(block, group=group) for group in ("left", "right")]
    assert [name for name in names_of(both) if name[1]] == [
        ("capacity", "left"),
        ("ready", "left"),
        ("capacity", "right"),
        ("ready", "right"),
    ]
