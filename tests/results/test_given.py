"""What a caller gives as a scenario."""

import pytest
from made_results import CHANCE

import sim
from sim.results.given import given_scenario


def test_a_path_or_a_scenario_is_taken_with_other_numbers(tmp_path):
    file = tmp_path / "shop.yaml"
    file.write_text(CHANCE, encoding="utf-8")
    for each in (file, str(file), sim.loads(CHANCE)):
        found = given_scenario(each, replications=7, seed=3)
        assert (found.replications, found.seed) == (7, 3)


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (CHANCE, "got a text of several lines"),
        (5, "must be a scenario or the path of its file, got int"),
    ],
)
def test_anything_else_is_refused(given, rule):
    with pytest.raises(sim.ScenarioError, match=rule):
        given_scenario(given)
