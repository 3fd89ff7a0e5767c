"""A scenario file and the files that it names, read from the disk."""

import os
from hashlib import sha256

import pytest

from sim import files
from sim.core.errors import ScenarioError

SCENARIO = """\
systems:
  shop:
    kind: cloud_service
    roles: {WebRole: {instances: 2, serves_demand: 100}}
"""


WITH_DEMAND = SCENARIO + "    demand: {csv: demand.csv}\n"


DEMAND = "time_s,value\n0,100\n600,200\n"


def rule(error):
    """What the only problem says."""
    (problem,) = error.value.problems
    return str(problem)


def test_scenario_is_named_by_its_file(tmp_path):
    (tmp_path / "shop.yaml").write_text(SCENARIO)
    assert files.load(tmp_path / "shop.yaml").name == "shop"
    assert files.load(str(tmp_path / "shop.yaml")).name == "shop"


def test_files_that_only_a_change_names_are_read_in_the_place_of_the_files_own(tmp_path):
    (tmp_path / "shop.yaml").write_text(WITH_DEMAND)
    (tmp_path / "other.csv").write_text(DEMAND)
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "away.csv").write_text(DEMAND)
    for name in ("other.csv", str(tmp_path / "far" / "away.csv")):
        scenario = files.load(tmp_path / "shop.yaml", {"systems.shop.demand.csv": name})
        assert [each.path for each in scenario.inputs] == [name]


def test_named_files_are_read_relative_to_the_scenario(tmp_path, monkeypatch):
    (tmp_path / "shop.yaml").write_text(WITH_DEMAND)
    (tmp_path / "demand.csv").write_text(DEMAND)
    monkeypatch.chdir("/")
    scenario = files.load(tmp_path / "shop.yaml")
    assert [each.path for each in scenario.inputs] == ["demand.csv"]
    assert scenario.inputs[0].sha256 == sha256(DEMAND.encode()).hexdigest()


def test_missing_named_file_is_told_with_its_place_and_why(tmp_path):
    file = tmp_path / "shop.yaml"
    file.write_text(WITH_DEMAND)
    with pytest.raises(ScenarioError) as error:
        files.load(file)
    place, reason = error.value.problems
    assert place.where == f"{file}:5:19"
    assert (reason.where, reason.path) == (place.where, place.path)
    assert reason.rule == "demand.csv: must be a file, got a name that does not exist"


def test_named_directory_and_named_giant_are_refused(tmp_path, monkeypatch):
    (tmp_path / "shop.yaml").write_text(WITH_DEMAND)
    (tmp_path / "demand.csv").mkdir()
    with pytest.raises(ScenarioError, match=r"demand.csv: must be a file, got a directory"):
        files.load(tmp_path / "shop.yaml")
    (tmp_path / "demand.csv").rmdir()
    (tmp_path / "demand.csv").write_text(DEMAND + " " * 2**20)
    monkeypatch.setattr(files.scenarios, "LARGEST_INPUT", 2**20)
    with pytest.raises(ScenarioError, match=r"demand.csv: must be at most 1 MiB, got more"):
        files.load(tmp_path / "shop.yaml")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_pipes_and_devices_are_no_files(tmp_path):
    """Whoever opens one may wait for ever, and one may never end."""
    os.mkfifo(tmp_path / "demand.csv")
    (tmp_path / "shop.yaml").write_text(WITH_DEMAND)
    got = "must be a file, got a pipe or a device"
    with pytest.raises(ScenarioError, match=f"shop.yaml:5:19: .*demand.csv: {got}"):
        files.load(tmp_path / "shop.yaml")
    for path in (tmp_path / "demand.csv", "/dev/zero"):
        with pytest.raises(ScenarioError, match=got):
            files.load(path)


def test_directory_is_no_scenario(tmp_path):
    with pytest.raises(ScenarioError) as error:
        files.load(tmp_path)
    assert rule(error) == f"{tmp_path}: must be a file, got a directory"


def test_missing_scenario_suggests_the_nearest_name(tmp_path):
    (tmp_path / "shop.yaml").write_text(SCENARIO)
    with pytest.raises(ScenarioError) as error:
        files.load(tmp_path / "shpo.yaml")
    assert rule(error).endswith("got a name that does not exist; did you mean shop.yaml?")
    with pytest.raises(ScenarioError) as error:
        files.load(tmp_path / "nowhere" / "shop.yaml")
    assert rule(error).endswith("got a name that does not exist")


def test_giant_and_binary_scenarios_are_refused(tmp_path):
    file = tmp_path / "shop.yaml"
    file.write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(ScenarioError, match="must be at most 1 MiB"):
        files.load(file)
    file.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff")
    with pytest.raises(ScenarioError, match="not valid UTF-8"):
        files.load(file)


def test_text_alone_is_a_scenario_that_names_no_files():
    assert files.loads(SCENARIO).name == "scenario"
    with pytest.raises(ScenarioError, match=r"scenario:5:19: .* must name a file"):
        files.loads(WITH_DEMAND)
