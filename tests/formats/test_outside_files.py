"""A file outside the folder of the scenario is read and never quoted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from shells import CERTAIN

SECRET = "root:x:0:0\ntoken-of-somebody\n"


@pytest.fixture
def apart(folder):
    """Scenarios in one folder, files of somebody else beside it."""
    (folder / "mine").mkdir()
    for place in (folder, folder / "mine"):
        (place / "secret").write_text(SECRET, "utf-8")
        (place / "column.csv").write_text("s\n60\ntoken-of-somebody\n", "utf-8")
        (place / "good.csv").write_text("s\n60\n", "utf-8")
    return folder


def named(part, file):
    text = CERTAIN.replace("restart: 2min", f"restart: {{empirical: {{csv: {file}, column: s}}}}")
    if part == "demand":
        text = CERTAIN.replace("    roles:", f"    demand: {{csv: {file}}}\n    roles:")
    if part == "work":
        text = f"systems: {{p: {{kind: batch_pool, nodes: 3, work: {{swf: {file}}}}}}}\n"
    Path("mine/scenario.yaml").write_text(text, "utf-8")
    return "mine/scenario.yaml"


@pytest.mark.parametrize("part", ["restart", "demand", "work"])
@pytest.mark.parametrize("file", ["secret", "column.csv"])
def test_file_outside_the_folder_of_the_scenario_is_never_quoted(part, file, apart, shell):
    for path in (f"../{file}", f"./../{file}", str(apart / file), f"x/../../{file}"):
        (apart / "mine/x").mkdir(exist_ok=True)
        code, out, err = shell("validate", named(part, path), "--json")
        assert code == 2
        assert "somebody" not in out + err
        assert "x:0:0" not in out + err
        assert "files outside the scenario's folder are not quoted" in out


@pytest.mark.usefixtures("apart")
def test_line_of_what_is_wrong_outside_is_told(shell):
    code, _, err = shell("validate", named("restart", "../column.csv"))
    assert code == 2
    assert err.endswith(
        "../column.csv: must have a number in column s at line 3 "
        "(files outside the scenario's folder are not quoted)\n"
    )


@pytest.mark.usefixtures("apart")
def test_file_outside_is_legal_and_one_inside_is_quoted(shell):
    assert shell("validate", named("restart", "../good.csv"))[0] == 0
    err = shell("validate", named("restart", "column.csv"))[2]
    assert "got token-of-somebody at line 3" in err
    assert json.loads(shell("validate", named("restart", "./column.csv"), "--json")[1])


@pytest.mark.usefixtures("apart")
def test_task_of_a_file_outside_is_not_quoted_either(shell):
    Path("tasks.csv").write_text("submit_s,service_s,required_slots\n0,60,8\n", "utf-8")
    work = "systems: {p: {kind: batch_pool, nodes: 3, work: {csv: ../tasks.csv}}}\n"
    Path("mine/pool.yaml").write_text(work, "utf-8")
    _, _, err = shell("validate", "mine/pool.yaml")
    assert (
        "1 task of ../tasks.csv waits forever and holds up no others, as a node has 1 slot" in err
    )
    assert "8" not in err
