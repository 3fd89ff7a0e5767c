"""What a scenario file may say, as the command line tells it."""

from __future__ import annotations

import json


def test_new_prints_a_valid_scenario_that_explains_its_keys(shell, tmp_path):
    code, out, err = shell("new", "cloud_service")
    assert (code, err) == (0, "")
    assert out.startswith("# Question: ")
    assert "# Number of instances at the start." in out
    (tmp_path / "new.yaml").write_text(out, encoding="utf-8")
    assert shell("validate", "new.yaml")[0] == 0


def test_schema_is_json(shell):
    code, out, _ = shell("schema")
    assert code == 0
    assert json.loads(out)["properties"]["systems"]["type"] == "object"
