"""What is wrong, as lines and as data."""

from __future__ import annotations

import json

import pytest
from shells import CERTAIN

from sim.cli import inputs
from sim.cli.options.options import parser
from sim.results import runs


def test_shell_is_told_its_own_words_and_python_its_own(shell, tmp_path):
    (tmp_path / "here").mkdir()
    assert "--overwrite replaces results" in shell("run", "certain.yaml", "--out", "here")[2]
    found = runs.run(inputs.read(parser().parse_args(["run", "certain.yaml"])))
    with pytest.raises(Exception, match="overwrite=True replaces results"):
        found.save("here")


def test_wrong_input_is_data_under_json(shell, tmp_path):
    (tmp_path / "bad.yaml").write_text(CERTAIN.replace("2min", "2m").replace("6h", "6"), "utf-8")
    code, out, err = shell("run", "bad.yaml", "--json")
    assert code == 2
    first, second = json.loads(out)["problems"]
    assert first == {
        "file": "bad.yaml",
        "line": 3,
        "column": 10,
        "path": "horizon",
        "rule": "must be a duration such as 90s or 5min",
        "got": "6 (a number without a unit)",
    }
    assert (second["rule"], second["got"]) == ("min or months? write 2min", "2m")
    assert len(err.splitlines()) == 2
    assert shell("run", "bad.yaml", "--json", "--quiet")[2] == ""


def test_hint_stays_with_the_rule(shell):
    path = "systems.shop.roles.WebRole.restart=2min"
    words = (
        "validate",
        "certain.yaml",
        "--json",
        "--set",
        path,
        "--set",
        "objectives.0.metric=min_capacty",
    )
    found = json.loads(shell(*words)[1])
    assert found["valid"] is False
    assert found["problems"][0]["got"] == "min_capacty"
    assert found["problems"][0]["rule"].endswith("; did you mean min_capacity?")
    assert (found["problems"][0]["file"], found["problems"][0]["line"]) == ("--set", None)
