"""A scenario file is read once and checked once, at the cost of what it names."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from places import SCENARIOS

from sim.cli import main
from sim.files import load
from sim.scenario import document, points, variants
from sim.systems import FOLDERS, SYSTEM_TYPES

LATE = ("scipy", "pandas", "pyarrow", "matplotlib", "jinja2", "tqdm")
"""Libraries that a run, its results or its pictures need."""
OTHERS = ("sim.experiments", "sim.plots", "sim.results")
CHECK = """
import json, sys
from sim.cli import main
from sim.scenario import file
schemas = []
built, file._json_schema = file._json_schema, lambda kinds: schemas.append(kinds) or built(kinds)
code = main(["validate", *sys.argv[1:]])
assert code == 0, code
sys.stderr.write(json.dumps({"modules": sorted(sys.modules), "schemas": schemas}))
"""


def validated(path, *options):
    """The modules that `validate` imports, and the kinds whose JSON Schema it builds."""
    done = subprocess.run(
        [sys.executable, "-c", CHECK, str(path), *options],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stderr)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("five-domains-auto", "cloud_service"),
        ("three-modes", "cloud_service"),
        ("pool-alone", "batch_pool"),
        ("month-of-jobs", "batch_pool"),
        ("monthly-release-to-2000", "arc_fleet"),
    ],
)
def test_validate_imports_what_the_file_names_and_no_more(name, kind):
    found = validated(SCENARIOS / f"{name}.yaml")
    modules = found["modules"]
    assert {each.split(".")[0] for each in modules} & {*LATE} == set()
    assert [each for each in modules if each.startswith(OTHERS)] == []
    assert [each for each in FOLDERS if f"sim.systems.{each}" in modules] == [kind]
    assert all(kinds == [kind] for kinds in found["schemas"])


def test_validate_of_a_file_without_variants_builds_no_json_schema():
    assert validated(SCENARIOS / "five-domains-auto.yaml")["schemas"] == []


def test_another_value_of_a_key_of_the_file_builds_none_either():
    options = ("--set", "warm_up=1min", "--set", "replications=50")
    assert validated(SCENARIOS / "five-domains-auto.yaml", *options)["schemas"] == []


def test_each_key_of_the_file_may_be_set_but_its_variants():
    assert set(variants.json_schema()["properties"]) - {"variants"} == variants._OF_THE_FILE


# How often ----------------------------------------------------------------------------------------


@pytest.fixture
def count(monkeypatch):
    """How often a file was read, checked as a whole, and looked at by its kind of system."""
    calls = dict.fromkeys(("read", "check", "references"), 0)

    def pluralize(name, function):
        def counting(*arguments):
            calls[name] += 1
            return function(*arguments)

        return counting

    monkeypatch.setattr(document, "read", pluralize("read", document.read))
    monkeypatch.setattr(variants, "check", pluralize("check", variants.check))
    kind = SYSTEM_TYPES["cloud_service"]
    # The record is frozen.
    monkeypatch.setitem(vars(kind), "references", pluralize("references", kind.references))
    return calls


FOUR = SCENARIOS / "three-modes.yaml"


def test_a_file_with_four_variants_is_read_once_and_it_and_each_of_them_checked_once(count):
    scenario = load(FOUR)
    assert len(scenario.variant_names) == 4
    assert count == {"read": 1, "check": 5, "references": 5}
    for name in scenario.variant_names:
        assert scenario.variant(name).variant_name == name
    assert count == {"read": 1, "check": 5, "references": 5}


@pytest.mark.parametrize("command", [["validate"], ["explain", "--variant", "manual"]])
def test_commands_check_no_more_than_that(count, capsys, command):
    assert main([*command, str(FOUR)]) == 0
    capsys.readouterr()
    assert (count["read"], count["check"], count["references"]) == (1, 5, 5)


def test_other_values_from_the_shell_are_put_in_before_anything_is_checked(count, capsys):
    assert main(["validate", str(FOUR), "--set", "seed=7", "--set", "horizon=2d"]) == 0
    capsys.readouterr()
    assert (count["read"], count["check"], count["references"]) == (1, 5, 5)


def test_a_variant_of_the_file_is_the_same_as_the_file_with_its_changes():
    scenario = load(FOUR)
    path = "operations.0.upgrade_deployment.mode"
    changed = scenario.with_variants({}).override({path: "Simultaneous"})
    variant = scenario.variant("simultaneous")
    assert variant == changed
    assert variant.variant_names == ()
    assert variant.override({"seed": 3}).seed == 3
    assert variant.override({"seed": 3}).systems == changed.systems


def test_files_that_only_points_of_a_sweep_name_are_read_too(tmp_path):
    text = """
    systems:
      shop:
        kind: cloud_service
        demand: {csv: few.csv}
        roles: {Web: {instances: 4, serves_demand: 10}}
    sweep:
      systems.shop.demand: [{csv: few.csv}, {csv: many.csv}, {constant: 5}, {csv: [wrong]}]
    """
    assert document.Document.of_text(text).files == ("few.csv", "many.csv")
    (tmp_path / "few.csv").write_text("time_s,value\n0,3\n", encoding="utf-8")
    (tmp_path / "many.csv").write_text("time_s,value\n0,9\n", encoding="utf-8")
    file = tmp_path / "shop.yaml"
    file.write_text(text.replace(", {csv: [wrong]}", ""), encoding="utf-8")
    scenario = load(file)
    points.check(scenario, scenario.sweep)
    assert len({each.inputs for each in points.points(scenario, scenario.sweep)}) == 3
