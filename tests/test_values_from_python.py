"""Values from Python that mean nothing: each is refused in words, never with a traceback."""

import math

import pytest

import sim
from sim.cli import main

TEXT = """\
horizon: 1h
systems:
  shop: {kind: cloud_service, roles: {Web: {instances: 2, restart: 1min}}}
operations: [{at: 1min, upgrade_deployment: {}}]
"""
STRANGE = ["x", math.nan, math.inf, -1, None, [], {}, b"x", 10**5000, "x" * 5000, ("a",)]
IDS = [f"value {k}" for k in range(len(STRANGE))]


@pytest.fixture(scope="module")
def results():
    return sim.run(sim.loads(TEXT), replications=1)


def refused(call, *given):
    """In at most a few hundred characters."""
    with pytest.raises(sim.ScenarioError) as caught:
        call(*given)
    assert len(str(caught.value)) < 600
    return str(caught.value)


@pytest.mark.parametrize("strange", STRANGE, ids=IDS)
def test_names_that_are_none_are_refused(results, strange):
    one = results.replay()
    for of in (one.progress_text, one.progress, one.members, one.dips):
        assert "must be a system of this scenario, got" in refused(of, strange)
    refused(one.status, strange, 0)
    refused(one.timeline, "shop", strange)
    refused(one.timeline, "shop", "capacity", strange)
    refused(results.variant, strange)
    refused(results.replay, 0, strange)
    refused(one.scenario.variant, strange)
    refused(lambda: results.save("never", figures=strange))


@pytest.mark.parametrize("strange", STRANGE, ids=IDS)
def test_numbers_that_are_none_are_refused(results, strange):
    one = results.replay()
    refused(one.status, "shop", strange)
    refused(one.dips, "shop", strange)


@pytest.mark.parametrize("strange", ["x", math.nan, None, [], ("a",), {1: 2}])
def test_changes_that_are_no_mapping_are_refused(strange):
    assert "must be PATH: VALUE" in refused(sim.loads(TEXT).override, strange)


def test_an_instant_may_still_be_a_number_or_text(results):
    one = results.replay()
    assert one.status("shop", 90) == one.status("shop", 90.0) == one.status("shop", "90s")


def nested(depth):
    value = {}
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("scenario", "rule"),
    [
        ({"systems": nested(60)}, "must be at most 50 levels deep"),
        ({"systems": nested(100_000)}, "must be at most 50 levels deep"),
        ({"name": "x" * 2**20}, "must be at most 1 MiB, got more"),
        (
            {"operations": [0] * 2**20},
            "must hold at most 50,000 values, got more (series belong in a CSV file)",
        ),
        ({"systems": {f"{k:040}": 1 for k in range(2**15)}}, "must be at most 1 MiB, got more"),
    ],
)
def test_a_scenario_from_python_is_no_larger_than_a_file(scenario, rule):
    assert refused(sim.Scenario.from_dict, scenario) == rule


def test_a_mapping_that_holds_itself_is_refused():
    endless = {}
    endless["systems"] = endless
    assert "50 levels deep" in refused(sim.Scenario.from_dict, endless)


@pytest.mark.parametrize("command", ["run", "validate", "explain", "compare"])
def test_a_file_name_of_5000_characters_is_no_file_to_read(command, capsys):
    assert main([command, "x" * 5000]) == 2
    said = capsys.readouterr().err
    assert "must be a file that can be read" in said
    assert len(said) < 300


@pytest.mark.parametrize("strange", [5, None, 1.5, [], {}, ("a",), True])
def test_what_is_no_text_or_path_is_refused(strange):
    assert "must be the text of a scenario, got" in refused(sim.loads, strange)
    assert "must be a path, such as shop.yaml, got" in refused(sim.load, strange)
    assert "must be a path, such as shop.yaml, got" in refused(sim.open_results, strange)


@pytest.mark.parametrize("name", ["x" * 5000, "a/" * 5000, "a\0b", b"bytes"])
def test_a_name_that_no_disk_takes_is_refused(name):
    refused(sim.load, name)
    refused(sim.open_results, name)
