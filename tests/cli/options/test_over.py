"""``--over PATH=VALUES``: what a file would say under `sweep`."""

import pytest

from sim.cli.options.over import over
from sim.core.errors import ScenarioError
from sim.formats.tree import plain


@pytest.mark.parametrize(
    ("values", "meant"),
    [
        ("0s..1h:5min", {"from": "0s", "to": "1h", "step": "5min"}),
        ("2..10:1", {"from": "2", "to": "10", "step": "1"}),
        ("2,5,10", ["2", "5", "10"]),
        ("Auto, Manual", ["Auto", "Manual"]),
        ("5", ["5"]),
        ("2,,5,", ["2", "5"]),
        ("[0.1, 0.2]", ["0.1", "0.2"]),
        ("{as: n, values: [1, 2]}", {"as": "n", "values": ["1", "2"]}),
    ],
)
def test_values_are_a_range_a_list_or_as_in_a_file(values, meant):
    found = over([f"systems.shop.update_domains={values}"])
    assert plain(found) == {"systems.shop.update_domains": meant}
    assert found.where == "--over"


def test_nothing_is_varied_without_the_option():
    assert over([]) is None


@pytest.mark.parametrize(
    ("word", "rule"),
    [
        ("a.b=1..5", "--over: a.b: needs a step, such as 0s..1h:5min, got 1..5"),
        ("a.b=", "--over: a.b: must have values, got nothing"),
        (
            "a.b={c: 1},{c: 2}",
            "--over: a.b: not YAML: text after the end of the document; several values that hold "
            "commas need brackets: [VALUE, VALUE]",
        ),
        ('a.b="x', "--over: a.b: not YAML: a quote is not closed"),
        ("a.b", "--over: must be PATH=VALUE, such as systems.shop.update_domains=10, got a.b"),
    ],
)
def test_what_is_none_of_these_is_told(word, rule):
    with pytest.raises(ScenarioError) as caught:
        over([word])
    assert str(caught.value) == rule
