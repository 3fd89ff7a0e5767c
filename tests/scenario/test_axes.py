"""The axes of a sweep: which values a path takes."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.core.units import parse_duration, parse_share
from sim.formats.python_values import from_python
from sim.formats.tree import Node, Scalar
from sim.scenario.axes import Axis, AxisEntry, range_of


def texts(**given):
    return range_of(AxisEntry.model_validate({k.rstrip("_"): v for k, v in given.items()})).texts()


def refused(**given):
    with pytest.raises(ValueError) as caught:
        texts(**given)
    return caught.value.args


def test_durations_step_in_their_own_units():
    assert texts(from_="0s", to="60min", step="5min") == [
        "0s", "5min", "10min", "15min", "20min", "25min", "30min", "35min", "40min", "45min",
        "50min", "55min", "1h",
    ]  # fmt: skip
    assert texts(from_="1h", to="2h30min", step="1h") == ["1h", "2h"]


def test_steps_do_not_accumulate_what_a_float_is_off():
    assert texts(from_="0%", to="100%", step="10%") == [f"{10 * k}%" for k in range(11)]
    assert texts(from_=0.1, to=0.7, step=0.1) == ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"]
    # 100ms is no multiple of the time grid: the tenth is 1s all the same, not ten times the nearest.
    assert texts(from_="0s", to="1s", step="100ms")[-1] == "1s"


@given(
    st.integers(0, 50), st.integers(1, 40), st.integers(1, 60), st.sampled_from(["s", "min", "h"])
)
def test_every_step_of_a_duration_is_the_exact_multiple(first, step, count, unit):
    found = texts(from_=f"{first}{unit}", to=f"{first + step * count}{unit}", step=f"{step}{unit}")
    size = {"s": 1, "min": 60, "h": 3600}[unit]
    assert [parse_duration(text) for text in found] == [
        (first + step * k) * size for k in range(count + 1)
    ]


@given(st.integers(0, 100), st.integers(1, 50))
def test_every_step_of_a_share_is_the_number_that_is_written(first, step):
    found = texts(from_=f"{first / 10}%", to="100%", step=f"{step / 10}%")
    assert [parse_share(text) for text in found] == [
        float(Fraction(first + step * k, 1000)) for k in range(len(found))
    ]
    assert len(found) == (1000 - first) // step + 1


def test_points_have_equal_distances_or_equal_ratios():
    assert texts(from_="0s", to="1h", points=5) == ["0s", "15min", "30min", "45min", "1h"]
    assert texts(from_=1, to=1000, points=4, scale="log") == ["1", "10", "100", "1000"]
    assert texts(from_="1%", to="100%", points=3, scale="log") == ["1%", "10%", "100%"]


def test_whole_ends_give_whole_numbers_each_once():
    assert texts(from_=1, to=4, points=7) == ["1", "2", "3", "4"]
    assert texts(from_=1.0, to=2, points=3) == ["1", "1.5", "2"]


@pytest.mark.parametrize(
    ("given", "key", "rule"),
    [
        ({"from_": 2, "to": 1, "step": 1}, "to", "must not be below `from`, 2, got 1"),
        ({"from_": 2, "to": 3, "step": 0}, "step", "must be above 0, got 0"),
        ({"from_": "1s", "to": 3, "step": 1}, "to", "must be a duration, as `from` is, got 3"),
        ({"from_": 0, "to": 3, "points": 4, "scale": "log"}, "from",
         "must be above 0 where the scale is log, got 0"),
        ({"from_": 1, "to": 3, "points": 1}, "points", "must be 2 or more, got 1"),
        ({"from_": 3, "to": 3, "points": 2}, "points", "needs two ends that differ, got 3"),
        ({"from_": "few", "to": 3, "points": 2}, "from",
         "must be a duration such as 5min, a share such as 80% or a number, got few"),
    ],
)  # fmt: skip
def test_a_range_that_is_none_is_told_at_its_key(given, key, rule):
    assert refused(**given) == (key, rule)


def test_a_range_knows_how_many_values_it_has_before_it_makes_one():
    assert range_of(
        AxisEntry.model_validate({"from": "0s", "to": "100w", "step": "1ms"})
    ).count == (100 * 7 * 86_400_000 + 1)


def axis(*values, is_text=False):
    return Axis(
        "it", "a.path", is_text, tuple(None if v is None else from_python(v) for v in values)
    )


def yaml(*values):
    return Axis("it", "a.path", False, tuple(Node(Scalar(value)) for value in values))


def test_numbers_have_a_unit_and_what_is_left_out_is_none():
    assert (yaml("5min", "1h").unit, yaml("5min", "1h").numbers) == ("s", (300.0, 3600.0))
    assert (yaml("5%", "100%").unit, yaml("5%", "100%").numbers) == ("share", (0.05, 1.0))
    assert (yaml("2", "10").unit, yaml("2", "10").numbers) == ("", (2.0, 10.0))
    found = axis(2, None, 3)
    assert str(found.numbers) == "(2.0, nan, 3.0)"
    assert found.texts == ("2", "", "3")


def test_what_is_no_number_of_one_unit_is_text():
    for each in (axis("Auto", "Manual"), axis(True, False), yaml("5min", "10%"), axis("42", "43")):
        assert not each.is_number
        assert (each.unit, each.numbers) == ("", ())
    assert axis({"lognormal": {"median": "4min"}}, [1, True]).texts == (
        "{lognormal: {median: 4min}}",
        "[1, true]",
    )


def test_a_name_that_looks_like_a_number_is_a_name():
    assert axis(42, 43, is_text=True).numbers == ()
