"""A scenario file is checked at the cost of what it names: no other system, no other library."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sim.systems import FOLDERS

SCENARIOS = Path(__file__).parents[1] / "scenarios"

LATE = ("scipy", "pandas", "pyarrow", "matplotlib", "jinja2", "tqdm")
"""Libraries that a run, its results or its pictures need."""
OTHERS = ("sim.experiments", "sim.plots", "sim.results")
CHECK = """
import json, sys
from sim.cli import main
from sim.scenario import file
schemas = []
built, file._json_schema = file._json_schema, lambda kinds: schemas.append(kinds) or built(kinds)
code = main(["validate", sys.argv[1]])
assert code == 0, code
sys.stderr.write(json.dumps({"modules": sorted(sys.modules), "schemas": schemas}))
"""


def validated(path):
    """The modules that `validate` imports, and the kinds whose JSON Schema it builds."""
    done = subprocess.run(
        [sys.executable, "-c", CHECK, str(path)], capture_output=True, text=True, check=True
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
